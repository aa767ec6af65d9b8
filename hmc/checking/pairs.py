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

_MOST = 4  # moves of each draw: those of further parameters alone are made at other draws
_SHORTEST, _LONGEST = math.log(0.1), math.log(4.0)  # logarithms of the length of a move, in units
_BOUND = 3.0  # of how far a move goes up or out
THINGS = ("its Barker moves up and down", "its Barker moves out and in", "how sure the density is of its Barker moves")


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
    """(blocks, things): what is 0 on average, of the draw of that number; nan for what was not moved.

    A move to where the density is nan tells nothing. `value` is the log density of the position itself.
    """
    row = np.full((len(moves.blocks), len(THINGS)), math.nan)
    last = len(moves.blocks) - 1
    for k in sorted({(number * (_MOST - 1) + k) % max(last, 1) for k in range(_MOST - 1)} | {last}):
        own = moves.blocks[k]
        unit, factor = moves.unit[own], math.exp(rng.uniform(_SHORTEST, _LONGEST)) / math.sqrt(own.size)
        step = factor * rng.standard_normal(own.size)
        moved = position.copy()
        moved[own] += step * unit
        r = density(moved)[0] - value
        if math.isnan(r) and value != -math.inf:
            continue
        r = math.inf if value == -math.inf else r
        distance = (position[own] - moves.centre[own]) / unit
        signed = min(max(step.sum(), -_BOUND), _BOUND), min(max(step @ (2.0 * distance + step), -_BOUND), _BOUND)
        certainty = math.tanh(0.5 * r)
        row[k] = [0.5 * (1.0 + certainty) * each for each in (*signed, certainty)]
    return row
