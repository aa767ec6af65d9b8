"""Warm-up learns a step size and a metric: figures of both, from a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import LogLocator
from numpy.typing import NDArray

from figures.drawing import style
from hmc.record import record
from hmc.sampler.adaptation import FIT, FIT_IF_WORTH, UPDATE
from hmc.sampler.metric import LowRank, variances
from hmc.sampler.starting import make_orders
from hmc.settings import settings_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel

WINDOW = 25  # transitions over which acceptance rates are averaged
# Settings that do not change the transitions of a fit's chains.
_NOT_RECORDED = ("draws", "keep_warmup", "chosen_metric")


def warmup(fit: FitOfModel) -> Figure:
    """The step size and the acceptance rate over warm-up: the search for steps as large as accuracy allows.

    What to see: an acceptance rate above the target makes the next step size larger, one below the target makes it
    smaller; the changes are larger at first and then shrink. Meanwhile the sampler learns the metric, which changes the
    best step size, until it fixes the metric for the end of warm-up. The acceptance rate of single transitions scatters
    widely; its average over the second half of warm-up is within 0.05 of the target. The draws then use one step size,
    the average of the last ones tried.

    `fit`: any, from `hmc.sample`. ValueError if it has no warm-up.
    """
    steps, rates = fit.warmup_stats["step_size"], fit.warmup_stats["acceptance_rate"]
    if steps.shape[1] < WINDOW:
        raise ValueError(f"warmup: the fit has {steps.shape[1]} warm-up transitions, too few to draw")
    colour = style.model_colour(fit.name)
    with style.applied():
        figure = style.blank()
        above, below = figure.subplots(2, 1, sharex=True)
        chains = f"{len(steps)} chain{'' if len(steps) == 1 else 's'}"
        figure.suptitle(f"{fit.name}: what {chains} learned in warm-up", x=0.015, ha="left")
        _draw_step_sizes(above, fit, colour)
        _draw_rates(below, rates, fit.settings["target_accept"], colour)
        _mark_end_of_metric(above, below, fit)
        below.set_xlabel("Warm-up transition")
        handles = [pair for axes in (above, below) for pair in zip(*axes.get_legend_handles_labels(), strict=True)]
        figure.legend(*zip(*handles, strict=True), loc="outside lower center", ncols=3, markerscale=3)
        return style.settled(figure)


def _draw_step_sizes(axes, fit, colour):
    """Every chain's step size, and, at the right, the step size of its draws."""
    steps = fit.warmup_stats["step_size"]
    n = steps.shape[1]
    for chain, (sought, kept) in enumerate(zip(steps, fit.stats["step_size"][:, 0], strict=True)):
        label = "step size tried, a line for each chain" if chain == 0 else None
        (line,) = axes.plot(np.arange(1, n + 1), sought, color=colour, alpha=0.55, linewidth=1.0, label=label)
        line.set_gid(f"sought-{chain}")
        label = "step size of the draws" if chain == 0 else None
        (line,) = axes.plot([1.005 * n, 1.05 * n], [kept, kept], color=style.INK, linewidth=2.5, label=label)
        line.set_gid(f"kept-{chain}")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.set_ylabel("Step size (log)")


def _draw_rates(axes, rates, target, colour):
    """The acceptance rate of every transition of all chains, and their running mean."""
    n = rates.shape[1]
    (dots,) = axes.plot(
        np.tile(np.arange(1, n + 1), len(rates)), rates.ravel(), ".", color=colour, alpha=0.25, markersize=4,
        markeredgewidth=0, label="acceptance rate, a dot for each transition",
    )  # fmt: skip
    dots.set_gid("rates")
    window = np.ones(WINDOW) / WINDOW
    middle = np.arange(1, n - WINDOW + 2) + (WINDOW - 1) / 2
    label = f"mean over all chains and {WINDOW} transitions"
    (mean,) = axes.plot(middle, np.convolve(rates.mean(axis=0), window, "valid"), color=style.INK, label=label)
    mean.set_gid("mean")
    line = axes.axhline(target, color=style.INK, linestyle="--", linewidth=1.2, label=f"target: {target:g}")
    line.set_gid("target")
    axes.set_ylabel("Acceptance rate")
    axes.set_ylim(-0.03, 1.03)


def _mark_end_of_metric(above, below, fit):
    """A divider after the last transition at which the metric was changed."""
    plan = make_orders(settings_of(fit.settings), np.zeros(1, np.int64), np.zeros(1, np.int64)).plan
    updates = np.flatnonzero(plan & (UPDATE | FIT | FIT_IF_WORTH))
    if not updates.size:
        return
    last = int(updates[-1]) + 1
    for axes in (above, below):
        line = axes.axvline(last + 0.5, color=style.GUIDE, linewidth=1.0)
        line.set_gid("metric")
    note = {"textcoords": "offset points", "xycoords": above.get_xaxis_transform(), "ha": "right", "va": "top"}
    above.annotate("metric learned up to here", (last + 0.5, 1.0), (-6, 0), color=style.GUIDE, **note)


def metric(fit: FitOfModel, chain: int = 0, before: np.ndarray | None = None) -> Figure:
    """The metric before and after warm-up: the sampler's scale for each parameter, against the parameter's real scale.

    What to see: each dot is a parameter on its unconstrained scale. Its place to the right is how much it varies in the
    posterior, its height the scale that the metric gives it. On the line the two agree: in the sampler's coordinates,
    where lengths are in units of the metric, all parameters then vary equally and one step size suits them all. Before
    warm-up the scales are guesses: ones, or values from the steepness of the density at the first point. The shortest
    parameter in those coordinates then dictates the step size, and the longest one dictates how many steps cross the
    posterior; the legend gives the ratio of the two, which is smaller after warm-up.

    `fit`: from `hmc.sample`; `chain`: the chain whose metric is drawn. `before`: the inverse metric of the first
    transition, (dimension,) or (dimension, dimension); None to record it anew, for which the fit needs its model.
    """
    if before is None:
        before = _first_metric(fit, chain)
    sd = fit.unconstrained.std(axis=(0, 1), ddof=1)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"{fit.name}: the metric of {sd.size} parameters", x=0.015, ha="left")
        states = (
            ("before", before, {"color": style.GUIDE, "markerfacecolor": "white"}),
            ("after", of_chain(fit.inverse_metric, chain), {"color": style.model_colour(fit.name)}),
        )
        for gid, inverse_metric, look in states:
            scale = _scales(inverse_metric)
            ratio = (sd / scale).max() / (sd / scale).min()
            label = f"{gid} warm-up: longest over shortest {ratio:.3g}"
            (dots,) = axes.plot(sd, scale, "o", markersize=7, label=label, **look)
            dots.set_gid(gid)
        axes.axline((1.0, 1.0), (2.0, 2.0), color=style.GUIDE, linewidth=1.2, label="the two agree", zorder=1)
        axes.set(xscale="log", yscale="log")
        axes.set(xlabel="Posterior standard deviation, unconstrained (log)", ylabel="Scale in the metric (log)")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
        figure.legend(loc="outside lower center", ncols=2)
        return style.settled(figure)


def _first_metric(fit, chain):
    """The inverse metric of a chain's first transition, which is run again to record it."""
    if fit.model is None:
        raise ValueError("metric: the fit was loaded from a file, without its model; give the first metric as `before`")
    settings = {name: value for name, value in fit.settings.items() if name not in _NOT_RECORDED}
    if settings["algorithm"] == "nuts":
        settings["path_length"] = None
    return record(fit.model, after=0, chain=fit.chains[chain], **settings)[0].inverse_metric


def of_chain(inverse_metric: NDArray[np.float64] | LowRank, chain: int) -> NDArray[np.float64] | LowRank:
    """The inverse metric of one chain, from those of all as `hmc.Fit` has them."""
    return inverse_metric.of_chain(chain) if isinstance(inverse_metric, LowRank) else inverse_metric[chain]


def _scales(inverse_metric):
    """The standard deviations (dimension,) in an inverse metric."""
    return np.sqrt(variances(inverse_metric))
