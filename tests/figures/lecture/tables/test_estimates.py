"""The lecture's table of estimates, number by number: what is judged, of which data, and by what errors."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import hmc
import models
from diagnostics import ess_bulk, mcse_mean, rhat
from figures.lecture.tables import estimates as module
from figures.lecture.tables.estimates import estimates
from figures.lecture.tables.truth import agreement, is_of_bundled_data
from models.tables import BUNDLED

GOLDEN = Path(__file__).parents[3] / "golden" / "models"
TANKS = pd.read_csv(BUNDLED / "reedfrogs.csv")


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def fit_of(model, **settings):
    return hmc.sample(model, **{"seed": 5, "progress": False} | settings)


class Moved(dict):
    """The draws of a fit, some of them moved: `by` so many Monte Carlo standard errors of their means."""

    def __init__(self, fit, key, element=(), by=0.0):
        super().__init__({name: fit[name].copy() for name in fit})
        self.name, self.identity = fit.name, fit.identity
        self[key][(..., *element)] += by * mcse_mean(self[key][(..., *element)])


@pytest.fixture(scope="module")
def mst():
    return fit_of(models.mST())


@pytest.fixture(scope="module")
def table(mst):
    return estimates(mst, "mST")


@pytest.fixture(scope="module")
def nomem():
    return fit_of(models.mSTnomem())


@pytest.mark.parametrize(("label", "element"), [("a[1]", 0), ("a[38]", 37), ("a[48]", 47), ("sigma", None)])
def test_every_number_is_that_of_the_draws_and_of_the_exact_posterior(mst, table, label, element):
    draws = mst["sigma"] if element is None else mst["a"][:, :, element]
    exact, row = golden("exact_mST")["parameters"][label], table.loc[label]
    assert row["mean"] == pytest.approx(draws.mean(), rel=1e-12)
    assert row["sd"] == pytest.approx(draws.std(ddof=1), rel=1e-12)
    assert row[["5.5%", "94.5%"]].tolist() == pytest.approx(np.quantile(draws, [0.055, 0.945]).tolist(), rel=1e-12)
    assert row["n_eff"] == pytest.approx(ess_bulk(draws), rel=1e-12)
    assert row["Rhat4"] == pytest.approx(rhat(draws), rel=1e-12)
    assert (row["exact mean"], row["exact sd"]) == (exact["mean"], exact["sd"])
    assert row["z"] == pytest.approx((draws.mean() - exact["mean"]) / mcse_mean(draws), rel=1e-12)


def test_of_other_models_the_scalars_are_shown_and_all_parameters_are_judged(nomem):
    table = estimates(nomem, "mSTnomem")
    assert table.index.tolist() == ["a_bar"]
    assert [column for column in table if column.startswith("published")] == []
    verdict, hidden = table.attrs["notes"]
    assert verdict.startswith("The means agree with the exact ones: the largest |z| of 49 is")
    assert "`hmc fit mSTnomem --depth 2` also shows 48 elements" in hidden


def test_a_model_without_scalars_shows_its_vectors():
    table = estimates(fit_of(models.mRS(), draws=50, metric="dense"), "mRS")
    assert table.index.tolist() == [f"alpha[{k}]" for k in range(1, 7)] + [f"b[{story}]" for story in range(1, 13)]
    assert table["exact mean"].notna().all()


def test_a_mean_that_is_off_is_named_whether_it_is_shown_or_not(mst, nomem):
    assert "(a[7])" in estimates(Moved(mst, "a", (6,), by=8.0), "mST").attrs["notes"][0]
    hidden = estimates(Moved(nomem, "a", (6,), by=-8.0), "mSTnomem").attrs["notes"][0]
    assert "do NOT agree" in hidden
    assert "(a[7])" in hidden


def test_draws_that_do_not_move_have_no_standard_error_and_agree_with_nothing(mst):
    stuck = Moved(mst, "sigma")
    stuck["sigma"][:] = golden("exact_mST")["parameters"]["sigma"]["mean"]
    note = estimates(stuck, "mST").attrs["notes"][0]
    assert "do NOT agree" in note
    assert "1 have no standard error, sigma among them" in note


def test_of_few_draws_the_largest_error_is_said_and_not_judged():
    scores = {"a": 9.0, "b": 0.1}
    assert agreement("They", scores, 1000).startswith(
        "They do NOT agree with the exact ones: the largest |z| of 2 is 9.0"
    )
    few = agreement("They", scores, 999)
    assert few.startswith(
        "They may or may not agree with the exact ones, since standard errors from 999 draws are rough"
    )
    assert "9.0" in few
    assert agreement("They", {"a": 1.0}, 10).startswith("They agree with the exact ones: |z| is 1.0")


@pytest.mark.parametrize(
    "model",
    [models.mST(TANKS[:47]), models.mST(TANKS[::-1]), models.mST().without(3)],
    ids=["a tank less", "another order", "a tank left out"],
)
def test_of_other_data_nothing_exact_and_nothing_published_is_shown(model):
    table = estimates(fit_of(model, draws=50, warmup=200), "mST")
    assert table.columns.tolist() == ["mean", "sd", "5.5%", "94.5%", "n_eff", "Rhat4"]
    assert table.attrs["notes"] == []


def test_the_bundled_data_are_recognised_from_a_table_of_ones_own_and_from_a_file(mst, tmp_path):
    assert is_of_bundled_data(fit_of(models.mST(TANKS), draws=20, warmup=100), "mST")
    mst.save(tmp_path / "mST.fit")
    assert is_of_bundled_data(hmc.load(tmp_path / "mST.fit"), "mST")


def test_another_model_or_a_fit_that_does_not_know_its_data_is_not_of_the_bundled_data(mst):
    assert not is_of_bundled_data(mst, "mSTnc")
    assert not is_of_bundled_data({"a": mst["a"]}, "mST")
    assert not is_of_bundled_data(SimpleNamespace(name="mST"), "mST")
    partly = mst.identity._replace(data=dict(list(mst.identity.data.items())[:1]))
    assert not is_of_bundled_data(SimpleNamespace(name="mST", identity=partly), "mST")


def test_no_published_number_differs_by_more_than_rounding_and_monte_carlo_error(table):
    compared = table.attrs["notes"][1]
    assert compared.startswith("Of 200 published means, sds and bounds, none differ from the exact ones")
    assert "2,000 draws; the farthest is" in compared
    assert float(re.search(r"([\d.]+) standard errors\.$", compared).group(1)) < 4.0


@pytest.mark.parametrize(
    ("label", "column", "words"),
    [
        ("a[37]", "sd", "the sd of a[37]"),
        ("a[9]", "5.5%", "the 5.5% bound of a[9]"),
    ],
)
def test_a_published_number_that_is_wrong_is_listed(mst, monkeypatch, label, column, words):
    wrong = models.exact.published()
    size = {"sd": 0.08, "5.5%": 0.2}[column]
    wrong["precis"][label][column] = round(wrong["precis"][label][column] - size, 2)
    monkeypatch.setattr(module, "published", lambda: wrong)
    note = estimates(mst, "mST").attrs["notes"][1]
    assert "sds and bounds, 1 differ" in note
    assert f"{words}: published {wrong['precis'][label][column]:.2f}, exact" in note


def test_the_errors_of_published_numbers_are_the_spread_over_runs_of_so_many_draws(mst):
    printed = models.exact.published()
    whole = module.precis(mst, depth=2, mcse=True)
    exact, quantiles = models.exact_posterior("mST"), models.exact.exact_quantiles("mST")
    whole["exact mean"], whole["exact sd"] = np.transpose([exact[label] for label in whole.index])
    truth = module._exact_values(whole, quantiles)
    errors = module.published_errors(mst, whole, truth, printed)
    runs = [estimates_of_run(seed) for seed in range(24)]
    for column in ("sd", "5.5%", "94.5%"):
        spread = np.sqrt(np.mean([(run[column] - truth[column]) ** 2 for run in runs], axis=0))
        # Of one parameter a spread over 24 runs is known to 15%; of the 50 together to a few per cent.
        assert np.median(spread / errors[column]) == pytest.approx(1.0, abs=0.15), column


def estimates_of_run(seed):
    """Of a run of the lecture's 2,000 draws: sd and bounds of all parameters."""
    fit = fit_of(models.mST(), draws=500, warmup=300, seed=1000 + seed)
    draws = np.concatenate([fit["a"], fit["a_bar"][..., None], fit["sigma"][..., None]], axis=2).reshape(2000, 50)
    lower, upper = np.quantile(draws, [0.055, 0.945], axis=0)
    return {"sd": draws.std(axis=0, ddof=1), "5.5%": lower, "94.5%": upper}
