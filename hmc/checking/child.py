"""A check in a process of its own, so that a model that corrupts memory, crashes or never returns harms nothing else.

The process is a copy of this one (fork), which has the model as it is, notebook or not. Where there is no such copy,
outside of Linux, and where nothing is compiled, so that no memory is in danger, the check runs in this process.
"""

import contextlib
import faulthandler
import mmap
import os
import pickle
import signal
import sys
import time
import types
import warnings
from typing import NamedTuple

import numpy as np

from hmc.jit.kernel import jit_is_disabled

LONGEST_CALL = 60.0  # seconds until a call counts as one that never returns
_ROLES = ("log_density", "log_likelihood", "link", "derived", "simulate", "simulate_data")
# In a process that checks for another: where that one can read what is called, and when to put the alarm off again.
_here = types.SimpleNamespace(calls=None, ends=0.0)


class Died(NamedTuple):
    """That the process ended in a call: of which function of the model, where, and by which signal."""

    role: str
    position: np.ndarray | None
    signal: int  # SIGALRM where the call took longer than it may
    longest: float  # that many seconds


def calling(role, position=None):
    """To be told before each call of a model's function."""
    if _here.calls is None:
        return
    now = time.monotonic()
    if now > _here.ends:  # not each time: it takes longer than a density
        signal.setitimer(signal.ITIMER_REAL, LONGEST_CALL)  # what it does to the process needs no lock of Python's
        _here.ends = now + LONGEST_CALL / 60.0
    _here.calls[0] = _ROLES.index(role)
    _here.calls[1:] = np.nan if position is None else position


def in_child(function, dimension):
    """What `function()` returns or raises, computed in a process of its own; or `Died`."""
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


def _run(function, calls, writing):
    """In the copy: run, and end without what Python does at its end, which belongs to the original."""
    try:
        _here.calls = calls
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process
        faulthandler.disable()
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


def _silence_what_is_not_python():
    """Let Python alone write to stderr: not the C library, of memory that it finds corrupted."""
    with contextlib.suppress(Exception):  # where it is replaced by what has no descriptor
        if sys.stderr.fileno() == 2:
            sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
