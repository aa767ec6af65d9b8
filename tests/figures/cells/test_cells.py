"""Objects in a notebook's cell: they say what their numbers are, escape every name, and need no library of figures."""

import base64
import functools
import html
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import figures
import hmc
import models
from diagnostics import (
    calibrate,
    compare,
    kfold,
    loo_refit,
    markup,
    precis,
    psis_loo,
    rank_histogram,
    verdict,
    waic,
)
from diagnostics.formatting import column_texts
from diagnostics.markup import prose
from diagnostics.precis import summary
from figures.cells import fits
from figures.cells import html as html_of
from hmc.display import as_html
from hmc.record import record

ROOT = Path(__file__).parents[3]
HOSTILE = "<script>alert('x')</script>&\"<b"
TAG = re.compile(r"<script|<b>alert|<b&", re.IGNORECASE)


class Nothing(NamedTuple):
    scale: float
    y: np.ndarray


def standard_normal(position, data, gradient):
    """x ~ Normal(0, 1) <script>alert('doc')</script>"""
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0] - 0.9189385332046727


def off_by_a_factor(position, data, gradient):
    gradient[0] = -2.0 * position[0]
    return -0.5 * position[0] * position[0]


def normal_model(log_density=standard_normal, name=HOSTILE, parameter="x", **functions):
    return hmc.Model(log_density, Nothing(2.0, np.arange(1e4)), [hmc.Parameter(parameter)], name=name, **functions)


@functools.cache
def fit_of(name):
    return hmc.sample(models.build(name), warmup=200, draws=200, chains=4, seed=1, workers=1, progress=False)


@functools.cache
def shown():
    """{what it is: its HTML} of every kind of object."""
    fit, transitions = fit_of("mST"), record(models.mST(), transitions=3, warmup=50)
    objects = {
        "fit": fit,
        "fit with vectors alone": fit_of("mSTnomem"),
        "model": models.mST(),
        "own model": normal_model(),
        "verdict": verdict(fit),
        "report": hmc.check(models.mST(), points=2),
        "report of a fault": hmc.check(normal_model(off_by_a_factor), points=2),
        "calibration": calibrate(models.cafes(), 12, warmup=100, workers=1, progress=False),
        "precis": precis(fit, depth=2),
        "transition": transitions[0],
        "recording": transitions,
        "no transitions": type(transitions)(),
    }
    return {kind: value._repr_html_() for kind, value in objects.items()}


def test_every_kind_shows_itself_in_little_and_sound_html():
    assert len(shown()) == 12
    for kind, found in shown().items():
        ET.fromstring(found)  # every element is closed: the rest of the notebook stays as it is
        assert len(found) < 45_000, kind
        assert "array(" not in found, kind
        assert "nan" not in re.sub(r"<[^>]*>", " ", found).split(), kind


def test_no_name_becomes_markup():
    assert [kind for kind, found in shown().items() if TAG.search(found)] == []


def test_a_name_that_is_not_escaped_would_be_seen(monkeypatch):
    monkeypatch.setattr("figures.cells.models.text", str)
    assert TAG.search(normal_model()._repr_html_())


def test_hostile_names_of_quantities_and_models_are_shown_as_they_are():
    fit = fit_of("cafes").without_derived()
    named = type(fit)(**{**vars(fit), "name": HOSTILE, "known_derived": {HOSTILE: fit["a_bar"]}})
    for found in (html_of(named), precis(named)._repr_html_()):
        ET.fromstring(found)
        assert not TAG.search(found)
        assert html.escape(HOSTILE) in found


def cells_of(found):
    """The texts of a table's cells, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", found)
    return [[html.unescape(text) for text in re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_the_table_of_a_fit_is_that_of_precis():
    found = summary(fit_of("mST"))
    columns = column_texts(found.columns)
    expected = [["", *columns], *map(list, zip(found.labels, *columns.values(), strict=True))]
    assert cells_of(shown()["fit"]) == expected
    assert "48 more elements" in shown()["fit"]


def test_the_fit_says_what_the_verdict_says():
    for name in ("mST", "mSTnomem", "cafes"):
        fit = fit_of(name)
        found, judged = html.unescape(html_of(fit)), verdict(fit)
        run, _, ending = judged.summary.rpartition(": ")
        assert run in found
        assert f">{ending}</span>" in found
        assert all(finding.message in found for finding in judged)


def heights(svg, most):
    """The counts that the steps of a trank plot show, (chains, bins), read from the pixels."""
    lines = [line for line in re.findall(r'points="([^"]*)"', svg) if len(line.split()) == 2 * fits.BINS]
    pixels = np.array([[point.split(",")[1] for point in line.split()][::2] for line in lines], float)
    return (1 - (pixels - 6) / (120 - 12)) * most


def test_the_picture_of_a_fit_are_the_ranks_of_the_quantity_that_mixes_worst():
    fit = fit_of("mST")
    table = precis(fit, depth=2)
    worst = table["n_eff"].idxmin()
    name, _, place = worst.rstrip("]").partition("[")
    draws = fit[name][..., int(place) - 1] if place else fit[name]
    counts = rank_histogram(draws, fits.BINS)
    assert f"Ranks of {worst} by chain" in shown()["fit"]
    most = max(2 * 200 / fits.BINS, 1.1 * counts.max())
    assert np.allclose(heights(shown()["fit"], most), counts, atol=0.05 * most / 10)  # pixels are rounded to a tenth
    assert not np.allclose(heights(shown()["fit"], most), counts[::-1], atol=0.5)


def test_a_fit_of_one_chain_or_few_draws_or_constants_shows_itself():
    for chains, draws in ((1, 60), (4, 5), (4, 1)):
        fit = hmc.sample(models.mST(), chains=chains, warmup=20, draws=draws, workers=1, progress=False)
        ET.fromstring(html_of(fit))
        assert "<svg" not in html_of(fit)
    stuck = fit_of("cafes")
    still = type(stuck)(**{**vars(stuck), "unconstrained": np.ones((4, 100, 7)), "known_derived": {}, "_values": {}})
    assert "<svg" not in html_of(still)


def test_a_large_fit_is_told_in_a_line(monkeypatch):
    monkeypatch.setattr(fits, "MOST_NUMBERS", 10)
    found = html_of(fit_of("mST"))
    assert "<table" not in found
    assert html.escape(repr(fit_of("mST"))) in found


def test_the_model_shows_its_formula_and_no_data():
    found = html.unescape(shown()["model"])
    assert models.describe("mST").formula in found
    assert ["survived", "float64, 48"] in cells_of(found)
    own = html.unescape(shown()["own model"])
    assert "x ~ Normal(0, 1) <script>" in own
    assert ["y", "float64, 10000"] in cells_of(own)


def test_every_model_of_the_lecture_and_every_counterexample_shows_its_formula():
    for name in [*models.names(), *models.counterexamples()]:
        model = models.build(name, **models.example_options(name))
        assert models.formula(name) in html.unescape(model._repr_html_())


def test_a_fit_whose_derived_quantities_fail_says_so_and_shows_its_parameters():
    def derived(position, data):
        raise RuntimeError("no <chance>")

    model = normal_model(name="own", derived=derived)
    found = hmc.sample(model, draws=50, warmup=100, workers=1, progress=False)._repr_html_()
    ET.fromstring(found)
    assert "own: derived fails: RuntimeError: no <chance> (test_cells.py, line " in html.unescape(found)
    assert "x" in [row[0] for row in cells_of(found)]


def test_code_in_a_finding_is_set_as_code():
    assert prose("`hmc.check(model)` finds <it>; a ` alone stays") == (
        "<code>hmc.check(model)</code> finds &lt;it&gt;; a ` alone stays"
    )


def test_the_model_of_another_with_a_known_name_has_its_own_words():
    assert models.describe("mST").formula not in normal_model(name="mST")._repr_html_()


def test_a_report_says_what_the_command_says():
    report, fault = hmc.check(models.mST(), points=2), hmc.check(normal_model(off_by_a_factor, "wrong"), points=2)
    assert report == []
    assert str(report).startswith("mST: the gradient agrees with the density")
    assert str(fault).startswith("wrong: ")
    assert fault[0].message in html.unescape(fault._repr_html_())
    assert "no fault found" in report._repr_html_()
    assert "no fault found" not in fault._repr_html_()


def test_the_table_of_a_recording_is_what_was_recorded():
    transitions = record(models.mST(), transitions=3, warmup=50)
    rows = cells_of(shown()["recording"])[1:]
    assert [int(row[1]) for row in rows] == [recorded.outcome.n_steps for recorded in transitions]
    assert [int(row[4]) for row in rows] == [recorded.chosen for recorded in transitions]
    assert [row[0] for row in rows] == ["draw 1", "draw 2", "draw 3"]
    assert len(repr(transitions)) < 400  # no arrays in a plain session


def test_a_comparison_shows_its_note():
    found = compare({"b": np.random.default_rng(1).normal(-1.0, 0.1, (4, 100, 120))})
    assert html.escape(found.attrs["note"]) in found._repr_html_()


def test_long_tables_show_their_ends():
    found = cells_of(precis({"a": np.random.default_rng(1).normal(size=(4, 50, 200))}, depth=2)._repr_html_())
    assert [found[1][0], found[-1][0]] == ["a[1]", "a[200]"]
    assert len(found) == 62
    assert ["…"] * 7 in found


def test_a_figure_shows_itself_sharp_and_of_a_readable_size():
    data, size = figures.draw("leapfrog", {})._repr_mimebundle_()
    image = base64.b64decode(data["image/png"])
    assert image.startswith(b"\x89PNG")
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (1920, 1080)
    assert size["image/png"] == {"width": 960, "height": 540}


def test_without_the_renderer_the_text_has_to_do(monkeypatch):
    monkeypatch.setattr("hmc.display.RENDERER", "figures.of_nothing")
    assert as_html(models.mST()) is None


ALONE = """
import sys
import hmc, models
fit = hmc.sample(models.mST(), warmup=50, draws=50, workers=1, progress=False)
print(fit._repr_html_()[:4], "matplotlib" in sys.modules, "pandas" in sys.modules)
"""


def python(script, folder):
    code = [sys.executable, "-c", script]
    return subprocess.run(code, cwd=folder, capture_output=True, text=True, check=True, timeout=180).stdout.split()


def test_no_library_of_figures_is_imported_to_show_a_fit(tmp_path):
    assert python(f"import sys; sys.path.insert(1, {str(ROOT)!r}){ALONE}", tmp_path) == ["<div", "False", "False"]


def test_a_users_own_figures_are_not_run_because_a_fit_is_shown(tmp_path):
    (tmp_path / "figures.py").write_text("print('run')")
    script = "import hmc, models; print(models.mST()._repr_html_())"
    assert python(f"import sys; sys.path.insert(1, {str(ROOT)!r}); {script}", tmp_path) == ["None"]


def test_text_is_escaped_in_one_place():
    assert markup.text(HOSTILE) == html.escape(HOSTILE)
    assert markup.table(["<i>"], [["<u>"]]).count("&lt;") == 2


def test_criteria_show_their_numbers_and_the_size_of_their_arrays():
    """Whatever a diagnostic gives as a record with arrays: none of them is dumped, in a notebook or elsewhere."""
    log_lik = np.random.default_rng(1).normal(-1.0, 0.1, (4, 100, 120))
    quick = {"chains": 2, "warmup": 60, "draws": 60, "workers": 1, "progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of so few draws
        found = [
            waic(log_lik),
            psis_loo(log_lik),
            kfold(models.cafes(), 2, **quick),
            loo_refit(models.cafes(), **quick),
        ]
    for record_found in found:
        page = record_found._repr_html_()
        ET.fromstring(page)
        for said in (repr(record_found), page):
            assert "array(" not in said
            assert len(said) < 4_000
            assert f"{record_found[0]:.6g}" in said
    prior = hmc.prior_predictive(models.mST(), 10)
    assert repr(prior) == "<PriorPredictive of 10 draws; prior: a, a_bar, sigma; predictive: survived>"


def test_a_fit_in_the_place_of_draws_is_named():
    with pytest.raises(ValueError, match=r"this is a fit: give fit\['a'\], or fit.log_likelihood"):
        waic(fit_of("mST"))
