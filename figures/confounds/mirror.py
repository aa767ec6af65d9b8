"""Two mirror modes: the latent Mundlak machine when its prior allows both signs of the confound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from diagnostics import rhat
from figures.drawing import style
from figures.drawing.draws import require_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit


def mirror(twofold: NamedFit, single: NamedFit) -> Figure:
    """Chains that disagree: the latent Mundlak machine with a prior of bux on both sides of 0, and with the lecture's.

    The confound u has no sign of its own: the densities of X and Y have only bux u and buy u, so changing the signs of
    u, bux and buy together changes nothing. With bux ~ Normal(0, 1) the posterior has two modes, each the mirror of the
    other (above, left): a chain finds one of them and stays there (below), so the chains disagree and Rhat of bux is
    over 1.5. The sampler is not at fault, and longer chains do not help. The lecture's prior, Exponential(1), allows
    one sign (right): then all chains agree. The effect bxy has no part in the symmetry, and is the same in both modes,
    but for chance.

    `twofold` and `single`: fits of `mru_normal` and `mru`. ValueError if one has no bux or buy.
    """
    for fit in (twofold, single):
        require_names("mirror", fit, ("bux", "buy"))
    with style.applied():
        figure = style.blank()
        above, below = figure.subplots(2, 2, sharey="row", sharex="row", height_ratios=(1.5, 1))
        figure.suptitle("A prior of both signs, and two mirror modes", x=0.015, ha="left")
        colours = style.chain_colours(len(twofold["bux"]))
        for pairs, trace, fit, prior in (
            (above[0], below[0], twofold, "bux ~ Normal(0, 1)"),
            (above[1], below[1], single, "bux ~ Exponential(1)"),
        ):
            for chain, colour in enumerate(colours):
                bux, buy = fit["bux"][chain], fit["buy"][chain]
                dots = {"marker": "o", "linestyle": "none", "markersize": 2.5, "alpha": 0.35, "markeredgewidth": 0}
                pairs.plot(bux, buy, **dots, color=colour, gid=f"draws-{chain}", rasterized=True)
                label = f"chain {chain + 1}" if fit is twofold else None
                trace.plot(np.arange(1, bux.size + 1), bux, color=colour, linewidth=0.7, label=label)
            pairs.axvline(0.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.2)
            pairs.set_title(prior, loc="left", fontweight="bold")
            pairs.set_title(f"Rhat of bux {rhat(fit['bux']):.2f}", loc="right")
            pairs.set_xlabel("bux")
            trace.set_xlabel("Draw after warm-up")
        above[0].set_ylabel("buy")
        below[0].set_ylabel("bux")
        shown = figure.legend(loc="outside lower center", ncols=4)
        for handle in shown.get_lines():
            handle.set(linewidth=2.5)
        return style.settled(figure)
