"""Figures of the effect of pooling on the tanks of tadpoles: from raw proportions and priors to shrinkage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.drawing.draws import PROBABILITY
from figures.tadpoles import tanks as tank_plot
from models.reedfrogs import TANKS
from models.tables import read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit

# Predators are not a model, so shapes tell them apart, and colours that every reader can distinguish.
PREDATION = {"no": (style.BLUE, "o", "no predators"), "pred": (style.VERMILLION, "^", "predators")}
A_BAR_SD = 1.5  # a_bar ~ Normal(0, 1.5)
QUADRATURE = 60  # nodes for the integral over sigma ~ Exponential(1)
SLICE = 0.8  # the part of a group's width that its points take


def raw_survival(data: pd.DataFrame | str | Path | None = None) -> Figure:
    """The data alone: the proportion of tadpoles that survived, tank by tank.

    Chance alone would scatter the proportions of small tanks most. They do not: the standard deviation over tanks is
    0.18 where there are 10 tadpoles, and 0.30 where there are 25 or 35. In the larger tanks that is more than three
    times what chance explains, so tanks differ in something else. The line is the proportion of all tadpoles.

    `data`: a DataFrame, the path of a CSV file, or None for the bundled tanks. ValueError if they are wrong.
    """
    table = read(TANKS, data)
    survived, density = table["surv"], table["density"]
    tank = np.arange(1, density.size + 1)
    with style.applied():
        figure, axes = _tank_axes(f"Survival of tadpoles in {density.size} tanks", density)
        overall = survived.sum() / density.sum()
        line = axes.axhline(overall, color=style.GUIDE, dashes=(5, 3), linewidth=1.6, gid="overall")
        axes.text(1.01, overall, f"{overall:.2f}", transform=axes.get_yaxis_transform(), va="center")
        (raw,) = axes.plot(tank, survived / density, "o", color=style.INK, markersize=7, gid="raw")
        legend = {"tank: raw proportion": raw, "all tadpoles together": line}
        figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=2)
        return _divided(figure, axes, density)


def tank_priors() -> Figure:
    """mST's assumptions about a tank before any data: priors of a_bar and sigma, and the survival they imply.

    Above, the logit a_bar of the average tank, and the same prior as a probability: between 0.05 and 0.95 it is nearly
    even. Below, the spread sigma, and what both together imply for any one tank: its logit a is Normal(a_bar, sigma),
    and since sigma may be large, survival of nearly all or nearly none is likelier a priori than a_bar alone suggests.

    Curves are exact: the last is the integral over sigma of normal densities, by Gauss-Laguerre quadrature.
    """
    logit = np.linspace(-7.0, 7.0, 561)
    chance = tank_plot.inverse_logit(logit)
    per_chance = 1.0 / (chance * (1.0 - chance))  # dlogit(p) / dp
    sigma = np.linspace(0.0, 5.0, 201)
    panels = (
        ("a_bar", logit, _normal(logit, A_BAR_SD), "Average tank: a_bar (logits)"),
        ("survival on average", chance, _normal(logit, A_BAR_SD) * per_chance, "Average tank: probability to survive"),
        ("sigma", sigma, np.exp(-sigma), "Spread between tanks: sigma (logits)"),
        ("survival in a tank", chance, prior_of_a_tank(logit) * per_chance, "Any one tank: probability to survive"),
    )
    with style.applied():
        figure = style.blank()
        figure.suptitle("mST: priors, and what they imply", x=0.015, ha="left")
        for axes, (gid, x, density, label) in zip(figure.subplots(2, 2).ravel(), panels, strict=True):
            axes.fill_between(x, density, color=style.GUIDE, alpha=0.3, linewidth=0)
            axes.plot(x, density, color=style.GUIDE, linewidth=2.2, gid=gid)
            is_chance = x is chance
            axes.set(xlabel=label, ylabel="Density", ylim=(0, None))
            axes.set_xlim((-0.02, 1.02) if is_chance else (x[0], x[-1]))
            if is_chance:  # one scale for both, beyond which the last curve rises without end
                axes.set(ylim=(0, 3), yticks=range(4))
        return style.settled(figure)


def prior_of_a_tank(logit: np.ndarray) -> np.ndarray:
    """The prior density of the intercept a of one tank of `mST`, at each of `logit`.

    Integrating a_bar out gives Normal(0, sqrt(1.5^2 + sigma^2)); this is its mean over sigma ~ Exponential(1).
    """
    sigma, weight = np.polynomial.laguerre.laggauss(QUADRATURE)
    return sum(w * _normal(logit, np.hypot(A_BAR_SD, s)) for s, w in zip(sigma, weight, strict=True))


def pooling(
    complete: NamedFit, none: NamedFit, partial: NamedFit, data: pd.DataFrame | str | Path | None = None
) -> Figure:
    """Complete, no and partial pooling: the same tanks with a small, a large and a learned sigma.

    With a small sigma all estimates are nearly the same, whatever happened in a tank. With a large sigma each tank
    stands alone: its estimate is its raw proportion, nearly, however small the tank. With a learned sigma, each tank is
    drawn towards the population by as much as the tanks' own spread suggests, and small tanks on average by more than
    large ones.

    `complete` and `none`: fits of `mST_fixed` with a small and a large sigma; `partial`: of `mST`, all of `data`.
    ValueError if they are not of these data.
    """
    table = read(TANKS, data)
    fits = {"complete pooling": complete, "no pooling": none, "partial pooling": partial}
    survival = {title: tank_plot.survival_of(fit, table) for title, fit in fits.items()}
    tank = np.arange(1, table["surv"].size + 1)
    with style.applied():
        figure = style.blank()
        figure.suptitle(f"Survival of tadpoles in {tank.size} tanks", x=0.015, ha="left")
        for axes, (title, shown) in zip(figure.subplots(1, 3, sharey=True), survival.items(), strict=True):
            colour = style.model_colour(fits[title].name)
            axes.axhline(shown.population, color=colour, dashes=(5, 3), linewidth=1.6, zorder=1, gid="population")
            axes.vlines(tank, shown.lower, shown.upper, color=colour, alpha=0.4, linewidth=2.4, gid="interval")
            axes.plot(tank, shown.mean, "o", color=colour, markersize=4.5, gid="mean")
            rings = {"color": style.INK, "markerfacecolor": "none", "markeredgewidth": 0.9, "markersize": 5}
            axes.plot(tank, shown.raw, "o", **rings, gid="raw")
            axes.set_title(f"{title.capitalize()}\n{_spread(fits[title])}", loc="left")
            axes.set(xlabel="Tank", ylim=(-0.025, 1.025), xticks=tank_plot.tank_ticks(tank.size))
            axes.locator_params(axis="x", nbins=4)
        figure.axes[0].set_ylabel("Proportion that survived")
        _pooling_legend(figure)
        return style.settled(figure)


def _spread(fit):
    """How large the spread between tanks is, in words: given or learned."""
    if "sigma" in fit.keys():  # noqa: SIM118 (keys are the contract)
        return f"sigma learned: {np.mean(fit['sigma']):.2f}"
    return f"sigma given: {fit.model.data.sigma:.2g}"


def tanks_by_predation(fit: NamedFit, data: pd.DataFrame | str | Path | None = None) -> Figure:
    """The tank plot with predators shown: `mST` does not know of them, yet its estimates fall into two groups.

    The mean estimate of tanks with predators (triangles) is lower than that of tanks without. The difference between
    the groups makes the learned sigma larger than the spread of the estimates within either group: a reason to give the
    model predation as a predictor. The dashed line is the population's mean.

    `fit` and `data`, and errors, as in `figures.tadpoles.tanks.tanks`.
    """
    table = read(TANKS, data)
    shown = tank_plot.survival_of(fit, table)
    tank = np.arange(1, shown.raw.size + 1)
    with style.applied():
        figure, axes = _tank_axes(f"{fit.name}: survival of tadpoles with and without predators", table["density"])
        axes.axhline(shown.population, color=style.GUIDE, dashes=(5, 3), linewidth=1.6, zorder=1, gid="population")
        axes.text(1.01, shown.population, f"{shown.population:.2f}", transform=axes.get_yaxis_transform(), va="center")
        legend = {}
        for pred, (colour, marker, words) in PREDATION.items():
            at = table["pred"] == pred
            axes.vlines(
                tank[at], shown.lower[at], shown.upper[at], color=colour, alpha=0.35, lw=4, gid=f"interval {pred}"
            )
            looks = {"marker": marker, "linestyle": "none", "color": colour}
            edge = {"markersize": 7.5, "markeredgecolor": "white"}
            (legend[f"{words}: estimate"],) = axes.plot(tank[at], shown.mean[at], **looks, **edge, gid=f"mean {pred}")
            hollow = {"markerfacecolor": "none", "markeredgecolor": style.INK, "markersize": 8}
            (legend[f"{words}: raw"],) = axes.plot(tank[at], shown.raw[at], **looks, **hollow, gid=f"raw {pred}")
        figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=4)
        return _divided(figure, axes, table["density"])


def shrinkage(fit: NamedFit, data: pd.DataFrame | str | Path | None = None) -> Figure:
    """Shrinkage: how far each tank's estimate is from its raw proportion, by the number of tadpoles in the tank.

    Within a size, tanks are in order of their raw proportion, and those with more extreme proportions are drawn in by
    more. The mean distance (bars) becomes smaller from size to size: many tadpoles outweigh the other tanks.

    `fit` and `data`, and errors, as in `figures.tadpoles.tanks.tanks`.
    """
    table = read(TANKS, data)
    shown = tank_plot.survival_of(fit, table)
    distance = np.abs(shown.mean - shown.raw)
    sizes = np.unique(table["density"])
    colour = style.model_colour(fit.name)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"{fit.name}: from raw proportion to estimate", x=0.015, ha="left")
        for place, size in enumerate(sizes):
            tanks = np.flatnonzero(table["density"] == size)
            tanks = tanks[np.argsort(shown.raw[tanks], kind="stable")]
            x = place + SLICE * ((np.arange(tanks.size) + 0.5) / tanks.size - 0.5)
            (point,) = axes.plot(x, distance[tanks], "o", color=colour, markersize=8, alpha=0.8, gid=f"{size:.0f}")
            ends = np.array([place - SLICE / 2, place + SLICE / 2])
            (bar,) = axes.plot(
                ends, [distance[tanks].mean()] * 2, color=style.INK, linewidth=2.5, gid=f"mean {size:.0f}"
            )
        axes.set_xticks(range(sizes.size), [f"{size:.0f}" for size in sizes])
        axes.set(xlabel="Tadpoles in the tank at the start", ylabel="Distance (proportion)", ylim=(0, None))
        figure.legend([point, bar], ["a tank", "mean of the size"], loc="outside lower center", ncols=2)
        return style.settled(figure)


def _tank_axes(title, density):
    figure = style.blank()
    figure.suptitle(title, x=0.015, ha="left")
    axes = figure.add_subplot()
    tank_plot.draw_axes(axes, density)
    return figure, axes


def _divided(figure, axes, density):
    """The finished figure, with dividers between tanks of different sizes."""
    tank_plot.divide(axes, tank_plot.runs(density.astype(int)))
    return style.settled(figure)


def _pooling_legend(figure):
    artists = {artist.get_gid(): artist for artist in figure.axes[-1].get_children()}
    legend = {
        "raw proportion": artists["raw"],
        f"posterior mean and {100 * PROBABILITY:.0f}% interval": (artists["interval"], artists["mean"]),
        "population": artists["population"],
    }
    figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=3)


def _normal(x, sd):
    return np.exp(-0.5 * (x / sd) ** 2) / (sd * np.sqrt(2.0 * np.pi))
