"""Tasks under way: counted while they run, stopped by Ctrl-C, and repeated if they are lost.

Sampling (a task is a chunk of a chain), replication (a batch of fits) and the lecture (a fit, a figure) use it. A
running task reads and writes cells that both sides see (`hmc/running/shared_cells.py`): rows of whole numbers, each
with a stop flag and then counters.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmc.errors import LostTaskError
from hmc.reporting import say
from hmc.running.executors import Chosen, shares_memory
from hmc.running.interrupts import noticing_interrupts
from hmc.running.shared_cells import Address, LocalControl, SharedControl

_POLL_SECONDS = 0.05
_TRIES = 2  # of each task


@dataclass(eq=False)
class Task:
    """One call that a worker makes.

    function     a worker process must be able to import it
    arguments    () -> its arguments; called at each try
    ended        (result, error, may_run_again) -> a message or None; called in the caller's thread when a try has
                 ended. The error is None or an exception: KeyboardInterrupt if Ctrl-C cancelled the task. If there is a
                 message, and the task may run again, the message is printed and the task is repeated.
    """

    function: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    ended: Callable[[Any, BaseException | None, bool], str | None]
    tries: int = 0


class Execution:
    """An executor and the cells of its tasks, for a `with`. At its end all tasks have ended, and memory is released.

    chosen        the executor
    cells         the shape of the cells, (rows, columns)
    at_interrupt  a message to print at the first Ctrl-C, or None
    """

    def __init__(self, chosen: Chosen, cells: tuple[int, int], at_interrupt: str | None = None) -> None:
        self._chosen = chosen
        self._shape = cells
        self._control: LocalControl | SharedControl | None = None
        self._at_interrupt = at_interrupt
        self._tasks: dict[Future[Any], Task] = {}
        self._ended: collections.deque[Future[Any]] = collections.deque()
        self._news = threading.Lock()  # released when a task ends
        self._news.acquire()

    def __enter__(self) -> Execution:
        with contextlib.ExitStack() as signals:  # first, so that no signal comes between the cells and their release
            signals.enter_context(noticing_interrupts(self._interrupt))
            is_local = shares_memory(self._chosen.executor)
            self._control = (LocalControl if is_local else SharedControl)(math.prod(self._shape))
            self._signals = signals.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._signals:
            self.stop()
            control, self._control = self._shared, None
            is_hurried = bool(kind and issubclass(kind, KeyboardInterrupt))  # after a second Ctrl-C nobody will wait
            try:
                self._shut_down(wait=not is_hurried, cancel_futures=kind is not None)
            finally:
                control.close()

    @property
    def _shared(self) -> LocalControl | SharedControl:
        if self._control is None:
            raise RuntimeError("an Execution has cells only within its `with`")
        return self._control

    @property
    def cells(self) -> NDArray[np.int64]:
        """The cells (rows, columns); column 0 has the stop flags."""
        return self._shared.cells.reshape(self._shape)

    @property
    def address(self) -> Address | NDArray[np.int64]:
        """The address by which a task finds the cells, row after row (`hmc.running.shared_cells.attach`)."""
        return self._shared.address

    @property
    def under_way(self) -> int:
        """The number of tasks that have not ended."""
        return len(self._tasks)

    def submit(self, task: Task) -> None:
        """Send out a task. If the executor is broken or shut down, another one of ours takes over, with a message."""
        task.tries += 1
        arguments = task.arguments()
        try:
            future = self._chosen.executor.submit(task.function, *arguments)
        except RuntimeError as error:  # BrokenExecutor among them
            say(f"the executor takes no more tasks, and the rest runs in one of our own: {error}")
            self._shut_down(wait=False)  # its tasks fail for the same reason, and are repeated
            self._chosen = self._chosen.replacement()
            future = self._chosen.executor.submit(task.function, *arguments)
        self._tasks[future] = task
        future.add_done_callback(self._note)

    def stop(self) -> None:
        """Ask all tasks to end; a chain does so within one gradient."""
        if self._control is not None:
            self.cells[:, 0] = 1

    @property
    def is_stopped(self) -> bool:
        """Whether tasks have been asked to end, by `stop` or by a task that had a Ctrl-C itself."""
        return bool(self.cells[:, 0].any())

    def watch(self, counters: slice = slice(0, 0), bar: Any = None) -> None:
        """Wait for all tasks, and show the sum of the cells in the columns `counters` in the bar.

        Tasks that are submitted meanwhile, for example by the `ended` of others, are waited for too. Ctrl-C stops the
        tasks, and cancels those that have not begun; a second one raises KeyboardInterrupt.
        """
        are_cancelled = False
        try:
            while self._tasks:
                # Not `concurrent.futures.wait`, whose locks the second Ctrl-C could leave taken.
                self._news.acquire(timeout=_POLL_SECONDS)
                if self.is_stopped and not are_cancelled:
                    are_cancelled = True
                    for future in list(self._tasks):
                        future.cancel()
                if bar is not None:
                    bar.update(int(self.cells[:, counters].sum()) - bar.n)
                while self._ended:
                    self._take(self._ended.popleft())
        finally:
            if bar is not None:
                bar.close()

    def _take(self, future: Future[Any]) -> None:
        """Hand over the outcome of a task, and repeat the task, once, if that is asked for."""
        task = self._tasks.pop(future)
        may_run_again = task.tries < _TRIES and not self.is_stopped
        message = task.ended(*self._outcome(future), may_run_again)
        if message is not None and may_run_again:
            say(message)
            self.submit(task)

    def _outcome(self, future: Future[Any]) -> tuple[Any, BaseException | None]:
        """(result, error), one of which is None."""
        if future.cancelled():
            return None, KeyboardInterrupt() if self.is_stopped else LostTaskError(
                "the task was cancelled from elsewhere"
            )
        error = future.exception()
        return (None, error) if error is not None else (future.result(), None)

    def _note(self, future: Future[Any]) -> None:
        self._ended.append(future)
        with contextlib.suppress(RuntimeError):  # it is released already, for another task
            self._news.release()

    def _interrupt(self) -> None:
        self.stop()
        if self._at_interrupt:
            say(self._at_interrupt)

    def _shut_down(self, wait: bool, cancel_futures: bool = False) -> None:
        if self._chosen.is_owned:
            self._chosen.executor.shutdown(wait=wait, cancel_futures=cancel_futures)


def is_lost(error: BaseException | None) -> bool:
    """Whether a task failed because its worker or executor did, and not by an error of its own."""
    return isinstance(error, (concurrent.futures.BrokenExecutor, LostTaskError))
