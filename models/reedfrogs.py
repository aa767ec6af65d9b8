"""Tadpole survival in 48 tanks: one intercept for each, learned together (with memory) or apart (without).

McElreath, Statistical Rethinking 2023, lecture 12, "Multilevel Models"; data of Vonesh & Bolker (2005), Ecology 86.
"""

# ruff: noqa: N802 (functions carry the lecture's names)

import math
from typing import NamedTuple

import numpy as np

import hmc
from hmc.kernel import inlined
from hmc.numerics import dot, expit, log
from hmc.transforms import constrain_positive
from models.densities import binomial_logit, exponential, log_choose, normal, normal_group
from models.tables import Table, at_most, choice, count, read

TANKS = Table(
    "reedfrogs",
    columns=(count("density", least=1), choice("pred", "no", "pred"), choice("size", "big", "small"), count("surv")),
    checks=(at_most("surv", "density"),),
)


class Tanks(NamedTuple):
    """Tadpoles of each tank. Counts are whole numbers kept as float64, which is what the arithmetic needs."""

    survived: np.ndarray
    density: np.ndarray  # tadpoles at the start
    log_coefficient: np.ndarray  # log of "density choose survived"
    weight: np.ndarray  # 1, or 0 for a tank that is left out (see hmc.Model.without)


class TanksOfKnownSpread(NamedTuple):
    """`Tanks`, and the standard deviation of their intercepts, which is given, not learned."""

    survived: np.ndarray
    density: np.ndarray
    log_coefficient: np.ndarray
    weight: np.ndarray
    sigma: float


def mST(data=None):
    """The lecture's multilevel model of tadpole survival.

        S ~ Binomial(D, p),  logit(p) = a[T]
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)

    `data`: a DataFrame or the path of a CSV file with columns density, pred, size, surv; None for the bundled one.
    Raises ValueError where the data are not such.
    """
    tanks = _tanks(data)
    return hmc.Model(
        mst_log_density,
        tanks,
        [*_intercepts(tanks), hmc.Parameter("sigma", constraint=hmc.positive)],
        name="mST",
        log_likelihood=log_likelihood,
        link=link,
        simulate=mst_simulate,
        simulate_data=mst_simulate_data,
    )


def mSTnomem(data=None):
    """The lecture's model without memory: `mST` with sigma = 1, so that no tank informs how much tanks vary.

    S ~ Binomial(D, p),  logit(p) = a[T];  a[j] ~ Normal(a_bar, 1);  a_bar ~ Normal(0, 1.5)
    """
    return _known_spread("mSTnomem", 1.0, data)


def mST_fixed(sigma, data=None):
    """`mST` with its sigma given, from near complete pooling (0.1) to near none (5).

        S ~ Binomial(D, p),  logit(p) = a[T];  a[j] ~ Normal(a_bar, sigma);  a_bar ~ Normal(0, 1.5)

    Every sigma runs on the same compiled code. Raises ValueError for a sigma that is not a positive number.
    """
    try:
        known = float(sigma)
    except (TypeError, ValueError):
        known = math.nan
    if not 0.0 < known < math.inf:
        raise ValueError(f"mST_fixed: sigma = {sigma} is not a positive number")
    return _known_spread("mST_fixed", known, data)


def _known_spread(name, sigma, data):
    tanks = TanksOfKnownSpread(*_tanks(data), sigma)
    return hmc.Model(
        known_spread_log_density,
        tanks,
        _intercepts(tanks),
        name=name,
        log_likelihood=log_likelihood,
        link=link,
        simulate=known_spread_simulate,
        simulate_data=known_spread_simulate_data,
    )


def _intercepts(tanks):
    return [hmc.Parameter("a", (tanks.survived.size,)), hmc.Parameter("a_bar")]


def _tanks(data):
    columns = read(TANKS, data)
    survived, density = columns["surv"], columns["density"]
    log_coefficient = np.array([log_choose(n, k) for n, k in zip(density, survived, strict=True)])
    return Tanks(survived, density, log_coefficient, np.ones(survived.size))


@inlined
def log_likelihood(position, data, out):
    """Pointwise: survived[j] ~ Binomial(density[j], p), logit(p) = a[j]."""
    for j in range(data.survived.size):
        out[j], _ = binomial_logit(data.survived[j], data.density[j], data.log_coefficient[j], position[j])


def link(position, data, out):
    """The probability of survival in each tank."""
    for j in range(data.survived.size):
        out[j] = expit(position[j])


def mst_log_density(position, data, gradient):
    """Log posterior density of mST, unnormalised, at (a, a_bar, log sigma)."""
    n = data.survived.size
    log_sigma = position[n + 1]
    sigma = constrain_positive(log_sigma)
    log_density, d_sigma = given_sigma(position, data, sigma, gradient)

    term, d_prior, _ = exponential(sigma, 1.0)
    log_density += term + log_sigma  # sigma ~ Exponential(1); Jacobian of sigma = exp(log_sigma)
    gradient[n + 1] = (d_sigma + d_prior) * sigma + 1.0
    return log_density


def known_spread_log_density(position, data, gradient):
    """Log posterior density of mST with a known sigma, unnormalised, at (a, a_bar)."""
    log_density, _ = given_sigma(position, data, data.sigma, gradient)
    return log_density


@inlined
def given_sigma(position, data, sigma, gradient):
    """The terms of S, a and a_bar. Returns (log density, d/dsigma); writes the gradient of a and a_bar."""
    n = data.survived.size
    a, a_bar = position[:n], position[n]

    # A loop that sums cannot be vectorised, one that writes can: so the likelihood is written where its sum can be
    # taken, and the slopes have a loop of their own. Computing exp(-|a|) twice costs less than going one by one.
    log_likelihood(position, data, gradient)  # gradient is scratch space here
    log_density = dot(data.weight, gradient[:n])  # S[j] ~ Binomial(D[j], p), logit(p) = a[j]

    term, d_mean, d_sigma = normal_group(a, a_bar, sigma, gradient[:n])
    log_density += term  # a[j] ~ Normal(a_bar, sigma)
    for j in range(n):
        _, slope = binomial_logit(data.survived[j], data.density[j], data.log_coefficient[j], a[j])
        gradient[j] += data.weight[j] * slope

    term, d_prior, _, _ = normal(a_bar, 0.0, 1.5)
    log_density += term  # a_bar ~ Normal(0, 1.5)
    gradient[n] = d_mean + d_prior
    return log_density, d_sigma


def mst_simulate(rng, data):
    """A draw from the prior of mST: position (a, a_bar, log sigma)."""
    n = data.survived.size
    position = np.empty(n + 2)
    sigma = rng.standard_exponential()
    draw_intercepts(rng, sigma, n, position)
    position[n + 1] = log(sigma)
    return position


def known_spread_simulate(rng, data):
    """A draw from the prior of mST with a known sigma: position (a, a_bar)."""
    n = data.survived.size
    position = np.empty(n + 1)
    draw_intercepts(rng, data.sigma, n, position)
    return position


@inlined
def draw_intercepts(rng, sigma, n, position):
    """Fill `position` with a[0..n-1] and a_bar drawn from their priors."""
    a_bar = 1.5 * rng.standard_normal()
    for j in range(n):
        position[j] = a_bar + sigma * rng.standard_normal()
    position[n] = a_bar


def mst_simulate_data(position, data, rng):
    """Survivors of tanks of the same densities, given the intercepts."""
    survived, log_coefficient = np.empty(data.density.size), np.empty(data.density.size)
    draw_survivors(position, data.density, rng, survived, log_coefficient)
    return Tanks(survived, data.density, log_coefficient, data.weight)


def known_spread_simulate_data(position, data, rng):
    """As `mst_simulate_data`, sigma kept."""
    survived, log_coefficient = np.empty(data.density.size), np.empty(data.density.size)
    draw_survivors(position, data.density, rng, survived, log_coefficient)
    return TanksOfKnownSpread(survived, data.density, log_coefficient, data.weight, data.sigma)


@inlined
def draw_survivors(position, density, rng, survived, log_coefficient):
    """Fill `survived` with survived[j] ~ Binomial(density[j], inv_logit(a[j])), and its binomial coefficients."""
    for j in range(density.size):
        survived[j] = rng.binomial(int(density[j]), expit(position[j]))
        log_coefficient[j] = log_choose(density[j], survived[j])
