"""WAIC in both conventions."""

import warnings

import numpy as np
import pytest

import diagnostics as d

MODELS = ["mST", "mSTnomem", "badk"]
TOLERANCE = 1e-8  # formulas of a few sums: 1e-15 in fact


pytestmark = pytest.mark.filterwarnings("ignore:.*p_waic is over")


@pytest.mark.parametrize("model", MODELS)
def test_rethinking_convention_is_what_rethinking_gives(model, log_liks, r_loo):
    ours = d.waic(log_liks[model])
    expected = r_loo[model]["rethinking_WAIC"]
    np.testing.assert_allclose([ours.waic, ours.lppd, ours.p_waic, ours.se], expected, rtol=TOLERANCE)


@pytest.mark.parametrize("model", MODELS)
def test_loo_convention_is_what_loo_gives_pointwise_and_in_sum(model, log_liks, r_loo):
    ours = d.waic(log_liks[model], convention="loo")
    for name, expected in r_loo[model]["waic"].items():
        np.testing.assert_allclose(getattr(ours.pointwise, name), expected, rtol=TOLERANCE)
    for name in ("waic", "elpd_waic", "p_waic"):
        np.testing.assert_allclose(getattr(ours, name), r_loo[model]["waic_est"][name][0], rtol=TOLERANCE)
    np.testing.assert_allclose(ours.se, r_loo[model]["waic_est"]["waic"][1], rtol=TOLERANCE)
    np.testing.assert_allclose(ours.se / 2, r_loo[model]["waic_est"]["elpd_waic"][1], rtol=TOLERANCE)


def test_conventions_differ_so_the_comparisons_can_fail(log_liks, r_loo):
    expected = r_loo["mST"]["waic_est"]["waic"]
    ours = d.waic(log_liks["mST"])
    assert abs(ours.waic / expected[0] - 1) > 100 * TOLERANCE
    assert abs(ours.se / expected[1] - 1) > 100 * TOLERANCE


def test_waic_of_two_draws_by_hand():
    log_lik = np.log([[[0.2, 0.5]], [[0.4, 0.5]]])  # two chains of one draw, two observations
    ours = d.waic(log_lik)
    penalty = (np.log(2) / 2) ** 2  # variance of log 0.2 and log 0.4 with divisor 2
    np.testing.assert_allclose(ours.pointwise.lppd, np.log([0.3, 0.5]), rtol=1e-15)
    np.testing.assert_allclose(ours.pointwise.p_waic, [penalty, 0], rtol=1e-14)
    np.testing.assert_allclose(ours.waic, -2 * (np.log(0.15) - penalty), rtol=1e-14)
    np.testing.assert_allclose(ours.elpd_waic, -ours.waic / 2, rtol=1e-15)
    np.testing.assert_allclose(d.waic(log_lik, "loo").p_waic, 2 * penalty, rtol=1e-14)
    first, second = -2 * (np.log(0.3) - penalty), -2 * np.log(0.5)
    np.testing.assert_allclose(ours.se, abs(first - second) / np.sqrt(2), rtol=1e-14)


def test_sums_of_pointwise_values_are_the_totals(log_liks):
    ours = d.waic(log_liks["mST"])
    for name in ("waic", "elpd_waic", "p_waic", "lppd"):
        assert getattr(ours.pointwise, name).shape == (48,)
        np.testing.assert_allclose(getattr(ours.pointwise, name).sum(), getattr(ours, name), rtol=1e-13)


def test_very_small_likelihoods_do_not_underflow(log_liks):
    shifted = d.waic(log_liks["mST"] - 5000)
    np.testing.assert_allclose(shifted.lppd, d.waic(log_liks["mST"]).lppd - 48 * 5000, rtol=1e-13)


def test_order_of_draws_does_not_matter(log_liks):
    log_lik = log_liks["mST"]
    np.testing.assert_allclose(d.waic(log_lik[::-1, ::-1]).waic, d.waic(log_lik).waic, rtol=1e-13)


@pytest.mark.filterwarnings("ignore:the log likelihood of observation")
@pytest.mark.parametrize("impossible", [np.nan, -np.inf, np.inf])
def test_an_undefined_likelihood_makes_its_observation_and_the_sums_nan(impossible, log_liks):
    log_lik = log_liks["mST"].copy()
    log_lik[2, 5, 7] = impossible
    ours = d.waic(log_lik)
    assert np.isnan(ours.waic)
    assert np.isnan(ours.se)
    assert list(np.flatnonzero(np.isnan(ours.pointwise.waic))) == [7]


def test_high_penalty_warns_what_it_means_and_what_to_do(log_liks):
    expected = int((d.waic(log_liks["mST"]).pointwise.p_waic > 0.4).sum())
    with pytest.warns(UserWarning, match=f"p_waic is over 0.4 for {expected} of 48 observations.*too optimistic"):
        d.waic(log_liks["mST"])


def test_low_penalties_do_not_warn(log_liks):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d.waic(log_liks["mST"] / 10)


def test_one_observation_has_no_standard_error_by_loo():
    log_lik = np.random.default_rng(0).normal(size=(2, 10, 1)) / 10
    assert np.isnan(d.waic(log_lik, "loo").se)
    assert d.waic(log_lik).se == 0


def test_unknown_convention_is_refused(log_liks):
    with pytest.raises(ValueError, match="rethinking and loo, not 'stan'"):
        d.waic(log_liks["mST"], convention="stan")
