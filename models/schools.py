"""Eight schools: a hierarchy whose data say little, so that the lecture's way of writing it fails.

Rubin (1981), "Estimation in parallel randomized experiments"; the priors are those of Betancourt & Girolami (2015),
"Hamiltonian Monte Carlo for hierarchical models". Centred, its posterior is a funnel: the smaller tau, the closer the
effects are to mu. No step size suits both its mouth and its neck. Non-centred, it is easy. The tadpoles of the lecture
are the opposite case (`models.mST`, `models.mSTnc`).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import hmc
from hmc.jit.kernel import allocating, inlined
from hmc.numerics import log
from hmc.transforms import constrain_positive
from models.densities import never_nan, normal, normal_group
from models.location_scale import half_cauchy

EFFECTS = (28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0)  # of coaching on a test score, as estimated in each school
ERRORS = (15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0)  # their standard errors


class Schools(NamedTuple):
    """Estimates of one effect in several schools."""

    y: NDArray[np.float64]
    error: NDArray[np.float64]
    weight: NDArray[np.float64]  # 1, or 0 for a school that is left out (see hmc.Model.without)


def schools() -> hmc.Model:
    """Eight schools, centred: a model that fails, since its data say little of each school.

        y ~ Normal(theta[s], error)
        theta[s] ~ Normal(mu, tau)
        mu ~ Normal(0, 5)
        tau ~ half-Cauchy(0, 5)

    The errors are known. Where tau is small the effects are squeezed together: the neck of a funnel, where chains
    diverge or stick.
    """
    return _model("schools", "theta", log_density, log_likelihood, simulate, simulate_data, None)


def schools_nc() -> hmc.Model:
    """Eight schools, non-centred: the same posterior as `schools`, in coordinates without a funnel.

        y ~ Normal(theta[s], error)
        theta[s] = mu + z[s] tau,  z[s] ~ Normal(0, 1)
        mu ~ Normal(0, 5)
        tau ~ half-Cauchy(0, 5)

    The errors are known. `theta` is a derived quantity.
    """
    functions = (nc_log_density, nc_log_likelihood, nc_simulate, nc_simulate_data, nc_derived)
    return _model("schools_nc", "z", *functions)


def _model(
    name: str,
    effects: str,
    density: Callable[..., float],
    likelihood: Callable[..., None],
    prior: Callable[..., NDArray[np.float64]],
    data: Callable[..., Schools],
    derived: Callable[..., dict[str, Any]] | None,
) -> hmc.Model:
    y = np.array(EFFECTS)
    return hmc.Model(
        density,
        Schools(y, np.array(ERRORS), np.ones(y.size)),
        [hmc.Parameter(effects, (y.size,)), hmc.Parameter("mu"), hmc.Parameter("tau", constraint=hmc.positive)],
        name=name,
        log_likelihood=likelihood,
        simulate=prior,
        simulate_data=data,
        derived=derived,
    )


def log_density(position, data, gradient):
    """Log posterior density, unnormalised, at (theta, mu, log tau)."""
    n = data.y.size
    theta, mu, tau = position[:n], position[n], constrain_positive(position[n + 1])
    value, d_mu, d_tau = normal_group(theta, mu, tau, gradient[:n])  # theta[s] ~ Normal(mu, tau)
    for s in range(n):
        term, _, d_theta, _ = normal(data.y[s], theta[s], data.error[s])
        value += data.weight[s] * term
        gradient[s] += data.weight[s] * d_theta
    return never_nan(value + hyperpriors(position, d_mu, d_tau, gradient))


def nc_log_density(position, data, gradient):
    """Log posterior density, unnormalised, at (z, mu, log tau)."""
    n = data.y.size
    z, mu, tau = position[:n], position[n], constrain_positive(position[n + 1])
    value, _, _ = normal_group(z, 0.0, 1.0, gradient[:n])  # z[s] ~ Normal(0, 1)
    d_mu, d_tau = 0.0, 0.0
    for s in range(n):
        term, _, d_theta, _ = normal(data.y[s], mu + z[s] * tau, data.error[s])
        value += data.weight[s] * term
        d_theta *= data.weight[s]
        gradient[s] += d_theta * tau
        d_mu += d_theta
        d_tau += d_theta * z[s]
    return never_nan(value + hyperpriors(position, d_mu, d_tau, gradient))


@inlined
def hyperpriors(position, d_mu, d_tau, gradient):
    """The priors of mu and tau; writes their gradients, given those of the other terms."""
    n = position.size - 2
    tau = constrain_positive(position[n + 1])
    of_mu, d_prior, _, _ = normal(position[n], 0.0, 5.0)  # mu ~ Normal(0, 5)
    of_tau, d_prior_tau, _ = half_cauchy(tau, 5.0)  # tau ~ half-Cauchy(0, 5)
    gradient[n] = d_mu + d_prior
    gradient[n + 1] = (d_tau + d_prior_tau) * tau + 1.0
    return of_mu + of_tau + position[n + 1]  # Jacobian of tau = exp(log_tau)


@inlined
def write_effects(position, out):
    """theta of the non-centred position."""
    n = out.size
    mu, tau = position[n], constrain_positive(position[n + 1])
    for s in range(n):
        out[s] = mu + position[s] * tau


@inlined
def write_likelihood(theta, data, out):
    for s in range(data.y.size):
        out[s], _, _, _ = normal(data.y[s], theta[s], data.error[s])


def log_likelihood(position, data, out):
    """Pointwise: the estimate of each school ~ Normal(theta, error)."""
    write_likelihood(position[: data.y.size], data, out)


def nc_log_likelihood(position, data, out):
    """Pointwise: the estimate of each school ~ Normal(mu + z tau, error)."""
    theta = np.empty(data.y.size)
    write_effects(position, theta)
    write_likelihood(theta, data, out)


def nc_simulate(rng, data):
    """A draw from the prior: position (z, mu, log tau)."""
    n = data.y.size
    position = np.empty(n + 2)
    for s in range(n):
        position[s] = rng.standard_normal()
    position[n] = 5.0 * rng.standard_normal()
    # |Cauchy| as the ratio of two normals
    position[n + 1] = log(5.0 * abs(rng.standard_normal() / rng.standard_normal()))
    return position


def simulate(rng, data):
    """A draw from the prior: position (theta, mu, log tau)."""
    position = nc_simulate(rng, data)
    theta = np.empty(data.y.size)
    write_effects(position, theta)
    for s in range(theta.size):
        position[s] = theta[s]
    return position


@allocating
def draw_estimates(theta, data, rng):
    y = np.empty(theta.size)
    for s in range(theta.size):
        y[s] = theta[s] + data.error[s] * rng.standard_normal()
    return Schools(y, data.error, data.weight)


def simulate_data(position, data, rng):
    """Estimates of as many schools, with the same errors, given the parameters."""
    return draw_estimates(position[: data.y.size], data, rng)


def nc_simulate_data(position, data, rng):
    """As `simulate_data`, from the non-centred position."""
    theta = np.empty(data.y.size)
    write_effects(position, theta)
    return draw_estimates(theta, data, rng)


def nc_derived(position, data):
    """The schools' effects theta."""
    n = data.y.size
    return {"theta": position[n] + position[:n] * constrain_positive(position[n + 1])}
