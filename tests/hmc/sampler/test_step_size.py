"""Dual averaging against the paper's formulas, and the first guess against its definition."""

import math

import numpy as np
import pytest

from hmc.sampler import metric, step_size
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Start, energy_of, leapfrog

GO_ON = np.zeros(1, dtype=np.int64)  # nobody stops it


def test_update_follows_hoffman_and_gelman_equation_6():
    rng = np.random.default_rng(1)
    rates, delta, first = rng.uniform(size=300), 0.8, 0.37
    gamma, t0, kappa = step_size.GAMMA, 10.0, 0.75  # the paper's t0 and kappa; gamma is a choice of ours
    mu, h_bar, log_eps_bar = math.log(10 * first), 0.0, 0.0
    state = step_size.restart(first)
    for t, rate in enumerate(rates, start=1):
        h_bar = (1 - 1 / (t + t0)) * h_bar + (delta - rate) / (t + t0)
        log_eps = mu - math.sqrt(t) / gamma * h_bar
        log_eps_bar = t**-kappa * log_eps + (1 - t**-kappa) * log_eps_bar
        state = step_size.update(state, rate, delta)
        # Rounding of 300 updates; sqrt(t) / gamma multiplies the error of h_bar by up to 350.
        assert state.log_step_size == pytest.approx(log_eps, abs=1e-10)
        assert state.log_averaged == pytest.approx(log_eps_bar, abs=1e-10)
        assert state.error_mean == pytest.approx(h_bar, abs=1e-12)


def test_search_begins_at_the_step_size_given():
    state = step_size.restart(0.3)
    assert math.exp(state.log_step_size) == pytest.approx(0.3)
    assert math.exp(state.log_averaged) == pytest.approx(0.3)  # what is used where warm-up has no transitions


@pytest.mark.parametrize("target", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("noise", [0.0, 0.15])
@pytest.mark.parametrize("first", [1e-3, 0.2, 50.0])
def test_search_converges_to_the_target_on_a_known_acceptance_curve(target, noise, first):
    rng = np.random.default_rng(2)

    def curve(eps):
        return math.exp(-(eps**2))

    state = step_size.restart(first)
    for _ in range(1000):
        rate = curve(math.exp(state.log_step_size)) + noise * rng.uniform(-1, 1)
        state = step_size.update(state, min(1.0, max(0.0, rate)), target)
    # The average over some hundred late steps of a noisy rate; clipping at 1 shifts the rate at 0.95 by up to 0.03.
    assert curve(math.exp(state.log_averaged)) == pytest.approx(target, abs=0.02 if noise == 0 else 0.05)


def test_search_without_feedback_does_not_converge():
    # The negative twin: a rate that does not depend on the step size drives it away, ever further.
    state = step_size.restart(1.0)
    for _ in range(200):
        state = step_size.update(state, 0.9, 0.8)
    assert state.log_step_size > 10


def rate_of_one_step(hamiltonian, start, eps):
    point = PhasePoint(*(row.copy() for row in start.point))
    log_density = leapfrog(hamiltonian, point, eps)
    error = energy_of(log_density, point.momentum) - energy_of(start.log_density, start.point.momentum)
    return math.exp(min(0.0, -error))


@pytest.mark.parametrize("first", [1e-6, 0.1, 1.0, 1e4])
@pytest.mark.parametrize("kind", [metric.DIAGONAL, metric.DENSE])
def test_first_guess_stands_where_the_acceptance_of_one_step_crosses_four_fifths(quartic, first, kind):
    rng = np.random.default_rng(3)
    hamiltonian = quartic.hamiltonian(rng, kind)
    for _ in range(5):
        start = quartic.start(hamiltonian, rng)
        before = [row.copy() for row in start.point]
        with np.errstate(all="ignore"):
            eps = step_size.first_guess(hamiltonian, start, PhasePoint(*(row * np.nan for row in before)), first, GO_ON)
            went_up = rate_of_one_step(hamiltonian, start, first) > 0.8
            rates = [rate_of_one_step(hamiltonian, start, e) for e in (eps, eps / 2 if went_up else eps * 2)]
        assert (rates[0] > 0.8) != (rates[1] > 0.8)
        assert (rates[0] > 0.8) != went_up
        assert eps > first if went_up else eps < first
        for row, old in zip(start.point, before, strict=True):
            assert (row == old).all()


@pytest.mark.parametrize(("value", "doublings"), [(0.0, 100), (math.nan, -100), (-math.inf, -100)])
def test_first_guess_gives_up_after_a_hundred_tries(value, doublings):
    def log_density(position, data, gradient):
        gradient[0] = 0.0
        return value

    hamiltonian = Hamiltonian(log_density, None, metric.identity(1))
    start = Start(PhasePoint(np.zeros(1), np.ones(1), np.zeros(1)), 0.0)
    eps = step_size.first_guess(hamiltonian, start, PhasePoint(np.zeros(1), np.zeros(1), np.zeros(1)), 1.0, GO_ON)
    assert eps == 2.0**doublings


def test_gamma_is_twice_the_papers():
    """0.05 there. With 0.1 the step size fluctuates half as much about its goal: benchmarks/warmup.py measures both."""
    assert (step_size.GAMMA, step_size.T0, step_size.KAPPA) == (0.1, 10.0, 0.75)
