"""What the lecture says of its models, as assertions on fits: each with a margin from its own error, and a twin."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import hmc
import models
from diagnostics import compare, loo_refit, mcse_mean, waic
from models.coverage import Estimate, coverage, summary, wilson
from tests.helpers.exact_sweep import exact_looic

GOLDEN = Path(__file__).parent / "golden" / "models"


def fit_of(name, **settings):
    return hmc.sample(models.build(name), draws=10_000, seed=31, progress=False, **settings)


@pytest.fixture(scope="module")
def frogs():
    """Fits of mST and mSTP, 4 x 10,000 draws."""
    return {name: fit_of(name) for name in ("mST", "mSTP")}


def quietly(function, *arguments, **options):
    """Call, expecting the warnings about single tanks that these data deserve."""
    with pytest.warns(UserWarning, match="p_waic is over|k-hat"):
        return function(*arguments, **options)


def test_predictions_with_and_without_predators_are_nearly_the_same(frogs):
    survival = {name: fit["p"].mean(axis=(0, 1)) for name, fit in frogs.items()}
    difference = survival["mSTP"] - survival["mST"]
    # Exact: 0.093 at most, 0.033 on average; the Monte Carlo errors are about 0.001. Survival itself spreads 0.57 wide.
    assert np.abs(difference).max() < 0.1
    assert np.sqrt((difference**2).mean()) < 0.036
    assert np.corrcoef(*survival.values())[0, 1] > 0.99
    complete_pooling = frogs["mST"]["p"].mean()  # the negative twin: one survival for all tanks
    assert np.abs(survival["mST"] - complete_pooling).max() > 0.3


def test_predators_explain_most_of_the_variation_among_tanks(frogs):
    sigma = {name: fit["sigma"] for name, fit in frogs.items()}
    assert np.quantile(sigma["mSTP"], 0.945) < np.quantile(sigma["mST"], 0.055)
    # Exact means: 1.62 and 0.91.
    assert sigma["mSTP"].mean() + 4 * mcse_mean(sigma["mSTP"]) < 0.6 * sigma["mST"].mean()


def test_predators_kill(frogs):
    slope = frogs["mSTP"]["bP"]
    assert np.quantile(slope, 0.999) < -0.5
    assert slope.mean() == pytest.approx(-1.825, abs=4 * mcse_mean(slope))


def test_waic_sees_no_use_in_knowing_of_predators_but_predicting_a_new_tank_does(frogs):
    exact = json.loads((GOLDEN / "exact_frog_differences.json").read_text())["mSTP_minus_mST"]
    table = quietly(compare, frogs)
    difference = table.loc["mSTP", "WAIC"] - table.loc["mST", "WAIC"]
    assert difference == pytest.approx(exact["dWAIC"], abs=1.0)  # over 40,000 draws WAIC errs by about 0.2
    assert abs(difference) < table["dSE"].max()
    assert exact["dLOOIC"] < -5 * exact["dSE_LOOIC"]


@pytest.mark.slow
def test_leaving_out_whole_tanks_prefers_to_know_of_predators():
    exact = json.loads((GOLDEN / "exact_frog_differences.json").read_text())["mSTP_minus_mST"]
    left_out = {name: loo_refit(models.build(name), seed=5, progress=False) for name in ("mST", "mSTP")}
    difference = left_out["mSTP"].looic - left_out["mST"].looic
    error = 2 * np.hypot(left_out["mST"].mcse, left_out["mSTP"].mcse)
    assert abs(difference - exact["dLOOIC"]) < 4 * error
    assert difference + 4 * error < 0


SWEEP = np.exp(np.linspace(np.log(0.1), np.log(5.0), 20))


def test_the_learned_sigma_is_the_one_that_predicts_new_tanks_best(frogs):
    """Of the 20 points of the sweep, by exact leave-one-out."""
    golden = json.loads((GOLDEN / "exact_sigma_sweep.json").read_text())["sweep"]
    looic = [exact_looic(sigma) for sigma in SWEEP]
    np.testing.assert_allclose(looic[::2], [point["looic"] for point in golden], atol=1e-6)
    best = SWEEP[np.argmin(looic)]
    assert best == pytest.approx(1.786, abs=1e-3)
    lower, upper = np.quantile(frogs["mST"]["sigma"], [0.055, 0.945])
    assert lower < best < upper
    assert [sigma for sigma in SWEEP if lower < sigma < upper] == pytest.approx([1.454, 1.786], abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("sigma", SWEEP[[12, 14, 17]])
def test_refitting_agrees_with_the_exact_sweep(sigma):
    found = loo_refit(models.mST_fixed(sigma), seed=7, progress=False)
    assert abs(found.looic - exact_looic(sigma)) < 4 * 2 * found.mcse
    assert abs(found.looic - exact_looic(1.2 * sigma)) > 4 * 2 * found.mcse  # the negative twin


def test_waic_hardly_tells_sigmas_from_1_8_to_2_7():
    by_waic = {}
    for sigma in (SWEEP[11], SWEEP[14], SWEEP[16]):
        fit = hmc.sample(models.mST_fixed(sigma), draws=10_000, seed=3, progress=False)
        by_waic[sigma] = quietly(waic, fit.log_likelihood).waic
    small, best, large = by_waic.values()
    assert abs(best - large) < 1.0  # exact: 198.43 and 198.57
    assert small > best + 10


@pytest.fixture(scope="module")
def table():
    """The coverage table of 100 simulated studies, as `hmc coverage` prints it."""
    return coverage(100, seed=12, progress=False)


HONEST = np.sqrt(0.89 * 0.11 / 100)  # the standard error of a coverage that is right


@pytest.mark.slow
def test_estimators_without_a_place_for_the_confound_take_it_for_the_effect_of_x(table):
    for name in ("m0", "mr"):
        row = table.loc[name, "bxy"]
        assert row["bias"] - 4 * row["bias_se"] > 0.2
        assert row["coverage"] < 0.89 - 4 * HONEST


@pytest.mark.slow
def test_the_mundlak_machines_are_near_the_truth_and_honest(table):
    for name in ("mrx", "mru"):
        row = table.loc[name, "bxy"]
        assert abs(row["bias"]) + 3 * row["bias_se"] < 0.15
        assert abs(row["coverage"] - 0.89) < 3.3 * HONEST
        assert row["rmse"] + 3 * row["rmse_se"] < table.loc["mr", "bxy"]["rmse"]


@pytest.mark.slow
def test_fixed_effects_are_inflated_in_small_groups_and_right_in_large_ones(table):
    """Free of the confound, they still overstate: 30 intercepts of under 7 individuals each (incidental parameters)."""
    small = table.loc["mf", "bxy"]
    assert small["bias"] - 4 * small["bias_se"] > 0.2
    large = coverage(20, seed=12, estimators=("m0", "mf"), individuals=2000, progress=False)
    mf, naive = large.loc["mf", "bxy"], large.loc["m0", "bxy"]
    assert abs(mf["bias"]) < 0.06 + 3 * mf["bias_se"]
    assert naive["bias"] - 4 * naive["bias_se"] > 0.2  # which no number of individuals mends


@pytest.mark.slow
def test_fixed_effects_can_say_nothing_of_a_trait_of_groups(table):
    """The posterior of bzy is all but its prior, Normal(0, 1); the other estimators know it to a quarter of that."""
    assert table.loc["mf", "bzy"]["sd"] > 0.85
    for name in ("m0", "mr", "mrx", "mru"):
        assert table.loc[name, "bzy"]["sd"] < 0.3
        assert abs(table.loc[name, "bzy"]["bias"]) < 0.15


def test_coverage_is_that_of_its_seed_and_its_arguments():
    options = {"seed": 3, "estimators": ("m0",), "progress": False}
    one, again = coverage(4, **options), coverage(4, workers=1, **options)
    assert one.equals(again)
    assert one.loc["m0", "bxy"]["studies"] == 4
    assert not coverage(4, **{**options, "seed": 4}).equals(one)
    assert coverage(4, bXY=3.0, **options).loc["m0", "bxy"]["mean"] > one.loc["m0", "bxy"]["mean"]


def test_a_row_of_the_table_is_what_its_estimates_say():
    bounds = [(0.5, 1.5), (1.1, 2.0), (0.1, 0.9), (0.9, 1.2)]  # holds the truth; too high; too low; holds it
    found = [Estimate(1.0, mean, 0.3, *pair) for mean, pair in zip((1.0, 1.6, 0.4, 1.2), bounds, strict=True)]
    row = summary(found, divergences=2)
    assert (row["coverage"], row["studies"], row["divergences"]) == (0.5, 4, 2)
    assert row["bias"] == pytest.approx(0.05)
    assert row["rmse"] == pytest.approx(np.sqrt((0.6**2 + 0.6**2 + 0.2**2) / 4))
    assert row["width"] == pytest.approx((1.0 + 0.9 + 0.8 + 0.3) / 4)
    assert row["coverage_se"] == pytest.approx(np.diff(wilson(0.5, 4))[0] / (2 * stats.norm.ppf(0.975)))


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (20, 20), (13, 20), (178, 200), (0, 1)])
def test_the_interval_of_a_coverage_is_wilsons(successes, n):
    """Also where all intervals contain the truth, of which a Wald interval would be sure."""
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(wilson(successes / n, n), expected, atol=1e-12)


def test_a_seed_drawn_afresh_is_the_same_for_all_estimators_and_is_kept():
    drawn = coverage(2, seed=None, estimators=("m0", "mr"), progress=False)
    again = coverage(2, seed=drawn.attrs["seed"], estimators=("m0", "mr"), progress=False)
    assert drawn.equals(again)
    assert coverage(2, seed=3, estimators="m0", progress=False).index.tolist() == [("m0", "bxy"), ("m0", "bzy")]


def test_studies_that_cannot_be_fitted_are_said():
    with pytest.raises(RuntimeError, match=r"^coverage: no study could be fitted; m0, study 0: .* X = .* is too large"):
        coverage(2, estimators="m0", mean_U=1e300, workers=1, progress=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimators": ("m1",)}, "coverage knows the estimators m0, mf, mr, mrx, mru, not m1"),
        ({"groups": 0}, "simulate_study: groups = 0 is not a whole number from 1"),
        ({"replications": 0}, "replications = 0"),
    ],
)
def test_coverage_refuses_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        coverage(**{"replications": 2, "progress": False, **options})
