"""The sampler's transitions, recorded step by step: where every leapfrog step went, and why the trajectory ended.

There is no second sampler here. The kernels that a chain runs are copied with some of them replaced by ones that do
the same and take notes (`hmc.jit.copying.substituted`, `hmc/record/watcher.py`), so that what is recorded is what
`hmc.sample` does, bit for bit: the transition recorded after `after` others gives the draw that `hmc.sample` gives
there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from hmc.jit.copying import substituted
from hmc.model import check_model
from hmc.record.recorded import RecordedTransition, Recording
from hmc.record.watcher import Watcher, watch_climb
from hmc.sampler.chain import AnyRecord, Orders, advance, make_buffers, make_record, tolerance_at
from hmc.sampler.machine_code import compiled_advance
from hmc.sampler.metric import DENSE, DIAGONAL, LowRank, Metric, identity, of_low_rank, set_from_covariance
from hmc.sampler.nuts import make_trajectory
from hmc.sampler.phase_space import Hamiltonian, Reach, Start, draw_momentum
from hmc.sampler.starting import chain_rng, make_orders, start
from hmc.sampling import settings_from
from hmc.settings import Settings, check_whole
from hmc.unmasked import unmasked

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from hmc.model import Model

_AT_A_TIME = 50  # transitions of the warm-up between two chances for Ctrl-C
_SETTINGS_FROM = ("algorithm", "path_length", "tolerance", "max_depth")  # of `record_from`


def record(
    model: Model, *, transitions: int = 1, after: int | None = None, chain: int = 0, **settings: Any
) -> Recording:
    """Transitions of the chain that `hmc.sample(model, **settings)` runs; a list of `RecordedTransition`.

    after: how many transitions of the chain to run before the first that is recorded. None: the warm-up, so that the
        draws recorded are `fit.unconstrained[chain, :transitions]`. They are run compiled and leave nothing behind.
    chain: which of the chains, from 0.
    settings: those arguments of `hmc.sample` that draws depend on, with the same defaults: seed, warmup, chains,
        target_accept, max_depth, initial, algorithm, path_length, tolerance, metric, adaptation.

    ValueError for an argument that is wrong, InitializationError where the chain finds no start.
    """
    checked = _checked(model, settings)
    after = checked.warmup if after is None else check_whole("after", after, 0)
    until = after + check_whole("transitions", transitions, 1)
    if not 0 <= check_whole("chain", chain, 0) < checked.chains:
        raise ValueError(f"chain = {chain}: there are chains 0 to {checked.chains - 1}")
    rng = chain_rng(checked, chain)
    orders = _orders(checked)._replace(first_kept=until)
    statistics = _statistics(until, model, after, checked.algorithm)
    watcher = Watcher()
    with np.errstate(all="ignore"):
        density = model.density()
        state = start(model, density, checked, chain, rng, orders.stop)
        buffers = make_buffers(state, checked.max_depth, checked.algorithm)
        begin = Start(state.point, state.log_density)
        climb = watch_climb(Hamiltonian(*density, state.metric), begin, orders.stop) if checked.warmup else None
        for reached in range(_AT_A_TIME, after + _AT_A_TIME, _AT_A_TIME):
            part = orders._replace(until=min(reached, after))
            state = compiled_advance(checked.algorithm)(*density, rng.bit_generator, state, buffers, part, statistics)
        watched = substituted(advance, transition=watcher.transition)
        watched(*density, rng.bit_generator, state, buffers, orders._replace(until=until), statistics)
    first, *others = _records(model, checked, chain, after, watcher.notes)
    return Recording([first._replace(climb=climb), *others])


def record_from(
    model: Model,
    position: Any,
    step_size: float,
    *,
    inverse_metric: ArrayLike | LowRank | None = None,
    transitions: int = 1,
    seed: int | None = 12,
    **settings: Any,
) -> Recording:
    """Transitions from a position, with a step size and a metric of your own; a list of `RecordedTransition`.

    The momenta and all other random numbers are those of `numpy.random.default_rng(seed)`.

    position: unconstrained (dimension,), or named values as in `fit`.
    inverse_metric: (dimension,) variances, or a covariance (dimension, dimension), or a `hmc.LowRank`; None: ones.
    settings: algorithm, path_length, tolerance, max_depth, as in `hmc.sample`.

    ValueError for an argument that is wrong, InitializationError where the density or gradient there is not finite.
    """
    given = {"initial": position, "chains": 1, "warmup": 0, "seed": seed}
    twice = [name for name in settings if name not in _SETTINGS_FROM]
    if twice:
        raise ValueError(f"record_from has no argument {twice[0]}; settings are {', '.join(_SETTINGS_FROM)}")
    checked = _checked(model, settings | given)
    check_whole("transitions", transitions, 1)
    if not 0.0 < step_size < math.inf:
        raise ValueError(f"step_size = {step_size!r} is not a positive number")
    metric = _metric(model, inverse_metric)
    rng, orders = np.random.default_rng(checked.seed), _orders(checked)
    trajectory = make_trajectory(model.dimension, checked.max_depth, checked.algorithm == "walnuts")
    reach = Reach(float(step_size), checked.max_depth, checked.path_length, tolerance_at(0, orders.macro))
    watcher = Watcher()
    with np.errstate(all="ignore"):
        density = model.density()
        state = start(model, density, checked, 0, rng, orders.stop)
        log_density = state.log_density
        for _ in range(transitions):
            draw_momentum(rng, state.point.momentum)
            begin = Start(state.point, log_density)
            hamiltonian = Hamiltonian(*density, metric)
            log_density = watcher.transition(hamiltonian, begin, trajectory, reach, orders, rng).log_density
    return _records(model, checked, 0, 0, watcher.notes)


def _checked(model: Model, given: dict[str, Any]) -> Settings:
    """`Settings` of these arguments of `hmc.sample`, its own defaults for the rest."""
    check_model(model, "hmc.record")
    known = [name for name in Settings._fields if name not in ("draws", "keep_warmup")]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ValueError(f"{unknown[0]} is not a setting of a recorded chain; the settings are {', '.join(known)}")
    return settings_from(model, **given, draws=1)


def _orders(settings: Settings) -> Orders:
    return make_orders(settings, stop=np.zeros(1, np.int64), progress=np.zeros(1, np.int64))


def _statistics(until: int, model: Model, after: int, algorithm: str) -> AnyRecord:
    try:
        return make_record(0, until, model.dimension, algorithm)
    except (MemoryError, ValueError):  # of an array that is larger than any can be
        transitions = f"after = {after} and transitions = {until - after}"
        raise ValueError(f"{transitions}: so many do not fit into memory") from None


def _metric(model: Model, inverse_metric: ArrayLike | LowRank | None) -> Metric:
    """The sampler's metric of these variances or this covariance."""
    dimension = model.dimension
    if isinstance(inverse_metric, LowRank):
        return of_low_rank(inverse_metric)
    unmasked("inverse_metric", inverse_metric)
    given = np.ones(dimension) if inverse_metric is None else np.array(inverse_metric, dtype=np.float64)
    if given.shape not in ((dimension,), (dimension, dimension)):
        raise ValueError(f"inverse_metric has shape {given.shape}, not ({dimension},) or ({dimension}, {dimension})")
    metric = identity(dimension, DENSE if given.ndim == 2 else DIAGONAL)
    if given.ndim == 1:
        if not (np.isfinite(given).all() and (given > 0.0).all()):
            raise ValueError("inverse_metric: variances are positive numbers")
        metric.scale[:] = np.sqrt(given)
        return metric
    set_from_covariance(metric, given.copy())
    # It stays the unit metric where the Cholesky factor does not exist, and takes the lower triangle for the whole.
    if not np.allclose(metric.factor @ metric.factor.T, given, rtol=1e-8, atol=0.0):
        raise ValueError("inverse_metric is not symmetric and positive definite")
    return metric


def _records(model: Model, settings: Settings, chain: int, first: int, notes: Iterable[tuple[Any, ...]]) -> Recording:
    return Recording(
        RecordedTransition(model.name, chain, first + k, settings.warmup, settings.algorithm, *note)
        for k, note in enumerate(notes)
    )
