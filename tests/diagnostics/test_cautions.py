"""Log likelihoods that spoil a score are named, and spoil no other; k-hat says when it cannot be known."""

import itertools
import warnings

import numpy as np
import pytest

import diagnostics as d
from diagnostics.cautions import FEWEST_DRAWS, cells_of
from diagnostics.psis import compute_psis_loo, tail_length
from diagnostics.waic import compute_waic
from tests.diagnostics.test_verdict import FakeFit

BAD = {"-inf": -np.inf, "+inf": np.inf, "NaN": np.nan}


@pytest.fixture
def good():
    """Tame log likelihoods (4, 500, 20): no warning by either criterion."""
    return np.random.default_rng(2).normal(-1, 0.3, size=(4, 500, 20))


def spoilt(good, value, observation=3, count=1):
    bad = good.copy()
    bad[0, :count, observation] = value
    return bad


def told(function, *arguments):
    """(what it gives, its warnings)."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="raise"):
        warnings.simplefilter("always")
        return function(*arguments), [str(warning.message) for warning in caught]


@pytest.mark.parametrize(("score", "total"), [(d.waic, "waic"), (d.psis_loo, "looic")])
@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("count", [1, 500])
def test_bad_cell_is_named_once_and_spoils_only_its_observation(score, total, value, count, good):
    result, warned = told(score, spoilt(good, BAD[value], 3, count))
    (words,) = warned
    assert words.startswith(f"the log likelihood of observation 4 is {value} in {count} of 2000 draws, ")
    assert "refitting" not in words
    assert np.isnan(getattr(result, total))
    whole = told(score, good)[0]
    for ours, expected in zip(result.pointwise, whole.pointwise, strict=True):
        np.testing.assert_array_equal(np.delete(ours, 3), np.delete(expected, 3))


@pytest.mark.parametrize(
    ("variance", "shown"), [(3.4, "3.40"), (1234.5, "1234.50"), (7e5, "700000.00"), (2.5e12, "2.5e+12")]
)
def test_the_largest_penalty_is_shown_in_digits_that_can_be_read(variance, shown, good):
    """The penalty of an observation is the variance of its log likelihoods (divisor S)."""
    good[:, :, 3] = np.sqrt(variance) * np.tile([-1.0, 1.0], (4, 250))
    _, (words,) = told(d.waic, good)
    assert f"for 1 of 20 observations, the largest {shown} for observation 4:" in words


def test_several_bad_observations_are_told_in_a_line(good):
    for observation, value in zip((1, 4, 7, 9, 11), itertools.cycle(BAD.values()), strict=False):
        good = spoilt(good, value, observation, observation)
    good[1, 0, 4] = np.nan
    _, (words,) = told(d.waic, good)
    assert words.startswith(
        "the log likelihood of observation 2 is -inf in 1 of 2000 draws, of observation 5 is NaN or +inf in 5 of 2000 "
        "draws, of observation 8 is NaN in 7 of 2000 draws, of 2 more observations are not finite, "
    )


@pytest.mark.parametrize("criterion", ["WAIC", "PSIS"])
@pytest.mark.parametrize("weights", ["akaike", "stacking"])
@pytest.mark.parametrize("value", BAD)
def test_other_models_of_the_table_keep_their_numbers(criterion, weights, value, good):
    def compare(fits):
        return d.compare(fits, criterion, weights=weights)

    models = {"a": good, "b": good - 0.1}
    (alone, silent), (frame, warned) = told(compare, models), told(compare, {"bad": spoilt(good, BAD[value]), **models})
    assert silent == []
    (words,) = warned
    assert words.startswith(f"bad: the log likelihood of observation 4 is {value} in 1 of 2000 draws, ")
    assert list(frame.index) == ["a", "b", "bad"]
    for column in alone:
        np.testing.assert_array_equal(frame.loc[["a", "b"], column].to_numpy(), alone[column].to_numpy())
    assert (frame.loc["bad", ["diag_diff", *(["diag_elpd"] if criterion == "PSIS" else [])]] == "").all()
    assert frame.loc["bad", [criterion, "SE", "weight"]].isna().all()
    nothing, _ = told(compare, {"bad": spoilt(good, BAD[value])})
    assert np.isnan(nothing.loc["bad", "weight"])


@pytest.mark.parametrize("score", [compute_waic, compute_psis_loo])
def test_verdict_names_the_observation(score, good):
    (found,) = d.verdict(FakeFit(), score(spoilt(good, -np.inf)))
    assert (found.severity, found.kind, found.concerns) == ("warning", "log_likelihood", ("observation 4",))
    assert "is -inf in 1 of 2000 draws" in found.message


def test_constant_likelihood_is_called_so_and_is_no_reason_to_refit(good):
    good[:, :, 5] = -0.7
    result, (words,) = told(d.psis_loo, good)
    assert words.startswith("the log likelihood of observation 6 is the same in all draws")
    assert "refit" not in words
    assert result.pointwise.elpd_loo[5] == pytest.approx(-0.7, rel=1e-14)  # the weights are equal: exact
    assert result.pareto_k[5] == np.inf  # as R
    frame, _ = told(d.compare, {"a": good}, "PSIS")
    assert frame.loc["a", "k_high"] == 0
    assert frame.loc["a", "k_max"] == np.delete(result.pareto_k, 5).max()
    assert told(d.waic, good)[1] == []


def test_spread_that_vanishes_in_double_precision_is_constant(good):
    assert cells_of(1e-17 * good).constant.all()
    assert not cells_of(good).constant.any()


def test_ties_at_the_edge_of_the_tail_leave_k_unknown_and_say_so():
    log_lik = np.round(0.5 * np.random.default_rng(3).normal(size=(4, 500, 6)), 1)
    result, (words,) = told(d.psis_loo, log_lik, 1.0)
    unknown = np.flatnonzero(np.isinf(result.pareto_k))
    assert len(unknown) > 0
    assert not np.isnan(result.pareto_k).any()
    assert "k-hat is unknown for observation" in words
    assert "their tail has no shape" in words
    ratios = np.round(0.5 * np.random.default_rng(3).normal(size=2000), 1)
    smoothed, warned = told(d.psis, ratios)
    assert (smoothed.pareto_k, warned) == (np.inf, [])
    np.testing.assert_allclose(smoothed.log_weights, ratios - np.log(np.exp(ratios).sum()), atol=1e-12)


@pytest.mark.parametrize("draws", [1, 2, 3, 4, 10, 20])
def test_few_draws_are_told_that_they_are_few(draws):
    log_lik = np.random.default_rng(1).normal(size=(1, draws, 6))
    _, (words,) = told(d.psis_loo, log_lik)
    assert words.endswith(
        f"k-hat needs 21 of all chains, and there {'is 1' if draws == 1 else f'are {draws}'}; draw more."
    )
    assert "-inf" not in words
    assert "refit" not in words


def test_fewest_draws_are_those_that_give_a_tail_to_fit():
    assert tail_length(FEWEST_DRAWS, np.ones(1)) == 5
    assert tail_length(FEWEST_DRAWS - 1, np.ones(1)) == 4
    assert np.isfinite(d.psis(np.random.default_rng(0).normal(size=FEWEST_DRAWS)).pareto_k)


def test_weights_of_nothing_are_undefined():
    nothing = d.psis(np.full(100, -np.inf))
    assert np.isnan(nothing.pareto_k)
    assert np.isnan(nothing.log_weights).all()
