"""The explorables within the lecture's page: each begins when it comes near, and elsewhere its figure stands."""

import time

import pytest

import hmc.web
from figures.lecture import explorables
from figures.lecture.page import render
from hmc.web.page import lecture_parts
from tests.hmc.helpers.explorable import Embedded

PLAYED = {"cafes": "cafes_film", "pooling": "sweep_film", "confounds": "bxy", "schools": "schools_neck"}


@pytest.fixture(scope="module")
def page(lecture, tmp_path_factory):
    """The path of a page with four explorables. Only the module of the cafes is one."""
    names = [name for of in explorables.MODELS.values() for name in of]
    targets = [explorables.target(name) for name in names]
    empty = b"\0asm\1\0\0\0\x0a\1\0"  # a module without functions
    modules = [hmc.web.module(target.model) if target.model.name == "cafes" else empty for target in targets]
    tadpoles, confounds = lecture.parts
    still = tadpoles.contents[0]
    film = tadpoles.contents[2]
    played = [still._replace(name=name, play=play) for play, name in PLAYED.items()]
    played[0] = film._replace(name="cafes_film", play="cafes")
    parts = (tadpoles, confounds._replace(contents=(*confounds.contents, *played)))
    whole = lecture._replace(parts=parts, play=lecture_parts(targets, modules, explorables.tables()))
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(render.render(whole), encoding="utf-8")
    return path


def playing(driver):
    return driver.execute_script(
        "return [...document.querySelectorAll('.is-playing')].map((figure) => figure.dataset.play)"
    )


def figures_seen(driver):
    """The explorables whose figures can be seen."""
    return driver.execute_script(
        "return [...document.querySelectorAll('[data-play]')]"
        ".filter((figure) => figure.querySelector('img').checkVisibility()).map((figure) => figure.dataset.play)"
    )


def test_places_and_models_are_those_of_the_explorables():
    assert {play: name for name, play in explorables.PLACES.items()} == PLAYED
    assert list(explorables.MODELS) == ["cafes", "pooling", "schools", "confounds"]


def test_one_begins_when_it_comes_near_and_then_takes_its_figures_place(browser, chromium, page):
    browser.show(chromium, page)
    assert (playing(chromium), figures_seen(chromium)) == ([], list(PLAYED))
    view = Embedded(chromium, "cafes").show()
    assert playing(chromium)[0] == "cafes"
    assert "cafes" not in figures_seen(chromium)
    view.changed(lambda: view.press("Next of the lecture"))
    assert len(view.state()["visits"]) == 6
    assert "visits=6" in view.python()
    assert browser.ask(chromium, "fetched") == []
    assert [entry["message"] for entry in chromium.get_log("browser")] == []
    chromium.find_element("css selector", "[data-play=cafes] .of-play").click()
    assert "cafes" in figures_seen(chromium)


def test_the_figure_stays_where_a_module_does_not_compile(browser, chromium, page):
    browser.show(chromium, page)
    assert chromium.execute_async_script("window.hmc.start('schools').then(arguments[0])") is False
    assert "schools" in figures_seen(chromium)
    assert "cannot be played with here" in chromium.find_element("css selector", "[data-play=schools]").text


def test_figures_stand_where_nothing_may_compile(browser, chromium, page, tmp_path):
    text = page.read_text(encoding="utf-8")
    assert text.count(" 'wasm-unsafe-eval'") == 1
    strict = tmp_path / "index.html"
    strict.write_text(text.replace(" 'wasm-unsafe-eval'", ""), encoding="utf-8")
    browser.show(chromium, strict)
    assert chromium.execute_async_script("window.hmc.start('cafes').then(arguments[0])") is False
    assert figures_seen(chromium) == list(PLAYED)


def test_figures_stand_without_web_assembly(browser, chromium, page):
    script = {"source": "delete window.WebAssembly"}
    added = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", script)
    try:
        browser.show(chromium, page)
        chromium.execute_script("document.querySelector('[data-play=cafes]').scrollIntoView()")
        time.sleep(0.5)
        assert (playing(chromium), figures_seen(chromium)) == ([], list(PLAYED))
        assert chromium.execute_script("return window.hmc") is None
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def test_figures_stand_without_script(browser, chromium, page):
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.show(chromium, page)
        assert figures_seen(chromium) == list(PLAYED)
        assert chromium.execute_script("return window.hmc") is None
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_script_of_another_text_does_not_run(browser, chromium, page, tmp_path):
    changed = tmp_path / "index.html"
    changed.write_text(page.read_text(encoding="utf-8").replace("canPlay()", "canPlay( )"), encoding="utf-8")
    browser.show(chromium, changed)
    assert chromium.execute_script("return window.hmc") is None
    assert any("Content Security Policy" in entry["message"] for entry in chromium.get_log("browser"))
