"""Recorded transitions in a notebook's cell: the path, its energy errors, and the story in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diagnostics.markup import beside, cell, folded, line, table, text, verbatim
from diagnostics.pictures import Axes, limits
from hmc.record.narrate import narrate
from hmc.sampler.metric import LowRank

if TYPE_CHECKING:
    from hmc.record import RecordedTransition, Recording

MOST_ROWS = 20
START, DRAW = "#2A78C0", "#D55E00"


def of_transition(recorded: RecordedTransition) -> str:
    """One transition: its path, its energy errors, and what happened in words."""
    title, *_ = narrate(recorded).splitlines()
    return cell(line(f"<b>{text(title)}</b>"), beside(_path(recorded), _errors(recorded)), _story(recorded))


def of_recording(recording: Recording) -> str:
    """Several transitions as a table, and the path of the first; of one transition, itself."""
    if not recording:
        return cell(line("no transitions"))
    if len(recording) == 1:
        return of_transition(recording[0])
    rows = [_row(recorded) for recorded in recording[:MOST_ROWS]]
    more = len(recording) - len(rows)
    head = ["transition", "steps", "depth", "acceptance", "to leaf", "log density"]
    first = recording[0]
    return cell(
        line(f"<b>{text(first.model)}</b>, chain {first.chain + 1}: {len(recording)} transitions"),
        beside(table(head, rows), _path(first)),
        line(f"{more} more transitions", faint=True) if more else "",
        _story(first),
    )


def _row(recorded: RecordedTransition) -> list[str]:
    outcome = recorded.outcome
    numbers = [f"{outcome.n_steps}", f"{outcome.tree_depth}", f"{outcome.acceptance_rate:.2f}", f"{recorded.chosen}"]
    diverged = " (diverged)" if any(leaf.diverging for leaf in recorded.leaves) else ""
    return [f"{recorded.place}{diverged}", *numbers, f"{recorded.leaf(recorded.chosen).log_density:.2f}"]


def _story(recorded: RecordedTransition) -> str:
    return folded(f"In words: {recorded.place}", verbatim(narrate(recorded)))


def _path(recorded: RecordedTransition) -> str:
    """The leaves in the two directions in which they spread most, in units of the metric; start and draw are marked."""
    leaves = recorded.in_time()
    positions = np.stack([leaf.position for leaf in leaves])
    spread = np.nan_to_num(np.ptp(positions, axis=0) / np.sqrt(_variances(recorded)))
    widest = sorted(np.argsort(-spread, kind="stable")[:2])
    if len(widest) == 1:
        x, y = np.array([leaf.number for leaf in leaves]), positions[:, widest[0]]
        title = "Position, leaf by leaf"
    else:
        x, y = positions[:, widest].T
        title = f"The path: component {widest[1] + 1} against {widest[0] + 1}"
    axes = Axes(limits(x), limits(y), f"{title}; blue: start, orange: draw", height=170)
    axes.line(x, y, looks='stroke-opacity="0.5"')
    axes.dots(x, y, radius=1.6)
    places = {leaf.number: place for place, leaf in enumerate(leaves)}
    for number, colour, radius in ((0, START, 5.0), (recorded.chosen, DRAW, 3.5)):
        axes.dots(x[places[number]], y[places[number]], colour, radius)
    return axes.svg()


def _errors(recorded: RecordedTransition) -> str:
    """The energy error along the path, in time."""
    leaves = recorded.in_time()
    number, error = ([getattr(leaf, name) for leaf in leaves] for name in ("number", "energy_error"))
    largest = max((abs(value) for value in error if np.isfinite(value)), default=0.0)
    axes = Axes(limits(number), limits([*error, 0.0]), f"Energy error, leaf by leaf; at most {largest:.2g}", height=170)
    axes.line(limits(number), [0.0, 0.0], looks='stroke-dasharray="4 3" stroke-opacity="0.6"')
    axes.line(number, error)
    axes.dots(number, error, radius=1.6)
    return axes.svg()


def _variances(recorded: RecordedTransition) -> np.ndarray:
    metric = recorded.inverse_metric
    if isinstance(metric, LowRank):
        return metric.variances()
    return np.diag(metric) if metric.ndim == 2 else metric
