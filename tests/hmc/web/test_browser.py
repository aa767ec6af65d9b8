"""In a browser, from the file system and under a strict policy: the draws and records of the library, bit for bit."""

import base64
import os

import numpy as np
import pytest

import hmc
import hmc.web
import models
from figures.sampler import toys
from tests.figures.helpers import browser
from tests.hmc.helpers import running, web_page

MODELS = {
    "mST": models.mST,
    "cafes": models.cafes,
    **{name: toys.TOYS[name].model for name in ("line", "donut", "funnel", "schools_noncentred")},
}
SEEDS = (12, 2**40 + 7)
SETTINGS = {"chains": 2, "warmup": 150, "draws": 60, "keep_warmup": True}

# Numbers leave the browser as bytes, in base64.
ASK = """
const [where, name, settings, done] = arguments;
const exact = (values) => {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
};
const run = where === "worker" ? window.hmc.aside("sample", name, settings) : window.hmc.sample(name, settings);
window.hmc.ready.then(() => run).then(({ position, stats, warmup, warmup_stats }) => {
  const all = { position, ...stats, ...(warmup && { warmup_position: warmup }) };
  for (const [name, values] of Object.entries(warmup_stats ?? {})) all[`warmup_${name}`] = values;
  done(Object.fromEntries(Object.entries(all).map(([name, values]) => [name, exact(values)])));
}).catch((error) => done(`${error}`));
"""


@pytest.fixture(scope="module")
def driver():
    if not browser.is_installed():
        missing = "chromium and chromedriver are not installed"
        pytest.fail(missing) if os.environ.get("HMC_REQUIRE_BROWSER") == "1" else pytest.skip(missing)
    with browser.started() as started:
        yield started


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The path of a page that defines `window.hmc` for MODELS."""
    path = tmp_path_factory.mktemp("web") / "page.html"
    path.write_text(web_page.page_of({name: hmc.web.module(model()) for name, model in MODELS.items()}), "utf-8")
    return path


def sampled(driver, where, name, settings):
    answer = driver.execute_async_script(ASK, where, name, settings)
    assert isinstance(answer, dict), answer
    return answer


def of_library(model, settings):
    """The same of `hmc.sample`, as the bytes of float64."""
    fit = hmc.sample(model, **settings, workers=1, progress=False)
    found = {"position": fit.unconstrained, **fit.stats, "warmup_position": fit.warmup}
    return found | {f"warmup_{name}": values for name, values in fit.warmup_stats.items()}


@pytest.mark.parametrize("where", ["page", "worker"])
def test_draws_are_those_of_the_library(driver, page, where):
    browser.show(driver, page)
    driver.set_script_timeout(120)
    for name, model in MODELS.items():
        for seed in SEEDS:
            settings = {**SETTINGS, "seed": seed}
            found = sampled(driver, where, name, settings)
            for part, values in of_library(model(), settings).items():
                bits = np.frombuffer(base64.b64decode(found[part]))
                assert running.equal_bits(bits, values.astype(float).ravel()), (name, seed, part)


def test_nothing_is_fetched_and_nothing_is_refused(driver, page):
    assert browser.noise(driver, page) == []


def test_a_module_of_other_draws_is_refused(driver, tmp_path):
    """Each module is tried when it is loaded."""
    module = hmc.web.module(models.mST())
    changed = web_page.of_other_draws(module)
    path = tmp_path / "page.html"
    path.write_text(web_page.page_of({"mST": changed}), "utf-8")
    browser.show(driver, path)
    answer = driver.execute_async_script(ASK, "page", "mST", SETTINGS)
    assert "mST: its module does not give the draws of hmc.sample on this machine" in answer
