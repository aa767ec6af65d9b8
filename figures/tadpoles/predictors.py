"""Figures of the variation that predation, density and size of tadpoles explain, and that they leave to the tanks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.drawing.density import kernel_density
from figures.drawing.draws import PROBABILITY, summary_of
from figures.tadpoles.survival import PREDATION
from models.reedfrogs import TANKS
from models.tables import read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

SLOPE_SD = 0.5  # every slope ~ Normal(0, 0.5)
POINTS = 300  # of a curve
PERCENT = f"{100 * PROBABILITY:.0f}%"
MEANINGS = {"bP": "predators", "bD": "density", "bG": "big tadpoles", "bPG": "predators and big tadpoles"}


def predation_slope(fit: NamedFit) -> Figure:
    """The effect of predators on the logit of survival: the prior and the posterior of bP.

    The prior (dashed) is centred at 0. The posterior (line; the bar is its 89% interval, the dot its mean) is below 0
    in every draw: fewer tadpoles survive with predators. Its mean is more than three standard deviations of the prior
    away from the prior's centre.

    `fit` has draws of bP, as of `mSTP`. ValueError if it has none.
    """
    draws = _numbers(fit, "bP")
    x = np.linspace(min(draws.min(), -4 * SLOPE_SD), max(draws.max(), 4 * SLOPE_SD), POINTS)
    prior = np.exp(-0.5 * (x / SLOPE_SD) ** 2) / (SLOPE_SD * np.sqrt(2.0 * np.pi))
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"{fit.name}: slope of predation", x=0.015, ha="left")
        _draw_densities(axes, x, {fit.name: draws}, prior)
        axes.set_xlabel("bP: change of the logit of survival with predators")
        figure.legend(loc="outside lower center", ncols=2)
        return style.settled(figure)


def spreads(without: NamedFit, within: NamedFit) -> Figure:
    """How much tanks vary, without and with predation in the model: posteriors of sigma.

    A model without predators takes their effect for variation between tanks. With predation as a predictor, less
    variation is left: sigma is smaller, and the two 89% intervals (bars) do not overlap, though the estimates hardly
    differ (see `predictions`). Dots are means; the prior is dashed.

    `without` is a fit of `mST`, `within` one of `mSTP`: each has draws of sigma. ValueError if one has none.
    """
    draws = {fit.name: _numbers(fit, "sigma") for fit in (without, within)}
    x = np.linspace(0.0, max(values.max() for values in draws.values()), POINTS)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle("Spread between tanks, with and without predation in the model", x=0.015, ha="left")
        _draw_densities(axes, x, draws, np.exp(-x))
        axes.set_xlabel("sigma: standard deviation of the tanks' intercepts (logits)")
        figure.legend(loc="outside lower center", ncols=3)
        return style.settled(figure)


def predictions(without: NamedFit, within: NamedFit, data: pd.DataFrame | str | Path | None = None) -> Figure:
    """Two models, nearly the same predictions: each tank's probability of survival by `mST` and by `mSTP`.

    Points are posterior means, bars 89% intervals; on the right, the differences of the means by the size of the tank.
    No point is further than 0.1 from the diagonal: knowing about
    predators hardly changes the estimates of observed tanks, because the tanks' own intercepts had already told them
    apart. It changes the explanation (see `spreads`), and the small tanks by more than the large ones.

    Both fits are of `data` (None: the bundled tanks) and have their model, which gives the draws of p; a fit that was
    loaded from a file has no model: ValueError, as for a fit of other tanks.
    """
    table = read(TANKS, data)
    predation = table["pred"]
    # Beside each other within a size, in the order of the tanks, so that none hides another.
    sizes = table["density"] + np.linspace(-1.5, 1.5, 9)[np.arange(predation.size) % 9]
    across, up = (survival(fit, predation.size) for fit in (without, within))
    with style.applied():
        figure = style.blank()
        axes, apart = figure.subplots(1, 2, width_ratios=(1.25, 1))
        figure.suptitle("Probability of survival, by two models", x=0.015, ha="left")
        axes.plot([0, 1], [0, 1], color=style.GUIDE, dashes=(5, 3), linewidth=1.6, zorder=1, label="no difference")
        for pred, (colour, marker, words) in PREDATION.items():
            at = predation == pred
            bars = {"color": colour, "alpha": 0.3, "linewidth": 1.2, "zorder": 1.5}
            axes.hlines(up[0, at], across[1, at], across[2, at], **bars, gid=f"across {pred}")
            axes.vlines(across[0, at], up[1, at], up[2, at], **bars, gid=f"up {pred}")
            looks = {"color": colour, "markersize": 8, "markeredgecolor": "white"}
            axes.plot(across[0, at], up[0, at], marker, **looks, label=words, gid=f"mean {pred}")
            apart.plot(sizes[at], (up - across)[0, at], marker, **looks, gid=f"difference {pred}")
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel=f"{without.name}, without predation")
        axes.set_ylabel(f"{within.name}, with predation")
        apart.axhline(0.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.6, zorder=1)
        apart.set(xlabel="Tadpoles in the tank", ylabel=f"{within.name} \N{MINUS SIGN} {without.name}")
        apart.set_xticks(np.unique(table["density"]))
        apart.margins(x=0.15)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return style.settled(figure)


def slopes(density: NamedFit, size: NamedFit, everything: NamedFit) -> Figure:
    """The homework's slopes: the effects of density, size and predators on survival, one by one and in one model.

    Dots are posterior means, bars 89% intervals. In `mSTPDG`, bD and bG are effects given the other predictors, and bPG
    is the further effect of predators on big tadpoles. There bD has a narrower interval than in `mSTD`, because
    predators count as a predictor and not as variation between tanks. The interval of bG includes 0 and that of bPG is
    below 0: where there are no predators, we cannot say whether size matters; where there are, fewer big tadpoles than
    small ones survive.

    `density`, `size` and `everything` are fits of `mSTD`, `mSTG` and `mSTPDG`. ValueError if a slope is missing.
    """
    alone = {"bD": density, "bG": size}
    rows = {slope: [alone[slope], everything] if slope in alone else [everything] for slope in MEANINGS}
    found = {slope: [(fit.name, summary_of(_numbers(fit, slope))) for fit in fits] for slope, fits in rows.items()}
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle("Slopes of predation, density and size", x=0.015, ha="left")
        axes.axvline(0.0, color=style.GUIDE, dashes=(5, 3), linewidth=1.6)
        labels = {}
        for place, (slope, fits) in enumerate(found.items()):
            if place % 2 == 0:
                axes.axhspan(place - 0.5, place + 0.5, color=style.GREY, alpha=0.12, linewidth=0)
            for number, (model, interval) in enumerate(fits):
                labels[model] = _draw_slope(
                    axes, place + 0.36 * (number - 0.5 * (len(fits) - 1)), slope, model, interval
                )
        axes.set_yticks(range(len(found)), [f"{MEANINGS[slope]}\n({slope})" for slope in found])
        axes.set_ylim(len(found) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"Change of the logit of survival: posterior mean and {PERCENT} interval")
        figure.legend(labels.values(), labels.keys(), loc="outside lower center", ncols=3)
        return style.settled(figure)


def _draw_slope(axes, place, slope, model, summary):
    """The interval and mean of a model's slope; the mean's artist."""
    mean, low, high = summary
    colour = style.model_colour(model)
    axes.hlines(place, low, high, color=colour, linewidth=4, alpha=0.5, gid=f"interval {slope} {model}")
    looks = {"color": colour, "markersize": 10, "markeredgecolor": "white", "gid": f"mean {slope} {model}"}
    (dot,) = axes.plot(mean, place, "o", **looks)
    return dot


def _draw_densities(axes, x, draws, prior):
    """The density of each model's draws over `x`, above its interval and mean, and the prior's."""
    axes.plot(x, prior, color=style.GUIDE, dashes=(5, 3), linewidth=1.6, label="prior", gid="prior")
    curves = {name: kernel_density(values, x) for name, values in draws.items()}
    top = max(prior.max(), *(curve.max() for curve in curves.values()))
    for place, (name, curve) in enumerate(curves.items()):
        colour = style.model_colour(name)
        axes.fill_between(x, curve, color=colour, alpha=0.25, linewidth=0)
        axes.plot(x, curve, color=colour, linewidth=2.2, label=name, gid=f"density {name}")
        mean, low, high = summary_of(draws[name])
        below = -0.06 * top * (place + 1)
        axes.hlines(below, low, high, color=colour, linewidth=5, alpha=0.5, gid=f"interval {name}")
        axes.plot(mean, below, "o", color=colour, markersize=8, markeredgecolor="white", gid=f"mean {name}")
    axes.set(xlim=(x[0], x[-1]), ylim=(-0.06 * top * (len(draws) + 1), 1.08 * top), ylabel="Density")
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= 1.08 * top])


def _numbers(fit, name):
    """All draws of a scalar in one array; ValueError if the fit has none."""
    if name not in fit.keys():  # noqa: SIM118 (keys are the contract)
        raise ValueError(f"{fit.name} has no {name}; it has {', '.join(fit.keys())}")
    return np.ravel(fit[name])


def survival(fit: NamedFit, tanks: int) -> np.ndarray:
    """Mean and interval (3, tanks) of the probability of survival."""
    try:
        p = np.asarray(fit["p"])
    except KeyError:
        raise ValueError(f"predictions: {fit.name} has no draws of p; a fit from a file lacks its model") from None
    if p.shape[2] != tanks:
        raise ValueError(f"predictions: {fit.name} is of {p.shape[2]} tanks, the data are of {tanks}")
    return summary_of(p.reshape(-1, tanks))
