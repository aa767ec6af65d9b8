"""What is stored of the models: the golden numbers, as tests/golden/models/collect.py gathers them."""

import importlib.util
import json
from pathlib import Path

import pytest

from models import exact
from models.tables import BUNDLED

COLLECT = Path(__file__).parents[1] / "golden" / "models" / "collect.py"


@pytest.fixture(scope="module")
def collect():
    spec = importlib.util.spec_from_file_location("tests_golden_collect", COLLECT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", ["exact_posteriors", "exact_criteria", "long_runs", "published"])
def test_what_is_stored_is_what_would_be_collected(collect, file):
    assert json.loads((BUNDLED / f"{file}.json").read_text(encoding="utf-8")) == collect.COLLECTED[file]()


def test_quantiles_are_the_golden_ones_and_of_the_same_parameters_as_the_moments(golden):
    parameters = golden("exact_mST.json")["parameters"]
    assert exact.exact_quantiles("mST") == {key: (of["q5_5"], of["q94_5"]) for key, of in parameters.items()}
    assert exact.exact_quantiles("mST").keys() == exact.exact_posterior("mST").keys()
    assert exact.exact_quantiles("mru") is None


def test_criteria_are_the_golden_ones(golden):
    for name in ("mST", "mSTnomem", "mSTP"):
        known, found = golden(f"exact_{name}.json")["ic"], exact.exact_criteria(name)
        assert found["SE"] == known["WAIC_se_rethinking"]
        assert all(found[key] == known[key] for key in ("WAIC", "pWAIC", "looic", "looic_se", "p_loo"))
    assert exact.exact_criteria("m0") is None


def test_a_difference_turns_its_sign_and_not_its_standard_error():
    there, back = exact.exact_difference("mSTP", "mST"), exact.exact_difference("mST", "mSTP")
    assert there["dLOOIC"] == -back["dLOOIC"] < 0.0
    assert there["dSE_LOOIC"] == back["dSE_LOOIC"] > 0.0
    criteria = {name: exact.exact_criteria(name) for name in ("mST", "mSTP")}
    assert there["dWAIC"] == pytest.approx(criteria["mSTP"]["WAIC"] - criteria["mST"]["WAIC"], abs=1e-6)
    assert there["dLOOIC"] == pytest.approx(criteria["mSTP"]["looic"] - criteria["mST"]["looic"], abs=1e-6)
    assert exact.exact_difference("mST", "mST") is None


def test_a_long_run_has_the_scalars_and_their_errors(golden):
    known, found = golden("nutpie_mru.json")["parameters"], exact.long_run("mru")
    assert list(found) == [name for name in known if "[" not in name]
    assert found["bxy"] == (known["bxy"]["mean"], known["bxy"]["sd"], known["bxy"]["mcse_mean"])
    assert exact.long_run("mST") is None


def test_the_published_tables_are_the_lectures():
    found = exact.published()
    assert list(found["precis"]) == [*[f"a[{tank}]" for tank in range(1, 49)], "a_bar", "sigma"]
    assert found["precis"]["a[2]"] == {"mean": 3.06, "sd": 1.04, "5.5%": 1.57, "94.5%": 4.82, "n_eff": 2716, "Rhat4": 1}
    assert found["compare"]["mST"]["dSE"] is None
    assert found["compare"]["mSTnomem"]["dWAIC"] == 16.8
    assert found["scatter"]["mSTnomem"]["dWAIC"] == pytest.approx([17.645, 1.266], abs=1e-3)
