"""One chain from its seed to its record: what a worker does, in whichever process or thread it lives."""

import functools
import pickle
import time
from typing import NamedTuple

import numba
import numpy as np

from hmc import adaptation, snapshot
from hmc.chain import NUTS, STATIC, ChainState, Job, advance, make_record
from hmc.compiled import DENSITY, compile_entry, entry_is_stored, entry_key
from hmc.control import attach
from hmc.errors import ChangedDensityError, InitializationError, told
from hmc.metric import DENSE, identity
from hmc.nuts import make_trajectory
from hmc.phase_space import PhasePoint
from hmc.step_size import restart

INITIAL_TRIES = 100
_STEP_SECONDS = 0.1


class Failure(NamedTuple):
    """A chain that gave no draws to the fit: which, after how many transitions (warm-up included), and why."""

    chain: int
    iteration: int
    reason: str


class ChainResult(NamedTuple):
    """What a chain gives back: the transitions it finished, and why it did not finish the rest, if so."""

    chain: int
    record: object  # chain.Record, cut to what was finished
    # As adapted: (dimension,), or (dimension, dimension) for the dense metric; None: it ended before it had a state.
    inverse_metric: np.ndarray | None
    snapshot: object  # what it can be gone on from, at the end of the record or a little before; None: nothing
    failure: object  # the exception that ended the chain, or None


def run_chain(model, settings, chain, address, begun=None, seconds=None):
    """Run chain number `chain` of a run whose control is at `address`. What the model does wrong is in the result.

    begun: the `Snapshot` to go on from; None: from the start. The record is of what follows it.
    seconds: end after about as many, after one transition at least; None: go on to the end of the run.
    """
    control = attach(address)
    try:
        with np.errstate(all="ignore"):
            return _run_chain(model, settings, chain, control.cells, (begun, seconds))
    finally:
        control.close()


def _run_chain(model, settings, chain, cells, chunk):
    begun, seconds = chunk
    first = begun.state.iteration if begun else 0
    stop, progress = cells[:1], cells[1 + chain : 2 + chain]
    progress[0] = first  # an earlier try may have left its mark
    job = make_job(settings, stop, progress)
    record = make_record(job.until - job.first_kept, job.until, model.dimension)  # memory is taken where it is written
    state, kept, failure = None, None, None
    try:
        density, data = model.density()
        begin, rng = snapshot.resume(begun) if begun else (None, chain_rng(settings, chain))
        begin = begin or start(model, (density, data), settings, chain, rng, stop)
        trajectory = make_trajectory(model.dimension, settings.max_depth)

        def advance_until(state, until):
            part = job._replace(until=until)
            return compiled_advance()(density, data, rng.bit_generator, state, trajectory, part, record)

        for state in _advanced(advance_until, begin, job.until, seconds):
            is_stopped = stop[0] != 0  # if so, the state may be one in the midst of a transition
            last = _last_draw(record, job, first, int(progress[0])) if is_stopped else snapshot.last_draw(state)
            _require_the_same(density, data, last, record, progress)
            if is_stopped:
                break
            kept = snapshot.take(state, rng, settings.warmup)
    except (Exception, KeyboardInterrupt) as error:
        failure = _portable(error)
        if isinstance(error, ChangedDensityError):
            kept = None  # nobody knows since when
        if isinstance(error, KeyboardInterrupt):
            stop[0] = 1  # it came while this thread ran the chain: it is meant for all of them
    return ChainResult(chain, _cut(record, job, first, int(progress[0])), inverse_metric(state), kept, failure)


def _advanced(advance_until, state, end, seconds):
    """The states after steps of at most about 0.1 s each, for about so many seconds; of None, the state at the end."""
    if seconds is None:
        yield advance_until(state, end)
        return
    started, step = time.perf_counter(), 1
    while True:
        begun = time.perf_counter()
        state = advance_until(state, min(end, state.iteration + step))
        yield state
        now = time.perf_counter()
        if state.iteration == end or now - started >= seconds:
            return
        step = max(1, min(2 * step, int(step * _STEP_SECONDS / max(now - begun, 1e-9))))


def _last_draw(record, job, first, finished):
    """The `Draw` of the last transition in a record that starts with transition `first`, if its position is there."""
    row = finished - job.first_kept - 1
    if finished <= first or row < 0:
        return None
    return snapshot.Draw(record.position[row], record.lp[finished - 1], None)


def _require_the_same(density, data, draw, record, progress):
    """ChangedDensityError where the density has become another since a draw; what followed that is no transition."""
    changed = draw and snapshot.contradicts(draw, density, data)
    if changed:
        diverging = record.diverging[: progress[0]]
        progress[0] -= np.argmin(diverging[::-1]) if not diverging.all() else diverging.size
        raise ChangedDensityError(f"{changed}: it does not depend on position and data alone")


def _portable(error):
    """The exception, or one that says the same where it would not survive the way back from a worker."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # pickling runs the code of whatever the author's exception holds
        return RuntimeError(told(error))
    return error


def _cut(record, job, first, finished):
    """The rows of a record from transition `first` to the last that was finished."""
    positions = record.position[max(0, first - job.first_kept) : max(0, finished - job.first_kept)]
    return record._replace(
        position=positions, **{name: getattr(record, name)[first:finished] for name in record._fields[1:]}
    )


def chain_rng(settings, chain):
    """The random generator of chain number `chain`: its own, whatever the others do."""
    return np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=(chain,)))


def make_job(settings, stop, progress):
    """The chain's job in numbers, for compiled code."""
    dense = settings.metric == "dense"
    by_gradients = settings.adaptation == "gradients"
    plan = (
        adaptation.plan_gradients(settings.warmup, dense) if by_gradients else adaptation.plan_windows(settings.warmup)
    )
    if settings.metric == "unit":  # only the step size is learned, and nothing is taken from a first gradient
        plan, by_gradients = plan & adaptation.RESTART, False
    return Job(
        algorithm=NUTS if settings.algorithm == "nuts" else STATIC,
        max_depth=settings.max_depth,
        path_length=settings.path_length,
        target_accept=settings.target_accept,
        estimator=adaptation.DRAWS_AND_GRADIENTS if by_gradients else adaptation.VARIANCE_OF_DRAWS,
        plan=plan,
        first_kept=0 if settings.keep_warmup else settings.warmup,
        until=settings.warmup + settings.draws,
        stop=stop,
        progress=progress,
    )


def start(model, density, settings, chain, rng, stop):
    """The state a chain starts from: `initial` if given, else a point uniform in (-2, 2) that can be gone on from.

    InitializationError, with the last point tried, where none of 100 has a finite log density and gradient.
    """
    function, data = density
    dimension, dense = model.dimension, settings.metric == "dense"
    point = PhasePoint(*(np.zeros(dimension) for _ in PhasePoint._fields))
    given = settings.initial is not None
    for _ in range(1 if given else INITIAL_TRIES):
        point.position[:] = settings.initial[chain] if given else rng.uniform(-2.0, 2.0, dimension)
        log_density = float(function(point.position, data, point.gradient))
        if stop[0] != 0:
            raise KeyboardInterrupt
        if np.isfinite(log_density) and np.isfinite(point.gradient).all():
            moments = adaptation.make_moments(dimension, dense)
            return ChainState(0, log_density, restart(1.0), point, identity(dimension, dense), moments)
    raise InitializationError(_no_start(model, point, log_density, given))


def _no_start(model, point, log_density, given):
    """The message: where it was tried, what was found there, and which gradient component was at fault."""
    values = ", ".join(_brief(name, value) for name, value in model.constrain(point.position).items())
    where = "at the initial point given" if given else f"in {INITIAL_TRIES} tries; last"
    message = (
        f"{model.name}: no starting point with a finite log density {where}: {values}, log density = {log_density}"
    )
    if np.isfinite(log_density):
        component = int(np.flatnonzero(~np.isfinite(point.gradient))[0])
        message += f", gradient[{component}] = {point.gradient[component]}"
    return message


def _brief(name, value):
    flat = np.ravel(value)
    return f"{name} = {', '.join(f'{v:.2g}' for v in flat[:3])}{', ...' if flat.size > 3 else ''}"


def inverse_metric(state):
    """L L', or its diagonal, of a state's metric; None of the state None."""
    if state is None:
        return None
    if state.metric.kind == DENSE:
        return state.metric.factor @ state.metric.factor.T
    return state.metric.scale**2


def compiled_advance():
    """`hmc.chain.advance`, compiled for all models; a Python function when the JIT is disabled."""
    return compile_entry(advance, *advance_types())


def sampler_is_stored():
    """Whether another process can load the compiled sampler from disk."""
    return entry_is_stored(advance, *advance_types())


def sampler_key():
    """A hash of all code that a transition runs but the density's: the same key, the same draws."""
    return entry_key(advance, *advance_types())


@functools.cache
def advance_types():
    """The argument types of `advance`, read off an example: they are the same whatever the model."""
    point = PhasePoint(np.zeros(1), np.zeros(1), np.zeros(1))
    state = ChainState(0, 0.0, restart(1.0), point, identity(1, False), adaptation.make_moments(1, False))
    cell = np.zeros(1, np.int64)
    job = Job(0, 1, 1.0, 0.8, 0, cell, 0, 1, cell, cell)
    examples = (np.random.default_rng(0).bit_generator, state, make_trajectory(1, 1), job, make_record(1, 1, 1))
    return (DENSITY, numba.types.intp, *map(numba.typeof, examples))
