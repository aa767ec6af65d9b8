"""Figures that show whether to trust the chains of any fit: traces, ranks and energies.

Colour tells the chains apart, from dark to light in their order, or the model if all chains are drawn as one.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import StepPatch

from diagnostics import ebfmi, ess_bulk, rank_histogram, rhat
from diagnostics.precis import element_labels
from figures.drawing import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel

PANELS = 6  # quantities that one slide has room for
NORMAL_99 = 2.576  # standard deviations on both sides of a normal's mean that hold 99% of it
MOST_IN_LEGEND = 6  # side by side
LOW_EBFMI = 0.3  # below it, see `diagnostics.ebfmi`


def traces(fit: FitOfModel, quantities: Sequence[str] | None = None) -> Figure:
    """Trace plots: each quantity draw by draw, a line a chain, with Rhat and bulk ESS above.

    Chains that explore the same distribution lie over one another as a band without trend, so that no chain stands out
    from the others. A chain that stays above or below, or drifts, has not converged. Ticks at the bottom are draws
    whose trajectory diverged, in any chain: check whether they come where the lines stop short.

    `quantities`: up to 6 labels as in `precis`, such as "sigma" or "a[3]"; None for those with the smallest bulk ESS,
    which mix worst. ValueError for a label that the fit does not have.
    """
    diverging = np.flatnonzero(np.asarray(fit.stats["diverging"]).any(axis=0)) + 1
    return _panels(
        fit,
        "traces of draws",
        quantities,
        functools.partial(_draw_trace, diverging=diverging),
        xlabel="Draw after warm-up",
        ylabel="Value",
    )


def ranks(fit: FitOfModel, quantities: Sequence[str] | None = None, bins: int = 20) -> Figure:
    """Trank plots: histograms of the ranks of each chain's draws among the draws of all chains.

    Chains that draw from the same distribution share all ranks evenly: their steps stay near the dashed line, and would
    lie within the grey band in 99 bins of 100 if draws were independent. A chain that is high at one end and low at the
    other has a different mean from the rest; one that is high at both ends or in the middle has a different spread.

    `quantities` as for `traces`; `bins`: how many. ValueError for a label that the fit does not have, or without a
    bin.
    """
    if bins < 1:
        raise ValueError(f"ranks: a histogram needs at least one bin, not {bins}")
    return _panels(
        fit,
        "ranks of draws",
        quantities,
        functools.partial(_draw_ranks, bins=bins),
        xlabel="Rank of the draw",
        ylabel="Draws in a bin",
    )


def energies(fit: FitOfModel, bins: int = 40) -> Figure:
    """Energy plot: the distance of energies from their chain's mean, and the change of energy from draw to draw.

    Only the new momentum changes the energy from draw to draw. If those changes (line) are as wide as the energies
    themselves (filled), one momentum is enough to reach any energy; if they are much narrower, the chain wanders and
    seldom sees the tails. The ratio of the two, E-BFMI, is on the right for each chain: near 1 is good, below 0.3 is
    bad.

    ValueError if an energy is not finite, or if a chain has fewer than 3.
    """
    energy = np.asarray(fit.stats["energy"])
    if energy.shape[1] < 3 or not np.isfinite(energy).all():
        raise ValueError(f"energies: {fit.name} has energies that are not finite, or fewer than 3 draws a chain")
    marginal, jumps = energy - energy.mean(axis=1, keepdims=True), np.diff(energy, axis=1)
    reach = max(np.abs(marginal).max(), np.abs(jumps).max())
    if reach == 0:
        raise ValueError(f"energies: the chains of {fit.name} are stuck: in each, all draws have the same energy")
    colour = style.model_colour(fit.name)
    with style.applied():
        figure = style.blank()
        left, right = figure.subplots(1, 2, width_ratios=(2, 1))
        figure.suptitle(f"{fit.name}: energies", x=0.015, ha="left")
        edges = np.linspace(-reach, reach, bins + 1)
        filled = {"fill": True, "facecolor": colour, "alpha": 0.45, "label": "energy, from its chain's mean"}
        line = {"color": style.INK, "linewidth": 2.0, "label": "from one draw to the next"}
        for values, gid, looks in ((marginal, "marginal", filled), (jumps, "jumps", line)):
            density, _ = np.histogram(values, edges, density=True)
            left.stairs(density, edges, **looks, gid=gid)
        left.set(xlabel="Difference of energies (natural-log units)", ylabel="Density", xlim=(-reach, reach))
        _draw_ebfmi(right, ebfmi(energy), fit.chains, colour)
        figure.legend(loc="outside lower center", ncols=3)
        return style.settled(figure)


def _chosen(fit, quantities):
    """{label: draws (chains, draws)} of the given labels, or of those with the smallest bulk ESS."""
    every = {}
    for name in fit.keys():  # noqa: SIM118 (keys are the contract)
        draws = np.asarray(fit[name])
        elements = draws.reshape(*draws.shape[:2], -1)
        every |= dict(zip(element_labels(name, draws.shape[2:]), np.moveaxis(elements, 2, 0), strict=True))
    if quantities is None:
        ess = ess_bulk(np.stack(list(every.values()), axis=-1))
        worst = np.argsort(ess, kind="stable")[:PANELS]
        return {label: every[label] for i, label in enumerate(every) if i in worst}
    unknown = [label for label in quantities if label not in every]
    if unknown:
        raise ValueError(f"{fit.name} has no quantity {unknown[0]}; it has {', '.join(fit.keys())}")
    if not 1 <= len(quantities) <= PANELS:
        raise ValueError(f"a figure has room for 1 to {PANELS} quantities, not {len(quantities)}")
    return {label: every[label] for label in quantities}


def _panels(fit, subject, quantities, draw, *, xlabel, ylabel):
    """A figure with a panel for each quantity, filled by `draw(axes, chains' names, draws) -> legend`."""
    chosen, names = _chosen(fit, quantities), _names(fit)
    columns = {1: 1, 2: 1, 3: 3, 4: 2, 5: 3, 6: 3}[len(chosen)]
    with style.applied():
        figure = style.blank()
        figure.suptitle(f"{fit.name}: {subject}", x=0.015, ha="left")
        grid = figure.subplots(-(-len(chosen) // columns), columns, squeeze=False, sharex=True).ravel()
        for axes in grid[len(chosen) :]:
            axes.remove()
        for axes, (label, draws) in zip(grid, chosen.items(), strict=False):
            legend = draw(axes, names, draws)
            axes.set_gid(label)
            axes.locator_params(nbins=4)
            axes.set_title(label, loc="left", fontweight="bold", pad=22)
            summary = f"Rhat {rhat(draws):.2f}, ESS {ess_bulk(draws):,.0f}"
            # The title's padding has room for it; in the layout, a long one would make its panel narrower.
            axes.text(0, 1.03, summary, fontsize=12, transform=axes.transAxes).set_in_layout(False)
        for axes in grid[: len(chosen)][-columns:]:
            axes.set_xlabel(xlabel)
            axes.tick_params(labelbottom=True)
        figure.supylabel(ylabel, fontsize="medium")  # once for all: the panels keep their width
        side_by_side = min(len(legend), MOST_IN_LEGEND)
        shown = figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=side_by_side)
        for handle in shown.get_lines():
            if handle.get_linestyle() == "-":
                handle.set(linewidth=2.5, alpha=1.0)  # traces are too thin for a legend
        return style.settled(figure)


def _draw_trace(axes, names, draws, diverging):
    """A line for each chain, and ticks for divergences."""
    number = np.arange(1, draws.shape[1] + 1)
    legend = {}
    for name, chain, colour in zip(names, draws, style.chain_colours(len(draws)), strict=True):
        (legend[name],) = axes.plot(number, chain, color=colour, linewidth=0.6, alpha=0.85, gid=name)
    if diverging.size:
        foot = {"transform": axes.get_xaxis_transform(), "gid": "diverging"}  # y in parts of the axes' height
        (legend["divergent"],) = axes.plot(diverging, np.full(diverging.size, 0.03), "|", color=style.INK, **foot)
    axes.set_xlim(0, draws.shape[1] + 1)
    axes.margins(y=0.12)
    return legend


def _draw_ranks(axes, names, draws, bins):
    """Steps for each chain, and their expected range."""
    chains, length = draws.shape
    edges = np.linspace(0.5, chains * length + 0.5, bins + 1)
    level = length / bins
    # A chain's share of a bin is hypergeometric; the normal approximation is enough for a band.
    spread = np.sqrt(level * (1 - 1 / bins) * (1 - 1 / chains) * chains * length / (chains * length - 1))
    low, high = level - NORMAL_99 * spread, level + NORMAL_99 * spread
    band = axes.axhspan(low, high, color=style.GREY, alpha=0.25, linewidth=0, gid="band")
    even = axes.axhline(level, color=style.GUIDE, dashes=(5, 3), linewidth=1.2, gid="even")
    counts = rank_histogram(draws, bins)
    legend = {}
    for name, count, colour in zip(names, counts, style.chain_colours(chains), strict=True):
        steps = StepPatch(count, edges, baseline=None, fill=False, color=colour, linewidth=1.8, gid=name)
        legend[name] = axes.add_artist(steps)  # not axes.stairs, which looks for the limits that are set below
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, max(2 * level, 1.1 * counts.max()))
    return {**legend, "even, with 99% band": (band, even)}


def _draw_ebfmi(axes, ratios, chains, colour):
    """A point for each chain, and the line below which it is bad."""
    place = np.arange(ratios.size)
    axes.plot(place, ratios, "o", color=colour, markersize=9, markeredgecolor="white", gid="ebfmi")
    bad = f"E-BFMI {LOW_EBFMI}: bad below"
    axes.axhline(LOW_EBFMI, color=style.GUIDE, dashes=(5, 3), linewidth=1.6, label=bad)
    axes.set(xlabel="Chain", ylabel="E-BFMI", xlim=(-0.5, ratios.size - 0.5), ylim=(0, max(1.2, 1.1 * ratios.max())))
    axes.set_xticks(place, [chain + 1 for chain in chains])


def _names(fit):
    """The names of the chains, counted from 1; some may have failed."""
    return [f"chain {chain + 1}" for chain in fit.chains]
