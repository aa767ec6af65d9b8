"""Recorded WALNUTS: every walk of every macro step, and what is said of them."""

import math
import re

import numpy as np
import pytest

from benchmarks.posteriors import necks
from hmc.record import record_from
from hmc.record.narrate import MACRO_LEGEND, narrate, watch
from hmc.sampler.metric import identity
from hmc.sampler.outcome import DIVERGENCE, GOING_ON, IRREVERSIBLE
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, leapfrog

STEP_SIZE, TOLERANCE = 0.6, 0.5


@pytest.fixture(scope="module")
def records():
    model = necks.funnel(3)
    how = {"algorithm": "walnuts", "tolerance": TOLERANCE, "max_depth": 5}
    found = record_from(model, [-2.0, 0.2, -0.1], STEP_SIZE, transitions=30, seed=6, **how)
    # So long a step that even 1,024 pieces of it are too long.
    found += record_from(model, [-9.0, 0.01, 0.01], 60.0, transitions=3, seed=6, **how)
    assert {IRREVERSIBLE, DIVERGENCE} < {r.outcome.termination for r in found}
    return found


def steps(records):
    """(record, leaf, the leaf before) of all macro steps."""
    return [(r, leaf, r.leaf(leaf.number - (1 if leaf.number > 0 else -1))) for r in records for leaf in r.leaves[1:]]


def test_walks_are_tries_at_ever_finer_levels_and_then_looks_back_from_the_coarsest_on(records):
    levels = set()
    for _, leaf, _ in steps(records):
        ahead = [walk for walk in leaf.walks if not walk.is_back]
        back = [walk for walk in leaf.walks if walk.is_back]
        assert leaf.walks == (*ahead, *back)
        assert [walk.level for walk in ahead] == list(range(len(ahead)))
        assert [walk.level for walk in back] == list(range(len(back)))
        assert leaf.way is ahead[-1]
        assert not any(walk.is_tight for walk in ahead[:-1])
        if leaf.termination == GOING_ON:
            assert leaf.way.is_tight
            assert len(back) == leaf.way.level
            assert not any(walk.is_tight for walk in back)
        elif leaf.termination == IRREVERSIBLE:
            assert leaf.way.is_tight
            assert [walk.is_tight for walk in back] == [*[False] * (len(back) - 1), True]
        else:
            assert (leaf.termination, leaf.way.level, back) == (DIVERGENCE, 10, [])
            assert not leaf.way.is_tight
        levels.add(leaf.way.level)
    assert len(levels) > 2


def test_walks_are_leapfrog_steps_and_tight_where_their_energies_are(records):
    model = necks.funnel(3)
    hamiltonian = Hamiltonian(necks.funnel_density, model.data, identity(3))
    for r, leaf, before in steps(records):
        if leaf.termination == DIVERGENCE:
            continue
        for walk in leaf.walks:
            origin = leaf if walk.is_back else before
            point = PhasePoint(*(row.copy() for row in (origin.position, origin.momentum, origin.gradient)))
            sign = (1 if leaf.number > 0 else -1) * (-1 if walk.is_back else 1)
            for position in walk.positions:
                leapfrog(hamiltonian, point, sign * r.step_size / 2**walk.level)
                np.testing.assert_allclose(point.position, position, rtol=1e-9, atol=1e-12)
            extent = np.ptp([origin.energy, *walk.energies])
            assert walk.is_tight == (extent <= TOLERANCE and len(walk.positions) == 2**walk.level)
        np.testing.assert_array_equal(leaf.way.positions[-1], leaf.position)


def test_the_statistics_are_counts_of_the_walks(records):
    for r in records:
        walks = [walk for leaf in r.leaves for walk in leaf.walks]
        assert r.outcome.n_steps == sum(len(walk.positions) for walk in walks)
        made = [leaf.way for leaf in r.leaves[1:] if leaf.termination == GOING_ON]
        assert r.outcome.micro_steps == sum(2**way.level for way in made)
        assert r.leaf(r.chosen).termination == GOING_ON


def test_what_is_said_of_an_irreversible_step_is_what_was_recorded(records):
    said = re.compile(
        r"The step to leaf (-?\d+) took (\d+) leapfrog steps, but (\d+) leads? back within the tolerance\. "
        r"The way back would be a different one, so this step is not allowed\. The doubling is given up"
    )
    found = [r for r in records if r.outcome.termination == IRREVERSIBLE]
    for r in found:
        (parts,) = said.findall(narrate(r))
        last = r.leaves[-1]
        assert tuple(map(int, parts)) == (last.number, 2**last.way.level, 2 ** last.walks[-1].level)
    assert len(found) > 2


def test_what_is_said_of_steps_in_pieces_and_of_divergences(records):
    in_pieces = 0
    for r in records:
        text = narrate(r)
        assert text.startswith(f"funnel, chain 1, draw {r.iteration + 1}: WALNUTS in 3 dimensions, step size ")
        assert "macro step" in text
        told = re.findall(r"to leaf (-?\d+) in (\d+) leapfrog steps", text)
        made = [leaf for leaf in r.leaves[1:] if leaf.way.level and leaf.termination == GOING_ON]
        expected = [(leaf.number, 2**leaf.way.level) for leaf in made]
        assert [(int(number), int(pieces)) for number, pieces in told] == expected
        in_pieces += len(expected)
        if any(leaf.termination == DIVERGENCE for leaf in r.leaves):
            last = r.leaves[-1].number
            assert f"Divergence at leaf {last}: in 1024 leapfrog steps, too, the energies are further apart" in text
        n, on_it = r.outcome.n_steps, r.outcome.micro_steps
        assert ("from leaf to leaf, the others to try and look back" in text) == (n != on_it)
    assert in_pieces > 5


def test_watch_says_what_a_macro_step_is_for_walnuts_alone():
    how = {"after": 0, "warmup": 2, "width": 10**6}
    assert MACRO_LEGEND in watch(necks.funnel(3), algorithm="walnuts", **how)
    assert MACRO_LEGEND not in watch(necks.funnel(3), **how)


def test_nuts_has_no_walks():
    (found,) = record_from(necks.funnel(3), [0.0, 0.0, 0.0], 0.3)
    assert all(leaf.walks == () and leaf.way is None and leaf.termination == GOING_ON for leaf in found.leaves)
    assert math.isfinite(found.outcome.acceptance_rate)
