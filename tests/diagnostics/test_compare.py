"""The table of models."""

from types import SimpleNamespace

import numpy as np
import pytest

import diagnostics as d
from diagnostics.compare import akaike_weights

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


def test_waic_table_has_the_lectures_columns_and_no_others(fits):
    assert list(d.compare(fits).columns) == ["WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"]


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
    assert list(frame.columns[6:]) == ["k_max", "k_high"]
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
    np.testing.assert_array_equal(frame.to_numpy(), d.compare(fits).to_numpy())


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
