"""The lecture's tables that compare models of the tadpoles: their numbers, and what their notes make of them."""

import csv
import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hmc
import models
from diagnostics.loo_refit import LooRefit, RefitPointwise
from figures.lecture.tables import TABLES, as_csv, comparisons
from figures.lecture.tables.comparisons import comparison_by_psis, comparison_by_waic
from models.tables import BUNDLED

GOLDEN = Path(__file__).parents[3] / "golden" / "models"


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


class Rescored:
    """A fit whose log likelihoods are others."""

    def __init__(self, fit, change):
        self.name, self.identity, self.log_likelihood = fit.name, fit.identity, change(fit.log_likelihood)


@pytest.fixture(scope="module")
def fits():
    names = ("mST", "mSTnomem", "mSTP")
    return {name: hmc.sample(models.build(name), seed=5, progress=False) for name in names}


@pytest.fixture(scope="module")
def refits():
    """As if refitted: the exact scores of tanks left out, each off by a standard error of 0.02."""
    return {name: refit_of(name, sign) for name, sign in (("mST", 1.0), ("mSTP", -1.0))}


def refit_of(name, errors_off, mcse=0.02):
    exact = np.array(golden(f"exact_{name}")["pointwise"]["elpd_loo"])
    elpd = exact + errors_off * mcse / np.sqrt(48)
    rhat, divergences = np.linspace(1.0, 1.004, 48), np.eye(48)[7]
    parts = RefitPointwise(elpd, 0 * elpd, -2 * elpd, 0 * elpd + mcse, rhat, divergences, 0 * elpd)
    se = np.sqrt(48 * parts.looic.var(ddof=1))
    return LooRefit(elpd.sum(), 0.0, parts.looic.sum(), se, mcse * np.sqrt(48), parts)


def waic_of(fit):
    """(pointwise WAIC, pWAIC), from their definitions."""
    log_lik = fit.log_likelihood.reshape(-1, 48)
    penalty = log_lik.var(axis=0)
    return -2 * (np.log(np.exp(log_lik).mean(axis=0)) - penalty), penalty.sum()


def with_memory(fits):
    return {name: fits[name] for name in ("mST", "mSTnomem")}


def with_predators(fits):
    return {name: fits[name] for name in ("mST", "mSTP")}


def test_waic_is_that_of_the_draws(fits):
    table = comparison_by_waic(with_memory(fits))
    scores = {name: waic_of(fits[name]) for name in table.index}
    assert table.index.tolist() == ["mST", "mSTnomem"]
    for name, (pointwise, penalty) in scores.items():
        assert table.loc[name, "WAIC"] == pytest.approx(pointwise.sum(), rel=1e-10)
        assert table.loc[name, "SE"] == pytest.approx(np.sqrt(48 * pointwise.var()), rel=1e-10)
        assert table.loc[name, "pWAIC"] == pytest.approx(penalty, rel=1e-10)
    difference = scores["mSTnomem"][0] - scores["mST"][0]
    assert table.loc["mSTnomem", "dWAIC"] == pytest.approx(difference.sum(), rel=1e-10)
    assert table.loc["mSTnomem", "dSE"] == pytest.approx(np.sqrt(48 * difference.var(ddof=1)), rel=1e-10)


def test_a_comparison_repeats_the_cautions_that_hmc_compare_prints(fits):
    two = {name: fits[name] for name in ("mST", "mSTnomem")}
    table = comparison_by_waic(two)
    assert table.attrs["severity"] == "warning"
    told = [note for note in table.attrs["notes"] if "p_waic" in note]
    assert [note.partition(":")[0] for note in told] == [*two]
    calm = {name: Rescored(fit, lambda log_lik: 0.01 * log_lik) for name, fit in two.items()}
    table = comparison_by_waic(calm)
    assert table.attrs["severity"] is None
    assert not [note for note in table.attrs["notes"] if "p_waic" in note]


def test_how_sure_the_best_model_is_stands_in_the_note(fits):
    note = comparison_by_waic(with_memory(fits)).attrs["notes"][0]
    difference = waic_of(fits["mSTnomem"])[0] - waic_of(fits["mST"])[0]
    probability = stats.norm.cdf(difference.sum() / np.sqrt(48 * difference.var(ddof=1)))
    assert note.endswith(
        f"worse than mST with probability {probability:.2f} (not calibrated, since N < 100; likely too large)."
    )


def test_beside_waic_stand_the_exact_and_the_published_numbers(fits):
    table = comparison_by_waic(with_memory(fits))
    between = golden("exact_frog_differences")["mSTnomem_minus_mST"]
    for name, difference in (("mST", [0.0, np.nan]), ("mSTnomem", [between["dWAIC"], between["dSE_WAIC"]])):
        known = golden(f"exact_{name}")["ic"]
        found = table.loc[name, [f"exact {c}" for c in ("WAIC", "SE", "pWAIC", "dWAIC", "dSE")]].tolist()
        expected = [known["WAIC"], known["WAIC_se_rethinking"], known["pWAIC"], *difference]
        np.testing.assert_array_equal(found, expected)
    with open(GOLDEN / "published_compare_mST_mSTnomem.csv", newline="") as lines:
        for row in csv.DictReader(lines):
            for column in ("WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"):
                found, printed = table.loc[row["model"], f"published {column}"], row[column]
                assert found == float(printed) if printed else np.isnan(found)


def test_our_waic_is_judged_by_how_it_scatters_from_run_to_run(fits):
    assert comparison_by_waic(with_memory(fits)).attrs["notes"][1].startswith("Our numbers agree with the exact ones")
    rescored = {name: Rescored(fit, lambda log_lik: log_lik - 0.05) for name, fit in with_memory(fits).items()}
    off = comparison_by_waic(rescored).attrs["notes"][1]  # each WAIC larger by 4.8
    assert off.startswith("Our numbers do NOT agree with the exact ones: the largest |z| of 8 is")
    assert "(WAIC of mST" in off


def test_the_published_waic_is_judged_by_the_scatter_of_so_many_draws(fits):
    scatter = golden("noise_at_lecture_size")["mST"]["SE"]
    z = (7.52 - 0.005 - golden("exact_mST")["ic"]["WAIC_se_rethinking"]) / scatter["sd_of_blocks"]
    notes = comparison_by_waic(with_memory(fits)).attrs["notes"]
    assert notes[2].startswith(
        "The published numbers differ from the exact ones by no more than rounding and the Monte Carlo error of 2,000"
    )
    assert f"the largest |z| of 8 is {z:.1f} standard deviations between runs (SE of mST)" in notes[2]


def test_rounding_is_half_a_unit_of_the_last_place_that_is_printed():
    columns = ([200.6, 217.4], [7.52, 7.8], [np.nan, 4.35], [25.0])
    found = [comparisons._half_a_digit(column) for column in columns]
    assert found == pytest.approx([0.05, 0.005, 0.005, 0.5])


def test_refits_and_quadrature_stand_beside_psis(fits, refits):
    table = comparison_by_psis(with_predators(fits), refits)
    between = golden("exact_frog_differences")["mSTP_minus_mST"]
    assert table.index.tolist() == ["mSTP", "mST"]
    looic = {name: refits[name].looic for name in refits}
    pointwise = refits["mST"].pointwise.looic - refits["mSTP"].pointwise.looic
    row = table.loc["mST"]
    assert row["refitted looic"] == looic["mST"]
    assert row["refitted dlooic"] == looic["mST"] - looic["mSTP"]
    assert row["refitted dSE"] == pytest.approx(np.sqrt(48 * pointwise.var(ddof=1)), rel=1e-12)
    assert row["refitted MCSE"] == pytest.approx(2 * np.sqrt(48) * 0.02, rel=1e-12)
    assert row["exact looic"] == golden("exact_mST")["ic"]["looic"]
    assert (row["exact dlooic"], row["exact dSE"]) == (-between["dLOOIC"], between["dSE_LOOIC"])
    assert table.loc["mSTP", ["refitted dlooic", "exact dlooic"]].tolist() == [0.0, 0.0]
    assert table.loc["mSTP", ["refitted dSE", "exact dSE", "dSE"]].isna().all()


def test_what_criteria_disagree_about_is_told_by_the_numbers_of_fits_refits_and_quadrature(fits, refits):
    waic = waic_of(fits["mSTP"])[0] - waic_of(fits["mST"])[0]
    loo = refits["mSTP"].pointwise.looic - refits["mST"].pointwise.looic
    se = {name: np.sqrt(48 * pointwise.var(ddof=1)) for name, pointwise in (("waic", waic), ("loo", loo))}
    notes = comparison_by_psis(with_predators(fits), refits).attrs["notes"]
    error = 2 * np.hypot(refits["mST"].mcse, refits["mSTP"].mcse)
    assert notes[3].startswith(
        f"mSTP minus mST: by WAIC {waic.sum():.1f} (standard error over tanks {se['waic']:.1f}; exactly -1.3)"
    )
    assert (
        f"by exact leave-one-out {loo.sum():.1f} (standard error over tanks {se['loo']:.1f}, "
        f"Monte Carlo error {error:.1f}; by quadrature -37.3)"
    ) in notes[3]
    assert notes[4] == "The largest Rhat of 96 refits is 1.004; 2 transitions diverged."


def test_refits_are_judged_by_their_monte_carlo_error(fits, refits):
    agreeing = comparison_by_psis(with_predators(fits), refits).attrs["notes"][-1]
    assert agreeing.startswith("The refitted looic agree with the exact ones: the largest |z| of 2 is 1.0")
    off = comparison_by_psis(with_predators(fits), refits | {"mSTP": refit_of("mSTP", 5.0)}).attrs["notes"][-1]
    assert off.startswith("The refitted looic do NOT agree with the exact ones: the largest |z| of 2 is 5.0")
    assert "(mSTP)" in off


def test_where_no_k_hat_is_high_psis_is_not_said_to_fail(fits, refits):
    tame = {name: Rescored(fit, lambda log_lik: 0.02 * log_lik) for name, fit in with_predators(fits).items()}
    notes = comparison_by_psis(tame, refits).attrs["notes"]
    assert notes[1:3] == [f"{name}: no k-hat is over 0.70." for name in comparison_by_psis(tame, refits).index]


def test_of_other_data_only_the_numbers_of_fits_and_refits_are_shown(refits):
    tanks = pd.read_csv(BUNDLED / "reedfrogs.csv").assign(surv=lambda frame: frame["surv"].clip(upper=20))
    other = {
        name: hmc.sample(models.build(name, data=tanks), seed=5, draws=100, warmup=300, progress=False)
        for name in ("mST", "mSTnomem", "mSTP")
    }
    by_waic = comparison_by_waic(with_memory(other))
    assert by_waic.columns.tolist() == ["WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"]
    assert len([note for note in by_waic.attrs["notes"] if "p_waic" not in note]) == 2
    by_psis = comparison_by_psis(with_predators(other), refits)
    assert not [column for column in by_psis if column.startswith("exact")]
    assert not [note for note in by_psis.attrs["notes"] if "quadrature" in note or "exactly -" in note]


def test_the_registry_makes_the_tables_that_can_be_read_back_to_the_last_bit(fits, refits):
    inputs = {**fits, **{f"refit {name}": refit for name, refit in refits.items()}}
    for name in ("mST_mSTnomem_WAIC", "mST_mSTP_PSIS"):
        entry = TABLES[name]
        table = entry.function({needed: inputs[needed] for needed in entry.needs})
        read = pd.read_csv(StringIO(as_csv(table)), index_col=0, dtype=str)  # the last bit is float's to find
        assert read.index.tolist() == table.index.tolist()
        assert read.columns.tolist() == table.columns.tolist()
        np.testing.assert_array_equal(read.to_numpy(dtype=float), table.to_numpy(dtype=float))
