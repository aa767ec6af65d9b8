"""WALNUTS: macro steps are links in pairs that keep volume, and trees over them keep detailed balance exactly."""

import math

import numpy as np
import pytest

from benchmarks.posteriors import necks
from figures.sampler.toys import schools_centred
from hmc.jit.copying import substituted
from hmc.record import record_from
from hmc.sampler import macro_step, nuts
from hmc.sampler.metric import identity
from hmc.sampler.outcome import DIVERGENCE, GOING_ON, INTERRUPTED, IRREVERSIBLE, acceptance_of
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Reach, Start, draw_momentum, energy_of
from tests.hmc.helpers import toy_levels, toy_line

GO_ON = np.zeros(1, np.int64)
# Sums and exponentials of tens of numbers near 1, each rounded to 1e-16; and what a broken rule moves at the least.
EXACT, BROKEN = 1e-12, 1e-4


# Detailed balance, by enumeration of every random number. The macro steps are the sampler's own, on random sites.


def imbalance(max_depth, rule=lambda dynamics: {}, sites=12, count=6):
    """(the largest |pi_i T(i -> j) - pi_j T(j -> i)|, the terminations that were met)."""
    rng, worst, met = np.random.default_rng(1), 0.0, set()
    for _ in range(count):
        toy = toy_levels.Sites(rng, sites)
        dynamics = toy.dynamics()
        transition = substituted(nuts.transition, **dynamics, **rule(dynamics))

        def run(site, random, toy=toy, transition=transition):
            start = toy_line.start_at(toy.line, site)
            reach = Reach(1.0, max_depth, math.nan, toy_levels.TOLERANCE)
            outcome = transition(None, start, toy.trajectory(max_depth), reach, random, GO_ON)
            met.add(outcome.termination)
            return start.point.gradient

        def row(site, run=run):
            outcomes = toy_line.all_outcomes(lambda random: run(site, random))
            return sum(probability * end for probability, end in outcomes)

        rows = toy_line.matrix(row, toy.line)
        np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=0, atol=EXACT)
        worst = max(worst, toy_line.imbalance(toy.line, rows))
    return worst, met


@pytest.mark.parametrize("max_depth", [1, 2, 3])
def test_detailed_balance_over_every_outcome_of_every_random_number(max_depth):
    worst, met = imbalance(max_depth) if max_depth < 3 else imbalance(max_depth, sites=9, count=1)
    assert worst < EXACT
    assert IRREVERSIBLE in met
    assert DIVERGENCE in met or max_depth == 3


def never_look_back(dynamics):
    return {"look_back": lambda *arguments: (True, 0)}


def look_back_from_one_side(dynamics):
    real = substituted(macro_step.look_back, **dynamics)
    return {"look_back": lambda flow, *rest: (True, 0) if flow.step_size < 0 else real(flow, *rest)}


def look_back_at_the_coarsest_level_alone(dynamics):
    real = substituted(macro_step.look_back, **dynamics)
    return {"look_back": lambda flow, macro, point, level, *rest: real(flow, macro, point, min(level, 1), *rest)}


def a_level_that_depends_on_the_direction(dynamics):
    real = substituted(macro_step.walk, **dynamics)

    def walk(hamiltonian, point, step_size, level, energy, tolerance, stop):
        return real(hamiltonian, point, step_size, level, energy, tolerance * (1.0 if step_size > 0 else 3.0), stop)

    return {"walk": walk}


BROKEN_RULES = (
    never_look_back, look_back_from_one_side, look_back_at_the_coarsest_level_alone,
    a_level_that_depends_on_the_direction,
)  # fmt: skip


@pytest.mark.parametrize("rule", BROKEN_RULES)
def test_a_broken_rule_breaks_detailed_balance(rule):
    worst, _ = imbalance(2, rule, count=18)
    assert worst > BROKEN


# Links, in the funnel.


def step(point, energy, step_size, tolerance):
    """(where one macro step of the funnel from `point` ends, its `Leap`)."""
    memory = macro_step.make_memory(point.position.size)
    density, data = necks.funnel_density, necks.funnel(point.position.size).data
    moved = PhasePoint(*(row.copy() for row in point))
    memory.end_energies[:] = energy
    flow = nuts.Flow(
        Hamiltonian(density, data, identity(point.position.size)),
        step_size,
        energy,
        macro_step.macro_of(memory, tolerance, 0),
    )
    return moved, macro_step.macro_step(flow, flow.macro, moved, GO_ON)


def points(count, dimension=4):
    """(point, its energy) drawn from the funnel."""
    rng = np.random.default_rng(1)
    data = necks.funnel(dimension).data
    for _ in range(count):
        v = rng.normal(0, 3)
        position = np.r_[v, rng.normal(size=dimension - 1) * math.exp(v / 2)]
        point = PhasePoint(position, rng.normal(size=dimension), np.zeros(dimension))
        yield point, energy_of(necks.funnel_density(position, data, point.gradient), point.momentum)


CASES = [(size, tolerance) for size in (0.3, 0.6, 1.0) for tolerance in (0.1, 0.5, 3.0)]


@pytest.mark.parametrize(("step_size", "tolerance"), CASES)
def test_links_are_mutual(step_size, tolerance):
    """A step leads back to where it came from, or there is no link from either side."""
    met, finest = {GOING_ON: 0, IRREVERSIBLE: 0, DIVERGENCE: 0}, 0
    for start, energy in points(60):
        end, leap = step(start, energy, step_size, tolerance)
        met[leap.termination] += 1
        finest = max(finest, leap.n_pieces)
        if leap.termination == GOING_ON:
            returned, back = step(end, leap.energy, -step_size, tolerance)
            assert (back.termination, back.n_pieces) == (GOING_ON, leap.n_pieces)
            # Rounding of up to 2^10 steps in whitened units: relative to how far the points are from 0.
            np.testing.assert_allclose(returned.position, start.position, rtol=0, atol=1e-13 * scale_of(start))
            np.testing.assert_allclose(returned.momentum, start.momentum, rtol=0, atol=1e-13 * scale_of(start))
        elif leap.termination == IRREVERSIBLE:  # whoever stands at its end does not come here either
            returned, back = step(end, leap.energy, -step_size, tolerance)
            assert back.termination != GOING_ON or np.abs(returned.position - start.position).max() > 1e-6
    assert met[GOING_ON] > 40
    assert finest > 1 or (step_size, tolerance) == (0.3, 3.0)


def scale_of(point):
    return max(1.0, *np.abs(point.position), *np.abs(point.momentum), *np.abs(point.gradient))


def test_links_keep_volume():
    """The determinant of the derivative of a step taken in pieces, by central differences."""
    pieces = set()
    for start, energy in points(60, dimension=2):
        _, leap = step(start, energy, 0.6, 0.5)
        if leap.termination != GOING_ON or not 1 < leap.n_pieces <= 16:
            continue
        before = np.r_[start.position, start.momentum]
        columns = []
        for i in range(4):
            ends = []
            for sign in (1.0, -1.0):
                moved = before.copy()
                moved[i] += sign * 1e-6 * max(1.0, abs(before[i]))
                point = PhasePoint(moved[:2].copy(), moved[2:].copy(), np.zeros(2))
                # From the same energy, so that the level is the same.
                log_density = necks.funnel_density(point.position, necks.funnel(2).data, point.gradient)
                end, other = step(point, energy_of(log_density, point.momentum), 0.6, 0.5)
                ends.append(
                    np.r_[end.position, end.momentum] if other.n_pieces == leap.n_pieces else np.full(4, np.nan)
                )
            columns.append((ends[0] - ends[1]) / (2e-6 * max(1.0, abs(before[i]))))
        determinant = np.linalg.det(np.array(columns))
        if np.isfinite(determinant):
            pieces.add(leap.n_pieces)
            assert determinant == pytest.approx(1.0, abs=1e-4)  # the error of the differences
    assert len(pieces) > 1


# What a step reports.


def test_gradients_are_counted_walk_by_walk():
    seen = set()
    for start, energy in points(60):
        steps = []

        def leapfrog(hamiltonian, point, step_size, steps=steps):
            steps.append(step_size)
            return macro_step.leapfrog(hamiltonian, point, step_size)

        counted = substituted(macro_step.macro_step, leapfrog=leapfrog)
        memory = macro_step.make_memory(4)
        memory.end_energies[:] = energy
        hamiltonian = Hamiltonian(necks.funnel_density, necks.funnel(4).data, identity(4))
        flow = nuts.Flow(hamiltonian, 0.6, energy, macro_step.macro_of(memory, 0.5, 1))
        leap = counted(flow, flow.macro, start, GO_ON)
        assert leap.n_gradients == len(steps)
        if leap.termination == GOING_ON:
            assert memory.end_energies[1] == leap.energy
            assert steps.count(0.6 / leap.n_pieces) >= leap.n_pieces
        seen.add((leap.termination, leap.n_pieces))
    assert len(seen) > 3


def test_the_acceptance_rate_is_a_mean_over_leaves_of_where_single_leapfrog_steps_lead():
    """Not over gradients: warm-up would seek a step size that needs no macro steps."""
    in_pieces = 0
    how = {"algorithm": "walnuts", "tolerance": 0.2, "transitions": 12, "seed": 4, "max_depth": 5}
    for recorded in record_from(necks.funnel(), [1.0, *[1.0] * 9], 0.7, **how):
        start, *leaves = recorded.leaves
        rates = [acceptance_of(leaf.walks[0].energies[0] - start.energy) for leaf in leaves]
        assert all(leaf.walks[0].level == 0 for leaf in leaves)
        assert recorded.outcome.acceptance_rate == pytest.approx(np.mean(rates), abs=EXACT)
        over_gradients = np.sum(rates) / recorded.outcome.n_steps
        in_pieces += abs(recorded.outcome.acceptance_rate - over_gradients) > 0.02
    assert in_pieces > 3


def test_a_stop_interrupts_a_macro_step_within_one_gradient():
    start, energy = next(point for point in points(60) if step(*point, 1.0, 0.1)[1].n_pieces > 2)
    total = step(start, energy, 1.0, 0.1)[1].n_gradients
    for stopped_at in range(1, total + 1):
        stop, steps = np.zeros(1, np.int64), []

        def leapfrog(hamiltonian, point, step_size, stop=stop, steps=steps, stopped_at=stopped_at):
            steps.append(step_size)
            stop[0] = len(steps) >= stopped_at
            return macro_step.leapfrog(hamiltonian, point, step_size)

        memory = macro_step.make_memory(4)
        memory.end_energies[:] = energy
        hamiltonian = Hamiltonian(necks.funnel_density, necks.funnel(4).data, identity(4))
        flow = nuts.Flow(hamiltonian, 1.0, energy, macro_step.macro_of(memory, 0.1, 0))
        point = PhasePoint(*(row.copy() for row in start))
        leap = substituted(macro_step.macro_step, leapfrog=leapfrog)(flow, flow.macro, point, stop)
        assert leap.termination == INTERRUPTED
        assert len(steps) == stopped_at


# NUTS is the limit.


@pytest.mark.parametrize("model", [necks.funnel(), schools_centred()], ids=lambda model: model.name)
def test_an_infinite_tolerance_gives_transitions_of_nuts_bit_for_bit(model):
    outcomes = [transitions(model, has_macro_steps) for has_macro_steps in (False, True)]
    assert outcomes[0] == outcomes[1]
    assert {DIVERGENCE} < {outcome.termination for outcome, _ in outcomes[0]}


def transitions(model, has_macro_steps, count=60):
    """[(outcome, the draw's bytes)] of transitions whose step size is too large now and then."""
    rng, density, dimension = np.random.default_rng(5), model.log_density, model.dimension
    function = getattr(density, "py_func", density)
    found, trajectory = [], nuts.make_trajectory(dimension, 6, has_macro_steps)
    point = PhasePoint(np.full(dimension, 0.3), np.zeros(dimension), np.zeros(dimension))
    log_density = function(point.position, model.data, point.gradient)
    for k in range(count):
        draw_momentum(rng, point.momentum)
        reach = Reach(0.2 + 0.3 * (k % 5), 6, math.nan, math.inf)
        hamiltonian = Hamiltonian(function, model.data, identity(dimension))
        with np.errstate(all="ignore"):
            outcome = nuts.transition(hamiltonian, Start(point, log_density), trajectory, reach, rng, GO_ON)
        log_density = outcome.log_density
        found.append((outcome, point.position.tobytes()))
    return found
