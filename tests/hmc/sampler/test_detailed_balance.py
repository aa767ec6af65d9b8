"""Exact detailed balance of the NUTS transition: pi_i T(i -> j) = pi_j T(j -> i) for all pairs of sites of toy lines.

Every random number a transition may draw is enumerated. Broken rules fail the same check.
"""

import numpy as np
import pytest

from hmc.jit.copying import substituted
from hmc.sampler import nuts

# Sums and exponentials of tens of numbers near 1, each rounded to 1e-16.
EXACT = 1e-12
# What a broken rule moves of the probability flow at the least: far above rounding, whatever the line.
BROKEN = 1e-4


@pytest.mark.parametrize("max_depth", [1, 2, 3])
def test_detailed_balance_over_every_outcome_of_every_random_number(toy, max_depth):
    tested = toy.lines(10) if max_depth < 3 else [*toy.lines(10)[::5], *list(toy.with_divergent_sites(10))[::9]]
    for line in tested:
        transition = substituted(nuts.transition, **toy.dynamics(line))
        rows = toy.matrix(lambda site: toy.enumerated_row(transition, line, site, max_depth), line)  # noqa: B023
        np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=0, atol=EXACT)
        assert toy.imbalance(line, rows) < EXACT


def test_mixed_proposals_give_the_probabilities_of_all_outcomes(toy):
    for line in toy.lines(8)[::4]:
        transition = substituted(nuts.transition, **toy.dynamics(line))
        for site in (0, 3):
            expected = toy.enumerated_row(transition, line, site, max_depth=3)
            np.testing.assert_allclose(toy.mixed_row(line, site, max_depth=3), expected, rtol=0, atol=EXACT)


def test_detailed_balance_of_deep_trees_on_a_bounded_line(toy):
    for line in [*toy.lines(20, seed=3), *toy.with_divergent_sites(20)][::2]:
        rows = toy.matrix(lambda site: toy.mixed_row(line, site, max_depth=4), line)  # noqa: B023
        np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=0, atol=EXACT)
        assert toy.imbalance(line, rows) < EXACT


def test_detailed_balance_where_no_trajectory_reaches_the_end_of_the_line(toy):
    max_depth, inner = 4, 6
    middle = range(2**max_depth, 2**max_depth + inner)
    for line in toy.lines(2 * 2**max_depth + inner, seed=4)[::2]:
        rows = toy.matrix(lambda site: toy.mixed_row(line, site, max_depth), line, middle)  # noqa: B023
        np.testing.assert_allclose(rows[middle].sum(axis=1), 1.0, rtol=0, atol=EXACT)
        assert np.abs(rows[middle][:, middle] - np.eye(inner)).max() > 0.1  # it moves
        assert toy.imbalance(line, rows, slice(middle.start, middle.stop)) < EXACT * len(line.energies)


# Broken samplers: the same check must fail.


class Rigged:
    """A generator whose proposals are taken with another probability than asked for."""

    def __init__(self, rng, change):
        self.rng = rng
        self.change = change

    def random(self):
        return self

    def __lt__(self, probability):
        return self.rng.random() < self.change(probability)


def rigged(kernel, change):
    """The kernel, its last argument the generator, with the probability of its draw changed."""

    def make(parts):
        original = substituted(kernel, **parts)
        return lambda *arguments: original(*arguments[:-1], Rigged(arguments[-1], change))

    return make


def never_turns(kernel):
    def make(parts):
        joined = substituted(kernel, **parts)

        def join(*arguments):
            joined(*arguments)
            return False

        return join

    return make


def take_all_for_forward(parts):
    """The trunk's two orders of building, told apart the wrong way round."""
    joined = substituted(nuts.join_trunk, **parts)
    return lambda trajectory, depth, direction, rng: joined(trajectory, depth, True, rng)


BROKEN_RULES = {
    "the last doubling is always accepted": {"join_trunk": rigged(nuts.join_trunk, lambda p: 1.0)},
    "the last doubling is accepted by a coin": {"join_trunk": rigged(nuts.join_trunk, lambda p: 0.5)},
    "the last doubling is accepted a little too rarely": {"join_trunk": rigged(nuts.join_trunk, lambda p: 0.95 * p)},
    "leaves of a subtree are drawn by a coin": {"draw_proposal": rigged(nuts.draw_proposal, lambda p: 0.5)},
    "the last leaf of a subtree is its proposal": {"draw_proposal": rigged(nuts.draw_proposal, lambda p: 0.0)},
    "subtrees prefer their later half": {"draw_proposal": rigged(nuts.draw_proposal, lambda p: max(0.0, 2 - 1 / p))},
    "subtrees of two leaves are not checked": {"join_leaves": never_turns(nuts.join_leaves)},
    "larger subtrees are not checked": {"join": never_turns(nuts.join)},
    "the direction of the trunk is ignored": {"join_trunk": take_all_for_forward},
}


@pytest.mark.parametrize("rule", BROKEN_RULES)
def test_a_broken_rule_breaks_detailed_balance(toy, rule):
    worst = 0.0
    for line in toy.lines(16, seed=5)[::2]:
        rows = toy.matrix(lambda site: toy.mixed_row(line, site, max_depth=3, **BROKEN_RULES[rule]), line)  # noqa: B023
        worst = max(worst, toy.imbalance(line, rows))
        if worst > BROKEN:
            break
    assert worst > BROKEN
