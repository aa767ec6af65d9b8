"""The Step view in a browser: every control does what it says, by pointer and by keyboard."""

import json
import re
import time
import urllib.parse

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import hmc
from figures.sampler import toys
from hmc.record import record, record_from
from hmc.record.narrate import narrate
from hmc.web.page import Target, page
from tests.figures.helpers import browser
from tests.hmc.web.page.conftest import HARM

WAIT = 60  # seconds
FIXED = {"model": "plane", "step_size": 0.25, "start": [-1.2, -0.9], "seed": 142}  # eight leaves and more


class Bench:
    """The page as it is shown, in a state."""

    def __init__(self, driver, path, width=1600, scheme="light", motion="no-preference", **state):
        self.driver = driver
        browser.show(driver, path, width, scheme, motion, urllib.parse.quote(json.dumps(state)))
        self.until(lambda: self.drawn is not None, "nothing drawn")

    def ask(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    @property
    def drawn(self):
        """Transition and event that the plane shows, as 0.12."""
        return self.ask("return document.querySelector('#view-step .plane')?.dataset.drawn ?? null")

    @property
    def state(self):
        return self.ask("return window.hmc.state()")

    def until(self, condition, what):
        end = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < end, f"{what}: {self.ask('return document.body.innerText')[:400]}"
            time.sleep(0.03)

    def promised(self, call):
        """What a promise gives; typed arrays as lists."""
        script = (
            "const done = arguments[arguments.length - 1];"
            "const plain = (key, value) => ArrayBuffer.isView(value) ? Array.from(value, Number) : value;"
            "const give = (value) => done(JSON.stringify(value, plain));"
            f"({call}).then(give, (error) => give(`${{error}}`))"
        )
        return json.loads(self.driver.execute_async_script(script))

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, f"#view-step {selector}")

    def field(self, label):
        words = f"//section[@id='view-step']//label[text()='{label}']"
        return self.driver.find_element(By.ID, self.driver.find_element(By.XPATH, words).get_attribute("for"))

    def button(self, words):
        self.driver.find_element(By.XPATH, f"//section[@id='view-step']//button[text()='{words}']").click()

    def words(self):
        return self.find(".events .now").text


@pytest.fixture
def bench(chromium, explored):
    """Show the page in a state; at the end, the console must be empty."""

    def show(**state):
        return Bench(chromium, explored, **state)

    yield show
    assert [entry["message"] for entry in chromium.get_log("browser")] == []


def test_window_hmc_has_the_draws_and_records_of_the_library(bench):
    shown = bench()
    settings = {"chains": 2, "warmup": 100, "draws": 50, "seed": 2**40 + 7}
    assert shown.promised("window.hmc.ready.then(() => window.hmc.models())")[0] == "plane"
    found = shown.promised(f"window.hmc.sample('plane', {json.dumps(settings)})")
    fit = hmc.sample(toys.plane(), **settings, workers=1, progress=False)
    assert found["shape"] == [2, 50, 2]
    assert np.array_equal(np.reshape(found["position"], found["shape"]), fit.unconstrained)
    assert {name: values for name, values in found["stats"].items() if len(values) != 100} == {}
    assert np.array_equal(np.reshape(found["stats"]["n_steps"], (2, 50)), fit.stats["n_steps"])
    settings |= {"algorithm": "walnuts", "tolerance": 0.2}
    found = shown.promised(f"window.hmc.sample('plane', {json.dumps(settings)})")
    fit = hmc.sample(toys.plane(), **settings, workers=1, progress=False)
    assert np.array_equal(np.reshape(found["position"], found["shape"]), fit.unconstrained)
    assert np.array_equal(np.reshape(found["stats"]["micro_steps"], (2, 50)), fit.stats["micro_steps"])
    asked = {"seed": 5, "warmup": 50, "transitions": 2}
    told = shown.promised(f"window.hmc.record('plane', {json.dumps(asked)})")
    for each, expected in zip(told, record(toys.plane(), **asked), strict=True):
        assert each["chosen"] == expected.chosen
        assert [leaf["energy_error"] for leaf in each["leaves"]] == [leaf.energy_error for leaf in expected.leaves]
        assert [join["taken"] for join in each["joins"]] == [join.taken for join in expected.joins]
    assert "no model is called other" in shown.promised("Promise.resolve().then(() => window.hmc.sample('other'))")


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_plane_tree_words_and_source_line_fit_a_screen_of_900_pixels(bench, width):
    shown = bench(width=width, **FIXED)
    shown.press("t")
    bottom = "return document.querySelector(`#view-step ${arguments[0]}`).getBoundingClientRect().bottom"
    assert max(shown.ask(bottom, name) for name in (".plane", ".strip", ".events", ".does-it")) <= 900


def test_words_and_source_are_those_of_the_transition(bench):
    (expected,) = record_from(toys.plane(), np.array(FIXED["start"]), 0.25, seed=142)
    shown = bench(**FIXED)
    assert shown.words() in narrate(expected)
    assert "draw_momentum" in shown.find(".source .does-it").text
    shown.press("t")
    assert shown.words() == narrate(expected).splitlines()[-1]
    assert "copy_row" in shown.find(".source .does-it").text
    assert len(shown.ask("return document.querySelectorAll('.source .does-it')")) == 1


def test_keys_and_buttons_go_by_event_leaf_doubling_and_transition(bench):
    shown = bench(**FIXED)
    way = []
    for key in (Keys.ARROW_RIGHT, "l", "d", "t", Keys.ARROW_LEFT, "T", "D", Keys.HOME):
        shown.press(key)
        way.append(shown.drawn)
    places = [tuple(map(int, place.split("."))) for place in way]
    assert places[0] == (0, 1)
    assert places[0] < places[1] < places[2] < places[3]
    assert [place[0] for place in places[:4]] == [0, 0, 0, 0]
    assert places[4] == (0, places[3][1] - 1)
    assert places[-2:] == [(0, 0), (0, 0)]
    by_button = []
    for words in ("event", "leaf", "doubling", "transition", "Back"):
        shown.button(words)
        by_button.append(shown.drawn)
    assert by_button == way[:5]


def test_every_past_step_can_be_scrubbed_to(bench):
    shown = bench(**FIXED)
    shown.press("t", "t", "t")
    last = shown.state["cursor"]
    set_to = "const s = document.querySelector('.scrub'); s.value = arguments[0]; s.dispatchEvent(new Event('input'))"
    seen = {}
    for cursor in (last, 3, last - 2, 0):
        shown.ask(set_to, cursor)
        assert shown.state["cursor"] == cursor
        seen[cursor] = (shown.drawn, shown.words())
    for cursor in (0, last - 2, 3, last):
        shown.ask(set_to, cursor)
        assert (shown.drawn, shown.words()) == seen[cursor]
    assert len({drawn for drawn, _ in seen.values()}) == 4


def test_it_goes_on_beyond_the_transitions_of_the_beginning(bench):
    shown = bench(**FIXED)
    for k in range(7):
        shown.press("t")
        shown.until(lambda k=k: shown.drawn.startswith(f"{k}."), f"no transition {k + 1}")
    expected = record_from(toys.plane(), np.array(FIXED["start"]), 0.25, seed=142, transitions=7)[-1]
    assert shown.words() == narrate(expected).splitlines()[-1]


def test_it_plays_and_pauses(bench):
    shown = bench(**FIXED)
    shown.press(Keys.SPACE)
    shown.until(lambda: shown.state["cursor"] > 2, "stands still")
    shown.press(Keys.SPACE)
    cursor = shown.state["cursor"]
    time.sleep(0.6)
    assert shown.state["cursor"] == cursor
    assert shown.find(".play").text == "Play"


def test_reduced_motion_plays_by_whole_transitions(bench):
    shown = bench(**FIXED, motion="reduce")
    shown.button("Play")
    assert shown.words().startswith("Draw: ")


NUMBERS = {
    "Step size": ("0.4", "step_size", 0.4),
    "Most doublings": ("3", "max_depth", 3),
    "Seed": ("8", "seed", 8),
}
CHOICES = {"Algorithm": ("hmc", "algorithm"), "Metric": ("adapted", "metric"), "Across": ("y", "x")}


@pytest.mark.parametrize("label", NUMBERS)
def test_a_number_is_typed(bench, label):
    typed, name, value = NUMBERS[label]
    shown = bench(**FIXED, cursor=5)
    before = shown.find(".path").get_attribute("innerHTML")
    field = shown.field(label)
    field.clear()
    field.send_keys(typed, Keys.ENTER)
    assert shown.state[name] == value
    assert shown.state["cursor"] == 0
    shown.press(Keys.TAB)
    shown.find(".source").click()
    shown.press("t")
    assert shown.find(".path").get_attribute("innerHTML") != before
    field.clear()
    field.send_keys("-3", Keys.ENTER)
    assert shown.state[name] == value
    assert field.get_attribute("aria-invalid") == "true"
    hint = shown.find(f"#{field.get_attribute('aria-describedby')}")
    assert re.fullmatch(r"A (whole )?number(, 0 or more| from \S+ to \S+)", hint.text)
    field.clear()
    field.send_keys(typed, Keys.ENTER)
    assert (hint.text, field.get_attribute("aria-describedby")) == ("", None)


@pytest.mark.parametrize("label", CHOICES)
def test_a_choice_is_made(bench, label):
    value, name = CHOICES[label]
    shown = bench(**FIXED)
    choose = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change'))"
    shown.ask(choose, shown.field(label), value)
    assert shown.state[name] == value


def test_static_hmc_has_a_path_length_and_no_depth(bench):
    shown = bench(**FIXED, algorithm="hmc", path_length=1.0)
    shown.press("t")
    (expected,) = record_from(toys.plane(), np.array(FIXED["start"]), 0.25, seed=142, algorithm="hmc", path_length=1.0)
    assert shown.words() == narrate(expected).splitlines()[-1]
    assert shown.field("Path length").is_displayed()
    assert not shown.field("Most doublings").is_displayed()


IN_THE_NECK = {"model": "funnel", "algorithm": "walnuts", "start": [0.1, -4.0], "step_size": 1.0, "seed": 4}


@pytest.fixture(scope="module")
def neck(chromium, tmp_path_factory):
    """Show the funnel, deep in its neck."""
    path = tmp_path_factory.mktemp("neck") / "funnel.html"
    path.write_text(page([Target(toys.funnel())]), encoding="utf-8")

    def show(**state):
        return Bench(chromium, path, **IN_THE_NECK, **state)

    yield show
    assert [entry["message"] for entry in chromium.get_log("browser")] == []


def test_walnuts_shows_its_tries_and_the_places_on_the_way(neck):
    (expected,) = record_from(toys.funnel(), np.array([0.1, -4.0]), 1.0, seed=4, algorithm="walnuts")
    shown = neck()
    shown.press("t")
    assert shown.words() == narrate(expected).splitlines()[-1]
    between = sum(2**leaf.way.level - 1 for leaf in expected.leaves if leaf.way and leaf.way.is_tight)
    places = "return [...document.querySelectorAll('#view-step .path .micro')].map((p) => p.getAttribute('d')).join('')"
    assert shown.ask(places).count("h0") == between > 0
    shown.press(Keys.HOME, "l")
    first = next(leaf for leaf in expected.leaves if leaf.number)
    assert len(shown.ask("return [...document.querySelectorAll('#view-step .path .try')]")) == len(first.walks) > 1
    shown.press(Keys.ARROW_LEFT)  # the last of its walks
    assert "macro_step.py" in shown.find(".source-room .file").text
    assert shown.words().startswith(("To leaf", "Looking back from leaf"))
    assert len(shown.ask("return [...document.querySelectorAll('#view-step .path .try.now')]")) == 1


def test_a_tolerance_is_typed(neck):
    shown = neck()
    field = shown.field("Tolerance")
    field.clear()
    field.send_keys("0.4", Keys.ENTER)
    assert shown.state["tolerance"] == 0.4
    settings = {"seed": 4, "algorithm": "walnuts", "tolerance": 0.4}
    (expected,) = record_from(toys.funnel(), np.array([0.1, -4.0]), 1.0, **settings)
    shown.find(".source").click()
    shown.press("t")
    shown.until(lambda: shown.words() == narrate(expected).splitlines()[-1], "other words")
    shown.until(lambda: "tolerance" in shown.ask("return location.hash"), "not in the link")


def test_a_close_up_fills_the_plane_with_the_transition(neck):
    extent = (
        "const [a, b] = ['.path', 'svg.drawing'].map((name) => document.querySelector(`#view-step ${name}`))"
        ".map((e) => e.getBoundingClientRect()); return a.height / b.height"
    )
    shown = neck()
    shown.press("d")
    before = shown.ask(extent)
    shown.ask("document.querySelector('.close-up').focus()")
    shown.press(Keys.ENTER)
    assert shown.state["close_up"] is True
    shown.until(lambda: shown.ask(extent) > 2 * before, "as small as before")
    assert shown.find(".close-up").get_attribute("aria-pressed") == "true"
    shown.press("t", "t")
    shown.until(lambda: shown.drawn.startswith("1."), "no second transition")
    shown.until(lambda: shown.ask(extent) > 0.3, "out of sight")
    shown.button("Close-up")
    shown.until(lambda: shown.ask(extent) < 2 * before, "as large as before")


def test_the_adapted_step_size_is_that_of_the_warm_up(bench):
    shown = bench(model="plane", seed=3, warmup=200, metric="adapted")
    fit = hmc.sample(toys.plane(), chains=1, warmup=200, draws=1, seed=3, workers=1, progress=False)
    step_size = fit.stats["step_size"][0, 0]
    value = float(shown.field("Step size").get_attribute("value"))
    assert value == pytest.approx(step_size, rel=1e-3)  # four digits are shown
    shown.field("as adapted").click()
    assert shown.state["step_size"] == step_size


def drag(driver, handle, x, y):
    ActionChains(driver).move_to_element(handle).click_and_hold().move_by_offset(x, y).release().perform()


def test_the_start_its_momentum_and_the_ellipse_are_dragged(bench, chromium):
    shown = bench(**FIXED)
    drag(chromium, shown.find(".of-start"), 60, -40)
    moved = shown.state["start"]
    assert moved[0] > FIXED["start"][0] + 0.2
    assert moved[1] > FIXED["start"][1] + 0.1
    time.sleep(0.3)
    drag(chromium, shown.find(".of-momentum"), -50, 0)
    first = shown.state["momentum"]
    time.sleep(0.3)
    drag(chromium, shown.find(".of-momentum"), -50, 0)
    assert shown.state["momentum"][0] < first[0] - 0.2
    assert shown.state["start"] == moved
    drag(chromium, shown.find(".rim"), 40, 0)
    assert shown.state["metric"] == "own"
    xx, xy, yy = shown.state["inverse_metric"]
    assert xx * yy > xy * xy
    assert max(xx, yy) > 1.0


def test_a_momentum_of_ones_own_is_that_of_the_first_leaf(bench):
    shown = bench(**FIXED, momentum=[0.5, 1.5])
    assert f"{0.5 * (0.5**2 + 1.5**2):.2f} (kinetic)" in shown.words()


HANDLES = {"of-start": "start", "of-momentum": "momentum", "rim": "inverse_metric"}


@pytest.mark.parametrize(("handle", "name"), HANDLES.items())
def test_handles_are_moved_by_arrow_keys(bench, chromium, handle, name):
    shown = bench(**FIXED)
    shown.ask("document.querySelector(arguments[0]).focus()", f".handle.{handle}")
    before = shown.state[name]
    shown.press(Keys.ARROW_RIGHT)
    assert shown.state[name] != before
    assert shown.state["cursor"] == 0


def test_tab_alone_comes_to_everything(bench):
    shown = bench(**FIXED)
    shown.ask(
        "window.all = [...document.querySelectorAll(`button, select, input, summary, [tabindex='0']`)]"
        ".filter((e) => e.checkVisibility() && e.tabIndex >= 0);"
        "window.reached = new Set(); document.activeElement.blur()"
    )
    wanted = shown.ask("return window.all.length")
    assert wanted > 20
    for _ in range(wanted + 3):
        shown.press(Keys.TAB)
        shown.ask("window.reached.add(document.activeElement)")
    short = "map((e) => e.outerHTML.slice(0, 80))"
    assert shown.ask(f"return window.all.filter((e) => !window.reached.has(e)).{short}") == []
    named = "e.labels?.length || e.ariaLabel || e.textContent.trim()"
    assert shown.ask(f"return window.all.filter((e) => !({named})).{short}") == []


def test_names_and_words_of_a_model_are_text(bench, harmful):
    shown = bench(**{**FIXED, "model": harmful.name})
    assert shown.state["model"] == harmful.name
    assert shown.find(".words-of-model").text == f"Words {HARM}"
    assert shown.find(".axes").text.count("onerror") == 1
    shown.press("t")
    assert shown.ask("return window.harmed ?? null") is None
    assert shown.ask("return document.querySelectorAll('img, b').length") == 0


def test_a_link_shows_what_its_writer_saw(bench):
    shown = bench(**FIXED)
    shown.press("l", "l", "d")
    seen = (shown.drawn, shown.words(), shown.state)
    shown.until(lambda: "cursor" in shown.ask("return location.hash"), "no link")
    link = shown.ask("return decodeURIComponent(location.hash.slice(1))")
    again = bench(**json.loads(link))
    assert (again.drawn, again.words(), again.state) == seen


def test_a_link_runs_nothing(bench):
    shown = bench(model="plane", view=HARM, x=HARM, start=HARM, race={"model": HARM}, onload="window.harmed = true")
    assert shown.state["view"] == "step"
    assert shown.ask("return window.harmed ?? null") is None
    assert shown.ask("return document.querySelectorAll('img').length") == 0


def test_nothing_moves_while_it_steps(bench):
    shown = bench(**FIXED)
    boxes = (
        "return [...document.querySelectorAll('.bench > *, .stage > *, .telling > *, .row > *')]"
        ".map((e) => e.getBoundingClientRect()).map((b) => [b.x, b.y, b.width, b.height])"
    )
    first = shown.ask(boxes)
    for _ in range(45):
        shown.press(Keys.ARROW_RIGHT)
        assert shown.ask(boxes) == first


@pytest.mark.parametrize("width", [400, 700, 800, 1024, 1280, 1920])
def test_nothing_is_wider_than_the_screen(bench, width):
    shown = bench(**FIXED, width=width)
    assert shown.ask("return document.documentElement.scrollWidth <= innerWidth")
    plane = shown.find(".plane").size
    assert plane["width"] == pytest.approx(plane["height"], abs=1)
    assert plane["width"] >= 320


@pytest.mark.parametrize("check", ["noise", "structure", "widths", "colours"])
def test_the_page_has_no_fault(check, chromium, explored):
    assert getattr(browser, check)(chromium, explored) == []


def test_a_page_whose_script_was_changed_runs_nothing(chromium, explored, tmp_path):
    """The negative twin of the policy."""
    text = explored.read_text(encoding="utf-8")
    path = tmp_path / "changed.html"
    defined = "Object.assign(window, {"
    assert text.count(defined) == 1
    path.write_text(text.replace(defined, f"window.harmed = true; {defined}"), encoding="utf-8")
    browser.show(chromium, path)
    assert chromium.execute_script("return [window.hmc ?? null, window.harmed ?? null]") == [None, None]
    assert any("Content Security Policy" in entry["message"] for entry in chromium.get_log("browser"))
