"""What a worker runs, in whichever process or thread: a chain from its seed to its record, a batch of items."""

import pickle
import time
from typing import NamedTuple

import numpy as np

from hmc.errors import ChangedDensityError, StaleWorkerError, told
from hmc.reporting import say
from hmc.running.same_code import code_of
from hmc.running.shared_cells import attach
from hmc.sampler import snapshot
from hmc.sampler.chain import make_record
from hmc.sampler.machine_code import compiled_advance
from hmc.sampler.metric import inverse_metric
from hmc.sampler.nuts import make_trajectory
from hmc.sampler.starting import chain_rng, make_orders, start

_STEP_SECONDS = 0.1


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
        before = model.n_raised
        with np.errstate(all="ignore"):
            result = _run_chain(model, settings, chain, control.cells, (begun, seconds))
        if model.n_raised > before and not result.failure:
            number = f"{model.n_raised - before:,} proposal(s) of chain {chain + 1}"
            say(f"{model.name}: {number} rejected, since log_density raised {model.last_raised()}")
        return result
    finally:
        control.close()


def _run_chain(model, settings, chain, cells, chunk):
    begun, seconds = chunk
    first = begun.state.iteration if begun else 0
    stop, progress = cells[:1], cells[1 + chain : 2 + chain]
    progress[0] = first  # an earlier try may have left its mark
    orders = make_orders(settings, stop, progress)
    record = make_record(
        orders.until - orders.first_kept, orders.until, model.dimension
    )  # memory is taken where it is written
    state, kept, failure = None, None, None
    try:
        density, data = model.density()
        begin, rng = snapshot.resume(begun) if begun else (None, chain_rng(settings, chain))
        begin = begin or start(model, (density, data), settings, chain, rng, stop)
        trajectory = make_trajectory(model.dimension, settings.max_depth)

        def advance_until(state, until):
            part = orders._replace(until=until)
            return compiled_advance()(density, data, rng.bit_generator, state, trajectory, part, record)

        for state in _advanced(advance_until, begin, orders.until, seconds):
            is_stopped = stop[0] != 0  # if so, the state may be one in the midst of a transition
            last = _last_draw(record, orders, first, int(progress[0])) if is_stopped else snapshot.last_draw(state)
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
    metric = None if state is None else inverse_metric(state.metric)
    return ChainResult(chain, _cut(record, orders, first, int(progress[0])), metric, kept, failure)


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


def _last_draw(record, orders, first, finished):
    """The `Draw` of the last transition in a record that starts with transition `first`, if its position is there."""
    row = finished - orders.first_kept - 1
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


def _cut(record, orders, first, finished):
    """The rows of a record from transition `first` to the last that was finished."""
    positions = record.position[max(0, first - orders.first_kept) : max(0, finished - orders.first_kept)]
    return record._replace(
        position=positions, **{name: getattr(record, name)[first:finished] for name in record._fields[1:]}
    )


class Items(NamedTuple):
    """Numbered items of work, all done by one function.

    function(model, number, cells) -> result: `cells` are those of its chains, a stop flag and the iteration of each; it
        raises KeyboardInterrupt when it was stopped. A worker process must be able to import it, and `functions`.
    """

    function: object
    chains: int
    functions: tuple  # what else is called, whose code a worker must have


class ItemFailure(NamedTuple):
    """An item that gave no result, and why."""

    number: int
    reason: str


class Batch(NamedTuple):
    """Some of the items, for one worker."""

    items: Items
    code: str  # what `code_of` the items' functions and the model's is
    numbers: range
    row: int  # of cells
    until_failure: bool  # whether the first failure of an item ends all batches

    @property
    def columns(self):
        """Cells of a batch: a stop flag, the iteration of each chain, the number of items done."""
        return 1 + self.items.chains + 1


def run_batch(model, batch, address):
    """Do the items of a batch, whose cells are a row of those at `address`.

    Returns their outcomes, each a pair (number, result) or an `ItemFailure`; of fewer, where it was stopped.
    """
    if code_of(model, batch.items.function, *batch.items.functions) != batch.code:
        raise StaleWorkerError("the code of a function that simulates or reduces differs")
    control = attach(address)
    try:
        cells = control.cells[batch.row * batch.columns : (batch.row + 1) * batch.columns]
        cells[-1] = 0  # an earlier try of this batch may have left its mark
        outcomes = []
        for number in batch.numbers:
            if cells[0] != 0:
                break
            try:
                outcomes.append((number, batch.items.function(model, number, cells[:-1])))
            except Exception as error:
                outcomes.append(ItemFailure(number, told(error)))
                if batch.until_failure:
                    control.cells[:: batch.columns] = 1
            except KeyboardInterrupt:  # the chain was stopped; or this thread had the signal, which is meant for all
                control.cells[:: batch.columns] = 1
                break
            cells[-1] += 1
        return outcomes
    finally:
        control.close()
