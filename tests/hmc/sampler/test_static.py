"""Static HMC: reversible paths, the Metropolis rule, and what it reports."""

import math

import numpy as np
import pytest
from scipy import stats

from hmc.jit.copying import substituted
from hmc.sampler import metric, static
from hmc.sampler.outcome import DIVERGENCE, INTERRUPTED, PATH_END
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Reach, Start, energy_of, leapfrog

GO_ON = np.zeros(1, np.int64)


def room(point):
    return PhasePoint(*(np.full_like(row, np.nan) for row in point))


def walk(toy, line, site, steps, rng, stop=GO_ON):
    """(where it ended, outcome) of a transition on a toy line, `steps` sites forward or, if negative, backward."""
    transition = substituted(static.transition, **toy.dynamics(line))
    start = toy.start_at(line, site)
    sign = math.copysign(1.0, steps)
    reach = Reach(step_size=sign, max_depth=10, path_length=float(steps))
    return start, transition(None, start, room(start.point), reach, rng, stop)


class Uniform:
    """A generator whose uniforms are all the same."""

    def __init__(self, value):
        self.value = value

    def random(self):
        return self.value


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_detailed_balance_of_a_path_and_its_reverse(toy, steps):
    # A momentum is as likely as its negative, which walks the same line backwards: so T forward from i to i + steps
    # has to balance T backward from there to i.
    rng = np.random.default_rng(1)
    line = toy.random_line(rng, 12, 2, 0.5)
    sites = len(line.energies)

    def matrix(signed_steps):
        rows = np.zeros((sites, sites))
        for site in range(sites):
            for probability, start in toy.all_outcomes(lambda r: walk(toy, line, site, signed_steps, r)[0]):  # noqa: B023
                rows[site] += probability * start.point.gradient
        return rows

    forward, backward = matrix(steps), matrix(-steps)
    pi = np.exp(-line.energies) / np.exp(-line.energies).sum()
    np.testing.assert_allclose(forward.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    there, back = pi[:, None] * forward, (pi[:, None] * backward).T
    off_diagonal = ~np.eye(sites, dtype=bool)
    assert there[off_diagonal].max() > 0.01
    np.testing.assert_allclose(there[off_diagonal], back[off_diagonal], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("error", "uniform", "accepted"),
    [
        (-2.0, 0.999999, True),
        (0.0, 0.999999, True),
        (0.5, math.exp(-0.5) - 1e-9, True),
        (0.5, math.exp(-0.5) + 1e-9, False),
        (20.0, 0.0, True),
        (20.0, 1e-8, False),
    ],
)
def test_acceptance_is_metropolis_at_the_paths_end(toy, error, uniform, accepted):
    line = toy.Line(np.array([0.0, 7.0, error]), np.ones((3, 1)))
    start, outcome = walk(toy, line, 0, 2, Uniform(uniform))
    assert outcome.acceptance_rate == pytest.approx(min(1.0, math.exp(-error)), rel=1e-14)
    assert start.point.position[0] == (2 if accepted else 0)
    assert outcome.log_density == (-error if accepted else 0.0)
    assert outcome.energy == (error if accepted else 0.0)
    assert (outcome.n_steps, outcome.termination, outcome.tree_depth) == (2, PATH_END, 0)


@pytest.mark.parametrize("divergent", [1, 2, 4])
@pytest.mark.parametrize("energy", [math.inf, math.nan, 2000.0, -math.inf])
def test_divergence_on_the_way_ends_the_path_and_is_rejected(toy, divergent, energy):
    line = toy.Line(np.zeros(6), np.ones((6, 1)))
    line.energies[divergent] = energy
    start, outcome = walk(toy, line, 0, 4, Uniform(0.0))
    assert start.point.position[0] == 0
    assert (outcome.termination, outcome.n_steps, outcome.acceptance_rate) == (DIVERGENCE, divergent, 0.0)
    assert (outcome.log_density, outcome.energy) == (0.0, 0.0)


def test_stop_flag_interrupts_and_leaves_the_start_untouched(toy):
    line = toy.Line(np.zeros(6), np.ones((6, 1)))
    start, outcome = walk(toy, line, 0, 4, Uniform(0.0), stop=np.ones(1, np.int64))
    assert start.point.position[0] == 0
    assert (outcome.termination, outcome.n_steps) == (INTERRUPTED, 1)


@pytest.mark.parametrize(
    ("path_length", "step_size", "max_depth", "steps"),
    [
        (1.0, 0.25, 10, 4),
        (1.0, 0.3, 10, 3),
        (1.0, 0.28, 10, 4),
        (0.1, 1.0, 10, 1),
        (1.0, 1e-9, 3, 8),
        (1e300, 0.1, 2, 4),
    ],
)
def test_number_of_steps_is_path_over_step_rounded_and_bounded(quartic, path_length, step_size, max_depth, steps):
    hamiltonian = Hamiltonian(quartic.log_density, None, metric.identity(4))
    start = quartic.start(hamiltonian, np.random.default_rng(2))
    reach = Reach(step_size, max_depth, path_length)
    with np.errstate(all="ignore"):
        outcome = static.transition(hamiltonian, start, room(start.point), reach, np.random.default_rng(1), GO_ON)
    assert outcome.n_steps == steps


def test_accepted_end_is_the_leapfrog_path_and_its_reverse_returns(quartic):
    rng = np.random.default_rng(3)
    hamiltonian = quartic.hamiltonian(rng, metric.DENSE)
    for _ in range(5):
        start = quartic.start(hamiltonian, rng)
        begin = PhasePoint(*(row.copy() for row in start.point))
        point = room(start.point)
        reach = Reach(0.1, 10, 1.0)
        outcome = static.transition(hamiltonian, start, point, reach, Uniform(0.0), GO_ON)
        expected = PhasePoint(*(row.copy() for row in begin))
        for _ in range(10):
            log_density = leapfrog(hamiltonian, expected, 0.1)
        assert (start.point.position == expected.position).all()
        assert (start.point.gradient == expected.gradient).all()
        assert outcome.log_density == log_density
        assert outcome.energy == pytest.approx(energy_of(log_density, expected.momentum), abs=1e-12)
        back = Start(start.point._replace(momentum=-point.momentum), outcome.log_density)
        static.transition(hamiltonian, back, point, reach, Uniform(0.0), GO_ON)
        np.testing.assert_allclose(back.point.position, begin.position, rtol=0, atol=1e-12)
        np.testing.assert_allclose(point.momentum, -begin.momentum, rtol=0, atol=1e-12)


def normal_draws(transition, n, step_size):
    """A chain on the standard normal by two leapfrog steps a transition."""

    def log_density(position, data, gradient):
        gradient[0] = -position[0]
        return -0.5 * position[0] * position[0]

    rng = np.random.default_rng(4)
    hamiltonian = Hamiltonian(log_density, None, metric.identity(1))
    start = Start(PhasePoint(np.zeros(1), np.zeros(1), np.zeros(1)), 0.0)
    draws = np.empty(n)
    for i in range(n):
        start.point.momentum[:] = rng.standard_normal(1)
        outcome = transition(hamiltonian, start, room(start.point), Reach(step_size, 5, step_size), rng, GO_ON)
        start = Start(start.point, outcome.log_density)
        draws[i] = start.point.position[0]
    return draws


def test_coarse_paths_are_corrected_by_acceptance_and_wrong_without_it(scores):
    # With steps of 1.2 the dynamics keep a wider normal, of sd 1 / sqrt(1 - 1.2^2 / 4) = 1.25; acceptance mends it.
    exact = scores.of_distribution(stats.norm(), 1)
    right = normal_draws(static.transition, 6000, 1.2).reshape(4, 1500, 1)
    assert scores.disagreements(right, exact) == {}
    accept_all = substituted(static.transition, weight_of=lambda error: 1.0)
    wrong = normal_draws(accept_all, 6000, 1.2).reshape(4, 1500, 1)
    assert wrong.std() == pytest.approx(1.25, abs=0.05)
    assert scores.disagreements(wrong, exact) != {}
