"""hmc.sampler.chain: the wiring of a chain. That settings reach what they are meant for, and warm-up ends with it."""

import math

import numpy as np
import pytest

import hmc
import models
from hmc.jit.copying import substituted
from hmc.sampler import adaptation, chain, metric, step_size
from hmc.sampler.phase_space import PhasePoint
from hmc.sampler.step_size import restart
from tests.hmc.helpers.bell import bell_of


def acceptance(**how):
    fit = hmc.sample(models.mST(), warmup=1000, draws=1000, workers=1, progress=False, **how)
    return float(fit.stats["acceptance_rate"].mean())


# The Monte Carlo error of a mean of 4,000 rates is some 0.002; the rest is that of the averaged step size, which is
# learned from 150 transitions at the end, and of "windows", as Stan's, from 50.
@pytest.mark.parametrize(("adaptation_", "off"), [("gradients", 0.02), ("windows", 0.06)])
@pytest.mark.parametrize("algorithm", ["nuts", "walnuts", "hmc"])
@pytest.mark.parametrize("target", [0.6, 0.8, 0.95])
def test_acceptance_rates_are_what_was_asked_for(target, algorithm, adaptation_, off):
    found = acceptance(target_accept=target, algorithm=algorithm, adaptation=adaptation_)
    assert found == pytest.approx(target, abs=off)


def test_a_target_that_is_ignored_would_be_seen():
    assert abs(acceptance(target_accept=0.8) - 0.6) > 0.1


@pytest.mark.parametrize("adaptation_", ["gradients", "windows"])
def test_without_a_warmup_the_metric_is_the_unit_metric(adaptation_):
    fit = hmc.sample(bell_of(0.1, 10.0), warmup=0, draws=5, adaptation=adaptation_, workers=1, progress=False)
    assert (fit.inverse_metric == 1.0).all()


def orders(plan, *, until, target_accept=0.8, estimator=adaptation.VARIANCE_OF_DRAWS, first_kept=0):
    stop, progress = np.zeros(1, np.int64), np.zeros(1, np.int64)
    plan = np.array(plan, np.int64)
    return chain.Orders(chain.NUTS, 5, 1.0, target_accept, estimator, plan, first_kept, until, stop, progress)


def advanced(advance, plan, until, first_kept=0, **how):
    """The state and record of a chain of two unit normals, by a version of `advance`."""
    model, rng = bell_of(1.0, 1.0), np.random.default_rng(4)
    density, data = model.density()
    point = PhasePoint(np.array([0.3, -0.2]), np.zeros(2), np.zeros(2))
    log_density = float(density(point.position, data, point.gradient))
    state = chain.ChainState(0, log_density, restart(1.0), point, metric.identity(2), adaptation.make_moments(2))
    record = chain.make_record(until - first_kept, until, 2)
    asked = orders(plan, until=until, first_kept=first_kept, **how)
    with np.errstate(all="ignore"):
        state = advance(density, data, rng.bit_generator, state, chain.make_buffers(state, 5), asked, record)
    return state, record


@pytest.mark.parametrize("warmup", [0, 3])
@pytest.mark.parametrize("estimator", [adaptation.VARIANCE_OF_DRAWS, adaptation.DRAWS_AND_GRADIENTS])
def test_a_warmup_by_gradients_begins_with_the_metric_of_the_starting_gradient(estimator, warmup):
    state, _ = advanced(chain.advance, [0] * warmup, 5, estimator=estimator)  # a plan that changes nothing later
    begins_with_it = warmup > 0 and estimator == adaptation.DRAWS_AND_GRADIENTS
    expected = [0.3**-0.5, 0.2**-0.5] if begins_with_it else [1.0, 1.0]  # the gradient is (-0.3, 0.2)
    np.testing.assert_allclose(state.metric.scale, expected, rtol=1e-15)


def test_the_positions_of_the_latest_transitions_are_kept_and_the_statistics_of_all():
    (state, whole), (_, part) = (advanced(chain.advance, [0] * 30, 40, first_kept=first) for first in (0, 25))
    assert (part.position == whole.position[25:]).all()
    assert (whole.position[-1] == state.point.position).all()
    assert len(np.unique(part.position[:, 0])) > 5
    for name in chain.Record._fields[1:]:
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name))


def test_a_search_that_begins_again_does_so_at_the_averaged_step_size():
    guesses, searches = [], []

    def first_guess(hamiltonian, start, point, guess, stop):
        guesses.append(guess)
        return step_size.first_guess(hamiltonian, start, point, guess, stop)

    def update(search, acceptance_rate, target):
        searches.append((step_size.update(search, acceptance_rate, target), target))
        return searches[-1][0]

    plan = [0, 0, 0, 0, adaptation.RESTART, 0, 0]
    advanced(substituted(chain.advance, first_guess=first_guess, update=update), plan, 9, target_accept=0.9)
    averaged = math.exp(searches[4][0].log_averaged)
    assert guesses == [1.0, pytest.approx(averaged, rel=1e-15)]
    assert averaged != pytest.approx(math.exp(searches[4][0].log_step_size), rel=1e-3)
    assert len(searches) == len(plan)  # of the warm-up's transitions, and no others
    assert {target for _, target in searches} == {0.9}


def test_warmup_uses_the_step_size_under_trial_and_draws_use_the_average():
    searches = []

    def update(search, acceptance_rate, target):
        searches.append(step_size.update(search, acceptance_rate, target))
        return searches[-1]

    _, record = advanced(substituted(chain.advance, update=update), [0] * 6, 10)
    np.testing.assert_allclose(record.step_size[1:6], [math.exp(s.log_step_size) for s in searches[:5]], rtol=1e-15)
    np.testing.assert_allclose(record.step_size[6:], math.exp(searches[5].log_averaged), rtol=1e-15)


def test_what_is_adapted_is_what_the_plan_says():
    seen = []

    def adapt(actions, estimator, metric, moments, room, point):
        seen.append(actions)

    advanced(substituted(chain.advance, adapt=adapt), [1, 3, 0, 5], 6)
    assert seen == [1, 3, 0, 5]


def test_a_stop_leaves_the_record_as_far_as_it_is_and_says_how_far():
    def transition(hamiltonian, start, trajectory, epsilon, asked, rng):
        calls.append(1)
        if len(calls) == 4:
            asked.stop[0] = 1
        return chain.transition(hamiltonian, start, trajectory, epsilon, asked, rng)

    calls = []
    state, record = advanced(substituted(chain.advance, transition=transition), [0, 0], 9)
    assert state.iteration == 3
    assert (record.lp[:3] != 0.0).all()
    assert (record.lp[3:] == 0.0).all()
