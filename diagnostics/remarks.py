"""The sampler's remarks on chains, as findings."""

from collections.abc import Iterable, Iterator

from .findings import Finding, finding, listed
from .protocols import ChainRemark


def of_remarks(remarks: Iterable[ChainRemark]) -> Iterator[Finding]:
    """A note for each kind of remark, in the words on the most extreme chain; `concerns` has all chains, it first."""
    by_kind: dict[str, list[ChainRemark]] = {}
    for remark in sorted(remarks, key=lambda remark: -abs(remark.amount)):
        by_kind.setdefault(remark.kind, []).append(remark)
    for kind, (worst, *others) in by_kind.items():
        concerns = [f"chain {remark.chain + 1}" for remark in (worst, *others)]
        numbers = {"count": len(concerns), "amount": worst.amount}
        likewise = f"; likewise {listed(concerns[1:])}" if others else ""
        yield finding(kind, "note", concerns, numbers, text=worst.text, likewise=likewise)
