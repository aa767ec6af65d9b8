"""The sweep over sigma: how well a given spread predicts tanks, and the spread that a model learns.

A sweep is a list of fits of `mST_fixed`, in any order of sigma. Scores are deviances, -2 times the expected log density
of a tank that was left out: lower is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib.ticker
import numpy as np

from diagnostics.psis import compute_psis_loo
from figures.drawing import style
from figures.drawing.density import kernel_density
from figures.drawing.draws import require_names
from figures.drawing.film import write_film
from figures.tadpoles import tanks
from models.reedfrogs import TANKS
from models.reedfrogs.leave_one_out import known_sigma_looic
from models.tables import read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel, NamedFit


class SweepScores(NamedTuple):
    """Leave-one-out deviances of a sweep, arrays (sigmas,) in ascending order of sigma."""

    sigma: np.ndarray
    psis: np.ndarray
    se: np.ndarray  # standard error of `psis`
    exact: np.ndarray  # the same by quadrature


def scores(fits: Sequence[FitOfModel]) -> SweepScores:
    """The `SweepScores` of a sweep, by PSIS and exactly.

    ValueError as for `exact_scores`.
    """
    sigma, exact = exact_scores(fits)
    # Without the warning: the figure itself shows that PSIS cannot be trusted here.
    by_psis = [compute_psis_loo(fit.log_likelihood) for fit in sorted(fits, key=sigma_of)]
    psis, se = np.array([(score.looic, score.se) for score in by_psis]).T
    return SweepScores(sigma, psis, se, exact)


def exact_scores(fits: Sequence[FitOfModel]) -> tuple[np.ndarray, np.ndarray]:
    """(sigma, exact leave-one-out deviance) of a sweep, in ascending order of sigma.

    ValueError if a fit's sigma is not known, or two fits have the same sigma.
    """
    sigma = np.array([sigma_of(fit) for fit in fits])
    if sigma.size == 0 or np.unique(sigma).size < sigma.size:
        raise ValueError(f"sweep: {sigma.size} fits with {np.unique(sigma).size} different sigmas")
    exact = np.array([known_sigma_looic(fit.model.data) for fit in fits])
    return np.sort(sigma), exact[np.argsort(sigma)]


def sigma_of(fit: FitOfModel) -> float:
    """The sigma that a fit of `mST_fixed` was given; ValueError if it has none, or was loaded without its model."""
    sigma = getattr(getattr(getattr(fit, "model", None), "data", None), "sigma", None)
    if sigma is None:
        raise ValueError(f"sweep: {fit.name} was given no sigma; a fit from a file lacks its model")
    return float(sigma)


def sigma_sweep(fits: Sequence[FitOfModel], learned: NamedFit) -> Figure:
    """The score of each given sigma, and, above, the sigma that a model learns from the tanks themselves.

    With a small sigma, the model takes all tanks for one and predicts them badly: it underfits. With a large sigma, no
    tank teaches anything about the next, and predictions are worse again: it overfits. A model that learns sigma finds
    the good region from the data alone, without a score: its 89% interval holds the sigma with the best exact score.

    PSIS (points; bars are standard errors over tanks) reweights the draws of one fit. Only the tank itself informs its
    intercept, so leaving it out makes the weights too uneven, and at large sigmas the scores are too low. The line has
    the exact scores: where sigma is given, the posterior without a tank is an integral that can be computed.

    `fits` of `mST_fixed`, `learned` of `mST`. ValueError as for `scores`, or if `learned` has no draws of sigma.
    """
    shown = scores(fits)
    require_names("sweep", learned, ("sigma",))
    log_sigma = np.linspace(*np.log(shown.sigma[[0, -1]]), 400)
    density = kernel_density(np.log(learned["sigma"]), log_sigma)
    colour = style.model_colour(learned.name)
    with style.applied():
        figure = style.blank()
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2.6))
        figure.suptitle("How much may tanks differ? Sigma given, and learned", x=0.015, ha="left")
        above.fill_between(np.exp(log_sigma), density, color=colour, alpha=0.25, linewidth=0)
        above.plot(np.exp(log_sigma), density, color=colour, label=f"{learned.name}: sigma learned", gid="learned")
        above.set(ylabel="Density of\nlog sigma", ylim=(0, None))
        draw_scores(below, shown)
        mean = np.mean(learned["sigma"])
        for axes in (above, below):
            axes.axvline(mean, color=colour, dashes=(5, 3), linewidth=1.6, zorder=0, gid="mean")
        figure.legend(loc="outside lower center", ncols=3)
        return style.settled(figure)


def sigma_sweep_animation(
    fits: Sequence[FitOfModel],
    path: str | Path,
    data: pd.DataFrame | str | Path | None = None,
    seconds: float = 0.6,
) -> Path:
    """The tanks as the given sigma grows: a film from too much pooling to too little.

    Above, the estimates of the fit with that sigma; below, the scores of all sigmas, with this one marked. As sigma
    grows, estimates (dots) move from the population's mean to the raw proportions (rings). The score falls at first.
    Where there is too little pooling, the exact score (line) rises again. PSIS (points) is too low there, and cannot be
    trusted.

    `path` (.gif) gets a frame for each sigma, from the smallest to the largest, and is returned. `fits` as for
    `scores`; `data` are those of the fits (None: the bundled tanks). A frame is shown for `seconds`, the last one three
    times as long. The file is written whole or not at all. ValueError for another ending, and as for `scores`.
    """
    shown, table = scores(fits), read(TANKS, data)
    ascending = sorted(fits, key=sigma_of)
    frame = round(1000 * seconds)
    durations = [frame] * (len(fits) - 1) + [3 * frame]
    return write_film(path, _frames(shown, ascending, table), durations)


def _frames(shown: SweepScores, fits: Sequence[FitOfModel], table: Mapping[str, np.ndarray]) -> Iterator[Figure]:
    """The frame of each fit; always the same object."""
    figure = sweep_frame(shown, fits[0], table)
    for fit in fits:
        with style.applied():
            _show_fit(figure, shown, fit, table)
        yield figure


def sweep_frame(shown: SweepScores, fit: FitOfModel, table: Mapping[str, np.ndarray]) -> style.Slide:
    """A frame of `sigma_sweep_animation`, from the `SweepScores`, one of the fits, and the tanks' columns."""
    with style.applied():
        figure = style.blank()
        above, below = figure.subplots(2, 1, height_ratios=(1.3, 1))
        figure.suptitle(fit.name, x=0.015, ha="left")
        tanks.draw_axes(above, table["density"])
        above.set(xlabel="Tank", ylabel="Survival")
        draw_scores(below, shown)
        below.set_ylabel("Deviance")  # the other figure says of what: there is no room here
        _show_fit(figure, shown, fit, table)
        figure.legend(loc="outside lower center", ncols=4)
        return style.settled(figure)


def _show_fit(figure, shown, fit, table):
    """Draw a fit into a frame, in place of the one that it showed."""
    at = int(np.flatnonzero(shown.sigma == sigma_of(fit))[0])
    above, below = figure.axes
    for artist in [*above.lines, *above.collections, *(line for line in below.lines if line.get_gid() == "here")]:
        artist.remove()
    _draw_tanks(above, tanks.survival_of(fit, table), style.model_colour(fit.name))
    ring = {"markersize": 15, "markerfacecolor": "none", "markeredgecolor": style.INK, "markeredgewidth": 2.5}
    ring |= {"clip_on": False}  # the lowest score is near the axes' edge
    (here,) = below.plot(shown.sigma[at], shown.psis[at], "o", **ring, gid="here")
    style.retitle(figure, f"{fit.name}: sigma given, {shown.sigma[at]:.2f}")
    of_tanks = [artist for artist in above.get_children() if artist not in (above.patch, above.xaxis, above.yaxis)]
    figure.moving = [figure._suptitle, *of_tanks, here, *below.spines.values()]


def _draw_tanks(axes, survival, colour):
    """Raw proportions, estimates and the population; marks at 0 and 1 may reach beyond the axes."""
    tank = np.arange(1, survival.raw.size + 1)
    edges = {"markersize": 6.5, "markeredgecolor": "white", "clip_on": False}
    rings = {"markersize": 8, "markerfacecolor": "none", "clip_on": False}
    axes.axhline(survival.population, color=colour, dashes=(5, 3), linewidth=1.6, zorder=1, gid="population")
    axes.vlines(tank, survival.lower, survival.upper, color=colour, alpha=0.5, linewidth=4, gid="interval")
    axes.plot(tank, survival.mean, "o", color=colour, **edges, label="estimate", gid="mean")
    axes.plot(tank, survival.raw, "o", color=style.INK, **rings, label="raw", gid="raw")


def draw_scores(axes: Axes, shown: SweepScores) -> None:
    """The scores against sigma: points with bars, and a line."""
    colour = style.model_colour("mST_fixed")
    points = {"color": colour, "fmt": "o", "markersize": 6, "elinewidth": 2.5}
    bars = axes.errorbar(shown.sigma, shown.psis, shown.se, **points, label="PSIS, standard error")
    bars.lines[0].set_gid("psis")
    bars.lines[2][0].set_gid("standard errors")
    axes.plot(shown.sigma, shown.exact, color=style.INK, linewidth=2.2, label="exact", gid="exact")
    scale_of_sigma(axes, shown.sigma)
    axes.set(xlabel="sigma given to all tanks (logits)", ylabel="Deviance of tanks left out")


def scale_of_sigma(axes: Axes, sigma: np.ndarray) -> None:
    """A logarithmic scale of these values, ascending, to the right, with ticks at round ones."""
    axes.set_xscale("log")
    axes.set_xticks(_round_values(*sigma[[0, -1]]))
    axes.xaxis.set_major_formatter(matplotlib.ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())


def _round_values(low, high):
    """1, 2 and 5 times powers of 10 from `low` to `high`, with some tolerance for rounding."""
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    values = np.outer(powers, [1, 2, 5]).ravel()
    return values[(values >= low / 1.01) & (values <= high * 1.01)]
