"""Numbered items of work on one model, in batches: each is some fits, reduced to something small where it was done.

The result of an item depends on its number alone, so that batches may be of any size, on any worker, in any order.
"""

import math
from functools import partial
from typing import NamedTuple

from hmc.errors import told
from hmc.reporting import progress_bar
from hmc.running.execution import Execution, Task
from hmc.running.executors import at_once, check_execution, for_model, number_of_workers
from hmc.running.same_code import code_of
from hmc.running.tasks import Batch, ItemFailure, run_batch

# As many batches per worker, so that all workers end at about the same time though some fits take longer; but no more
# items in one, for it is a batch that is lost, and told in one line, where a worker dies.
_BATCHES_PER_WORKER, _LARGEST_BATCH = 16, 50


class Finished(NamedTuple):
    """What became of the items, in the order of their numbers. One that is in neither list was not finished."""

    results: list  # pairs (number, result)
    failures: list  # of `ItemFailure`
    interrupted: bool


def in_batches(model, items, count, *, workers, executor, progress, until_failure=False):
    """Do the items 0 to count - 1 on a model; `Finished`.

    items: `hmc.running.tasks.Items`. `workers`, `executor` and `progress` as for `hmc.sample`. Ctrl-C ends the run, as
    does the first item that fails where `until_failure`; what is finished is in the result. A second Ctrl-C raises
    KeyboardInterrupt.
    """
    check_execution(workers, executor)
    workers = number_of_workers(workers, count)
    size = min(_LARGEST_BATCH, math.ceil(count / (at_once(executor, workers) * _BATCHES_PER_WORKER)))
    code = code_of(model, items.function, *items.functions)
    starts = range(0, count, size)
    batches = [Batch(items, code, range(s, min(s + size, count)), row, until_failure) for row, s in enumerate(starts)]
    functions = (*items.functions, items.function)  # these first: they are whom to name
    outcomes = {}  # by row of the batch
    chosen = for_model(model, workers, executor, functions)
    with Execution(chosen, (len(batches), batches[0].columns)) as execution:

        def arguments(batch):
            return model, batch, execution.address

        def ended(batch, found, error, may_run_again):
            if error is not None and not isinstance(error, KeyboardInterrupt):
                if may_run_again:
                    return f"a batch of {len(batch.numbers)} fits is lost and is run again: {told(error)}"
                found = [ItemFailure(number, told(error)) for number in batch.numbers]
            outcomes[batch.row] = found or []
            if until_failure and any(isinstance(outcome, ItemFailure) for outcome in outcomes[batch.row]):
                execution.stop()
            return None

        for batch in batches:
            if execution.is_stopped:  # where tasks run as they are submitted
                break
            execution.submit(Task(run_batch, partial(arguments, batch), partial(ended, batch)))
        execution.watch(slice(-1, None), progress_bar(count, "fits") if progress else None)
    found = [outcome for row in sorted(outcomes) for outcome in outcomes[row]]
    failures = [outcome for outcome in found if isinstance(outcome, ItemFailure)]
    results = [outcome for outcome in found if not isinstance(outcome, ItemFailure)]
    # Fewer without a failure that ended it: Ctrl-C came, here or in a worker that has cells of its own.
    return Finished(results, failures, len(found) < count and not (until_failure and failures))
