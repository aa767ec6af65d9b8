"""Cautions about scores before they are used: cells that spoil them, and the limits of WAIC and PSIS.

A log likelihood must be finite in every draw: one that is -inf, inf or NaN leaves its observation without a score, and
the sum without a value. The sentences say which observation it is, and in how many draws.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from .arrays import pooled, quietly
from .protocols import Bools, Floats, Ints

KINDS = ("log_likelihood", "p_waic", "pareto_k")

NAMED = 3  # how many observations a sentence names

# The tail of the weights has the 5 that a k-hat needs: it is a fifth of the draws, rounded up.
FEWEST_DRAWS = 21


class Caution(NamedTuple):
    """Something to know about the scores of some observations. `str` gives a sentence."""

    kind: str  # one of KINDS
    concerns: Ints  # the observations, from 0, worst first
    numbers: Mapping[str, float]
    message: str  # what was found, and its meaning
    advice: str  # what to do

    def __str__(self) -> str:
        return f"{self.message}; {self.advice}."


class Cells(NamedTuple):
    """The unusual numbers in columns of log likelihoods (chains, draws, observations)."""

    draws: int  # of all chains
    bad: Ints  # (observations,): in how many draws it is NaN or infinite
    values: tuple[str, ...]  # for each bad observation, in their order, which: "-inf", "NaN or +inf"
    constant: Bools  # (observations,): every draw has the same likelihood, so leaving it out changes nothing


@quietly
def cells_of(log_lik: Floats) -> Cells:
    """The `Cells` of log likelihoods (chains, draws, observations)."""
    log_lik = pooled(log_lik)
    bad = np.count_nonzero(~np.isfinite(log_lik), axis=0)
    values = tuple(_values(log_lik[:, i]) for i in np.flatnonzero(bad))
    # A spread under 1e-16 counts too: all weights are then equal in double precision.
    constant = np.exp(log_lik.min(axis=0) - log_lik.max(axis=0)) == 1
    return Cells(len(log_lik), bad, values, constant)


def _values(column: Floats) -> str:
    """Which of NaN, -inf and +inf are in a column."""
    found = {"NaN": np.isnan(column), "-inf": np.isneginf(column), "+inf": np.isposinf(column)}
    return " or ".join(name for name, where in found.items() if where.any())


def bad_cells_caution(cells: Cells) -> list[Caution]:
    """The observations whose log likelihood is not finite in some draw; none or one `Caution`."""
    which = np.flatnonzero(cells.bad)
    if len(which) == 0:
        return []
    parts = [
        f"of observation {i + 1} is {value} in {cells.bad[i]} of {cells.draws} draws"
        for i, value in zip(which[:NAMED], cells.values, strict=False)
    ]
    more = len(which) - len(parts)
    parts += [f"of {more} more observation{'s are' if more > 1 else ' is'} not finite"] if more else []
    message = f"the log likelihood {', '.join(parts)}, so there is no score of it and no sum"
    numbers = {"count": len(which), "total": len(cells.bad), "draws": int(cells.bad.sum())}
    return [Caution("log_likelihood", which, numbers, message, "mend `log_likelihood` there, or the model's data")]


def penalty_cautions(p_waic: Floats, threshold: float) -> list[Caution]:
    """The observations whose penalty is over the threshold; none or one `Caution`."""
    high = _worst_first(p_waic, p_waic > threshold)
    if len(high) == 0:
        return []
    largest = float(p_waic[high[0]])
    shown = f"{largest:.2f}" if largest < 1e6 else f"{largest:.3g}"
    message = (
        f"p_waic is over {threshold} for {len(high)} of {len(p_waic)} observations, the largest {shown} for "
        f"observation {high[0] + 1}: the posterior depends strongly on single observations, so WAIC may be too "
        "optimistic"
    )
    advice = "check it by leaving them out (psis_loo and its k-hat, or exactly, by refitting)"
    numbers = {"count": len(high), "total": len(p_waic), "largest": largest, "threshold": threshold}
    return [Caution("p_waic", high, numbers, message, advice)]


def k_cautions(pareto_k: Floats, threshold: float, is_trusted: Bools, cells: Cells) -> list[Caution]:
    """The observations whose k-hat is high, or unknown, or without meaning: up to three `Caution`s."""
    if cells.draws < FEWEST_DRAWS:
        return [_few_draws(len(pareto_k), cells.draws)]
    is_doubtful = ~is_trusted & (cells.bad == 0)
    return [
        *_high_k(pareto_k, threshold, _worst_first(pareto_k, is_doubtful & np.isfinite(pareto_k))),
        *_unknown_k(len(pareto_k), np.flatnonzero(is_doubtful & ~np.isfinite(pareto_k))),
        *_constant(len(pareto_k), np.flatnonzero(cells.constant)),
    ]


def missed_cautions(missed: Floats, threshold: float, what: str) -> list[Caution]:
    """Observations or groups (`what`) whose refit missed more than this share of their likelihood; none or one
    `Caution`.
    """
    high = _worst_first(missed, missed > threshold)
    if len(high) == 0:
        return []
    largest = float(missed[high[0]])
    message = (
        f"the draws of the refit do not come near {len(high)} of {len(missed)} {what}s, the farthest {what} "
        f"{high[0] + 1}: {largest:.0%} of the draws of the posterior with it give it a higher likelihood than any draw "
        "without it, so that its elpd is mostly too low, by an unknown error"
    )
    advice = "draw many more, or match moments of single observations (loo_moment_match) and look at their k-hats"
    numbers = {"count": len(high), "total": len(missed), "largest": largest, "threshold": threshold}
    return [Caution("pareto_k", high, numbers, message, advice)]


def _few_draws(total: int, draws: int) -> Caution:
    there = "there is 1" if draws == 1 else f"there are {draws}"
    message = (
        f"so few draws cannot tell whether PSIS is reliable: k-hat needs {FEWEST_DRAWS} of all chains, and {there}"
    )
    return Caution("pareto_k", np.arange(total), {"draws": draws, "fewest": FEWEST_DRAWS}, message, "draw more")


def _high_k(pareto_k: Floats, threshold: float, high: Ints) -> Iterator[Caution]:
    if len(high):
        message = (
            f"k-hat is over {threshold:.2f} for {len(high)} of {len(pareto_k)} observations: without them the "
            "posterior changes too much for importance sampling, so PSIS is unreliable, mostly too optimistic"
        )
        largest = float(pareto_k[high[0]])
        numbers = {"count": len(high), "total": len(pareto_k), "largest": largest, "threshold": threshold}
        yield Caution("pareto_k", high, numbers, message, "leave these observations out exactly, by refitting")


def _unknown_k(total: int, unknown: Ints) -> Iterator[Caution]:
    if len(unknown):
        message = (
            f"k-hat is unknown for {_listed(unknown)}: many of the largest weights are equal, or 0 beside the largest, "
            "so their tail has no shape"
        )
        advice = "draw more, or leave these observations out exactly, by refitting"
        yield Caution("pareto_k", unknown, {"count": len(unknown), "total": total}, message, advice)


def _constant(total: int, constant: Ints) -> Iterator[Caution]:
    if len(constant):
        message = f"the log likelihood of {_listed(constant)} is the same in all draws, as if no parameter were in it"
        advice = "if one should be, look at `log_likelihood` there"
        yield Caution("log_likelihood", constant, {"count": len(constant), "total": total}, message, advice)


def _worst_first(badness: Floats, is_concerned: Bools) -> Ints:
    """The positions that are concerned, worst first."""
    which = np.flatnonzero(is_concerned)
    return which[np.argsort(-badness[which], kind="stable")]


def _listed(which: Ints) -> str:
    """The first few observations, counted from 1, and how many more there are."""
    names = [str(i + 1) for i in which[:NAMED]] + ([f"{len(which) - NAMED} more"] if len(which) > NAMED else [])
    joined = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"observation{'s' if len(which) > 1 else ''} {joined}"
