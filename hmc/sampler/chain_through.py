"""A chain through a given position: if the position is a draw from the posterior, so is every other of the chain.

Transitions leave the posterior as it is, and are reversible: run from the position, they lead on from it, or, read
backwards, towards it. So a chain of n + 1 positions with the given one at any place is run in two parts, before it and
after it. If it is a draw from the posterior then nothing but the place, whose choice is ours, tells it from the others,
however slowly the chain moves: Besag & Clifford (1989), "Generalized Monte Carlo significance tests", Biometrika 76.
Gandy & Scott (2020), "Unit testing for MCMC and other Monte Carlo methods", arXiv:2001.06465, rank it among them.

That holds for one fixed kernel. So a chain of its own, which knows nothing of the position, finds step size and metric.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hmc.sampler.chain import AnyRecord, ChainState, make_buffers, make_record
from hmc.sampler.machine_code import compiled_advance
from hmc.sampler.starting import chain_rng, make_orders, start

if TYPE_CHECKING:
    from hmc.model import Model
    from hmc.settings import Settings


def chain_through(
    model: Model, settings: Settings, position: NDArray[np.float64], place: int, cells: NDArray[np.int64]
) -> tuple[NDArray[np.float64], dict[str, np.ndarray]]:
    """(draws, stats) of a chain of `settings.draws` transitions that has `position` at index `place`.

    Draws are (1, settings.draws + 1, dimension), and so is stats["lp"] (1, settings.draws + 1); the other statistics,
    by the names of `hmc.Fit`, are of the transitions, (1, settings.draws). Cells as for `hmc.running.tasks.run_chain`;
    settings with a warm-up, in which the kernel is found. ValueError where the log density at the position is not
    finite.
    """
    density, data = model.density()
    rng = chain_rng(settings, 0)
    orders = make_orders(settings, cells[:1], cells[1:2])

    def transitions(state: ChainState, count: int) -> tuple[ChainState, AnyRecord]:
        """(state, record) after `count` transitions of the state."""
        until = state.iteration + count
        record = make_record(max(0, until - settings.warmup), until, model.dimension, settings.algorithm)
        part = orders._replace(until=until)
        state = compiled_advance(settings.algorithm)(density, data, rng.bit_generator, state, buffers, part, record)
        if cells[0] != 0:
            raise KeyboardInterrupt
        return state, record

    with np.errstate(all="ignore"):
        cold = start(model, (density, data), settings, 0, rng, cells[:1])
        buffers = make_buffers(cold, settings.max_depth, settings.algorithm)
        warm, _ = transitions(cold, settings.warmup)
        parts = []
        for count in (place, settings.draws - place):
            warm.point.position[:] = position
            log_density = float(density(warm.point.position, data, warm.point.gradient))
            if not np.isfinite(log_density):
                raise ValueError(f"{model.name}: the log density is {log_density} at the position to go through")
            parts.append(transitions(warm._replace(log_density=log_density), count)[1])
    before, after = parts
    draws = np.concatenate([before.position[::-1], position[None], after.position])
    stats = {name: _joined(before, after, name, settings.warmup) for name in before._fields[1:]}
    stats["lp"] = np.insert(stats["lp"], place, log_density)
    return draws[None], {name: values[None] for name, values in stats.items()}


def _joined(before: AnyRecord, after: AnyRecord, name: str, warmup: int) -> np.ndarray:
    """A statistic of the transitions of both parts, in the order of the chain."""
    return np.concatenate([getattr(before, name)[warmup:][::-1], getattr(after, name)[warmup:]])
