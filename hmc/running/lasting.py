"""An executor that lasts: where one that somebody gave is broken or shut down, another takes its place."""

import concurrent.futures

from hmc.reporting import say


class LastingExecutor(concurrent.futures.Executor):
    """Runs tasks on an executor; once that takes no more, broken or shut down, on another, and says so.

    executor  any `concurrent.futures.Executor`
    is_owned  whether it is shut down with this one
    another   called for (executor, is_owned) of what takes its place
    """

    def __init__(self, executor, is_owned, another):
        self._executor, self._is_owned, self._another = executor, is_owned, another

    def submit(self, function, /, *arguments):
        """A future of `function(...)`; one of the executor that broke has its error, and is not sent out again here."""
        try:
            return self._executor.submit(function, *arguments)
        except RuntimeError as error:  # of which BrokenExecutor is one
            say(f"the executor takes no more tasks, and what is left runs in one of our own: {error}")
            self.shutdown(wait=False)  # what is in it fails for the same reason, and comes back
            self._executor, self._is_owned = self._another()
            return self._executor.submit(function, *arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Shut down the executor, if it is owned."""
        if self._is_owned:
            self._executor.shutdown(wait=wait, cancel_futures=cancel_futures)
