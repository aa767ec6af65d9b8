"""One NUTS transition, drawn from its record (`hmc/record/recorded.py`) as a path through the plane; a toy's by
default.

Each doubling has the same colour in every figure of the inside of the sampler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from figures.drawing import style
from figures.sampler import toys
from hmc.checking import component_names
from hmc.sampler.metric import factor
from hmc.sampler.outcome import DIVERGENCE, IRREVERSIBLE, MAX_DEPTH, SUBTREE_U_TURN, U_TURN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    import hmc
    from hmc.record import Doubling, RecordedTransition

DOUBLINGS = (style.SKY, style.ORANGE, style.BLUE, style.WINE, style.VERMILLION, style.PURPLE)  # then again
ENDS = {
    U_TURN: "the trajectory turns back",
    SUBTREE_U_TURN: "its last doubling turns back",
    DIVERGENCE: "a step diverges",
    MAX_DEPTH: "the maximum depth is reached",
    IRREVERSIBLE: "a macro step has another way back",
}
LEVELS = (1.0, 2.0, 3.0)  # of density lines, in standard deviations: exp(-r^2 / 2) of the highest density
_GRID = 120  # points a side at which a density is evaluated for its lines
_FRAME = 0.75  # half the side of a square frame, as a part of the extent of the positions in it
RING = {"marker": "o", "markersize": 17, "markerfacecolor": "none", "markeredgewidth": 2.2}
ARROW = 0.35  # the length drawn for a momentum of 1


def nuts_trajectory(
    recorded: RecordedTransition | None = None,
    model: hmc.Model | None = None,
    *,
    seed: int | None = None,
    step_size: float | None = None,
) -> Figure:
    """A NUTS trajectory through a plane: its doublings, the U-turn that ends it, and the draw.

    What to see: each doubling adds as many leapfrog points as there are, forwards or backwards at random. The
    trajectory is then twice as long and could have begun at any of its points. NUTS compares the momenta at its two
    ends (black arrows) with the sum of all its momenta (grey arrow), which points roughly from the backward end to the
    forward end. If a momentum points against that sum, more steps would bring the ends together again: the trajectory
    stops, and the draw is one of its points. Here it is a point of the last doubling.

    `recorded`: a RecordedTransition of NUTS in 2 dimensions, of `model`; None for one through
    `figures.sampler.toys.plane`, with this `seed` and `step_size` if they are given. ValueError for another.
    """
    if recorded is None:
        recorded, model = toys.doubling_trajectory(seed, step_size), toys.plane()
    _require_in_plane(recorded, model)
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(f"A NUTS trajectory: {summary(recorded)}", x=0.015, ha="left")
        positions = np.array([leaf.position for leaf in recorded.in_time()])
        frame_plane(axes, model, positions)
        draw_path(axes, recorded)
        if recorded.joins and recorded.joins[-1].is_turning:
            _draw_turn(axes, recorded)
        figure.legend(loc="outside right center", alignment="left")
        return style.settled(figure)


def _require_in_plane(recorded, model):
    """ValueError if the record and model to draw do not fit."""
    require_nuts("nuts_trajectory", recorded)
    if model is None or model.dimension != 2 or recorded.draw.size != 2 or model.name != recorded.model:
        raise ValueError("nuts_trajectory: draws a transition in 2 dimensions, and needs the model it is of")


def require_nuts(name: str, recorded: RecordedTransition) -> None:
    """ValueError if a transition is not one of NUTS, or of WALNUTS, which has the same doublings."""
    if recorded.algorithm == "hmc":
        raise ValueError(f"{name}: the transition is one of static HMC, which has no doublings")


def summary(recorded: RecordedTransition) -> str:
    """The length of a trajectory and the reason for its end, in a line."""
    n = recorded.outcome.n_steps
    return f"{n} leapfrog step{'' if n == 1 else 's'}; {ENDS[recorded.outcome.termination]}"


def frame_plane(axes: Axes, model: hmc.Model, positions: np.ndarray) -> None:
    """A square frame of axes around these positions (n, 2), with lines of equal density."""
    low, high = positions.min(axis=0), positions.max(axis=0)
    centre, half_side = (low + high) / 2.0, _FRAME * (high - low).max()
    x, y = np.linspace(centre - half_side, centre + half_side, _GRID).T
    draw_density(axes, model, x, y)
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), aspect="equal")


def draw_density(axes: Axes, model: hmc.Model, x: np.ndarray, y: np.ndarray) -> None:
    """Lines of equal density of a model of 2 dimensions, over the rectangle that x and y span; labelled axes."""
    log_density = log_densities(model, np.stack(np.meshgrid(x, y), axis=-1))
    levels = sorted(log_density.max() - 0.5 * r * r for r in LEVELS)
    lines = axes.contour(x, y, log_density, levels, colors=style.GUIDE, linewidths=0.8, alpha=0.6, linestyles="solid")
    lines.set_gid("density")
    name_x, name_y = component_names(model)
    axes.set_xlabel(name_x)
    axes.set_ylabel(name_y)


def log_densities(model: hmc.Model, positions: np.ndarray) -> np.ndarray:
    """The log density at each of `positions` (..., dimension). `Model.evaluate` asks each time whether its function is
    the same still, which takes longer than the function does.
    """
    density, data = model.density()
    rows, gradient = np.reshape(positions, (-1, model.dimension)), np.zeros(model.dimension)
    with np.errstate(all="ignore"):
        return np.array([density(row, data, gradient) for row in rows]).reshape(positions.shape[:-1])


def doubling_colour(number: int) -> str:
    """The colour of the doubling of that number, from 1; the start, 0, is ink."""
    return DOUBLINGS[(number - 1) % len(DOUBLINGS)] if number else style.INK


def draw_path(axes: Axes, recorded: RecordedTransition) -> None:
    """The leaves of a trajectory through the plane, coloured by doubling and joined in time; start and draw marked."""
    positions = np.array([leaf.position for leaf in recorded.in_time()])
    (path,) = axes.plot(*positions.T, color=style.GUIDE, linewidth=1.0, zorder=2)
    path.set_gid("path")
    for doubling in recorded.doublings:
        colour = doubling_colour(doubling.number)
        points = np.array([leaf.position for leaf in doubling.leaves])
        is_part = doubling.final_join is not None
        label = doubling_label(doubling)
        fill = colour if is_part else "white"
        dots = {"marker": "o", "linestyle": "none", "markersize": 8, "markeredgewidth": 1.5, "zorder": 3}
        (artist,) = axes.plot(*points.T, color=colour, markerfacecolor=fill, label=label, **dots)
        artist.set_gid(f"doubling-{doubling.number}")
    mark(axes, recorded.leaf(0).position, "start", "start", marker="s", markersize=9, markerfacecolor=style.INK)
    mark(axes, recorded.draw, "draw", "the draw", **RING)


def mark(axes: Axes, position: np.ndarray, gid: str, label: str | None, **look: Any) -> Line2D:
    """A marked point, or points (2, n), in ink: the artist."""
    (artist,) = axes.plot(
        *np.reshape(position, (2, -1)), color=style.INK, linestyle="none", label=label, zorder=4, **look
    )
    artist.set_gid(gid)
    return artist


def doubling_label(doubling: Doubling) -> str:
    """A doubling in the words of a legend."""
    n = len(doubling.leaves)
    direction = "forwards" if doubling.is_forward else "backwards"
    given_up = "" if doubling.final_join is not None else ", given up"
    return f"doubling {doubling.number}: {n} {direction}{given_up}"


def _draw_turn(axes, recorded):
    """The evidence for a U-turn: the momenta at the ends of a stretch, and their sum over it."""
    check = next(check for check in recorded.joins[-1].checks if check.is_turning)
    backward, forward = sorted((check.first, check.last))
    stretch = [leaf for leaf in recorded.in_time() if backward <= leaf.number <= forward]
    rho = sum(leaf.momentum for leaf in stretch)
    start = stretch[0].position
    is_whole = len(stretch) == len(recorded.leaves)
    where = "all momenta" if is_whole else f"momenta {signed(backward)} to {signed(forward)}"
    whole = {"color": style.GREY, "linewidth": 4.0}
    _arrow(
        axes,
        start,
        start + recorded.step_size * velocity(recorded, rho),
        "sum",
        f"step size \N{MULTIPLICATION SIGN} sum of\n{where}",
        whole,
    )
    for leaf, gid in ((stretch[0], "backward"), (stretch[-1], "forward")):
        tip = leaf.position + ARROW * velocity(recorded, leaf.momentum)
        label = "momentum at its ends" if gid == "forward" else None
        _arrow(axes, leaf.position, tip, gid, label, {"color": style.INK, "linewidth": 1.8})


def scale_errors(axes: Axes, largest: float) -> None:
    """A linear scale of energy errors, or, if some are large, one that is logarithmic beyond 1."""
    if largest < 10.0:
        return
    axes.set_yscale("symlog", linthresh=1.0, linscale=1.5)
    axes.yaxis.set_major_formatter("{x:,g}")


def signed(number: int) -> str:
    """A whole number with a minus sign as wide as a digit."""
    return str(number).replace("-", "\N{MINUS SIGN}")


def velocity(recorded: RecordedTransition, momentum: np.ndarray) -> np.ndarray:
    """The velocity of the position for a whitened momentum: L p, with L L' the inverse metric."""
    return factor(recorded.inverse_metric) @ momentum


def _arrow(axes, tail, tip, gid, label, look):
    arrow = axes.annotate(
        "",
        xy=tip,
        xytext=tail,
        arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "mutation_scale": 18, **look},
    )
    arrow.set_gid(gid)
    if label:
        axes.plot([], [], label=label, **look)
