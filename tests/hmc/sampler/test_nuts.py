"""The tree: each of its rules by itself. For the tree as a whole see test_textbook.py and test_detailed_balance.py."""

import math

import numpy as np
import pytest

from hmc.jit.copying import substituted
from hmc.sampler import nuts, textbook
from hmc.sampler.outcome import DIVERGENCE, GOING_ON, INTERRUPTED, MAX_DEPTH, SUBTREE_U_TURN, U_TURN
from hmc.sampler.phase_space import Reach

FORWARD, BACKWARD = True, False

# Sums and exponentials of tens of numbers near 1, each rounded to 1e-16.
EXACT = 1e-12


def straight(toy, sites, **momenta):
    """A line on which nothing turns, but for momenta given by site. The middle is lowest in energy, and every leaf
    on the way from there has a chance to be drawn: no doubling outweighs the trajectory before it.
    """
    line = toy.Line(0.5 * np.abs(np.arange(sites) - sites // 2), np.ones((sites, 1)))
    for site, momentum in momenta.items():
        line.momenta[int(site.removeprefix("at_"))] = momentum
    return line


@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
@pytest.mark.parametrize("divergent", [4, 5, 7])
def test_divergent_doubling_never_supplies_the_proposal(toy, direction, divergent):
    sign = 1 if direction else -1
    line = straight(toy, 17)
    line.energies[8 + sign * divergent] = math.inf
    draw, outcome = toy.given_directions(line, 8, [direction] * 3)
    assert set(np.flatnonzero(draw)) == {8 + sign * n for n in range(4)}
    assert (outcome.termination, outcome.tree_depth) == (DIVERGENCE, 2)
    assert outcome.n_steps == divergent


@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
def test_doubling_with_a_turn_inside_never_supplies_the_proposal(toy, direction):
    sign = 1 if direction else -1
    line = straight(toy, 17, **{f"at_{8 + sign * 5}": -2.0})
    draw, outcome = toy.given_directions(line, 8, [direction] * 3)
    assert set(np.flatnonzero(draw)) == {8 + sign * n for n in range(4)}
    assert (outcome.termination, outcome.tree_depth, outcome.n_steps) == (SUBTREE_U_TURN, 2, 5)


@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
def test_trajectory_that_turns_as_a_whole_may_supply_its_last_leaf(toy, direction):
    sign = 1 if direction else -1
    line = straight(toy, 17, **{f"at_{8 + sign * n}": -0.5 for n in range(4, 8)})
    draw, outcome = toy.given_directions(line, 8, [direction] * 4)
    assert set(np.flatnonzero(draw)) == {8 + sign * n for n in range(8)}
    assert (outcome.termination, outcome.tree_depth, outcome.n_steps) == (U_TURN, 3, 7)


@pytest.mark.parametrize(
    "momenta",
    [
        [[1.5, -0.9], [2.7, -2.0], [-1.0, 1.4], [0.1, 3.0]],  # the first half with the first leaf of the second turns
        [[0.1, 3.0], [-1.0, 1.4], [2.7, -2.0], [1.5, -0.9]],  # the last leaf of the first half with the second turns
    ],
)
def test_turn_across_the_join_is_seen_where_whole_and_halves_look_straight(toy, momenta):
    line = toy.Line(np.zeros(4), np.array(momenta))
    for stretch in (line.momenta, line.momenta[:2], line.momenta[2:]):
        assert not textbook.turns(stretch.sum(axis=0), stretch[0], stretch[-1])
    _, outcome = toy.given_directions(line, 0, [FORWARD] * 2)
    assert (outcome.termination, outcome.tree_depth) == (U_TURN, 2)
    _, outcome = toy.given_directions(line, 3, [BACKWARD] * 2)
    assert (outcome.termination, outcome.tree_depth) == (U_TURN, 2)


def test_rejected_doublings_leaves_count_in_steps_and_acceptance_rate(toy):
    line = straight(toy, 17)
    line.energies[14] = 1e4
    _, outcome = toy.given_directions(line, 8, [FORWARD] * 3)
    errors = line.energies[9:15] - line.energies[8]
    assert outcome.termination == DIVERGENCE
    assert outcome.n_steps == 6
    assert outcome.acceptance_rate == pytest.approx(np.minimum(1, np.exp(-errors)).sum() / 6, abs=EXACT)


def test_energy_error_of_a_thousand_is_where_divergence_begins(toy):
    for error, expected in ((999.0, MAX_DEPTH), (1001.0, DIVERGENCE), (math.nan, DIVERGENCE), (math.inf, DIVERGENCE)):
        line = toy.Line(np.array([0.0, error]), np.ones((2, 1)))
        _, outcome = toy.given_directions(line, 0, [FORWARD])
        assert outcome.termination == expected


@pytest.mark.parametrize("stopped_at", [1, 2, 3, 5, 9, 15])
def test_stop_flag_interrupts_and_leaves_the_start_untouched(toy, stopped_at):
    line = straight(toy, 40)
    line.energies[:] = -np.arange(40.0)  # every doubling forward is taken, so the trunk's proposal has moved on
    stop, steps = np.zeros(1, np.int64), []
    parts = toy.dynamics(line)

    def leapfrog(hamiltonian, point, step_size):
        steps.append(step_size)
        stop[0] = len(steps) >= stopped_at
        return parts["leapfrog"](hamiltonian, point, step_size)

    class Forward:
        def random(self):
            return 0.25

    transition = substituted(nuts.transition, **(parts | {"leapfrog": leapfrog}))
    start = toy.start_at(line, 4)
    before = [row.copy() for row in start.point]
    outcome = transition(None, start, toy.buffers(line, 4), Reach(1.0, 4, math.nan), Forward(), stop)
    assert outcome.termination == INTERRUPTED
    assert len(steps) == stopped_at
    for row, old in zip(start.point, before, strict=True):
        assert (row == old).all()


def test_start_becomes_the_draw_with_its_log_density_and_energy(toy):
    rng = np.random.default_rng(8)
    ends = set()
    for line in toy.lines(40, seed=8):
        transition = substituted(nuts.transition, **toy.dynamics(line))
        start = toy.start_at(line, 20)
        outcome = transition(None, start, toy.buffers(line, 5), Reach(1.0, 5, math.nan), rng, np.zeros(1, np.int64))
        site = int(start.point.position[0])
        assert np.flatnonzero(start.point.gradient).tolist() == [site]
        assert outcome.log_density == -line.energies[site]
        assert outcome.energy == line.energies[site]
        ends.add(site)
    assert len(ends) > 5


@pytest.mark.parametrize("depth", range(6))
def test_each_pair_of_subtrees_is_joined_exactly_once_and_in_order(toy, depth):
    line = straight(toy, 64)
    members, joined = {}, []
    parts = toy.dynamics(line)

    def add_leaf(spans, level, point, *rest):
        members[level] = [int(point.position[0])]
        nuts.add_leaf(spans, level, point, *rest)

    def watched(kernel):
        def join(spans, earlier, later, rng):
            joined.append((members[earlier], members[later]))
            members[later] = members.pop(earlier) + members[later]
            return kernel(spans, earlier, later, rng)

        return join

    double = substituted(
        nuts.double, **parts, add_leaf=add_leaf, join=watched(nuts.join), join_leaves=watched(nuts.join_leaves)
    )
    point = toy.start_at(line, 0).point
    rng, stop = np.random.default_rng(1), np.zeros(1, np.int64)
    growth = double(nuts.Flow(None, 1.0, 0.0), toy.buffers(line, 6).spans, point, depth, rng, stop)
    assert growth.termination == GOING_ON
    assert members == {depth: list(range(1, 2**depth + 1))}

    def pairs(first, size):
        if size == 1:
            return []
        half = size // 2
        own = (list(range(first, first + half)), list(range(first + half, first + size)))
        return [*pairs(first, half), *pairs(first + half, half), own]

    assert joined == pairs(1, 2**depth)


def test_nothing_of_an_earlier_transition_stays_in_the_buffers(toy):
    line = toy.lines(40)[10]
    transition = substituted(nuts.transition, **toy.dynamics(line))
    used = toy.buffers(line, 4)
    for array in (*used.ends, *used.spans):
        array[:] = np.nan
    for seed in range(10):
        ends = []
        for trajectory in (used, toy.buffers(line, 4)):
            start, rng = toy.start_at(line, 20), np.random.default_rng(seed)
            transition(None, start, trajectory, Reach(1.0, 4, math.nan), rng, np.zeros(1, np.int64))
            ends.append(start.point.position[0])
        assert ends[0] == ends[1]
