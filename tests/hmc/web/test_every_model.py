"""Modules of every toy, of every model of the lecture, and of an author's file: all positions and statistics of
`hmc.sample`, warm-up included.
"""

import pytest

import hmc.web
import models
from figures.sampler import toys
from hmc.cli.new import template
from hmc.running import model_file
from tests.figures.helpers import browser
from tests.hmc.helpers import node, web_page

SETTINGS = [{"chains": 2, "warmup": 100, "draws": 40, "keep_warmup": True, "seed": seed} for seed in (12, 2**40 + 7)]

OPTIONS = {"mST_fixed": {"sigma": 0.3}, "mRXma": {"participants": 12}, "mRXma2": {"participants": 12}}


def same_draws(model):
    module = hmc.web.module(model)
    assert hmc.web.verify(module)
    assert node.differences(model, module, SETTINGS) == []


@pytest.fixture(autouse=True)
def _node():
    node.require()


@pytest.mark.parametrize("name", toys.TOYS)
def test_toys(name):
    same_draws(toys.TOYS[name].model())


@pytest.mark.parametrize("name", models.names())
def test_models_of_the_lecture(name):
    same_draws(models.build(name, **OPTIONS.get(name, {})))


@pytest.mark.parametrize("name", [*models.names(), *toys.TOYS])
def test_walnuts(name):
    model = toys.TOYS[name].model() if name in toys.TOYS else models.build(name, **OPTIONS.get(name, {}))
    settings = [{**each, "algorithm": "walnuts", "tolerance": 0.7} for each in SETTINGS]
    assert node.differences(model, hmc.web.module(model), settings) == []


def test_a_file_of_hmc_new(tmp_path):
    path = tmp_path / "web_first.py"
    path.write_text(template("web_first"))
    same_draws(model_file.load(str(path)).web_first())


def test_models_of_the_lecture_in_the_page(tmp_path):
    """All in one page, in Chromium."""
    browser.require()
    built = [models.build(name, **OPTIONS.get(name, {})) for name in models.names()]
    file = tmp_path / "web_page_first.py"
    file.write_text(template("web_page_first"))
    built.append(model_file.load(str(file)).web_page_first())
    with browser.started() as driver:
        web_page.shown(driver, built, tmp_path)
        settings = [*SETTINGS, {**SETTINGS[0], "algorithm": "walnuts", "tolerance": 0.7}]
        assert {model.name: web_page.differences(driver, model, settings) for model in built} == {
            model.name: [] for model in built
        }
