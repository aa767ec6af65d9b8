"""The Run, Race and Warm-up views in a browser: they show what `hmc.sample` draws, and controls do as they say."""

import json
import time
import urllib.parse
from typing import NamedTuple

import numpy as np
import pytest

import diagnostics
import hmc
from figures.sampler.toys import TOYS, funnel, line, plane
from figures.sampler.toys.known import known_marginals
from hmc.record import record
from hmc.web.page import Target, page
from tests.figures.helpers import browser
from tests.hmc.helpers import web_page

RUN = {"chains": 4, "warmup": 100, "draws": 150, "seed": 3}
WAIT = 90  # seconds


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    targets = [
        Target(TOYS[n].model(), "", known_marginals(TOYS[n].model(), TOYS[n].marginals(), TOYS[n].necks))
        for n in ("plane", "funnel", "schools_centred", "schools_noncentred")
    ]
    file = tmp_path_factory.mktemp("page") / "explore.html"
    file.write_text(page(targets), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def driver():
    browser.require()
    with browser.started() as made:
        made.set_script_timeout(WAIT)
        yield made


@pytest.fixture
def shown(driver, path):
    """Open a view of the page in a state; in the end there must be no message in the console."""

    def show(view, width=browser.WIDE, motion="no-preference", **state):
        link = urllib.parse.quote(json.dumps({"model": "plane", **RUN, "view": view, **state}))
        browser.show(driver, path, width=width, motion=motion, fragment=link)
        return View(driver, view)

    yield show
    assert [entry["message"] for entry in driver.get_log("browser")] == []


class View(web_page.View):
    """A view that is shown."""

    def __init__(self, driver, name):
        super().__init__(driver, name, WAIT)

    def data(self, name):
        return self.ask("return root.dataset[arguments[0]]", name)

    def until_state(self, state):
        return self.until(lambda view: view.data("state") == state, f"never {state}")

    def press(self, words):
        self.ask(
            "[...root.querySelectorAll('button')].find((each) => each.textContent === arguments[0]).click()", words
        )

    def set(self, label, value):
        """Give a field that is shown another value, as a reader does."""
        self.ask(
            "const is = (each) => each.textContent === arguments[0] && each.checkVisibility();"
            "const label = [...root.querySelectorAll('label')].find(is);"
            "const field = document.getElementById(label.htmlFor); field.value = arguments[1];"
            "field.dispatchEvent(new Event('change'))",
            label,
            value,
        )

    def state(self):
        return self.driver.execute_script("return window.hmc.state()")

    def counters(self):
        """{row: texts of its cells} of the table."""
        rows = self.ask(
            "return [...root.querySelectorAll('.counters tr')].map((row) => [...row.cells].map((c) => c.textContent))"
        )
        return {row[0]: row[1:] for row in rows}


def number(text):
    return float(text.replace("\u2212", "-").replace("\u2009", ""))


def test_a_run_shows_the_draws_of_sample(shown):
    view = shown("run").until_state("over").until(lambda v: v.data("draws") == "600", "not all draws")
    fit = hmc.sample(plane(), progress=False, **RUN)
    told = view.counters()
    for k, name in enumerate(("x", "y")):
        draws = fit[name]
        expected = {
            "mean": draws.mean(),
            "sd": draws.std(ddof=1),
            "MCSE": diagnostics.mcse_mean(draws),
            "ESS bulk": diagnostics.ess_bulk(draws),
            "ESS tail": diagnostics.ess_tail(draws),
        }
        for row, value in expected.items():
            assert number(told[row][k]) == pytest.approx(value, rel=6e-3 if row != "MCSE" else 6e-2), (name, row)
        assert number(told["R-hat"][k]) == pytest.approx(diagnostics.rhat(draws), abs=6e-4)
        assert number(told["exact sd"][k]) == 1.0
    gradients = fit.stats["n_steps"].sum() + fit.warmup_stats["n_steps"].sum()
    totals = view.ask("return root.querySelector('.totals').textContent").replace("\u2009", "")
    assert totals.startswith(f"600 draws, {int(gradients)} gradients, ")


def test_a_run_of_another_seed_shows_other_draws(shown):
    """The negative twin, and the control that does it."""
    view = shown("run").until_state("over").until(lambda v: v.data("draws") == "600", "not all draws")
    before = view.counters()
    view.set("Seed", "4")
    assert view.state()["seed"] == 4
    view.until(lambda v: v.counters() != before, "the same draws")
    view.until_state("over")


def test_a_run_pauses_and_goes_on(shown):
    view = shown("run", draws=20000).until(lambda v: int(v.data("draws") or "0") > 0, "no draws")
    view.press("Pause")
    view.until_state("paused")
    time.sleep(0.3)  # what was under way
    before = view.data("iterations")
    time.sleep(0.3)
    assert view.data("iterations") == before
    view.press("Go on")
    view.until(lambda v: v.data("iterations") != before, "stands still")
    view.press("Pause")
    view.press("Begin anew")
    view.until(lambda v: v.data("iterations") != before and v.data("state") == "playing", "does not begin anew")
    assert int(view.data("iterations").split()[0]) < int(before.split()[0]) + 20000


@pytest.mark.parametrize(
    ("label", "value", "field", "expected"),
    [
        ("Algorithm", "hmc", "algorithm", "hmc"),
        ("Algorithm", "walnuts", "algorithm", "walnuts"),
        ("Metric", "dense", "run_metric", "dense"),
        ("Target acceptance", "0.9", "target_accept", 0.9),
        ("Chains", "2", "chains", 2),
        ("Warm-up", "50", "warmup", 50),
        ("Draws of each chain", "70", "draws", 70),
        ("Across", "y", "x", "y"),
        ("Model", "funnel", "model", "funnel"),
    ],
)
def test_controls_of_a_run_do_what_they_say(shown, label, value, field, expected):
    view = shown("run").until_state("over")
    view.set(label, value)
    state = view.state()
    assert state[field] == expected
    total = state["warmup"] + state["draws"]
    iterations = " ".join([str(total)] * state["chains"])
    view.until(lambda v: v.data("iterations") == iterations and v.data("state") == "over", "no such run")


def test_another_model_does_not_meet_the_draws_of_the_one_before(shown, driver):
    view = shown("run", chains=2).until_state("over").until(lambda v: v.data("draws") == "300", "not all draws")
    view.ask(
        "window.said = []; const status = root.querySelector('.trouble');"
        "new MutationObserver(() => said.push(status.textContent)).observe(status, {childList: true, subtree: true})"
    )
    state = {**view.state(), "model": "schools_centred", "x": "theta[8]", "y": "mu"}
    driver.execute_script("location.hash = arguments[0]", urllib.parse.quote(json.dumps(state)))
    name = "return root.querySelector('.counters thead th').textContent"
    view.until(lambda v: v.ask(name) == "theta[8]", "no other draws").until_state("over")
    assert [said for said in driver.execute_script("return window.said") if said] == []


def test_values_are_called_by_the_scale_they_are_on(shown):
    view = shown("run", model="schools_noncentred", x="mu", y="tau", constrained=False).until_state("over")
    names = "return [...root.querySelectorAll('.counters thead th')].map((each) => each.textContent).join()"
    view.until(lambda v: v.ask(names) == "mu,log tau", "other names")
    assert view.counters()["exact mean"][1] == ""  # it is known of tau, not of its log
    view.ask("root.querySelector('input[type=checkbox]').click()")
    assert view.state()["constrained"] is True
    view.press("Begin anew")
    view.until(lambda v: v.ask(names) == "mu,tau", "other names")
    view.until_state("over")
    assert number(view.counters()["exact mean"][1]) == pytest.approx(3.6, abs=0.05)


def test_divergences_are_counted_and_drawn_where_they_fall(shown):
    settings = {"chains": 4, "warmup": 60, "draws": 300, "seed": 1, "target_accept": 0.5}
    view = (
        shown("run", model="funnel", **settings).until_state("over").until(lambda v: v.data("draws") == "1200", "draws")
    )
    fit = hmc.sample(funnel(), progress=False, **settings)
    count = int(fit.stats["diverging"].sum())
    assert count > 0
    assert f", {count} divergence" in view.ask("return root.querySelector('.totals').textContent")
    coloured = view.ask(
        "const canvas = root.querySelector('canvas.divergent');"
        "const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "let n = 0; for (let k = 3; k < pixels.length; k += 4) n += pixels[k] > 0; return n"
    )
    assert coloured > 0


def test_a_race_spends_the_same_gradients(shown):
    view = shown("race", budget=20000, race={"metric": "dense"}, run_metric="diag").until_state("over")
    spent = [int(part) for part in view.data("gradients").split()]
    assert min(spent) >= 20000
    assert max(spent) - min(spent) < 2000
    view.until(lambda v: [number(text) for text in v.counters().get("gradients", ["0"])] == spent, "not told")
    titles = view.ask("return [...root.querySelectorAll('.lane h2')].map((each) => each.textContent)")
    assert titles == ["diagonal metric", "dense metric"]


def test_two_models_race_in_one_frame(shown):
    race = {"model": "schools_noncentred"}
    view = shown("race", model="schools_centred", x="mu", y="tau", budget=3000, race=race).until_state("over")
    first, second = json.loads(view.data("ranges"))
    assert first == second
    alone = shown("race", model="schools_centred", x="mu", y="tau", budget=3000, race={"metric": "dense"})
    alone.until_state("over")
    assert json.loads(alone.data("ranges"))[0] != first  # the other model's draws reach farther


def test_presets_of_a_race_set_the_state(shown):
    view = shown("race", budget=5000).until_state("over")
    view.set("Which", "NUTS or static HMC")
    state = view.state()
    assert (state["algorithm"], state["race"]["algorithm"]) == ("nuts", "hmc")
    view.until(lambda v: "static HMC" in v.ask("return root.querySelector('.lane-2 h2').textContent"), "no other race")
    view.until_state("over")


def test_nuts_and_walnuts_race_into_the_neck(shown):
    """The second stays as often where v < -5 as it should; what it has spent is what `hmc.sample` spends."""
    view = shown("race", chains=2, warmup=200, budget=1000).until_state("over")
    view.set("Which", "NUTS or WALNUTS: funnel")
    state = view.state()
    assert (state["model"], state["algorithm"], state["race"]["algorithm"]) == ("funnel", "nuts", "walnuts")
    view.set("Gradients to spend", "30000")
    view.set("Tolerance", "2.5")
    assert view.state()["race"]["tolerance"] == 2.5
    view.until(lambda v: "tolerance 2.5" in v.ask("return root.querySelector('.lane-2 h2').textContent"), "no race")
    name = "P(v < \u22125), exact 0.0478"
    view.until(lambda v: name in v.counters(), "no share").until_state("over")
    spent = [int(part) for part in view.data("gradients").split()]
    view.until(lambda v: [number(text) for text in v.counters()["gradients"]] == spent, "not told")
    rows = view.counters()
    row = rows[name]
    draws = int(number(rows["draws"][1])) // 2
    settings = {"chains": 2, "warmup": 200, "seed": RUN["seed"], "max_depth": 10}
    fit = hmc.sample(funnel(), draws=draws, algorithm="walnuts", tolerance=2.5, progress=False, **settings)
    assert number(row[1]) == pytest.approx((fit["v"] < -5.0).mean(), rel=6e-3)
    gradients = fit.stats["n_steps"].sum() + fit.warmup_stats["n_steps"].sum()
    assert number(rows["gradients"][1]) == gradients
    assert number(row[0]) < 0.03 < number(row[1])
    title = "return [...root.querySelectorAll('h2')].map((h) => h.textContent).find((t) => t.startsWith('Share'))"
    assert view.ask(title) == "Share of draws with v < \u22125; exact, the line: 0.0478"


def test_a_warm_up_is_that_of_sample(shown):
    view = shown("warmup", warmup=200, motion="reduce")
    view.until(lambda v: v.data("done") == "200", "not done").until(
        lambda v: v.ask("return root.querySelector('.words').textContent").startswith("Transition 200"),
        "not at its end",
    )
    (last,) = record(plane(), seed=3, warmup=200, after=199)
    words = view.ask("return root.querySelector('.words').textContent")
    told = words.partition("step size ")[2].split(",")[0]
    assert number(told) == pytest.approx(last.step_size, rel=6e-3)
    assert f"{last.outcome.n_steps} leapfrog steps" in words
    assert "hmc/sampler/" in view.ask("return root.querySelector('.place-of-source').textContent")


def test_a_warm_up_is_scrubbed_back_and_forth(shown):
    view = shown("warmup", warmup=200, motion="reduce").until(lambda v: v.data("done") == "200", "not done")
    last = int(view.data("place"))
    view.press("Back")
    assert int(view.data("place")) == last - 1
    view.press("Next")
    assert int(view.data("place")) == last
    ring = "return root.querySelector('.metric-ring').getAttribute('d')"
    at_end = view.ask(ring)
    scrub = (
        "const slider = root.querySelector('.scrub'); slider.value = arguments[0];"
        "slider.dispatchEvent(new Event('input'))"
    )
    view.ask(scrub, 6)
    assert view.data("place") == "6"
    assert view.ask(ring) != at_end  # the metric was another then
    view.ask(scrub, 0)
    assert view.ask("return root.querySelector('.words').textContent").startswith(
        "Search for a first step size, trial 1"
    )
    view.ask(scrub, last)
    assert view.ask(ring) == at_end


def test_the_space_bar_pauses(shown, driver):
    view = shown("run", draws=20000).until(lambda v: v.data("state") == "playing", "not playing")
    browser._press(driver, " ")
    view.until_state("paused")


@pytest.mark.parametrize("view", ["run", "race", "warmup"])
def test_nothing_is_wider_than_a_narrow_screen(shown, view):
    made = shown(view, width=browser.NARROW, budget=2000)
    made.until(lambda v: v.ask("return root.querySelector('canvas').width > 0"), "nothing drawn")
    assert made.driver.execute_script("return document.documentElement.scrollWidth") <= browser.NARROW


def test_memory_stays_flat(shown, driver):
    """10,000 transitions, and the same again and again: after the first run there is nothing new to keep."""

    def used(view):
        view.until_state("over").until(lambda v: v.data("draws") == "9600", "not all draws")
        driver.execute_cdp_cmd("HeapProfiler.collectGarbage", {})
        return driver.execute_script("return performance.memory.usedJSHeapSize")

    view = shown("run", draws=2400, motion="reduce")
    sizes = [used(view)]
    for _ in range(3):
        view.press("Begin anew")
        view.until(lambda v: v.data("state") == "playing", "does not begin")
        sizes.append(used(view))
    assert np.ptp(sizes[1:]) < 1.5e6, sizes


def test_draws_of_a_line_stand_above_each_other_in_their_order(driver, tmp_path):
    file = tmp_path / "line.html"
    file.write_text(page([Target(line())]), encoding="utf-8")
    browser.show(driver, file, fragment=urllib.parse.quote(json.dumps({"model": "line", **RUN, "view": "run"})))
    view = View(driver, "run").until_state("over")
    names = view.ask("return [...root.querySelectorAll('.axes .name')].map((text) => text.textContent)")
    assert names == ["x", "draw"]


def test_an_ordered_vector_and_a_simplex_are_shown_on_their_own_scale(driver, tmp_path):
    file = tmp_path / "vectors.html"
    file.write_text(page([Target(vectors())]), encoding="utf-8")
    names = {"x": "cut[2]", "y": "share, free number 2"}
    state = {"model": "vectors", **RUN, **names, "constrained": True, "view": "run"}
    browser.show(driver, file, fragment=urllib.parse.quote(json.dumps(state)))
    view = View(driver, "run").until_state("over").until(lambda v: v.data("draws") == "600", "not all draws")
    heads = view.ask("return [...root.querySelectorAll('.counters thead th')].map((th) => th.textContent)")
    first_row = ".counters tbody tr:first-child td"
    means = view.ask(f"return [...root.querySelectorAll('{first_row}')].map((td) => td.textContent)")
    assert heads == ["cut[2]", "share[2]"]
    fit = hmc.sample(vectors(), **RUN, workers=1, progress=False)
    for text, values in zip(means, (fit["cut"][..., 1], fit["share"][..., 1]), strict=True):
        assert float(text.replace("\u2212", "-")) == pytest.approx(values.mean(), rel=6e-3)  # it has three digits
    assert [entry["message"] for entry in driver.get_log("browser")] == []


class Nothing(NamedTuple):
    scale: float


def density_of_vectors(position, data, gradient):
    total = 0.0
    for i in range(position.size):
        total -= 0.5 * position[i] * position[i] / data.scale
        gradient[i] = -position[i] / data.scale
    return total


def vectors():
    """Any density of an ordered vector and a simplex."""
    parameters = [hmc.Parameter("cut", (3,), hmc.ordered), hmc.Parameter("share", (4,), hmc.simplex)]
    return hmc.Model(density_of_vectors, Nothing(1.0), parameters, name="vectors")
