"""The work of a worker, in any process or thread: a chain, from its seed to its record, or a batch of items."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.errors import ChangedDensityError, Remark, StaleWorkerError, portable, told
from hmc.running.noticing import Notices
from hmc.running.python_code import code_of
from hmc.running.shared_cells import Address, attach
from hmc.sampler import snapshot
from hmc.sampler.chain import AnyRecord, ChainState, Orders, make_buffers, make_record
from hmc.sampler.machine_code import compiled_advance
from hmc.sampler.metric import LowRank, inverse_metric
from hmc.sampler.starting import chain_rng, make_orders, start
from hmc.settings import Settings

if TYPE_CHECKING:
    from hmc.model import Model

_STEP_SECONDS = 0.1


class ChainResult(NamedTuple):
    """The transitions that a chain finished, and the reason if it did not finish all."""

    chain: int
    record: AnyRecord  # of the transitions that were finished
    inverse_metric: NDArray[np.float64] | LowRank | None  # as adapted; None: it ended before it had a state
    snapshot: snapshot.Snapshot | None  # at the end of the record or a little before; None: it cannot be continued
    failure: BaseException | None  # the exception that ended the chain
    remarks: tuple[Remark, ...] = ()  # on the transitions up to the snapshot
    late_remarks: tuple[Remark, ...] = ()  # on those beyond it


def run_chain(
    model: "Model",
    settings: Settings,
    chain: int,
    address: Address | NDArray[np.int64],
    begun: snapshot.Snapshot | None = None,
    seconds: float | None = None,
) -> ChainResult:
    """Run chain number `chain` of a run whose control is at `address`. Errors of the model are in the result.

    begun: the snapshot from which the chain is continued; None: start it. The record begins after it.
    seconds: end after about this time, but after at least one transition; None: run to the end.
    """
    control = attach(address)
    try:
        with np.errstate(all="ignore"):  # chains in threads share the model
            return _run_chain(model.with_own_count(), settings, chain, control.cells, begun, seconds)
    finally:
        control.close()


def _run_chain(
    model: "Model",
    settings: Settings,
    chain: int,
    cells: NDArray[np.int64],
    begun: snapshot.Snapshot | None,
    seconds: float | None,
) -> ChainResult:
    first = begun.state.iteration if begun else 0
    stop, progress = cells[:1], cells[1 + chain : 2 + chain]
    progress[0] = first  # an earlier try may have changed it
    orders = make_orders(settings, stop, progress)
    # The system gives memory only to the rows that are written.
    record = make_record(orders.until - orders.first_kept, orders.until, model.dimension, settings.algorithm)
    state: ChainState | None = None
    kept: snapshot.Snapshot | None = None
    notices = Notices(model, chain)
    failure: BaseException | None = None
    try:
        density, data = model.density()
        if begun:
            begin, rng = snapshot.resume(begun)
        else:
            rng = chain_rng(settings, chain)
            begin = start(model, (density, data), settings, chain, rng, stop)
            notices.of_start(settings, (density, data), begin, stop)
        notices.begin()
        run = compiled_advance(settings.algorithm)
        buffers = make_buffers(begin, settings.max_depth, settings.algorithm)

        def advance_until(state: ChainState, until: int) -> ChainState:
            part = orders._replace(until=until)
            return run(density, data, rng.bit_generator, state, buffers, part, record)

        for state in _advanced(advance_until, begin, orders.until, seconds):
            is_stopped = stop[0] != 0  # if so, the state may be in the middle of a transition
            last = _last_draw(record, orders, first, int(progress[0])) if is_stopped else snapshot.last_draw(state)
            _require_the_same(density, data, last, record, progress)
            if is_stopped:
                break
            kept = snapshot.take(state, rng, settings.warmup)
            notices.keep()
    except (Exception, KeyboardInterrupt) as error:
        failure = portable(error)
        if isinstance(error, ChangedDensityError):
            kept = None  # it is not known when it changed
        if isinstance(error, KeyboardInterrupt):
            stop[0] = 1  # Ctrl-C reached this thread, and is meant for all chains
    metric = None if state is None else inverse_metric(state.metric)
    notices.of_proposals()
    record = _cut(record, orders, first, int(progress[0]))
    return ChainResult(chain, record, metric, kept, failure, tuple(notices.kept), tuple(notices.late))


def _advanced(
    advance_until: Callable[[ChainState, int], ChainState], state: ChainState, end: int, seconds: float | None
) -> Iterator[ChainState]:
    """The states after steps of about 0.1 s each, for about `seconds`; if that is None, only the state at the end."""
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


def _last_draw(record: AnyRecord, orders: Orders, first: int, finished: int) -> snapshot.Draw | None:
    """The last draw of a chunk that began with transition `first`, if its position was kept."""
    row = finished - orders.first_kept - 1
    if finished <= first or row < 0:
        return None
    return snapshot.Draw(record.position[row], record.lp[finished - 1], None)


def _require_the_same(
    density: Callable[..., float], data: Any, draw: snapshot.Draw | None, record: AnyRecord, progress: NDArray[np.int64]
) -> None:
    """ChangedDensityError if the density has changed since a draw.

    Divergences at the end of the record are then not counted: the change may have caused them.
    """
    changed = draw and snapshot.contradicts(draw, density, data)
    if changed:
        diverging = record.diverging[: progress[0]]
        progress[0] -= np.argmin(diverging[::-1]) if not diverging.all() else diverging.size
        raise ChangedDensityError(f"{changed}: it does not depend on position and data alone")


def _cut(record: AnyRecord, orders: Orders, first: int, finished: int) -> AnyRecord:
    """The rows of a record from transition `first` to the last one that was finished."""
    positions = record.position[max(0, first - orders.first_kept) : max(0, finished - orders.first_kept)]
    return record._replace(
        position=positions, **{name: getattr(record, name)[first:finished] for name in record._fields[1:]}
    )


class Items(NamedTuple):
    """Numbered items of work, all done by one function.

    function(model, number, cells) -> result: `cells` are those of its chains, a stop flag and the iteration of each; it
        raises KeyboardInterrupt if it is stopped. A worker process must be able to import it, and `functions`.
    """

    function: Callable[["Model", int, NDArray[np.int64]], Any]
    chains: int
    functions: tuple[Callable[..., Any], ...]  # those that it calls; a worker must have the same code of them
    algorithm: str = "nuts"  # of the sampler that it runs


class ItemFailure(NamedTuple):
    """An item without a result, and the reason."""

    number: int
    reason: str


class Batch(NamedTuple):
    """Some of the items, for one worker."""

    items: Items
    code: str  # `code_of` the functions of the items and of the model
    numbers: range
    row: int  # of cells
    until_failure: bool  # whether the first failure of an item ends all batches

    @property
    def columns(self) -> int:
        """Cells of a batch: a stop flag, the iteration of each chain, the number of items done."""
        return 1 + self.items.chains + 1


def run_batch(
    model: "Model", batch: Batch, address: Address | NDArray[np.int64]
) -> list[tuple[int, Any] | ItemFailure]:
    """Run the items of a batch, whose cells are a row of those at `address`.

    Returns their outcomes, each a pair (number, result) or an `ItemFailure`; fewer if the batch was stopped.
    """
    if code_of(model, batch.items.function, *batch.items.functions) != batch.code:
        raise StaleWorkerError("the code of a function that simulates or reduces differs")
    control = attach(address)
    try:
        cells = control.cells[batch.row * batch.columns : (batch.row + 1) * batch.columns]
        cells[-1] = 0  # an earlier try of this batch may have changed it
        outcomes: list[tuple[int, Any] | ItemFailure] = []
        for number in batch.numbers:
            if cells[0] != 0:
                break
            try:
                outcomes.append((number, batch.items.function(model, number, cells[:-1])))
            except Exception as error:
                outcomes.append(ItemFailure(number, told(error)))
                if batch.until_failure:
                    control.cells[:: batch.columns] = 1
            except KeyboardInterrupt:  # the chain was stopped, or the signal reached this thread: it is meant for all
                control.cells[:: batch.columns] = 1
                break
            cells[-1] += 1
        return outcomes
    finally:
        control.close()
