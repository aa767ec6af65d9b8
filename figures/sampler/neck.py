"""NUTS and WALNUTS from one start into the neck of a funnel, drawn from their records; a toy's by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.sampler import toys
from figures.sampler.trajectory import RING, draw_density, mark
from hmc.sampler.outcome import GOING_ON

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    import hmc
    from hmc.record import RecordedTransition

_GRID = 160
_NEAR = 10.0  # energy errors of the leaves that the frame is to show
_MARGIN = np.array([1.2, 0.12])  # around them, as a part of their extent: the funnel's walls are to be seen
TITLES = {"nuts": "NUTS", "walnuts": "WALNUTS"}


def neck(trajectories: Sequence[RecordedTransition] | None = None, model: hmc.Model | None = None) -> Figure:
    """NUTS and WALNUTS entering the same neck: the same start, the same momentum, the same step size.

    What to see: left, the steps of NUTS are wider than the neck. The first that meets its wall is thrown far away, with
    an energy error over 1,000: a divergence, and the trajectory ends. Right, WALNUTS covers the same time with each
    step. Where a single leapfrog step would change the energy too much (a faint dashed line to where it would have
    led), it takes two steps, four or more (small dots), until the energy stays within the tolerance. So the trajectory
    goes down the neck and comes back, and its draw may lie there. Of 10,000 draws of this funnel (seed 12), NUTS has
    1.1% below v = -5 and WALNUTS 4.7%, where 4.8% should be: `algorithm="walnuts"` is a remedy where no other
    coordinates help.

    `trajectories`: a RecordedTransition of NUTS and one of WALNUTS in 2 dimensions, of `model`, that start alike; None
    for two in `figures.sampler.toys.funnel`. ValueError for others.
    """
    if trajectories is None:
        trajectories, model = toys.neck_trajectories(), toys.funnel()
    _require(trajectories, model)
    with style.applied():
        figure = style.blank()
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        figure.suptitle("Into the neck of a funnel, from one start with one step size", x=0.015, ha="left")
        near = np.array([leaf.position for t in trajectories for leaf in t.leaves if abs(leaf.energy_error) < _NEAR])
        low, high = near.min(axis=0), near.max(axis=0)
        x, y = np.linspace(low - _MARGIN * (high - low), high + _MARGIN * (high - low), _GRID).T
        for axes, recorded in zip(panels, trajectories, strict=True):
            draw_density(axes, model, x, y)
            axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))  # a step that fails may lead far out of the picture
            _draw(axes, recorded)
        panels[1].set_ylabel("")
        handles = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels())}  # noqa: B905
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
        return style.settled(figure)


def _require(trajectories, model):
    """ValueError if these are not NUTS and WALNUTS from one start, in a model of 2 dimensions."""
    fits = model is not None and model.dimension == 2 and all(t.model == model.name for t in trajectories)
    if not fits or [t.algorithm for t in trajectories] != [*TITLES]:
        raise ValueError("neck: draws a transition of NUTS and one of WALNUTS in 2 dimensions, and needs their model")
    starts = {(t.step_size, *t.leaf(0).position, *t.leaf(0).momentum) for t in trajectories}
    if len(starts) > 1:
        raise ValueError("neck: the transitions are to have one start, one momentum and one step size")


def _draw(axes: Axes, recorded: RecordedTransition) -> None:
    """A trajectory: its leaves, the leapfrog steps between them, and the tries that failed."""
    divergent = sum(leaf.diverging for leaf in recorded.leaves)
    end = "a divergence" if divergent else f"depth {recorded.outcome.tree_depth}"
    axes.set_title(f"{TITLES[recorded.algorithm]}: {recorded.outcome.n_steps} gradients, {end}", loc="left")
    path = np.array([position for leaf in recorded.in_time() for position in _way(leaf)])
    (line,) = axes.plot(*path.T, ".-", color=style.BLUE, markersize=4, linewidth=1.2, zorder=2, label="leapfrog steps")
    line.set_gid("steps")
    leaves = np.array([leaf.position for leaf in recorded.in_time() if leaf.termination == GOING_ON])
    looks = {"marker": "o", "linestyle": "none", "markersize": 7, "markeredgecolor": "white"}
    (dots,) = axes.plot(*leaves.T, color=style.BLUE, zorder=3, label="leaves", **looks)
    dots.set_gid("leaves")
    for origin, reached in _failures(recorded):
        label = "a step that is too long" if not any(a.get_gid() == "failed" for a in axes.lines) else None
        (failed,) = axes.plot(
            *np.array([origin, reached]).T,
            "--",
            color=style.VERMILLION,
            linewidth=1.0,
            alpha=0.6,
            label=label,
            zorder=1,
        )
        failed.set_gid("failed")
    mark(axes, recorded.leaf(0).position, "start", "start", marker="s", markersize=9)
    mark(axes, recorded.draw, "draw", "the draw", **RING)


def _way(leaf):
    """The positions from the leaf before, without it, to this one, in time; backwards in time the leaf comes first."""
    if leaf.way is None or leaf.termination != GOING_ON:
        return [leaf.position] if leaf.termination == GOING_ON else []
    return leaf.way.positions if leaf.number > 0 else leaf.way.positions[::-1]


def _failures(recorded):
    """(leaf before, where it led) of each single leapfrog step that changes the energy too much."""
    found = []
    for leaf in recorded.leaves[1:]:
        before = recorded.leaf(leaf.number - (1 if leaf.number > 0 else -1)).position
        if leaf.walks and not leaf.walks[0].is_tight:
            found.append((before, leaf.walks[0].positions[-1]))
        elif leaf.diverging:
            found.append((before, leaf.position))
    return found
