"""A chain as the process that called `hmc.sample` sees it: sent out in chunks, again where one fails, put together."""

import numpy as np

from hmc.errors import Failure, InitializationError, LostTaskError, told
from hmc.reporting import say
from hmc.running.tasks import ChainResult, run_chain
from hmc.sampler.chain import Record
from hmc.sampler.metric import inverse_metric

_TRIES = 2  # of each chunk


class Chain:
    """One chain of a run.

    number          from 0; each has its own seed
    chunks          records of its transitions so far, one after the other
    snapshot        where the next chunk goes on; None: at the start
    fresh           the record that the last task has added to the chunks, or None
    error, failure  of a chain that ended before its time: an exception, KeyboardInterrupt if it was stopped, and the
                    `Failure` if it was not
    """

    def __init__(self, number, chunks=(), snapshot=None):
        self.number = number
        self.chunks = list(chunks)
        self.snapshot = snapshot
        self.fresh = self.error = self.failure = None
        self._rest = None  # what a chunk that was stopped had finished beyond the snapshot
        self._inverse_metric = inverse_metric(snapshot.state.metric) if snapshot else None
        self._tries = 0

    @property
    def iteration(self):
        """How many transitions stand before the next chunk."""
        return self.snapshot.state.iteration if self.snapshot else 0

    @property
    def finished(self):
        """How many transitions there are: those of a chunk that was stopped, too."""
        return sum(len(chunk.lp) for chunk in self._all())

    def _all(self):
        return [*self.chunks, *([self._rest] if self._rest else [])]

    def submit(self, execution, model, settings, seconds):
        """The future of the next chunk, of about so many seconds (None: all that is left)."""
        self.error = self.failure = None
        return execution.submit(run_chain, model, settings, self.number, execution.address, self.snapshot, seconds)

    def take(self, future, seen, is_stopped):
        """Note what became of a chunk; whether to submit again: the next one, or, once, the one that failed.

        is_stopped: whether the run is to end, and nothing is submitted any more.
        seen: how many transitions a chunk that did not come back was seen to have finished, those before it included.
        """
        result, error = _outcome(future, is_stopped)
        finished = self.iteration + len(result.record.lp) if result else seen
        self.fresh, rest = self._add(result) if result else (None, None)
        if error is not None and not isinstance(error, KeyboardInterrupt):
            return self._note_failure(error, finished, is_stopped)
        if result is None or self.iteration < finished or self.fresh is None:
            self._rest, self.error = rest, error or KeyboardInterrupt()
            return False
        self._tries = 0
        return True

    def _add(self, result):
        """Go on from the snapshot of a result; (its record up to there, the rest), each None where it is empty."""
        if result.inverse_metric is not None:  # None: stopped before it was where it goes on from
            self._inverse_metric = result.inverse_metric
        rows = result.snapshot.state.iteration - self.iteration if result.snapshot else 0
        kept, rest = _split(result.record, rows)
        if kept is not None:
            self.chunks.append(kept)
            self.snapshot = result.snapshot
        return kept, rest

    def _note_failure(self, error, finished, is_stopped):
        self.error, self.failure = error, Failure(self.number, int(max(finished, self.iteration)), told(error))
        self._tries += 1
        has_no_start = isinstance(error, InitializationError)  # a retry would draw the same starting points
        if is_stopped or self._tries == _TRIES or has_no_start:
            return False
        say(
            f"chain {self.number + 1} failed after {self.failure.iteration} transitions and is run again from "
            f"transition {self.iteration}: {self.failure.reason}"
        )
        return True

    def result(self, kept_warmup):
        """The `ChainResult` of all chunks; None where there is no draw beyond the warm-up's that are kept."""
        chunks = self._all()
        if self.failure or not chunks:
            return None
        record = chunks[0] if len(chunks) == 1 else Record(*map(np.concatenate, zip(*chunks, strict=True)))
        if len(record.position) <= kept_warmup:
            return None
        snapshot = None if self.error else self.snapshot
        return ChainResult(self.number, record, self._inverse_metric, snapshot, None)


def _outcome(future, is_stopped):
    """(the `ChainResult` of a task or None, what ended it before its time or None)."""
    if future.cancelled():
        return None, KeyboardInterrupt() if is_stopped else LostTaskError("somebody else cancelled it")
    if future.exception() is not None:
        return None, future.exception()
    result = future.result()
    if not isinstance(result, ChainResult):
        return None, RuntimeError(f"the executor gave {result!r}, which is not what was to be run")
    return result, result.failure


def _split(record, rows):
    """(the first `rows` transitions of a record, the others), each None where it is empty."""
    after = len(record.lp) - rows
    positions = max(0, len(record.position) - after)  # a warm-up's are not in the record, unless they are kept
    cuts = [positions, *([rows] * (len(record) - 1))]
    parts = (
        Record(*(v[:cut] for v, cut in zip(record, cuts, strict=True))),
        Record(*(v[cut:] for v, cut in zip(record, cuts, strict=True))),
    )
    return tuple(part if len(part.lp) else None for part in parts)
