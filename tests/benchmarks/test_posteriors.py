"""The posteriors of benchmarks/posteriors: their densities are those of their docstrings, their gradients are right."""

import itertools
import math

import numba
import numpy as np
import pytest
from scipy import special, stats

import hmc
from benchmarks import posteriors

EVERY = pytest.mark.parametrize("name", posteriors.NAMES)

# Values near which densities are compared: there every term counts, in the tails the largest hides the others.
VALUES = {
    "income": {"alpha": -2e4, "beta_height": 250.0, "beta_age": 400.0, "sigma": 12_000.0},
    "ar5": {"alpha": 0.5, "beta": [0.7, 0.2, -0.1, 0.2, -0.1], "sigma": 0.5},
    "garch": {"mu": 5.0, "alpha0": 2.0, "share": [0.5, 0.2, 0.3]},
    "mixture": {"mu": [-1.5, 1.2], "sigma": 1.1, "theta": 0.3},
    "gaussian_process": {"rho": 1.3, "alpha": 1.5, "sigma": 0.3},
    "hmm": {"mu": [1.0, 3.5], "sigma": 1.1, "stay": [0.9, 0.8]},
}


def half_normal(x, sd):
    return np.sum(stats.halfnorm.logpdf(x, scale=sd))


def normal(x, mean, sd):
    return np.sum(stats.norm.logpdf(x, mean, sd))


def income(v, data):
    prior = normal(v["alpha"], 0, 2e5) + normal(v["beta_height"], 0, 2e3) + normal(v["beta_age"], 0, 2e3)
    mean = v["alpha"] + v["beta_height"] * data.height + v["beta_age"] * data.age
    return prior + stats.expon.logpdf(v["sigma"], scale=3e4) + normal(data.income, mean, v["sigma"])


def ar5(v, data):
    past = np.column_stack([data.y[5 - k : -k] for k in range(1, 6)])
    prior = normal(v["alpha"], 0, 10) + normal(v["beta"], 0, 10) + half_normal(v["sigma"], 2.5)
    return prior + normal(data.y[5:], v["alpha"] + past @ v["beta"], v["sigma"])


def garch(v, data):
    errors, variances = data.y - v["mu"], [data.first_variance]
    for error in errors[:-1]:
        variances.append(v["alpha0"] + v["share"][0] * error**2 + v["share"][1] * variances[-1])
    prior = normal(v["mu"], 0, 10) + stats.expon.logpdf(v["alpha0"], scale=10)
    return prior + stats.dirichlet.logpdf(v["share"], [1, 1, 1]) + normal(errors, 0, np.sqrt(variances))


def mixture(v, data):
    weighted = [
        np.log(w) + stats.norm.logpdf(data.y, m, v["sigma"])
        for w, m in zip((v["theta"], 1 - v["theta"]), v["mu"], strict=True)
    ]
    prior = math.log(2) + normal(v["mu"], 0, 2) + half_normal(v["sigma"], 2) + stats.beta.logpdf(v["theta"], 5, 5)
    return prior + special.logsumexp(weighted, axis=0).sum()


def gaussian_process(v, data):
    distance = np.subtract.outer(data.x, data.x)
    covariance = v["alpha"] ** 2 * np.exp(-0.5 * (distance / v["rho"]) ** 2) + v["sigma"] ** 2 * np.eye(data.x.size)
    prior = stats.lognorm.logpdf(v["rho"], 1) + half_normal(v["alpha"], 2) + half_normal(v["sigma"], 1)
    return prior + stats.multivariate_normal.logpdf(data.y, np.zeros(data.x.size), covariance)


def hmm(v, data):
    """The sum over all paths of states, one by one."""
    move = np.array([[v["stay"][0], 1 - v["stay"][0]], [1 - v["stay"][1], v["stay"][1]]])
    paths = [
        math.log(0.5) + np.log(move[path[:-1], path[1:]]).sum() + normal(data.y, v["mu"][path], v["sigma"])
        for path in map(np.array, itertools.product((0, 1), repeat=data.y.size))
    ]
    return math.log(2) + normal(v["mu"], 0, 5) + half_normal(v["sigma"], 2) + special.logsumexp(paths)


FORMULAS = {f.__name__: f for f in (income, ar5, garch, mixture, gaussian_process, hmm)}


def short(model):
    """The model; of the hidden Markov model's series the first 8 values alone, which have 256 paths."""
    return model.with_data(model.data._replace(y=model.data.y[:8].copy())) if model.name == "hmm" else model


def free_values(model, position):
    """Constrained values that determine the others: of a simplex all but the last."""
    values = model.constrain(position)
    return np.concatenate([np.ravel(values[p.name])[: p.free] for p in model.parameters])


def log_jacobian(model, position, step=1e-6):
    """By central differences."""
    ends = [[free_values(model, position + sign * step * row) for sign in (1, -1)] for row in np.eye(model.dimension)]
    return np.linalg.slogdet([(after - before) / (2 * step) for after, before in ends])[1]


def positions(model, count=10):
    """Around VALUES."""
    centre = model.unconstrain(VALUES[model.name])
    return centre + 0.05 * (1 + np.abs(centre)) * np.random.default_rng(1).standard_normal((count, model.dimension))


def disagreement(model, left_out=0.0):
    """The largest |log density - formula| at the positions, relative to the formula's size or 1.

    `left_out`: what to multiply the last unconstrained number by and take from the density.
    """
    errors = []
    for position in positions(model):
        formula = FORMULAS[model.name](model.constrain(position), model.data) + log_jacobian(model, position)
        value = model.evaluate(position)[0] - left_out * position[-1]
        errors.append(abs(value - formula) / max(1.0, abs(formula)))
    return max(errors)


def with_last_slope_times(factor, model):
    """The model with the last component of its gradient multiplied."""
    original = numba.njit(error_model="numpy")(model.log_density)

    def log_density(position, data, gradient):
        value = original(position, data, gradient)
        gradient[-1] *= factor
        return value

    return hmc.Model(log_density, model.data, model.parameters, name=model.name)


SAME = 1e-7  # central differences of transforms are exact to about 1e-9


@EVERY
def test_density_is_that_of_the_docstring(name):
    assert disagreement(short(posteriors.build(name))) < SAME


@EVERY
def test_a_density_without_a_jacobian_is_another(name):
    """That of sigma = exp(log sigma) is log sigma; of the others, a term of its size."""
    assert disagreement(short(posteriors.build(name)), left_out=1.0) > 100 * SAME


@EVERY
def test_check_finds_nothing_wrong(name):
    assert hmc.check(posteriors.build(name)) == []


@EVERY
def test_check_sees_a_gradient_that_is_off_by_a_thousandth(name):
    found = hmc.check(with_last_slope_times(1.001, posteriors.build(name)))
    assert "gradient" in {fault.kind for fault in found}


@EVERY
def test_compiled_and_interpreted_density_agree_bit_for_bit(name):
    model = posteriors.build(name)
    for position in positions(model, 3):
        value, gradient = model.evaluate(position)
        interpreted = np.zeros(model.dimension)
        assert model.log_density(position, model.data, interpreted) == value
        np.testing.assert_array_equal(interpreted, gradient)
