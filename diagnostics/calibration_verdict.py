"""The result of simulation-based calibration, in numbers and in words. `calibration` runs it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .cells import of_calibration
from .ecdf import Band, Uniformity
from .findings import NAMED, SEVERITIES, Finding, Severity, Verdict
from .protocols import Floats, Ints

# With fewer effective draws a chain has hardly moved from the truth: its rank says almost nothing about the model.
FEWEST_EFFECTIVE = 10

# If more than this share of the chains hardly move, the ranks as a whole say too little.
IDLE_SHARE = 0.5

# Fewer chains that hardly move are not reported. If more replications than this fail, the others may not represent all.
SMALL_SHARE = 0.05

# With fewer replications, hardly anything can leave the band.
FEW_REPLICATIONS = 100

# By kind: the finding and its meaning; the advice.
WORDS = {
    "ranks": (
        "The ranks of {count} of {total} quantities are not uniform: they leave the band that contains all ranks "
        "of a correct model with probability {level:g}. {described}.",
        "Compare simulate, simulate_data and the log density term by term: constants, scales, Jacobians.",
    ),
    "no_ranks": ("No replication has ranks.", "The other findings say why."),
    "idle": (
        "{count} of {total} chains had fewer than {fewest} effective draws of some quantity: its ranks there are "
        "uniform even if the model is wrong.",
        "Check the gradient (`hmc check MODEL`, in Python `hmc.check(model)`); if it is correct, write the model in "
        "the other form (non-centred if it is centred), or use a larger spacing.",
    ),
    "failures": (
        "{count} of {total} replications failed; the first, number {number}: {reason}.",
        "Look at the output of simulate and simulate_data there.",
    ),
    "divergences": (
        "{count} of {total} chains had divergences. The ranks are valid all the same, but the draws of a fit may "
        "miss a part of such posteriors.",
        "Fit the model with a higher target_accept, or write it in the other form, non-centred if it is centred.",
    ),
    "interrupted": (
        "The run was stopped early: only the finished replications are judged.",
        "For the rest, run it again.",
    ),
    "few_replications": ("{count} replications are few: only gross faults show.", "Run 200 or more."),
}


class Calibration(NamedTuple):
    """Ranks of truths among draws. `str` gives their verdict in words, one line or more."""

    name: str  # of the model
    names: tuple[str, ...]  # of the quantities that are ranked: "a[1]", ..., "sigma", "log density", "log likelihood"
    ranks: Ints  # (replications, quantities) from 0 to `thinned`: how many of its draws are below the truth
    numbers: Ints  # (replications,) of the replications that have ranks
    thinned: int  # draws of each chain that the truth is ranked among
    level: float  # the probability that all quantities of a right model keep within the band
    band: Band | None  # for each quantity by itself, so wide that `level` holds for all; None without ranks
    uniformity: Uniformity | None  # of each quantity's ranks, arrays (quantities,); None without ranks
    effective: Floats  # (replications,) bulk ESS of each chain's slowest quantity
    diverged: int  # how many chains had divergences
    failures: tuple[tuple[int, str], ...]  # replications that failed: their numbers, and why
    interrupted: bool
    settings: dict[str, Any]  # the seed included
    seconds: float

    @property
    def outside(self) -> tuple[str, ...]:
        """The quantities whose ranks leave the band, worst first."""
        if self.uniformity is None:
            return ()
        p_value = self.uniformity.p_value
        is_outside = p_value <= 1 - band_level(self.level, len(self.names))
        return tuple(self.names[i] for i in np.argsort(p_value, kind="stable") if is_outside[i])

    @property
    def passed(self) -> bool:
        """Whether all ranks stay within the band, enough chains moved, and few replications failed."""
        return self.verdict.worst != "error"

    @property
    def verdict(self) -> Verdict:
        """All findings, worst first, as a `Verdict`."""
        findings = [*_of_ranks(self), *_of_chains(self), *_of_the_run(self)]
        findings.sort(key=lambda found: SEVERITIES.index(found.severity))
        is_wrong = any(found.severity == "error" for found in findings)
        total = len(self.names)
        uniform = 0 if self.uniformity is None else total - len(self.outside)
        summary = (
            f"{self.name}: {len(self.numbers)} replications in {self.seconds:.1f} s, ranks of {uniform} of {total} "
            f"quantities uniform: {'NOT CALIBRATED' if is_wrong else 'calibrated'}"
        )
        return Verdict(summary, findings)

    def __str__(self) -> str:
        return str(self.verdict)

    def __repr__(self) -> str:
        return f"<Calibration {self.verdict.summary}>"

    def _repr_html_(self) -> str:
        return of_calibration(self)


def band_level(level: float, quantities: int) -> float:
    """The level of each quantity's band by which `level` holds for all of them (Bonferroni)."""
    return 1 - (1 - level) / quantities


def _of_ranks(calibration: Calibration) -> Iterator[Finding]:
    """Whether ranks are uniform."""
    outside, band, uniformity = calibration.outside, calibration.band, calibration.uniformity
    if band is None or uniformity is None:
        yield _finding("no_ranks", "error", (), {})
    elif outside:
        numbers = {"count": len(outside), "total": len(calibration.names), "level": calibration.level}
        described = "; ".join(_described(calibration, name, band, uniformity) for name in outside[:NAMED])
        further = f"; and {len(outside) - NAMED} more" if len(outside) > NAMED else ""
        yield _finding("ranks", "error", outside, numbers, described=described + further)


def _of_chains(calibration: Calibration) -> Iterator[Finding]:
    """Replications whose ranks are missing, or say little: errors where they are many."""
    failures, total = calibration.failures, len(calibration.numbers)
    idle = calibration.numbers[calibration.effective < FEWEST_EFFECTIVE]
    if len(idle) > SMALL_SHARE * total:
        numbers = {"count": len(idle), "total": total, "fewest": FEWEST_EFFECTIVE}
        yield _finding("idle", "error" if len(idle) > IDLE_SHARE * total else "note", _named(idle), numbers)
    if failures:
        number, reason = failures[0]
        total += len(failures)
        severity: Severity = "error" if len(failures) > SMALL_SHARE * total else "warning"
        concerns = _named(number for number, _ in failures)
        numbers = {"count": len(failures), "total": total}
        yield _finding("failures", severity, concerns, numbers, number=number, reason=reason)


def _of_the_run(calibration: Calibration) -> Iterator[Finding]:
    """Notes on the run as a whole."""
    count = len(calibration.numbers)
    if calibration.diverged:
        yield _finding("divergences", "note", (), {"count": calibration.diverged, "total": count})
    if calibration.interrupted:
        yield _finding("interrupted", "note", (), {"count": count})
    if count < FEW_REPLICATIONS:
        yield _finding("few_replications", "note", (), {"count": count})


def _described(calibration: Calibration, name: str, band: Band, uniformity: Uniformity) -> str:
    """Where the ranks of a quantity stray farthest, and what that says about the draws."""
    column = calibration.names.index(name)
    place, count = int(uniformity.place[column]), int(uniformity.count[column])
    lower, upper = band.lower[place], band.upper[place]
    return (
        f"{name}: {count} truths (not {lower} to {upper}) have at most {place} of their {calibration.thinned} draws "
        f"below them, {_shape(calibration.ranks[:, column], calibration.thinned)}"
    )


def _shape(ranks: Ints, highest: int) -> str:
    """How draws are wrong: the centre or the spread of their ranks, whichever is farther from that of uniform ones."""
    centred = (ranks + 0.5) / (highest + 1) - 0.5
    shift = centred.mean() * np.sqrt(12 * len(ranks))  # in standard errors, as is the next
    spread = (np.square(centred).mean() - 1 / 12) * np.sqrt(180 * len(ranks))
    if abs(shift) >= abs(spread):
        return "so draws are too low" if shift > 0 else "so draws are too high"
    return "so draws vary too little" if spread > 0 else "so draws vary too much"


def _named(numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"replication {number}" for number in numbers)


def _finding(
    kind: str, severity: Severity, concerns: Iterable[str], numbers: Mapping[str, float], **further: object
) -> Finding:
    message, advice = (words.format(**numbers, **further) for words in WORDS[kind])
    return Finding(severity, kind, tuple(concerns), numbers, message, advice)
