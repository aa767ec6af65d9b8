"""The choice of an executor for tasks: this thread, threads, kept worker processes, or an executor of the caller."""

import concurrent.futures
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NamedTuple

from hmc.jit.kernel import jit_is_disabled
from hmc.reporting import is_notebook, say
from hmc.running.importable import why_not_imported, why_not_processes
from hmc.running.processes import ProcessExecutor, number_of_workers
from hmc.sampler.machine_code import compiled_advance, sampler_is_stored

if TYPE_CHECKING:
    from hmc.model import Model

_UNKNOWN = 64  # tasks at a time, if an executor does not report the number of its workers


class InlineExecutor(Executor):
    """Runs each task when it is submitted, in the calling thread, where a debugger can follow it."""

    shares_memory = True

    def submit(  # type: ignore[override]  # tasks have no named arguments
        self, function: Callable[..., Any], /, *arguments: Any
    ) -> concurrent.futures.Future[Any]:
        """A future that is done."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Chosen(NamedTuple):
    """An executor, and how to treat it."""

    executor: Executor
    is_owned: bool  # whether it is shut down when the tasks are done
    at_once: int | None  # the number of tasks it is given at a time; None: all of them
    replacement: Callable[[], "Chosen"]  # another, after this one is broken or shut down; it shares memory as this does


def for_model(
    model: "Model",
    workers: int,
    executor: Executor | str | None,
    functions: Sequence[Callable[..., Any]] = (),
    algorithm: str = "nuts",
) -> Chosen:
    """The executor for tasks whose first argument is a model; the model and the sampler are compiled, once.

    functions: those that the tasks call besides the model's; worker processes must be able to import them.
    algorithm: of the sampler that they run.
    ValueError if the `executor` that was asked for is not possible.
    """
    chosen, is_owned = _of_model(model, workers, executor, functions, algorithm)
    # The replacement must find the same shared cells.
    kind = "threads" if shares_memory(chosen) else None
    return Chosen(chosen, is_owned, None, lambda: for_model(model, workers, kind, functions, algorithm))


def for_packages(packages: tuple[str, ...], tasks: int, workers: int | None, executor: Executor | None) -> Chosen:
    """The executor for tasks that run code of our packages, and compile it themselves.

    tasks: their number.
    """
    number = number_of_workers(workers, tasks)

    def own() -> Chosen:
        is_possible = number > 1 and why_not_processes() is None
        return Chosen(ProcessExecutor(number) if is_possible else InlineExecutor(), True, number, own)

    if executor is None:
        return own()
    if shares_memory(executor):
        return Chosen(executor, False, None, own)
    from hmc.running.cluster import ForeignExecutor
    from hmc.running.same_code import code_here

    at_a_time = at_once(executor, number)
    return Chosen(ForeignExecutor(executor, code_here(packages=packages), at_a_time), True, at_a_time, own)


def check_execution(workers: int | None, executor: Executor | str | None) -> None:
    """ValueError for arguments of these names that are not valid for any run."""
    number_of_workers(workers, 1)
    if not isinstance(executor, Executor):
        if executor not in (None, "threads", "processes"):
            raise ValueError(f'executor = {executor!r} is neither "processes", "threads" nor an Executor')
    elif getattr(executor, "_shutdown", False) or getattr(executor, "_shutdown_thread", False):
        raise ValueError(f"executor = {executor!r} takes no tasks: it is broken, or has been shut down")


def at_once(executor: Executor | str | None, workers: int) -> int:
    """The number of tasks to send out at a time: `workers`, or the workers of the caller's executor if it has more."""
    if not isinstance(executor, Executor):
        return workers
    return max(workers, workers_of(executor) or _UNKNOWN)


def workers_of(executor: Executor) -> int | None:
    """The number of tasks that an executor runs at a time; None if it does not report it."""
    client: Any = getattr(executor, "_client", None)
    if hasattr(client, "nthreads"):  # Dask
        return sum(client.nthreads().values()) or None
    for name in ("num_workers", "_max_workers"):  # mpi4py; the standard library, and others like it
        number = getattr(executor, name, None)
        if isinstance(number, int) and number > 0:
            return number
    return None


def shares_memory(executor: Executor) -> bool:
    """Whether the executor runs tasks in this process."""
    return getattr(executor, "shares_memory", isinstance(executor, concurrent.futures.ThreadPoolExecutor))


def _of_model(
    model: "Model",
    workers: int,
    executor: Executor | str | None,
    functions: Sequence[Callable[..., Any]],
    algorithm: str,
) -> tuple[Executor, bool]:
    """(an executor, whether it has to be shut down)."""
    if isinstance(executor, Executor):
        return _given(executor, model, workers, algorithm)
    if executor is None and jit_is_disabled():
        return InlineExecutor(), True
    if executor == "processes" or (executor is None and workers > 1):
        _compile_for_others(model, algorithm)
        reason = why_not_processes(model) or why_not_imported(functions)
        if reason is None:
            return ProcessExecutor(workers, model.density_key()), True
        if executor == "processes":
            raise ValueError(f'executor = "processes" is not possible: {reason}')
        if not is_notebook():  # where models are typed into cells; a red line under each run would look like a fault
            say(f"chains run in threads of this process: {reason}")
    _compile(model, algorithm)
    return concurrent.futures.ThreadPoolExecutor(workers), True


def _given(executor: Executor, model: "Model", workers: int, algorithm: str) -> tuple[Executor, bool]:
    """(an executor that runs tasks on that of the caller, or the latter itself; whether it has to be shut down)."""
    if shares_memory(executor):
        _compile(model, algorithm)
        return executor, False
    from hmc.running.cluster import ForeignExecutor  # imported here, since it reads all our sources
    from hmc.running.same_code import code_here

    code = code_here(model)
    if code.density is None:
        raise ValueError(
            f"executor = {executor!r}: the log density of {model.name} reaches {model.unknown_code()}, which may "
            "differ in other processes, and cannot be compared"
        )
    _compile_for_others(model, algorithm)
    return ForeignExecutor(executor, code, at_once(executor, workers)), True


def _compile(model: "Model", algorithm: str) -> None:
    model.density()
    compile_sampler(algorithm)


def _compile_for_others(model: "Model", algorithm: str) -> None:
    """Compile model and sampler for other processes on this disk, which would otherwise all compile them."""
    if not (sampler_is_stored(algorithm) and model.density_is_stored()):
        _compile(model, algorithm)


def compile_sampler(algorithm: str = "nuts") -> None:
    """Load the sampler from disk, or compile it, which is announced on a terminal."""
    if not sampler_is_stored(algorithm) and sys.stderr is not None and sys.stderr.isatty():
        say("compiling the sampler, which is done once and takes about 15 seconds")
    compiled_advance(algorithm)
