"""NUTS at work, step by step, as an animated GIF: always the same bytes for the same records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.drawing.film import write_film
from figures.sampler import toys
from figures.sampler.trajectory import ARROW, ENDS, RING, doubling_colour, frame_plane, mark, velocity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    import hmc
    from hmc.record import RecordedTransition

_STILL = 8  # how many times as long as a step the draw is shown


def nuts_animation(
    path: str | Path,
    chain: Sequence[RecordedTransition] | None = None,
    model: hmc.Model | None = None,
    seconds: float = 0.15,
    seed: int | None = None,
    step_size: float | None = None,
) -> Path:
    """NUTS at work: transitions as they happen, leapfrog step by leapfrog step.

    What to see: a trajectory grows from the last draw (square), along a momentum drawn at random (arrow). Each doubling
    (one colour) extends one of its two ends and is as long as all before it. When the trajectory turns back, it ends,
    and one of its points becomes the draw (ring). In the second of the six transitions the last doubling is given up:
    it costs its steps and gives nothing, and its points turn hollow. Earlier draws stay as black dots.

    `path` (.gif) gets a frame for each step, and is returned. `chain`: RecordedTransitions of NUTS in 2 dimensions, one
    after the other, of `model`; None for some in `figures.sampler.toys.plane`, with
    this `seed` and `step_size` if they are given. A step is shown for `seconds`, a draw
    eight times as long. The file is written whole or not at all. ValueError for another ending, or other records.
    """
    if chain is None:
        chain, model = toys.nuts_chain(seed, step_size), toys.plane()
    is_of_model = model is not None and model.dimension == 2 and all(r.model == model.name for r in chain)
    if not (is_of_model and chain and all(r.algorithm != "hmc" for r in chain)):
        raise ValueError("nuts_animation: draws NUTS transitions in 2 dimensions, and needs the model they are of")
    shown = [round(1000 * seconds) * times for recorded in chain for times in [1] * len(recorded.leaves) + [_STILL]]
    return write_film(path, frames(chain, model), shown)


def frames(chain: Sequence[RecordedTransition], model: hmc.Model) -> Iterator[Figure]:
    """The figure after each leaf of each transition, and once more with the draw; always the same object."""
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle(max(_titles(chain), key=len), x=0.015, ha="left")  # so that there is room for each
        frame_plane(axes, model, np.array([leaf.position for recorded in chain for leaf in recorded.leaves]))
        (line,) = axes.plot([], [], color=style.GUIDE, linewidth=1.0, zorder=2)
        dots = axes.scatter([], [], s=60, linewidths=1.5, zorder=3)
        past = mark(axes, np.zeros((2, 0)), "draws", "draws so far", marker="o", markersize=5)
        start = mark(axes, np.zeros((2, 0)), "start", "start", marker="s", markersize=9)
        ring = mark(axes, np.zeros((2, 0)), "draw", "new draw", **RING)
        # Over the square of the start, which would hide a small one.
        arrow = {"arrowstyle": "-|>", "color": style.VERMILLION, "lw": 1.8, "shrinkA": 0, "shrinkB": 0}
        momentum = axes.annotate("", (0, 0), (0, 0), arrowprops=arrow, zorder=6)
        for artist, gid in ((line, "path"), (dots, "leaves"), (momentum, "momentum")):
            artist.set_gid(gid)
        figure.legend(handles=[start, ring, past], loc="outside right center")
        style.settled(figure)
        figure.moving = (line, dots, past, start, ring, momentum, figure._suptitle)
    titles = _titles(chain)
    for number, recorded in enumerate(chain):
        past.set_data(*np.reshape([r.leaf(0).position for r in chain[:number]], (-1, 2)).T)
        start.set_data(*recorded.leaf(0).position[:, None])
        ring.set_data([], [])
        momentum.set_position(recorded.leaf(0).position)
        momentum.xy = recorded.leaf(0).position + ARROW * velocity(recorded, recorded.leaf(0).momentum)
        for shown in range(1, len(recorded.leaves) + 1):
            leaves = recorded.leaves[:shown]
            style.retitle(figure, next(titles))
            momentum.set_visible(shown == 1)
            _show(line, dots, leaves, given_up=())
            yield figure
        ring.set_data(*recorded.draw[:, None])
        style.retitle(figure, next(titles))
        _show(line, dots, recorded.leaves, [d.number for d in recorded.doublings if d.final_join is None])
        yield figure


def _titles(chain):
    """The title of each frame."""
    for number, recorded in enumerate(chain):
        for leaf in recorded.leaves:
            yield f"Transition {number + 1}: {_happening(recorded, leaf)}"
        yield f"Transition {number + 1}: {ENDS[recorded.outcome.termination]}; a point is drawn"


def _happening(recorded, leaf):
    if leaf.doubling == 0:
        return "a momentum (arrow) is drawn at random"
    doubling = recorded.doublings[leaf.doubling - 1]
    steps = 2 ** (doubling.number - 1)
    direction = "forwards" if doubling.is_forward else "backwards"
    return f"doubling {doubling.number}, {steps} step{'' if steps == 1 else 's'} {direction}"


def _show(line, dots, leaves, given_up):
    """Put these leaves into the picture; those of doublings given up are hollow."""
    line.set_data(*np.array([leaf.position for leaf in sorted(leaves, key=lambda leaf: leaf.number)]).T)
    colours = [doubling_colour(leaf.doubling) for leaf in leaves]
    dots.set_offsets([leaf.position for leaf in leaves])
    dots.set_edgecolor(colours)
    dots.set_facecolor(["white" if leaf.doubling in given_up else c for leaf, c in zip(leaves, colours, strict=True)])
