"""A model that fails: eight schools, centred and not, at rising target acceptance rates.

The posterior of log tau is known exactly, so figures show which part of it the chains miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diagnostics import ebfmi, ess_bulk
from figures.drawing import style
from figures.drawing.draws import require_names
from figures.sampler.funnel import draw_pairs
from models.schools import EFFECTS, ERRORS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from figures.drawing.protocols import FitOfModel

LOG_TAU = np.linspace(-9.0, 5.0, 1401)
NECK = 0.0  # log tau below which the neck begins: effects of schools closer to mu than a tenth of their errors
LINES = ("-", "--")


def exact_density() -> NDArray[np.float64]:
    """The posterior density of log tau at each of LOG_TAU: mu and theta are integrated out in closed form.

    y[s] ~ Normal(mu, sqrt(error[s]^2 + tau^2)), mu ~ Normal(0, 5): a normal integral for each tau.
    """
    tau = np.exp(LOG_TAU)[:, None]
    precision = 1.0 / (np.square(ERRORS) + tau**2)
    of_mu = precision.sum(axis=1) + 1.0 / 25.0
    mean = (precision @ np.array(EFFECTS)) / of_mu
    log_density = 0.5 * np.log(precision).sum(axis=1) - 0.5 * np.log(of_mu) + 0.5 * of_mu * mean**2
    log_density -= 0.5 * precision @ np.square(EFFECTS)
    log_density += -np.log1p((tau[:, 0] / 5.0) ** 2) + LOG_TAU  # half-Cauchy(0, 5), and the Jacobian
    density = np.exp(log_density - log_density.max())
    return density / (density.sum() * (LOG_TAU[1] - LOG_TAU[0]))


def exact_share() -> float:
    """The posterior probability of the neck, log tau < NECK."""
    return float(exact_density()[LOG_TAU < NECK].sum() * (LOG_TAU[1] - LOG_TAU[0]))


def share(fit: FitOfModel) -> float:
    """The share of draws in the neck."""
    return float(np.mean(np.log(fit["tau"]) < NECK))


def schools_neck(centred: FitOfModel, noncentred: FitOfModel) -> Figure:
    """A model that fails: eight schools, centred, does not get into the neck of its funnel; non-centred, it does.

    Left, the centred draws of the first school's effect, from mu, against log tau: the smaller tau, the closer the
    effects must be to mu. Trajectories diverge there (crosses), and no draw has log tau below -2. In the middle, the
    non-centred draws in units of tau, with target_accept 0.9: they go further down, and none diverges. Right, the
    density of log tau by both, and the exact one. Exactly, 20% of it is below 0 (dashed); the non-centred draws agree,
    the centred ones have little more than half as many there.

    `centred` and `noncentred`: fits of `schools` and `schools_nc`. ValueError if they lack theta, z, mu or tau.
    """
    for fit, needed in ((centred, ("theta", "mu", "tau")), (noncentred, ("z", "tau"))):
        require_names("schools_neck", fit, needed)
    with style.applied():
        figure = style.blank()
        left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=(1, 1, 0.7))
        figure.suptitle("Eight schools: one school's effect and the spread of all", x=0.015, ha="left")
        draw_pairs(left, np.asarray(centred["theta"])[..., 0] - np.asarray(centred["mu"]), centred, "tau")
        draw_pairs(middle, np.asarray(noncentred["z"])[..., 0], noncentred, "tau")
        left.set(xlabel="theta[1] minus mu", ylabel="log tau", ylim=(-6.5, 4.5))
        middle.set(xlabel="z[1] (units of tau)")
        for fit, line in zip((centred, noncentred), LINES, strict=True):
            _draw_density(right, fit, line)
        right.plot(exact_density(), LOG_TAU, color=style.INK, linewidth=2.2, label="exact", gid="exact")
        right.set(xlabel="Density of log tau", xlim=(0, None))
        right.axhline(NECK, color=style.GUIDE, dashes=(5, 3), linewidth=1.2, gid="neck")
        dots = left.get_lines()[:2]
        handles, labels = right.get_legend_handles_labels()
        marks = figure.legend(
            [*dots, *handles], ["a draw", "it diverged", *labels], loc="outside lower center", ncols=5
        ).legend_handles[0]
        marks.set(markersize=7, alpha=1.0)
        return style.settled(figure)


def _draw_density(axes, fit, line):
    """A histogram of log tau as a line, along the vertical axis."""
    density, edges = np.histogram(np.log(fit["tau"]), np.linspace(-6.5, 4.5, 45), density=True)
    looks = {"color": style.model_colour(fit.name), "linewidth": 1.8, "linestyle": line}
    axes.stairs(density, edges, orientation="horizontal", **looks, label=fit.name, gid=f"density {fit.name}")


def schools_traces(centred: FitOfModel, noncentred: FitOfModel) -> Figure:
    """How failure looks, draw by draw: log tau of eight schools, a line for each chain.

    Above, centred: the chains drift, stick at the neck for dozens of draws, and do not go down it; ticks at the bottom
    are divergences. Below, non-centred: chains lie over one another and jump into the neck and out of it. In the
    upper panel, successive draws have a correlation over 0.7 in every chain; in the lower one, under 0.5.

    E-BFMI is under 0.3 for the centred chains, since one momentum changes the energy by too little to get from the
    mouth to the neck; non-centred, it is near 1.

    `centred` and `noncentred`: fits of `schools` and `schools_nc`. ValueError if one has no tau.
    """
    with style.applied():
        figure = style.blank()
        panels = figure.subplots(2, 1, sharex=True, sharey=True)
        figure.suptitle("Eight schools: chains that stick, and chains that do not", x=0.015, ha="left")
        for axes, fit in zip(panels, (centred, noncentred), strict=True):
            require_names("schools_traces", fit, ("tau",))
            log_tau = np.log(fit["tau"])
            for chain, values in enumerate(log_tau):
                shade = 0.35 + 0.65 * chain / max(1, len(log_tau) - 1)
                looks = {"color": style.model_colour(fit.name), "alpha": shade, "linewidth": 0.7}
                axes.plot(np.arange(1, values.size + 1), values, **looks, gid=f"chain {chain + 1}")
            at = np.flatnonzero(np.asarray(fit.stats["diverging"]).any(axis=0)) + 1
            foot = {"transform": axes.get_xaxis_transform(), "gid": "diverging"}
            axes.plot(at, np.full(at.size, 0.03), "|", color=style.INK, markersize=10, **foot)
            axes.set_title(fit.name, loc="left", fontweight="bold")
            axes.set_title(f"lowest E-BFMI {np.min(ebfmi(fit.stats['energy'])):.2f}", loc="right")
            axes.set_ylabel("log tau")
        panels[-1].set(xlabel="Draw after warm-up", xlim=(0, log_tau.shape[1] + 1))
        return style.settled(figure)


def schools_remedies(centred: Sequence[FitOfModel], noncentred: Sequence[FitOfModel]) -> Figure:
    """What a higher target acceptance rate mends, and what only other coordinates mend: eight schools at four targets.

    Smaller steps mend divergences: the highest target has none in either form, though 0.8 has some in both. They do not
    mend the rest. At every target the centred chains change their energy too slowly (E-BFMI under 0.3), have less than
    a quarter of the effective draws of the non-centred ones, and need more leapfrog steps. A chain without divergences
    can still be wrong; only other coordinates mend that. Where the data say much, it is the other way round: see
    `funnel`.

    `centred` and `noncentred`: fits of `schools` and `schools_nc`, one for each target, in ascending order.
    """
    panels = {
        "Divergences": lambda fit: np.sum(fit.stats["diverging"]),
        "Lowest E-BFMI": lambda fit: np.min(ebfmi(fit.stats["energy"])),
        "ESS of log tau": lambda fit: float(ess_bulk(np.log(fit["tau"]))),
        "Leapfrog steps a draw": lambda fit: np.mean(fit.stats["n_steps"]),
    }
    with style.applied():
        figure = style.blank()
        figure.suptitle("Eight schools: target acceptance rates from 0.8 to 0.99", x=0.015, ha="left")
        for axes, (title, statistic) in zip(figure.subplots(2, 2, sharex=True).ravel(), panels.items(), strict=True):
            for fits, line in zip((centred, noncentred), LINES, strict=True):
                targets = [f"{fit.settings['target_accept']:g}" for fit in fits]
                looks = {"color": style.model_colour(fits[0].name), "marker": "o", "markersize": 8, "linestyle": line}
                axes.plot(targets, [statistic(fit) for fit in fits], **looks, label=fits[0].name, gid=fits[0].name)
            axes.set_title(title, loc="left")
            axes.set_ylim(bottom=0)
        for axes in figure.axes[2:]:
            axes.set_xlabel("target_accept")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return style.settled(figure)
