"""figures.lecture.tables: every number against an independent one, and what the notes say of them."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import hmc
import models
from diagnostics import compare, mcse_mean, precis, psis_loo
from diagnostics.loo_refit import LooRefit, RefitPointwise
from figures.lecture.tables import TABLES, as_csv, comparisons, truth
from figures.lecture.tables.estimates import estimates
from models.exact import exact_criteria, exact_posterior, published

GOLDEN = Path(__file__).parents[3] / "golden" / "models"
ESTIMATORS = ("m0", "mf", "mr", "mrx", "mru")


def sampled(name, **options):
    model = models.build(name, **options)
    return hmc.sample(model, warmup=500, draws=500, workers=1, progress=False)


@pytest.fixture(scope="module")
def fits():
    return {name: sampled(name) for name in ("mST", "mSTnomem", "mSTP", "mSTD", *ESTIMATORS)}


@pytest.fixture(scope="module")
def other_tanks():
    frame = pd.read_csv(models.tables.BUNDLED / "reedfrogs.csv")
    frame.loc[0, "surv"] -= 1
    return sampled("mST", data=frame)


class Shifted:
    """A fit whose draws of one parameter are off by so many Monte Carlo standard errors."""

    def __init__(self, fit, name, errors):
        self._fit, self._moved = fit, (name, fit[name] + errors * mcse_mean(fit[name]))

    def __getitem__(self, name):
        return self._moved[1] if name == self._moved[0] else self._fit[name]

    def __iter__(self):
        return iter(self._fit)

    def __getattr__(self, name):
        return getattr(self._fit, name)


def refit(deviance, mcse):
    """A `LooRefit` with these deviances of tanks, all of one Monte Carlo error."""
    deviance, n = np.asarray(deviance), len(deviance)
    pointwise = RefitPointwise(
        -deviance / 2, np.zeros(n), deviance, np.full(n, mcse), np.full(n, 1.004), np.zeros(n, int), np.zeros(n)
    )
    return LooRefit(-deviance.sum() / 2, 0.0, deviance.sum(), 1.0, mcse * np.sqrt(n), pointwise)


def test_estimates_are_those_of_precis_beside_the_stored_ones(fits):
    table, expected = estimates(fits["mST"], "mST"), precis(fits["mST"], depth=2)
    np.testing.assert_array_equal(table[expected.columns], expected)
    assert list(table.index) == [*(f"a[{i}]" for i in range(1, 49)), "a_bar", "sigma"]
    golden = json.loads((GOLDEN / "exact_mST.json").read_text())["parameters"]
    printed = pd.read_csv(GOLDEN / "published_precis_mST.csv", index_col=0)
    for label in ("a[1]", "a[48]", "a_bar", "sigma"):
        assert table.loc[label, "exact mean"] == golden[label]["mean"]
        assert table.loc[label, "exact sd"] == golden[label]["sd"]
        for column in ("mean", "sd", "5.5%", "94.5%"):
            assert table.loc[label, f"published {column}"] == printed.loc[label, column]
    z = (np.mean(fits["mST"]["a_bar"]) - golden["a_bar"]["mean"]) / mcse_mean(fits["mST"]["a_bar"])
    assert table.loc["a_bar", "z"] == pytest.approx(z, rel=1e-12)


def test_estimates_of_a_model_without_exact_ones_are_precis_alone(fits):
    table = estimates(fits["mSTD"], "mSTD")
    assert exact_posterior("mSTD") is None
    pd.testing.assert_frame_equal(table, precis(fits["mSTD"], depth=1), check_names=False, check_frame_type=False)
    assert "Scalars only" in table.attrs["notes"][0]
    assert "48 elements" in table.attrs["notes"][0]


def test_a_fit_of_other_data_is_not_held_against_the_exact_one(fits, other_tanks):
    assert not truth.is_of_bundled_data(other_tanks, "mST")
    assert truth.is_of_bundled_data(fits["mST"], "mST")
    assert not truth.is_of_bundled_data(fits["mST"], "mSTP")
    for table in (estimates(other_tanks, "mST"), comparisons.comparison_by_waic({"mST": other_tanks})):
        assert not [column for column in table if column.startswith(("exact", "published")) or column == "z"]


def test_a_mean_that_is_off_is_told_and_one_that_is_right_is_not(fits):
    assert estimates(fits["mST"], "mST").attrs["notes"][0].startswith("The means agree with the exact ones: ")
    wrong = estimates(Shifted(fits["mST"], "sigma", 10.0), "mST").attrs["notes"][0]
    assert wrong.startswith("The means do NOT agree with the exact ones: ")
    assert "(sigma)" in wrong


@pytest.mark.parametrize("count", [1, 50, 200])
def test_the_largest_score_exceeds_its_bound_once_in_a_thousand_times(count):
    bound = truth.largest_by_chance(count)
    assert count * 2.0 * scipy.stats.norm.sf(bound) == pytest.approx(1e-3, rel=1e-9)


def test_a_score_without_a_standard_error_is_no_agreement():
    assert truth.judged({"a": 0.1, "b": float("nan")})[1] is False
    assert truth.judged({"a": 0.1})[1] is True
    assert truth.judged({"a": -9.0})[1] is False
    assert truth.judged({}) == ("", True)


def test_published_values_that_are_off_are_listed(fits, monkeypatch):
    right = " ".join(estimates(fits["mST"], "mST").attrs["notes"])
    assert "Of 200 published means, sds and bounds, none differ" in right
    printed = published()
    printed["precis"]["a[7]"]["mean"] += 0.5
    monkeypatch.setattr("figures.lecture.tables.estimates.published", lambda: printed)
    wrong = " ".join(estimates(fits["mST"], "mST").attrs["notes"])
    assert "Of 200 published means, sds and bounds, 1 differ" in wrong
    assert f"the mean of a[7]: published {printed['precis']['a[7]']['mean']:.2f}" in wrong


def test_the_comparison_by_waic_has_the_exact_and_the_published_rows(fits):
    given = {name: fits[name] for name in ("mST", "mSTnomem")}
    table = TABLES["mST_mSTnomem_WAIC"].function(given)
    with pytest.warns(UserWarning, match="p_waic"):
        expected = compare(given).drop(columns=["p_worse", "diag_diff"])  # which the note tells in words
    np.testing.assert_array_equal(table[expected.columns], expected)
    assert "worse than mST with probability" in table.attrs["notes"][0]
    printed = pd.read_csv(GOLDEN / "published_compare_mST_mSTnomem.csv", index_col=0)
    golden = {name: json.loads((GOLDEN / f"exact_{name}.json").read_text())["ic"] for name in given}
    for name in given:
        assert table.loc[name, "exact WAIC"] == golden[name]["WAIC"]
        assert table.loc[name, "exact pWAIC"] == golden[name]["pWAIC"]
        for column in printed.columns:
            np.testing.assert_equal(table.loc[name, f"published {column}"], printed.loc[name, column])
    difference = golden["mSTnomem"]["WAIC"] - golden["mST"]["WAIC"]
    assert table.loc["mSTnomem", "exact dWAIC"] == pytest.approx(difference, abs=1e-9)
    notes = " ".join(table.attrs["notes"])
    assert "Our numbers agree with the exact ones" in notes
    assert "The published numbers differ from the exact ones by no more than" in notes
    assert "dWAIC of mSTnomem: published 16.8, exact 17.71" in notes


def test_a_published_comparison_that_is_off_is_told(fits, monkeypatch):
    printed = published()
    printed["compare"]["mST"]["WAIC"] += 10.0
    monkeypatch.setattr(comparisons, "published", lambda: printed)
    table = comparisons.comparison_by_waic({name: fits[name] for name in ("mST", "mSTnomem")})
    assert "The published numbers differ from the exact ones by more than" in " ".join(table.attrs["notes"])


def test_every_number_of_the_published_comparison_stands_once_beside_the_exact_one(fits):
    table = comparisons.comparison_by_waic({name: fits[name] for name in ("mST", "mSTnomem")})
    (note,) = [note for note in table.attrs["notes"] if note.startswith("Differences from the published table: ")]
    told = re.findall(r"(\w+) of (\w+): published ([\d.]+), exact ([\d.]+\d)", note)
    by_definition = {("dWAIC", "mST"), ("weight", "mST"), ("weight", "mSTnomem")}  # 0, and what follows from the rest
    stored = {(key, name): x for name, row in published()["compare"].items() for key, x in row.items() if x is not None}
    assert {(key, name): float(x) for key, name, x, _ in told} == {k: stored[k] for k in stored.keys() - by_definition}
    assert len(told) == note.count("published ") - 1 == 8
    for key, name, _, exact in told:
        assert exact == f"{table.loc[name, f'exact {key}']:.2f}"


def test_the_divisors_of_the_two_standard_errors_are_told_and_true(fits):
    given = {name: fits[name] for name in ("mST", "mSTnomem")}
    table = comparisons.comparison_by_waic(given)
    assert "n times the population variance" in table.attrs["notes"][-1]
    assert "dSE has the divisor n - 1" in table.attrs["notes"][-1]
    log_lik = {name: fit.log_likelihood.reshape(-1, 48) for name, fit in given.items()}
    waic = {name: -2 * (np.log(np.exp(x).mean(axis=0)) - x.var(axis=0)) for name, x in log_lik.items()}
    assert table.loc["mST", "SE"] == pytest.approx(np.sqrt(48 * waic["mST"].var()), rel=1e-10)
    between = (waic["mSTnomem"] - waic["mST"]).var(ddof=1)
    assert table.loc["mSTnomem", "dSE"] == pytest.approx(np.sqrt(48 * between), rel=1e-10)


def test_the_comparison_by_psis_has_its_warning_and_leave_one_out_beside_it(fits):
    exact = {name: exact_criteria(name)["looic"] for name in ("mST", "mSTP")}
    refits = {name: refit(np.linspace(0.5, 1.5, 48) * looic / 48, 0.03) for name, looic in exact.items()}
    inputs = {name: fits[name] for name in exact} | {f"refit {name}": refits[name] for name in exact}
    table = TABLES["mST_mSTP_PSIS"].function(inputs)
    np.testing.assert_allclose(table["refitted looic"], table["exact looic"], rtol=1e-12)
    np.testing.assert_allclose(table["refitted MCSE"], 2 * 0.03 * np.sqrt(48))
    assert table.loc["mST", "refitted dlooic"] == pytest.approx(exact["mST"] - exact["mSTP"], abs=1e-9)
    assert table.loc["mST", "exact dlooic"] == pytest.approx(37.2802, abs=1e-3)
    notes = table.attrs["notes"]
    for name in exact:
        with pytest.warns(UserWarning, match="k-hat"):
            by_psis = psis_loo(fits[name].log_likelihood)
        high = np.count_nonzero(by_psis.pareto_k > by_psis.k_threshold)
        (warning,) = [note for note in notes if note.startswith(f"{name}: k-hat")]
        assert f"for {high} of 48 observations" in warning
        assert f"too optimistic by {exact[name] - by_psis.looic:.0f}." in warning
    assert any("exactly -1.3" in note and "quadrature -37.3" in note for note in notes)


def test_the_estimators_stand_below_each_other_with_truth_and_reference(fits):
    table = TABLES["estimators"].function({name: fits[name] for name in ESTIMATORS})
    assert list(dict.fromkeys(table.index.get_level_values(0))) == list(ESTIMATORS)
    for name in ESTIMATORS:
        assert table.loc[(name, "bxy"), "truth"] == 1.0
        assert table.loc[(name, "bzy"), "truth"] == -0.5
        assert table.loc[(name, "bxy"), "mean"] == precis(fits[name]).loc["bxy", "mean"]
    golden = json.loads((GOLDEN / "nutpie_mru.json").read_text())["parameters"]["bxy"]
    assert table.loc[("mru", "bxy"), "exact mean"] == golden["mean"]
    error = np.hypot(mcse_mean(fits["mru"]["bxy"]), golden["mcse_mean"])
    z = (np.mean(fits["mru"]["bxy"]) - golden["mean"]) / error
    assert table.loc[("mru", "bxy"), "z"] == pytest.approx(z, rel=1e-9)
    assert any(note.startswith("Our means agree with the exact ones") for note in table.attrs["notes"])
    wrong = TABLES["estimators"].function({"m0": Shifted(fits["m0"], "bxy", 10.0)})
    assert any("do NOT agree" in note and "(bxy of m0)" in note for note in wrong.attrs["notes"])


def test_the_table_of_coverage_says_what_failed():
    index = pd.MultiIndex.from_product([["m0", "mru"], ["bxy", "bzy"]], names=["estimator", "coefficient"])
    columns = ["truth", "mean", "bias", "bias_se", "rmse", "rmse_se", "coverage", "coverage_se", "width", "studies"]
    found = pd.DataFrame(np.arange(40.0).reshape(4, 10), index=index, columns=columns)
    found.attrs = {"failures": ["m0, study 3: it broke"], "interrupted": True, "seed": 1}
    table = TABLES["coverage"].function({"coverage": found})
    np.testing.assert_array_equal(table, found)
    assert list(table.columns) == [name.replace("_", " ") for name in columns]
    notes = " ".join(table.attrs["notes"])
    assert "Failed: m0, study 3: it broke." in notes
    assert "interrupted" in notes
    found.attrs = {"failures": [], "interrupted": False, "seed": 1}
    assert len(TABLES["coverage"].function({"coverage": found}).attrs["notes"]) == 1


def test_a_file_of_a_table_gives_back_its_numbers(fits):
    table = estimates(fits["mST"], "mST")
    read = pd.read_csv(io.StringIO(as_csv(table)), index_col=0, dtype=str)  # the last bit is float's to find
    assert [list(read.index), list(read.columns)] == [list(table.index), list(table.columns)]
    np.testing.assert_array_equal(read.astype(float), table)
    assert as_csv(table) == as_csv(estimates(fits["mST"], "mST"))


def test_tables_need_what_there_is():
    for entry in TABLES.values():
        for need in entry.needs:
            assert need == "coverage" or need.removeprefix("refit ") in models.names()
        assert len(entry.caption) > 40
