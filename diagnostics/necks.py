"""Where transitions diverge: in a neck of the posterior, or anywhere, as a few do by chance.

In a neck all divergent transitions lie at one end of some quantity, such as at small values of a scale. The ranks of a
quantity's draws there are then far lower, or higher, than those of as many draws at random: the rank-sum test of
Wilcoxon (1945), "Individual comparisons by ranking methods".
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import as_draws, in_blocks, quietly
from .protocols import Bools, Floats, SampledFit

# Of all quantities together: the probability to find a neck where divergences are anywhere.
CHANCE = 1e-3


class Neck(NamedTuple):
    """The quantity that shows a neck best."""

    label: str
    side: str  # "small" or "large": its values there


# A chain is caught if it diverges at more of its transitions than this; others show by fewer that they can move.
CAUGHT, FREE = 0.99, 0.5


def is_caught(diverging: Bools) -> bool:
    """Whether a chain is caught in a neck, where no step succeeds, while another is free; divergences (chains, draws).

    Its draws are all the same, so that `neck` knows a single place of it. If all chains diverge everywhere, the log
    density is wrong rather than narrow.
    """
    share = diverging.mean(axis=1)
    return bool((share > CAUGHT).any() and (share < FREE).any())


@quietly
def neck(fit: SampledFit, labels: NDArray[np.object_]) -> Neck | None:
    """The quantity in which divergent transitions lie most surely at one end; None where that may be chance.

    labels: of all elements of all quantities. Of divergent transitions in a row, which are at one place, the first
    counts. Quantities that are not finite, or constant, are passed over.
    """
    diverging = _first_in_a_row(np.asarray(fit.stats["diverging"], dtype=bool))
    if not diverging.any():
        return None
    z = in_blocks(lambda x: _rank_sum(x, diverging), (as_draws(fit[name]) for name in fit.keys()))  # noqa: SIM118
    z = np.nan_to_num(z, nan=0.0)
    found = int(np.abs(z).argmax())
    if 2.0 * z.size * NormalDist().cdf(-abs(float(z[found]))) > CHANCE:
        return None
    return Neck(str(labels[found]), "small" if z[found] < 0.0 else "large")


def _first_in_a_row(diverging: Bools) -> Bools:
    first = diverging.copy()
    first[:, 1:] &= ~diverging[:, :-1]
    return first


def _rank_sum(x: Floats, diverging: Bools) -> Floats:
    """The rank sums of divergent draws (chains, draws, n) as standard normal scores (n,); NaN for constant draws."""
    from scipy.stats import rankdata  # here alone: importing it takes longer than a verdict without divergences

    values = x.reshape(-1, x.shape[2])
    total, count = len(values), int(diverging.sum())
    ranks = rankdata(values, axis=0)
    excess = ranks[diverging.ravel()].mean(axis=0) - 0.5 * (total + 1)
    # The variance of ranks without ties is (total^2 - 1) / 12; of a mean of `count` of them, without replacement, this.
    variance = ranks.var(axis=0) / count * (total - count) / max(total - 1, 1)
    usable = np.isfinite(values).all(axis=0) & (variance > 0.0)
    return np.where(usable, excess / np.sqrt(np.where(usable, variance, 1.0)), np.nan)
