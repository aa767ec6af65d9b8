"""Pareto-smoothed importance sampling and leave-one-out by it."""

import warnings

import numpy as np
import pytest

import diagnostics as d
from diagnostics.psis import fit_generalized_pareto, generalized_pareto_quantile, tail_length

MODELS = ["mST", "mSTnomem", "badk"]
# k-hat comes from differences of large sums; 1e-13 in fact.
TOLERANCE = 1e-6


pytestmark = pytest.mark.filterwarnings("ignore:.*(p_waic|k-hat) is over")


@pytest.mark.parametrize("model", MODELS)
def test_relative_efficiency_is_what_loo_gives(model, log_liks, r_loo):
    np.testing.assert_allclose(d.relative_efficiency(log_liks[model]), r_loo[model]["r_eff"], rtol=1e-8)


@pytest.mark.parametrize(("variant", "r_eff"), [("loo_reff", None), ("loo_noreff", 1.0)])
@pytest.mark.parametrize("model", MODELS)
def test_leave_one_out_is_what_loo_gives_pointwise_and_in_sum(model, variant, r_eff, log_liks, r_loo):
    ours, expected = d.psis_loo(log_liks[model], r_eff=r_eff), r_loo[model][variant]
    np.testing.assert_allclose(ours.pareto_k, expected["pareto_k"], rtol=TOLERANCE)
    for name in ("elpd_loo", "p_loo", "looic"):
        np.testing.assert_allclose(getattr(ours.pointwise, name), expected[name], rtol=1e-8)
        np.testing.assert_allclose(getattr(ours, name), expected[f"est_{name}"][0], rtol=1e-8)
    np.testing.assert_allclose(ours.pointwise.n_eff, expected["n_eff"], rtol=TOLERANCE)
    np.testing.assert_allclose(ours.se, expected["est_looic"][1], rtol=1e-8)
    np.testing.assert_allclose(ours.se / 2, expected["est_elpd_loo"][1], rtol=1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_smoothed_weights_are_what_loo_gives(model, log_liks, r_loo, r_log_weights):
    # badk has equal ratios at the edge of the tail, where ArviZ smooths fewer draws than R.
    ratios = -log_liks[model].reshape(-1, 48)
    ours, expected = d.psis(ratios, np.array(r_loo[model]["r_eff"])), r_loo[model]["loo_reff"]
    np.testing.assert_array_equal(ours.tail_length, expected["tail_len"])
    np.testing.assert_allclose(np.exp(2 * ours.log_weights).sum(axis=0), expected["sum_w2"], rtol=TOLERANCE)
    np.testing.assert_allclose(ours.log_weights.max(axis=0), expected["max_lw"], rtol=TOLERANCE)
    stored = {observation: lw for (name, observation), lw in r_log_weights.items() if name == model}
    assert len(stored) == 2
    for observation, log_weights in stored.items():
        np.testing.assert_allclose(ours.log_weights[:, observation], log_weights, rtol=TOLERANCE)


def test_efficiency_changes_k_so_the_comparisons_can_fail(log_liks, r_loo):
    ours = d.psis_loo(log_liks["mST"], r_eff=1.0)
    assert np.max(np.abs(ours.pareto_k / r_loo["mST"]["loo_reff"]["pareto_k"] - 1)) > 1e4 * TOLERANCE


def test_psis_of_the_tadpoles_is_far_off_and_says_so(log_liks, r_loo):
    for model in ("mST", "mSTnomem"):
        ours, exact = d.psis_loo(log_liks[model]), r_loo["exact_elpd_loo"][model]
        assert ours.elpd_loo - exact > 3 * ours.se / 2  # 3 of its own standard errors
        assert (ours.pareto_k > 0.5).sum() >= 44
        assert (ours.pareto_k > ours.k_threshold).sum() >= 30


def normal_model(observations, draws, seed):
    """y ~ Normal(mu, 1), mu with a flat prior: log likelihoods (4, draws, n), exact pointwise elpd_loo."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=observations)
    mu = rng.normal(y.mean(), observations**-0.5, size=(4, draws, 1))
    others, variance = (y.sum() - y) / (observations - 1), 1 + 1 / (observations - 1)
    exact = -0.5 * (np.log(2 * np.pi * variance) + (y - others) ** 2 / variance)
    return -0.5 * (np.log(2 * np.pi) + (y - mu) ** 2), exact


def test_psis_of_a_well_behaved_model_is_exact_leave_one_out():
    log_lik, exact = normal_model(observations=30, draws=1000, seed=11)
    ours = d.psis_loo(log_lik)
    assert ours.pareto_k.max() < ours.k_threshold
    # Weights of sd under 0.4 and 4000 draws: pointwise error about 0.4 * 0.3 / sqrt(4000) = 0.002; 5 of
    # them.
    np.testing.assert_allclose(ours.pointwise.elpd_loo, exact, atol=0.01)


def test_the_score_with_the_observation_is_not_leave_one_out():
    log_lik, exact = normal_model(observations=30, draws=1000, seed=11)
    assert np.abs(d.waic(log_lik).pointwise.lppd - exact).max() > 0.01


def test_smoothing_leaves_small_weights_alone_and_bounds_large_ones():
    ratios = np.random.default_rng(2).standard_t(2, size=1000)
    ours = d.psis(ratios)
    order, tail = ratios.argsort(), ours.tail_length
    shift = ours.log_weights[order[0]] - ratios[order[0]]
    np.testing.assert_allclose(ours.log_weights[order[:-tail]], ratios[order[:-tail]] + shift, atol=1e-12)
    assert ours.log_weights.max() <= ratios.max() + shift + 1e-12
    assert (np.diff(ours.log_weights[order]) >= 0).all()
    np.testing.assert_allclose(np.exp(ours.log_weights).sum(), 1, rtol=1e-12)


@pytest.mark.parametrize("k", [0.1, 0.4, 0.7, 1.0])
def test_k_of_pareto_weights_is_recovered(k):
    # Weights u^-k have the shape k exactly. 40 samples of 4000 (tails of 190): one k-hat scatters by (1 +
    # k) / sqrt(190) = 0.15 at most, the mean of 40 by 0.023, and the pull to 0.5 by ten excesses moves it
    # by 0.03.
    uniform = np.random.default_rng(5).uniform(size=(4000, 40))
    assert abs(d.psis(-k * np.log(uniform)).pareto_k.mean() - k) < 0.1


def test_k_of_other_weights_is_not_recovered():
    uniform = np.random.default_rng(5).uniform(size=(4000, 40))
    assert abs(d.psis(-0.7 * np.log(uniform)).pareto_k.mean() - 0.4) > 0.1


def test_generalized_pareto_quantile_inverts_its_distribution():
    prob = np.linspace(0.01, 0.99, 9)
    for shape in (-0.3, 0.0, 0.8):
        x = generalized_pareto_quantile(prob, shape, 2.0)
        survival = np.exp(-x / 2) if shape == 0 else (1 + shape * x / 2) ** (-1 / shape)
        np.testing.assert_allclose(1 - survival, prob, rtol=1e-13)


def test_fit_scales_with_the_excesses():
    x = np.sort(np.random.default_rng(1).pareto(2, size=300))
    (shape, scale), (shape_10, scale_10) = fit_generalized_pareto(x), fit_generalized_pareto(10 * x)
    np.testing.assert_allclose([shape_10, scale_10], [shape, 10 * scale], rtol=1e-10)


def test_a_constant_added_to_the_ratios_changes_nothing():
    ratios = np.random.default_rng(3).normal(size=(500, 3))
    ours, shifted = d.psis(ratios), d.psis(ratios + 900)
    np.testing.assert_allclose(shifted.pareto_k, ours.pareto_k, rtol=1e-9)
    np.testing.assert_allclose(shifted.log_weights, ours.log_weights, atol=1e-11)


def test_too_short_or_constant_tails_give_infinite_k_and_plain_weights():
    few = np.random.default_rng(0).normal(size=20)  # a tail of 4
    assert d.psis(few).pareto_k == np.inf
    np.testing.assert_allclose(d.psis(few).log_weights, few - np.log(np.exp(few).sum()), atol=1e-14)
    equal = d.psis(np.zeros(100))
    assert equal.pareto_k == np.inf
    np.testing.assert_allclose(equal.log_weights, -np.log(100), rtol=1e-14)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_undefined_ratios_give_nan_and_only_in_their_column(bad):
    ratios = np.random.default_rng(0).normal(size=(400, 2))
    ratios[5, 0] = bad
    ours = d.psis(ratios)
    assert np.isnan(ours.pareto_k[0])
    assert np.isnan(ours.log_weights[:, 0]).all()
    assert np.isfinite(ours.pareto_k[1])


@pytest.mark.filterwarnings("ignore:the log likelihood of observation")
@pytest.mark.parametrize("bad", [np.nan, -np.inf, np.inf])
def test_an_undefined_likelihood_makes_its_observation_and_the_sums_nan(bad, log_liks):
    log_lik = log_liks["badk"][:, :, :5].copy()
    log_lik[1, 3, 2] = bad
    ours = d.psis_loo(log_lik)
    assert np.isnan(ours.elpd_loo)
    assert list(np.flatnonzero(np.isnan(ours.pointwise.elpd_loo))) == [2]


def test_vector_of_ratios_gives_the_column_of_the_matrix():
    ratios = np.random.default_rng(0).normal(size=(400, 2))
    single, both = d.psis(ratios[:, 1]), d.psis(ratios)
    assert isinstance(single.pareto_k, float)
    assert single.pareto_k == both.pareto_k[1]
    np.testing.assert_allclose(single.log_weights, both.log_weights[:, 1], rtol=1e-14)


def test_threshold_of_k_grows_with_the_draws_up_to_0_7():
    np.testing.assert_allclose([d.k_threshold(100), d.k_threshold(1000)], [0.5, 1 - 1 / 3], rtol=1e-15)
    assert d.k_threshold(2000) == pytest.approx(0.6970642492453765, rel=1e-15)  # ArviZ's good_k
    assert d.k_threshold(4000) == 0.7


def test_tail_is_a_fifth_of_few_draws_and_three_roots_of_many():
    assert list(tail_length(100, np.array([1.0]))) == [20]
    assert list(tail_length(4000, np.array([1.0, 0.5, 2.0]))) == [190, 269, 135]


def test_high_k_warns_what_it_means_and_what_to_do(log_liks):
    with pytest.warns(UserWarning, match="k-hat is over 0.70 for 38 of 48 observations.*by refitting"):
        d.psis_loo(log_liks["mST"])


def test_low_k_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        d.psis_loo(normal_model(observations=30, draws=1000, seed=11)[0])


@pytest.mark.parametrize("r_eff", [0.0, -1.0, np.nan, [1.0, 2.0], [[1.0]]])
def test_impossible_efficiencies_are_refused(r_eff, log_liks):
    with pytest.raises(ValueError, match="r_eff"):
        d.psis_loo(log_liks["mST"], r_eff=r_eff)


@pytest.mark.parametrize("shape", [(), (0,), (4, 0), (2, 3, 4)])
def test_ratios_of_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(draws,\) or \(draws, n\)"):
        d.psis(np.zeros(shape))
