"""figures.sampler.metrics: what is drawn of each metric is what the metric makes of the draws."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import eigh

import diagnostics
import hmc
import models
from figures.drawing import style
from figures.sampler.metrics import COLOURS, metrics, whitened
from hmc.settings import METRICS
from tests.figures.helpers import soundness

OPTIONS = {"chains": 2, "warmup": 300, "draws": 150, "workers": 1, "progress": False}


@pytest.fixture(scope="module")
def fits():
    """Fits of correlated parameters with every metric, auto first."""
    return [hmc.sample(models.mSTP(), metric=metric, **OPTIONS) for metric in METRICS]


@pytest.fixture(scope="module")
def figure(fits):
    return metrics(fits[0], fits[1:])


def _find(figure, gid):
    (artist,) = figure.findobj(lambda a: a.get_gid() == gid)
    return artist


def _matrix(fit, chain):
    """A chain's inverse metric, (dimension, dimension)."""
    inverse = fit.inverse_metric
    if isinstance(inverse, hmc.LowRank):
        return inverse.matrix()[chain]
    return np.diag(inverse[chain]) if inverse.ndim == 2 else inverse[chain]


def _assert_shows(figure, fits, chain):
    """Without a factor L: variances of z = L^-1 q along u are those of v'q, v = L'^-1 u, where v'(L L')v = 1."""
    q = fits[0].unconstrained.reshape(-1, 51)
    q = q - q.mean(axis=0)
    for fit in fits:
        name = fit.settings["metric"]
        variances, v = eigh(np.cov(q.T), _matrix(fit, chain))
        np.testing.assert_allclose(_find(figure, f"variances-{name}").get_ydata(), variances[::-1], rtol=1e-8)
        shown = _find(figure, f"draws-{name}").get_xydata()
        for along, expected in zip(shown.T, (q @ v[:, -1], q @ v[:, 0]), strict=True):
            sign = np.sign(along @ expected)  # a direction has two ends
            np.testing.assert_allclose(sign * along, expected, atol=1e-6 * expected.std())


def test_draws_and_variances_are_those_in_the_metric_s_coordinates(fits, figure):
    _assert_shows(figure, fits, 0)
    _assert_shows(metrics(fits[0], fits[1:], chain=1), fits, 1)


def test_the_coordinates_of_another_chain_or_of_another_fit_s_draws_are_told_apart(fits, figure):
    """The negative twin."""
    with pytest.raises(AssertionError):
        _assert_shows(figure, fits, 1)
    with pytest.raises(AssertionError):
        _assert_shows(figure, [fits[1], fits[0], *fits[2:]], 0)


def _assert_white(draws, lower):
    np.testing.assert_allclose(whitened(draws, lower).variances, 1.0, rtol=1e-9)


def test_draws_whose_covariance_is_the_metric_are_white_and_a_wrong_factor_is_told_apart():
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(40, 6)) @ rng.normal(size=(6, 6)) + 5.0
    lower = np.linalg.cholesky(np.cov(draws.T))
    _assert_white(draws, lower)
    for wrong in (lower.T, np.diag(np.diag(lower)), np.linalg.inv(lower)):
        with pytest.raises(AssertionError):
            _assert_white(draws, wrong)


def test_panels_hold_every_draw_on_one_scale_in_a_fixed_order(figure):
    panels = figure.axes[:5]
    assert [axes.get_title() for axes in panels] == ["unit", "diag", "low_rank", "dense", "auto"]
    for axes in panels:
        assert axes.get_xlim() == axes.get_ylim()
        assert axes.get_box_aspect() == 1
        (dots,) = axes.get_lines()
        assert np.abs(dots.get_xydata()).max() < axes.get_xlim()[1] < 1.1 * np.abs(dots.get_xydata()).max()


def test_steps_and_effective_draws_are_those_of_each_metric_s_own_run(fits, figure):
    for fit in fits:
        steps = fit.stats["n_steps"]
        least = diagnostics.ess_bulk(fit.unconstrained).min()
        label = _find(figure, f"variances-{fit.settings['metric']}").get_label()
        name, numbers = label.split(": ")
        assert numbers == f"{steps.sum() / steps.size:.1f} steps, ESS {least / (steps.sum() / 1000):,.1f}"
        is_auto = fit.settings["metric"] == "auto"
        assert name == (f"auto ({fit.settings['chosen_metric'][:8]})" if is_auto else fit.settings["metric"])
    assert fits[0].settings["chosen_metric"].startswith("low_rank")


def test_metrics_of_correlations_leave_a_smaller_ratio_of_lengths_as_the_caption_says(figure):
    ratio = {}
    for name in COLOURS:
        variances = _find(figure, f"variances-{name}").get_ydata()
        ratio[name] = variances[0] / variances[-1]
    assert max(ratio["low_rank"], ratio["dense"], ratio["auto"]) < 0.5 * min(ratio["unit"], ratio["diag"])


def test_fewer_metrics_have_fewer_panels(fits):
    assert [axes.get_title() for axes in metrics(fits[1], fits[4:]).axes] == ["unit", "diag", ""]


def test_what_cannot_be_compared_is_refused(fits):
    short = {**OPTIONS, "warmup": 20, "draws": 20}
    other = hmc.sample(models.mST(), metric="diag", **short)
    auto = fits[0]
    fake = {"name": auto.name, "identity": auto.identity, "settings": auto.settings}
    nan = SimpleNamespace(unconstrained=np.full((1, 5, 2), np.nan), **fake)
    for fit, others, message in (
        (auto, [other], "^metrics: the fits are of mSTP and mST, or of other data$"),
        (auto, [fits[1], fits[1]], "^metrics: two fits of mSTP have metric diag$"),
        (nan, [], "^metrics: the fit of mSTP has fewer than two draws, or some are not finite$"),
    ):
        with pytest.raises(ValueError, match=message):
            metrics(fit, others)


def test_metrics_and_paper_are_told_apart_by_all_eyes(colour_distance):
    colours = [*COLOURS.values(), "#ffffff"]
    assert min(colour_distance(*pair) for pair in itertools.combinations(colours, 2)) > 20
    assert {*COLOURS} == {*METRICS}


def test_the_figure_is_legible_and_always_the_same_bytes(fits):
    soundness.assert_sound(lambda: metrics(fits[0], fits[1:]))


def test_a_text_over_another_is_a_collision(fits):
    """The negative twin."""
    figure = metrics(fits[0], fits[1:])
    with style.applied():
        figure.axes[0].set_title("wide " * 50)
    assert len(soundness.collisions(figure)) > 0
