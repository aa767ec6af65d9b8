"""Fits of the lecture's models agree with exact posteriors (quadrature), and with the lecture's printed tables.

Exact values and published tables are in tests/golden/models, with provenance. A long run is compared with the exact
values over all parameters at once, as z-scores against Monte Carlo standard errors. Seeds are fixed; the levels at
which a check fails are false alarms once in 10,000 runs of a right sampler, and the negative twins show their power.
"""

import csv
import json
from pathlib import Path

import numba
import numpy as np
import pytest

import hmc
import models
from diagnostics import compare, precis, waic

GOLDEN = Path(__file__).parent / "golden" / "models"


def exact(name):
    return json.loads((GOLDEN / f"exact_{name}.json").read_text())


def published(name):
    with open(GOLDEN / f"published_{name}.csv", newline="") as file:
        return list(csv.DictReader(file))


def long_fit(name, **settings):
    return hmc.sample(models.build(name), chains=4, warmup=1000, draws=25_000, seed=2023, progress=False, **settings)


@pytest.fixture(scope="module")
def long_fits():
    """4 x 25,000 draws, as the published table has 4 x 500: its Monte Carlo error divided by seven."""
    return {name: long_fit(name) for name in ("mST", "mSTnomem")}


@pytest.mark.parametrize("name", ["mST", "mSTnomem"])
def test_all_means_sds_and_quantiles_agree_with_the_exact_posterior(long_fits, name, agreement):
    names, draws = agreement.named_draws(long_fits[name])
    assert len(names) == {"mST": 50, "mSTnomem": 49}[name]
    assert agreement.departures(agreement.z_scores(names, draws, exact(name)["parameters"])) == {}


WAYS = [
    {"adaptation": "windows"},
    {"metric": "dense"},
    {"metric": "low_rank"},
    {"algorithm": "walnuts"},
    {"algorithm": "hmc"},
]


@pytest.mark.parametrize("settings", WAYS)
def test_so_they_do_with_every_other_way_of_sampling(settings, agreement):
    names, draws = agreement.named_draws(long_fit("mST", **settings))
    assert agreement.departures(agreement.z_scores(names, draws, exact("mST")["parameters"])) == {}


def test_a_density_without_its_jacobian_is_noticed(agreement):
    model = models.mST()
    broken = hmc.Model(without_the_jacobian, model.data, model.parameters, name="broken")
    fit = hmc.sample(broken, draws=25_000, seed=2023, workers=1, progress=False)
    names, draws = agreement.named_draws(fit)
    assert agreement.departures(agreement.z_scores(names, draws, exact("mST")["parameters"]))


def without_the_jacobian(position, data, gradient):
    log_density = mst_log_density(position, data, gradient)
    gradient[-1] -= 1.0
    return log_density - position[-1]


mst_log_density = numba.njit(error_model="numpy")(models.mST().log_density)


@pytest.mark.parametrize("shift", [0.02, -0.02])
def test_draws_off_by_a_fiftieth_of_a_standard_deviation_are_noticed(long_fits, shift, agreement):
    names, draws = agreement.named_draws(long_fits["mST"])
    shifted = draws + shift * draws.std(axis=(0, 1))
    assert agreement.departures(agreement.z_scores(names, shifted, exact("mST")["parameters"]))


def test_draws_too_wide_by_two_percent_are_noticed(long_fits, agreement):
    names, draws = agreement.named_draws(long_fits["mST"])
    centre = draws.mean(axis=(0, 1))
    assert agreement.departures(agreement.z_scores(names, centre + 1.02 * (draws - centre), exact("mST")["parameters"]))


def test_the_lectures_table_is_reproduced(long_fits):
    table = precis(long_fits["mST"], depth=2)
    rows = published("precis_mST")
    assert [row["parameter"] for row in rows] == list(table.index)
    means = np.array([float(row["mean"]) for row in rows])
    sds = np.array([float(row["sd"]) for row in rows])
    # The published means and sds, from 2,000 draws, are themselves up to 0.039 and 0.072 from the exact ones.
    assert np.abs(table["mean"] - means).max() < 0.06
    assert np.abs(table["sd"] - sds).max() < 0.10


def test_the_bound_on_the_lectures_table_refuses_another_models_table(long_fits):
    other = precis(long_fits["mSTnomem"], depth=2)
    means = {row["parameter"]: float(row["mean"]) for row in published("precis_mST")}
    assert max(abs(other.loc[name, "mean"] - means[name]) for name in other.index) > 0.06


@pytest.fixture(scope="module")
def comparison(long_fits):
    return quietly(compare, long_fits)


def quietly(function, *arguments):
    """Call, expecting the warning that single tanks matter much (p_waic over 0.4), which these data deserve."""
    with pytest.warns(UserWarning, match="p_waic is over"):
        return function(*arguments)


def blocks_of(fits, size):
    """Tables of `compare` on consecutive blocks of draws: their spread is the Monte Carlo error at that size."""
    likelihoods = {name: fit.log_likelihood for name, fit in fits.items()}
    starts = range(0, next(iter(likelihoods.values())).shape[1], size)
    return [quietly(compare, {name: ll[:, s : s + size] for name, ll in likelihoods.items()}) for s in starts]


def test_waic_penalty_and_differences_agree_with_the_exact_ones(long_fits, comparison):
    blocks = blocks_of(long_fits, 500)  # 50 blocks of 4 x 500, the lecture's 2,000 draws
    difference = json.loads((GOLDEN / "exact_frog_differences.json").read_text())["mSTnomem_minus_mST"]
    truth = {(name, "WAIC"): exact(name)["ic"]["WAIC"] for name in long_fits}
    truth |= {(name, "pWAIC"): exact(name)["ic"]["pWAIC"] for name in long_fits}
    truth |= {("mSTnomem", "dWAIC"): difference["dWAIC"], ("mSTnomem", "dSE"): difference["dSE_WAIC"]}
    for (model, column), value in truth.items():
        spread = np.std([block.loc[model, column] for block in blocks], ddof=1)
        error = spread / np.sqrt(len(blocks))
        # Blocks are more biased (by 1/draws) than the whole, so that only their spread is of use.
        assert abs(comparison.loc[model, column] - value) < 4 * error, (model, column)


def test_the_lectures_comparison_is_within_its_monte_carlo_error(comparison):
    noise = json.loads((GOLDEN / "noise_at_lecture_size.json").read_text())
    spread = {("mST", "WAIC"): 0.94, ("mSTnomem", "WAIC"): 0.79, ("mSTnomem", "dWAIC"): 1.27, ("mSTnomem", "dSE"): 0.18}
    assert noise["mST"]["WAIC"]["sd_of_blocks"] == pytest.approx(spread["mST", "WAIC"], abs=0.005)
    rows = {row["model"]: row for row in published("compare_mST_mSTnomem")}
    for (model, column), sd in spread.items():
        assert abs(comparison.loc[model, column] - float(rows[model][column])) < 4 * sd, (model, column)


def test_waic_of_the_fit_in_parts_agrees_with_the_exact_pointwise_values(long_fits):
    found = quietly(waic, long_fits["mST"].log_likelihood)
    # At 100,000 draws the least certain tank's WAIC has a standard error of about 0.02 (its spread over blocks).
    assert np.abs(found.pointwise.waic - exact("mST")["pointwise"]["WAIC"]).max() < 0.1


def test_models_of_other_data_are_refused(tmp_path):
    tanks = (
        (GOLDEN.parents[2] / "models" / "data" / "reedfrogs.csv").read_text().replace("10,no,big,9", "10,no,big,8", 1)
    )
    (tmp_path / "others.csv").write_text(tanks)
    runs = {"warmup": 50, "draws": 50, "workers": 1, "progress": False}
    first, second = hmc.sample(models.mST(), **runs), hmc.sample(models.mSTnomem(tmp_path / "others.csv"), **runs)
    second.save(tmp_path / "second.fit")
    for other in (second, hmc.load(tmp_path / "second.fit")):
        with pytest.raises(ValueError, match="mST and mSTnomem differ in survived"):
            compare({"mST": first, "mSTnomem": other})
