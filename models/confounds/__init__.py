"""Five estimators of the effect of X on Y, for individuals in groups whose traits may move both.

McElreath, Statistical Rethinking 2023, lecture 12, "Multilevel Models", on random confounds. `simulate_study` draws
such data, with a confound U[g] of each group that moves X as well as Y; the true effect bXY is 1. The naive and the
multilevel estimator credit X with a part of U's effect; fixed effects do not, but can say nothing about Z; the Mundlak
machines have a term for U.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import hmc
from hmc.jit.kernel import allocating, inlined
from hmc.numerics import expit, log
from hmc.transforms import constrain_positive
from models.confounds.densities import (
    m0_log_density,
    mf_log_density,
    mr_log_density,
    mru_log_density,
    mru_normal_log_density,
    mrx_log_density,
)
from models.confounds.predictors import M0, MF, MR, MRU, MRX, intercepts, log_likelihood, logits, p
from models.confounds.study import (
    SimulatedStudy,
    Study,
    describe_groups,
    outcome,
    outcome_of_machine,
    read_study,
    simulate_study,
)
from models.tables import TableData

__all__ = ["SimulatedStudy", "Study", "m0", "mf", "mr", "mru", "mru_normal", "mrx", "simulate_study"]


def m0(individuals: TableData = None, groups: TableData = None) -> hmc.Model:
    """The naive estimator, in which groups differ by Z alone.

        Y ~ Bernoulli(p),  logit(p) = a + bxy X + bzy Z[g]
        a ~ Normal(0, 10)
        bxy, bzy ~ Normal(0, 1)

    `individuals`, `groups`: DataFrames or paths of CSV files with columns g, X, Y and g, Z; both None for the bundled
    study. Groups are numbered from 1; one without individuals has no effect. Raises ValueError for wrong data,
    and where X or Z is the same for all individuals: a constant has no slope.
    """
    study = read_study(M0, individuals, groups)
    return _estimator("m0", m0_log_density, study, _numbers("a", "bxy", "bzy"), m0_simulate)


def mf(individuals: TableData = None, groups: TableData = None) -> hmc.Model:
    """The fixed-effects estimator: an intercept for each group, none informed by the others.

        Y ~ Bernoulli(p),  logit(p) = a[g] + bxy X + bzy Z[g]
        a[g] ~ Normal(0, 10)
        bxy, bzy ~ Normal(0, 1)

    The data are as for `m0`; the intercept of a group without individuals follows its prior.
    """
    study = read_study(MF, individuals, groups)
    parameters = [_one_per_group("a", study), *_numbers("bxy", "bzy")]
    return _estimator("mf", mf_log_density, study, parameters, mf_simulate)


def mr(individuals: TableData = None, groups: TableData = None) -> hmc.Model:
    """The multilevel estimator: an intercept for each group, learned together.

        Y ~ Bernoulli(p),  logit(p) = a[g] + bxy X + bzy Z[g]
        a[g] = abar + z[g] tau,  z[g] ~ Normal(0, 1)
        bxy, bzy, abar ~ Normal(0, 1)
        tau ~ Exponential(1)

    The data are as for `m0`; the intercept of a group without individuals follows its prior.
    """
    study = read_study(MR, individuals, groups)
    parameters = [_one_per_group("z", study), *_numbers("bxy", "bzy", "abar"), _positive("tau")]
    return _estimator("mr", mr_log_density, study, parameters, mr_simulate, derived=mr_derived)


def mrx(individuals: TableData = None, groups: TableData = None) -> hmc.Model:
    """The Mundlak machine: the multilevel estimator with each group's mean of X as a stand-in for its confound.

        Y ~ Bernoulli(p),  logit(p) = a[g] + bxy X + bzy Z[g] + buy Xbar[g]
        a[g] = abar + z[g] tau,  z[g] ~ Normal(0, 1)
        bxy, bzy, buy, abar ~ Normal(0, 1)
        tau ~ Exponential(1)

    The data are as for `m0`; the intercept of a group without individuals follows its prior. Its Xbar, which is the
    mean of X over all individuals, never enters the likelihood.
    """
    study = read_study(MRX, individuals, groups)
    parameters = [_one_per_group("z", study), *_numbers("bxy", "bzy", "buy", "abar"), _positive("tau")]
    return _estimator("mrx", mrx_log_density, study, parameters, mrx_simulate, derived=mrx_derived)


def mru(individuals: TableData = None, groups: TableData = None) -> hmc.Model:
    """The latent Mundlak machine: the multilevel estimator with each group's confound inferred from X and Y.

        Y ~ Bernoulli(p),  logit(p) = a[g] + bxy X + bzy Z[g] + buy u[g]
        X ~ Normal(aX + bux u[g], sigma)
        a[g] = abar + z[g] tau,  z[g], u[g] ~ Normal(0, 1)
        bxy, bzy, buy, abar, aX ~ Normal(0, 1)
        tau, bux, sigma ~ Exponential(1)

    The data are as for `m0`; z and u of a group without individuals follow their priors. Log likelihoods are
    of Y, as for the other estimators, and `Model.without` leaves out Y alone: the individual's X stays. ValueError too
    where X does not vary within any group: the likelihood of X then grows without bound as sigma goes to 0.
    """
    study = read_study(MRU, individuals, groups)
    parameters = _latent_parameters(study, _positive("bux"))
    return _estimator("mru", mru_log_density, study, parameters, mru_simulate, mru_simulate_data, mru_derived)


def mru_normal(individuals: TableData = None, groups: TableData = None) -> hmc.Model:
    """The latent Mundlak machine with a prior of bux on both sides of 0: a model that fails, with two mirror modes.

        Y ~ Bernoulli(p),  logit(p) = a[g] + bxy X + bzy Z[g] + buy u[g]
        X ~ Normal(aX + bux u[g], sigma)
        a[g] = abar + z[g] tau,  z[g], u[g] ~ Normal(0, 1)
        bxy, bzy, buy, abar, aX, bux ~ Normal(0, 1)
        tau, sigma ~ Exponential(1)

    The posterior is the same where u, bux and buy all change their signs. Chains find either mode and stay there. The
    prior of bux in `mru`, Exponential(1), leaves one. The data are as for `m0`.
    """
    study = read_study(MRU, individuals, groups)
    parameters = _latent_parameters(study, hmc.Parameter("bux"))
    functions = (mru_normal_simulate, mru_normal_simulate_data, mru_derived)
    return _estimator("mru_normal", mru_normal_log_density, study, parameters, *functions)


def _latent_parameters(study: Study, bux: hmc.Parameter) -> list[hmc.Parameter]:
    return [
        *(_one_per_group(name, study) for name in ("z", "u")),
        *_numbers("bxy", "bzy", "buy", "abar"),
        _positive("tau"),
        *_numbers("aX"),
        bux,
        _positive("sigma"),
    ]


def _estimator(
    name: str,
    log_density: Callable[..., float],
    study: Study,
    parameters: list[hmc.Parameter],
    simulate: Callable[..., Any],
    simulate_data: Callable[..., Study] | None = None,
    derived: Callable[..., dict[str, Any]] | None = None,
) -> hmc.Model:
    return hmc.Model(
        log_density,
        study,
        parameters,
        name=name,
        log_likelihood=log_likelihood,
        link=p,
        simulate=simulate,
        simulate_data=simulate_data or simulate_outcomes,
        derived=derived,
        outcome=outcome_of_machine if simulate_data else outcome,
    )


def _one_per_group(name: str, study: Study) -> hmc.Parameter:
    return hmc.Parameter(name, (study.Z.size,))


def _numbers(*names: str) -> list[hmc.Parameter]:
    return [hmc.Parameter(name) for name in names]


def _positive(name: str) -> hmc.Parameter:
    return hmc.Parameter(name, constraint=hmc.positive)


def mr_derived(position, data):
    """The intercepts a."""
    n = data.Z.size
    return {"a": position[n + 2] + position[:n] * constrain_positive(position[n + 3])}


def mrx_derived(position, data):
    """The intercepts a, without buy Xbar[g]."""
    n = data.Z.size
    return {"a": position[n + 3] + position[:n] * constrain_positive(position[n + 4])}


def mru_derived(position, data):
    """The intercepts a, without buy u[g]."""
    n = data.Z.size
    return {"a": position[2 * n + 3] + position[:n] * constrain_positive(position[2 * n + 4])}


def m0_simulate(rng, data):
    """A draw from the prior of m0: position (a, bxy, bzy)."""
    position = np.empty(3)
    draw_normals(rng, 10.0, position[:1])
    draw_normals(rng, 1.0, position[1:])
    return position


def mf_simulate(rng, data):
    """A draw from the prior of mf: position (a, bxy, bzy)."""
    n = data.Z.size
    position = np.empty(n + 2)
    draw_normals(rng, 10.0, position[:n])
    draw_normals(rng, 1.0, position[n:])
    return position


def mr_simulate(rng, data):
    """A draw from the prior of mr: position (z, bxy, bzy, abar, log tau)."""
    n = data.Z.size
    position = np.empty(n + 4)
    draw_normals(rng, 1.0, position[: n + 3])
    position[n + 3] = log(rng.standard_exponential())
    return position


def mrx_simulate(rng, data):
    """A draw from the prior of mrx: position (z, bxy, bzy, buy, abar, log tau)."""
    n = data.Z.size
    position = np.empty(n + 5)
    draw_normals(rng, 1.0, position[: n + 4])
    position[n + 4] = log(rng.standard_exponential())
    return position


def mru_simulate(rng, data):
    """A draw from the prior of mru: position (z, u, bxy, bzy, buy, abar, log tau, aX, log bux, log sigma)."""
    m = 2 * data.Z.size
    position = np.empty(m + 8)
    draw_normals(rng, 1.0, position)
    for i in (m + 4, m + 6, m + 7):
        position[i] = log(rng.standard_exponential())
    return position


def mru_normal_simulate(rng, data):
    """A draw from the prior of mru_normal: position (z, u, bxy, bzy, buy, abar, log tau, aX, bux, log sigma)."""
    m = 2 * data.Z.size
    position = np.empty(m + 8)
    draw_normals(rng, 1.0, position)
    for i in (m + 4, m + 7):
        position[i] = log(rng.standard_exponential())
    return position


@inlined
def draw_normals(rng, sd, out):
    """Fill `out` with draws of Normal(0, sd)."""
    for i in range(out.size):
        out[i] = sd * rng.standard_normal()


def simulate_outcomes(position, data, rng):
    """Y of the same individuals, given the parameters."""
    outcomes, of_group = np.empty(data.Y.size), np.empty(data.Z.size)
    draw_outcomes(position, data, rng, of_group, outcomes)
    d = data
    return Study(d.estimator, outcomes, d.X, d.group, d.weight, d.Z, d.members, d.Xbar, d.spread)


def mru_simulate_data(position, data, rng):
    """X and Y of as many individuals in the same groups, given the parameters."""
    return draw_study(constrain_positive(position[2 * data.Z.size + 6]), position, data, rng)


def mru_normal_simulate_data(position, data, rng):
    """As `mru_simulate_data`, with a bux of any sign."""
    return draw_study(position[2 * data.Z.size + 6], position, data, rng)


@allocating
def draw_study(bux, position, data, rng):
    """X and Y of as many individuals in the same groups, given the parameters."""
    n = data.Z.size
    x, outcomes, of_group = np.empty(data.X.size), np.empty(data.X.size), np.empty(n)
    members, means = np.empty(n), np.empty(n)
    u, level, log_sigma = position[n : 2 * n], position[2 * n + 5], position[2 * n + 7]
    sigma = constrain_positive(log_sigma)
    for i in range(x.size):
        x[i] = level + bux * u[data.group[i]] + sigma * rng.standard_normal()
    spread = describe_groups(x, data.group, members, means)
    d = Study(data.estimator, outcomes, x, data.group, data.weight, data.Z, members, means, spread)
    draw_outcomes(position, d, rng, of_group, outcomes)
    return d


@inlined
def draw_outcomes(position, data, rng, of_group, out):
    """Fill `out` with Y ~ Bernoulli(p); of_group (groups,) is scratch space."""
    bxy = intercepts(position, data, of_group)
    logits(of_group, bxy, data, out)
    for i in range(out.size):
        out[i] = 1.0 if rng.random() < expit(out[i]) else 0.0
