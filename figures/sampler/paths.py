"""Paths of leapfrog steps, drawn from their records: step sizes, path lengths, and a divergence.

The figures show toys (`figures/sampler/toys.py`) by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.sampler import toys
from figures.sampler.trajectory import draw_density, log_densities, mark, scale_errors
from hmc.record.narrate import distance_moved
from hmc.sampler.outcome import DIVERGENCE, MAX_ENERGY_ERROR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    import hmc
    from hmc.record import RecordedTransition

COLOURS = (style.BLUE, style.ORANGE, style.WINE)
_GRID = 160


def leapfrog(
    paths: Sequence[RecordedTransition] | None = None,
    model: hmc.Model | None = None,
    *,
    seed: int | None = None,
    step_size: float | None = None,
) -> Figure:
    """Leapfrog paths through phase space with several step sizes, and their energy errors.

    What to see: exact dynamics would follow the grey line, on which the energy is constant. Small leapfrog steps stay
    near it however many there are: the energy error goes up and down, but does not grow with time. Larger steps have
    larger errors, about in proportion to the square of the step size. Beyond a limit, twice the standard deviation on a
    normal density, the path leaves for good, and its error grows from step to step. So the best steps are as large as
    the error allows: a path then needs fewer of them.

    `paths`: RecordedTransitions of static HMC in 1 dimension from one start, of `model`; None for some along
    `figures.sampler.toys.line`, with this `seed` and `step_size` if they are given. ValueError for others.
    """
    if paths is None:
        paths, model = toys.leapfrog_paths(seed, step_size), toys.line()
    _require("leapfrog", paths, model, 1)
    starts = {(*path.leaf(0).position, *path.leaf(0).momentum) for path in paths}
    if len(starts) > 1:
        raise ValueError("leapfrog: the paths are to begin at one position, with one momentum")
    with style.applied():
        figure = style.blank()
        phase, errors = figure.subplots(1, 2, width_ratios=(1.0, 1.15))
        figure.suptitle("Leapfrog paths: the same start, several step sizes", x=0.015, ha="left")
        for path, colour in zip(paths, COLOURS, strict=False):
            _draw_phase_path(phase, path, colour)
            _draw_energy_error(errors, path, colour)
        _draw_orbit(phase, paths[0], model)
        start = np.array([*paths[0].leaf(0).position, *paths[0].leaf(0).momentum])
        mark(phase, start, "start", "start", marker="s", markersize=9)
        phase.set(xlabel=f"Position {model.parameters[0].name}", ylabel="Momentum (whitened)")
        phase.set_aspect("equal", adjustable="datalim")
        errors.set(xlabel="Time: steps \N{MULTIPLICATION SIGN} step size", ylabel="Energy error")
        scale_errors(errors, max(leaf.energy_error for path in paths for leaf in path.leaves))
        phase.xaxis.get_major_locator().set_params(integer=True)
        figure.legend(*phase.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return style.settled(figure)


def _require(name, paths, model, dimension):
    """ValueError if the paths are not of a model of so many dimensions."""
    fits = model is not None and model.dimension == dimension
    if not (fits and all(path.model == model.name for path in paths)):
        raise ValueError(f"{name}: draws paths in {dimension} dimension{'s'[: dimension - 1]}, and needs their model")


def _draw_phase_path(axes, path, colour):
    points = np.array([[leaf.position[0], leaf.momentum[0]] for leaf in path.in_time()])
    label = f"step size {path.step_size:g}: {path.outcome.n_steps} steps"
    (line,) = axes.plot(*points.T, "o-", color=colour, markersize=6, linewidth=1.3, label=label)
    line.set_gid(f"path-{path.step_size:g}")


def _draw_energy_error(axes, path, colour):
    time = [leaf.number * path.step_size for leaf in path.in_time()]
    (line,) = axes.plot(
        time, [leaf.energy_error for leaf in path.in_time()], "o-", color=colour, markersize=6, linewidth=1.3
    )
    line.set_gid(f"error-{path.step_size:g}")


def _draw_orbit(axes, path, model):
    """The line of constant energy through the start: all (position, momentum) that exact dynamics can reach."""
    start = path.leaf(0)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    x, momentum = np.linspace(left, right, _GRID), np.linspace(low, high, _GRID)
    log_density = log_densities(model, x[:, None])
    energy = 0.5 * momentum[:, None] ** 2 - log_density
    orbit = axes.contour(x, momentum, energy, [start.energy], colors=style.GUIDE, linewidths=4.0, alpha=0.4, zorder=1)
    orbit.set_gid("orbit")
    axes.plot([], [], color=style.GUIDE, linewidth=4.0, alpha=0.4, label="exact dynamics")


def static_paths(
    chains: Sequence[Sequence[RecordedTransition]] | None = None,
    model: hmc.Model | None = None,
    *,
    seed: int | None = None,
    step_size: float | None = None,
) -> Figure:
    """Chains of static HMC with paths that are short, about right, and long.

    What to see: a short path ends near its start, and the chain is a random walk that crosses the density slowly. A
    path of a quarter of the period moves the furthest on average. A path of nearly a whole period needs the most steps
    and comes back to its start: it gains less than the short one. The right length differs from model to model and from
    direction to direction, so NUTS finds it anew for each trajectory.

    `chains`: lists of RecordedTransitions of static HMC in 2 dimensions, of `model`, a list for each path length; None
    for some in `figures.sampler.toys.plane`, with this `seed` and `step_size` if they are given. ValueError for others.
    """
    if chains is None:
        chains, model = toys.static_chains(seed, step_size), toys.plane()
    _require("static_paths", [path for chain in chains for path in chain], model, 2)
    with style.applied():
        figure = style.blank()
        panels, traces = figure.subplots(
            2, len(chains), sharex="row", sharey="row", squeeze=False, height_ratios=(2.6, 1.0)
        )
        n = len(chains[0])
        figure.suptitle(f"Static HMC: {n} transitions each, by the length of their paths", x=0.015, ha="left")
        leaves = np.array([leaf.position for chain in chains for path in chain for leaf in path.leaves])
        low, high = leaves.min(axis=0), leaves.max(axis=0)
        x, y = np.linspace(low - 0.08 * (high - low), high + 0.08 * (high - low), _GRID).T
        for panel, trace, chain in zip(panels, traces, chains, strict=True):
            draw_density(panel, model, x, y)
            _draw_chain(panel, chain)
            _draw_trace(trace, chain, panel.get_xlabel())
        for axes in (*panels[1:], *traces[1:]):
            axes.set_ylabel("")
            axes.tick_params(labelleft=False)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return style.settled(figure)


def _draw_chain(axes, chain):
    """The paths of a chain, its draws, and its start."""
    n_steps, step_size = chain[0].outcome.n_steps, chain[0].step_size
    moved = np.mean([distance_moved(path) for path in chain])
    axes.set_title(f"path length {n_steps * step_size:.2g} ({n_steps} steps)\nmoves {moved:.2f} sd on average")
    for number, path in enumerate(chain):
        points = np.array([leaf.position for leaf in path.leaves])
        label = "path" if number == 0 else None
        (line,) = axes.plot(*points.T, color=style.BLUE, linewidth=1.2, alpha=0.5, label=label, zorder=2)
        line.set_gid(f"path-{number}")
    draws = np.array([path.draw for path in chain])
    mark(axes, draws.T, "draws", "draw", marker="o", markersize=7, markeredgecolor="white")
    mark(axes, chain[0].leaf(0).position, "start", "start", marker="s", markersize=9, markerfacecolor="white")


def _draw_trace(axes, chain, name):
    """The first coordinate of the draws, called `name`, one after the other, from the start on."""
    first = [chain[0].leaf(0).position[0], *(path.draw[0] for path in chain)]
    (line,) = axes.plot(first, "o-", color=style.INK, markersize=4, linewidth=1.0)
    line.set_gid("trace")
    axes.set(xlabel="Transition", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)


def divergence(
    trajectories: Sequence[RecordedTransition] | None = None,
    model: hmc.Model | None = None,
    *,
    step_size: float | None = None,
) -> Figure:
    """A divergence: leapfrog steps that lose the trajectory where the density is narrow.

    What to see: one step size has to serve the whole density. The trajectory in the wide mouth of the funnel keeps its
    energy error below 0.1. In the neck the density is narrower than a step: the error grows over the last steps, until
    it is over 1,000. The trajectory ends there, and none of its last doubling's points can be drawn. So a chain that
    diverges misses part of the neck. A smaller step size (a higher target acceptance rate) helps a little; another
    parametrisation mends it (see `schools_neck`).

    `trajectories`: RecordedTransitions in 2 dimensions, of `model`; None for two in `figures.sampler.toys.funnel`,
    with this `step_size` if it is given. ValueError for others, or if none diverged.
    """
    if trajectories is None:
        trajectories, model = toys.funnel_trajectories(step_size), toys.funnel()
    _require("divergence", trajectories, model, 2)
    if not any(trajectory.outcome.termination == DIVERGENCE for trajectory in trajectories):
        raise ValueError("divergence: none of the trajectories diverged")
    with style.applied():
        figure = style.blank()
        plane, errors = figure.subplots(1, 2, width_ratios=(1.15, 1.0))
        figure.suptitle("A trajectory that diverges, and one that does not", x=0.015, ha="left")
        kept = np.array([leaf.position for t in trajectories for leaf in t.leaves if not leaf.diverging])
        low, high = kept.min(axis=0), kept.max(axis=0)
        draw_density(plane, model, *np.linspace(low - 0.3 * (high - low), high + 0.3 * (high - low), _GRID).T)
        plane.set(xlim=plane.get_xlim(), ylim=plane.get_ylim())  # a divergent step may lead far out of the picture
        for trajectory, colour in zip(trajectories, COLOURS[::2], strict=False):
            _draw_trajectory(plane, errors, trajectory, colour)
        errors.axhline(MAX_ENERGY_ERROR, color=style.GUIDE, linestyle="--", linewidth=1.2)
        errors.set(xlabel="Leapfrog steps taken", ylabel="Energy error")
        scale_errors(errors, MAX_ENERGY_ERROR)
        errors.set_ylim(-3.0, 20.0 * MAX_ENERGY_ERROR)
        errors.text(0.0, 2.0 * MAX_ENERGY_ERROR, f"a divergence: over {MAX_ENERGY_ERROR:,.0f}", va="bottom")
        errors.xaxis.get_major_locator().set_params(integer=True)
        figure.legend(*plane.get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return style.settled(figure)


def _draw_trajectory(plane, errors, trajectory, colour):
    """A trajectory through the plane in the order of time, and its energy errors in the order of its steps."""
    diverges = trajectory.outcome.termination == DIVERGENCE
    label = f"{trajectory.outcome.n_steps} steps of {trajectory.step_size:g}" + (
        ", the last diverges" if diverges else ""
    )
    points = np.array([leaf.position for leaf in trajectory.in_time()])
    (line,) = plane.plot(*points.T, "o-", color=colour, markersize=5, linewidth=1.5, label=label)
    line.set_gid("diverging" if diverges else "passing")
    is_first = not any(artist.get_gid() == "start" for artist in plane.lines)
    mark(plane, trajectory.leaf(0).position, "start", "start" if is_first else None, marker="s", markersize=9)
    error = [leaf.energy_error for leaf in trajectory.leaves]
    (line,) = errors.plot(error, "o-", color=colour, markersize=5, linewidth=1.5)
    line.set_gid("diverging" if diverges else "passing")
