"""Averages over what a model simulates that are 0 if its density is that of the draws.

At a parameter drawn from the prior and data drawn given it, the gradient of the log joint density is 0 on average, in
every component i; (q[i] - c) times it is -1, whatever the number c; and either stays so when multiplied by what depends
on other components alone (integration by parts; Stein 1972). Besides, `hmc.checking.pairs`.
"""

import math
from typing import NamedTuple

import numpy as np

from hmc.model import Model
from hmc.parameters import blocks
from hmc.transforms import LOWER, REAL, Constraint


class Meaning(NamedTuple):
    """What an average is of."""

    components: list  # one, or those of a whole parameter, or of all
    what: str
    lacking: float = 0.0  # by how much less it is if the log Jacobian is missing, of most constraints
    is_of_size_one: bool = False  # whether a prior that is missing, or counted twice, or a Jacobian, shifts it by 1


class Averages:
    """Things of which the average over draws should be 0: a column each."""

    def __init__(
        self,
        model: Model,
        constraints: list[Constraint],
        positions: np.ndarray,
        gradients: np.ndarray | None,
        centre: np.ndarray,
    ) -> None:
        self._columns: list = []
        self.meanings: list[Meaning] = []
        self._blocks: list[int] = []
        self._controls: list = []
        self._control_blocks: list[int] = []
        if gradients is None:
            return
        scales = [i for i, c in enumerate(constraints) if c.kind == LOWER and _is_scalar(model, i)]
        alone = [i for i in range(model.dimension) if _is_scalar(model, i)]
        for block, (_, place) in enumerate(blocks(model.parameters)):
            own = list(range(place.start, place.stop))
            # Multiplied by small scales, slopes that go as 1 / scale have a variance.
            damping = np.exp(np.minimum(positions[:, [i for i in scales if i not in own]], 0.0)).prod(axis=1)
            self._of_a_parameter(own, positions[:, own], gradients[:, own], damping, centre, constraints)
            others = [i for i in alone if i not in own]
            damped = (gradients[:, own].sum(axis=1) * damping)[:, None]
            self._controls += list(((positions[:, others] - centre[others]) * damped).T)
            self._blocks += [block] * (len(self._columns) - len(self._blocks))
            self._control_blocks += [block] * (len(self._controls) - len(self._control_blocks))

    def _of_a_parameter(
        self,
        own: list[int],
        position: np.ndarray,
        slope: np.ndarray,
        damping: np.ndarray,
        centre: np.ndarray,
        constraints: list[Constraint],
    ) -> None:
        """Add the columns of one parameter, of its positions and slopes (draws, components)."""
        distance = position - centre[own]
        moment = distance * slope + 1.0
        # What grows as exp on either side has a variance too, on the other.
        below = 1.0 / (1.0 + np.exp(np.clip(distance, -700.0, 700.0)))
        for part, what, share in (
            (slope, "its slope", np.ones(len(own))),
            (moment, "its slope times its distance from the mean", np.zeros(len(own))),
            (slope * below - below * (1.0 - below), "its slope below its mean", below.mean(axis=0)),
            (slope * (1.0 - below) + below * (1.0 - below), "its slope above its mean", 1.0 - below.mean(axis=0)),
        ):
            total = part.sum(axis=1) * damping
            self._columns += list((part * damping[:, None]).T)
            for i, lacking in zip(own, share, strict=True):
                is_of_size_one = part is moment or (part is slope and constraints[i].kind != REAL)
                self.meanings.append(Meaning([i], what, lacking, is_of_size_one))
            if len(own) > 1:
                self._columns.append(total)
                self.meanings.append(Meaning(own, what))
            self._controls.append(total)
        if len(own) > 1:  # around its own mean: of a group of effects, that is free of their scale
            around = position - position.mean(axis=1, keepdims=True)
            self._columns.append((around * slope).sum(axis=1) + (len(own) - 1.0))
            self.meanings.append(Meaning(own, "its slope times its distance from their mean"))
            self._controls.append(self._columns[-1])

    def weights(self) -> np.ndarray:
        """For each column, the multiples of other parameters' columns to be subtracted from it: (controls, columns)."""
        columns, controls = np.array(self._columns).T, np.array(self._controls).T
        weights = np.zeros((len(self._controls), len(self._columns)))  # (0, 0) where there are no gradients
        for block in set(self._blocks):
            tested = np.array(self._blocks) == block
            others = np.flatnonzero(np.array(self._control_blocks) != block)
            if others.size:
                x = controls[:, others] - controls[:, others].mean(axis=0)
                scale = np.where(x.any(axis=0), x.std(axis=0), 1.0)
                fitted = np.linalg.lstsq(x / scale, columns[:, tested], rcond=1e-8)[0]
                weights[np.ix_(others, tested)] = fitted / scale[:, None]
        return weights

    def off(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[Meaning]]:
        """(mean of each column, its standard error, its meaning), as they are, and then less multiples of others."""
        if not self._columns:
            return np.empty(0), np.empty(0), []
        columns = np.array(self._columns).T
        columns = np.hstack([columns, columns - np.array(self._controls).T @ weights])
        mean, error = columns.mean(axis=0), columns.std(axis=0, ddof=1) / math.sqrt(len(columns))
        return mean, error, self.meanings * 2


def _is_scalar(model: Model, i: int) -> bool:
    """Whether component i is a parameter of no dimension."""
    return any(part.start <= i < part.stop and not parameter.shape for parameter, part in blocks(model.parameters))
