"""Chains and batches on processes, threads and clusters.

In the caller's process:
execution    tasks under way: counted, stopped, repeated if they are lost
executors    the choice of an executor: this thread, threads, worker processes, one of the caller's
processes    worker processes, kept for the next call
cluster      executors of the caller's, for example of a Dask cluster
chain_run    a chain in the caller's process, which joins its chunks
batches      many small fits, in batches

In a worker:
tasks        the work: `run_chain`, `run_batch`
noticing     what a worker notices of a chain, to be told with the fit
preload      the imports that the fork server makes once for all workers

Between the two:
shared_cells a stop flag and counters in memory that both see
python_code  a hash of what simulators reach, by which a worker with other code is noticed
same_code    whether a worker has the code of this process
importable   whether a worker process can import the model, and the reason if not
model_file   an author's file as a module, by its path, in this process and in workers
search_path  where new processes look for modules: the user's folder last
interrupts   Ctrl-C that is noted and waits, so that no work is left half done
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hmc.running.batches import in_batches as in_batches
    from hmc.running.execution import Execution as Execution
    from hmc.running.execution import Task as Task
    from hmc.running.execution import is_lost as is_lost
    from hmc.running.executors import check_execution as check_execution
    from hmc.running.executors import compile_sampler as compile_sampler
    from hmc.running.executors import for_packages as for_packages
    from hmc.running.tasks import Items as Items

_HOMES = {
    "Execution": "execution",
    "Items": "tasks",
    "Task": "execution",
    "check_execution": "executors",
    "compile_sampler": "executors",
    "for_packages": "executors",
    "in_batches": "batches",
    "is_lost": "execution",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hmc.running' has no attribute {name!r}")
    return getattr(importlib.import_module(f"hmc.running.{_HOMES[name]}"), name)
