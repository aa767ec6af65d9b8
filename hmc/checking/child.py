"""Running a check in a process of its own, so that a model that corrupts memory, crashes or never returns does no harm.

The process is a fork of this one, so it has the model even if that was written in a notebook. The check runs in this
process outside of Linux, where forking is unsafe or impossible, and where nothing is compiled, so that memory is safe.
"""

import contextlib
import faulthandler
import gc
import mmap
import os
import pickle
import signal
import sys
import time
import types
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import numpy as np

from hmc.jit.kernel import jit_is_disabled

LONGEST_CALL = 60.0  # seconds until a call counts as one that never returns
_ROLES = ("log_density", "log_likelihood", "link", "derived", "simulate", "simulate_data")
# In the forked process: the shared memory that tells the parent which call runs, and when to reset the alarm.
_here = types.SimpleNamespace(calls=None, ends=0.0)


class Died(NamedTuple):
    """The process ended in a call of a function of the model: which function, where, and by which signal."""

    role: str
    position: np.ndarray | None  # None where the call has no position
    signal: int  # SIGALRM where the call took longer than it may
    longest: float  # seconds that a call may take


def calling(role: str, position: np.ndarray | None = None) -> None:
    """Note that a model's function is about to be called: call this before each such call."""
    if _here.calls is None:
        return
    now = time.monotonic()
    if now > _here.ends:  # not each time: it takes longer than a density
        signal.setitimer(signal.ITIMER_REAL, LONGEST_CALL)  # what it does to the process needs no lock of Python's
        _here.ends = now + LONGEST_CALL / 60.0
    _here.calls[0] = _ROLES.index(role)
    _here.calls[1:] = np.nan if position is None else position


def in_child(function: Callable[[], Any], dimension: int) -> Any:
    """The result of `function()`, computed in a process of its own; `Died` if that process ended in a call.

    An exception that the function raises is raised here. `dimension` is that of the model.
    """
    if jit_is_disabled() or not sys.platform.startswith("linux"):
        return function()
    calls = np.frombuffer(mmap.mmap(-1, 8 * (1 + dimension)))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # closed, or none
            stream.flush()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that other threads are not copied: the copy needs none
        child = os.fork()
    if child == 0:
        _run(function, calls, writing)
    try:
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            result = pipe.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        position = None if np.isnan(calls[1:]).any() else calls[1:].copy()
        return Died(_ROLES[int(calls[0])], position, os.WTERMSIG(status), LONGEST_CALL)
    if not result:
        raise KeyboardInterrupt
    is_returned, content = pickle.loads(result)
    if is_returned:
        return content
    raise content


def _run(function: Callable[[], Any], calls: np.ndarray, writing: int) -> NoReturn:
    """In the forked process: run the function, send its result, and exit without the cleanup that the parent does."""
    try:
        _here.calls = calls
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process
        faulthandler.disable()
        gc.freeze()  # else the parent's objects are looked through for garbage, and copied
        _silence_what_is_not_python()
        try:
            result = pickle.dumps((True, function()))
        except Exception as error:
            result = pickle.dumps((False, error))
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(result)
    finally:
        os._exit(0)


def _silence_what_is_not_python() -> None:
    """Let only Python write to stderr: the C library would report the corrupted memory that it finds."""
    with contextlib.suppress(Exception):  # stderr may have been replaced by an object without a descriptor
        if sys.stderr.fileno() == 2:
            sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
