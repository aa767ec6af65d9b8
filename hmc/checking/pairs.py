"""Of two positions, which one was drawn? What a density says of that must come true.

Let q be drawn from a density, and q' be q moved at random by what does not depend on where q is. With r = log density
of q' less that of q, Barker's probability to go from q to q' is b = 1 / (1 + exp(-r)), and there is as much going one
way as back (detailed balance: Barker 1965). So whatever changes sign as q and q' change places, times b, is 0 on
average. That asks nothing of the density's tails or slopes, and no gradient: all terms are bounded. Three such things
are looked at: by how much a move goes up, by how much it goes out, and tanh(r / 2), which shows a density that is too
sure of itself, as one that counts its data twice.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hmc.model import Model
from hmc.parameters import blocks

_AT_ONCE = 2  # parameters that are moved alone at a draw, beside all together: the others are at other draws
_TRIES = 3  # moves of each at a draw
_SHORTEST, _LONGEST = math.log(0.5), math.log(5.0)  # logarithms of the length of a move, in units
_BOUND = 3.0  # of how far a move goes up or out
THINGS = ("its Barker moves up and down", "its Barker moves out and in", "how sure the density is of its Barker moves")
IF_TWICE = len(THINGS)  # where a row has what the last of these would be if the log density were twice what it is


class Moves(NamedTuple):
    """How a position is moved: by normal numbers in these units, of a parameter alone or of all."""

    blocks: list  # of components: each parameter, and all together where there are several
    centre: np.ndarray  # (dimension,)
    unit: np.ndarray  # (dimension,)


def moves_for(model: Model, positions: np.ndarray, slopes: np.ndarray | None) -> Moves:
    """Moves of the size that tells: of the draws' spread, or where they are steep, of what changes the density by 1.

    Of positions and slopes (draws, dimension) that are not used further; slopes are None where there are none.
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
    moves: Moves, density: Callable, position: np.ndarray, value: float, number: int, rng: np.random.Generator
) -> np.ndarray:
    """(blocks, things): what is 0 on average, of the draw of that number, and `IF_TWICE`; nan where nothing was moved.

    A move to where the density is nan tells nothing. `value` is the log density of the position itself.
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
    """(mean, standard error) over draws of what `pair_row` gave, each (blocks, things)."""
    mean, error = np.zeros((2, *rows.shape[1:]))
    for k in range(len(moves.blocks)):
        moved = rows[~np.isnan(rows[:, k, 0]), k]
        if len(moved) > 1:
            mean[k], error[k] = moved.mean(axis=0), moved.std(axis=0, ddof=1) / math.sqrt(len(moved))
    return mean, error
