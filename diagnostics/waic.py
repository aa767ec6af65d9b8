"""WAIC: the score a model can expect on new data, from its draws on the old.

elpd_waic = lppd - p_waic: the log predictive density of the data that were fitted, less a penalty for
having fitted them, the variance over draws of each observation's log likelihood. WAIC = -2 elpd_waic
(deviance scale). Watanabe (2010); Gelman, Hwang & Vehtari (2014), "Understanding predictive information
criteria for Bayesian models"; McElreath, Statistical Rethinking, chapter 7.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_log_likelihood, in_safe_range, log_sum_exp, per_parameter, pooled, quietly, variance
from .cautions import Caution, Cells, bad_cells_caution, cells_of, penalty_cautions
from .cells import of_record
from .formatting import record_text
from .protocols import Floats

# Above this an observation's penalty stands for a term that is no longer small. Vehtari, Gelman & Gabry
# (2017).
HIGH_PENALTY = 0.4

CONVENTIONS = ("rethinking", "loo")


class WaicPointwise(NamedTuple):
    """One number per observation, each an array (observations,)."""

    waic: Floats
    elpd_waic: Floats
    p_waic: Floats
    lppd: Floats


class Waic(NamedTuple):
    """WAIC of a model: sums over the observations."""

    waic: float  # -2 elpd_waic: lower is better
    elpd_waic: float  # lppd - p_waic, log scale: higher is better
    p_waic: float  # the penalty, "effective number of parameters"
    lppd: float  # log pointwise predictive density of the data that were fitted
    se: float  # standard error of `waic` over observations; that of `elpd_waic` is half of it
    pointwise: WaicPointwise
    convention: str  # "rethinking" or "loo": the divisors of p_waic and se
    cells: Cells  # log likelihoods that are not finite

    def __repr__(self) -> str:
        return record_text(self)

    def _repr_html_(self) -> str:
        return of_record(self)


def waic(log_lik: ArrayLike, convention: str = "rethinking") -> Waic:
    """WAIC of log likelihoods (chains, draws, observations), as a `Waic`.

    Two conventions, for S draws in all and n observations:

        "rethinking"  p_waic: variance over draws, divisor S;      se = sqrt(n * variance), divisor n
        "loo"         p_waic: variance over draws, divisor S - 1;  se = sqrt(n * variance), divisor n - 1

    "rethinking" gives the lecture's tables (R's rethinking 2.42), "loo" the numbers of R's loo. ArviZ mixes
    them: both divisors S and n, as "rethinking", but its se is that of elpd_waic, half of ours.

    Warns where p_waic of an observation is over 0.4. Where a log likelihood is NaN or infinite, it warns which
    observation it is of, whose score is NaN, and so are the sums. ValueError for arrays of other shapes or an unknown
    convention.
    """
    result = compute_waic(log_lik, convention)
    for caution in waic_cautions(result):
        warnings.warn(str(caution), stacklevel=2)
    return result


@quietly
def compute_waic(log_lik: ArrayLike, convention: str = "rethinking") -> Waic:
    """`waic` without its warning."""
    if convention not in CONVENTIONS:
        raise ValueError(f"WAIC has the conventions {' and '.join(CONVENTIONS)}, not {convention!r}")
    divisor_less = 0 if convention == "rethinking" else 1
    log_lik = as_log_likelihood(log_lik)
    lppd, p_waic = per_parameter(_lppd_and_penalty, log_lik, divisor_less)
    elpd = lppd - p_waic
    pointwise = WaicPointwise(-2 * elpd, elpd, p_waic, lppd)
    se = standard_error_of_sum(pointwise.waic, divisor_less)
    return Waic(
        waic=float(pointwise.waic.sum()),
        elpd_waic=float(elpd.sum()),
        p_waic=float(p_waic.sum()),
        lppd=float(lppd.sum()),
        se=se,
        pointwise=pointwise,
        convention=convention,
        cells=cells_of(log_lik),
    )


def _lppd_and_penalty(log_lik: Floats, divisor_less: int) -> Floats:
    """Of each observation, (2, n): log predictive density, and variance of the log likelihood over draws."""
    scaled, exponent = in_safe_range(log_lik)
    log_lik = pooled(log_lik)
    draws = len(log_lik)
    penalty = variance(pooled(scaled), axis=0) * (draws - 1) / (draws - divisor_less)
    return np.stack([log_mean_exp(log_lik), np.ldexp(penalty, 2 * exponent)])


def log_mean_exp(log_lik: Floats) -> Floats:
    """log of the mean of exp(log_lik) over axis 0: the log predictive density of each observation."""
    return log_sum_exp(log_lik) - np.log(len(log_lik))


@quietly
def standard_error_of_sum(pointwise: Floats, divisor_less: int = 1) -> float:
    """sqrt(n * variance) of n pointwise scores, variance with divisor n - `divisor_less`; NaN of too few."""
    count = len(pointwise)
    if count <= divisor_less:
        return float("nan")
    scaled, exponent = in_safe_range(pointwise, axis=0)
    return float(np.ldexp(np.sqrt(count * scaled.var(ddof=divisor_less)), exponent))


@quietly
def waic_cautions(result: Waic) -> list[Caution]:
    """Observations without a score, and those with a high penalty: their meaning and advice."""
    return [*bad_cells_caution(result.cells), *penalty_cautions(result.pointwise.p_waic, HIGH_PENALTY)]
