"""The numbers of toys' marginals: closed forms where there are some, and what a fine grid gives."""

import math

import numpy as np
import pytest
from scipy import stats

from figures.sampler import schools
from figures.sampler.toys import TOYS
from figures.sampler.toys.known import known_marginals

CLOSED = {  # (mean, sd)
    "line": {"x": (0.0, 1.0)},
    "plane": {"x": (0.0, 1.0), "y": (0.0, 1.0)},
    "two_modes": {"x": (1.0, 2.5), "y": (0.0, 1.0)},
    "banana": {"x": (0.0, 2.0), "y": (2.0, math.sqrt(8.25))},
    "funnel": {"x": (0.0, math.exp(2.25)), "v": (0.0, 3.0)},
    "neals_funnel": {"v": (0.0, 3.0), "x[9]": (0.0, math.exp(2.25))},
}


def known(name):
    return known_marginals(TOYS[name].model(), TOYS[name].marginals())


@pytest.mark.parametrize("name", CLOSED)
def test_moments_are_those_of_closed_forms(name):
    found = known(name)
    assert set(CLOSED[name]) <= set(found)
    for parameter, (mean, sd) in CLOSED[name].items():
        assert found[parameter]["mean"] == pytest.approx(mean, abs=1e-6)
        assert found[parameter]["sd"] == pytest.approx(sd, rel=1e-6)


@pytest.mark.parametrize("name", ["funnel", "neals_funnel"])
def test_the_neck_of_a_funnel_is_a_tail_of_the_normal_distribution(name):
    toy = TOYS[name]
    found = known_marginals(toy.model(), toy.marginals(), toy.necks)["v"]["neck"]
    assert found == {"below": -5.0, "probability": pytest.approx(stats.norm.cdf(-5.0 / 3.0), rel=1e-9)}
    assert "neck" not in known(name)["v"]


@pytest.mark.parametrize("name", ["schools_centred", "schools_noncentred"])
def test_the_neck_of_the_schools_is_that_of_their_exact_posterior(name):
    """Another quadrature, over log tau."""
    toy = TOYS[name]
    found = known_marginals(toy.model(), toy.marginals(), toy.necks)["tau"]["neck"]
    exact = pytest.approx(schools.exact_share(), abs=1.5e-3)  # half a step of its grid
    assert found == {"below": 1.0, "probability": exact}


def test_quantiles_are_those_of_the_normal_distribution():
    found = known("line")["x"]
    assert found["upper"] == pytest.approx(1.5981931399228169, abs=2e-3)  # linear between points of the grid
    assert found["lower"] == pytest.approx(-found["upper"], abs=1e-9)


@pytest.mark.parametrize("name", TOYS)
def test_curves_are_densities_between_their_ends(name):
    found = known(name)
    assert found
    for parameter, each in found.items():
        curve = each["curve"]
        x, heights = np.linspace(curve["from"], curve["to"], len(curve["heights"])), np.array(curve["heights"])
        density = TOYS[name].marginals()[parameter.partition("[")[0]]
        fine = 0.005 * np.sinh(np.linspace(*np.arcsinh(np.array([curve["from"], curve["to"]]) / 0.005), 2001))
        assert np.trapezoid(density(fine), fine) == pytest.approx(0.999, abs=2e-3), parameter
        np.testing.assert_allclose(heights, density(x), rtol=1e-4)
        assert curve["from"] < each["lower"] < each["mean"] < each["upper"] < curve["to"]
