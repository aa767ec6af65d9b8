"""A chain in the process that called `hmc.sample`: it takes the chunks as they come back, and joins them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmc.errors import Failure, InitializationError, Remark, joined, told
from hmc.running.tasks import ChainResult
from hmc.sampler.chain import AnyRecord
from hmc.sampler.metric import LowRank, inverse_metric
from hmc.sampler.snapshot import Snapshot


class Chain:
    """One chain of a run.

    number          from 0; each chain has its own seed
    chunks          records of its transitions so far, in their order
    snapshot        where the next chunk starts; None: at the start of the chain
    fresh           the record that the last task added to the chunks, or None
    error           the exception that ended the chain early, KeyboardInterrupt if it was stopped; else None
    failure         the `Failure` of a chain that ended by an error of its own; else None
    remarks         a `Remark` of each kind that there is, on the chunks
    """

    def __init__(
        self,
        number: int,
        chunks: Iterable[AnyRecord] = (),
        snapshot: Snapshot | None = None,
        remarks: Iterable[Remark] = (),
    ) -> None:
        self.number = number
        self.chunks = list(chunks)
        self.snapshot = snapshot
        self.fresh: AnyRecord | None = None
        self.error: BaseException | None = None
        self.failure: Failure | None = None
        self.remarks = list(remarks)
        self._late_remarks: tuple[Remark, ...] = ()  # of the rest
        self._rest: AnyRecord | None = None  # transitions beyond the snapshot, of a chunk that was stopped
        self._inverse_metric: NDArray[np.float64] | LowRank | None = (
            inverse_metric(snapshot.state.metric) if snapshot else None
        )

    @property
    def iteration(self) -> int:
        """The number of transitions before the next chunk."""
        return self.snapshot.state.iteration if self.snapshot else 0

    @property
    def finished(self) -> int:
        """The number of finished transitions, those of a chunk that was stopped included."""
        return sum(len(chunk.lp) for chunk in self._all())

    def _all(self) -> list[AnyRecord]:
        return [*self.chunks, *([self._rest] if self._rest else [])]

    def take(self, result: Any, error: BaseException | None, seen: int) -> str | None:
        """Take the outcome of a chunk: a `ChainResult`, or an error. A message if it failed and may run again.

        seen: the number of transitions that the chain was seen to have finished, for a chunk that did not come back.
        """
        self.error = self.failure = self._rest = None
        self._late_remarks = ()
        if error is None and not isinstance(result, ChainResult):
            result, error = None, RuntimeError(f"the executor returned {result!r}, which is not the result of a chain")
        error = error or result.failure
        finished = self.iteration + len(result.record.lp) if result else seen
        self.fresh, rest = self._add(result) if result else (None, None)
        if error is not None and not isinstance(error, KeyboardInterrupt):
            return self._note_failure(error, max(finished, self.iteration))
        if result is None or self.iteration < finished or self.fresh is None:
            self._rest, self.error = rest, error or KeyboardInterrupt()
            self._late_remarks = result.late_remarks if result else ()
        return None

    def let_go(self) -> None:
        """Release the records, which are held elsewhere now."""
        self.chunks, self.fresh, self._rest = [], None, None

    def _add(self, result: ChainResult) -> tuple[AnyRecord | None, AnyRecord | None]:
        """Move to the snapshot of a result; (its record up to there, the rest), each None if it is empty."""
        if result.inverse_metric is not None:  # None: it was stopped before its first state
            self._inverse_metric = result.inverse_metric
        rows = result.snapshot.state.iteration - self.iteration if result.snapshot else 0
        kept, rest = _split(result.record, rows)
        if kept is not None:
            self.chunks.append(kept)
            self.snapshot = result.snapshot
            self.remarks = joined([*self.remarks, *result.remarks])
        return kept, rest

    def _note_failure(self, error: BaseException, finished: int) -> str | None:
        self.error, self.failure = error, Failure(self.number, int(finished), told(error))
        if isinstance(error, InitializationError):
            return None  # another try would draw the same starting points
        return (
            f"chain {self.number + 1} failed after {self.failure.iteration} transitions and is run again from "
            f"transition {self.iteration}: {self.failure.reason}"
        )

    def result(self, kept_warmup: int) -> ChainResult | None:
        """The result of all chunks; None if it has no draw besides those of the warm-up that are kept."""
        chunks = self._all()
        if self.failure or not chunks:
            return None
        record = chunks[0] if len(chunks) == 1 else type(chunks[0])(*map(np.concatenate, zip(*chunks, strict=True)))
        if len(record.position) <= kept_warmup:
            return None
        snapshot = None if self.error else self.snapshot
        remarks = tuple(joined([*self.remarks, *self._late_remarks]))
        return ChainResult(self.number, record, self._inverse_metric, snapshot, None, remarks)


def _split(record: AnyRecord, rows: int) -> tuple[AnyRecord | None, AnyRecord | None]:
    """(the first `rows` transitions of a record, the others), each None if it is empty."""
    after = len(record.lp) - rows
    positions = max(0, len(record.position) - after)  # the record has none of the warm-up, unless they are kept
    cuts = [positions, *([rows] * (len(record) - 1))]
    early = type(record)(*(v[:cut] for v, cut in zip(record, cuts, strict=True)))
    late = type(record)(*(v[cut:] for v, cut in zip(record, cuts, strict=True)))
    return early if len(early.lp) else None, late if len(late.lp) else None
