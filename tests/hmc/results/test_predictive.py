"""Predictive draws: data that the model simulates, given draws of the posterior or of the prior."""

import importlib.metadata
import warnings
from typing import NamedTuple

import numpy as np
import pytest

import hmc
import models
from hmc.results.predictive import outcome_of
from tests.hmc.helpers import running
from tests.hmc.results.test_export import group, groups

CHAINS, DRAWS, ROWS = 2, 400, 30


class Normals(NamedTuple):
    x: np.ndarray
    design: np.ndarray


def log_density(position, data, gradient):
    value, gradient[0] = -0.5 * position[0] ** 2 - 0.5 * np.log(2.0 * np.pi), -position[0]
    for i in range(data.x.size):
        value -= 0.5 * (data.x[i] - position[0]) ** 2 + 0.5 * np.log(2.0 * np.pi)
        gradient[0] += data.x[i] - position[0]
    return value


def simulate(rng, data):
    return np.array([rng.standard_normal()])


def simulate_data(position, data, rng):
    x = np.empty(data.x.size)
    for i in range(x.size):
        x[i] = position[0] + rng.standard_normal()
    return Normals(x, data.design)


def ragged_data(position, data, rng):
    return Normals(np.zeros(rng.integers(1, 9)), data.design)


def failing_data(position, data, rng):
    raise ZeroDivisionError("no chance")


def normals(rows=ROWS, **functions):
    functions = {"simulate": simulate, "simulate_data": simulate_data} | functions
    data = Normals(np.linspace(-1.0, 2.0, rows), np.arange(rows))
    return hmc.Model(log_density, data, [hmc.Parameter("mu")], name="normals", **functions)


@pytest.fixture(scope="module")
def fit():
    return hmc.sample(normals(), chains=CHAINS, warmup=200, draws=DRAWS, workers=1, progress=False)


def z_scores(x, mean, variance):
    """Of the mean and the variance of independent normal draws, of their known values."""
    n = x.size
    return np.array([(x.mean() - mean) * np.sqrt(n / variance), (x.var() / variance - 1.0) * np.sqrt(n / 2.0)])


def test_replicates_are_normal_about_the_posterior_mean(fit):
    drawn = fit.predict()
    assert {name: values.shape for name, values in drawn.items()} == {"x": (CHAINS, DRAWS, ROWS)}
    means = (drawn["x"] - fit["mu"][..., None]).mean(axis=2) * np.sqrt(ROWS)
    assert np.abs(z_scores(means, 0.0, 1.0)).max() < 4.0
    # The negative twin: replicates about the mean of another draw are too wide.
    shuffled = (drawn["x"] - np.roll(fit["mu"], 1, axis=1)[..., None]).mean(axis=2) * np.sqrt(ROWS)
    assert np.abs(z_scores(shuffled, 0.0, 1.0)).max() > 4.0


def test_prior_predictive_draws_are_those_of_the_prior():
    prior, predictive = hmc.prior_predictive(normals(1), 4000)
    assert (prior["mu"].shape, predictive["x"].shape) == ((4000,), (4000, 1))
    assert np.abs(z_scores(prior["mu"], 0.0, 1.0)).max() < 4.0
    assert np.abs(z_scores(predictive["x"][:, 0], 0.0, 2.0)).max() < 4.0  # 1 of the prior, 1 of the likelihood
    assert np.abs(z_scores(predictive["x"][:, 0], 0.0, 1.0)).max() > 4.0


def test_a_seed_gives_the_same_draws_and_another_seed_others(fit):
    assert running.equal_bits(fit.predict()["x"], fit.predict(seed=fit.settings["seed"])["x"])
    assert not np.array_equal(fit.predict()["x"], fit.predict(seed=5)["x"])
    few, many = hmc.prior_predictive(normals(), 3), hmc.prior_predictive(normals(), 7)
    assert running.equal_bits(few.predictive["x"], many.predictive["x"][:3])
    assert not np.array_equal(few.predictive["x"], hmc.prior_predictive(normals(), 3, seed=5).predictive["x"])


def test_a_chain_predicts_the_same_without_the_others(fit):
    import dataclasses

    alone = dataclasses.replace(fit, unconstrained=fit.unconstrained[1:], chains=fit.chains[1:])
    assert running.equal_bits(alone.predict()["x"][0], fit.predict()["x"][1])


def test_compiled_code_draws_the_same_data(monkeypatch):
    slow = hmc.prior_predictive(models.mSTP(), 4)
    monkeypatch.setattr("hmc.model._NUMBERS_IN_PYTHON", 0)
    fast = hmc.prior_predictive(models.mSTP(), 4)
    assert running.equal_bits(slow.predictive["survived"], fast.predictive["survived"])


def test_new_data_are_predicted_at_their_own_size(fit):
    assert fit.predict(Normals(np.zeros(3), np.arange(3)))["x"].shape == (CHAINS, DRAWS, 3)


@pytest.mark.parametrize("name", models.names())
def test_every_lecture_model_predicts_what_was_observed(name):
    options = {"mST_fixed": {"sigma": 1.0}, "mRXma": {"participants": 8}, "mRXma2": {"participants": 8}}
    model = models.build(name, **options.get(name, {}))
    drawn = hmc.prior_predictive(model, 2)
    observed = outcome_of(model, model.data)
    assert {*observed} == {*drawn.predictive}
    for quantity, values in observed.items():
        assert drawn.predictive[quantity].shape == (2, *values.shape)
        assert np.isfinite(values).all()


def test_answers_come_in_the_order_of_the_table():
    model = models.mRXma2(participants=8)
    shifted = model.data._replace(row=np.roll(model.data.row, 1))
    response = outcome_of(model, model.data)["response"]
    counts = np.bincount(response, minlength=8)[1:]
    np.testing.assert_array_equal(counts, model.data.first[:, -1] - model.data.first[:, 0])
    assert not np.array_equal(response, outcome_of(model, shifted)["response"])


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"simulate_data": None}, "^normals has no simulate_data function, which predictive draws need$"),
        ({"simulate": None}, "^normals has no simulate function, which predictive draws need$"),
        ({"simulate_data": ragged_data}, r"^normals: simulate_data gives x of the shapes \(\d,\) and \(\d,\)$"),
        (
            {"simulate_data": failing_data},
            "^normals: simulate_data fails at mu = .*: ZeroDivisionError: no chance \\(test_predictive.py, line .*",
        ),
    ],
)
def test_models_that_cannot_predict_are_refused(functions, message):
    with pytest.raises(ValueError, match=message):
        hmc.prior_predictive(normals(**functions), 20)


def test_a_fit_without_its_model_predicts_nothing(fit, tmp_path):
    fit.save(tmp_path / "fit.hmc")
    with pytest.raises(
        ValueError, match=r"^normals: predictive draws need the model; hmc.load the file with its model$"
    ):
        hmc.load(tmp_path / "fit.hmc").predict()
    with pytest.raises(ValueError, match=r"^draws = 0 is not a whole number of at least 1$"):
        hmc.prior_predictive(normals(), 0)


@pytest.fixture(scope="module")
def arviz():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ's own news
        return pytest.importorskip("arviz", reason="needs ArviZ: pip install -e '.[arviz]'")


def test_arviz_has_the_groups_of_its_schema(arviz, fit):
    prior = hmc.prior_predictive(fit.model, 50)
    tree = fit.to_arviz(predictive=fit.predict(), prior=prior)
    assert {"posterior_predictive", "prior", "prior_predictive", "observed_data"} <= groups(tree)
    np.testing.assert_array_equal(group(tree, "posterior_predictive")["x"], fit.predict()["x"])
    np.testing.assert_array_equal(group(tree, "prior_predictive")["x"][0], prior.predictive["x"])
    np.testing.assert_array_equal(group(tree, "prior")["mu"][0], prior.prior["mu"])
    np.testing.assert_array_equal(group(tree, "observed_data")["x"], fit.model.data.x)
    assert {*group(tree, "constant_data")} == {"design"}
    assert "posterior_predictive" not in groups(fit.to_arviz())
    with pytest.raises(ValueError, match="is not of the shape that was observed"):
        fit.to_arviz(predictive=fit.predict(Normals(np.zeros(3), np.arange(3))))
    with pytest.raises(ValueError, match=r"predictive.'x'. has shape"):
        fit.to_arviz(predictive={"x": np.zeros((1, 1, ROWS))})


def test_arviz_draws_the_check(arviz, fit):
    if not importlib.metadata.version("arviz").startswith("0."):
        pytest.skip("ArviZ 1 draws it by arviz_plots")
    import matplotlib.pyplot as plt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        axes = arviz.plot_ppc(fit.to_arviz(predictive=fit.predict()), num_pp_samples=20, backend="matplotlib")
    assert len(np.ravel(axes)[0].lines) > 20
    plt.close("all")


class Numbers(NamedTuple):
    y: np.ndarray


def standard_normal(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0]


def normal_model(simulate=lambda rng, data: rng.standard_normal(1), **functions):
    data = Numbers(np.arange(3.0))
    given = {"simulate_data": lambda position, data, rng: data._replace(y=rng.standard_normal(3)), **functions}
    return hmc.Model(standard_normal, data, [hmc.Parameter("m")], name="normal", simulate=simulate, **given)


def overwriting(position, data, rng):
    """Writes into the data that it is given."""
    data.y[:] = rng.standard_normal(data.y.size)
    return data


def test_data_stay_as_they_are_whatever_simulate_data_writes_into():
    from diagnostics import calibrate

    model, right = normal_model(simulate_data=overwriting), normal_model()
    fit, other = (hmc.sample(m, chains=1, warmup=20, draws=5, workers=1, progress=False) for m in (model, right))
    np.testing.assert_array_equal(fit.predict()["y"], other.predict()["y"])
    np.testing.assert_array_equal(
        hmc.prior_predictive(model, 5).predictive["y"], hmc.prior_predictive(right, 5).predictive["y"]
    )
    calibrate(model, 3, workers=1, progress=False)
    assert model.data.y.tolist() == [0.0, 1.0, 2.0]


def test_compiled_simulate_data_does_not_overwrite_the_data_either(monkeypatch):
    model = normal_model(simulate_data=overwriting)
    monkeypatch.setattr("hmc.model._NUMBERS_IN_PYTHON", 0)
    drawn = hmc.prior_predictive(model, 4).predictive["y"]
    assert len(np.unique(drawn)) == 12
    assert model.data.y.tolist() == [0.0, 1.0, 2.0]
    np.testing.assert_array_equal(model._packed.data.y, [0.0, 1.0, 2.0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "simulate gives None, not 1 finite numbers"),
        (np.zeros(2), r"simulate gives array\(\[0., 0.\]\), not 1 finite numbers"),
        ([np.nan], r"simulate gives \[nan\], not 1 finite numbers"),
        ({"m": 1.0}, "simulate gives {'m': 1.0}, not a position"),
    ],
)
def test_a_prior_draw_that_is_no_position_is_refused(given, said):
    with pytest.raises(ValueError, match=f"^normal: {said}"):
        hmc.prior_predictive(normal_model(lambda rng, data: given), 2)


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ({"simulate_data": lambda *_: {"y": 1.0}}, "simulate_data gives a dict, not a Numbers as the data are"),
        ({"simulate_data": lambda *_: None}, "simulate_data gives a NoneType, not a Numbers as the data are"),
        ({"outcome": lambda data: data.y}, "outcome gives a ndarray, not a dict of arrays by name"),
    ],
)
def test_what_is_no_data_is_refused(functions, said):
    model = normal_model(**functions)
    fit = hmc.sample(model, chains=1, warmup=20, draws=5, workers=1, progress=False)
    for call in (fit.predict, lambda: hmc.prior_predictive(model, 2)):
        with pytest.raises(ValueError, match=f"^normal: {said}"):
            call()


@pytest.mark.parametrize("seed", [-1, 1.5, "one", True])
def test_a_seed_is_a_whole_number(seed, fit):
    for call in (fit.predict, lambda seed: hmc.prior_predictive(normal_model(), 2, seed=seed)):
        with pytest.raises(ValueError, match=f"seed = {seed!r} is not a whole number of at least 0"):
            call(seed=seed)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"predictive": 3}, "predictive is a int, not what fit.predict"),
        ({"prior": {"m": np.zeros(3)}}, "prior is a dict, not what hmc.prior_predictive gave"),
        ({"predictive": {"z": np.zeros((1, 5))}}, "'z' was predicted but not observed, as y were"),
    ],
)
def test_arviz_is_given_what_was_predicted(given, said):
    pytest.importorskip("arviz")
    fit = hmc.sample(normal_model(), chains=1, warmup=20, draws=5, workers=1, progress=False)
    with pytest.raises(ValueError, match=f"^normal: {said}"):
        fit.to_arviz(**given)
