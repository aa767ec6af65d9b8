"""Numbered items of work on one model, in batches. An item is a few fits, reduced to a small result in the worker.

The result of an item depends on its number alone, so batches may have any size, and run on any worker in any order.
"""

import math
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from hmc.errors import told
from hmc.reporting import progress_bar
from hmc.running.execution import Execution, Task
from hmc.running.executors import at_once, check_execution, for_model
from hmc.running.processes import number_of_workers
from hmc.running.python_code import code_of
from hmc.running.tasks import Batch, ItemFailure, Items, run_batch

if TYPE_CHECKING:
    from hmc.model import Model

# Many batches per worker, so that all workers end at about the same time though some fits take longer.
_BATCHES_PER_WORKER = 16
_LARGEST_BATCH = 50  # items; a whole batch is lost if its worker dies


class Finished(NamedTuple):
    """The outcomes of items, in the order of their numbers. An item that is in neither list was not finished."""

    results: list[tuple[int, Any]]  # (number, result)
    failures: list[ItemFailure]
    interrupted: bool


def in_batches(
    model: "Model",
    items: Items,
    count: int,
    *,
    workers: int | None,
    executor: Executor | str | None,
    progress: bool,
    until_failure: bool = False,
) -> Finished:
    """Run the items 0 to count - 1 on a model.

    workers, executor, progress: as for `hmc.sample`.
    until_failure: end the run at the first item that fails.

    Ctrl-C ends the run, and the result has the items that are finished. A second one raises KeyboardInterrupt.
    """
    check_execution(workers, executor)
    workers = number_of_workers(workers, count)
    size = min(_LARGEST_BATCH, math.ceil(count / (at_once(executor, workers) * _BATCHES_PER_WORKER)))
    code = code_of(model, items.function, *items.functions)
    starts = range(0, count, size)
    batches = [Batch(items, code, range(s, min(s + size, count)), row, until_failure) for row, s in enumerate(starts)]
    functions = (*items.functions, items.function)  # a message names the first that cannot be imported
    outcomes: dict[int, list[tuple[int, Any] | ItemFailure]] = {}  # by row of the batch
    chosen = for_model(model, workers, executor, functions, items.algorithm)
    with Execution(chosen, (len(batches), batches[0].columns)) as execution:

        def arguments(batch: Batch) -> tuple[Any, ...]:
            return model, batch, execution.address

        def ended(batch: Batch, found: Any, error: BaseException | None, may_run_again: bool) -> str | None:
            if error is not None and not isinstance(error, KeyboardInterrupt):
                if may_run_again:
                    return f"a batch of {len(batch.numbers)} fits is lost and is run again: {told(error)}"
                found = [ItemFailure(number, told(error)) for number in batch.numbers]
            outcomes[batch.row] = found or []
            if until_failure and any(isinstance(outcome, ItemFailure) for outcome in outcomes[batch.row]):
                execution.stop()
            return None

        for batch in batches:
            if execution.is_stopped:  # by a task that ran at once, when it was submitted
                break
            execution.submit(Task(run_batch, partial(arguments, batch), partial(ended, batch)))
        execution.watch(slice(-1, None), progress_bar(count, "fits") if progress else None)
    found = [outcome for row in sorted(outcomes) for outcome in outcomes[row]]
    failures = [outcome for outcome in found if isinstance(outcome, ItemFailure)]
    results = [outcome for outcome in found if not isinstance(outcome, ItemFailure)]
    # Items are missing though no failure ended the run: Ctrl-C came, here or in a worker with cells of its own.
    return Finished(results, failures, len(found) < count and not (until_failure and failures))
