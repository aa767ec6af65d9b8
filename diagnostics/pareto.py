"""Pareto k-hat of draws: do the moments exist that an estimate needs?

The tails of the draws are fitted by generalised Pareto distributions. One of shape k has 1 / k moments: a mean for
k < 1, a variance, and with it the central limit theorem, for k < 1/2.

Vehtari, Simpson, Gelman, Yao & Gabry (2024), "Pareto smoothed importance sampling", JMLR 25(72), sections 3.2 and
appendices B and H; the formulas are those of R's posterior 1.7.1.
"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_reals, in_safe_range, is_whole, per_parameter, pooled, quietly
from .ess import tail_size
from .protocols import Floats
from .psis import MIN_TAIL, fit_generalized_pareto

TAILS = ("both", "left", "right")


def pareto_khat(x: ArrayLike, tail: str = "both") -> Floats:
    """Pareto k-hat of draws `x`, shape (chains, draws, ...): of the right tail, the left one, or the larger of both.

    The tail has 3 sqrt(S / r) of S draws, r = ess_tail / S, or S / 5 where the tail ESS is at most 225; at least 5
    draws, and of both tails at most half of all. NaN where `ess_tail` is, where a tail is constant, or from 5 draws or
    fewer. ValueError for another tail.
    """
    if tail not in TAILS:
        raise ValueError(f"pareto_khat has the tails {', '.join(TAILS)}, not {tail!r}")
    return per_parameter(_pareto_khat, x, tail)


@quietly
def min_ss(khat: ArrayLike) -> Floats:
    """The number of draws from which Pareto-smoothed means with this k-hat are reliable: 10^(1 / (1 - k)).

    10 for k-hat at most 0, inf from 1 on. Equation 11.
    """
    khat = as_reals(khat, "k-hats")
    return np.where(khat < 1, 10 ** (1 / (1 - np.maximum(khat, 0))), np.where(np.isnan(khat), np.nan, np.inf))[()]


@quietly
def convergence_rate(khat: ArrayLike, draws: int) -> Floats:
    """How fast the error of a Pareto-smoothed mean falls with more draws, relative to the central limit theorem.

    1 for k-hat at most 0: half the error for four times the draws; 0 from 1 on. ValueError for fewer than 2 draws.
    Appendix B.
    """
    khat = as_reals(khat, "k-hats")
    if not is_whole(draws) or draws < 2:
        raise ValueError(f"draws = {draws!r} is not a whole number of at least 2")
    a, log_draws = 2 * khat - 1, np.log(draws)
    b = 1 - a
    # One formula, written so that it keeps its digits near its removable singularities, a = 0 and b = 0.
    by_half = draws / (draws - 1) - np.where(a == 0, 1 / log_draws, a / -np.expm1(-a * log_draws))
    by_one = (b * (draws - 1) - np.expm1(b * log_draws)) / ((draws - 1) * -np.expm1((b - 1) * log_draws))
    between = np.maximum(0, np.where(np.abs(a) <= np.abs(b), by_half, by_one))
    return np.where(khat <= 0, 1.0, np.where(khat >= 1, 0.0, between))[()]


def _pareto_khat(x: Floats, tail: str) -> Floats:
    scaled, _ = in_safe_range(x)
    ordered = np.sort(pooled(scaled), axis=0)
    sizes = tail_size(scaled, ordered)
    found = np.full(x.shape[2], np.nan)
    for i, size in enumerate(sizes):
        length = _tail_length(len(ordered), size, tail)
        if np.isfinite(size) and MIN_TAIL <= length < len(ordered):
            right, left = (_khat_of_right_tail(values, length) for values in (ordered[:, i], -ordered[::-1, i]))
            found[i] = {"right": right, "left": left, "both": np.fmax(left, right)}[tail]
    return found


def _tail_length(draws: int, ess: float, tail: str) -> int:
    if not np.isfinite(ess):
        return 0
    length = max(MIN_TAIL, int(3 * draws / np.sqrt(ess) if ess > 225 else draws / 5))
    return min(length, draws // 2) if tail == "both" else length


def _khat_of_right_tail(ordered: Floats, length: int) -> float:
    """k-hat of the `length` largest of the numbers, which are in ascending order, (S,)."""
    tail, cutoff = ordered[-length:], ordered[-length - 1]
    if tail[0] == tail[-1]:
        return float("nan")
    if cutoff == tail[0]:
        cutoff = np.nextafter(cutoff, -np.inf)  # R goes 2.2e-16 down, whatever the unit
    return fit_generalized_pareto(tail - cutoff)[0]
