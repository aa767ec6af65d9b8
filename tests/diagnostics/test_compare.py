"""The table of models."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import diagnostics as d
from diagnostics.compare import akaike_weights
from diagnostics.differences import difference_caution, elpd_caution, is_likely_chance, p_worse

pytestmark = pytest.mark.filterwarnings("ignore:.*(p_waic|k-hat) is over")


class Fit:
    """The least that `compare` asks of a fit."""

    def __init__(self, log_likelihood, data=None):
        self.log_likelihood = log_likelihood
        if data is not None:
            contents = {name: SimpleNamespace(shape=(size,), hash=text) for name, (size, text) in data.items()}
            self.identity = SimpleNamespace(data=contents)


@pytest.fixture
def fits(log_liks):
    return {"mSTnomem": Fit(log_liks["mSTnomem"]), "mST": Fit(log_liks["mST"])}


@pytest.mark.parametrize("criterion", ["WAIC", "PSIS"])
def test_rows_are_what_rethinking_gives(criterion, fits, r_loo):
    frame = d.compare(fits, criterion=criterion)
    columns = [criterion, "SE", f"d{criterion}", "dSE", f"p{criterion}", "weight"]
    assert list(frame.columns[:6]) == columns
    assert list(frame.index) == ["mST", "mSTnomem"]  # best first, whatever the order given
    for model, row in r_loo[f"compare_{criterion}"].items():
        expected = np.array(row, dtype=float)  # null, the best model's dSE, is NaN
        np.testing.assert_allclose(frame.loc[model, columns].astype(float), expected, rtol=1e-8)


def test_waic_table_has_the_lectures_columns_and_then_loos(fits):
    lecture = ["WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"]
    assert list(d.compare(fits).columns) == [*lecture, "p_worse", "diag_diff"]


@pytest.mark.parametrize("scale", ["deviance", "log"])
@pytest.mark.parametrize(("criterion", "stored"), [("WAIC", "waic"), ("PSIS", "loo_reff")])
def test_differences_are_judged_as_by_loo(scale, criterion, stored, fits, r_loo):
    """By R's own pointwise values: pnorm(0, elpd_diff, se_diff), N = 48, and the k-hats over R's threshold."""
    frame = d.compare(fits, criterion=criterion, scale=scale, convention="loo")
    pointwise = {name: np.array(r_loo[name][stored][f"elpd_{stored.split('_')[0]}"]) for name in fits}
    difference = pointwise["mSTnomem"] - pointwise["mST"]
    expected = stats.norm.cdf(0.0, difference.sum(), np.sqrt(48) * difference.std(ddof=1))
    assert np.isnan(frame.loc["mST", "p_worse"])
    assert frame.loc["mSTnomem", "p_worse"] == pytest.approx(expected, rel=1e-8)
    assert frame["diag_diff"].tolist() == ["", "N < 100"]
    assert "p_worse takes the error" in frame.attrs["caution"]
    if criterion == "PSIS":
        high = [(np.array(r_loo[name][stored]["pareto_k"]) > 0.7).sum() for name in frame.index]
        assert frame["diag_elpd"].tolist() == [f"{count} k_psis > 0.7" for count in high]


@pytest.mark.parametrize(
    ("difference", "observations", "caution"),
    [
        *((0.0, 20, ""), (0.0, 200, ""), (-3.99, 99, "N < 100"), (-50.0, 99, "N < 100")),
        *((-3.99, 100, "|elpd_diff| < 4"), (-4.0, 100, ""), (np.nan, 20, "")),
    ],
)
def test_cautions_of_differences_are_loos(difference, observations, caution):
    assert difference_caution(difference, observations) == caution


def test_a_certain_difference_is_certain_and_none_is_unknown():
    assert p_worse(-32.0, 0.0) == 1.0  # as in loo's own example, LL and LL + 1
    assert np.isnan(p_worse(0.0, 0.0))
    assert p_worse(-3.0, 1.0) == pytest.approx(stats.norm.cdf(0.0, -3.0, 1.0), rel=1e-14)


def test_the_threshold_of_few_draws_is_rounded_as_in_loo():
    assert elpd_caution(1, d.k_threshold(1000)) == "1 k_psis > 0.67"
    assert elpd_caution(0, 0.7) == ""


def loos_check(elpds):
    """R's loo_order_stat_check, line by line, with its indices from 1."""
    ordered = sorted(elpds, reverse=True)
    baseline = ordered[math.floor(len(ordered) / 2) - 1]
    differences = [elpd - baseline for elpd in ordered]
    median = np.median(differences)
    kept = [difference for difference in differences if difference >= median]
    candidate_sd = math.sqrt(1 / len(kept) * sum(difference**2 for difference in kept))
    return max(differences) <= stats.norm.ppf(1 - 1 / (2 * (len(elpds) - 1)), 0, candidate_sd)


def test_the_best_of_many_models_is_judged_as_by_loo():
    rng = np.random.default_rng(1)
    found = [(elpds := rng.normal(size=count), loos_check(elpds)) for count in range(12, 60)]
    assert {expected for _, expected in found} == {True, False}
    assert [is_likely_chance(elpds) for elpds, _ in found] == [expected for _, expected in found]
    assert not is_likely_chance(np.zeros(11))
    assert is_likely_chance(np.zeros(12))
    assert not is_likely_chance([100.0, *rng.normal(size=11)])


def test_many_models_alike_are_warned_of_and_few_are_not(log_liks):
    alike = {f"m{i}": log_liks["mST"] for i in range(14)}
    with pytest.warns(UserWarning, match="14 models are compared, and the best may be the best by chance"):
        frame = d.compare(alike)
    assert "best by chance" in frame.attrs["caution"]
    few = dict(list(alike.items())[:11])
    assert "best by chance" not in d.compare(few).attrs["caution"]


def test_published_table_is_met_within_its_own_noise(fits):
    # The lecture's 2000 draws and our 4000 both scatter: 4 times the spread of runs of 2000 draws
    # (reference collection).
    frame = d.compare(fits)
    published = {"mST": (200.6, 0.94), "mSTnomem": (217.4, 0.79)}
    for model, (waic, spread) in published.items():
        assert abs(frame.loc[model, "WAIC"] - waic) < 4 * spread
    assert abs(frame.loc["mSTnomem", "dWAIC"] - 16.8) < 4 * 1.27
    assert abs(frame.loc["mSTnomem", "dSE"] - 4.35) < 4 * 0.18


def test_loo_convention_changes_se_and_penalty_only_by_divisors(fits, r_loo):
    frame = d.compare(fits, convention="loo")
    for model in ("mST", "mSTnomem"):
        np.testing.assert_allclose(
            frame.loc[model, ["WAIC", "SE"]].astype(float), r_loo[model]["waic_est"]["waic"], rtol=1e-8
        )


def test_log_scale_is_minus_half_the_deviance(fits):
    deviance, log = d.compare(fits), d.compare(fits, scale="log")
    assert (deviance.attrs["scale"], log.attrs["scale"]) == ("deviance", "log")
    assert "deviance scale" in str(deviance)
    assert "log scale" in str(log)
    assert list(log.index) == list(deviance.index)
    np.testing.assert_allclose(log["WAIC"], -deviance["WAIC"] / 2, rtol=1e-15)
    for column in ("SE", "dWAIC", "dSE"):
        np.testing.assert_allclose(log[column], deviance[column] / 2, rtol=1e-15)
    for column in ("pWAIC", "weight"):
        np.testing.assert_array_equal(log[column], deviance[column])


def test_psis_table_tells_how_far_it_can_be_trusted(fits):
    frame = d.compare(fits, criterion="PSIS")
    assert list(frame.columns[6:]) == ["k_max", "k_high", "p_worse", "diag_diff", "diag_elpd"]
    assert frame.loc["mST", "k_high"] == 38
    assert frame.loc["mST", "k_max"] == pytest.approx(1.1156073584094905, rel=1e-6)


@pytest.mark.parametrize(("criterion", "word"), [("WAIC", "p_waic"), ("PSIS", "k-hat")])
def test_warning_names_the_model(criterion, word, fits):
    with pytest.warns(UserWarning, match=f"^mST: {word} is over") as caught:
        d.compare(fits, criterion=criterion)
    assert all(warning.filename == __file__ for warning in caught)  # points at the caller's line


def test_output_says_that_groups_are_scored_with_their_own_parameters(fits):
    assert "own group's parameters known" in d.compare(fits).attrs["note"]
    assert "269.8" in d.compare.__doc__


def test_difference_uses_pointwise_scores_not_the_two_errors(fits):
    frame = d.compare(fits)
    assert frame.loc["mSTnomem", "dSE"] < np.hypot(*frame["SE"])
    same = d.compare({"a": fits["mST"], "b": Fit(fits["mST"].log_likelihood[:, ::-1])})
    assert same["dSE"].iloc[1] == pytest.approx(0, abs=1e-12)  # the same scores: no difference, and a certain one
    np.testing.assert_allclose(same["weight"], 0.5, rtol=1e-12)


def test_akaike_weights_do_not_underflow_for_large_deviances():
    np.testing.assert_allclose(akaike_weights(np.array([1e5, 1e5 + 2])), [1 / (1 + np.exp(-1)), 1 / (1 + np.e)])


def test_arrays_of_log_likelihoods_are_compared_too(fits, log_liks):
    frame = d.compare({name: log_liks[name] for name in fits})
    pd.testing.assert_frame_equal(frame, d.compare(fits), check_exact=True)


def test_log_likelihood_is_asked_for_once():
    class Costly:
        asked = 0

        @property
        def log_likelihood(self):
            self.asked += 1
            return np.random.default_rng(0).normal(size=(2, 50, 4)) / 9

    fit = Costly()
    d.compare({"m": fit})
    assert fit.asked == 1


@pytest.mark.filterwarnings("ignore:broken. the log likelihood of observation 1 is NaN")
def test_nan_never_ranks_first(fits, log_liks):
    broken = log_liks["mST"].copy()
    broken[0, 0, 0] = np.nan
    frame = d.compare({"broken": broken, **fits})
    assert list(frame.index) == ["mST", "mSTnomem", "broken"]
    assert np.isnan(frame.loc["broken", ["WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"]].astype(float)).all()


def test_models_of_different_numbers_of_observations_are_refused(log_liks):
    with pytest.raises(ValueError, match="mST has 48, short has 47"):
        d.compare({"mST": log_liks["mST"], "short": log_liks["mST"][:, :, 1:]})


def test_models_of_different_data_are_refused(log_liks):
    first, second = (Fit(log_liks[name], {"y": (48, name)}) for name in ("mST", "mSTnomem"))
    with pytest.raises(ValueError, match="mST and mSTnomem differ in y"):
        d.compare({"mST": first, "mSTnomem": second})
    for others in (None, {"y": (48, "mST"), "x": (48, "a predictor")}, {"y": (48, "mST"), "groups": (12, "more")}):
        assert len(d.compare({"mST": first, "mSTnomem": Fit(log_liks["mSTnomem"], others)})) == 2


def test_fields_of_another_length_than_the_observations_may_differ(log_liks):
    first, second = (Fit(log_liks[name], {"grid": (7, name)}) for name in ("mST", "mSTnomem"))
    assert len(d.compare({"mST": first, "mSTnomem": second})) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"criterion": "waic"}, "WAIC and PSIS, not 'waic'"),
        ({"scale": "bits"}, "deviance and log, not 'bits'"),
        ({"convention": "stan"}, "not 'stan'"),
    ],
)
def test_unknown_options_are_refused(arguments, message, fits):
    with pytest.raises(ValueError, match=message):
        d.compare(fits, **arguments)


@pytest.mark.parametrize("models", [{}, [1, 2], None])
def test_no_models_by_name_are_refused(models):
    with pytest.raises(ValueError, match="models by name"):
        d.compare(models)
    with pytest.raises(ValueError, match="models by name"):  # not that the second is no criterion
        d.compare(models, models)


@pytest.mark.parametrize("bad", [None, np.zeros((4, 5)), np.zeros((4, 0, 3)), "text"])
def test_a_model_without_usable_log_likelihoods_is_named(bad, log_liks):
    with pytest.raises(ValueError, match=r"^theirs: "):
        d.compare({"mST": log_liks["mST"], "theirs": bad})


@pytest.mark.parametrize("shape", [(), (0,), (2, 2)])
def test_akaike_weights_are_of_models(shape):
    with pytest.raises(ValueError, match=r"deviances need the shape \(models,\)"):
        akaike_weights(np.zeros(shape))
