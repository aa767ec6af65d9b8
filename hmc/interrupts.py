"""Ctrl-C noted instead of raised, so that nothing is left half done: a lock taken, a piece of work not counted."""

import contextlib
import signal
import threading

# What the KeyboardInterrupt of a second Ctrl-C says: somebody does not want to wait for what is under way.
AT_ONCE = "at once"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def noticing_interrupts(notice):
    """For a `with`: the first signal calls `notice()`; a second one raises KeyboardInterrupt(AT_ONCE).

    It is about Ctrl-C, and about SIGTERM where the program has a handler for it, as the command line has. Signals that
    are ignored, or end the process, do so still; and so does all in another thread than the main one, where no signal
    arrives.
    """
    noticed = []

    def handle(number, frame):
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
