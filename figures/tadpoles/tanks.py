"""Figures of the tadpoles in their tanks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from figures.drawing import fitting, style
from figures.drawing.draws import PROBABILITY, interval_of
from models.reedfrogs import TANKS
from models.tables import read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

SIZES = {2: ("small", "large"), 3: ("small", "medium", "large")}  # the words for tanks of so many densities


class Survival(NamedTuple):
    """The numbers that the tank plot shows: proportions from 0 to 1, one for each tank but for `population`."""

    raw: np.ndarray  # survivors over tadpoles at the start
    mean: np.ndarray  # posterior mean of inverse_logit(a)
    lower: np.ndarray  # ends of its central posterior interval
    upper: np.ndarray
    population: float  # posterior mean of inverse_logit(a_bar)


class Run(NamedTuple):
    """Neighbouring tanks that began with equally many tadpoles: those numbered `first` to `last`, from 1."""

    first: int
    last: int
    density: int


def tanks(fit: NamedFit, data: pd.DataFrame | str | Path | None = None) -> Figure:
    """The tank plot: for each tank the raw proportion that survived, and the model's estimate.

    Rings are the tanks' own proportions; dots, with 89% intervals, are the estimates of a model that learns from all
    tanks at once how much tanks differ. Every estimate is nearer to the population's mean (dashed) than the proportion
    is. The shift is larger on average for smaller tanks, since few tadpoles say little about a tank, and within each
    size it is larger for tanks with more extreme proportions.

    `fit` has draws of the intercepts `a` (chains, draws, tanks) and of their mean `a_bar` (chains, draws), as mST;
    `data` are those of the fit: a DataFrame, the path of a CSV file, or None for the bundled tanks. Tanks are in the
    order of the data, with dividers where the number of tadpoles changes, if tanks of equal numbers are together.
    ValueError if the fit lacks these draws, or if it is not of these data.
    """
    table = read(TANKS, data)
    survival = survival_of(fit, table)
    name = getattr(fit, "name", "")
    n = survival.raw.size
    subject = f"survival of tadpoles in {n} {'tank' if n == 1 else 'tanks'}"
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"{name}: {subject}" if name else subject.capitalize(), x=0.015, ha="left")
        draw_axes(axes, table["density"])
        _draw_survival(axes, survival, style.model_colour(name))
        divide(axes, runs(table["density"].astype(int)))
        return style.settled(figure)


def survival_of(fit: NamedFit, table: Mapping[str, np.ndarray]) -> Survival:
    """The numbers to show; ValueError if fit and table do not belong together."""
    lacking = [name for name in ("a", "a_bar") if name not in fit.keys()]  # noqa: SIM118 (keys are the contract)
    if lacking:
        raise ValueError(f"tanks: the fit has no {lacking[0]}; it has {', '.join(fit.keys())}")
    a, a_bar = np.asarray(fit["a"]), np.asarray(fit["a_bar"])
    if a.ndim != 3 or a_bar.shape != a.shape[:2] or a_bar.size == 0:
        raise ValueError(
            f"tanks: a is of shape {a.shape} and a_bar of {a_bar.shape}, not (chains, draws, tanks) and (chains, draws)"
        )
    survived, density = table["surv"], table["density"]
    if a.shape[2] != survived.size:
        raise ValueError(f"tanks: the fit is of {a.shape[2]} tanks, the data are of {survived.size}")
    _require_same_tanks(getattr(getattr(fit, "model", None), "data", None), survived, density)
    if not (np.isfinite(a).all() and np.isfinite(a_bar).all()):
        raise ValueError("tanks: some draws of the fit are not finite")
    chances = inverse_logit(a)
    lower, upper = interval_of(chances, axis=(0, 1))
    return Survival(survived / density, chances.mean(axis=(0, 1)), lower, upper, float(inverse_logit(a_bar).mean()))


def _require_same_tanks(fitted, survived, density):
    """ValueError if the data within the fit, if it has any, are other tanks, though equally many."""
    if not (hasattr(fitted, "survived") and hasattr(fitted, "density")):
        return
    others = np.flatnonzero((fitted.survived != survived) | (fitted.density != density))
    if others.size:
        i = others[0]
        raise ValueError(
            f"tanks: row {i + 1} of the data has {survived[i]:.0f} survivors of {density[i]:.0f}, "
            f"but the fit was made from {fitted.survived[i]:.0f} of {fitted.density[i]:.0f}"
        )


def inverse_logit(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)  # no overflow at either end


def draw_axes(axes: Axes, density: np.ndarray) -> None:
    n = density.size
    axes.set_xlim(0.25, n + 0.75)
    axes.set_ylim(-0.025, 1.025)  # room for the points at 0 and 1
    axes.spines["left"].set_bounds(0.0, 1.0)
    axes.spines["bottom"].set_bounds(1, n)
    axes.set_xticks(tank_ticks(n))
    axes.set_yticks(np.linspace(0.0, 1.0, 5))
    fewest, most = density.min(), density.max()
    count = f"{fewest:.0f}" if fewest == most else f"{fewest:.0f} to {most:.0f}"
    axes.set_xlabel(f"Tank, in the order of the data ({count} tadpoles in each at the start)")
    axes.set_ylabel("Proportion that survived")


def tank_ticks(n: int) -> list[int]:
    """Tank 1 and every 2nd, 4th, 5th, 8th, 10th, 20th ... tank, so that there are at most 8 more."""
    steps = (digit * 10**zeros for zeros in itertools.count() for digit in (1, 2, 4, 5, 8))
    step = next(step for step in steps if n <= 8 * step)
    return sorted({1, *range(step, n + 1, step)})


def _draw_survival(axes, survival, colour):
    tank = np.arange(1, survival.raw.size + 1)
    room = np.clip(60 / tank.size, 0.35, 1.0)  # the size of a tank's marks, as a part of their full size
    dots = {"marker": "o", "linestyle": "none"}
    rings = {**dots, "markerfacecolor": "none", "markeredgewidth": room}
    edges = {"markeredgecolor": "white", "markeredgewidth": room**2}
    population = axes.axhline(survival.population, color=colour, dashes=(5, 3), linewidth=1.6, zorder=1)
    interval = axes.vlines(tank, survival.lower, survival.upper, color=colour, alpha=0.4, linewidth=4 * room, zorder=2)
    (mean,) = axes.plot(tank, survival.mean, **dots, **edges, color=colour, markersize=6.5 * room, zorder=3)
    (raw,) = axes.plot(tank, survival.raw, **rings, color=style.INK, markersize=8 * room, zorder=4)
    right = axes.get_yaxis_transform()  # x in parts of the axes' width
    axes.text(1.01, survival.population, f"{survival.population:.2f}", transform=right, va="center")
    for artist, gid in ((population, "population"), (interval, "interval"), (mean, "mean"), (raw, "raw")):
        artist.set_gid(gid)
    percent = f"{100 * PROBABILITY:.0f}%"
    legend = {
        "tank: raw proportion": raw,
        f"tank: posterior mean and {percent} interval of logit⁻¹(a)": (interval, mean),
        "population: posterior mean of logit⁻¹(a_bar)": population,
    }
    axes.figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=2)


def runs(density: np.ndarray) -> list[Run]:
    """The runs of equal densities, in order; none if tanks of one density are not together."""
    starts = [0, *(np.flatnonzero(np.diff(density)) + 1), density.size]
    found = [Run(i + 1, j, density[i]) for i, j in itertools.pairwise(starts)]
    return found if len({run.density for run in found}) == len(found) else []


def divide(axes: Axes, runs: Sequence[Run]) -> None:
    """Dividers between the runs and the longest label above each that has room; nothing if none has."""
    labels = [
        axes.text((run.first + run.last) / 2, 1.01, "", transform=axes.get_xaxis_transform(), ha="center", va="bottom")
        for run in runs
    ]
    axes.figure.is_of_its_size = True  # as its labels are
    for texts in _wordings(runs):
        for label, text in zip(labels, texts, strict=True):
            label.set_text(text)
        fitting.lay_out(axes.figure)  # widths are known after the layout only
        if all(_fits(axes, label, run) for label, run in zip(labels, runs, strict=True)):
            break
    else:
        for label in labels:
            label.remove()
        return
    axes.set_xlabel("Tank" if "tadpole" in labels[0].get_text() else "Tank (above: tadpoles in each at the start)")
    for run, label in zip(runs, labels, strict=True):
        label.set_gid(f"label-{run.first}")
        if run.first > 1:
            divider = axes.axvline(run.first - 0.5, color=style.GUIDE, linewidth=1.0, zorder=0)
            divider.set_gid(f"divider-{run.first}")


def _wordings(runs):
    """The labels to write above the runs: lists, from the longest to the shortest."""
    if not runs:
        return
    by_density = sorted(run.density for run in runs)
    numbers = [f"{run.density} tadpole{'' if run.density == 1 else 's'}" for run in runs]
    if len(runs) in SIZES:
        sizes = [SIZES[len(runs)][by_density.index(run.density)] for run in runs]
        yield [f"{size} tanks: {number}" for size, number in zip(sizes, numbers, strict=True)]
        yield [f"{size}\n{number}" for size, number in zip(sizes, numbers, strict=True)]
    yield numbers
    yield [number.replace(" ", "\n") for number in numbers]
    yield [str(run.density) for run in runs]


def _fits(axes, label, run):
    """Whether the label is narrower than its run of tanks."""
    (left, _), (right, _) = axes.transData.transform([(run.first - 0.5, 0.0), (run.last + 0.5, 0.0)])
    return label.get_window_extent().width < right - left
