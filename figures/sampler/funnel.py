"""Where centring wins: centred and non-centred draws of one intercept against its spread, with divergences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from figures.drawing import style
from figures.drawing.draws import require_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel

WALL = 2.0  # standard deviations from the population's mean, with 95% of intercepts between them a priori


def funnel(centred: FitOfModel, noncentred: FitOfModel, cluster: int | None = None) -> Figure:
    """Where centring wins: draws of one tank's intercept against those of the spread, centred and non-centred.

    Left, the distance a - a_bar of an intercept from the population's mean; a priori 95% of them are between the dashed
    lines at 2 sigma on both sides. Right, the same intercept in units of sigma, z = (a - a_bar) / sigma, where these
    lines are straight.

    Straight walls do not help here. The tanks say so much about their intercepts and about sigma that the centred draws
    stay in a short piece of the funnel, far from its neck, and no trajectory diverges in either form. Non-centring only
    adds a correlation between z and sigma: with as many leapfrog steps, the fewest effective draws of any parameter are
    fewer in the non-centred model. Where the data say little, the neck is real: see `schools_neck`.

    `centred` has draws of a (chains, draws, clusters), a_bar and sigma; `noncentred` of z and sigma. `cluster`: its
    number, from 1; None for the one whose draws are most like a funnel. ValueError if these are missing.
    """
    for fit, needed in ((centred, ("a", "a_bar", "sigma")), (noncentred, ("z", "sigma"))):
        require_names("funnel", fit, needed)
    distance = np.asarray(centred["a"]) - np.asarray(centred["a_bar"])[..., None]
    z = np.asarray(noncentred["z"])
    if distance.shape[2] != z.shape[2]:
        raise ValueError(f"funnel: {centred.name} has {distance.shape[2]} intercepts, {noncentred.name} {z.shape[2]}")
    if cluster is None:
        cluster = 1 + _most_funnelled(distance, np.asarray(centred["sigma"]))
    if not 1 <= cluster <= z.shape[2]:
        raise ValueError(f"funnel: there is no cluster {cluster}, only 1 to {z.shape[2]}")
    with style.applied():
        figure = style.blank()
        left, right = figure.subplots(1, 2, sharey=True)
        figure.suptitle(f"One intercept (cluster {cluster}) and the spread of all", x=0.015, ha="left")
        draw_pairs(left, distance[..., cluster - 1], centred, "sigma")
        draw_pairs(right, z[..., cluster - 1], noncentred, "sigma")
        _draw_walls(left, right)
        left.set(xlabel=f"a[{cluster}] minus a_bar (logits)", ylabel="log sigma")
        right.set(xlabel=f"z[{cluster}] (units of sigma)")
        _write_legend(figure, left)
        return style.settled(figure)


def _most_funnelled(distance, sigma):
    """The cluster, from 0, whose distance from a_bar grows most surely with sigma: the highest correlation of logs."""
    size = np.log(np.abs(distance)).reshape(-1, distance.shape[2])
    spread = np.log(sigma).ravel()
    return int(np.argmax([np.corrcoef(column, spread)[0, 1] for column in size.T]))


def draw_pairs(axes: Axes, intercept: NDArray[np.float64], fit: FitOfModel, spread: str) -> None:
    """A dot for each draw of an intercept against the log of the spread of that name, a cross if its trajectory
    diverged.
    """
    diverging = np.asarray(fit.stats["diverging"]).astype(bool)
    log_sigma = np.log(np.asarray(fit[spread]))
    dots = {"marker": "o", "markersize": 3, "alpha": 0.35, "markeredgewidth": 0, "color": style.model_colour(fit.name)}
    axes.plot(intercept[~diverging], log_sigma[~diverging], linestyle="none", **dots, gid="draws")
    cross = {"marker": "x", "markersize": 8, "markeredgewidth": 2.0, "color": style.INK}
    axes.plot(intercept[diverging], log_sigma[diverging], linestyle="none", **cross, gid="diverging")
    count = np.count_nonzero(diverging)
    axes.set_title(fit.name, loc="left", fontweight="bold")
    axes.set_title(f"{count:,} diverged", loc="right")
    widest = 1.05 * np.abs(intercept).max()
    axes.set_xlim(-widest, widest)


def _draw_walls(left, right):
    """The bounds of 95% of intercepts a priori, given sigma, in both coordinates."""
    low, high = left.get_ylim()
    log_sigma = np.linspace(low, high, 200)
    for sign in (-1, 1):
        looks = {"color": style.GUIDE, "dashes": (5, 3), "linewidth": 1.6, "zorder": 3, "gid": "wall"}
        left.plot(sign * WALL * np.exp(log_sigma), log_sigma, **looks)
        right.plot(np.full(200, sign * WALL), log_sigma, **looks)
    left.set_ylim(low, high)


def _write_legend(figure, axes):
    draws, diverging, wall = axes.get_lines()[:3]
    dot = figure.legend(
        [draws, diverging, wall],
        ["a draw", "a divergent draw", "2 sigma on both sides: 95% of the prior"],
        loc="outside lower center",
        ncols=3,
    ).legend_handles[0]
    dot.set(markersize=7, alpha=1.0)  # else lost in the legend
