"""Two scores of each given sigma: on the tanks that the model has seen, and on tanks that it has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diagnostics.waic import compute_waic
from figures.drawing import style
from figures.tadpoles.sweep import exact_scores, scale_of_sigma, sigma_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel


def deviance_within(fits: Sequence[FitOfModel]) -> NDArray[np.float64]:
    """-2 times the log pointwise predictive density of the tanks that each fit has seen, ascending in sigma."""
    return np.array([-2.0 * compute_waic(fit.log_likelihood).lppd for fit in sorted(fits, key=sigma_of)])


def overfitting(fits: Sequence[FitOfModel]) -> Figure:
    """Memory resists overfitting: how well each sigma fits the tanks it has seen, and tanks it has not.

    A larger sigma fits the observed tanks better (dots), up to the largest: an intercept is then freer to follow its
    own tank. Tanks left out (line, exact) are predicted best by a sigma in between, beyond which a better fit
    is a worse prediction: overfitting. A fixed sigma chosen by its fit to the data would be the largest.
    Learning sigma from all tanks finds the best region without leaving any out (see `sigma_sweep`).

    `fits` of `mST_fixed`. ValueError as for `figures.tadpoles.sweep.exact_scores`.
    """
    sigma, exact = exact_scores(fits)
    within = deviance_within(fits)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle("Fit to tanks seen, and prediction of tanks unseen", x=0.015, ha="left")
        grey = style.model_colour("mST_fixed")
        axes.plot(sigma, within, "o", color=grey, markersize=7, label="tanks seen", gid="within")
        axes.plot(sigma, exact, color=style.INK, label="each tank unseen, exactly", gid="exact")
        best = exact.argmin()
        axes.plot(sigma[best], exact[best], "o", color=style.INK, markersize=10, gid="best")
        scale_of_sigma(axes, sigma)
        axes.set(xlabel="sigma given to all tanks (logits)", ylabel="Deviance")
        figure.legend(loc="outside lower center", ncols=2)
        return style.settled(figure)
