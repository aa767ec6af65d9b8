"""How far the five estimators can be trusted: bias and coverage over many simulated studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from figures.confounds.effects import ESTIMATORS
from figures.drawing import style
from figures.drawing.draws import PROBABILITY
from models.coverage import known_studies, wilson

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COEFFICIENTS = {"bxy": "bxy, the effect of X", "bzy": "bzy, the effect of Z"}


def coverage(table: pd.DataFrame) -> Figure:
    """Bias of posterior means, and coverage of 89% intervals, of bxy and bzy by each estimator, over simulated studies.

    The title says how many studies. Bars are two Monte Carlo standard errors on either side of each bias; for a
    coverage they are the 95% interval of a proportion (Wilson's), which stays between 0 and 1. Trust an estimator as
    far as its bias may be 0 and its coverage 0.89 (dashed): bars say how much these studies leave open.

    `table`: a DataFrame with a row for each estimator and coefficient, from `models.coverage.coverage`. Estimators that
    are not in it are left out. ValueError if it has none of them, or lacks a column.
    """
    lacking = [c for c in ("bias", "bias_se", "coverage", "coverage_se", "studies") if c not in table.columns]
    if lacking:
        raise ValueError(f"coverage: the table has no column {lacking[0]}; it has {', '.join(map(str, table.columns))}")
    names = [name for name in ESTIMATORS if all((name, coefficient) in table.index for coefficient in COEFFICIENTS)]
    if not names:
        raise ValueError(f"coverage: the table has no rows of bxy and bzy of any of {', '.join(ESTIMATORS)}")
    with style.applied():
        figure = style.blank()
        panels = figure.subplots(2, 2, sharey=True, sharex="row", squeeze=False)
        figure.suptitle(f"Five estimators over {_studies(table)} simulated studies", x=0.015, ha="left")
        for column, (coefficient, title) in enumerate(COEFFICIENTS.items()):
            rows = table.loc[[(name, coefficient) for name in names]]
            for axes, statistic, ideal in zip(panels[:, column], ("bias", "coverage"), (0.0, PROBABILITY), strict=True):
                line = axes.axvline(ideal, color=style.INK, dashes=(4, 3), linewidth=1.4, zorder=1)
                line.set_gid(f"ideal-{statistic}-{coefficient}")
                _draw_points(axes, names, rows[statistic], _ends(rows, statistic), f"{statistic}-{coefficient}")
            panels[0, column].set_title(title)
            panels[0, column].set_xlabel("Bias of the posterior mean (log odds)")
            panels[1, column].set_xlabel("Coverage of the 89% intervals")
        panels[0, 0].set_yticks(range(len(names)), [f"{name}: {ESTIMATORS[name]}" for name in names])
        panels[0, 0].set_ylim(len(names) - 0.4, -0.6)
        return style.settled(figure)


def _studies(table):
    """The number of studies, or the range of numbers if estimators failed in some."""
    fewest, most = int(table["studies"].min()), int(table["studies"].max())
    return f"{most}" if fewest == most else f"{fewest} to {most}"


def closing_questions() -> Figure:
    """Fixed effects? And include the mean of X? The lecture's closing questions, answered by many simulated studies.

    Points are over 200 studies of the lecture's size (about 7 individuals a group) and 100 studies of ten times as many
    individuals in the same 30 groups, with the bars of `coverage`. Dashed lines are the ideals.

    Should one use fixed effects? They are free of the confound, but with groups of 7 they overstate bxy by 0.47, more
    than the naive estimator does, and only 48% of their 89% intervals contain the truth. With ten times as many
    individuals their bias is under 0.05 and their coverage near 0.89. At either size they say almost nothing of Z: the
    interval of bzy is more than three times as wide as that of any other estimator.

    Should one include the mean of X? Yes: it takes the bias of the multilevel estimator from 0.36 to 0.06, costs no
    coverage, and keeps the effect of Z. The latent machine, which allows for the error of the mean, does about as well
    here. Large groups make the multilevel estimator less biased too, but its coverage stays far below 0.89.
    """
    tables = {"lecture": known_studies("lecture"), "large groups": known_studies("large groups")}
    markers = {"lecture": ("o", "about 7 in a group"), "large groups": ("D", "about 67 in a group")}
    with style.applied():
        figure = style.blank()
        panels = figure.subplots(1, 2, sharey=True)
        figure.suptitle("bxy by five estimators, in small groups and in large ones", x=0.015, ha="left")
        for axes, (statistic, ideal) in zip(panels, (("bias", 0.0), ("coverage", PROBABILITY)), strict=True):
            axes.axvline(ideal, color=style.INK, dashes=(4, 3), linewidth=1.4, zorder=1)
            for shift, (size, table) in zip((-0.15, 0.15), tables.items(), strict=True):
                rows = table.xs("bxy", level="coefficient")
                _draw_sizes(axes, rows, statistic, shift, markers[size][0])
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        panels[0].set_yticks(range(len(ESTIMATORS)), [f"{name}: {words}" for name, words in ESTIMATORS.items()])
        panels[0].set_ylim(len(ESTIMATORS) - 0.4, -0.6)
        panels[0].set_xlabel("Bias of the posterior mean (log odds)")
        panels[1].set_xlabel("Coverage of the 89% intervals")
        looks = {"linestyle": "none", "color": style.GUIDE, "markersize": 8}
        handles = [panels[0].plot([], [], marker=marker, **looks)[0] for marker, _ in markers.values()]
        figure.legend(handles, [words for _, words in markers.values()], loc="outside lower center", ncols=2)
        return style.settled(figure)


def _draw_sizes(axes, rows, statistic, shift, marker):
    """A point and a bar for each estimator that the table has."""
    for place, name in enumerate(ESTIMATORS):
        if name in rows.index:
            colour, ends = style.model_colour(name), _ends(rows.loc[[name]], statistic)[0]
            axes.hlines(place + shift, *ends, color=colour, linewidth=4, alpha=0.45)
            axes.plot(
                rows.loc[name, statistic], place + shift, marker, color=colour, markersize=8, gid=f"{statistic}-{name}"
            )


def _ends(rows, statistic):
    """Both ends of each bar, NaN where they are not known."""
    if statistic == "coverage":
        return [wilson(share, n) for share, n in zip(rows["coverage"], rows["studies"], strict=True)]
    return [(x - 2 * se, x + 2 * se) for x, se in zip(rows[statistic], rows[f"{statistic}_se"], strict=True)]


def _draw_points(axes, names, value, ends, gid):
    """A row for each estimator: the value, and its bar if that is known."""
    for row, (name, x, bar_ends) in enumerate(zip(names, value, ends, strict=True)):
        colour = style.model_colour(name)
        if np.isfinite(bar_ends).all():
            bar = axes.hlines(row, *bar_ends, color=colour, linewidth=4, alpha=0.45)
            bar.set_gid(f"error-{gid}-{name}")
        (point,) = axes.plot([x], [row], marker="o", color=colour, markersize=8)
        point.set_gid(f"{gid}-{name}")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
