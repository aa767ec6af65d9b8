"""Averages over moves of draws that are 0 if the density is that of the draws.

Let q be drawn from a density, and let q' be q plus a random move that does not depend on q. With r = log density of q'
less that of q, Barker's probability of going from q to q' is b = 1 / (1 + exp(-r)). As many moves go one way as back
(detailed balance: Barker 1965). So b times any quantity that changes sign when q and q' change places is 0 on average.
This needs no gradient and assumes nothing of the density's tails, since all terms are bounded. There are three such
quantities: how far a move goes up, how far it goes out, and tanh(r / 2), which shows a density that is too sure, such
as one that counts its data twice.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hmc.model import Model
from hmc.parameters import blocks

_AT_ONCE = 2  # parameters that are moved alone at each draw, in turn, besides all together
_TRIES = 3  # moves of each at a draw
_SHORTEST, _LONGEST = math.log(0.5), math.log(5.0)  # logarithms of the length of a move, in units
_BOUND = 3.0  # a move up or out counts for no more
THINGS = ("its Barker moves up and down", "its Barker moves out and in", "how sure the density is of its Barker moves")
IF_TWICE = len(THINGS)  # index in a row of the last quantity, computed as if the log density were doubled


class Moves(NamedTuple):
    """How positions are moved: by normal numbers in these units, one parameter alone or all together."""

    blocks: list[np.ndarray]  # components of each parameter, and all of them if there are several parameters
    centre: np.ndarray  # (dimension,): moves go out from here
    unit: np.ndarray  # (dimension,)


def moves_for(model: Model, positions: np.ndarray, slopes: np.ndarray | None) -> Moves:
    """Moves as large as the draws' spread, or, where slopes are steep, as a change of the log density by 1.

    `positions` and `slopes` (draws, dimension) must not be used for the averages too; slopes may be None.
    """
    own = [np.arange(part.start, part.stop) for _, part in blocks(model.parameters) if part.stop > part.start]
    if len(own) > 1:
        own.append(np.arange(model.dimension))
    low, centre, high = np.quantile(positions, [0.16, 0.5, 0.84], axis=0)
    spread = 0.5 * (high - low)
    steep = np.zeros(model.dimension) if slopes is None else np.median(np.abs(slopes), axis=0)
    inverse = np.where(spread > 0.0, 1.0 / np.where(spread > 0.0, spread, 1.0), 0.0) + steep
    return Moves(own, centre, 1.0 / np.where(inverse > 0.0, inverse, 1.0))


def pair_row(
    moves: Moves,
    density: Callable[[np.ndarray], tuple[float, np.ndarray]],
    position: np.ndarray,
    value: float,
    number: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Quantities that are 0 on average, for draw `number`, and `IF_TWICE`: (blocks, things); nan for unmoved blocks.

    Moves to where the density is nan are left out. `value` is the log density of the position itself.
    """
    row = np.full((len(moves.blocks), len(THINGS) + 1), math.nan)
    last = len(moves.blocks) - 1
    for k in sorted({(number * _AT_ONCE + k) % max(last, 1) for k in range(_AT_ONCE)} | {last}):
        own = moves.blocks[k]
        unit = moves.unit[own]
        lengths = np.exp(rng.uniform(_SHORTEST, _LONGEST, (_TRIES, 1))) / math.sqrt(own.size)
        steps = lengths * rng.standard_normal((_TRIES, own.size))
        after, moved = np.empty(_TRIES), position.copy()
        for j in range(_TRIES):
            moved[own] = position[own] + steps[j] * unit
            after[j] = density(moved)[0]
        r = np.full(_TRIES, math.inf) if value == -math.inf else after - value
        is_number = ~np.isnan(r)
        if is_number.any():
            distance = (position[own] - moves.centre[own]) / unit
            out = (steps * (2.0 * distance + steps)).sum(axis=1)
            half = np.tanh(0.5 * r)
            terms = np.clip(steps.sum(axis=1), -_BOUND, _BOUND), np.clip(out, -_BOUND, _BOUND), half
            twice = np.tanh(r) * (0.5 + 0.5 * np.tanh(r))
            row[k] = [np.mean(each[is_number]) for each in (*((0.5 + 0.5 * half) * term for term in terms), twice)]
    return row


def averages(moves: Moves, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mean, standard error) over draws of the rows of `pair_row`, each (blocks, things)."""
    mean, error = np.zeros((2, *rows.shape[1:]))
    for k in range(len(moves.blocks)):
        moved = rows[~np.isnan(rows[:, k, 0]), k]
        if len(moved) > 1:
            mean[k], error[k] = moved.mean(axis=0), moved.std(axis=0, ddof=1) / math.sqrt(len(moved))
    return mean, error
