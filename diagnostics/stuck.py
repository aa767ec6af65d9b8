"""Chains that stay where they began."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .findings import CHECK, Finding, finding
from .protocols import Bools, Floats

# Of the span of all chains. A chain that is trapped in a tail moves by its rounding, or by steps of 1e-8; one that
# samples a mode, however narrow beside the distance of another mode, has a log density like the other's.
BARELY = 1e-3


class Stuck(NamedTuple):
    """Which chains are stuck, (chains,) each, and the chain with the highest log densities."""

    is_still: Bools  # all its draws are the same
    is_trapped: Bools  # it moves by next to nothing, where the log density is lower than that of any draw of the best
    best: int


def stuck(positions: Floats, lp: Floats) -> Stuck:
    """`Stuck` chains among unconstrained draws (chains, draws, dimension) of log densities `lp` (chains, draws)."""
    lowest, highest = positions.min(axis=1), positions.max(axis=1)
    is_still = (lowest == highest).all(axis=1)
    barely_moves = (highest - lowest <= BARELY * (highest.max(axis=0) - lowest.min(axis=0))).all(axis=1)
    best = int(np.argmax(np.median(lp, axis=1)))
    return Stuck(is_still, barely_moves & ~is_still & (lp.max(axis=1) < lp[best].min()), best)


def of_stuck_chains(positions: Floats, lp: Floats, names: Sequence[str]) -> Iterator[Finding]:
    """An error for the chains that never moved, and one for those that hardly did; `names` are those of the chains."""
    found = stuck(positions, lp)
    is_stuck = found.is_still | found.is_trapped
    remedy = "Start elsewhere (another seed, or initial=...)."
    if not is_stuck[found.best]:
        remedy = f"Start all chains where {names[found.best]} has been: initial=fit.unconstrained[{found.best}, -1]."
    for kind, concerned in (("stuck", found.is_still), ("trapped", found.is_trapped)):
        if concerned.any():
            numbers = {"count": int(concerned.sum()), "log_density": float(lp[concerned].min())}
            numbers["best"] = float(np.median(lp[found.best]))
            concerns = [name for name, is_concerned in zip(names, concerned, strict=True) if is_concerned]
            yield finding(kind, "error", concerns, numbers, remedy=f"{remedy} {CHECK}", other=names[found.best])
