"""Toys: their gradients are right, and their exact marginal densities are those of the densities that are sampled."""

import numpy as np
import pytest

import hmc
from figures.sampler.toys import TOYS

PLANES = ["plane", "banana", "donut", "two_modes"]


@pytest.mark.parametrize("name", TOYS)
def test_it_passes_hmc_check(name):
    model = TOYS[name].model()
    assert model.name == name
    assert hmc.check(model) == []


@pytest.mark.parametrize("name", TOYS)
def test_marginals_are_densities(name):
    model = TOYS[name].model()
    marginals = TOYS[name].marginals()
    assert marginals.keys() <= {parameter.name for parameter in model.parameters}
    for parameter, density in marginals.items():
        grid = np.exp(np.linspace(-14.0, 9.0, 4001))  # to far out, closely near 0
        both = np.concatenate([-grid[::-1], grid])
        total = np.trapezoid(density(both), both)
        assert abs(total - 1.0) < 2e-4, parameter  # the grid's own error


def on_grid(model, x, y):
    """The density of a model in two dimensions, up to a constant, at all points of a grid."""
    gradient = np.zeros(2)
    density = model.log_density
    return np.array([[np.exp(density(np.array([a, b]), model.data, gradient)) for b in y] for a in x])


@pytest.mark.parametrize("name", PLANES)
def test_marginals_are_those_of_the_density(name):
    """Summed over the other coordinate."""
    model, marginals = TOYS[name].model(), TOYS[name].marginals()
    x, y = np.linspace(-9.0, 9.0, 121), np.linspace(-7.0, 38.0 if name == "banana" else 7.0, 241)
    found = on_grid(model, x, y)
    for parameter, at, axis in (("x", x, 1), ("y", y, 0)):
        sums, expected = found.sum(axis=axis), marginals[parameter](at)
        np.testing.assert_allclose(sums / sums.sum(), expected / expected.sum(), atol=2e-4)


@pytest.mark.parametrize("name", ["neals_funnel", "schools_noncentred"])
def test_draws_have_these_marginals(name):
    """Shares of draws below quantiles of the exact density. NUTS does not get into the neck of the funnel."""
    toy, algorithm = TOYS[name], "walnuts" if name == "neals_funnel" else "nuts"
    settings = {"warmup": 1000, "draws": 4000, "seed": 4, "metric": "diag", "algorithm": algorithm}
    fit = hmc.sample(toy.model(), 16, **settings, target_accept=0.8, workers=2, executor="threads", progress=False)
    for parameter in {"neals_funnel": ["v"], "schools_noncentred": ["mu", "tau"]}[name]:
        draws, density = fit[parameter], toy.marginals()[parameter]
        grid = np.linspace(1e-9 if parameter == "tau" else -40.0, 60.0, 20_001)
        cumulated = np.cumsum(density(grid)) * (grid[1] - grid[0])
        for probability in (0.1, 0.5, 0.9):
            below = (draws < grid[np.searchsorted(cumulated, probability)]).astype(float)
            means = below.mean(axis=1)
            error = means.std(ddof=1) / 4.0  # between 16 chains: within one, ESS is too large where it enters no neck
            assert abs(below.mean() - probability) < 6.0 * error, (parameter, probability)  # t of 15: 1 in 40,000
            assert error < 0.03
