"""figures.dags: graphs of causes."""

import itertools
import math

import numpy as np
import pytest
from matplotlib.patches import Circle, FancyArrowPatch

from figures.dags import CONFOUNDS, GAP, RADIUS, TADPOLES, Dag, dag, dag_confounds, dag_tadpoles, distance, layout
from figures.drawing import style

CHAIN = Dag({"A": "a", "B": "b", "C": "c"}, (("A", "B"), ("B", "C"), ("A", "C")))
LADDER = Dag(
    dict.fromkeys("ABCDEF", "."), (("A", "F"), ("B", "E"), ("C", "D"), ("A", "E"), ("D", "F"))
)  # crossed, in the order of the description


def _nodes(figure):
    """{name: Circle} as drawn."""
    return {p.get_gid().removeprefix("node-"): p for p in figure.axes[0].patches if isinstance(p, Circle)}


def _arrows(figure):
    """{(cause, effect): (tail, head)} as drawn, in the axes' data."""
    arrows = [p for p in figure.axes[0].patches if isinstance(p, FancyArrowPatch)]
    return {tuple(p.get_gid().split("-")[1:]): np.array(p._posA_posB) for p in arrows}


@pytest.mark.parametrize("graph", [TADPOLES, CONFOUNDS, CHAIN, LADDER])
def test_all_nodes_and_edges_are_drawn_and_every_arrow_goes_from_its_cause_to_its_effect(graph):
    figure = dag(graph)
    nodes, arrows = _nodes(figure), _arrows(figure)
    assert set(nodes) == set(graph.nodes)
    assert sorted(arrows) == sorted(graph.edges)
    for (cause, effect), (tail, head) in arrows.items():
        # ends lie outside both circles, by the gap, on the line between their centres
        assert math.dist(tail, nodes[cause].center) == pytest.approx(RADIUS + GAP)
        assert math.dist(head, nodes[effect].center) == pytest.approx(RADIUS + GAP)
        assert distance(tail, nodes[cause].center, nodes[effect].center) < 1e-9
        assert tail[0] < head[0]


@pytest.mark.parametrize("graph", [TADPOLES, CONFOUNDS, CHAIN, LADDER])
def test_no_arrow_touches_a_third_circle_and_no_two_circles_touch(graph):
    figure = dag(graph)
    nodes = _nodes(figure)
    for edge, (tail, head) in _arrows(figure).items():
        for name in set(nodes) - set(edge):
            assert distance(nodes[name].center, tail, head) > RADIUS
    for one, other in itertools.combinations(nodes.values(), 2):
        assert math.dist(one.center, other.center) > 2 * RADIUS


def test_a_straight_row_would_run_an_arrow_through_the_middle_circle():
    """The negative twin: three nodes in a row, as a layout by columns alone would have them."""
    assert distance((1.0, 0.0), (0.0, 0.0), (2.0, 0.0)) == 0.0
    places = layout(CHAIN)
    assert len({y for _, y in places.values()}) == 2


def test_the_ladder_is_laid_out_without_crossings():
    places = layout(LADDER)
    straight = [(places[a], places[b]) for a, b in LADDER.edges]
    for (a, b), (c, d) in itertools.combinations(straight, 2):
        if len({a, b, c, d}) == 4:
            grid = np.linspace(0.0, 1.0, 400)[:, None]
            one, other = a + grid * np.subtract(b, a), c + grid * np.subtract(d, c)
            assert np.min(np.linalg.norm(one[:, None] - other, axis=2)) > 0.1


def test_causes_stand_left_and_as_near_to_their_effects_as_they_can():
    places = layout(CONFOUNDS)
    assert places["G"][0] < places["X"][0] == places["Z"][0] < places["Y"][0]
    assert len({layout(TADPOLES)[name][0] for name in "TDGP"}) == 1


def test_unobserved_nodes_alone_are_dashed_and_say_so():
    for graph in (CONFOUNDS, TADPOLES, CHAIN._replace(unobserved=frozenset("AC"))):
        figure = dag(graph)
        dashed = {name for name, circle in _nodes(figure).items() if circle.get_linestyle() != "-"}
        assert dashed == set(graph.unobserved)
        assert sum("unobserved" in text.get_text() for text in figure.axes[0].texts) == len(graph.unobserved)


def test_the_lecture_s_graphs():
    assert sorted(TADPOLES.edges) == [("D", "S"), ("G", "S"), ("P", "S"), ("T", "S")]
    assert sorted(CONFOUNDS.edges) == [("G", "X"), ("G", "Y"), ("X", "Y"), ("Z", "Y")]
    assert set(_nodes(dag_tadpoles())) == set("TDGPS")
    assert set(_nodes(dag_confounds())) == set("GXZY")


@pytest.mark.parametrize("graph", [TADPOLES, CONFOUNDS, CHAIN])
def test_nothing_written_overlaps_an_arrow_another_text_or_the_edge(graph):
    figure = dag(graph)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    for tail, head in _arrows(figure).values():
        line = axes.transData.transform(tail + np.linspace(0.0, 1.0, 200)[:, None] * (head - tail))
        assert not any(box.contains(*point) for box in boxes for point in line)
    assert all(box.x0 > 0 and box.y0 > 0 and box.x1 < figure.bbox.x1 and box.y1 < figure.bbox.y1 for box in boxes)


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (Dag({}, ()), r"^dag: there are no nodes$"),
        (Dag({"A": "a"}, (("A", "B"),)), r"^dag: A -> B: no node is called B$"),
        (Dag({"A": "a", "B": "b"}, (("A", "B"), ("B", "A"))), r"^dag: some node is a cause of itself$"),
        (Dag(dict.fromkeys("ABCDEFGHIJ", "."), ()), r"^dag: there are 3628800 ways to arrange these nodes; 50000 are"),
    ],
)
def test_a_graph_that_cannot_be_drawn_is_refused(graph, message):
    with pytest.raises(ValueError, match=message):
        dag(graph)


def test_a_second_drawing_gives_the_same_bytes(tmp_path):
    one, again = (style.save(dag_confounds(), tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert one == again
    assert style.save(dag_tadpoles(), tmp_path / "c.png").read_bytes() != one
