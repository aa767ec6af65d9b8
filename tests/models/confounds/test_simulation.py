"""Draws from the estimators' priors, of outcomes given parameters, and of whole studies."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import hmc
from models import confounds

NAMES = ("m0", "mf", "mr", "mrx", "mru")
EVERY_MODEL = pytest.mark.parametrize("name", NAMES)


def built(name):
    return getattr(confounds, name)()


def moments_z(draws, mean, sd, fourth=3.0):
    """The largest z-score of the means and variances of independent draws (n, ...); `fourth` is the kurtosis."""
    n = len(draws)
    of_mean = (np.mean(draws, axis=0) - mean) / (sd / math.sqrt(n))
    of_variance = (np.mean((draws - mean) ** 2, axis=0) / sd**2 - 1.0) / math.sqrt((fourth - 1.0) / n)
    return np.abs([of_mean, of_variance]).max()


@EVERY_MODEL
def test_simulated_positions_have_the_moments_of_the_prior(name):
    model = built(name)
    rng = np.random.default_rng(12)
    values = model.constrain(np.array([model.simulate(rng, model.data) for _ in range(4000)]))
    for parameter in model.parameters:
        if parameter.constraint == hmc.positive:
            z = moments_z(values[parameter.name], 1.0, 1.0, fourth=9.0)  # Exponential(1)
        else:
            z = moments_z(values[parameter.name], 0.0, 10.0 if parameter.name == "a" else 1.0)
        assert z < 4.5, parameter.name  # of up to 128 z-scores: a false alarm in 1,000 runs


def test_a_prior_of_wrong_spread_is_noticed():
    """Negative twin of the moments above."""
    assert moments_z(np.random.default_rng(1).normal(0.0, 1.1, 4000), 0.0, 1.0) > 4.5


@EVERY_MODEL
def test_simulated_outcomes_follow_the_link_and_keep_the_design(name):
    model = built(name)
    rng = np.random.default_rng(3)
    position = np.linspace(-1.0, 1.0, model.dimension)
    sets = [model.simulate_data(position, model.data, rng) for _ in range(400)]
    scores = np.zeros(200)
    for data in sets:
        assert set(data.Y.tolist()) <= {0.0, 1.0}
        p = expit(logits(name, model, position, data))
        scores += (data.Y - p) / np.sqrt(p * (1.0 - p))
    assert stats.chi2.ppf(1e-4, 200) < np.sum(scores**2 / 400) < stats.chi2.ppf(1.0 - 1e-4, 200)
    for field in ("estimator", "group", "weight", "Z", "members", *([] if name == "mru" else ["X", "Xbar", "spread"])):
        np.testing.assert_array_equal(getattr(sets[0], field), getattr(model.data, field))


def logits(name, model, position, data):
    """logit(p) of each individual."""
    v = model.constrain(position)
    intercept = v["a"] if name in ("m0", "mf") else v["abar"] + v["z"] * v["tau"]
    confound = {"mrx": data.Xbar, "mru": v.get("u")}.get(name, 0.0)
    of_group = intercept + v["bzy"] * data.Z + v.get("buy", 0.0) * confound
    return of_group[data.group] + v["bxy"] * data.X


def test_outcomes_of_another_slope_are_noticed():
    """Negative twin: outcomes scored with a slope that is a quarter off."""
    model = built("mr")
    position = np.linspace(-1.0, 1.0, 34)
    other = position + 0.25 * (np.arange(34) == 30)
    rng = np.random.default_rng(3)
    scores = np.zeros(200)
    for _ in range(400):
        p = expit(logits("mr", model, other, model.data))
        scores += (model.simulate_data(position, model.data, rng).Y - p) / np.sqrt(p * (1.0 - p))
    assert np.sum(scores**2 / 400) > stats.chi2.ppf(1.0 - 1e-4, 200)


def test_mru_simulates_what_individuals_do_and_describes_it_anew():
    model = built("mru")
    rng = np.random.default_rng(8)
    position = np.linspace(-1.0, 1.0, model.dimension)
    v = model.constrain(position)
    sets = [model.simulate_data(position, model.data, rng) for _ in range(400)]
    z = [(data.X - v["aX"] - v["bux"] * v["u"][data.group]) / v["sigma"] for data in sets]
    assert moments_z(np.concatenate(z), 0.0, 1.0) < 4.0
    by_group = pd.Series(sets[0].X).groupby(sets[0].group)
    np.testing.assert_allclose(sets[0].Xbar, by_group.mean(), rtol=1e-13)
    assert sets[0].spread ** 2 == pytest.approx(((sets[0].X - by_group.transform("mean")) ** 2).sum(), rel=1e-13)


LECTURE = {"a0": -2.0, "bXY": 1.0, "bZY": -0.5, "mean_U": 1.5, "sd_U": 1.0, "sd_X": 1.0, "mean_Z": 0.0, "sd_Z": 1.0}
OTHER = {"a0": 0.5, "bXY": -0.8, "bZY": 1.2, "mean_U": -1.0, "sd_U": 0.4, "sd_X": 2.0, "mean_Z": 0.7, "sd_Z": 0.3}


def departure(study, truth):
    """The largest z-score of a simulated study: of its groups' sizes, and of U, X, Z, Y given what they follow from."""
    t = truth
    people = study.individuals.join(study.groups.set_index("g"), on="g")
    n, n_groups = len(people), len(study.groups)
    share = 1.0 / n_groups
    sizes = people.g.value_counts().reindex(study.groups.g, fill_value=0)
    chi2 = ((sizes - n * share) ** 2 / (n * share)).sum()
    p = expit(t["a0"] + t["bXY"] * people.X + people.Ug + t["bZY"] * people.Z)
    of_outcomes = [
        ((people.Y - p) * x).sum() / np.sqrt((p * (1.0 - p) * x**2).sum()) for x in (1.0, people.X, people.Z, people.Ug)
    ]
    return max(
        abs(chi2 - (n_groups - 1)) / math.sqrt(2.0 * (n_groups - 1)),
        moments_z(study.groups.Ug, t["mean_U"], t["sd_U"]),
        moments_z(people.X - people.Ug, 0.0, t["sd_X"]),
        moments_z(study.groups.Z, t["mean_Z"], t["sd_Z"]),
        *np.abs(of_outcomes),
    )


@pytest.mark.parametrize("truth", [LECTURE, OTHER], ids=["the lecture's", "others"])
def test_a_simulated_study_has_the_moments_it_was_asked_for(truth):
    study = confounds.simulate_study(5, groups=2000, individuals=40_000, **truth)
    assert departure(study, truth) < 4.5  # 11 z-scores: a false alarm in 10,000 runs


@pytest.mark.parametrize("name", LECTURE)
def test_a_study_of_other_numbers_is_noticed(name):
    """Negative twin: each number in turn off by a fifth."""
    study = confounds.simulate_study(5, groups=2000, individuals=40_000, **LECTURE)
    assert departure(study, LECTURE | {name: LECTURE[name] + 0.2}) > 4.5


def test_the_defaults_are_the_lectures_numbers():
    study = confounds.simulate_study(3)
    assert list(study.individuals) == ["g", "X", "Y"]
    assert list(study.groups) == ["g", "Z", "Ug"]
    assert [len(frame) for frame in study] == [200, 30]
    named = confounds.simulate_study(3, groups=30, individuals=200, **LECTURE)
    for frame, other in zip(study, named, strict=True):
        pd.testing.assert_frame_equal(frame, other)


def test_a_study_is_determined_by_its_seed():
    first, again, other = (confounds.simulate_study(seed) for seed in (1, 1, 2))
    for frame, same, different in zip(first, again, other, strict=True):
        pd.testing.assert_frame_equal(frame, same)
        assert not frame.equals(different)


@EVERY_MODEL
def test_every_estimator_takes_a_simulated_study(name):
    study = confounds.simulate_study(2, groups=12, individuals=10)
    model = getattr(confounds, name)(*study)
    assert (model.data.members == 0.0).any()  # a group that nobody fell into
    assert math.isfinite(model.evaluate(np.zeros(model.dimension))[0])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"groups": 0}, "groups = 0 is not a whole number from 1 to 10000000"),
        ({"groups": 2.5}, "groups = 2.5 is not a whole number from 1 to 10000000"),
        ({"individuals": -3}, "individuals = -3 is not a whole number from 1 to 10000000"),
        ({"individuals": True}, "individuals = True is not a whole number from 1 to 10000000"),
        ({"groups": 10**18}, "groups = 1000000000000000000 is not a whole number from 1 to 10000000"),
        ({"seed": -1}, "seed = -1 is not a whole number from 0"),
        ({"seed": None}, "seed = None is not a whole number from 0"),
        ({"bXY": math.nan}, "bXY = nan is not a finite number"),
        ({"a0": "low"}, "a0 = low is not a finite number"),
        ({"mean_U": -math.inf}, "mean_U = -inf is not a finite number"),
        ({"sd_X": 0.0}, "sd_X = 0.0 is not a positive number"),
        ({"sd_U": math.inf}, "sd_U = inf is not a positive number"),
    ],
)
def test_a_study_that_cannot_be_is_refused(arguments, complaint):
    with pytest.raises(ValueError, match=f"^simulate_study: {re.escape(complaint)}$"):
        confounds.simulate_study(**arguments)
