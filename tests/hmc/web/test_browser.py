"""In a browser, from the file system and under the page's policy: `window.hmc` has the draws and records of the
library, bit for bit.
"""

import pytest

import hmc.web
import models
from figures.sampler import toys
from hmc.record import record
from hmc.web.page import building
from tests.figures.helpers import browser
from tests.hmc.helpers import recorded, web_page

MODELS = {  # all others in test_every_model
    **{name: toys.TOYS[name].model() for name in ("line", "plane", "funnel")},
    **{name: models.build(name) for name in ("mST", "cafes", "mru")},
}
RECORDED = ("mST", "cafes", "mru", "funnel", "plane")
SETTINGS = [{"chains": 2, "warmup": 150, "draws": 60, "keep_warmup": True, "seed": seed} for seed in (12, 2**40 + 7)]


@pytest.fixture(scope="module")
def driver():
    browser.require()
    with browser.started() as started:
        yield started


@pytest.fixture(scope="module")
def path(driver, tmp_path_factory):
    return web_page.shown(driver, MODELS.values(), tmp_path_factory.mktemp("web"))


@pytest.mark.parametrize("name", MODELS)
def test_draws_are_those_of_the_library(driver, path, name):
    assert web_page.differences(driver, MODELS[name], SETTINGS) == []


def test_draws_of_another_seed_are_seen(driver, path):
    given = web_page.asked(driver, "sample", "plane", {**SETTINGS[0], "seed": 13})
    other = web_page.asked(driver, "sample", "plane", SETTINGS[0])
    assert given["position"].tobytes() != other["position"].tobytes()


@pytest.mark.parametrize("name", RECORDED)
def test_twenty_transitions_are_those_of_hmc_record(driver, path, name):
    settings = {"warmup": 40, "seed": 5, "transitions": 20}
    found = web_page.asked(driver, "record", name, settings)
    recorded.assert_equal(found, record(MODELS[name], **settings))


def test_nothing_is_fetched_and_nothing_is_refused(driver, path):
    assert browser.noise(driver, path) == []


def test_a_module_of_other_draws_is_refused(driver, monkeypatch, tmp_path):
    """Each module is tried when it is loaded."""
    changed = web_page.of_other_draws(hmc.web.module(MODELS["mST"]))
    monkeypatch.setattr(building, "module", lambda model: changed)
    monkeypatch.setattr(building, "verify", lambda module: True)
    web_page.shown(driver, [MODELS["mST"]], tmp_path)
    answer = web_page.asked(driver, "sample", "mST", SETTINGS[0])
    assert answer == {"error": "Error: mST: its module does not give the draws of hmc.sample on this machine"}
