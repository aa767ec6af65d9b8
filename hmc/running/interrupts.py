"""Ctrl-C noted instead of raised, so that nothing is left half done: a lock taken, or work that is not counted."""

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from hmc.reporting import say

# The message of a second Ctrl-C's KeyboardInterrupt: the user does not want to wait for the tasks under way.
AT_ONCE = "at once"

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_AGAIN_SECONDS, _PATIENCE_SECONDS = 0.02, 3.0  # an author's module may run for long
_put_off: dict[int, float] = {}  # by signal: the time since which it waits


@contextlib.contextmanager
def finishing_first() -> Iterator[list[str]]:
    """For a `with`: the first signal adds a text to the list that this gives, and is reported on standard error.

    Otherwise as `noticing_interrupts`.
    """
    interrupts: list[str] = []

    def notice() -> None:
        interrupts.append("interrupted")
        say("finishing what is under way (Ctrl-C again: stop at once)")

    with noticing_interrupts(notice):
        yield interrupts


@contextlib.contextmanager
def noticing_interrupts(notice: Callable[[], object]) -> Iterator[None]:
    """For a `with`: the first signal calls `notice()`; a second one raises KeyboardInterrupt(AT_ONCE).

    The signals are Ctrl-C, and SIGTERM if the program has a handler for it, as the command line has. Signals that are
    ignored or end the process still do. Outside the main thread, where signals do not arrive, nothing changes.
    """
    noticed: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        _put_off.pop(number, None)  # a signal that was put off has arrived
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


def interrupt(number: int, frame: FrameType | None) -> None:
    """A signal handler that raises KeyboardInterrupt, but puts it off, by up to 3 s, during imports and compilation.

    During an import, the exception could leave one of Python's locks taken, and other threads would wait for ever when
    they import; or it could turn into an ImportError. LLVM drops an exception in a callback, and loses the code that it
    was compiling.
    """
    since = _put_off.setdefault(number, time.monotonic())
    if not _must_not_be_torn(frame) or time.monotonic() - since > _PATIENCE_SECONDS:
        del _put_off[number]
        raise KeyboardInterrupt
    _send_again(number)


@contextlib.contextmanager
def dropped_interrupts_again() -> Iterator[None]:
    """For a `with`: if Python drops a KeyboardInterrupt, as in `__del__`, the signal is sent again a little later."""
    before = sys.unraisablehook

    def hook(dropped: "sys.UnraisableHookArgs") -> None:
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


def _send_again(number: int) -> None:
    def send() -> None:
        time.sleep(_AGAIN_SECONDS)
        os.kill(os.getpid(), number)

    _thread.start_new_thread(send, ())  # `threading` may have been interrupted with its lock taken


def _must_not_be_torn(frame: FrameType | None) -> bool:
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib") or f"{os.sep}llvmlite{os.sep}" in file:
            return True
        frame = frame.f_back
    return False
