"""How much data say of each varying effect, which decides whether it is better written centred or non-centred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.drawing.draws import draws_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

# (effects, the standard deviation of their prior, its mean or "" for 0, their clusters) of the lecture's models
EFFECTS = (
    ("as", "sigmaS", "", "Stories"),
    ("au", "sigmaU", "", "Participants"),
    ("a", "sigma", "a_bar", "Clusters"),
)


def centring(fit: NamedFit) -> Figure:
    """How much the data say of each varying effect: its posterior standard deviation over that of its prior.

    Each dot is a cluster's effect, its distance from the mean of the population. Near 1, on the dashed line, the data
    say little of it, and its distribution is as wide as sigma says: it is sampled best in units of sigma, non-centred.
    Near 0 the data say far more than the prior: the effect is known, whatever sigma is. In units of sigma it would be
    known the more closely the larger sigma is, a funnel of its own; it is sampled best as it is, centred.

    The standard deviation of the prior is the posterior mean of sigma.

    `fit` has draws of effects and their spread: as and sigmaS, au and sigmaU, or a, a_bar and sigma. ValueError if it
    has none of these.
    """
    shown = [kind for kind in EFFECTS if {*filter(None, kind[:3])} <= {*fit.keys()}]
    if not shown:
        raise ValueError(f"centring: {fit.name} has no as and sigmaS, au and sigmaU, or a, a_bar and sigma")
    ratios = [_ratios(fit, *kind[:3]) for kind in shown]
    with style.applied():
        figure = style.blank()
        figure.suptitle(f"{fit.name}: how much the data say of each effect", x=0.015, ha="left")
        widths = [min(ratio.size, 40) + 20 for ratio in ratios]
        panels = figure.subplots(1, len(shown), sharey=True, squeeze=False, width_ratios=widths)[0]
        for axes, ratio, (effect, spread, _, clusters) in zip(panels, ratios, shown, strict=True):
            prior = axes.axhline(1.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.6)
            place, colour = np.arange(1, ratio.size + 1), style.model_colour(fit.name)
            (dots,) = axes.plot(place, np.sort(ratio), "o", color=colour, markersize=5, gid=effect)
            axes.set_title(f"{clusters}: median {np.median(ratio):.2f}", loc="left")
            axes.set_xlabel(f"{effect}, in order; prior sd {spread}")
            axes.xaxis.get_major_locator().set_params(integer=True)
        panels[0].set(ylabel="Posterior sd over prior sd", ylim=(0.0, max(1.1, 1.1 * max(map(np.max, ratios)))))
        figure.legend([dots, prior], ["an effect", "as wide as the prior"], loc="outside lower center", ncols=2)
        return style.settled(figure)


def _ratios(fit, effect, spread, mean):
    """(clusters,) of one kind of effect."""
    clusters = np.asarray(fit[effect]).shape[2:]
    distance = draws_of("centring", fit, effect, clusters)
    if mean:
        distance = distance - draws_of("centring", fit, mean)[:, None]
    return distance.std(axis=0, ddof=1) / draws_of("centring", fit, spread).mean()
