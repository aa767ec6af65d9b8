"""A fit in a notebook's cell: the verdict on its chains, its table, and ranks of the quantity that mixes worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diagnostics import ess_bulk, rank_histogram, verdict
from diagnostics.cells import COLOURS, finding_line
from diagnostics.formatting import column_texts
from diagnostics.markup import RED, badge, beside, cell, folded, line, prose, table, text
from diagnostics.pictures import CHAINS, Axes
from diagnostics.precis import element_labels, summary

if TYPE_CHECKING:
    from hmc.results.fit import Fit

MOST_NUMBERS = 20_000_000  # draws times quantities: more take several seconds to judge
MOST_ROWS = 12  # of the table; as many as fit on a screen with the picture
BINS = 20
FEWEST_DRAWS = 2 * BINS  # of a chain, for a histogram of its ranks


def of_fit(fit: Fit) -> str:
    """The fit as a cell; of more numbers than MOST_NUMBERS, the text that `repr` gives, and what to call.

    Where the model's `derived` fails, the error, and the fit without derived quantities.
    """
    try:
        fit.keys()
    except ValueError as error:  # of the author's `derived`; the draws of the parameters are as good as any
        return cell(line(f"{badge('error', RED)} {prose(error)}"), of_fit(fit.without_derived()))
    if fit.unconstrained.size > MOST_NUMBERS:
        return cell(line(text(repr(fit))), line("Large: call precis(fit) and verdict(fit) for its tables.", faint=True))
    judged = verdict(fit)
    run, _, ending = judged.summary.rpartition(": ")
    findings = "".join(map(finding_line, judged))
    return cell(
        line(f"<b>{text(fit.name)}</b> {badge(ending, COLOURS[judged.worst])}"),
        line(text(run), faint=True),
        beside(_table(fit), _ranks(fit)),
        folded("Notes", findings) if findings and judged.trustworthy else findings,
    )


def _table(fit: Fit) -> str:
    """The scalars, or if there are few, all elements; a line says how many are left out."""
    every = sum(int(np.prod(np.shape(fit[name])[2:])) for name in fit.keys())  # noqa: SIM118 (keys are the contract)
    found = summary(fit, depth=2 if every <= MOST_ROWS or not _has_scalars(fit) else 1)
    shown = min(len(found.labels), MOST_ROWS)
    columns = {name: values[:shown] for name, values in found.columns.items()}
    rows = zip(found.labels, *column_texts(columns).values(), strict=False)
    hidden = every - shown
    more = f"{hidden} more element{'' if hidden == 1 else 's'} of vectors or matrices: precis(fit, depth=2)"
    return f"<div>{table(['', *columns], list(rows))}{line(more, faint=True) if hidden else ''}</div>"


def _has_scalars(fit: Fit) -> bool:
    return any(np.ndim(fit[name]) == 2 for name in fit.keys())  # noqa: SIM118


def _ranks(fit: Fit) -> str:
    """The trank plot of the quantity with the smallest bulk ESS; nothing where there are too few draws or chains."""
    chains, draws = fit.unconstrained.shape[:2]
    if chains == 1 or draws < FEWEST_DRAWS:
        return ""
    worst = min((_worst_of(name, np.asarray(fit[name], float)) for name in fit.keys()), key=lambda found: found[0])  # noqa: SIM118
    ess, label, values = worst
    if not np.isfinite(ess):
        return ""
    counts = rank_histogram(values, BINS)
    level = draws / BINS
    title = f"Ranks of {label} by chain: lowest bulk ESS, {ess:.0f}"
    axes = Axes((0, BINS), (0, max(2 * level, 1.1 * counts.max())), title)
    axes.line([0, BINS], [level, level], looks='stroke-dasharray="4 3" stroke-opacity="0.6"')
    for chain, count in enumerate(counts):
        axes.steps(np.arange(BINS + 1), count, CHAINS[chain % len(CHAINS)])
    return axes.svg()


def _worst_of(name: str, draws: np.ndarray) -> tuple[float, str, np.ndarray]:
    """(bulk ESS, label, draws (chains, draws)) of the element with the smallest ESS; infinite where none has one."""
    elements = draws.reshape(*draws.shape[:2], -1)
    ess = np.nan_to_num(np.atleast_1d(ess_bulk(elements)), nan=np.inf)
    if not ess.size:
        return np.inf, name, draws
    worst = int(ess.argmin())
    return float(ess[worst]), element_labels(name, draws.shape[2:])[worst], elements[:, :, worst]
