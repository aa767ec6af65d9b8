"""Chains and batches on processes, threads and clusters.

In the caller's process:
execution    tasks under way: counted, stopped, sent out again where they are lost
executors    which executor runs them: this thread, threads, worker processes, one of the caller's
processes    worker processes, kept for the next call
cluster      executors that somebody else made, as of a Dask cluster
chain_run    a chain as the caller sees it: its chunks, put together
batches      many small fits, in batches

In a worker:
tasks        what it runs: `run_chain`, `run_batch`
preload      what the fork server imports once for all workers

Between the two:
shared_cells a stop flag and counters in memory that both see
same_code    whether a worker has the code of this process
importable   whether a worker process can have the model, and why not
model_file   an author's file as a module, by its path, in this process and in workers
search_path  where new processes look for modules: the user's folder last
interrupts   Ctrl-C noted, and not raised in the midst of something
"""

import importlib

_HOMES = {
    "AT_ONCE": "interrupts",
    "Execution": "execution",
    "Items": "tasks",
    "Task": "execution",
    "check_execution": "executors",
    "compile_sampler": "executors",
    "for_packages": "executors",
    "in_batches": "batches",
    "is_lost": "execution",
    "start_early": "processes",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'hmc.running' has no attribute {name!r}")
    return getattr(importlib.import_module(f"hmc.running.{_HOMES[name]}"), name)
