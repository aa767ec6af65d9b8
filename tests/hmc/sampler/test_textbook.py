"""The textbook's recursion and the fast code: from the same generator the same draws and statistics, bit for bit."""

import functools
import inspect
import math
import types
from typing import NamedTuple

import numpy as np
import pytest

import models
from hmc.jit.copying import substituted
from hmc.numerics import exp
from hmc.sampler import nuts, textbook
from hmc.sampler.adaptation import make_moments
from hmc.sampler.chain import NUTS, ChainState, Orders, make_buffers, make_record
from hmc.sampler.machine_code import compiled_advance
from hmc.sampler.metric import DENSE, DIAGONAL, KIND, identity
from hmc.sampler.outcome import DIVERGENCE, MAX_DEPTH, SUBTREE_U_TURN, U_TURN
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Reach, Start, draw_momentum
from hmc.sampler.step_size import restart

TRANSITIONS = 60

# Targets.


def normal(position, data, gradient):
    """Independent, with standard deviations from 1/2 to 2."""
    precision = 1.0 / np.linspace(0.5, 2.0, len(position)) ** 2
    gradient[:] = -precision * position
    return -0.5 * (precision * position * position).sum()


def correlated(position, data, gradient):
    """An autoregression: x[i] ~ Normal(0.9 x[i - 1], 1)."""
    innovation = position - 0.9 * np.append(0.0, position[:-1])
    gradient[:] = -innovation + 0.9 * np.append(innovation[1:], 0.0)
    return -0.5 * (innovation * innovation).sum()


def funnel(position, data, gradient):
    """v ~ Normal(0, 3), x[i] ~ Normal(0, exp(v / 2)): its neck makes steps of this size diverge."""
    v, x = position[0], position[1:]
    precision, squares = exp(-v), (x * x).sum()
    gradient[0] = -v / 9.0 - 0.5 * len(x) + 0.5 * squares * precision
    gradient[1:] = -x * precision
    return -v * v / 18.0 - 0.5 * len(x) * v - 0.5 * squares * precision


class Case(NamedTuple):
    density: object
    dimension: int  # of several kinds: sums in the fast code run in blocks of four and of eight, and a rest
    dense: bool
    step_size: float
    max_depth: int
    ends: set  # how transitions end, all of which are to be seen


CASES = {
    "normal": Case(normal, 11, False, 0.3, 10, {U_TURN, SUBTREE_U_TURN}),
    "correlated, dense metric": Case(correlated, 10, True, 0.35, 10, {U_TURN, SUBTREE_U_TURN}),
    "correlated, diagonal metric": Case(correlated, 17, False, 0.25, 8, {U_TURN, SUBTREE_U_TURN}),
    "funnel": Case(funnel, 3, False, 0.4, 8, {U_TURN, SUBTREE_U_TURN, DIVERGENCE}),
    "depth reached": Case(correlated, 5, True, 0.05, 4, {MAX_DEPTH}),
    "one dimension": Case(normal, 1, False, 0.2, 10, {U_TURN, SUBTREE_U_TURN}),
    "no doubling": Case(normal, 2, False, 0.2, 0, {MAX_DEPTH}),
}


def random_metric(case):
    rng = np.random.default_rng(1)
    metric = identity(case.dimension, DENSE if case.dense else DIAGONAL)
    metric.scale[:] = rng.uniform(0.5, 1.5, case.dimension)
    if case.dense:
        root = rng.normal(size=(case.dimension, case.dimension))
        metric.factor[:] = np.linalg.cholesky(0.2 * root @ root.T + 0.5 * np.eye(case.dimension))
        metric.factor_transposed[:] = metric.factor.T
    return metric


def target_of(density, data):
    """A density as the textbook takes it."""

    def target(theta):
        gradient = np.empty_like(theta)
        return density(theta, data, gradient), gradient

    return target


def bits(draws, outcomes):
    """The draws and all statistics of their transitions, a row of bytes a transition."""
    return [np.array([*draw, *outcome], float).tobytes() for draw, outcome in zip(draws, outcomes, strict=True)]


@functools.cache
def fast_chain(name):
    """(bits, outcomes) of a chain from the origin by `nuts.transition`."""
    case = CASES[name]
    hamiltonian = Hamiltonian(case.density, None, random_metric(case))
    target, trajectory = target_of(case.density, None), nuts.make_trajectory(case.dimension, case.max_depth)
    reach, stop = Reach(case.step_size, case.max_depth, math.nan), np.zeros(1, np.int64)
    point, rng = PhasePoint(*np.zeros((3, case.dimension))), np.random.default_rng(2)
    log_density = case.density(point.position, None, point.gradient)
    draws, outcomes = [], []
    with np.errstate(all="ignore"):  # a step that diverges may overflow
        for _ in range(TRANSITIONS):
            draw_momentum(rng, point.momentum)
            outcome = nuts.transition(hamiltonian, Start(point, log_density), trajectory, reach, rng, stop)
            log_density = outcome.log_density
            assert (point.gradient == target(point.position)[1]).all()
            draws.append(point.position.copy())
            outcomes.append(outcome)
    return bits(draws, outcomes), outcomes


def textbook_chain(name, book=textbook):
    """The bits of the same chain by the textbook."""
    case, metric = CASES[name], random_metric(CASES[name])
    factor = metric.factor if metric.form[KIND] == DENSE else metric.scale
    dynamics = book.Dynamics(target_of(case.density, None), factor, case.step_size)
    rng = np.random.default_rng(2)
    return bits(*book.chain(dynamics, np.zeros(case.dimension), TRANSITIONS, case.max_depth, rng))


@pytest.mark.parametrize("name", CASES)
def test_textbook_and_fast_code_give_the_same_draws_and_statistics_bit_for_bit(name):
    fast, outcomes = fast_chain(name)
    assert textbook_chain(name) == fast
    assert {outcome.termination for outcome in outcomes} >= CASES[name].ends  # or it was too tame to show anything


def test_textbook_gives_the_draws_of_machine_code_on_the_lectures_model():
    model, transitions = models.mST(), 100
    density, data = model.density()
    rng, stop = np.random.default_rng(3), np.zeros(1, np.int64)
    metric = identity(model.dimension)
    metric.scale[:] = np.random.default_rng(4).uniform(0.3, 1.2, model.dimension)
    point = PhasePoint(*np.zeros((3, model.dimension)))
    log_density = density(point.position, data, point.gradient)
    # From iteration 1 of a chain without warm-up: no step size is looked for.
    state = ChainState(1, log_density, restart(0.25), point, metric, make_moments(model.dimension))
    last = 1 + transitions
    orders = Orders(NUTS, 10, math.nan, math.nan, 0, np.zeros(0, np.int64), 1, last, stop, np.zeros(1, np.int64))
    record = make_record(transitions, last, model.dimension)
    buffers = make_buffers(state, orders.max_depth)
    compiled_advance()(density, data, rng.bit_generator, state, buffers, orders, record)

    dynamics = textbook.Dynamics(target_of(density, data), metric.scale, record.step_size[-1])
    start, rng = np.zeros(model.dimension), np.random.default_rng(3)
    draws, outcomes = textbook.chain(dynamics, start, transitions, orders.max_depth, rng)
    assert (draws == record.position).all()
    columns = [record.lp, record.energy, record.acceptance_rate, record.tree_depth]
    columns += [record.n_steps, record.n_steps, record.termination]  # each step is tried once
    assert (np.array(outcomes) == np.stack(columns, axis=1)[1:]).all()
    assert np.ptp(record.tree_depth[1:]) > 1


# On lines of sites, where turns and divergences are had at will.


def test_on_lines_textbook_and_fast_code_agree_from_the_same_generator(toy):
    seen = set()
    for line in [*toy.lines(40), *toy.with_divergent_sites(40)]:
        transition = substituted(nuts.transition, **toy.dynamics(line))
        for site, seed in [(0, 0), *((20, seed) for seed in range(8))]:
            if line.energies[site] < math.inf:
                end, outcome = toy.run(transition, line, site, np.random.default_rng(seed), max_depth=5)
                expected_end, expected = toy.run_textbook(line, site, np.random.default_rng(seed), max_depth=5)
                assert (end == expected_end).all()
                assert outcome == expected
                seen.add(outcome.termination)
    assert seen == {U_TURN, SUBTREE_U_TURN, DIVERGENCE, MAX_DEPTH}


@pytest.mark.parametrize(("max_depth", "every"), [(1, 1), (2, 1), (3, 12)])
def test_on_lines_they_agree_on_every_outcome_of_every_random_number_and_on_its_probability(toy, max_depth, every):
    for line in [*toy.lines(16), *toy.with_divergent_sites(16)][::every]:
        transition = substituted(nuts.transition, **toy.dynamics(line))
        site = int(np.argmin(line.energies))
        fast, book = (
            [(p, end.tolist(), outcome) for p, (end, outcome) in toy.all_outcomes(run)]
            for run in (
                lambda rng: toy.run(transition, line, site, rng, max_depth),  # noqa: B023
                lambda rng: toy.run_textbook(line, site, rng, max_depth),  # noqa: B023
            )
        )
        assert fast == book
        assert sum(p for p, *_ in fast) == pytest.approx(1.0, abs=1e-12)


# Negative twins: textbooks with another rule, or the same rule in another order.

MISPRINTS = {
    "uniform progressive sampling": ("new.n_prime / tree.n_prime", "new.n_prime / (tree.n_prime + new.n_prime)"),
    "the whole is not checked": ("turns(left.rho + right.rho, left.r_minus, right.r_plus)", "False"),
    "the left tree with the next leaf is not checked": (
        "or turns(left.rho + right.r_minus, left.r_minus, right.r_minus)",
        "",
    ),
    "the right tree with the next leaf is not checked": (
        "or turns(left.r_plus + right.rho, left.r_plus, right.r_plus)",
        "",
    ),
    "the first paper's criterion": ("turns(left.rho + right.rho,", "turns(right.theta_plus - left.theta_minus,"),
    "all leaves have the same weight": ("leaf(theta, r, n_prime, GOING_ON,", "leaf(theta, r, 1.0, GOING_ON,"),
    "divergent steps count": ("if is_divergent(error)", "if error > 1e300"),
    "a doubling that turns inside supplies the draw": ("        if s == GOING_ON:", "        if s != DIVERGENCE:"),
    "steps of a doubling that turns inside are forgotten": (
        "far._replace(alphas=near.alphas + far.alphas)",
        "far",
    ),
    "the same chance with the other random numbers": (
        "near if rng.random() < near.n_prime / n_prime else far",
        "far if rng.random() < far.n_prime / n_prime else near",
    ),
    "backward for forward": ("v = 1 if rng.random() < 0.5 else -1", "v = -1 if rng.random() < 0.5 else 1"),
    "the first half step is a whole one": ("r = plus(r, h / 2, dynamics.L.T, dynamics.target(theta)[1])\n    theta",
                                           "r = plus(r, h, dynamics.L.T, dynamics.target(theta)[1])\n    theta"),
    "the metric's factor is not transposed": ("r = plus(r, h / 2, dynamics.L.T, dynamics.target(theta)[1])\n    return",
                                              "r = plus(r, h / 2, dynamics.L, dynamics.target(theta)[1])\n    return"),
    "sums in NumPy's order": ("np.cumsum(terms)[-1]", "np.sum(terms)"),
    "squares in BLAS's order": ("dot(r, r)", "(r @ r)"),
    "products in another order": ("h * (matrix * y)", "(h * matrix) * y"),
    "products in BLAS's order": ("in zip(matrix.T, h * y, strict=True):", "in [(h * (matrix @ y), 1.0)]:"),
}  # fmt: skip


@pytest.mark.parametrize("misprint", MISPRINTS)
def test_a_misprint_in_the_textbook_is_noticed(misprint):
    right, wrong = MISPRINTS[misprint]
    source = inspect.getsource(textbook)
    assert source.count(right) == 1
    book = types.ModuleType("misprinted")
    exec(source.replace(right, wrong), book.__dict__)
    assert any(textbook_chain(name, book) != fast_chain(name)[0] for name in CASES)
