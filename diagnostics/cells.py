"""How verdicts, calibrations and tables look in a notebook's cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .formatting import record_texts
from .markup import AMBER, GREEN, GREY, RED, badge, beside, cell, line, prose, table, text
from .pictures import Axes, limits

if TYPE_CHECKING:
    import pandas as pd

    from .calibration_verdict import Calibration
    from .findings import Finding, Verdict

COLOURS = {None: GREEN, "note": GREEN, "warning": AMBER, "error": RED}  # of a verdict, by its worst finding


def of_verdict(verdict: Verdict) -> str:
    """A verdict: how it ends as a badge, the run in a line, and all findings."""
    return cell(*verdict_lines(verdict))


def verdict_lines(verdict: Verdict) -> list[str]:
    """The parts of a verdict, without the cell around them."""
    run, _, ending = verdict.summary.rpartition(": ")
    metric = [line(f"Metric: {text(verdict.chosen_metric)}.", faint=True)] if verdict.chosen_metric else []
    return [line(f"{badge(ending, COLOURS[verdict.worst])} {text(run)}"), *metric, *map(finding_line, verdict)]


def finding_line(finding: Finding) -> str:
    """A finding: its severity as a badge, its meaning, and the advice."""
    colour = GREY if finding.severity == "note" else COLOURS[finding.severity]
    return line(f"{badge(finding.severity, colour)} {prose(finding.message)} <i>{prose(finding.advice)}</i>")


def of_calibration(calibration: Calibration) -> str:
    """A calibration: its verdict, and the ranks of the quantities that stray farthest from uniform ones."""
    parts = verdict_lines(calibration.verdict)
    if calibration.uniformity is not None:
        worst = np.argsort(calibration.uniformity.p_value, kind="stable")[:3]
        parts.append(line("The ranks that stray farthest, against the band of ranks that are uniform:", faint=True))
        parts.append(beside(*(_ranks(calibration, int(column)) for column in worst)))
    return cell(*parts)


def _ranks(calibration: Calibration, column: int) -> str:
    """How many ranks are at most 0, 1, ..., less what is expected of uniform ones, as shares of all."""
    band, highest, total = calibration.band, calibration.thinned, len(calibration.ranks)
    assert band is not None
    place = np.arange(highest)
    expected = total * (place + 1) / (highest + 1)
    counts = np.searchsorted(np.sort(calibration.ranks[:, column]), place, side="right")
    lower, upper, found = ((those - expected) / total for those in (band.lower, band.upper, counts))
    name = calibration.names[column]
    is_outside = bool((found < lower).any() or (found > upper).any())
    axes = Axes((0, highest - 1), limits([lower, upper, found]), f"{name}: {'outside' if is_outside else 'inside'}")
    axes.band(place, lower, upper)
    axes.line(place, found, RED if is_outside else "currentColor", 'stroke-width="1.5"')
    return axes.svg()


def of_record(record: Any) -> str:
    """A NamedTuple of numbers and arrays: a row for each field, arrays by their size."""
    rows = list(record_texts(record).items())
    return cell(line(f"<b>{text(type(record).__name__)}</b>"), table(["field", "value"], rows, left=2))


def of_frame(frame: pd.DataFrame, most: int | None) -> str:
    """A table of `precis` or `compare` of texts, with its notes below it; of more than `most` rows, the first and last.

    `most`: None or 0 for all.
    """
    rows = [[str(label), *texts] for label, texts in zip(frame.index, frame.to_numpy(), strict=True)]
    if most and len(rows) > most:
        rows = [*rows[: most - most // 2], ["…"] * len(rows[0]), *rows[len(rows) - most // 2 :]]
    notes = [line(text(frame.attrs[key]), faint=True) for key in ("note", "caution") if frame.attrs.get(key)]
    return cell(table([str(frame.index.name or ""), *map(str, frame.columns)], rows), *notes)
