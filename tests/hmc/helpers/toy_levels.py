"""Sites with macro steps in place of leapfrog dynamics, on which the probabilities of WALNUTS are computed exactly.

At each level, a leapfrog step is a permutation of the sites, drawn at random; backwards, it is the inverse. Every site
has an energy and a momentum. That is all that `hmc/sampler/macro_step.py` and the trees see of the dynamics: steps that
can be undone and that keep volume. Steps at level 2 change the energy little, but for a few sites, so that steps of
several levels occur, irreversible ones, and sites from which there is none.

As on `toy_line`, a point is (position[0] = site, momentum of the site), its "gradient" the indicator of the site.
"""

import math

import numpy as np

from hmc.sampler import nuts
from hmc.sampler.macro_step import MAX_LEVEL, Memory
from hmc.sampler.phase_space import PhasePoint
from tests.hmc.helpers.toy_line import Line

TOLERANCE = 1.0
# Energies that lie within the tolerance of each other, and some that do not: a walk of a few steps is then tight about
# as often as not.
_ENERGIES = (0.0, 0.3, 0.7, 1.2, 3.0)
_FINE = 2  # the level whose steps change the energy little


def _nearly_within(rng, energies):
    """A permutation that keeps sites among those of an energy up to the tolerance, or above it, but for two sites."""
    permutation = np.arange(energies.size)
    for is_member in (energies <= TOLERANCE, energies > TOLERANCE):
        permutation[is_member] = rng.permutation(permutation[is_member])
    i, j = rng.choice(energies.size, size=2, replace=False)
    permutation[[i, j]] = permutation[[j, i]]
    return permutation


class Sites:
    """Random sites, and the permutations that leapfrog steps are, by level."""

    def __init__(self, rng, sites, dimension=2):
        self.line = Line(rng.choice(_ENERGIES, sites), rng.normal(size=(sites, dimension)) + 0.8)
        self.ahead = [rng.permutation(sites) for _ in range(MAX_LEVEL + 1)]
        self.ahead[_FINE] = _nearly_within(rng, self.line.energies)
        self.back = [np.argsort(permutation) for permutation in self.ahead]

    def dynamics(self):
        """`leapfrog` and `energy_of` of the sites, to be put in the place of the real ones. A whole step has size 1."""
        line, sites = self.line, len(self.line.energies)

        def leapfrog(hamiltonian, point, step_size):
            level = round(-math.log2(abs(step_size)))
            site = (self.ahead if step_size > 0 else self.back)[level][int(point.position[0])]
            point.position[0] = site
            point.momentum[:] = line.momenta[site]
            point.gradient[:] = np.arange(sites) == site
            return -line.energies[site]

        return {"leapfrog": leapfrog, "energy_of": lambda log_density, momentum: -log_density}

    def memory(self):
        """Memory for macro steps, with room for the indicators of sites in place of gradients."""
        sites, dimension = self.line.momenta.shape
        return Memory(np.zeros(2), PhasePoint(np.zeros((2, 1)), np.zeros((2, dimension)), np.zeros((2, sites))))

    def trajectory(self, max_depth):
        """A trajectory's memory."""
        sites, dimension = self.line.momenta.shape
        trajectory = nuts.make_trajectory(dimension, max_depth)
        ends = trajectory.ends._replace(position=np.zeros((2, 1)), gradient=np.zeros((2, sites)))
        levels = max_depth + 1
        spans = trajectory.spans._replace(position=np.zeros((levels, 1)), gradient=np.zeros((levels, sites)))
        return nuts.Trajectory(ends, spans, self.memory())
