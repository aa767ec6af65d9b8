"""Averages over simulated draws that are 0 if the density is that of the draws.

At a parameter drawn from the prior, with data drawn given it, each component i of the gradient of the log joint density
is 0 on average, and (q[i] - c) times it is -1 for any constant c. Both remain true if they are multiplied by a function
of other components only (integration by parts; Stein 1972). `hmc.checking.pairs` has averages that need no gradient.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hmc.model import Model
from hmc.parameters import blocks
from hmc.transforms import LOWER, REAL, Constraint


class Meaning(NamedTuple):
    """The meaning of an average."""

    components: Sequence[int]  # one, or those of a whole parameter, or all
    what: str  # in words, for a message
    lacking: float = 0.0  # by how much it is lower if the log Jacobian is missing, for most constraints
    is_of_size_one: bool = False  # whether a missing Jacobian, or a prior missing or counted twice, shifts it by 1


class Averages:
    """Quantities whose averages over draws should be 0: a column for each. There are none without gradients."""

    def __init__(
        self,
        model: Model,
        constraints: list[Constraint],
        positions: np.ndarray,
        gradients: np.ndarray | None,
        centre: np.ndarray,
    ) -> None:
        self._columns: list[np.ndarray] = []
        self.meanings: list[Meaning] = []
        self._blocks: list[int] = []
        self._controls: list[np.ndarray] = []
        self._control_blocks: list[int] = []
        if gradients is None:
            return
        scales = [i for i, c in enumerate(constraints) if c.kind == LOWER and _is_scalar(model, i)]
        alone = [i for i in range(model.dimension) if _is_scalar(model, i)]
        for block, (_, place) in enumerate(blocks(model.parameters)):
            own = list(range(place.start, place.stop))
            # A slope may go as 1 / scale: multiplied by small scales, it has a finite variance.
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
        # A slope that grows exponentially on one side has a finite variance on the other side.
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
        if len(own) > 1:  # around its own mean, which does not depend on the scale of a group of effects
            around = position - position.mean(axis=1, keepdims=True)
            self._columns.append((around * slope).sum(axis=1) + (len(own) - 1.0))
            self.meanings.append(Meaning(own, "its slope times its distance from their mean"))
            self._controls.append(self._columns[-1])

    def weights(self) -> np.ndarray:
        """The multiples of other parameters' controls to subtract from each column: (controls, columns)."""
        columns, controls = np.array(self._columns).T, np.array(self._controls).T
        weights = np.zeros((len(self._controls), len(self._columns)))  # (0, 0) without gradients
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
        """(mean, standard error, meaning) of each column: first as it is, then less multiples of controls."""
        if not self._columns:
            return np.empty(0), np.empty(0), []
        columns = np.array(self._columns).T
        columns = np.hstack([columns, columns - np.array(self._controls).T @ weights])
        mean, error = columns.mean(axis=0), columns.std(axis=0, ddof=1) / math.sqrt(len(columns))
        return mean, error, self.meanings * 2


def _is_scalar(model: Model, i: int) -> bool:
    """Whether component i is a scalar parameter."""
    return any(part.start <= i < part.stop and not parameter.shape for parameter, part in blocks(model.parameters))
