"""One NUTS transition drawn from its record as a binary tree; a toy's by default."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from figures.drawing import style
from figures.sampler import toys
from figures.sampler.trajectory import (
    RING,
    doubling_colour,
    doubling_label,
    mark,
    require_nuts,
    scale_errors,
    signed,
    summary,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hmc.record import RecordedTransition

_ROOM = 20  # the most leaves with room for numbers in the tree


def nuts_tree(
    recorded: RecordedTransition | None = None, *, seed: int | None = None, step_size: float | None = None
) -> Figure:
    """The same NUTS trajectory as a binary tree: leapfrog steps at the bottom, joins above them.

    What to see: neighbouring steps are joined in pairs, pairs in fours, and so on. Each join (disc) is tested for a
    U-turn and proposes a step, drawn from its two parts in proportion to their weights; the number in the disc is the
    place of that step on the axis below, and not a weight. A doubling (one colour) is a whole subtree. Its last join
    connects it to the trajectory before it and favours the later part, which is taken with probability min(1, its
    weight / the earlier weight). The heavy line leads from the draw to the top. Below, the difference of each step's
    energy to the start's: a step's weight is exp(-energy error), and here all weights are between 0.9 and 1.1.

    `recorded`: a RecordedTransition of NUTS; None for one through `figures.sampler.toys.plane`, with this `seed` and
    `step_size` if they are given. ValueError for another.
    """
    recorded = toys.doubling_trajectory(seed, step_size) if recorded is None else recorded
    require_nuts("nuts_tree", recorded)
    with style.applied():
        figure = style.blank()
        tree, errors = figure.subplots(2, 1, sharex=True, height_ratios=(2.6, 1.0))
        figure.suptitle(f"A NUTS tree: {summary(recorded)}", x=0.015, ha="left")
        _draw_tree(tree, recorded)
        _draw_errors(errors, recorded)
        figure.legend(*tree.get_legend_handles_labels(), loc="outside right center", alignment="left")
        return style.settled(figure)


def _draw_tree(axes, recorded):
    """The joins as a tree: leaves at height 0, a join of 2^k leaves at height k, midway between its ends."""
    seen = set()
    for leaf in recorded.leaves:
        _draw_leaf(axes, recorded, leaf, label=None if leaf.doubling in seen else _leaf_label(recorded, leaf))
        seen.add(leaf.doubling)
    for join in recorded.joins:
        _draw_join(axes, recorded, join)
    if len(recorded.leaves) <= _ROOM:
        disc = {"marker": "o", "linestyle": "none", "markersize": 14, "markerfacecolor": "white", "color": style.GUIDE}
        axes.plot([], [], **disc, label="a join; its number is\nthe step it proposes")
    heights = range(1 + max((int(_node(join.earlier[0], join.later[1])[1]) for join in recorded.joins), default=0))
    axes.set_yticks(heights, [str(2**height) for height in heights])
    axes.set_ylim(-0.35, heights[-1] + 0.6)
    axes.set_ylabel("Steps joined")
    axes.tick_params(bottom=False)
    axes.spines["bottom"].set_visible(False)


def _draw_leaf(axes, recorded, leaf, label):
    colour = doubling_colour(leaf.doubling)
    is_part = leaf.doubling <= recorded.outcome.tree_depth
    look = {"marker": "o" if leaf.number else "s", "linestyle": "none", "markersize": 9, "markeredgewidth": 1.5}
    (dot,) = axes.plot(
        leaf.number, 0.0, color=colour, markerfacecolor=colour if is_part else "white", label=label, **look
    )
    dot.set_gid(f"leaf{leaf.number}")
    if leaf.number == recorded.chosen:
        mark(axes, np.array([leaf.number, 0.0]), "draw", "the draw", **RING)


def _leaf_label(recorded, leaf):
    return doubling_label(recorded.doublings[leaf.doubling - 1]) if leaf.doubling else "start"


def _draw_join(axes, recorded, join):
    """The two edges up to a join, and its node: a disc with the number of its proposal."""
    colour = doubling_colour(join.doubling)
    extent = (join.earlier[0], join.later[1])
    x, height = _node(*extent)
    for part in (join.earlier, join.later):
        foot = _node(*part)
        is_on_the_way = min(part) <= recorded.chosen <= max(part)
        look = {"linewidth": 4.5 if is_on_the_way else 1.5, "solid_joinstyle": "round"}
        (edge,) = axes.plot([foot[0], foot[0], x], [foot[1], height, height], color=colour, zorder=1, **look)
        edge.set_gid(f"edge{part[0]}:{part[1]}")
    is_roomy = len(recorded.leaves) <= _ROOM
    size = 23 if is_roomy else 7
    edge = {
        "markeredgecolor": style.INK if join.is_turning else colour,
        "markeredgewidth": 2.4 if join.is_turning else 1.5,
    }
    (node,) = axes.plot(x, height, "o", markersize=size, markerfacecolor="white", **edge, zorder=3)
    node.set_gid(f"join{extent[0]}:{extent[1]}")
    if is_roomy:
        axes.text(x, height, signed(join.taken), ha="center", va="center_baseline", fontsize=11, zorder=4)
    if join.is_turning:
        axes.annotate("U-turn", (x, height), (0, 16), textcoords="offset points", ha="center", fontweight="bold")


def _node(first, last):
    """The place of the join of the leaves `first` to `last` in the tree: (x, height)."""
    return (first + last) / 2.0, math.log2(abs(last - first) + 1)


def _draw_errors(axes, recorded):
    """The energy error of every leaf, as a stem."""
    axes.axhline(0.0, color=style.GUIDE, linewidth=1.0)
    for leaf in recorded.leaves[1:]:
        colour = doubling_colour(leaf.doubling)
        (stem,) = axes.plot([leaf.number] * 2, [0.0, leaf.energy_error], color=colour, linewidth=3.0)
        stem.set_gid(f"error{leaf.number}")
    scale_errors(axes, max(abs(leaf.energy_error) for leaf in recorded.leaves))
    axes.set_xlabel("Step, in time from the start")
    axes.set_ylabel("Energy error")
    axes.xaxis.get_major_locator().set_params(integer=True)
