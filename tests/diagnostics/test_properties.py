"""What must hold for any draws: invariances, known answers, coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnostics as d

RANK_STATISTICS = [d.rhat, d.ess_bulk]
ALL = [d.rhat, d.rhat_basic, d.ess_bulk, d.ess_tail, d.ess_mean, d.ess_sd, d.ess_median]
ERRORS = [d.mcse_mean, d.mcse_sd, d.mcse_median]

# The same examples in every run; 400 random ones were tried when this was written.
few = settings(max_examples=20, deadline=None, derandomize=True)


@st.composite
def some_draws(draw):
    """Chains of correlated draws, of any small shape and location."""
    chains, length = draw(st.integers(1, 4)), draw(st.integers(8, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    # Steps of a coarse grid: exact in binary, so that shifts and scalings by powers of two are exact too.
    return rng.integers(-64, 64, size=(chains, length)).cumsum(axis=1) / 16


def same(a, b, rtol=1e-9):
    return np.allclose(a, b, rtol=rtol, atol=0, equal_nan=True)


@few
@given(some_draws(), st.randoms(use_true_random=False))
def test_order_of_chains_does_not_matter(x, random):
    shuffled = x[random.sample(range(len(x)), len(x))]
    for statistic in [*ALL, *ERRORS]:
        assert same(statistic(x), statistic(shuffled)), statistic


@few
@given(some_draws())
def test_bulk_ess_sees_only_the_order_of_the_draws(x):
    for monotone in (np.arctan, lambda v: v**3 + v, lambda v: np.exp(v / 50)):
        assert same(d.ess_bulk(x), d.ess_bulk(monotone(x)))
        assert same(d.rhat(x), d.rhat(2 * x + 8))


@few
@given(some_draws())
def test_ess_of_the_quantile_at_one_is_that_of_being_under_the_maximum(x):
    """Every draw is at most the maximum; so R takes the value just under it."""
    assert same(d.ess_quantile(x, 1), d.ess_mean((x < x.max()).astype(float)))
    assert same(d.ess_quantile(x, 0), d.ess_mean((x <= x.min()).astype(float)))


def test_mean_ess_is_not_invariant_so_the_check_can_fail(r_draws):
    x = r_draws["ar1_p09"]
    assert not same(d.ess_mean(x), d.ess_mean(np.exp(x)))
    assert not same(d.rhat_basic(x), d.rhat_basic(np.exp(x)))


@few
@given(some_draws(), st.integers(-8, 8), st.integers(-20, 20))
def test_unit_and_origin_change_standard_errors_by_the_unit_only(x, power, shift):
    scale = 2.0**power
    for statistic in ALL:
        assert same(statistic(x), statistic(scale * x + shift)), statistic
    for statistic in ERRORS:
        assert same(scale * statistic(x), statistic(scale * x + shift)), statistic


@few
@given(some_draws(), st.data())
def test_nan_never_turns_into_a_number(x, data):
    x[data.draw(st.integers(0, x.shape[0] - 1)), data.draw(st.integers(0, x.shape[1] - 1))] = np.nan
    for statistic in [*ALL, *ERRORS, d.ess_basic]:
        assert np.isnan(statistic(x)), statistic
    assert np.isnan(d.ess_quantile(x, 0.3))
    assert np.isnan(d.mcse_quantile(x, 0.3))
    assert np.isnan(d.fold(x)).any()
    assert np.isnan(d.ebfmi(x)).any()


def test_nan_or_infinity_in_the_middle_draw_is_not_lost_by_splitting():
    x = np.random.default_rng(0).normal(size=(4, 11))
    x[2, 5] = np.nan
    for statistic in [*ALL, *ERRORS, d.ess_basic]:
        assert np.isnan(statistic(x)), statistic
    x[2, 5] = np.inf
    for statistic in (d.rhat_basic, d.ess_basic, d.ess_mean, d.ess_sd, d.ess_tail, *ERRORS):
        assert np.isnan(statistic(x)), statistic


def test_constant_draws_have_neither_rhat_nor_ess_nor_error():
    for value in (0.0, 0.1, -3e300, 5e-324):
        for statistic in [*ALL, *ERRORS]:
            assert np.isnan(statistic(np.full((4, 100), value))), (statistic, value)


def true_ess(phi, size):
    """ESS of the mean of an AR(1) chain of `size` draws, within the cap that the statistic documents."""
    return min(size * (1 - phi) / (1 + phi), size * np.log10(size))


def relative_error_of_mean_ess(estimate, phi, size):
    return abs(np.mean(estimate) / true_ess(phi, size) - 1)


@pytest.mark.parametrize("phi", [-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 0.95])
def test_ess_of_autoregressive_chains_is_the_known_value(phi, autoregressive):
    # 20 parameters of 4 x 5000 draws; one estimate scatters by 3-7% (0.95: 8%), their mean by under 2%, and
    # the cut of the sum biases it by about 1%: 6% is over 3 standard errors.
    x = autoregressive(phi, (4, 5000, 20), seed=round(100 * phi) + 100)
    assert relative_error_of_mean_ess(d.ess_mean(x), phi, 20_000) < 0.06
    assert relative_error_of_mean_ess(d.ess_bulk(x), phi, 20_000) < 0.06  # normal draws: ranks change nothing


def test_ess_of_autoregressive_chains_rejects_a_naive_estimate(autoregressive):
    x = autoregressive(0.6, (4, 5000, 20), seed=160)
    first_lag_only = 20_000 / (1 + 2 * d.autocorrelation(x)[:, 1].mean(axis=0))
    assert relative_error_of_mean_ess(first_lag_only, 0.6, 20_000) > 0.06


def test_autocorrelation_of_autoregressive_chains_is_a_power_of_phi(autoregressive):
    x = autoregressive(0.8, (2, 20_000), seed=5)
    lags = np.arange(6)
    # Bartlett: sd of an estimate at these lags about sqrt((1 + phi^2) / (1 - phi^2) / N) = 0.015; 4 of
    # them.
    np.testing.assert_allclose(d.autocorrelation(x)[:, :6], np.broadcast_to(0.8**lags, (2, 6)), atol=0.06)


def test_autocovariance_by_fft_is_the_sum_of_products():
    x = np.random.default_rng(8).normal(size=(3, 37, 2)).cumsum(axis=1)
    centred = x - x.mean(axis=1, keepdims=True)
    direct = [(centred[:, : 37 - lag] * centred[:, lag:]).sum(axis=1) / 37 for lag in range(37)]
    np.testing.assert_allclose(d.autocovariance(x), np.stack(direct, axis=1), atol=1e-12 * x.var())


def test_autocorrelation_of_a_constant_chain_is_nan():
    assert np.isnan(d.autocorrelation(np.ones((2, 10)))).all()


def coverage(estimate, error, truth):
    return np.mean(np.abs(estimate - truth) < 1.96 * error)


# 400 replications: the observed share of a true 95% has the sd 1.1%; 4 of them, and 1% for the interval's
# own error.
COVERAGE_RANGE = (0.95 - 0.054, 0.95 + 0.054)


@pytest.fixture(scope="module")
def replications(autoregressive):
    """400 runs of 4 x 250 correlated draws of a standard normal."""
    return autoregressive(0.5, (4, 250, 400), seed=77)


def test_mcse_covers_the_truth_at_the_nominal_rate(replications):
    x = replications
    pooled = x.reshape(1000, 400)
    shares = [
        coverage(pooled.mean(axis=0), d.mcse_mean(x), 0),
        coverage(pooled.std(axis=0, ddof=1), d.mcse_sd(x), 1),
        coverage(np.median(pooled, axis=0), d.mcse_median(x), 0),
        coverage(np.quantile(pooled, 0.9, axis=0), d.mcse_quantile(x, 0.9), 1.2815515655446004),
    ]
    assert min(shares) > COVERAGE_RANGE[0]
    assert max(shares) < COVERAGE_RANGE[1]


def test_error_that_ignores_autocorrelation_covers_too_little(replications):
    pooled = replications.reshape(1000, 400)
    naive = pooled.std(axis=0) / np.sqrt(1000)
    assert coverage(pooled.mean(axis=0), naive, 0) < COVERAGE_RANGE[0]


def is_increasing(values):
    return bool((np.diff(values) > 0).all())


@pytest.fixture
def disturbed():
    """Maker of four chains of which the last is shifted, or scaled."""
    x = np.random.default_rng(3).normal(size=(4, 500))

    def make(shift=0.0, scale=1.0):
        y = x.copy()
        y[3] = scale * y[3] + shift
        return y

    return make


def test_rhat_grows_as_one_chain_moves_away(disturbed):
    values = [d.rhat(disturbed(shift=shift)) for shift in (0, 0.5, 1, 2, 4)]
    assert values[0] < 1.01
    assert is_increasing(values)


def test_rhat_grows_as_one_chain_widens(disturbed):
    values = [d.rhat(disturbed(scale=scale)) for scale in (1, 2, 4, 8)]
    assert is_increasing(values)
    assert values[1] > 1.01


def test_rhat_without_folding_does_not_see_a_wider_chain(disturbed):
    unfolded = [d.rhat_basic(d.rank_normalize(disturbed(scale=scale))) for scale in (1, 2, 4, 8)]
    assert max(unfolded) < 1.01


def test_ess_falls_as_one_chain_moves_away(disturbed):
    assert is_increasing([-d.ess_bulk(disturbed(shift=shift)) for shift in (0, 0.5, 1, 2)])


def test_split_halves_show_a_trend_within_a_chain():
    x = np.random.default_rng(6).normal(size=(4, 400)) + np.linspace(-1, 1, 400)
    assert d.rhat_basic(x) > 1.05
    assert d.rhat_basic(x, split=False) < 1.01


def test_split_leaves_out_the_middle_of_an_odd_number():
    x = np.arange(10.0).reshape(2, 5)
    np.testing.assert_array_equal(d.split_chains(x), [[0, 1], [5, 6], [3, 4], [8, 9]])
    with pytest.raises(ValueError, match="cannot be split"):
        d.split_chains(np.zeros((3, 1)))


def test_ranks_of_ties_are_their_average():
    from scipy.special import ndtri
    from scipy.stats import rankdata

    x = np.random.default_rng(9).integers(0, 7, size=(3, 40, 4))
    expected = ndtri((rankdata(x.reshape(120, 4), axis=0) - 3 / 8) / (120 + 1 / 4)).reshape(3, 40, 4)
    np.testing.assert_allclose(d.rank_normalize(x), expected, rtol=1e-13, atol=1e-15)


def test_average_ranks_are_shared_by_ties_and_nan_stays_nan():
    x = np.array([[3.0, 1.0], [3.0, -np.inf]])
    np.testing.assert_array_equal(d.average_ranks(x), [[3.5, 2], [3.5, 1]])
    x[0, 0] = np.nan
    np.testing.assert_array_equal(np.isnan(d.average_ranks(x)), [[True, False], [False, False]])


def test_rank_histogram_is_level_where_chains_agree_and_tilted_where_not(disturbed):
    # 500 draws of a chain in 20 bins: 25 each, sd under 5; 4.5 of them over 80 bins.
    heights = d.rank_histogram(disturbed())
    assert heights.shape == (4, 20)
    assert np.abs(heights - 25).max() < 22
    assert np.abs(d.rank_histogram(disturbed(shift=1.0)) - 25).max() > 40


@few
@given(some_draws(), st.integers(1, 7))
def test_rank_histogram_counts_every_draw_once(x, bins):
    heights = d.rank_histogram(x, bins)
    np.testing.assert_array_equal(heights.sum(axis=1), x.shape[1])
    x[0, 0] = np.nan
    assert d.rank_histogram(x, bins).sum() == x.size - 1


def test_rank_histogram_needs_a_bin():
    with pytest.raises(ValueError, match="at least one bin, not 0"):
        d.rank_histogram(np.zeros((2, 4)), bins=0)


def test_fold_is_the_distance_from_the_median_of_all_chains():
    x = np.array([[1.0, 2.0], [4.0, 9.0]])
    np.testing.assert_array_equal(d.fold(x), [[2, 1], [1, 6]])


def test_antithetic_chains_can_beat_independent_ones_up_to_the_cap(autoregressive):
    x = autoregressive(-0.9, (4, 1000), seed=1)
    assert d.ess_mean(x) == pytest.approx(4000 * np.log10(4000), rel=1e-12)
