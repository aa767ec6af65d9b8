"""How much data say of each varying effect, which decides whether it is better written centred or non-centred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.drawing.draws import draws_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

# (effects, the standard deviation of their prior, their clusters) of the lecture's models
EFFECTS = (("as", "sigmaS", "Stories"), ("au", "sigmaU", "Participants"), ("a", "sigma", "Clusters"))


def centring(fit: NamedFit) -> Figure:
    """How much the data say of each varying effect: its posterior standard deviation over that of its prior.

    Each dot is a cluster's effect, its distance from the mean of all clusters. Near 1, on the dashed line, the data say
    little of it, and its distribution is as wide as sigma says: in units of sigma, non-centred, it does not depend on
    sigma, and is easy to sample. Near 0 the data fix the effect, whatever sigma is. In units of sigma its value would
    then depend on sigma, a funnel of its own; it is easy to sample as it is, centred.

    How much that matters depends on how little is known of sigma, whose posterior mean and standard deviation are
    below: a short piece of a funnel looks straight. The prior's standard deviation is that of the distance, for the
    posterior mean of sigma.

    `fit` has draws of effects of two clusters or more, and their spread: as and sigmaS, au and sigmaU, or a and sigma.
    ValueError if it has none of these.
    """
    shown = [kind for kind in EFFECTS if {*kind[:2]} <= {*fit.keys()}]
    if not shown:
        raise ValueError(f"centring: {fit.name} has no as and sigmaS, au and sigmaU, or a and sigma")
    spreads = [draws_of("centring", fit, spread) for _, spread, _ in shown]
    ratios = [_ratios(fit, effect, sigma.mean()) for (effect, _, _), sigma in zip(shown, spreads, strict=True)]
    with style.applied():
        figure = style.blank()
        figure.suptitle(f"{fit.name}: how much the data say of each effect", x=0.015, ha="left")
        widths = [min(ratio.size, 40) + 40 for ratio in ratios]
        panels = figure.subplots(1, len(shown), sharey=True, squeeze=False, width_ratios=widths)[0]
        for axes, ratio, sigma, (effect, spread, clusters) in zip(panels, ratios, spreads, shown, strict=True):
            prior = axes.axhline(1.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.6)
            place, colour = np.arange(1, ratio.size + 1), style.model_colour(fit.name)
            (dots,) = axes.plot(place, np.sort(ratio), "o", color=colour, markersize=5, gid=effect)
            axes.set_title(f"{clusters}: median {np.median(ratio):.2f}", loc="left")
            axes.set_xlabel(f"{effect}, in order\n{spread}: {sigma.mean():.2f}, sd {sigma.std(ddof=1):.2f}")
            axes.xaxis.get_major_locator().set_params(integer=True)
        panels[0].set(ylabel="Posterior sd over prior sd", ylim=(0.0, max(1.1, 1.1 * max(map(np.max, ratios)))))
        figure.legend([dots, prior], ["an effect", "as wide as the prior"], loc="outside lower center", ncols=2)
        return style.settled(figure)


def _ratios(fit, effect, sigma):
    """(clusters,) of one kind of effect."""
    clusters = np.asarray(fit[effect]).shape[2:]
    if not clusters or clusters[0] < 2:
        raise ValueError(f"centring: {effect} of {fit.name} is of fewer than two clusters")
    draws = draws_of("centring", fit, effect, clusters)
    distance = draws - draws.mean(axis=1, keepdims=True)
    return distance.std(axis=0, ddof=1) / (sigma * np.sqrt(1.0 - 1.0 / clusters[0]))
