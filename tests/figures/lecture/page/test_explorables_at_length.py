"""The whole of the explorables within the lecture's page: state, links, keys, presenter's view, style and paper."""

import json
import time
import urllib.parse

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import hmc.web
from figures.lecture import explorables
from figures.lecture.page import render, view
from hmc.web.page import lecture_parts
from tests.hmc.helpers.explorable import Embedded

PLAYS = ("cafes", "pooling", "confounds", "schools")


@pytest.fixture(scope="module")
def path(lecture, tmp_path_factory):
    """A page of four parts, each of which opens with an explorable, and of text that is as long as a screen."""
    names = [name for of in explorables.MODELS.values() for name in of]
    targets = [explorables.target(name) for name in names]
    modules = [hmc.web.module(target.model) for target in targets]
    still, film = lecture.parts[0].contents[0], lecture.parts[0].contents[2]
    text = ("A paragraph. " * 300,)
    parts = [
        view.Section(f"part_{play}", play, "Why?", text, ((film if k == 0 else still)._replace(name=play, play=play),))
        for k, play in enumerate(PLAYS)
    ]
    first = view.Section("tadpoles", "Tadpoles", "How much?", text, lecture.parts[0].contents[:2])
    whole = view.Lecture((first, *parts), {}, lecture_parts(targets, modules, explorables.tables()))
    file = tmp_path_factory.mktemp("page") / "index.html"
    file.write_text(render.render(whole), encoding="utf-8")
    return file


@pytest.fixture
def shown(browser, chromium, path):
    """Show the page, perhaps by a link to a state; in the end there must be no message in the console."""

    def show(play=None, fragment="", **how):
        browser.show(chromium, path, fragment=fragment, **how)
        return None if play is None else Embedded(chromium, play).show()

    yield show
    assert [entry["message"] for entry in chromium.get_log("browser")] == []


def is_in_sight(driver, play):
    return driver.execute_script(
        "const box = document.querySelector(`[data-play=${arguments[0]}]`).getBoundingClientRect();"
        "return box.top < innerHeight && box.bottom > 0",
        play,
    )


@pytest.mark.parametrize("play", PLAYS)
def test_each_begins_and_copies_python_of_what_it_shows(shown, play):
    view = shown(play)
    assert view.python().startswith("import ")
    assert "hmc.sample(" in view.python()


def test_the_contents_lead_to_each_by_keyboard(shown, chromium):
    shown()
    chromium.execute_script("document.querySelector('.contents').open = true")
    links = chromium.find_elements(By.CSS_SELECTOR, "nav .to-play a")
    assert [link.get_property("textContent") for link in links] == ["play with it"] * len(PLAYS)
    links[2].send_keys(Keys.ENTER)
    Embedded(chromium, "confounds").until_answered(0)
    assert is_in_sight(chromium, "confounds")


def test_where_one_stands_below_the_other_controls_come_first(shown):
    view = shown("confounds", width=400)
    tops = "return ['.switches', '.estimators'].map((each) => root.querySelector(each).getBoundingClientRect().top)"
    controls, picture = view.ask(tops)
    assert controls < picture


def test_nothing_is_sampled_far_away(shown, chromium):
    shown()
    chromium.execute_script("document.querySelector('#tadpoles').scrollIntoView()")
    time.sleep(0.5)
    started = chromium.execute_script("return [...document.querySelectorAll('[data-play] .play')].length")
    assert started == 0


def test_a_link_opens_its_state_and_names_of_the_page_stay(shown, chromium):
    view = shown("pooling")
    view.click("Copy the link")
    view.changed(lambda: view.slide(0))
    view.until(lambda v: "#play=" in v.driver.current_url, "no state in the address")
    link = chromium.current_url
    chromium.find_element(By.CSS_SELECTOR, "nav a[href='#part_schools']").send_keys(Keys.ENTER)
    assert chromium.current_url.endswith("#part_schools")
    assert view.state()["sigma"] == 0.1
    chromium.get("about:blank")
    chromium.get(link)
    again = Embedded(chromium, "pooling").until_answered(0)
    assert again.state()["sigma"] == 0.1
    again.until(lambda v: is_in_sight(chromium, "pooling"), "not in sight")


@pytest.mark.parametrize("text", ["%7B", "null", json.dumps({"view": "elsewhere", "sigma": 99, "visits": "x"})])
def test_a_link_of_nonsense_is_a_page_as_at_first(shown, chromium, text):
    shown(fragment=f"play={urllib.parse.quote(text)}")
    assert Embedded(chromium, "cafes").until_answered(0).state()["sigma"] == 1


def test_no_name_in_the_page_can_be_taken_for_a_link(chromium, shown):
    shown()
    ids = chromium.execute_script("return [...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert len(ids) > 20
    assert not any("=" in each for each in ids)
    assert "=" not in render.anchor(view.Section("play={}", "", "", (), ()))


def test_keys_are_heard_in_the_explorable_alone(shown, chromium):
    view = shown("cafes")
    before = view.state()["visits"]
    chromium.execute_script("document.activeElement.blur()")
    view.keys(Keys.ARROW_RIGHT, " ")
    time.sleep(1.2)
    assert view.state()["visits"] == before
    view.ask("root.focus()")
    view.changed(lambda: view.keys(Keys.ARROW_RIGHT))
    assert len(view.state()["visits"]) == len(before) + 1


def test_a_presenter_shows_one_at_a_time_and_returns(shown, chromium):
    view = shown("cafes")
    view.click("Present")
    size = view.ask("const box = root.getRootNode().host.getBoundingClientRect(); return [box.width, box.height]")
    assert size == chromium.execute_script("return [innerWidth, innerHeight]")
    assert view.ask("return root.querySelector('.of-hall').checkVisibility()")
    sharp = "return [...root.querySelectorAll('canvas')].map((c) => c.width / c.getBoundingClientRect().width)"
    view.until(lambda v: all(abs(scale - 1) < 0.02 for scale in v.ask(sharp)), "charts that are not sharp")
    view.keys(Keys.PAGE_DOWN)
    other = Embedded(chromium, "pooling").until_answered(0)
    presented = "return [...document.querySelectorAll('.play.presenting')].map((e) => e.parentElement.dataset.play)"
    other.until(lambda v: chromium.execute_script(presented) == ["pooling"], "not the next")
    for _ in range(40):
        other.keys(Keys.TAB)
        inside = "return document.activeElement.matches('.play, body, .of-play')"
        assert chromium.execute_script(inside)
    other.keys(Keys.PAGE_UP)
    view.until(lambda v: chromium.execute_script(presented) == ["cafes"], "not back")
    view.changed(lambda: view.keys(Keys.ARROW_RIGHT))
    view.keys(Keys.ESCAPE)
    view.until(lambda v: chromium.execute_script(presented) == [], "still presenting")
    assert chromium.execute_script("return document.querySelectorAll('[inert]').length") == 0
    assert is_in_sight(chromium, "cafes")


def test_a_film_that_plays_stops_when_another_is_presented(shown, chromium):
    view = shown("cafes", fragment=f"play={urllib.parse.quote(json.dumps({'visits': []}))}")
    view.click("Present")
    view.press("Play the lecture")
    view.until(lambda v: len(v.state()["visits"]) > 0, "it does not play")
    view.keys(Keys.PAGE_DOWN)
    Embedded(chromium, "pooling").until_answered(0)
    seen = view.state()["visits"]
    time.sleep(1.5)
    assert view.state()["visits"] == seen


def test_no_input_is_dropped_while_it_samples(shown):
    view = shown("cafes", fragment=f"play={urllib.parse.quote(json.dumps({'visits': [[1, 10]]}))}")
    before = view.answers()
    view.ask(
        "const dot = root.querySelector('.visit');"
        "const press = (key) => dot.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, composed: true}));"
        "for (let k = 0; k < 37; k++) press(k % 2 ? 'ArrowLeft' : 'ArrowRight');"
        "root.querySelector('[aria-label=\"Visit cafe 3\"]').click(); press('ArrowRight');"
    )
    assert view.state()["visits"] == [[1, 12], [3, 4]]
    view.until_answered(before)
    view.until(lambda v: "wait = [12, 4, 0, 0, 0]" in v.python(), "not the draws of the last state")
    view.until(lambda v: v.ask("return root.dataset.pictures") >= v.ask("return root.dataset.answers"), "no picture")


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_are_as_wide_as_their_place_and_legible(browser, chromium, shown, width, scheme):
    shown(width=width, scheme=scheme)
    for play in PLAYS:
        view = Embedded(chromium, play).show()
        assert chromium.execute_script("return document.documentElement.scrollWidth") <= width
        wide = "const host = root.getRootNode().host; return [root.scrollWidth, host.clientWidth]"
        inner, outer = view.ask(wide)
        assert inner <= outer
        style = "const [a, b] = ['.part p', '.note'].map((each) => getComputedStyle(root.querySelector(each))); return"
        # Of the explorables' own style, not of the lecture's:
        assert view.ask(f"{style} [a.fontSize, a.marginTop]") == ["15px", "0px"]
        colours = view.ask(f"{style} [getComputedStyle(root).color, b.color]")
        assert len(set(colours)) == 2
    heading = chromium.execute_script("return getComputedStyle(document.querySelector('h1')).fontFamily")
    assert "Charter" not in heading  # the lecture's style, not the explorables'


def test_on_paper_there_is_the_figure(browser, chromium, shown):
    shown("cafes")
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        seen = chromium.execute_script(
            "const figure = document.querySelector('[data-play=cafes]');"
            "return ['.still', '.play', '.of-play'].map((each) => figure.querySelector(each).checkVisibility())"
        )
        assert seen == [True, False, False]
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_page_has_no_fault_once_all_have_begun(browser, chromium, path, shown):
    for check in (browser.structure, browser.pictures, browser.noise):
        assert check(chromium, path) == []
    shown()
    for play in PLAYS:
        Embedded(chromium, play).show()
    assert browser.ask(chromium, "structureFaults") == []
    assert browser.ask(chromium, "fetched") == []
