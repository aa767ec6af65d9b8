"""Ctrl-C noted instead of raised, so that nothing is left half done: a lock taken, a piece of work not counted."""

import _thread
import contextlib
import os
import signal
import sys
import threading
import time

from hmc.reporting import say

# What the KeyboardInterrupt of a second Ctrl-C says: somebody does not want to wait for what is under way.
AT_ONCE = "at once"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_SECONDS, _PATIENCE_SECONDS = 0.02, 3.0  # an author's module may do more than define things
_put_off = {}  # since when, by signal


@contextlib.contextmanager
def finishing_first():
    """For a `with`, which gives a list: the first signal is put there, and told; see `noticing_interrupts`."""
    interrupts = []

    def notice():
        interrupts.append("interrupted")
        say("finishing what is under way (Ctrl-C again: stop at once)")

    with noticing_interrupts(notice):
        yield interrupts


@contextlib.contextmanager
def noticing_interrupts(notice):
    """For a `with`: the first signal calls `notice()`; a second one raises KeyboardInterrupt(AT_ONCE).

    It is about Ctrl-C, and about SIGTERM where the program has a handler for it, as the command line has. Signals that
    are ignored, or end the process, do so still; and so does all in another thread than the main one, where no signal
    arrives.
    """
    noticed = []

    def handle(number, frame):
        _put_off.pop(number, None)  # one that was put off has come
        if noticed:
            raise KeyboardInterrupt(AT_ONCE)
        noticed.append(number)
        notice()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number in _SIGNALS if callable(before[number])]
    for number in taken:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])


def interrupt(number, frame):
    """A signal handler that raises KeyboardInterrupt, if need be a little later: not in the midst of an import.

    There it could leave a lock of Python's taken, and a thread that imports something would wait for ever, or come out
    as an ImportError. Nor where LLVM calls back, which drops it, and has lost what it had compiled. It is not put off
    by more than 3 s.
    """
    since = _put_off.setdefault(number, time.monotonic())
    if not _must_not_be_torn(frame) or time.monotonic() - since > _PATIENCE_SECONDS:
        del _put_off[number]
        raise KeyboardInterrupt
    _send_again(number)


@contextlib.contextmanager
def dropped_interrupts_again():
    """For a `with`: a KeyboardInterrupt where Python drops exceptions, as in `__del__`, comes again a little later."""
    before = sys.unraisablehook

    def hook(dropped):
        number = next((n for n in _SIGNALS if callable(signal.getsignal(n))), None)
        if issubclass(dropped.exc_type, KeyboardInterrupt) and number is not None:
            _send_again(number)
        else:
            before(dropped)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _send_again(number):
    def send():
        time.sleep(_AGAIN_SECONDS)
        os.kill(os.getpid(), number)

    _thread.start_new_thread(send, ())  # not `threading`, which may have been interrupted with its lock taken


def _must_not_be_torn(frame):
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or f"{os.sep}llvmlite{os.sep}" in file:
            return True
        frame = frame.f_back
    return False
