"""Tadpoles in tanks: the data, and the common parts of all models of their survival.

A model gives each tank a logit of the probability of survival: an intercept of its own and, for each predictor that
the model uses, a slope times the tank's value of it. Vonesh & Bolker (2005), Ecology 86.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import dot, expit
from models.densities import binomial_logit_of_tail, log_choose, logit_tails, never_nan, normal
from models.tables import Columns, Table, TableData, at_most, choice, count, read
from models.tables.variation import require_variation, standardised

TANKS = Table(
    "reedfrogs",
    columns=(count("density", least=1), choice("pred", "no", "pred"), choice("size", "big", "small"), count("surv")),
    checks=(at_most("surv", "density"),),
)


class Tanks(NamedTuple):
    """Tadpoles of each tank. Counts are whole numbers, kept as float64 for the arithmetic."""

    survived: NDArray[np.float64]
    density: NDArray[np.float64]  # tadpoles at the start
    log_coefficient: NDArray[np.float64]  # log of "density choose survived"
    weight: NDArray[np.float64]  # 1, or 0 for a tank that is left out (see hmc.Model.without)
    predictors: NDArray[np.float64]  # (slopes, tanks), a row for each slope of the model; no rows where it has none


class TanksOfKnownSpread(NamedTuple):
    """`Tanks`, and the standard deviation of their intercepts, which is given, not learned."""

    survived: NDArray[np.float64]
    density: NDArray[np.float64]
    log_coefficient: NDArray[np.float64]
    weight: NDArray[np.float64]
    predictors: NDArray[np.float64]
    sigma: float


def read_tanks(data: TableData = None, slopes: Sequence[str] = ()) -> Tanks:
    """`Tanks` from a DataFrame, a path, or None for the bundled set, with the predictors of `slopes`, keys of SLOPES.

    ValueError where the table is wrong, or where a predictor is the same in every tank.
    """
    columns = read(TANKS, data)
    survived, density = columns["surv"], columns["density"]
    log_coefficient = np.array([log_choose(n, k) for n, k in zip(density, survived, strict=True)])
    predictors = np.empty((len(slopes), survived.size))
    for row, slope in zip(predictors, slopes, strict=True):
        row[:] = SLOPES[slope](columns)
    return Tanks(survived, density, log_coefficient, np.ones(survived.size), predictors)


def _predators(columns: Columns) -> NDArray[np.bool_]:
    """1 where pred is "pred", else 0."""
    require_variation(TANKS.name, "pred", columns["pred"])
    return columns["pred"] == "pred"


def _standardised_density(columns: Columns) -> NDArray[np.float64]:
    return standardised(TANKS.name, "density", columns["density"])


def _big(columns: Columns) -> NDArray[np.bool_]:
    """1 where size is "big", 0 where it is "small"."""
    require_variation(TANKS.name, "size", columns["size"])
    return columns["size"] == "big"


def _predators_of_big(columns: Columns) -> NDArray[np.bool_]:
    both = _predators(columns) * _big(columns)
    if not both.any():
        raise ValueError(
            f'{TANKS.name}: no row has both pred "pred" and size "big", so their product can have no slope'
        )
    return both


# The predictor of each slope, from the columns of the table.
SLOPES: dict[str, Callable[[Columns], NDArray[Any]]] = {
    "bP": _predators,
    "bD": _standardised_density,
    "bG": _big,
    "bPG": _predators_of_big,
}


@inlined
def tank_terms(logits, data, terms, d_logits):
    """S[j] ~ Binomial(D[j], p), logit(p) = logits[j]: writes the log likelihood of each tank and its derivative.

    All three arrays must be different ones: the loops are vectorised where the machine sees that they do not overlap.
    """
    logit_tails(logits, d_logits)
    for j in range(logits.shape[0]):
        terms[j], d_logits[j] = binomial_logit_of_tail(
            data.survived[j], data.density[j], data.log_coefficient[j], logits[j], d_logits[j]
        )


@inlined
def likelihood(logits, data, terms, d_logits):
    """The log likelihood of all tanks, each times its weight; writes its derivatives into d_logits.

    `terms` is scratch space. -inf where a logit overflowed: a tank without deaths then has 0 times infinity.
    """
    tank_terms(logits, data, terms, d_logits)
    for j in range(logits.shape[0]):
        d_logits[j] *= data.weight[j]
    return never_nan(dot(data.weight, terms))


@inlined
def add_predictors(slopes, predictors, logits):
    """Add slopes[k] * predictors[k, j] to logits[j], for all k."""
    for k in range(predictors.shape[0]):
        slope = slopes[k]
        for j in range(logits.shape[0]):
            logits[j] += slope * predictors[k, j]


@inlined
def prior_of_slopes(slopes, predictors, d_logits, gradient):
    """Every slope ~ Normal(0, 0.5): the log density; writes d/dslope, that of the likelihood included."""
    log_density = 0.0
    for k in range(predictors.shape[0]):
        term, d_prior, _, _ = normal(slopes[k], 0.0, 0.5)
        log_density += term
        gradient[k] = dot(predictors[k], d_logits) + d_prior
    return log_density


@inlined
def draw_slopes(rng, slopes):
    """Fill `slopes` with draws from their prior."""
    for k in range(slopes.shape[0]):
        slopes[k] = 0.5 * rng.standard_normal()


@inlined
def write_probabilities(logits, out):
    """The probability of survival in each tank."""
    for j in range(logits.shape[0]):
        out[j] = expit(logits[j])


@allocating
def draw_tanks(logits, data, rng):
    """Tanks as those of `data`, with survivors drawn: survived[j] ~ Binomial(density[j], p), logit(p) = logits[j]."""
    survived, log_coefficient = np.empty(logits.size), np.empty(logits.size)
    for j in range(logits.size):
        survived[j] = rng.binomial(int(data.density[j]), expit(logits[j]))
        log_coefficient[j] = log_choose(data.density[j], survived[j])
    return Tanks(survived, data.density, log_coefficient, data.weight, data.predictors)


def outcome(data):
    """The tadpoles that survived in each tank."""
    return {"survived": data.survived}
