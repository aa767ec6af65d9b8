"""The lecture's table of the five estimators of a confounded effect, number by number."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hmc
import models
from diagnostics import mcse_mean
from figures.lecture.tables import as_csv
from figures.lecture.tables.confounds import estimators
from models.confounds import simulate_study

GOLDEN = Path(__file__).parents[3] / "golden" / "models"
NAMES = ("m0", "mf", "mr", "mrx", "mru")


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


class Moved(dict):
    """The draws of a fit, those of bxy moved by so many Monte Carlo standard errors of their mean."""

    def __init__(self, fit, by):
        super().__init__({name: fit[name] for name in fit})
        self.name, self.identity = fit.name, fit.identity
        self["bxy"] = self["bxy"] + by * mcse_mean(self["bxy"])


@pytest.fixture(scope="module")
def fits():
    return {name: hmc.sample(models.build(name), seed=5, progress=False) for name in NAMES}


@pytest.fixture(scope="module")
def table(fits):
    return estimators(fits)


def test_every_scalar_of_every_estimator_has_a_row_in_the_lectures_order(fits, table):
    assert table.index.names == ["estimator", "parameter"]
    assert table.index.tolist() == [(name, key) for name in NAMES for key in fits[name] if fits[name][key].ndim == 2]
    assert {(name, key) for name in NAMES for key in ("bxy", "bzy")} < set(table.index)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_that_of_the_draws_of_the_truth_and_of_what_is_known(fits, table, name):
    known = golden("nutpie_mru" if name == "mru" else f"exact_{name}")["parameters"]
    for parameter, row in table.loc[name].iterrows():
        draws, of = fits[name][parameter], known[parameter]
        error = np.hypot(mcse_mean(draws), of.get("mcse_mean", 0.0))
        assert row["mean"] == pytest.approx(draws.mean(), rel=1e-12)
        assert row["sd"] == pytest.approx(draws.std(ddof=1), rel=1e-12)
        assert (row["exact mean"], row["exact sd"]) == (of["mean"], of["sd"])
        assert row["z"] == pytest.approx((draws.mean() - of["mean"]) / error, rel=1e-9)
        truth = {"bxy": 1.0, "bzy": -0.5}.get(parameter)
        assert row["truth"] == truth if truth is not None else np.isnan(row["truth"])


def test_a_long_run_is_not_passed_off_as_exact(fits, table):
    known = golden("nutpie_mru")["parameters"]
    (note,) = [note for note in table.attrs["notes"] if "long run" in note]
    assert note.startswith("For mru, the exact columns come from a long run of another program")
    assert f"{known['bxy']['mcse_mean']:.4f} (bxy), {known['bzy']['mcse_mean']:.4f} (bzy)" in note
    without = estimators({name: fits[name] for name in ("m0", "mr")}).attrs["notes"]
    assert not [note for note in without if "long run" in note]


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_that_is_off_is_said_and_named(fits, table, name):
    assert table.attrs["notes"][1].startswith("Our means agree with the exact ones: the largest |z| of 22 is")
    off = estimators(fits | {name: Moved(fits[name], 9.0)}).attrs["notes"][1]
    assert off.startswith("Our means do NOT agree with the exact ones")
    assert f"(bxy of {name})" in off


def test_of_other_data_neither_truth_nor_exact_values_are_shown(fits):
    study = simulate_study(seed=3)
    other = hmc.sample(models.m0(*study), seed=5, draws=100, warmup=300, progress=False)
    alone = estimators({"m0": other})
    assert alone.columns.tolist() == ["mean", "sd", "5.5%", "94.5%", "n_eff", "Rhat4"]
    assert alone.attrs["notes"] == []
    beside = estimators({"m0": other, "mr": fits["mr"]})
    assert beside.loc["m0", ["truth", "z", "exact mean", "exact sd"]].isna().all(axis=None)
    assert beside.loc["mr", "exact mean"].notna().all()


def test_the_table_can_be_read_back_to_the_last_bit(table):
    read = pd.read_csv(StringIO(as_csv(table)), index_col=[0, 1], dtype=str)  # the last bit is float's to find
    assert read.index.tolist() == table.index.tolist()
    assert read.columns.tolist() == table.columns.tolist()
    np.testing.assert_array_equal(read.to_numpy(dtype=float), table.to_numpy(dtype=float))
