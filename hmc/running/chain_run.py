"""A chain as the process that called `hmc.sample` sees it: its chunks, taken as they come back, and put together."""

import numpy as np

from hmc.errors import Failure, InitializationError, told
from hmc.running.tasks import ChainResult
from hmc.sampler.chain import Record
from hmc.sampler.metric import inverse_metric


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

    def take(self, result, error, seen):
        """Note what became of a chunk: a `ChainResult`, or an error; words where it failed and may run again, else
        None.

        seen: how many transitions a chunk that did not come back was seen to have finished, those before it included.
        """
        self.error = self.failure = self._rest = None
        if error is None and not isinstance(result, ChainResult):
            result, error = None, RuntimeError(f"the executor gave {result!r}, which is not what was to be run")
        error = error or result.failure
        finished = self.iteration + len(result.record.lp) if result else seen
        self.fresh, rest = self._add(result) if result else (None, None)
        if error is not None and not isinstance(error, KeyboardInterrupt):
            return self._note_failure(error, max(finished, self.iteration))
        if result is None or self.iteration < finished or self.fresh is None:
            self._rest, self.error = rest, error or KeyboardInterrupt()
        return None

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

    def _note_failure(self, error, finished):
        self.error, self.failure = error, Failure(self.number, int(finished), told(error))
        if isinstance(error, InitializationError):
            return None  # it would draw the same starting points again
        return (
            f"chain {self.number + 1} failed after {self.failure.iteration} transitions and is run again from "
            f"transition {self.iteration}: {self.failure.reason}"
        )

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
