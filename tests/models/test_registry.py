"""models.names, build, describe, exact_posterior."""

import subprocess
import sys
from pathlib import Path

import pytest

import models

ROOT = Path(__file__).parents[2]


def test_every_model_is_listed_exported_and_built_under_its_name():
    assert models.names() == ["mST", "mSTnomem", "mST_fixed"]
    for name in models.names():
        options = {"sigma": 2.0} if name == "mST_fixed" else {}
        assert models.build(name, **options).name == name
        assert callable(getattr(models, name))
        assert name in models.__all__


def test_build_passes_options_on():
    assert models.build("mST_fixed", sigma=2.5).data.sigma == 2.5


@pytest.mark.parametrize("name", ["mst", "mSt", "mS"])
def test_an_unknown_name_is_answered_with_a_close_one(name):
    message = rf"^no model is called {name}; did you mean mST\? known: mST, mSTnomem, mST_fixed$"
    with pytest.raises(ValueError, match=message):
        models.build(name)


def test_an_unknown_name_far_from_any_lists_all():
    with pytest.raises(ValueError, match=r"^no model is called rats; known: mST, mSTnomem, mST_fixed$"):
        models.describe("rats")


def test_an_unknown_option_is_named():
    with pytest.raises(ValueError, match=r"^mST has no option sigma; its options are data$"):
        models.build("mST", sigma=1.0)


def test_an_option_that_is_needed_is_named():
    with pytest.raises(ValueError, match=r"^mST_fixed needs the option sigma$"):
        models.build("mST_fixed")


def test_descriptions_give_formula_data_and_dimension():
    mst = models.describe("mST")
    assert mst.summary == "The lecture's multilevel model of tadpole survival."
    assert mst.formula.splitlines() == [
        "S ~ Binomial(D, p),  logit(p) = a[T]",
        "a[j] ~ Normal(a_bar, sigma)",
        "a_bar ~ Normal(0, 1.5)",
        "sigma ~ Exponential(1)",
    ]
    assert mst.data == "reedfrogs: tadpoles that survived, in 48 tanks"
    assert mst.options == ("data",)
    assert [models.describe(name).dimension for name in models.names()] == [50, 49, 49]


@pytest.mark.parametrize("name", ["mST", "mSTnomem"])
def test_exact_posteriors_are_the_golden_ones(name, golden):
    parameters = golden(f"exact_{name}.json")["parameters"]
    exact = models.exact_posterior(name)
    assert exact == {key: (value["mean"], value["sd"]) for key, value in parameters.items()}
    assert len(exact) == models.build(name).dimension


def test_models_without_exact_posterior_have_none():
    assert models.exact_posterior("mST_fixed") is None


def test_importing_and_building_load_neither_pandas_nor_scipy():
    """What a command pays before it knows what it is asked for, and every worker process."""
    code = "import sys, models; models.mST(); print([m for m in ('pandas', 'scipy.stats') if m in sys.modules])"
    completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"
