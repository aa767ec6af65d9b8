"""Tasks under way: counted while they run, stopped by Ctrl-C, and sent out again where they are lost.

Sampling (a task is a chunk of a chain), replicating (a batch of fits) and the lecture (a fit, a figure) share this.
A running task reads and writes cells that both sides see (`hmc/running/shared_cells.py`): rows of whole numbers, in
each a stop flag and then counters.
"""

import collections
import concurrent.futures
import contextlib
import math
import threading

from hmc.errors import LostTaskError
from hmc.reporting import say
from hmc.running.executors import shares_memory
from hmc.running.interrupts import noticing_interrupts
from hmc.running.shared_cells import LocalControl, SharedControl

_POLL_SECONDS = 0.05
_TRIES = 2  # of each task


class Task:
    """One call that a worker makes.

    function     what is called; a worker process must be able to import it
    arguments    () -> its arguments, asked for at each try
    ended        (result, error, may_run_again) -> words or None; called in the caller's thread when a try has ended.
                 The error is None, or an exception: KeyboardInterrupt if it was cancelled by Ctrl-C. The words say what
                 failed; they are printed, and the task runs again if it may.
    """

    def __init__(self, function, arguments, ended):
        self.function, self.arguments, self.ended = function, arguments, ended
        self.tries = 0


class Execution:
    """An executor and the cells of its tasks: a context, at whose end nothing goes on, and what was ours is released.

    chosen        the `hmc.running.executors.Chosen` executor
    cells         (rows, columns) int64; column 0 has the stop flags. There within the context only.
    at_interrupt  said at the first Ctrl-C, if anything is
    """

    def __init__(self, chosen, cells, at_interrupt=None):
        self._chosen = chosen
        self._make_control = LocalControl if shares_memory(chosen.executor) else SharedControl
        self._shape, self._control, self.cells = cells, None, None
        self._at_interrupt = at_interrupt
        self._tasks, self._ended = {}, collections.deque()  # by future; futures
        self._news = threading.Lock()  # released when a task ends
        self._news.acquire()

    def __enter__(self):
        with contextlib.ExitStack() as signals:  # first, so that no signal comes between the cells and their release
            signals.enter_context(noticing_interrupts(self._interrupt))
            self._control = self._make_control(math.prod(self._shape) - 1)
            self.cells = self._control.cells.reshape(self._shape)
            self._signals = signals.pop_all()
        return self

    @property
    def address(self):
        """What a task finds the cells by, row after row (`hmc.running.shared_cells.attach`)."""
        return self._control.address

    @property
    def under_way(self):
        """How many tasks have not ended."""
        return len(self._tasks)

    def __exit__(self, kind, error, traceback):
        with self._signals:
            self.stop()
            self.cells = None
            is_hurried = bool(kind and issubclass(kind, KeyboardInterrupt))  # somebody asked twice, and will not wait
            try:
                self._shut_down(wait=not is_hurried, cancel_futures=kind is not None)
            finally:
                self._control.close()

    def submit(self, task):
        """Send out a task; by another executor of ours where this one is broken or shut down, which is said."""
        task.tries += 1
        arguments = task.arguments()
        try:
            future = self._chosen.executor.submit(task.function, *arguments)
        except RuntimeError as error:  # of which BrokenExecutor is one
            say(f"the executor takes no more tasks, and what is left runs in one of our own: {error}")
            self._shut_down(wait=False)  # what is in it fails for the same reason, and comes back
            self._chosen = self._chosen.replacement()
            future = self._chosen.executor.submit(task.function, *arguments)
        self._tasks[future] = task
        future.add_done_callback(self._note)

    def stop(self):
        """Ask all tasks to end, which a chain does within one gradient."""
        if self.cells is not None:
            self.cells[:, 0] = 1

    @property
    def is_stopped(self):
        """Whether someone has asked tasks to end: `stop`, or a task that met a Ctrl-C itself."""
        return bool(self.cells[:, 0].any())

    def watch(self, counters=slice(0, 0), bar=None):
        """Wait for all tasks, showing the sum of the cells in the columns `counters` in the bar.

        Tasks that are submitted meanwhile, as by the `ended` of others, are waited for too. Ctrl-C stops the tasks and
        cancels those that have not begun; a second one raises KeyboardInterrupt.
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

    def _take(self, future):
        """Hand over what became of a task, and send it out again, once, where that is asked for."""
        task = self._tasks.pop(future)
        may_run_again = task.tries < _TRIES and not self.is_stopped
        words = task.ended(*self._outcome(future), may_run_again)
        if words is not None and may_run_again:
            say(words)
            self.submit(task)

    def _outcome(self, future):
        """(result, error), one of which is None."""
        if future.cancelled():
            return None, KeyboardInterrupt() if self.is_stopped else LostTaskError("somebody else cancelled it")
        error = future.exception()
        return (None, error) if error is not None else (future.result(), None)

    def _note(self, future):
        self._ended.append(future)
        with contextlib.suppress(RuntimeError):  # it has been released for another task, and not been seen yet
            self._news.release()

    def _interrupt(self):
        self.stop()
        if self._at_interrupt:
            say(self._at_interrupt)

    def _shut_down(self, **how):
        if self._chosen.is_owned:
            self._chosen.executor.shutdown(**how)


def is_lost(error):
    """Whether a task has failed with its worker, or with its executor, and not by itself."""
    return isinstance(error, (concurrent.futures.BrokenExecutor, LostTaskError))
