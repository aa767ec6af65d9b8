"""The `hmc` program: its signals, and the messages of errors. `hmc --help` imports nothing slow."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from hmc.cli.parser import make_parser
from hmc.cli.shared import kept_in
from hmc.running.interrupts import AT_ONCE, dropped_interrupts_again, interrupt

_INTERRUPTED = 130  # the exit status, as shells have it


def program() -> NoReturn:
    """The `hmc` program: `main`, and the end of the process."""
    status, is_hurried = _run(None)
    if is_hurried:  # workers may compute a long gradient, and Python would wait for them
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    # All output is written. Python needs another tenth of a second to end, and a signal then would leave warnings.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL if status == _INTERRUPTED else signal.SIG_IGN)
    sys.exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. SIGTERM is taken as Ctrl-C is: what is finished is kept."""
    return _run(arguments)[0]


def _run(arguments: Sequence[str] | None) -> tuple[int, bool]:
    """(the exit status, whether somebody asked twice for the end, and does not want to wait)."""
    options = make_parser().parse_args(arguments)
    signals = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        with warnings.catch_warnings(), dropped_interrupts_again():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_, **__: print(f"hmc: note: {message}", file=sys.stderr)
            with _executor(options) as options.executor:
                return options.run(options) or 0, False
    except KeyboardInterrupt as error:
        print(f"hmc: interrupted{kept_in(options)}", file=sys.stderr)
        return _INTERRUPTED, AT_ONCE in error.args
    except Exception as error:
        return _failed(error), False
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _failed(error: Exception) -> int:
    """Print an error that the user can mend, and give the exit status; raise any other, which is a fault of ours."""
    if isinstance(error, BrokenPipeError):
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # the reader is gone: write nothing more, not even at exit
    elif isinstance(error, MemoryError):
        print(f"hmc: out of memory{f': {error}' if str(error) else ''}", file=sys.stderr)
    elif isinstance(error, OverflowError):
        print(f"hmc: a number that was given is too large: {error}", file=sys.stderr)
    elif isinstance(error, (RecursionError, NotImplementedError)):
        raise error
    elif isinstance(error, (ValueError, OSError, RuntimeError)):
        print(f"hmc: {_told(error)}", file=sys.stderr)
    else:
        raise error
    return 1


def _executor(options: argparse.Namespace) -> contextlib.AbstractContextManager[Any]:
    """A context that gives the executor that the options ask for, or None."""
    if getattr(options, "dask", None) is None:
        return contextlib.nullcontext()
    from hmc.running.cluster import executor_of

    # A figure's name is "ranks:MODEL": what stands behind its first colon.
    drawn = [name.partition(":")[2] for name in getattr(options, "names", [])]
    return executor_of(options.dask, getattr(options, "models", drawn or [getattr(options, "model", "")]))


def _told(error: Exception) -> str:
    """The text of an error; of one of the operating system without its number."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)
