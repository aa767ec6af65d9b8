"""Data as a model predicts them, beside the data that were observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel

PROB = 0.89
MOST_VALUES = 40  # of a quantity that is counted value by value; others are counted in as many bins
MOST_SHOWN = 200  # observations that one panel has room for


def predictive(fit: FitOfModel, quantity: str | None = None) -> Figure:
    """Posterior predictive check: what was observed, beside what the model would observe if all were done again.

    On the left, how often each value came: the line is what was observed, the band holds 89% of the replicated data
    sets. On the right, each observation as a point on the 89% interval of its replicates, in the order of their means.
    A model that describes its data has the line mostly within the band, and at least 89% of the points on their
    intervals. Since these data made the fit, it looks better than for new data: nearly all points lie on their
    intervals if each observation has a parameter of its own.

    `quantity`: the name of what was observed, if the model has several; None for the first. ValueError for another
    name, for a model that simulates no data, and for what is not made of finite numbers.
    """
    drawn = fit.predict()
    chosen = next(iter(drawn), None) if quantity is None else quantity
    if chosen not in drawn:
        known = f"it predicts {', '.join(drawn)}" if drawn else "it predicts nothing else than its data"
        raise ValueError(f"predictive: {fit.name} predicts no {quantity or 'data'}; {known}")
    observed, replicates = _numbers(f"predictive: {fit.name}: {chosen}", fit.observed()[chosen], drawn[chosen])
    colour = style.model_colour(fit.name)
    with style.applied():
        figure = style.blank()
        left, right = figure.subplots(1, 2)
        figure.suptitle(f"{fit.name}: {chosen}, observed and predicted", x=0.015, ha="left")
        _draw_counts(left, chosen, observed, replicates, colour)
        _draw_intervals(right, chosen, observed, replicates, colour)
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return style.settled(figure)


def _numbers(what, observed, drawn):
    """(observed (n,), replicates (draws, n)) as float64; ValueError where they are none, or differ in shape."""
    if drawn.shape[2:] != observed.shape:
        raise ValueError(f"{what} was observed with the shape {observed.shape}, and predicted with {drawn.shape[2:]}")
    if observed.size == 0:
        raise ValueError(f"{what} has no observations")
    for values, done in ((observed, "observed"), (drawn, "predicted")):
        if values.dtype.kind not in "biuf":
            raise ValueError(f"{what} was {done} as {values.dtype}, not as numbers")
        if not np.isfinite(values).all():
            raise ValueError(f"{what} was {done} as {values[~np.isfinite(values)][0]}")
    return observed.ravel().astype(np.float64), drawn.reshape(-1, observed.size).astype(np.float64)


def _edges(observed, replicates):
    """Edges of bins: a value each where there are few, else even ones over what 99% of the replicates reach."""
    low, high = np.quantile(replicates, [0.005, 0.995])
    low, high = min(low, observed.min()), max(high, observed.max())
    is_whole = not (observed % 1).any() and not (replicates % 1).any()
    if is_whole and high - low < MOST_VALUES:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    edges = np.linspace(low, high, MOST_VALUES // 2 + 1)
    return np.unique(np.ceil(edges - 0.5) - 0.5) if is_whole else edges + (edges == edges[-1]) * 1e-9 * (high - low + 1)


def _draw_counts(axes, quantity, observed, replicates, colour):
    """How many observations have each value."""
    edges = _edges(observed, replicates)
    counts = np.array([np.histogram(row, edges)[0] for row in replicates])
    low, high = np.quantile(counts, [(1 - PROB) / 2, (1 + PROB) / 2], axis=0)
    band = {"fill": True, "facecolor": colour, "alpha": 0.45, "label": "89% of replicated data sets"}
    axes.stairs(high, edges, baseline=low, **band, gid="band")
    count = np.histogram(observed, edges)[0]
    axes.stairs(count, edges, baseline=None, color=style.INK, linewidth=2.0, label="observed", gid="observed")
    axes.set(xlabel=quantity, ylabel="Observations", xlim=(edges[0], edges[-1]))
    axes.set_ylim(0, 1.1 * max(high.max(), count.max(), 1))


def _draw_intervals(axes, quantity, observed, replicates, colour):
    """Each observation on the interval of its replicates, and the share that lies within."""
    low, high = np.quantile(replicates, [(1 - PROB) / 2, (1 + PROB) / 2], axis=0)
    is_within = (low <= observed) & (observed <= high)
    order = np.argsort(replicates.mean(axis=0), kind="stable")
    shown = order[np.unique(np.linspace(0, order.size - 1, MOST_SHOWN).astype(np.int64))] if order.size else order
    place = np.arange(1, shown.size + 1)
    axes.vlines(place, low[shown], high[shown], color=colour, alpha=0.45, linewidth=2.5, gid="intervals")
    axes.plot(place, observed[shown], "o", color=style.INK, markersize=3.5, gid="points")
    axes.set_title(f"{is_within.mean():.0%} within their intervals", loc="left", fontsize=12)
    number = f"{shown.size} of {order.size:,}" if shown.size < order.size else f"all {order.size:,}"
    axes.set(xlabel=f"Observations by predicted mean: {number}", ylabel=quantity)
    axes.locator_params(nbins=5)
