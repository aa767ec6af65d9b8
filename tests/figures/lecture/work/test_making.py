"""figures.lecture.work.making: the whole lecture, of short fits; what is kept of it, and what its page and tables
say."""

import concurrent.futures
import json
import multiprocessing
import os
import re
import signal
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import figures
import hmc
import models
from diagnostics import precis
from figures.lecture.tables import TABLES
from figures.lecture.work.making import make

SHORT = {"warmup": 300, "draws": 250}
CHECKS = ("noise", "structure", "pictures", "formulas", "widths", "colours", "keyboard", "films", "sizes", "paper")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The whole lecture, in two worker processes."""
    return make(tmp_path_factory.mktemp("whole") / "lecture", replications=2, workers=2, **SHORT)


def again(made, **changed):
    return make(made.page.parent, **{"replications": 2, "workers": 1, **SHORT, **changed})


@pytest.fixture(scope="module")
def still(made):
    """The path of the same page without explorables, which stand in the place of figures."""
    without = again(made, explorables=False).page.read_bytes()
    again(made)
    path = made.page.with_name("still.html")
    path.write_bytes(without)
    return path


def test_everything_is_made(made):
    assert made.failures == {}
    assert made.kept == []
    folder = made.page.parent
    stems = [*figures.names(), *(f"ranks-{name}" for name in models.names() if name not in figures.SERIES)]
    for stem in stems:
        assert (folder / "figures" / f"{stem}.svg").read_bytes().startswith(b"<?xml")
        with Image.open(folder / "figures" / f"{stem}.png") as image:
            pixels = np.asarray(image.convert("L"))
        assert pixels.shape[1] == (1920 if stem in figures.names() else 784)  # plots of chains fit all screens
        assert np.mean(pixels < 250) > 0.01
    links = re.findall(r'href="(figures/[^"]+)"', made.page.read_text())
    assert {Path(link).suffix for link in links} >= {".svg", ".png", ".gif"}
    assert all((folder / link).is_file() for link in links)
    for film in figures.films():
        with Image.open(folder / "figures" / f"{film}.gif") as image:
            assert image.n_frames > 15


def test_the_page_weighs_at_most_6_mb_and_2_more_with_explorables(made, still):
    assert still.stat().st_size < 6e6
    assert made.page.stat().st_size < 8e6


def test_the_time_is_split_by_what_it_went_into(made):
    assert set(made.spent) >= {"fitting", "leave-one-out", "coverage", "drawing", "films", "tables", "mRXma2", "page"}
    assert all(seconds > 0 for seconds in made.spent.values())


def test_nothing_is_made_twice_and_the_page_is_the_same(made):
    page = made.page.read_bytes()
    second = again(made)
    assert second.made == []
    assert sorted(second.kept) == sorted(made.made)
    assert made.page.read_bytes() == page


def test_what_is_missing_or_damaged_is_made_again_with_the_same_bytes(made):
    folder = made.page.parent
    files = [folder / name for name in ("figures/shrinkage.png", "tables/mST.csv", "figures/dag_tadpoles.svg")]
    before = [file.read_bytes() for file in files]
    files[0].unlink()
    files[1].write_bytes(before[1][:-9])
    files[2].unlink()
    assert sorted(again(made, only=["tadpoles"]).made) == ["figures/dag_tadpoles", "figures/shrinkage", "tables/mST"]
    assert [file.read_bytes() for file in files] == before
    again(made)  # the page has all parts again


@pytest.mark.parametrize("check", CHECKS)
def test_the_page_has_no_fault_in_a_browser(made, still, check, browser, chromium):
    path = still if check in ("films", "sizes") else made.page  # those look at all figures
    assert getattr(browser, check)(chromium, path) == []


def test_the_page_has_every_model_figure_film_and_table(made):
    text = made.page.read_text(encoding="utf-8")
    for name in [*figures.names(), *figures.films()]:
        assert f'id="figure-{name}"' in text
    for name in [*models.names(), *models.counterexamples()]:
        assert f'id="model-{name}' in text
    for name in TABLES:
        assert f'id="table-{name}"' in text
    assert text.count("(simulated data)") > 4


def test_fits_tables_and_figures_are_those_of_the_sampler(made, tmp_path):
    folder = made.page.parent
    fit = hmc.sample(models.mST(), seed=12, workers=1, progress=False, **SHORT)
    np.testing.assert_array_equal(hmc.load(folder / "fits" / "mST.fit").unconstrained, fit.unconstrained)
    table = pd.read_csv(folder / "tables" / "mST.csv", index_col=0)
    expected = precis(fit, depth=2)
    np.testing.assert_allclose(table[expected.columns], expected, rtol=1e-15)  # older pandas may read the last bit off
    drawn = figures.drawing.style.save(figures.draw("tanks", {"mST": fit}), tmp_path / "tanks.png")
    dots = [np.asarray(Image.open(path).convert("RGB")) for path in (drawn, folder / "figures" / "tanks.png")]
    np.testing.assert_array_equal(*dots)


def test_all_tables_agree_with_what_is_exact(made):
    notes = json.loads((made.page.parent / "kept.json").read_text())["items"]
    judged = [
        note for item in notes.values() for note in item["facts"].get("notes", []) if "with the exact ones" in note
    ]
    assert len(judged) >= 9
    assert not [note for note in judged if " agree with the exact ones" not in note]


def test_other_executors_make_the_same_bytes(made, tmp_path):
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        other = make(tmp_path / "threads", only=["trolley"], executor=threads, **SHORT)
    files = [path for path in other.page.parent.glob("*/*") if path.suffix in (".png", ".svg", ".gif", ".csv")]
    assert len(files) == 8  # three figures, each of two files, and two tables
    for path in files:
        assert path.read_bytes() == (made.page.parent / path.parent.name / path.name).read_bytes()


def test_a_pool_whose_worker_dies_costs_no_item(tmp_path, capsys):
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("forkserver")) as pool:
        victim = pool.submit(os.getpid).result()
        killer = threading.Timer(0.1, os.kill, [victim, signal.SIGKILL])
        killer.start()
        found = make(tmp_path, only=["coverage"], replications=2, executor=pool)
        killer.join()
    assert found.failures == {}
    assert found.made
    assert "hmc: the executor takes no more tasks, and the rest runs in one of our own: " in capsys.readouterr().err


def test_an_item_that_cannot_be_made_is_told_and_costs_only_what_needs_it(tmp_path, monkeypatch):
    def broken(name, inputs, **options):
        raise ValueError(f"{name} has no colours")

    monkeypatch.setattr(figures, "draw", broken)
    found = make(tmp_path, only=["trolley"], workers=1, **SHORT)
    assert set(found.failures) == {"figures/story_responses", "figures/story_effects", "figures/ranks-mRS"}
    text = found.page.read_text(encoding="utf-8")
    assert 'id="model-mRS"' in text
    assert 'id="figure-story_effects"' not in text
    assert "story_effects has no colours" in text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"only": ["frogs"]}, "the lecture has no part frogs; its parts are trolley, participants, cafes, tadpoles"),
        ({"trolley": "none.csv"}, "none.csv"),
        ({"replications": -1}, "replications = -1 is not a whole number of at least 0"),
        ({"replications": 0, "only": ["coverage"]}, "replications = 0 leaves nothing of the part coverage"),
        ({"seed": -1}, "seed = -1 is not a whole number of at least 0"),
        ({"seed": None}, "the lecture needs a seed"),
        ({"workers": 0}, "workers = 0 is not a whole number of at least 1"),
        ({"draws": 0}, "draws = 0 is not a whole number of at least 1"),
        ({"metric": "dense"}, "the lecture takes no argument metric"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_made(tmp_path, wrong, message):
    with pytest.raises((ValueError, OSError), match=message):
        make(tmp_path / "lecture", **wrong)
    assert not list(tmp_path.glob("lecture/*/*"))
