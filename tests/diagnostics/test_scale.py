"""No statistic depends on the unit of a parameter, none warns or raises, and few or odd draws give a number or NaN."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnostics as d
import models
from diagnostics import ecdf, verification
from diagnostics.psis import compute_psis_loo
from diagnostics.waic import compute_waic
from tests.diagnostics.test_verdict import FakeFit

# Multiplied by a number, the draws keep these,
SCALE_FREE = {
    "rhat": d.rhat,
    "rhat_basic": d.rhat_basic,
    "rhat_basic, unsplit": lambda x: d.rhat_basic(x, split=False),
    "ess_basic": d.ess_basic,
    "ess_bulk": d.ess_bulk,
    "ess_tail": d.ess_tail,
    "ess_mean": d.ess_mean,
    "ess_sd": d.ess_sd,
    "ess_median": d.ess_median,
    "ess_quantile": lambda x: d.ess_quantile(x, 0.2),
    "ebfmi": d.ebfmi,
    "autocorrelation": d.autocorrelation,
    "rank_normalize": d.rank_normalize,
    "average_ranks": d.average_ranks,
    "rank_histogram": lambda x: d.rank_histogram(x, 7),
}
# and these are multiplied by it.
OF_THE_UNIT = {
    "mcse_mean": d.mcse_mean,
    "mcse_sd": d.mcse_sd,
    "mcse_median": d.mcse_median,
    "mcse_quantile": lambda x: d.mcse_quantile(x, 0.2),
    "fold": d.fold,
    "split_chains": d.split_chains,
    "precis": lambda x: d.precis({"x": x}).iloc[0, :4].to_numpy(),
}
EVERY = {**SCALE_FREE, **OF_THE_UNIT, "autocovariance": d.autocovariance}
OF_LOG_LIKELIHOODS = {
    "waic": lambda x: d.waic(x[..., None]).pointwise,
    "psis_loo": lambda x: d.psis_loo(x[..., None]).pointwise,
    "psis": lambda x: d.psis(x.ravel()).log_weights,
    "relative_efficiency": lambda x: d.relative_efficiency(x[..., None]),
    "compare": lambda x: d.compare({"a": x[..., None], "b": -x[..., None]}).to_numpy(),
    "compare by PSIS": lambda x: d.compare({"a": x[..., None], "b": -x[..., None]}, "PSIS").to_numpy(),
}

own_words = pytest.mark.filterwarnings("ignore:.*(p_waic|k-hat) (is|needs)", "ignore:.*log likelihood of observation")


@pytest.fixture(autouse=True)
def strict():
    """NumPy raises where it can; the suite turns warnings into errors."""
    with np.errstate(all="raise"):
        yield


@st.composite
def some_draws(draw):
    """Chains of correlated draws in steps of 1/16: exact in binary, whatever power of two they are multiplied by."""
    chains, length = draw(st.integers(1, 4)), draw(st.integers(8, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.integers(-64, 64, size=(chains, length)).cumsum(axis=1) / 16


@pytest.fixture(scope="module")
def correlated():
    return np.random.default_rng(31).normal(size=(4, 203)).cumsum(axis=1)


def beside(seed, x):
    """Numbers of six observations for each draw of `x`."""
    return np.random.default_rng(seed).normal(size=(*x.shape, 6))


# Statistics of something beside the draws, as functions of draws in any unit.
OF_TWO = {
    "pareto_khat": d.pareto_khat,
    "rhat_nested": lambda x: d.rhat_nested(x, [0, 0, 1, 1]),
    "power_scaling_sensitivity": lambda x: d.power_scaling_sensitivity(x, beside(1, x)[..., 0]),
    "cjs_distance": lambda x: d.cjs_distance(x.ravel(), np.linspace(0.5, 1.5, x.size)),
    "loo_pit": lambda x: d.loo_pit(x[0, :6], x[..., None] * (1.0 + beside(2, x)), beside(3, x)),
    "loo_r2": lambda x: d.loo_r2(x[0, :6], x[..., None] * (1.0 + beside(2, x)), beside(3, x)),
}


@own_words
@pytest.mark.parametrize("power", [-300, -200, -160, -80, -20, 3, 40, 77, 155, 160, 230, 300])
@pytest.mark.parametrize("name", OF_TWO)
def test_statistics_of_draws_and_something_else_do_not_depend_on_the_unit(name, power, correlated):
    expected = OF_TWO[name](correlated)
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(OF_TWO[name](correlated * 10.0**power), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("power", [-500, -260, -100, 3, 100, 260, 500])
def test_bayes_r2_is_the_same_in_any_unit(power, correlated):
    expected, residual = beside(4, correlated), 0.1 + correlated**2
    in_unit = d.bayes_r2(np.ldexp(expected, power), np.ldexp(residual, 2 * power))
    assert (in_unit == d.bayes_r2(expected, residual)).all()


def test_bayes_r2_of_a_variance_beyond_the_doubles_is_one(correlated):
    assert (d.bayes_r2(1e200 * beside(4, correlated), correlated**2) == 1.0).all()
    assert (d.bayes_r2(1e-200 * beside(4, correlated), 1e-300 + correlated**2) == 0.0).all()


@pytest.mark.parametrize("power", [-300, -200, -160, -80, -20, 3, 40, 77, 155, 230, 300])
@pytest.mark.parametrize("name", [*SCALE_FREE, *OF_THE_UNIT])
def test_statistics_at_any_power_of_ten_are_those_of_the_draws(name, power, correlated):
    statistic, unit = EVERY[name], 10.0**power
    expected = statistic(correlated) * (unit if name in OF_THE_UNIT else 1)
    found = statistic(correlated * unit)
    with np.errstate(under="ignore"):  # NumPy's comparison multiplies small numbers
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=0)
    assert np.isfinite(expected).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(some_draws(), st.integers(-1060, 1013))
def test_a_power_of_two_changes_no_bit(x, power):
    """Up to 1.8e308, and down to subnormal numbers: the draws are whole multiples of 5e-324 there, doubled."""
    for name, statistic in SCALE_FREE.items():
        np.testing.assert_array_equal(statistic(np.ldexp(x, power)), statistic(x), err_msg=name)
    for name in ("mcse_mean", "mcse_sd", "mcse_median", "mcse_quantile"):
        with np.errstate(all="ignore"):  # the result itself may be under the smallest double, and is then rounded
            expected = np.ldexp(EVERY[name](x), power)
        np.testing.assert_array_equal(EVERY[name](np.ldexp(x, power)), expected, err_msg=name)


def test_statistics_without_the_scaling_fail_this(correlated, monkeypatch):
    for module in ("ess", "rhat", "mcse", "energy", "arrays"):
        unscaled = lambda x, axis=(0, 1): (x, np.zeros(1, dtype=int))  # noqa: E731
        monkeypatch.setattr(sys.modules[f"diagnostics.{module}"], "in_safe_range", unscaled)
    for statistic in (d.rhat_basic, d.ess_mean, d.ess_sd, d.mcse_sd, d.ebfmi):
        with np.errstate(all="ignore"):
            assert not np.allclose(statistic(1e-200 * correlated), statistic(correlated), equal_nan=False)


@pytest.mark.parametrize("name", [*SCALE_FREE, "mcse_mean", "mcse_sd", "mcse_median", "mcse_quantile"])
def test_an_offset_changes_nothing(name):
    x = np.random.default_rng(4).integers(-300, 300, size=(4, 101)).cumsum(axis=1).astype(float)
    for offset in (2.0**20, -(2.0**30)):
        np.testing.assert_allclose(EVERY[name](x + offset), EVERY[name](x), rtol=1e-9)


def spiked(size):
    """Ordinary draws, and a few near the largest double of both signs."""
    x = np.random.default_rng(3).normal(size=size)
    x[0, ::7], x[-1, ::5] = 1.7e308, -1.7e308
    return x


ODD = {
    "zeros": np.zeros,
    "constant": lambda size: np.full(size, 0.1),
    "two values": lambda size: np.random.default_rng(0).integers(0, 2, size=size).astype(float),
    "ties": lambda size: np.random.default_rng(0).normal(size=size).round(1),
    "chains constant": lambda size: np.broadcast_to(np.arange(size[0], dtype=float)[:, None], size),
    "one differs": lambda size: np.eye(*size) * 3e-310,
    "subnormal": lambda size: 5e-324 * np.random.default_rng(0).integers(-9, 9, size=size),
    "spiked": spiked,
    "next to each other": lambda size: 1 + np.random.default_rng(0).integers(0, 3, size=size) * 2.0**-52,
    "nan": lambda size: np.where(np.eye(*size) > 0, np.nan, 1.0),
    "infinite": lambda size: np.where(np.eye(*size) > 0, -np.inf, 1.0),
}


@own_words
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (4, 2), (1, 3), (2, 4), (1, 7), (3, 40)])
def test_few_or_odd_draws_give_numbers_or_nan_and_no_words_of_numpy(kind, size):
    x = ODD[kind](size)
    for name, statistic in EVERY.items():
        if name != "split_chains" or size[1] > 1:
            assert np.asarray(statistic(x)).dtype.kind in "fi", name
    for statistic in OF_LOG_LIKELIHOODS.values():
        statistic(x)


def test_draws_far_apart_keep_the_ranks_of_the_near_ones():
    """1e300 beside 1e-20: whoever brings the draws to one unit loses the small ones."""
    x = 1e-20 * np.random.default_rng(8).normal(size=(4, 100))
    far = x.copy()
    far[0, :3] = np.sign(x[0, :3]) * (np.abs(x[0, :3]) + 1e-18)
    further = np.where(np.abs(far) > 9e-19, np.sign(far) * 1e300, far)
    for statistic in (d.rhat, d.ess_bulk, d.ess_tail):
        assert statistic(further) == pytest.approx(statistic(far), rel=0.02)
        assert np.isfinite(statistic(further))


@pytest.mark.parametrize("power", [-1060, -500, 500, 1010])
def test_table_of_a_posterior_is_the_same_in_any_unit(power, correlated):
    table = d.precis({"x": correlated}, tail_ess=True, mcse=True).loc["x"]
    with np.errstate(under="ignore"):
        draws = np.ldexp(correlated, power)
    small = d.precis({"x": draws}, tail_ess=True, mcse=True).loc["x"]
    scaled = [name for name in table.index if name not in ("n_eff", "Rhat4", "ess_tail")]
    with np.errstate(under="ignore"):
        np.testing.assert_allclose(small[scaled], np.ldexp(table[scaled], power), rtol=1e-12, atol=2.0**-1060)
    if power > -1000:  # under it the draws are subnormal, and lose digits
        np.testing.assert_array_equal(small.drop(scaled), table.drop(scaled))


def test_rhat_of_the_tails_depends_on_the_last_bits_as_in_r_and_no_more():
    """The two middle draws are equally far from their median up to rounding, which decides whether their ranks tie."""
    x = np.random.default_rng(5).normal(size=(4, 1000, 20))
    for unit in (1e-300, 1e-7, 0.1, 3.0, 1e300):
        np.testing.assert_allclose(d.rhat(unit * x), d.rhat(x), atol=1e-5)


@pytest.mark.parametrize("unit", [2.0**-1000, 1.0, 2.0**1000])
@pytest.mark.parametrize("chains", [1, 4])
@pytest.mark.parametrize("draws", [1, 2, 3, 4, 6, 100])
def test_verdict_of_few_draws_or_odd_units_is_the_same_and_without_words_of_numpy(unit, chains, draws):
    expected, fit = FakeFit(chains, draws), FakeFit(chains, draws)
    for name, values in fit.values.items():
        fit.values[name] = unit * values
    for one in (expected, fit):
        one.stats["lp"] = one.stats["energy"]
    assert str(d.verdict(fit)) == str(d.verdict(expected))


MASKED = np.ma.masked_array(np.ones((2, 8)), mask=np.eye(2, 8))


@pytest.mark.parametrize("name", EVERY)
def test_masked_draws_are_refused(name):
    for masked in (MASKED, list(MASKED)):
        with pytest.raises(ValueError, match="draws are a masked array"):
            EVERY[name](masked)


def test_masked_scores_are_refused():
    cells = np.ma.masked_array(np.ones((2, 8, 3)), mask=True)
    for function in (d.waic, d.psis_loo, d.relative_efficiency, lambda x: d.compare({"a": x})):
        with pytest.raises(ValueError, match="masked array"):
            function(cells)
    for function in (d.psis, d.akaike_weights, d.stacking_weights):
        with pytest.raises(ValueError, match="masked array"):
            function(MASKED)


def test_masked_ranks_groups_and_p_values_are_refused():
    ranks = np.ma.masked_array(np.arange(8), mask=np.arange(8) > 5)
    for call in (
        lambda: ecdf.uniformity(ranks, 7),
        lambda: ecdf.rank_counts(ranks, 7),
        lambda: d.kfold(models.mST(), groups=np.ma.masked_array(np.arange(48), mask=True)),
        lambda: d.rhat_nested(np.arange(64.0).reshape(8, 8), ranks // 2),
        lambda: verification.cauchy_combination(ranks / 8),
    ):
        with pytest.raises(ValueError, match="masked array"):
            call()


def test_unit_of_the_outcome_is_a_constant_in_the_scores(log_liks):
    """Data in other units shift every log likelihood by a constant, and move no penalty and no k-hat."""
    log_lik = log_liks["mST"][:, :500]
    waic, loo = compute_waic(log_lik), compute_psis_loo(log_lik)
    moved_waic, moved_loo = (score(log_lik + 700 * np.log(10)) for score in (compute_waic, compute_psis_loo))
    np.testing.assert_allclose(moved_waic.pointwise.p_waic, waic.pointwise.p_waic, rtol=1e-9)
    np.testing.assert_allclose(moved_loo.pareto_k, loo.pareto_k, rtol=1e-6)
    np.testing.assert_allclose(moved_loo.pointwise.p_loo, loo.pointwise.p_loo, atol=1e-9)
    np.testing.assert_allclose(moved_loo.pointwise.n_eff, loo.pointwise.n_eff, rtol=1e-6)


@own_words
@pytest.mark.parametrize("unit", [1e-300, 1e-160, 1e-17, 1e3, 1e160, 1e300])
def test_log_likelihoods_of_any_size_are_scored_in_silence(unit):
    x = np.random.default_rng(2).normal(size=(4, 300, 5))
    scaled = d.waic(unit * x)
    for name in ("lppd", "p_waic", "waic"):
        assert not np.isnan(getattr(scaled, name)), name
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(scaled.p_waic, d.waic(x).p_waic * unit * unit, rtol=1e-9)
    loo = d.psis_loo(unit * x)
    assert not np.isnan(loo.looic)
    assert not np.isnan(loo.pareto_k).any()
