"""figures.tadpoles.sweep and figures.drawing.film: scores, the learned sigma, and the frames."""

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.special import expit

import diagnostics
import hmc
import models
from figures.drawing.film import write_film
from figures.tadpoles import sweep
from figures.tadpoles.sweep import scores, sigma_sweep, sigma_sweep_animation, sweep_frame
from models.reedfrogs import TANKS
from models.tables import read
from tests.figures.helpers import soundness
from tests.figures.helpers.artists import find
from tests.figures.helpers.frames import are_drawn_whole
from tests.helpers.exact_sweep import exact_looic

BUNDLED = pd.read_csv(Path(models.__file__).parent / "data" / "reedfrogs.csv")
SIGMAS = (2.0, 0.1, 5.0, 0.6)  # in no order: the figures sort them
OPTIONS = {"chains": 2, "warmup": 100, "draws": 60, "workers": 1, "seed": 8, "progress": False}


@pytest.fixture(scope="module")
def fits():
    return [hmc.sample(models.mST_fixed(sigma), **OPTIONS) for sigma in SIGMAS]


@pytest.fixture(scope="module")
def learned():
    return hmc.sample(models.mST(), **OPTIONS)


def _assert_scores(axes, fits):
    points, bars = find(axes, "psis"), find(axes, "standard errors").get_segments()
    exact = dict(find(axes, "exact").get_xydata())
    assert len(points.get_xdata()) == len(fits)
    for fit in fits:
        sigma = fit.model.data.sigma
        i = list(points.get_xdata()).index(sigma)
        with pytest.warns(UserWarning, match="k-hat"):
            psis = diagnostics.psis_loo(fit.log_likelihood)
        assert points.get_ydata()[i] == pytest.approx(psis.looic, rel=1e-12)
        np.testing.assert_allclose(bars[i][:, 1], [psis.looic - psis.se, psis.looic + psis.se], rtol=1e-12)
        assert exact[sigma] == pytest.approx(exact_looic(sigma), abs=1e-4)


def test_scores_are_psis_and_the_exact_ones_each_at_its_sigma(fits, learned):
    figure = sigma_sweep(fits, learned)
    _assert_scores(figure.axes[1], fits)
    np.testing.assert_array_equal(find(figure.axes[1], "psis").get_xdata(), sorted(SIGMAS))


def test_scores_of_other_fits_are_told_apart(fits, learned):
    """The negative twin."""
    others = [hmc.sample(fit.model, **{**OPTIONS, "seed": 9}) for fit in fits]
    with pytest.raises(AssertionError):
        _assert_scores(sigma_sweep(fits, learned).axes[1], others)


def test_the_learned_sigma_stands_over_the_scores(fits, learned):
    above, below = sigma_sweep(fits, learned).axes
    sigma, density = find(above, "learned").get_data()
    assert np.trapezoid(density, np.log(sigma)) == pytest.approx(1.0, abs=0.01)
    mean_log = np.trapezoid(density * np.log(sigma), np.log(sigma))
    assert mean_log == pytest.approx(np.log(learned["sigma"]).mean(), abs=0.01)
    assert set(find(below, "mean").get_xdata()) == {learned["sigma"].mean()}


def test_a_frame_shows_the_tanks_of_its_sigma_and_marks_its_score(fits):
    shown, table = scores(fits), read(TANKS)
    for fit in fits:
        above, below = sweep_frame(shown, fit, table).axes
        np.testing.assert_allclose(find(above, "mean").get_ydata(), expit(fit["a"]).mean(axis=(0, 1)), rtol=1e-12)
        np.testing.assert_array_equal(find(above, "raw").get_ydata(), BUNDLED["surv"] / BUNDLED["density"])
        _assert_scores(below, fits)
        (here,) = find(below, "here").get_xydata()
        assert here[0] == fit.model.data.sigma
        assert list(here) in find(below, "psis").get_xydata().tolist()


def test_the_film_is_drawn_whole(fits):
    shown, table = scores(fits), read(TANKS)
    assert are_drawn_whole(lambda: sweep._frames(shown, fits, table))


def test_the_animation_has_a_frame_for_each_sigma_and_always_the_same_bytes(fits, tmp_path):
    path = sigma_sweep_animation(fits, tmp_path / "one.gif", seconds=0.5)
    with Image.open(path) as film:
        durations, frames = [], []
        for k in range(film.n_frames):
            film.seek(k)
            durations.append(film.info["duration"])
            frames.append(np.asarray(film.convert("RGB")))
        assert film.info["loop"] == 0
    assert durations == [500, 500, 500, 1500]
    assert all(frame.shape == (540, 960, 3) for frame in frames)
    assert all((one != other).any() for one, other in itertools.pairwise(frames))
    assert all((frame[0, 0] == 255).all() for frame in frames)  # paper is white
    again = sigma_sweep_animation(fits[::-1], tmp_path / "two.gif", seconds=0.5)
    assert again.read_bytes() == path.read_bytes()


def test_an_animation_of_another_ending_is_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(ValueError, match=r"film\.webm: a film's file ends in \.gif or \.mp4$"):
        write_film(tmp_path / "film.webm", (pytest.fail("drawn") for _ in "x"), [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f, m: scores([*f, f[0]]), r"^sweep: 5 fits with 4 different sigmas$"),
        (lambda f, m: scores([]), r"^sweep: 0 fits with 0 different sigmas$"),
        (lambda f, m: scores([m]), r"^sweep: mST was given no sigma;"),
        (lambda f, m: sigma_sweep(f, f[0]), r"^sweep: mST_fixed has no sigma; it has a, a_bar$"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message, fits, learned):
    with pytest.raises(ValueError, match=message):
        make(fits, learned)


def test_figures_are_legible_and_always_the_same_bytes(fits, learned):
    shown, table = scores(fits), read(TANKS)
    soundness.assert_sound(lambda: sigma_sweep(fits, learned))
    soundness.assert_sound(lambda: sweep_frame(shown, fits[1], table))
