"""Energies of the chains: can the momentum draws explore them, and can doubles tell them apart?"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, as_reals, in_safe_range, quietly
from .protocols import Floats


@quietly
def ebfmi(energy: ArrayLike) -> Floats:
    """Energy Bayesian fraction of missing information of each chain: (chains, draws, ...) to (chains, ...).

    sum (E_n - E_n-1)^2 / sum (E_n - mean E)^2. Near 1 when a momentum draw changes the energy as much as
    the target spreads it; below 0.3 the chain wanders between energies too slowly to reach the tails. NaN
    where an energy is not finite, all are equal, or there are fewer than 3. Betancourt (2016), "Diagnosing
    suboptimal cotangent disintegrations in Hamiltonian Monte Carlo", equation 5; ArviZ divides the two sums
    by n - 1 and n: same limit.
    """
    energy = as_draws(energy)
    if energy.shape[1] < 3:
        return np.full(energy.shape[:1] + energy.shape[2:], np.nan)
    energy, _ = in_safe_range(energy, axis=1)
    energy = energy - energy[:, :1]
    jumps = np.sum(np.diff(energy, axis=1) ** 2, axis=1)
    spread = np.sum((energy - energy.mean(axis=1, keepdims=True)) ** 2, axis=1)
    return np.where(spread > 0, jumps / spread, np.nan)


# A log density is rounded to its spacing, and the acceptance of a proposal, exp of a difference, by as large a part.
COARSE = 0.01


def log_density_spacing(lp: ArrayLike) -> float:
    """The distance between neighbouring doubles at the largest finite |log density| of `lp`, of any shape.

    Differences of log densities are known to no more than that: at 1e14 it is 0.016, at 1e16 it is 2. The sampler needs
    differences well under 1, so over `COARSE` its draws are not to be trusted. 0 where no log density is finite.
    """
    lp = np.abs(as_reals(lp, "log densities"))
    largest = lp.max(initial=0.0, where=np.isfinite(lp))
    return float(np.spacing(largest)) if largest > 0 else 0.0
