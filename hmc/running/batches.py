"""Numbered pieces of work on one model, in batches: each is some fits, reduced to something small where it was done.

What a piece gives depends on its number alone, so that batches may be of any size, on any worker, in any order.
"""

import math
from typing import NamedTuple

from hmc.errors import told
from hmc.running.code_hash import code_of
from hmc.running.execution import Execution, at_once, check_execution, number_of_workers, progress_bar
from hmc.running.processes import StaleWorkerError
from hmc.running.shared_cells import attach

# As many batches per worker, so that all workers end at about the same time though some fits take longer; but no more
# pieces in one, for it is a batch that is lost, and told in one line, where a worker dies.
_BATCHES_PER_WORKER, _LARGEST_BATCH = 16, 50


class Work(NamedTuple):
    """What is done with each number.

    piece(model, number, cells) -> result: `cells` are those of its chains, a stop flag and the iteration of each; it
        raises KeyboardInterrupt when it was stopped. A worker process must be able to import it, and `functions`.
    """

    piece: object
    chains: int
    functions: tuple  # what else is called, whose code a worker must have


class PieceFailure(NamedTuple):
    """A piece that gave no result, and why."""

    number: int
    reason: str


class Done(NamedTuple):
    """What became of the pieces, in the order of their numbers. One that is in neither list was not finished."""

    results: list  # pairs (number, result)
    failures: list  # of `PieceFailure`
    interrupted: bool


class _Batch(NamedTuple):
    """What a worker is told of a batch."""

    work: Work
    code: str  # what `code_of` the work's functions and the model's is
    numbers: range
    row: int  # of cells

    @property
    def columns(self):
        """Cells of a batch: a stop flag, the iteration of each chain, the number of pieces done."""
        return 1 + self.work.chains + 1


def in_batches(model, work, count, *, workers, executor, progress, until_failure=False):
    """Do the pieces 0 to count - 1 of `work` on a model; `Done`.

    `workers`, `executor` and `progress` as for `hmc.sample`. Ctrl-C ends the run, as does the first piece that fails
    where `until_failure`; what is finished is in the result. A second Ctrl-C raises KeyboardInterrupt.
    """
    check_execution(workers, executor)
    workers = number_of_workers(workers, count)
    size = min(_LARGEST_BATCH, math.ceil(count / (at_once(executor, workers) * _BATCHES_PER_WORKER)))
    starts = range(0, count, size)
    code = code_of(model, work.piece, *work.functions)
    batches = [_Batch(work, code, range(s, min(s + size, count)), row) for row, s in enumerate(starts)]
    functions = (*work.functions, work.piece)  # these first: they are whom to name
    futures, tried, again = {}, {}, []
    with Execution(model, workers, executor, (len(batches), batches[0].columns), functions) as execution:

        def submit(batch):
            future = execution.submit(run_batch, model, batch, execution.address, until_failure)
            futures[batch.row], tried[future] = future, batch

        def ended(future):
            """Send a batch whose worker died out again, once."""
            batch = tried[future]
            if _is_lost(future) and batch not in again and not execution.is_stopped:
                again.append(batch)
                submit(batch)
            elif until_failure and any(isinstance(outcome, PieceFailure) for outcome in _outcomes(future, batch)):
                execution.stop()

        for batch in batches:
            if execution.is_stopped:  # where tasks run as they are submitted
                break
            submit(batch)
        bar = progress_bar(count, "fits") if progress else None
        execution.watch(slice(-1, None), bar, ended)
        outcomes = [o for row, future in futures.items() for o in _outcomes(future, batches[row])]
    failures = [outcome for outcome in outcomes if isinstance(outcome, PieceFailure)]
    results = [outcome for outcome in outcomes if not isinstance(outcome, PieceFailure)]
    # Fewer without a failure that ended it: Ctrl-C came, here or in a worker that has cells of its own.
    return Done(results, failures, len(outcomes) < count and not (until_failure and failures))


def _is_lost(future):
    """Whether a batch has not come back, for no reason of its own: those are in what `run_batch` returns."""
    return future.cancelled() or future.exception() is not None


def _outcomes(future, batch):
    """The outcomes of a batch: what its task returned, or the same failure of all."""
    if future.cancelled():
        return []
    error = future.exception()
    if isinstance(error, KeyboardInterrupt):
        return []
    if error is not None:
        return [PieceFailure(number, told(error)) for number in batch.numbers]
    return future.result()


def run_batch(model, batch, address, until_failure):
    """Do the pieces of a batch, whose cells are a row of those at `address`: what a worker does.

    Returns their outcomes, each a pair (number, result) or a `PieceFailure`; of fewer, where it was stopped.
    """
    if code_of(model, batch.work.piece, *batch.work.functions) != batch.code:
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
                outcomes.append((number, batch.work.piece(model, number, cells[:-1])))
            except Exception as error:
                outcomes.append(PieceFailure(number, told(error)))
                if until_failure:
                    control.cells[:: batch.columns] = 1
            except KeyboardInterrupt:  # the chain was stopped; or this thread had the signal, which is meant for all
                control.cells[:: batch.columns] = 1
                break
            cells[-1] += 1
        return outcomes
    finally:
        control.close()
