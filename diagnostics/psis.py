"""Pareto-smoothed importance sampling, and leave-one-out with it.

The posterior without observation i is the posterior with it, its draws weighted by 1 / likelihood_i. The
largest weights carry the sum and are noisy, so they are replaced by the expected order statistics of a
generalised Pareto distribution fitted to them. Its shape, k-hat, says whether the weights can be trusted at
all.

Vehtari, Simpson, Gelman, Yao & Gabry (2024), "Pareto smoothed importance sampling", JMLR 25(72); Zhang &
Stephens (2009), "A new and efficient estimation method for the generalized Pareto distribution",
Technometrics 51(3); Vehtari, Gelman & Gabry (2017). The numbers are those of R's loo.
"""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_log_likelihood, as_reals, log_sum_exp, per_parameter, pooled, quietly
from .cautions import Caution, Cells, bad_cells_caution, cells_of, k_cautions
from .cells import of_record
from .ess import effective_size
from .formatting import record_text
from .protocols import Bools, Floats, Ints
from .waic import log_mean_exp, standard_error_of_sum

# Fewer largest weights than this cannot be fitted: the weights stay as they are and k-hat is inf.
MIN_TAIL = 5


class Psis(NamedTuple):
    """Smoothed weights of S draws, for each of n importance samplers."""

    log_weights: Floats  # (S, n), normalised: exp of a column sums to 1
    pareto_k: Floats | float  # (n,)
    tail_length: Ints | int  # (n,): how many of the largest weights were smoothed


class LooPointwise(NamedTuple):
    """One number per observation, each an array (observations,)."""

    elpd_loo: Floats
    p_loo: Floats
    looic: Floats
    pareto_k: Floats
    n_eff: Floats  # effective draws behind elpd_loo, relative efficiency included


class PsisLoo(NamedTuple):
    """Leave-one-out of a model by importance sampling: sums over the observations."""

    elpd_loo: float  # log scale: higher is better
    p_loo: float  # lppd - elpd_loo
    looic: float  # -2 elpd_loo, deviance scale: lower is better
    se: float  # standard error of `looic` over observations; that of `elpd_loo` is half of it
    pareto_k: Floats  # (observations,)
    pointwise: LooPointwise
    k_threshold: float  # k-hat above this: do not trust the observation's score
    cells: Cells  # log likelihoods that are not finite, or the same in all draws

    def __repr__(self) -> str:
        return record_text(self)

    def _repr_html_(self) -> str:
        return of_record(self)

    def trusted(self) -> Bools:
        """(observations,): whether k-hat allows the score. Where the likelihood is the same in all draws, there is no
        k-hat (it is inf, as in R), and the score is exact.
        """
        return (self.pareto_k <= self.k_threshold) | self.cells.constant


def psis_loo(log_lik: ArrayLike, r_eff: ArrayLike | None = None) -> PsisLoo:
    """Approximate leave-one-out of log likelihoods (chains, draws, observations), as a `PsisLoo`.

    `r_eff`: relative efficiency of the draws, ESS / S, a number or one per observation; None takes that of
    each observation's likelihood (`relative_efficiency`), as R's loo. se = sqrt(n * variance with divisor n
    - 1).

    Warns where k-hat is over the threshold of the number of draws, or cannot be known. Where a log likelihood is NaN or
    infinite, it warns which observation it is of, whose numbers are NaN, and so are the sums. ValueError for arrays of
    other shapes, or efficiencies that are not positive.
    """
    result = compute_psis_loo(log_lik, r_eff)
    for caution in loo_cautions(result):
        warnings.warn(str(caution), stacklevel=2)
    return result


@quietly
def compute_psis_loo(log_lik: ArrayLike, r_eff: ArrayLike | None = None) -> PsisLoo:
    """`psis_loo` without its warning."""
    log_lik = as_log_likelihood(log_lik)
    cells = cells_of(log_lik)
    r_eff = _per_column(relative_efficiency(log_lik) if r_eff is None else r_eff, log_lik.shape[2])
    log_lik = pooled(log_lik)
    # One observation at a time: the weights of all of them together may not fit into memory.
    parts = [_leave_out(*arguments) for arguments in zip(_columns(log_lik), r_eff, strict=True)]
    elpd, lppd, pareto_k, n_eff = np.transpose(parts)
    pointwise = LooPointwise(elpd, lppd - elpd, -2 * elpd, pareto_k, n_eff)
    return summed(pointwise, k_threshold(len(log_lik)), cells)


def summed(pointwise: LooPointwise, threshold: float, cells: Cells) -> PsisLoo:
    """The `PsisLoo` of these observations."""
    return PsisLoo(
        elpd_loo=float(pointwise.elpd_loo.sum()),
        p_loo=float(pointwise.p_loo.sum()),
        looic=float(pointwise.looic.sum()),
        se=standard_error_of_sum(pointwise.looic),
        pareto_k=pointwise.pareto_k,
        pointwise=pointwise,
        k_threshold=threshold,
        cells=cells,
    )


def _leave_out(log_lik: Floats, r_eff: float) -> Floats:
    """elpd_loo, lppd, k-hat and effective draws of one observation with log likelihoods (S,).

    NaN if a log likelihood is not finite.
    """
    if not np.isfinite(log_lik).all():
        return np.full(4, np.nan)
    log_weights, pareto_k, _ = psis(-log_lik, r_eff)
    elpd = log_sum_exp(log_weights + log_lik)
    weights = np.exp(log_weights)
    return np.array([elpd, log_mean_exp(log_lik), pareto_k, r_eff / (weights @ weights)])


@quietly
def psis(log_weights: ArrayLike, r_eff: ArrayLike = 1.0) -> Psis:
    """Pareto-smoothed log weights and k-hat of log importance ratios (S,) or (S, n), as a `Psis`.

    The `tail_length` largest ratios of a column are replaced by quantiles of the Pareto distribution fitted
    to them, none above the largest ratio; then the column is normalised. `r_eff` is the relative
    efficiency of the draws, a number or one per column. k-hat is inf, and the ratios are only normalised,
    where the tail has fewer than 5 ratios or only equal ones, or a quarter of it equals the largest ratio outside, as
    in R; NaN, with the weights, where a ratio is NaN or +inf, or all are -inf. A vector gives a vector and a number.
    """
    ratios = as_reals(log_weights, "log weights")
    if ratios.ndim not in (1, 2) or ratios.size == 0:
        raise ValueError(f"log weights need the shape (draws,) or (draws, n), not {ratios.shape}")
    columns = ratios.reshape(len(ratios), -1)
    tails = tail_length(len(columns), _per_column(r_eff, columns.shape[1]))
    smoothed = np.empty_like(columns)
    pareto_k = np.empty(columns.shape[1])
    for i, (column, tail) in enumerate(zip(_columns(columns), tails, strict=True)):
        smoothed[:, i], pareto_k[i] = _smooth(column, int(tail))
    smoothed -= log_sum_exp(smoothed)
    if ratios.ndim == 1:
        return Psis(smoothed[:, 0], float(pareto_k[0]), int(tails[0]))
    return Psis(smoothed, pareto_k, tails)


def relative_efficiency(log_lik: ArrayLike) -> Floats:
    """ESS / S of each observation's likelihood, from log likelihoods (chains, draws, observations).

    Of whole chains, as R's loo 2.5 (newer releases split them). 1 where the ESS is undefined (`ess_basic`).
    """
    efficiency = per_parameter(_relative_efficiency, as_log_likelihood(log_lik))
    return np.where(np.isnan(efficiency), 1, efficiency)


def _relative_efficiency(log_lik: Floats) -> Floats:
    # Divided by the largest, which leaves the ESS as it is, so that tiny likelihoods do not underflow to 0.
    likelihood = np.exp(log_lik - log_lik.max(axis=(0, 1)))
    return effective_size(likelihood) / len(pooled(log_lik))


def tail_length(draws: int, r_eff: Floats) -> Ints:
    """How many of the largest weights are smoothed: min(S / 5, 3 sqrt(S / r_eff)), rounded up."""
    return np.ceil(np.minimum(0.2 * draws, 3 * np.sqrt(draws / r_eff))).astype(int)


def k_threshold(draws: int) -> float:
    """The k-hat up to which `draws` draws give a usable estimate: min(1 - 1 / log10(S), 0.7)."""
    return min(1 - 1 / np.log10(draws), 0.7) if draws > 1 else float("-inf")


@quietly
def loo_cautions(result: PsisLoo) -> list[Caution]:
    """Observations without a score, with high k-hats, or with none that is known: their meaning and advice."""
    cautions = k_cautions(result.pareto_k, result.k_threshold, result.trusted(), result.cells)
    return [*bad_cells_caution(result.cells), *cautions]


def _per_column(r_eff: ArrayLike, count: int) -> Floats:
    r_eff = as_reals(r_eff, "relative efficiencies")
    if r_eff.shape not in ((), (1,), (count,)):
        raise ValueError(f"r_eff needs one number, or one for each of {count} columns, not {r_eff.shape}")
    if not (r_eff > 0).all():
        raise ValueError("r_eff, the relative efficiency of the draws, must be positive")
    return np.broadcast_to(r_eff, count)


def _columns(x: Floats, together: int = 16) -> Iterator[Floats]:
    """The columns of (S, n), one by one; copied `together`, so that each comes with its numbers side by side."""
    for start in range(0, x.shape[1], together):
        yield from np.ascontiguousarray(x[:, start : start + together].T)


def _largest(x: Floats, count: int) -> Ints:
    """The last `count` of the positions that sort `x`, (S,), stably: found without sorting all of it."""
    edge = np.partition(x, -count)[-count]
    candidates = np.flatnonzero(x >= edge)
    return candidates[x[candidates].argsort(kind="stable")][-count:]


def _smooth(ratios: Floats, tail: int) -> tuple[Floats, float]:
    """One column: log ratios with their `tail` largest smoothed, and k-hat. The largest ratio becomes 0."""
    if not -np.inf < np.max(ratios) < np.inf:
        return np.full_like(ratios, np.nan), np.nan
    smoothed = ratios - ratios.max()
    if tail < MIN_TAIL:
        return smoothed, np.inf
    # A stable order, and exactly `tail` draws: of equal ratios at the edge some are smoothed and some not.
    # As R; ArviZ takes those strictly above the edge, which moves k-hat by 0.01 where there are ties.
    order = _largest(smoothed, tail + 1)
    below, largest = order[0], order[1:]
    if smoothed[largest[0]] == smoothed[largest[-1]]:
        return smoothed, np.inf
    cutoff = np.exp(smoothed[below])
    shape, scale = fit_generalized_pareto(np.exp(smoothed[largest]) - cutoff)
    if np.isfinite(shape):
        prob = (np.arange(tail) + 0.5) / tail
        smoothed[largest] = np.log(generalized_pareto_quantile(prob, shape, scale) + cutoff)
    return np.minimum(smoothed, 0), shape


def fit_generalized_pareto(x: Floats) -> tuple[float, float]:
    """Shape k and scale sigma of the generalised Pareto distribution of the sorted excesses `x`, (n,).

    Zhang & Stephens: the posterior mean of theta = -k / sigma over a grid, for a prior that the data set
    the scale of. Then k is drawn towards 0.5 with the weight of ten excesses (Vehtari et al. 2024, appendix
    G).
    """
    count = len(x)
    points = 30 + int(np.sqrt(count))
    quartile = x[int(count / 4 + 0.5) - 1]
    grid = 1 - np.sqrt(points / (np.arange(points) + 0.5))
    theta = 1 / x[-1] + grid / (3 * quartile)
    log_profile = _log_profile_likelihood(theta, x)
    weight = np.exp(log_profile - log_sum_exp(log_profile))
    theta = (theta * weight).sum()
    shape = np.log1p(-theta * x).mean()
    scale = -shape / theta
    if np.isnan(shape):
        return np.inf, np.inf
    return (shape * count + 0.5 * 10) / (count + 10), scale


def generalized_pareto_quantile(prob: Floats, shape: float, scale: float) -> Floats:
    """Quantiles of the generalised Pareto distribution of excesses; exponential at shape 0."""
    exponential = -np.log1p(-prob)
    return scale * (exponential if shape == 0 else np.expm1(shape * exponential) / shape)


def _log_profile_likelihood(theta: Floats, x: Floats) -> Floats:
    """log likelihood of each theta with k at its best, k(theta) = mean log(1 - theta x)."""
    shape = np.log1p(-theta[:, None] * x).mean(axis=1)
    return len(x) * (np.log(-theta / shape) - shape - 1)
