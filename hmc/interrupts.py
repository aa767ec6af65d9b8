"""Ctrl-C noted instead of raised, so that nothing is left half done: a lock taken, a piece of work not counted."""

import contextlib
import os
import signal
import threading
import time

# What the KeyboardInterrupt of a second Ctrl-C says: somebody does not want to wait for what is under way.
AT_ONCE = "at once"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_SECONDS, _PATIENCE_SECONDS = 0.02, 3.0  # an author's module may do more than define things
_put_off = {}  # since when, by signal


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

    There it could leave a lock of Python's taken, and a thread that imports something would wait for ever; it could be
    dropped, as in the callback of a weak reference; or come out as an ImportError. Imports of over 3 s are not waited
    for.
    """
    since = _put_off.setdefault(number, time.monotonic())
    if not _is_importing(frame) or time.monotonic() - since > _PATIENCE_SECONDS:
        del _put_off[number]
        raise KeyboardInterrupt
    again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def _is_importing(frame):
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
