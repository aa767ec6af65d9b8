"""Errors of a run as a whole. Bad arguments raise ValueError, before anything is compiled."""

from collections.abc import Iterable
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


REMARKS = {
    "raised": "log_density raised {detail} ({amount:.0f} times, warm-up included); where it does, the proposal is "
    "rejected and the transition counts as a divergence",
    "climbed": "its start has log density {amount:.2g}, so low that a chain may stay there; it climbed to {detail} "
    "first",
}


class Remark(NamedTuple):
    """Something about a chain of a fit that its user should know, though the chain gave draws."""

    chain: int
    kind: str  # a key of REMARKS
    amount: float  # "raised": how often; else the log density of the start
    detail: str  # "raised": the latest exception; "climbed": the log density that was reached

    @property
    def text(self) -> str:
        """The remark as a sentence about the chain, without its number and without a full stop."""
        return REMARKS[self.kind].format(amount=self.amount, detail=self.detail).replace("(1 times,", "(once,")


def joined(remarks: Iterable[Remark]) -> list[Remark]:
    """The remarks of all parts of chains, in their order, as one of each kind a chain: how often is added up."""
    found: dict[tuple[int, str], Remark] = {}
    for remark in remarks:
        before = found.get(remark[:2])
        added = before.amount if before and remark.kind == "raised" else 0.0
        found[remark[:2]] = remark._replace(amount=added + remark.amount)
    return sorted(found.values())


def told_together(remarks: Iterable[Remark]) -> list[str]:
    """A line for each kind of remark: that of the chain with the largest amount, and how many others have one."""
    by_kind: dict[str, list[Remark]] = {}
    for remark in remarks:
        by_kind.setdefault(remark.kind, []).append(remark)
    lines = []
    for same in by_kind.values():
        worst, others = max(same, key=lambda remark: abs(remark.amount)), len(same) - 1
        likewise = f"; likewise {others} other chain{'' if others == 1 else 's'}" if others else ""
        lines.append(f"chain {worst.chain + 1}: {worst.text}{likewise}")
    return lines


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`did you mean a_bar? ` where one of the known names is like the word, in whatever case; else ""."""
    import difflib  # here, since it is seldom needed

    lower_case = {name.lower(): name for name in known}
    close = difflib.get_close_matches(str(word).lower(), lower_case, n=1)
    return f"did you mean {lower_case[close[0]]}? " if close else ""


def told(error: BaseException) -> str:
    """The reason why a task ended, in words."""
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
