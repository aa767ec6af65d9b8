"""What can go wrong with a run as a whole. Bad arguments raise ValueError, before anything is compiled."""

from typing import NamedTuple


class HMCError(Exception):
    """The base of every error that is the project's own; wrong arguments are ValueError."""


class InitializationError(HMCError, RuntimeError):
    """No starting point with a finite log density and gradient was found."""


class ChainError(HMCError, RuntimeError):
    """No chain gave any draws; the message says why."""


class ChangedDensityError(HMCError, RuntimeError):
    """The log density of a position is not what it was."""


class LostTaskError(HMCError, RuntimeError):
    """An executor gave up a task that nobody asked it to."""


class StaleWorkerError(HMCError, RuntimeError):
    """A worker cannot import the model, or has an older version of its code."""


class Failure(NamedTuple):
    """A chain that gave no draws to the fit: which, after how many transitions (warm-up included), and why."""

    chain: int
    iteration: int
    reason: str


def told(error: BaseException) -> str:
    """What ended a piece of work, in words."""
    if any(kind.__name__ == "BrokenExecutor" for kind in type(error).__mro__):
        return f"its worker process died, killed or out of memory ({type(error).__name__})"
    return f"{type(error).__name__}: {error}"


def portable(error: BaseException) -> BaseException:
    """The exception, or one that says the same where it would not survive the way back from a worker."""
    import pickle  # here, since `hmc --help` does not need it

    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # pickling runs the code of whatever the author's exception holds
        return RuntimeError(told(error))
    return error
