"""The toys' exact marginals: densities, with the moments that are stated, and those of the toys' own draws."""

import numpy as np
import pytest

import hmc
from figures.sampler.toy_marginals import TAIL, toy_marginals
from figures.sampler.toys import TOYS


def curve_of(known):
    curve = known["curve"]
    return np.linspace(curve["from"], curve["to"], len(curve["heights"])), np.array(curve["heights"])


@pytest.mark.parametrize("name", TOYS)
def test_curves_are_densities_with_the_moments_stated(name):
    for parameter, known in toy_marginals(name).items():
        x, heights = curve_of(known)
        missing = 0.02 if "mean" not in known else 4 * TAIL  # long tails, and as few points as a picture needs
        assert np.trapezoid(heights, x) == pytest.approx(1.0 - 2 * TAIL, abs=missing), parameter
        if "mean" in known:
            assert np.trapezoid(heights * x, x) == pytest.approx(known["mean"], abs=0.05 * known["sd"])
            assert np.sqrt(np.trapezoid(heights * (x - known["mean"]) ** 2, x)) == pytest.approx(known["sd"], rel=0.06)


def test_moments_are_those_of_closed_forms():
    plane, modes, banana = (toy_marginals(name) for name in ("plane", "two_modes", "banana"))
    assert (plane["x"]["mean"], plane["x"]["sd"]) == pytest.approx((0.0, 1.0), abs=1e-9)
    expected = 0.4 * 2.5, np.sqrt(1.0 + 2.5**2 - (0.4 * 2.5) ** 2)
    assert (modes["x"]["mean"], modes["x"]["sd"]) == pytest.approx(expected, rel=1e-9)
    assert banana["x"]["sd"] == pytest.approx(2.0, rel=1e-9)
    assert "mean" not in toy_marginals("funnel")["x"]
    assert toy_marginals("mST") is None


def departures(name, widened=1.0):
    """By how many standard errors the shares of draws below points of each curve are off; `widened` by a factor."""
    fit = hmc.sample(TOYS[name].model(), seed=5, draws=2000, progress=False)
    found = []
    for parameter, known in toy_marginals(name).items():
        x, heights = curve_of(known)
        below = TAIL + np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2 * np.diff(x))])
        for point in np.quantile(x, (0.35, 0.45, 0.5, 0.55, 0.65)):
            share = (fit[parameter] * widened < point).astype(float)
            error = share.mean() - np.interp(point, x, below)
            found.append(error / (share.std() / np.sqrt(800)))  # at an ESS of at least 800
    return np.abs(found)


def test_draws_have_these_marginals():
    assert departures("plane").max() < 4.0


def test_a_marginal_of_another_width_is_seen():
    assert departures("plane", widened=1.3).max() > 4.0
