"""The toys' exact marginals: densities, whose moments are those that are stated, and those of the toys' own draws."""

import numpy as np
import pytest

import hmc
from figures.sampler import toys
from figures.sampler.toy_marginals import toy_marginals

ALL = [(name, parameter) for name in ("line", "plane", "funnel") for parameter in toy_marginals(name)]


def curve_of(known):
    curve = known["curve"]
    return np.linspace(curve["from"], curve["to"], len(curve["heights"])), np.array(curve["heights"])


@pytest.mark.parametrize(("name", "parameter"), ALL)
def test_a_curve_is_a_density_with_the_moments_stated(name, parameter):
    known = toy_marginals(name)[parameter]
    x, heights = curve_of(known)
    missing = 5e-3 if parameter == "x" and name == "funnel" else 1e-3  # beyond what is shown
    assert np.trapezoid(heights, x) == pytest.approx(1.0, abs=missing)
    assert np.trapezoid(heights * x, x) == pytest.approx(known["mean"], abs=1e-6)
    if name != "funnel" or parameter == "v":  # x has tails far beyond
        assert np.sqrt(np.trapezoid(heights * x * x, x)) == pytest.approx(known["sd"], rel=2e-3)


def test_x_of_the_funnel_has_the_sd_of_its_closed_form():
    v = np.linspace(-40, 60, 200_001)
    density = np.exp(-0.5 * (v / 3.0) ** 2) / (3.0 * np.sqrt(2 * np.pi))
    expected = np.sqrt(np.trapezoid(density * np.exp(v), v))
    assert toy_marginals("funnel")["x"]["sd"] == pytest.approx(expected, rel=1e-9)


def departures(name, widened=1.0):
    """By how many standard errors the shares of draws below points of each curve are off; `widened` by a factor."""
    fit = hmc.sample(getattr(toys, name)(), seed=5, draws=2000, progress=False)
    found = []
    for parameter, known in toy_marginals(name).items():
        x, heights = curve_of(known)
        below = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2 * np.diff(x))])
        below += (1.0 - below[-1]) / 2  # what is left of the curve
        for point in np.quantile(x, (0.35, 0.45, 0.5, 0.55, 0.65)):
            share = (fit[parameter] * widened < point).astype(float)
            error = share.mean() - np.interp(point, x, below)
            found.append(error / (share.std() / np.sqrt(800)))  # at an ESS of at least 800
    return np.abs(found)


def test_draws_have_these_marginals():
    assert departures("plane").max() < 4.0


def test_a_marginal_of_another_width_is_seen():
    assert departures("plane", widened=1.3).max() > 4.0
