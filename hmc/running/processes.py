"""Worker processes, kept for the next call.

The draws are the same wherever a chain runs. Processes are the default, since what happens to one cannot harm the
others. Threads run as fast, since a chain holds no lock while it runs compiled code; they are used where a worker
process could not have the model, and where starting one would run the caller's script again
(`hmc/running/importable.py`).
"""

import atexit
import concurrent.futures
import contextlib
import functools
import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool

from hmc.errors import HMCError, StaleWorkerError, told
from hmc.reporting import say
from hmc.running import model_file
from hmc.running.importable import why_not_processes
from hmc.running.search_path import safe_start

_STARTS, _START_AGAIN_SECONDS = 3, 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_START_METHOD = "spawn" if os.name == "nt" else "forkserver"  # fork is not safe where threads exist


class ProcessExecutor(concurrent.futures.ThreadPoolExecutor):
    """Up to `workers` of the kept worker processes at a time, each fed by a thread of this process.

    If a worker dies, the future of its task has a BrokenProcessPool error, and nothing else is lost. If a worker has
    older code than this process, the task runs in a fresh one.
    """

    shares_memory = False

    def __init__(self, workers, model_key=None):
        super().__init__(workers)
        self._model_key = model_key
        self._busy = []

    def submit(self, function, /, *arguments):
        """A future of `function(...)` in a worker process; all arguments are pickled. Where the executor has the key of
        a model's code, the first one is that model.
        """
        return super().submit(self._in_a_worker, function, arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """End the threads, and keep the processes for the next executor. Those at work are killed if nobody waits for
        them, and what they do is to be cancelled.
        """
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        if cancel_futures and not wait:
            for worker in list(self._busy):
                worker.kill()

    def _in_a_worker(self, function, arguments):
        # The files come first: what follows names their modules.
        request = pickle.dumps((model_file.known(), pickle.dumps((self._model_key, function, arguments))))
        for take in (_take_worker, _start_worker):
            try:
                return self._answer(take(), request)
            except StaleWorkerError as error:
                reason = error
            except _NoWorkerError as error:
                reason = error
                break
        # What stands in files is not the code here: only this process has it. Or no process can be had.
        say(f"work runs in a thread of this process: a worker process cannot be had: {reason}")
        return function(*arguments)

    def _answer(self, worker, request):
        """What a worker makes of a request; it is kept if it is still of use."""
        is_of_use = False
        self._busy.append(worker)
        try:
            answer = worker.ask(request)
            is_of_use = True
        finally:
            self._busy.remove(worker)
            if is_of_use:
                _idle.put(worker)
            else:
                worker.end()
        return answer


class _NoWorkerError(HMCError):
    """No worker process could be started."""


class Worker:
    """A worker process, and the pipe to it; OSError or EOFError where it cannot be started."""

    def __init__(self):
        self._pipe, theirs = _context().Pipe()
        try:
            self._process = _context().Process(target=_serve, args=(theirs,), daemon=True)
            with safe_start():
                self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            theirs.close()  # so that the worker alone can write there, and its death is the end of the file

    @property
    def is_alive(self):
        """Whether the process is there."""
        return self._process.is_alive()

    def ask(self, request):
        """The value that the process answers, or its exception, raised; BrokenProcessPool where it dies."""
        try:
            self._pipe.send_bytes(request)
            is_value, answer = pickle.loads(self._pipe.recv_bytes())
        except (EOFError, OSError) as error:
            raise BrokenProcessPool(f"the worker process died ({told(error)})") from None
        if is_value:
            return answer
        raise answer

    def end(self):
        """Let the process end, when it has done what it does."""
        with contextlib.suppress(OSError):  # it is dead
            self._pipe.send_bytes(b"")  # closing would not do: a process that was forked meanwhile has the pipe, too
        self._pipe.close()

    def kill(self):
        """End the process now."""
        with contextlib.suppress(ValueError):  # it is closed
            self._process.kill()


_idle, _starting = queue.SimpleQueue(), threading.Lock()


@atexit.register
def _end_idle_workers():
    """Before multiprocessing ends its processes by SIGTERM, which these ignore."""
    with contextlib.suppress(queue.Empty):
        while True:
            _idle.get_nowait().end()


def _take_worker():
    """An idle worker that is alive, or a new one."""
    with contextlib.suppress(queue.Empty):
        while True:
            worker = _idle.get_nowait()
            if worker.is_alive:
                return worker
            worker.end()
    return _start_worker()


def _start_worker():
    for _ in range(_STARTS):
        try:
            with _starting:
                if _START_METHOD == "forkserver":
                    _start_fork_server()
                return Worker()
        except (OSError, EOFError) as error:
            reason = error
            time.sleep(_START_AGAIN_SECONDS)  # the fork server may be dead, and not be known to be
    raise _NoWorkerError(told(reason))


def _serve(pipe):
    """In the worker: answer one request after the other, until there is an empty one.

    Signals are left to the process that called `hmc.sample`; when that ends, so does this one.
    """
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # nobody listens any more
        while request := pipe.recv_bytes():
            pipe.send_bytes(_answer_to(request))


def _answer_to(request):
    """(whether it is a value, the value or an exception), pickled."""
    try:
        answer = (True, _run(request))
    except BaseException as error:
        answer = (False, error)
    try:
        content = pickle.dumps(answer)
        pickle.loads(content)  # an exception may be pickled, and not come out again
    except Exception as error:  # pickling runs the code of whatever is in there
        content = pickle.dumps((False, RuntimeError(told(error) if answer[0] else told(answer[1]))))
    return content


def _run(request):
    try:
        files, task = pickle.loads(request)
        model_file.register(files)
        model_key, function, arguments = pickle.loads(task)
    except Exception as error:  # whatever importing the model's module raises
        raise StaleWorkerError(str(error)) from None
    if model_key is not None and arguments[0].density_key() != model_key:
        raise StaleWorkerError("the code of the log density differs")
    return function(*arguments)


def _end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)


@functools.cache
def _context():
    context = multiprocessing.get_context(_START_METHOD)
    if _START_METHOD == "forkserver":
        context.set_forkserver_preload(["hmc.running.preload"])
    return context


def start_early():
    """Start the fork server now, in the background: it has the sampler loaded by the time a chain wants it."""
    if _START_METHOD == "forkserver" and why_not_processes() is None:
        threading.Thread(target=_start_fork_server, daemon=True).start()


def _start_fork_server():
    """Start it where it does not run, with Ctrl-C and SIGTERM blocked from its first instruction on, and in workers.

    They may come to all processes of a group, and are for the one that called `hmc.sample`.
    """
    from multiprocessing import forkserver, resource_tracker

    _context()
    with safe_start():
        resource_tracker.ensure_running()  # which unblocks the signals in this thread when it starts
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
