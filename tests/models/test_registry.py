"""models.names, build, describe, exact_posterior."""

import subprocess
import sys
from pathlib import Path

import pytest

import models

ROOT = Path(__file__).parents[2]


def test_every_model_is_listed_exported_and_built_under_its_name():
    frogs = ["mST", "mSTnomem", "mST_fixed", "mSTnc", "mSTP", "mSTPnc", "mSTD", "mSTG", "mSTPDG"]
    everything = ["mRXma", "mRXma2"]
    assert models.names() == ["mRS", "cafes", *frogs, "m0", "mf", "mr", "mrx", "mru", *everything]
    for name in models.names():
        options = {"sigma": 2.0} if name == "mST_fixed" else {}
        label = f"{name} (simulated data)" if name in everything else name
        assert models.build(name, **options).name == label
        assert callable(getattr(models, name))
        assert name in models.__all__


def test_build_passes_options_on():
    assert models.build("mST_fixed", sigma=2.5).data.sigma == 2.5


@pytest.mark.parametrize("name", ["mst", "mSt", "mmST"])
def test_an_unknown_name_is_answered_with_a_close_one(name):
    message = rf"^no model is called {name}; did you mean mST\? known: mRS, cafes, mST, .*, mRXma2$"
    with pytest.raises(ValueError, match=message):
        models.build(name)


def test_an_unknown_name_far_from_any_lists_all():
    with pytest.raises(AttributeError, match=r"^module 'models' has no attribute 'giraffe'; see models.names\(\)$"):
        _ = models.giraffe
    with pytest.raises(AttributeError, match=r"^module .* 'mTS'; did you mean mST\? see models.names\(\)$"):
        _ = models.mTS
    with pytest.raises(ValueError, match=r"^no model is called giraffe; known: mRS, cafes, mST, .*, mRXma2$"):
        models.describe("giraffe")


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
    expected = [18, 7, 50, 49, 49, 50, 51, 51, 51, 51, 54, 3, 32, 34, 35, 68, 102, 102]
    assert [models.describe(name).dimension for name in models.names()] == expected


@pytest.mark.parametrize("name", models.names())
def test_every_description_has_a_sentence_and_a_formula(name):
    described = models.describe(name)
    assert described.summary.endswith(".")
    assert "~" in described.formula.splitlines()[0]
    priors = " ".join(described.formula.splitlines()[1:])
    assert all(parameter.name in described.formula for parameter in build(name).parameters if parameter.name != "z")
    assert "~" in priors


def build(name):
    return models.build(name, **({"sigma": 1.0} if name == "mST_fixed" else {}))


EXACT = ["mST", "mSTnomem", "mSTP", "m0", "mf", "mr", "mrx", "mRS"]


@pytest.mark.parametrize("name", EXACT)
def test_exact_posteriors_are_the_golden_ones(name, golden):
    parameters = golden(f"exact_{name}.json")["parameters"]
    exact = models.exact_posterior(name)
    assert exact == {key: (value["mean"], value["sd"]) for key, value in parameters.items()}
    model = models.build(name)
    sizes = {parameter.name: parameter.size for parameter in model.parameters}
    derived = 30 if name in ("mr", "mrx") else 0  # the intercepts a
    assert len(exact) == sum(sizes.values()) + derived


def test_exact_posteriors_of_other_coordinates_and_of_all_visits(golden):
    assert models.exact_posterior("mSTnc") == models.exact_posterior("mST")
    assert models.exact_posterior("mSTPnc") == models.exact_posterior("mSTP")
    last = golden("exact_cafes.json")["states"][20]["parameters"]
    assert models.exact_posterior("cafes")["a[5]"] == (last["a[5]"]["mean"], last["a[5]"]["sd"])


def test_models_without_exact_posterior_have_none():
    assert models.exact_posterior("mST_fixed") is None
    assert models.exact_posterior("mru") is None


def test_importing_and_building_load_neither_pandas_nor_scipy():
    """What a command pays before it knows what it is asked for, and every worker process."""
    code = (
        "import sys, models; [models.describe(name) for name in models.names()]\n"
        "print([module for module in ('pandas', 'scipy.stats') if module in sys.modules])"
    )
    completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"
