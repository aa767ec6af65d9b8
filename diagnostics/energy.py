"""E-BFMI: can the momentum draws explore the energies of the target?"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws
from .protocols import Floats


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
    with np.errstate(divide="ignore", invalid="ignore"):
        energy = energy - energy[:, :1]
        jumps = np.sum(np.diff(energy, axis=1) ** 2, axis=1)
        spread = np.sum((energy - energy.mean(axis=1, keepdims=True)) ** 2, axis=1)
        return np.where(spread > 0, jumps / spread, np.nan)
