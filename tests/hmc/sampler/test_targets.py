"""The whole sampler on targets whose answers are known: means, sds and quantiles of all parameters at once.

Each with its negative twin: a sampler or a model that is slightly wrong does not pass the same check.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

import hmc
from hmc.numerics import exp, log, log1p
from hmc.sampler.outcome import DIVERGENCE

EVERY_SAMPLER = pytest.mark.parametrize(
    ("algorithm", "adaptation", "metric"),
    [
        ("nuts", "gradients", "diag"),
        ("nuts", "windows", "diag"),
        ("nuts", "gradients", "dense"),
        ("nuts", "windows", "dense"),
        ("nuts", "gradients", "low_rank"),
        ("nuts", "gradients", "auto"),
        ("walnuts", "gradients", "diag"),
        ("walnuts", "gradients", "auto"),
        ("hmc", "gradients", "diag"),
        ("hmc", "windows", "diag"),
    ],
)
RHO = 0.9


class Scales(NamedTuple):
    sd: np.ndarray


class Shape(NamedTuple):
    shape: float
    dimension: int
    jacobian: float  # 1; 0 is the mistake of leaving it out


def correlated_normal(position, data, gradient):
    """An autoregression: z[0] ~ normal(0, 1), z[i] ~ normal(RHO z[i - 1], sqrt(1 - RHO^2)), position = sd z."""
    total, variance = 0.0, 1.0 - RHO * RHO
    for i in range(position.shape[0]):
        gradient[i] = 0.0
    for i in range(position.shape[0]):
        z = position[i] / data.sd[i]
        if i == 0:
            total -= 0.5 * z * z
            gradient[i] -= z / data.sd[i]
        else:
            residual = z - RHO * position[i - 1] / data.sd[i - 1]
            total -= 0.5 * residual * residual / variance
            gradient[i] -= residual / variance / data.sd[i]
            gradient[i - 1] += RHO * residual / variance / data.sd[i - 1]
    return total


def gamma(position, data, gradient):
    """Positive values with a gamma distribution of rate 1; on the log scale for a small shape, a long tail left."""
    total = 0.0
    for i in range(position.shape[0]):
        value = exp(position[i])
        total += (data.shape - 1.0) * position[i] - value + data.jacobian * position[i]
        gradient[i] = data.shape - 1.0 - value + data.jacobian
    return total


def student_t(position, data, gradient):
    """Independent Student t with `shape` degrees of freedom."""
    total = 0.0
    for i in range(position.shape[0]):
        square = position[i] * position[i] / data.shape
        total -= 0.5 * (data.shape + 1.0) * log1p(square)
        gradient[i] = -(data.shape + 1.0) * position[i] / data.shape / (1.0 + square)
    return total


def funnel(position, data, gradient):
    """Neal's: v ~ normal(0, 3), x[i] ~ normal(0, exp(v / 2)). position = v, x[0], x[1], ..."""
    v, n = position[0], position.shape[0] - 1
    total = -v * v / 18.0 - 0.5 * n * v
    gradient[0] = -v / 9.0 - 0.5 * n
    for i in range(1, n + 1):
        scaled = position[i] * exp(-v)
        total -= 0.5 * position[i] * scaled
        gradient[0] += 0.5 * position[i] * scaled
        gradient[i] = -scaled
    return total


def model(density, data, dimension, constraint=hmc.real):
    return hmc.Model(density, data, [hmc.Parameter("x", (dimension,), constraint)], name=density.__name__)


def run(a_model, **settings):
    """Draws, with both cores; in threads, because workers cannot import a test module."""
    defaults = {"chains": 4, "warmup": 800, "draws": 1000, "seed": 5, "workers": 2, "executor": "threads"}
    return hmc.sample(a_model, progress=False, **(defaults | settings))


def scales(dimension):
    """Standard deviations over two orders of magnitude."""
    return np.geomspace(0.1, 10.0, dimension)


def innovations(draws):
    """Draws of the correlated normal -> independent standard normals."""
    z = draws / scales(draws.shape[-1])
    z[..., 1:] = (z[..., 1:] - RHO * z[..., :-1]) / math.sqrt(1 - RHO**2)
    return z


def check_correlated_normal(scores, draws):
    """Disagreements of the components, and of the independent normals they are made of."""
    dimension = draws.shape[-1]
    standard = scores.of_distribution(stats.norm(), dimension)
    found = scores.disagreements(draws / scales(dimension), standard)
    return found | scores.disagreements(innovations(draws), standard, independent=True)


# Correlated normal, 20 and 100 dimensions.


def metric_for(algorithm, metric):
    """A static path returns to its start in any direction whose period it is a multiple of. With a diagonal metric a
    correlated normal has periods of all lengths, and some direction is hardly moved; with a dense one it has one.
    """
    return "dense" if algorithm == "hmc" else metric


@EVERY_SAMPLER
def test_correlated_normal_in_20_dimensions(scores, algorithm, adaptation, metric):
    a_model = model(correlated_normal, Scales(scales(20)), 20)
    fit = run(a_model, algorithm=algorithm, adaptation=adaptation, metric=metric_for(algorithm, metric))
    assert fit.stats["diverging"].sum() == 0
    assert check_correlated_normal(scores, fit["x"]) == {}


@pytest.mark.slow
@EVERY_SAMPLER
def test_correlated_normal_in_100_dimensions(scores, algorithm, adaptation, metric):
    if algorithm == "hmc" and adaptation == "windows":
        pytest.skip("a dense metric from the first windows' 25 draws is singular; static HMC cannot get away from it")
    a_model = model(correlated_normal, Scales(scales(100)), 100)
    settings = {"algorithm": algorithm, "adaptation": adaptation, "metric": metric_for(algorithm, metric)}
    fit = run(a_model, warmup=1500, draws=4000, **settings)
    assert check_correlated_normal(scores, fit["x"]) == {}


def test_dense_metric_learns_the_correlation_and_shortens_the_trees():
    a_model = model(correlated_normal, Scales(scales(20)), 20)
    fits = {metric: run(a_model, metric=metric, adaptation="windows", warmup=1000) for metric in ("diag", "dense")}
    learned = fits["dense"].inverse_metric[0]
    correlation = learned / np.sqrt(np.outer(np.diag(learned), np.diag(learned)))
    # From the last window's 500 draws or so; a correlation's error is (1 - 0.81) / sqrt(500) ~ 0.01.
    assert np.abs(np.diag(correlation, 1) - RHO).max() < 0.1
    assert fits["dense"].stats["n_steps"].mean() < 0.5 * fits["diag"].stats["n_steps"].mean()


@pytest.mark.parametrize("adaptation", ["gradients", "windows"])
def test_diagonal_metric_learns_the_scales(adaptation):
    independent = model(student_t, Shape(1e9, 5, 1.0), 5)  # so many degrees of freedom: standard normal
    fit = run(independent, adaptation=adaptation, metric="diag", warmup=1000)
    # "gradients" is exact on a normal target; the sds of 500 draws are off by 3%, and variances by twice that.
    np.testing.assert_allclose(fit.inverse_metric, 1.0, rtol=1e-4 if adaptation == "gradients" else 0.4)


# Skewed: a gamma on the log scale.


@EVERY_SAMPLER
@pytest.mark.parametrize("shape", [0.5, 1.0])
def test_skewed_target_on_both_scales(scores, algorithm, adaptation, metric, shape):
    a_model = model(gamma, Shape(shape, 10, 1.0), 10, hmc.positive)
    fit = run(a_model, algorithm=algorithm, adaptation=adaptation, metric=metric, draws=1500)
    assert scores.disagreements(fit["x"], scores.of_distribution(stats.gamma(shape), 10), independent=True) == {}
    on_log_scale = scores.of_distribution(stats.loggamma(shape), 10)
    assert scores.disagreements(fit.unconstrained, on_log_scale, independent=True) == {}


# Heavy tails: Student t.


@EVERY_SAMPLER
def test_heavy_tailed_target(scores, algorithm, adaptation, metric):
    a_model = model(student_t, Shape(4.0, 10, 1.0), 10)
    fit = run(a_model, algorithm=algorithm, adaptation=adaptation, metric=metric, draws=1500)
    # No sd: with 4 degrees of freedom the variance's estimate has no finite standard error.
    expected = scores.of_distribution(stats.t(4), 10, with_sd=False, probabilities=(0.05, 0.25, 0.5, 0.75, 0.95))
    assert scores.disagreements(fit["x"], expected, independent=True) == {}


# Neal's funnel.


def test_funnels_divergences_are_reported_not_hidden():
    fit = run(model(funnel, Scales(np.ones(1)), 10), seed=2)
    diverging = fit.stats["diverging"]
    assert diverging.any(axis=1).sum() >= 2  # chains
    assert (diverging == (fit.stats["termination"] == DIVERGENCE)).all()
    # A diverging transition still gives a draw, of finite density, and the neck is where they happen.
    assert np.isfinite(fit.unconstrained).all()
    assert np.isfinite(fit.stats["lp"]).all()
    v = fit["x"][..., 0]
    assert v[diverging].mean() < v[~diverging].mean()


def test_funnel_with_divergences_is_not_sampled_right_and_the_check_says_so(scores):
    fit = run(model(funnel, Scales(np.ones(1)), 10), seed=2, draws=2500, metric="diag")
    expected = scores.of_distribution(stats.norm(0, 3), 1)
    assert scores.disagreements(fit["x"][..., :1], expected) != {}


def test_funnel_walked_around_is_sampled_right(scores):
    # The same v from the non-centred form: all standard normal, scaled afterwards.
    fit = run(model(student_t, Shape(1e9, 10, 1.0), 10), draws=2500)
    v = 3 * fit["x"][..., :1]
    assert fit.stats["diverging"].sum() == 0
    assert scores.disagreements(v, scores.of_distribution(stats.norm(0, 3), 1)) == {}


# Negative twins.


def test_draws_shifted_by_a_tenth_of_a_standard_deviation_fail(scores):
    a_model = model(correlated_normal, Scales(scales(20)), 20)
    draws = run(a_model)["x"]
    assert check_correlated_normal(scores, draws) == {}
    assert check_correlated_normal(scores, draws + 0.1 * scales(20)) != {}


def test_draws_spread_too_wide_by_a_tenth_fail(scores):
    a_model = model(correlated_normal, Scales(scales(20)), 20)
    assert check_correlated_normal(scores, 1.1 * run(a_model)["x"]) != {}


def test_draws_of_a_wrong_correlation_fail_though_every_component_is_right(scores):
    rng = np.random.default_rng(1)
    independent = rng.normal(size=(4, 2000, 20)) * scales(20)
    assert scores.disagreements(independent / scales(20), scores.of_distribution(stats.norm(), 20)) == {}
    assert check_correlated_normal(scores, independent) != {}


def test_model_without_its_jacobian_fails(scores):
    # Shape 2 without the Jacobian is shape 1 with it: a proper distribution, sampled without complaint.
    expected = scores.of_distribution(stats.gamma(2.0), 10)
    right, wrong = (run(model(gamma, Shape(2.0, 10, jacobian), 10, hmc.positive))["x"] for jacobian in (1.0, 0.0))
    assert scores.disagreements(right, expected, independent=True) == {}
    assert scores.disagreements(wrong, expected, independent=True) != {}


def test_slightly_wrong_tails_fail(scores):
    fit = run(model(student_t, Shape(8.0, 10, 1.0), 10), draws=1500)
    expected = scores.of_distribution(stats.t(4), 10, with_sd=False, probabilities=(0.05, 0.25, 0.5, 0.75, 0.95))
    assert scores.disagreements(fit["x"], expected, independent=True) != {}


def test_draws_that_are_not_finite_fail(scores):
    draws = np.random.default_rng(2).normal(size=(4, 500, 3))
    draws[0, 7, 1] = np.nan
    assert scores.disagreements(draws, scores.of_distribution(stats.norm(), 3)) != {}


def test_wrong_gradient_costs_steps_but_not_correctness(scores):
    # Leapfrog with any gradient field of a potential is reversible and keeps volume; acceptance uses the density.
    fit = run(model(softened_normal, Scales(scales(5)), 5), draws=4000)
    standard = scores.of_distribution(stats.norm(), 5)
    assert scores.disagreements(fit["x"] / scales(5), standard, independent=True) == {}
    assert fit.stats["acceptance_rate"].mean() > 0.5


def softened_normal(position, data, gradient):
    """A normal density with a gradient that is too small by a fifth."""
    total = 0.0
    for i in range(position.shape[0]):
        z = position[i] / data.sd[i]
        total -= 0.5 * z * z + log(data.sd[i])
        gradient[i] = -0.8 * z / data.sd[i]
    return total
