"""Graphs of causes: described in a few words, laid out by rule.

A `Dag` lists causes and their effects. Causes are left of their effects, each as near to them as it can be. Within
these columns the layout is, of all possible orders, the one in which no arrow runs through a third circle, the fewest
arrows cross, and they are shortest. The search tries all orders, which is feasible for graphs of a lecture's size.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch

from figures.drawing import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RADIUS = 0.26  # of a node; columns are a unit times COLUMN apart, places within a column a unit
COLUMN = 1.7
GAP = 0.07  # between an arrow's ends and the circles
SHIFTS = (0.0, 0.5, -0.5, 1.0, -1.0)  # of a column beside the others, up
BESIDE, BELOW = 1.15, 0.7  # room for words, beside the outer circles and below them
TITLE = 0.55  # inches
MOST = 50_000  # arrangements to choose from; they take some seconds
SIDES = {"left": (-1, 0), "right": (1, 0), "above": (0, 1), "below": (0, -1)}  # of a circle, for what the node means


class Dag(NamedTuple):
    """Causes and effects. Names of nodes are a letter or two: they are written inside the circles."""

    nodes: dict[str, str]  # the meaning of each node, by its name
    edges: tuple[tuple[str, str], ...]  # (cause, effect)
    unobserved: frozenset[str] = frozenset()


TADPOLES = Dag(
    nodes={"T": "tank", "D": "density", "G": "size", "P": "predators", "S": "survival"},
    edges=(("T", "S"), ("D", "S"), ("G", "S"), ("P", "S")),
)
CONFOUNDS = Dag(
    nodes={"G": "group", "X": "individual's trait", "Z": "group's trait", "Y": "outcome"},
    edges=(("G", "X"), ("G", "Y"), ("X", "Y"), ("Z", "Y")),
    unobserved=frozenset({"G"}),
)


def dag_tadpoles() -> Figure:
    """The causes of tadpoles' survival: tank T, density D, size G, predators P.

    The tank stands for everything peculiar to it that nobody measured. The experimenters set the other three, so no
    arrow goes into any of them and none confounds another. Their effects make tanks differ: with P in the model, less
    is left for the tanks' own sigma (see `spreads`).
    """
    return dag(TADPOLES, "Tadpoles: causes of survival")


def dag_confounds() -> Figure:
    """How a group G confounds the effect of X on Y: it causes both and is not observed (dashed).

    We know which group somebody is in, but not the trait of the group that matters, U[g]. The backdoor path X <- G -> Y
    is open unless G is held fixed (mf) or something stands in for U (mrx, mru). Z is a trait of groups and a cause of Y
    that nothing confounds.
    """
    return dag(CONFOUNDS, "The confounded study: causes of X and Y")


def dag(graph: Dag, title: str = "") -> Figure:
    """A figure of any `Dag`: names in circles, dashed where unobserved, meanings below, arrows from cause to effect.

    ValueError for a graph without nodes, with an edge to an unknown one or with a cycle, and for one too large to lay
    out (see `layout`).
    """
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.is_of_its_size = True
        places = _stretched(layout(graph), *figure.get_size_inches())
        figure.suptitle(title, x=0.015, ha="left")
        for cause, effect in graph.edges:
            _draw_arrow(axes, places[cause], places[effect], f"edge-{cause}-{effect}")
        for name, (x, y) in places.items():
            hidden = name in graph.unobserved
            line = {"linestyle": (0, (4, 3)) if hidden else "-", "linewidth": 1.8, "edgecolor": style.INK}
            axes.add_patch(Circle((x, y), RADIUS, facecolor="white", zorder=2, gid=f"node-{name}", **line))
            axes.text(x, y, name, ha="center", va="center", fontsize=22, zorder=3)
            meaning = graph.nodes[name] + ("\n(unobserved)" if hidden else "")
            _write_beside(axes, (x, y), meaning, _free_side(name, graph.edges, places))
        xs, ys = zip(*places.values(), strict=True)
        axes.set_xlim(min(xs) - BESIDE, max(xs) + BESIDE)
        axes.set_ylim(min(ys) - BELOW, max(ys) + BELOW)
        axes.set_aspect("equal")
        axes.set_axis_off()
        return style.settled(figure)


def _stretched(places, width, height):
    """The places, columns or rows further apart so that they fill a figure of this size in inches."""
    xs, ys = np.array(list(places.values())).T
    across, up = np.ptp(xs), np.ptp(ys)
    shape = width / (height - TITLE)
    room = shape * (up + 2 * BELOW) - 2 * BESIDE, (across + 2 * BESIDE) / shape - 2 * BELOW
    by = max(1.0, room[0] / across if across else 1.0), max(1.0, room[1] / up if up else 1.0)
    return {name: (by[0] * x, by[1] * y) for name, (x, y) in places.items()}


def layout(graph: Dag) -> dict[str, tuple[float, float]]:
    """{name: (x, y)} of all nodes. ValueError as for `dag`, or where there are over `MOST` ways to arrange them.

    A node without effects is in the last column, any other one column before the first of its effects.
    """
    columns = _columns(graph)
    tallest = max(columns, key=len)  # stays where it is, and the others move up or down beside it
    ways = math.prod(math.factorial(len(column)) * (1 if column is tallest else len(SHIFTS)) for column in columns)
    if ways > MOST:
        raise ValueError(f"dag: there are {ways} ways to arrange these nodes; {MOST} are the most that are tried")
    options = [
        list(_arrangements(column, x, (0.0,) if column is tallest else SHIFTS)) for x, column in enumerate(columns)
    ]
    candidates = (
        {name: place for column in choice for name, place in column.items()} for choice in itertools.product(*options)
    )
    return min(candidates, key=lambda places: _cost(graph.edges, places))


def _columns(graph):
    """Lists of nodes from the first causes to the last effects, in the order of the description."""
    if not graph.nodes:
        raise ValueError("dag: there are no nodes")
    for edge in graph.edges:
        for name in edge:
            if name not in graph.nodes:
                raise ValueError(f"dag: {' -> '.join(edge)}: no node is called {name}")
    depth = dict.fromkeys(graph.nodes, 0)  # of the longest way down to an effect that causes nothing
    for _ in graph.nodes:
        deeper = {
            name: max([1 + depth[effect] for cause, effect in graph.edges if cause == name], default=0)
            for name in graph.nodes
        }
        if deeper == depth:
            break
        depth = deeper
    else:
        raise ValueError("dag: some node is a cause of itself")
    return [[name for name in graph.nodes if depth[name] == level] for level in range(max(depth.values()), -1, -1)]


def _arrangements(column, x, shifts):
    """All orders of a column, centred and then moved up by each of `shifts`: {name: place}."""
    for order, shift in itertools.product(itertools.permutations(column), shifts):
        top = (len(order) - 1) / 2.0 + shift
        yield {name: (COLUMN * x, top - i) for i, name in enumerate(order)}


def _cost(edges, places):
    """(arrows that touch a third circle, crossings, summed length): the better arrangement has the smaller one."""
    lines = [(places[cause], places[effect]) for cause, effect in edges]
    touched = sum(
        distance(places[name], *line) < RADIUS + GAP
        for edge, line in zip(edges, lines, strict=True)
        for name in places
        if name not in edge
    )
    crossings = sum(_cross(*one, *other) for one, other in itertools.combinations(lines, 2))
    return touched, crossings, round(sum(math.dist(*line) ** 2 for line in lines), 9)


def distance(point: tuple[float, float], start: tuple[float, float], end: tuple[float, float]) -> float:
    """The distance from a point to the line segment from `start` to `end`."""
    along = np.subtract(end, start)
    part = np.clip(np.dot(np.subtract(point, start), along) / np.dot(along, along), 0.0, 1.0)
    return math.dist(point, start + part * along)


def _cross(a, b, c, d):
    """Whether the line segments from a to b and from c to d cross between their ends."""
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a, b, c):
    """Positive if the way from a by b to c turns left, 0 if it is straight."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _free_side(name, edges, places):
    """The side of a node that its arrows leave most free; of equal ones the first of `SIDES`."""
    others = [b if a == name else a for a, b in edges if name in (a, b)]
    ways = [np.subtract(places[other], places[name]) / math.dist(places[other], places[name]) for other in others]
    nearest = {side: max((np.dot(way, SIDES[side]) for way in ways), default=0.0) for side in SIDES}  # cosines
    return min(SIDES, key=lambda side: round(nearest[side], 9))


def _write_beside(axes, centre, meaning, side):
    x, y = np.add(centre, np.multiply(RADIUS + 0.08, SIDES[side]))
    across = {"left": "right", "right": "left"}.get(side, "center")
    along = {"above": "bottom", "below": "top"}.get(side, "center")
    axes.text(x, y, meaning, ha=across, va=along, multialignment=across, fontsize=15, zorder=3)


def _draw_arrow(axes, start, end, gid):
    """An arrow from circle to circle, along the line between their centres."""
    way = np.subtract(end, start) / math.dist(start, end)
    tail, head = start + (RADIUS + GAP) * way, end - (RADIUS + GAP) * way
    look = {"arrowstyle": "-|>", "mutation_scale": 22, "linewidth": 1.8, "color": style.INK, "shrinkA": 0, "shrinkB": 0}
    axes.add_patch(FancyArrowPatch(tuple(tail), tuple(head), zorder=1, gid=gid, **look))
