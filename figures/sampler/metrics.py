"""Metrics side by side: the same draws in the coordinates of each, and what a run with each costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from diagnostics import ess_bulk
from figures.drawing import style
from figures.sampler.warmup import of_chain
from hmc.sampler.metric import factor

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel

COLOURS = {
    "unit": style.GREY,
    "diag": style.ORANGE,
    "low_rank": style.SKY,
    "dense": style.WINE,
    "auto": style.INK,
}  # in the order of the panels


class Whitened(NamedTuple):
    """Draws in a metric's coordinates z = L^-1 (q - mean of q), and the directions of their covariance."""

    variances: NDArray[np.float64]  # (dimension,) eigenvalues of the covariance, from the largest to the smallest
    longest: NDArray[np.float64]  # (draws,) z along the direction of the largest
    shortest: NDArray[np.float64]  # (draws,) along that of the smallest


def metrics(fit: FitOfModel, others: Sequence[FitOfModel], chain: int = 0) -> Figure:
    """The draws of one fit in the coordinates of each metric, the variances there, and the cost of a run with each.

    What to see: above, each dot is a draw, along the direction in which the draws vary most in the metric's coordinates
    (to the right) and the one in which they vary least (up). Both axes have one scale. A round cloud is what the
    sampler wants: one step size suits all directions. In a flat one, the shortest direction limits the step size, and
    the longest needs many steps.

    Below are the variances along all directions, the eigenvalues of the draws' covariance, from the largest to the
    smallest. A metric is good where all are near 1. Beside each name are the mean number of leapfrog steps for a draw,
    and the effective draws for 1000 gradients, after warm-up, of the parameter that has the fewest.

    `fit`: from `hmc.sample`, whose draws of all chains are shown. `others`: fits of the same model with other metrics.
    `chain`: the one whose metrics are shown. ValueError for a fit of another model or data, for two with one metric,
    and for fewer than two draws, or one that is not finite.
    """
    fits = _by_metric(fit, others)
    draws = fit.unconstrained.reshape(-1, fit.unconstrained.shape[-1])
    if len(draws) < 2 or not np.isfinite(draws).all():
        raise ValueError(f"metrics: the fit of {fit.name} has fewer than two draws, or some are not finite")
    names = [name for name in COLOURS if name in fits]
    with style.applied():
        figure = style.blank()
        above, below = figure.subfigures(2, 1, height_ratios=(5, 6))
        figure.suptitle(f"{fit.name}: what each metric makes of {draws.shape[1]} parameters", x=0.015, ha="left")
        panels = above.subplots(1, len(names), squeeze=False)[0]
        spectrum = below.subplots()
        for name, panel in zip(names, panels, strict=True):
            found = whitened(draws, factor(of_chain(fits[name].inverse_metric, chain)))
            _draw_pair(panel, name, found)
            _draw_variances(spectrum, name, found.variances, fits[name])
        panels[0].set(xlabel="Longest direction", ylabel="Shortest direction")
        _finish(below, spectrum)
        return style.settled(figure)


def _by_metric(fit, others):
    """{metric: fit}, of one model and its data."""
    fits = {fit.settings["metric"]: fit}
    for other in others:
        if (other.name, other.identity.data) != (fit.name, fit.identity.data):
            raise ValueError(f"metrics: the fits are of {fit.name} and {other.name}, or of other data")
        metric = other.settings["metric"]
        if metric in fits:
            raise ValueError(f"metrics: two fits of {fit.name} have metric {metric}")
        fits[metric] = other
    return fits


def whitened(draws: NDArray[np.float64], lower: NDArray[np.float64]) -> Whitened:
    """`Whitened` draws (draws, dimension), where `lower` is the metric's factor L (dimension, dimension)."""
    z = np.linalg.solve(lower, (draws - draws.mean(axis=0)).T)
    variances, directions = np.linalg.eigh(np.atleast_2d(np.cov(z)))
    return Whitened(variances[::-1], directions[:, -1] @ z, directions[:, 0] @ z)


def _draw_pair(axes, name, found):
    """A dot for each draw."""
    axes.plot(
        found.longest, found.shortest, "o", color=COLOURS[name], markersize=2.5, alpha=0.3, markeredgewidth=0,
        gid=f"draws-{name}", rasterized=True,
    )  # fmt: skip
    reach = 1.05 * max(np.abs(found.longest).max(), np.abs(found.shortest).max())
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), box_aspect=1, xticks=[], yticks=[])
    axes.set_title(name, color=COLOURS[name] if name != "unit" else style.GUIDE, fontweight="bold")


def _draw_variances(axes, name, variances, fit):
    """A line through the eigenvalues, and what a run costs as its label."""
    place = np.arange(1, variances.size + 1)
    # auto's line lies on that of its choice, whose dots stay to be seen
    looks = {"linewidth": 1.4} if name == "auto" else {"linewidth": 1.0, "marker": "o", "markersize": 4.5}
    axes.plot(place, variances, color=COLOURS[name], label=_label(name, fit), gid=f"variances-{name}", **looks)


def _label(name, fit):
    """The metric, with auto's choice, and the steps and effective draws of its run."""
    steps = np.asarray(fit.stats["n_steps"])
    effective = np.nan_to_num(ess_bulk(fit.unconstrained), nan=0.0).min()
    chosen = f" ({fit.settings['chosen_metric'].split(',')[0].split(':')[0]})" if name == "auto" else ""
    return f"{name}{chosen}: {steps.mean():.1f} steps, ESS {1000.0 * effective / steps.sum():,.1f}"


def _finish(figure, axes):
    """Axes, the line at 1, and the legend."""
    axes.axhline(1.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.2, zorder=0)
    axes.set(yscale="log", xlabel="Direction, from longest to shortest", ylabel="Variance (log)")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    figure.legend(loc="outside right center", title="steps a draw, and least ESS\nfor 1000 gradients", alignment="left")
