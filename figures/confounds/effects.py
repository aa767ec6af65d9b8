"""Figures of the confounded study: the effects of X and of Z by five estimators."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.drawing.density import kernel_density
from figures.drawing.draws import draws_of, interval_of
from models.confounds.study import read_study, simulate_study

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

ESTIMATORS = {
    "m0": "naive",
    "mf": "fixed effects",
    "mr": "multilevel",
    "mrx": "Mundlak machine",
    "mru": "latent Mundlak",
}
LECTURE = {name: argument.default for name, argument in inspect.signature(simulate_study).parameters.items()}


def group_sizes(
    individuals: pd.DataFrame | str | Path | None = None, groups: pd.DataFrame | str | Path | None = None
) -> Figure:
    """The number of individuals in each group, from the smallest group to the largest.

    A small group says little about itself. In our simulated study, which is not the slide's (see `docs/lecture.md`),
    200 individuals fell into 30 groups at random, so the smallest groups have 3 and the largest 11.

    `individuals`, `groups`: as for `models.m0`.
    """
    members = read_study(0, individuals, groups).members
    order = by_size(members)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"{members.sum():.0f} individuals in {members.size} groups", x=0.015, ha="left")
        bars = axes.bar(np.arange(members.size), members[order], color=style.GUIDE, width=0.75)
        bars[0].set_gid("sizes")
        mean = axes.axhline(members.mean(), color=style.INK, dashes=(5, 3), linewidth=1.4)
        mean.set_gid("mean")
        label_groups(axes, order)
        axes.set_xlabel("Group, from the smallest to the largest")
        axes.set_ylabel("Individuals")
        axes.yaxis.get_major_locator().set_params(integer=True)
        note = f"mean {members.mean():.1f}"
        axes.text(-0.4, members.mean(), note, ha="left", va="bottom")
        return style.settled(figure)


def bxy(
    m0: NamedFit,
    mf: NamedFit,
    mr: NamedFit,
    mrx: NamedFit,
    mru: NamedFit,
    truth: float = LECTURE["bXY"],
) -> Figure:
    """The posterior of bxy, the effect of X on Y, by each estimator, and the truth.

    Above, densities of the draws; below, posterior means and 89% intervals. A group's confound U moves both X and Y:
    the naive and the multilevel estimator take part of its effect for the effect of X and are too high. Fixed effects
    leave no room for U, but in groups this small they are too high as well, and have the widest interval. The two
    Mundlak machines, which give U a place, are nearest to the truth (the dashed line).

    `truth` is the value that the data were simulated with.
    """
    return _effect("bxy", [m0, mf, mr, mrx, mru], truth, "bxy, the effect of X on Y (log odds per unit of X)")


def bzy(
    m0: NamedFit,
    mf: NamedFit,
    mr: NamedFit,
    mrx: NamedFit,
    mru: NamedFit,
    truth: float = LECTURE["bZY"],
) -> Figure:
    """The posterior of bzy, the effect of the groups' trait Z on Y, by each estimator, and the truth.

    The panels are as for bxy. Fixed effects cannot say anything about a trait of groups, since a group's own intercept
    explains everything about it: their curve is almost the prior, Normal(0, 1), with over three quarters of its
    standard deviation. The others know bzy to about 0.25. In the bundled study, all four of these are on the far side
    of the truth, and mru misses it by more than its 89% interval.
    """
    return _effect("bzy", [m0, mf, mr, mrx, mru], truth, "bzy, the effect of Z on Y (log odds per unit of Z)")


def by_size(members: np.ndarray) -> np.ndarray:
    """The groups, from 0, in the order of their size, and of their numbers if equal."""
    return np.argsort(members, kind="stable")


def label_groups(axes: Axes, order: np.ndarray) -> None:
    """The groups' numbers, from 1, below places 0, 1, ...; only some if there are many groups."""
    step = -(-order.size // 40)
    axes.set_xlim(-0.8, order.size - 0.2)
    axes.set_xticks(np.arange(0, order.size, step), [str(g + 1) for g in order[::step]])
    axes.tick_params(axis="x", length=0)


def _effect(name, fits, truth, label):
    draws = {estimator: draws_of(name, fit, name) for estimator, fit in zip(ESTIMATORS, fits, strict=True)}
    with style.applied():
        figure = style.blank()
        curves, intervals = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        title = f"{name}: five estimators and the truth, {truth:g}".replace("-", "\N{MINUS SIGN}")
        figure.suptitle(title, x=0.015, ha="left")
        for axes in (curves, intervals):
            line = axes.axvline(truth, color=style.INK, dashes=(4, 3), linewidth=1.4, zorder=1)
            line.set_gid("truth")
        curves.text(truth, 1.0, "truth", transform=curves.get_xaxis_transform(), ha="center", va="bottom")
        _draw_curves(curves, draws, truth)
        _draw_intervals(intervals, draws)
        curves.set_ylabel("Density")
        intervals.set_xlabel(label)
        return style.settled(figure)


def _draw_curves(axes, draws, truth):
    """The densities, over a range of x that shows all of them and the truth."""
    ends = [truth, *(end for x in draws.values() for end in np.quantile(x, [0.001, 0.999]))]
    at = np.linspace(min(ends), max(ends), 400)
    for estimator, x in draws.items():
        (line,) = axes.plot(at, kernel_density(x, at), color=style.model_colour(estimator), linewidth=2.2)
        line.set_gid(f"density-{estimator}")
    axes.set_xlim(at[0], at[-1])
    axes.set_ylim(bottom=0.0)
    axes.tick_params(axis="x", length=0)


def _draw_intervals(axes, draws):
    """A row for each estimator: name, interval, mean."""
    for row, (estimator, x) in enumerate(draws.items()):
        colour = style.model_colour(estimator)
        lower, upper = interval_of(x, axis=None)
        interval = axes.hlines(row, lower, upper, color=colour, linewidth=4, alpha=0.45)
        interval.set_gid(f"interval-{estimator}")
        (mean,) = axes.plot([x.mean()], [row], marker="o", color=colour, markersize=8)
        mean.set_gid(f"mean-{estimator}")
    axes.set_yticks(range(len(draws)), [f"{name}: {ESTIMATORS[name]}" for name in draws])
    axes.set_ylim(len(draws) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
