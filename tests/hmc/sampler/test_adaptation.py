"""Running moments against NumPy, schedules against Stan's and their own rules, estimates where they are exact."""

import itertools

import numpy as np
import pytest

from hmc.sampler import adaptation, metric
from hmc.sampler.adaptation import (
    CLEAR,
    COLLECT,
    DRAWS_AND_GRADIENTS,
    FIT,
    FIT_IF_WORTH,
    FORGET,
    RESTART,
    ROTATE,
    UPDATE,
    VARIANCE_OF_DRAWS,
)
from hmc.sampler.fisher import END, make_room
from hmc.sampler.phase_space import PhasePoint

WARMUPS = [0, 1, 2, 5, 10, 19, 20, 21, 50, 100, 149, 150, 151, 200, 400, 999, 1000, 1001, 5000]


def draws_and_gradients(n, dimension, seed=1):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(dimension, dimension))
    return rng.normal(size=(n, dimension)) @ root + 1e3, rng.normal(size=(n, dimension)) - 5


def collected(positions, gradients, covariances=False, row=0):
    moments = adaptation.make_moments(positions.shape[1], covariances)
    for position, gradient in zip(positions, gradients, strict=True):
        adaptation.collect(moments, row, position, gradient)
    return moments


def adapt(actions, estimator, made, moments, point):
    """`adaptation.adapt` with room of its own."""
    adaptation.adapt(actions, estimator, made, moments, make_room(moments.window, point.position.size), point)


# Moments.


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("n", [1, 2, 50])
def test_running_moments_are_numpys(dense, row, n):
    positions, gradients = draws_and_gradients(n, 4)
    moments = collected(positions, gradients, dense, row)
    assert moments.count.tolist() == [n * (row == 0), n * (row == 1)]
    # The mean is a thousand: a sum of squares of deviations keeps 1e-16 * 1e3 relative to sd, times the draws.
    np.testing.assert_allclose(moments.draw_mean[row], positions.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(moments.draw_squares[row], n * positions.var(axis=0), rtol=1e-10, atol=1e-20)
    np.testing.assert_allclose(moments.gradient_mean[row], gradients.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.gradient_squares[row], n * gradients.var(axis=0), rtol=1e-12, atol=1e-20)
    if dense:
        products = np.tril(n * np.cov(positions.T, ddof=0), -1)
        np.testing.assert_allclose(np.tril(moments.draw_products[row], -1), products, rtol=1e-9, atol=1e-9)
    other = 1 - row
    assert not any(array[other].any() for array in moments[:-2])


@pytest.mark.parametrize("dense", [False, True])
def test_rotation_brings_the_background_forward_and_empties_it(dense):
    moments = adaptation.make_moments(3, dense)
    old, new = draws_and_gradients(9, 3, seed=2), draws_and_gradients(7, 3, seed=3)
    for row, (positions, gradients) in ((0, old), (1, new)):
        for position, gradient in zip(positions, gradients, strict=True):
            adaptation.collect(moments, row, position, gradient)
    adaptation.rotate(moments)
    expected = collected(*new, dense)
    for array, array_expected in zip(moments[:-2], expected[:-2], strict=True):
        assert (array == array_expected).all()


def test_clearing_forgets_everything():
    moments = collected(*draws_and_gradients(9, 3), covariances=True)
    point = PhasePoint(np.ones(3), np.ones(3), np.ones(3))
    adapt(COLLECT | CLEAR, VARIANCE_OF_DRAWS, metric.identity(3, metric.DENSE), moments, point)
    assert not any(array.any() for array in moments[:-2])


def test_actions_come_in_the_order_collect_rotate_update_clear():
    # A metric set by UPDATE knows the draw collected in the same transition, and the window's end forgets it after.
    positions, gradients = draws_and_gradients(5, 2)
    made, moments = metric.identity(2), collected(positions[:4], gradients[:4], False)
    point = PhasePoint(positions[4], np.zeros(2), gradients[4])
    adapt(COLLECT | UPDATE | CLEAR, VARIANCE_OF_DRAWS, made, moments, point)
    np.testing.assert_allclose(made.scale**2, shrunk(positions).diagonal(), rtol=1e-10)
    assert moments.count.tolist() == [0, 0]


# Estimates.


def shrunk(positions):
    """Stan's regularised covariance, as in the reference manual."""
    n, dimension = positions.shape
    return n / (n + 5) * np.cov(positions.T) + 1e-3 * 5 / (n + 5) * np.eye(dimension)


@pytest.mark.parametrize("n", [3, 10, 100])
def test_estimate_from_draws_is_stans(n):
    positions, gradients = draws_and_gradients(n, 3)
    made = metric.identity(3)
    adaptation.update_metric(VARIANCE_OF_DRAWS, made, collected(positions, gradients, False))
    np.testing.assert_allclose(made.scale**2, shrunk(positions).diagonal(), rtol=1e-9)
    made = metric.identity(3, metric.DENSE)
    adaptation.update_metric(VARIANCE_OF_DRAWS, made, collected(positions, gradients, True))
    np.testing.assert_allclose(made.factor @ made.factor.T, shrunk(positions), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n", [3, 4, 30])
def test_estimate_from_draws_and_gradients_is_exact_for_a_normal_target_with_any_number_of_draws(n):
    rng = np.random.default_rng(4)
    sd, mean = np.geomspace(1e-4, 1e4, 9), rng.normal(size=9)
    positions = mean + sd * rng.normal(size=(n, 9))
    made = metric.identity(9)
    adaptation.update_metric(DRAWS_AND_GRADIENTS, made, collected(positions, -(positions - mean) / sd**2, False))
    np.testing.assert_allclose(made.scale, sd, rtol=1e-9)  # mean / sd is up to 1e4: that much of 1e-16 is lost, squared


def test_estimate_from_draws_alone_is_not_exact():
    # The twin of the theorem above: there the exactness is the gradients' doing.
    positions = np.random.default_rng(4).normal(size=(4, 9))
    made = metric.identity(9)
    adaptation.update_metric(VARIANCE_OF_DRAWS, made, collected(positions, -positions, False))
    assert np.abs(made.scale - 1).max() > 0.1


@pytest.mark.parametrize("estimator", [VARIANCE_OF_DRAWS, DRAWS_AND_GRADIENTS])
@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_three_draws_leave_the_metric_as_it_was(estimator, dense, n):
    made = metric.identity(2, metric.DENSE if dense else metric.DIAGONAL)
    adaptation.update_metric(estimator, made, collected(*draws_and_gradients(n, 2), dense))
    assert (made.scale == 1).all()
    assert not dense or (made.factor == np.eye(2)).all()


def test_covariance_of_draws_recovers_a_covariance():
    covariance = np.array([[4.0, 1.8, 0.0], [1.8, 1.0, -0.2], [0.0, -0.2, 0.25]])
    rng = np.random.default_rng(5)
    positions = rng.normal(size=(20_000, 3)) @ np.linalg.cholesky(covariance).T
    made = metric.identity(3, metric.DENSE)
    gradients = -positions @ np.linalg.inv(covariance)
    adaptation.update_metric(VARIANCE_OF_DRAWS, made, collected(positions, gradients, True))
    # 20,000 draws: an element is off by sqrt(2 / 20,000) = 1% of the product of sds; 4 of those, for 6 elements.
    spread = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.abs((made.factor @ made.factor.T - covariance) / spread).max() < 0.04


@pytest.mark.parametrize("dense", [False, True])
def test_draws_that_do_not_move_leave_a_usable_metric(dense):
    positions, gradients = np.ones((10, 2)), np.zeros((10, 2))
    for estimator in (VARIANCE_OF_DRAWS, DRAWS_AND_GRADIENTS):
        made = metric.identity(2, metric.DENSE if dense else metric.DIAGONAL)
        with np.errstate(all="ignore"):
            adaptation.update_metric(estimator, made, collected(positions, gradients, dense))
        diagonal = np.diag(made.factor) if dense else made.scale
        assert np.isfinite(diagonal).all()
        assert (diagonal > 0).all()


@pytest.mark.parametrize("dense", [False, True])
def test_first_metric_is_the_inverse_of_the_starting_gradient(dense):
    made = metric.identity(3, metric.DENSE if dense else metric.DIAGONAL)
    adaptation.start_metric(DRAWS_AND_GRADIENTS, made, np.array([4.0, -0.01, 0.0]))
    variances = np.diag(made.factor @ made.factor.T) if dense else made.scale**2
    np.testing.assert_allclose(variances, [0.25, 100.0, 1.0], rtol=1e-14)  # where there is no slope, as it was
    made = metric.identity(3, metric.DENSE if dense else metric.DIAGONAL)
    adaptation.start_metric(VARIANCE_OF_DRAWS, made, np.array([4.0, -0.01, 0.0]))
    assert (made.scale == 1).all()


# Schedules.


def ends_of_windows(plan):
    return (np.flatnonzero(plan & UPDATE) + 1).tolist()


def stans_windows(warmup):
    """Ends of the windows by the rule of Stan's windowed_adaptation.hpp (75, 25, 50), counted one by one as it does."""
    init, base, term = 75, 25, 50
    if init + base + term > warmup:
        init, term = int(0.15 * warmup), int(0.1 * warmup)
        base = warmup - init - term
    size, next_end, ends = base, init + base - 1, []
    for counter in range(warmup):
        if counter == next_end:
            ends.append(counter + 1)
            if next_end == warmup - term - 1:
                continue
            size *= 2
            next_end = counter + size
            if next_end == warmup - term - 1:
                continue
            if next_end + 2 * size >= warmup - term:
                next_end = warmup - term - 1
    return ends


def test_windows_of_a_thousand_are_the_published_ones():
    assert stans_windows(1000) == [100, 150, 250, 450, 950]
    assert ends_of_windows(adaptation.plan_windows(1000)) == [100, 150, 250, 450, 950]


# From 151 to 199 Stan's first window stays at 25 and leaves a last one of 1 to 49 draws; ours is one of 26 to 74.
@pytest.mark.parametrize("warmup", [*range(20, 151), *range(200, 1200, 7), 2000, 5000])
def test_windows_are_stans(warmup):
    plan = adaptation.plan_windows(warmup)
    assert ends_of_windows(plan) == stans_windows(warmup)
    init = 75 if warmup >= 150 else int(0.15 * warmup)
    collecting = np.flatnonzero(plan & COLLECT)
    assert collecting.tolist() == list(range(init, stans_windows(warmup)[-1]))


@pytest.mark.parametrize("warmup", [0, 1, 5, 19])
def test_windows_of_very_short_warmup_leave_the_metric_alone(warmup):
    assert adaptation.plan_windows(warmup).tolist() == [0] * warmup


@pytest.mark.parametrize("warmup", WARMUPS)
def test_windows_end_with_everything_begun_anew(warmup):
    plan = adaptation.plan_windows(warmup)
    assert len(plan) == warmup
    at_ends = plan & (UPDATE | CLEAR | RESTART)
    assert set(at_ends) <= {0, UPDATE | CLEAR | RESTART}
    assert not (plan & ROTATE).any()


@pytest.mark.parametrize("action", [0, FIT, FIT_IF_WORTH])
@pytest.mark.parametrize("warmup", WARMUPS)
def test_last_15_percent_adapt_the_step_size_only(warmup, action):
    plan = adaptation.plan_gradients(warmup) | (adaptation.plan_fits(warmup, action) if action else 0)
    assert len(plan) == warmup
    metric_end = warmup - int(0.15 * warmup)
    assert not plan[metric_end:].any()
    assert not (plan & ~(COLLECT | ROTATE | UPDATE | FORGET | action)).any()
    assert (plan[:metric_end] & COLLECT).all()
    if warmup:
        assert plan[metric_end - 1] & (action or UPDATE)  # the metric that is kept knows all draws of its window


@pytest.mark.parametrize("warmup", [200, 400, 1000, 3000])
def test_metric_knows_the_latest_80_to_160_draws(warmup):
    plan = adaptation.plan_gradients(warmup)
    foreground = background = 0
    counts = []
    for action in plan[: warmup - int(0.15 * warmup)]:
        foreground, background = foreground + 1, background + 1
        if action & ROTATE:
            foreground, background = background, 0
        assert action & UPDATE
        counts.append(foreground)
    early_end = int(0.3 * warmup)
    assert all(10 <= n < 20 for n in counts[10:early_end])
    assert all(n >= 80 for n in counts[early_end + 80 :])
    last_rotation = np.flatnonzero(plan & ROTATE)[-1]
    assert all(n < 160 for n in counts[:last_rotation])
    assert counts[-1] < 240  # the last window takes what is left over for one that would not be full


def test_fits_of_a_thousand_are_at_windows_that_grow_by_half():
    plan = adaptation.plan_fits(1000, FIT)
    assert (np.flatnonzero(plan & FIT) + 1).tolist() == [40, 55, 77, 110, 159, 232, 341, 504, 850]
    assert (np.flatnonzero(plan & FORGET) + 1).tolist() == [10, 20, 30, 40, 55, 77, 110, 159, 232, 341, 504]


@pytest.mark.parametrize("warmup", [w for w in WARMUPS if w > 0])
def test_a_fit_knows_the_draws_of_its_window_and_of_the_one_before(warmup):
    plan = adaptation.plan_gradients(warmup) | adaptation.plan_fits(warmup, FIT)
    ends = [0, 0, *(np.flatnonzero(plan & FORGET) + 1)]
    moments, dimension = adaptation.make_moments(2, False, adaptation.most_kept(plan)), 2
    known = []
    for n, actions in enumerate(plan):
        point = PhasePoint(np.full(dimension, float(n)), np.zeros(dimension), np.full(dimension, -float(n)))
        if actions & FIT:
            known.append((n + 1, len(moments.window.draws[: moments.window.marks[END]]) + 1))
        adapt(actions & ~FIT, DRAWS_AND_GRADIENTS, metric.identity(dimension), moments, point)
    for end, count in known:
        assert count == end - max(start for start, later in itertools.pairwise(ends) if later < end)
    assert adaptation.most_kept(plan) == max(count for _, count in known)
    assert max(count for _, count in known) <= len(moments.window.draws)


def test_nothing_is_kept_where_nothing_is_fitted():
    assert adaptation.most_kept(adaptation.plan_gradients(1000)) == 0


def test_a_rotation_comes_before_an_update():
    """What the metric is set from is what was the background until now."""
    moments, rng = adaptation.make_moments(1), np.random.default_rng(3)
    for row, scale in ((0, 1.0), (1, 7.0)):
        for value in rng.normal(scale=scale, size=50):
            adaptation.collect(moments, row, np.array([value]), np.array([-value / scale**2]))
    made = metric.identity(1)
    point = PhasePoint(np.zeros(1), np.zeros(1), np.zeros(1))
    adapt(ROTATE | UPDATE, DRAWS_AND_GRADIENTS, made, moments, point)
    assert made.scale[0] == pytest.approx(7.0, rel=1e-12)


@pytest.mark.parametrize("sd", [1e-8, 1e-4, 1e4, 1e8])
def test_small_and_large_scales_are_learned(sd):
    moments, rng = adaptation.make_moments(1), np.random.default_rng(3)
    for value in rng.normal(scale=sd, size=20):
        adaptation.collect(moments, 0, np.array([value]), np.array([-value / sd**2]))
    made = metric.identity(1)
    adaptation.update_metric(DRAWS_AND_GRADIENTS, made, moments)
    assert made.scale[0] == pytest.approx(sd, rel=1e-12)


@pytest.mark.parametrize("n", [15, 60, 400])
def test_the_covariance_of_few_draws_of_many_dimensions_is_trusted_little(n):
    dimension = 30
    positions, gradients = draws_and_gradients(n, dimension)
    made = metric.identity(dimension, metric.DENSE)
    adaptation.update_metric(VARIANCE_OF_DRAWS, made, collected(positions, gradients, True))
    expected = n / (n + 5) * np.cov(positions.T) + 1e-3 * 5 / (n + 5) * np.eye(dimension)
    np.testing.assert_allclose(made.factor @ made.factor.T, expected, rtol=1e-6, atol=1e-6)


def test_a_metric_that_is_fitted_is_left_to_the_fits():
    made, moments = metric.identity(2), collected(*draws_and_gradients(9, 2))
    made.form[metric.IS_FITTED] = 1
    point = PhasePoint(np.ones(2), np.ones(2), np.ones(2))
    adapt(UPDATE, DRAWS_AND_GRADIENTS, made, moments, point)
    assert made.scale.tolist() == [1, 1]
    made.form[metric.IS_FITTED] = 0
    adapt(UPDATE, DRAWS_AND_GRADIENTS, made, moments, point)
    assert (made.scale != 1).all()
