"""figures.sampler.neck: what is drawn of two transitions is what was recorded, and what the caption says of them."""

import numpy as np
import pytest

from figures.sampler import neck, toys, tree
from hmc.record import record_from
from hmc.sampler.outcome import DIVERGENCE


@pytest.fixture(scope="module")
def figure():
    return neck.neck()


def artists(axes, gid):
    return [line for line in axes.lines if line.get_gid() == gid]


def test_both_start_alike_and_nuts_diverges_where_walnuts_goes_on():
    nuts, walnuts = toys.neck_trajectories()
    assert nuts.outcome.termination == DIVERGENCE
    assert nuts.leaves[-1].energy_error > 1000.0
    for number in range(-3, 1):  # until a step is too long
        np.testing.assert_array_equal(nuts.leaf(number).position, walnuts.leaf(number).position)
    assert not any(leaf.diverging for leaf in walnuts.leaves)
    assert {0, 2, 3} <= {leaf.way.level for leaf in walnuts.leaves[1:]}  # up to eight leapfrog steps for one
    assert walnuts.draw[1] < min(leaf.position[1] for leaf in nuts.leaves if not leaf.diverging)  # it lies in the neck


def test_leaves_and_every_leapfrog_step_between_them_are_drawn(figure):
    for axes, recorded in zip(figure.axes, toys.neck_trajectories(), strict=True):
        (leaves,) = artists(axes, "leaves")
        np.testing.assert_array_equal(leaves.get_xydata(), [leaf.position for leaf in recorded.in_time()])
        (steps,) = artists(axes, "steps")
        assert len(steps.get_xydata()) == recorded.outcome.micro_steps + 1
        drawn = {tuple(point) for point in steps.get_xydata()}
        for leaf in recorded.leaves[1:]:
            assert {tuple(point) for point in (leaf.way.positions if leaf.way else [leaf.position])} <= drawn
        (draw,) = artists(axes, "draw")
        np.testing.assert_array_equal(draw.get_xydata(), [recorded.draw])
        assert f"{recorded.outcome.n_steps} gradients" in axes.get_title(loc="left")


def test_steps_that_are_too_long_are_drawn_to_where_they_would_have_led(figure):
    _, walnuts = toys.neck_trajectories()
    failed = [leaf for leaf in walnuts.leaves[1:] if not leaf.walks[0].is_tight]
    drawn = artists(figure.axes[1], "failed")
    assert len(drawn) == len(failed) > 2
    for line, leaf in zip(drawn, failed, strict=True):
        np.testing.assert_array_equal(line.get_xydata()[1], leaf.walks[0].positions[0])
    assert len(artists(figure.axes[0], "failed")) == 1  # the divergence


def test_other_records_are_refused():
    nuts, walnuts = toys.neck_trajectories()
    elsewhere = record_from(toys.funnel(), [0.0, 0.0], 0.55, algorithm="walnuts")[0]
    for given, model, message in [
        ([nuts, nuts], toys.funnel(), "neck: draws a transition of NUTS and one of WALNUTS in 2 dimensions"),
        ([nuts, walnuts], toys.line(), "neck: draws a transition of NUTS and one of WALNUTS in 2 dimensions"),
        ([nuts, elsewhere], toys.funnel(), "neck: the transitions are to have one start, one momentum and one step"),
    ]:
        with pytest.raises(ValueError, match=message):
            neck.neck(given, model)


def test_the_trees_of_walnuts_are_drawn_as_those_of_nuts():
    _, walnuts = toys.neck_trajectories()
    assert tree.nuts_tree(walnuts).axes
