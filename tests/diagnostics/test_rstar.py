"""R*: near 1 for chains that are alike, over it for others, whatever they differ in."""

import builtins
import json
from pathlib import Path

import numpy as np
import pytest

from diagnostics import rhat, rstar, rstar_distribution

pytest.importorskip("sklearn", reason="R* needs scikit-learn: pip install -e '.[rstar]'")

CHAINS, DRAWS = 4, 250
JUDGED = round(0.3 * CHAINS * DRAWS)
# Standard deviation of R* for chains that are alike, not split: of a share of 1 in 4, times 4.
SPREAD = np.sqrt((CHAINS - 1) / JUDGED)
METHODS = ("rf", "gbm")
GOLDEN = Path(__file__).parents[1] / "golden" / "diagnostics"
R = json.loads((GOLDEN / "rstar.json").read_text())["found"]


def alike(seed=1, parameters=5):
    return np.random.default_rng(seed).normal(size=(CHAINS, DRAWS, parameters))


def shifted(draws):
    return draws + np.where(np.arange(CHAINS) == 0, 1.5, 0.0)[:, None, None]


def wider(draws):
    return draws * np.where(np.arange(CHAINS) == 0, 4.0, 1.0)[:, None, None]


def drifting(draws):
    return draws + np.linspace(-2.0, 2.0, DRAWS)[:, None]


def correlated(draws):
    """Chains whose first two parameters go together, or against each other; each alone has the same distribution."""
    sign = np.where(np.arange(CHAINS) % 2 == 0, 1.0, -1.0)[:, None]
    return np.concatenate([draws[..., :1], sign[..., None] * draws[..., :1] + 0.3 * draws[..., 1:2]], axis=2)


def is_near_1(value):
    return abs(value - 1) < 4 * SPREAD


@pytest.mark.parametrize("method", METHODS)
def test_chains_that_are_alike_have_an_r_star_near_1(method):
    assert is_near_1(rstar(alike(), method, split=False))
    values = rstar_distribution(alike(), "gbm", split=False)
    assert values.shape == (1000,)
    assert is_near_1(values.mean())
    assert values.std() == pytest.approx(SPREAD, rel=0.2)


@pytest.mark.parametrize(
    ("unlike", "method"),
    [(shifted, "gbm"), (wider, "gbm"), (correlated, "gbm")],
)
def test_chains_that_differ_have_an_r_star_over_1(unlike, method):
    assert rstar(unlike(alike()), method, split=False) > 1 + 4 * SPREAD


def test_values_of_chains_that_differ_lie_over_1():
    assert np.quantile(rstar_distribution(shifted(alike()), "gbm", split=False), 0.001) > 1


def given_to_r(name):
    """The draws of rstar.R."""
    draws = np.loadtxt(GOLDEN / "rstar_draws.csv", delimiter=",", skiprows=1)[:, 2:].reshape(CHAINS, 250, 3)
    if name == "correlated":
        sign = np.where(np.arange(CHAINS) % 2 == 0, 1.0, -1.0)[:, None]
        draws[..., 1] = sign * draws[..., 0] + 0.6 * draws[..., 1]
    return draws


def agrees_with_r(values, name, method):
    """Whether the means of values of several seeds, ours and R's, differ by chance: 4 standard errors."""
    theirs = np.array(R[name][method]["values"])
    error = theirs.std(ddof=1) * np.sqrt(1 / len(values) + 1 / len(theirs))
    return bool(abs(np.mean(values) - theirs.mean()) < 4 * error)


@pytest.mark.parametrize(("method", "seeds"), [("gbm", 3), ("rf", 1)])
def test_values_are_those_of_r_but_for_chance(method, seeds):
    values = [rstar(given_to_r("correlated"), method, split=False, seed=seed) for seed in range(seeds)]
    assert agrees_with_r(values, "correlated", method)
    assert not agrees_with_r(values, "shifted", method)  # whose R* is 1.1, and not 1.6


def test_rhat_does_not_see_chains_of_other_correlations_and_r_star_does():
    draws = correlated(alike())
    assert rhat(draws).max() < 1.01
    assert rstar(draws, "gbm", split=False) > 1.3


def test_halves_count_as_chains_so_that_a_drift_that_all_share_is_seen():
    assert rstar(drifting(alike()), "gbm") > 1 + 4 * np.sqrt((2 * CHAINS - 1) / JUDGED)
    assert is_near_1(rstar(drifting(alike()), "gbm", split=False))


def test_a_classifier_that_is_judged_by_the_draws_it_learned_from_is_noticed(monkeypatch):
    """Negative twin: draws that are judged must be others."""
    monkeypatch.setattr(np, "split", lambda order, places: [order, order])
    assert not is_near_1(rstar(alike(), "gbm", split=False))


def test_the_same_seed_gives_the_same_numbers():
    draws = shifted(alike())[:, :50]
    found = [rstar(draws, "gbm", split=False, seed=seed) for seed in (3, 3, 4)]
    assert found[0] == found[1] != found[2]
    same = [rstar_distribution(draws, "gbm", split=False, nsimulations=5, seed=3).tolist() for _ in range(2)]
    assert same[0] == same[1]


@pytest.mark.parametrize(("factor", "offset"), [(1e300, 0.0), (1e-300, 0.0), (1.0, 1e12)])
def test_r_star_does_not_depend_on_the_unit(factor, offset):
    """scikit-learn's trees have single precision: 1e300 would be infinite, and 1e12 and 1e12 + 1 the same."""
    draws = shifted(alike())[:, :60]
    expected = rstar(draws, "gbm", split=False)
    assert expected > 1.3
    assert rstar(factor * draws + offset, "gbm", split=False) == expected


def test_one_parameter_and_a_classifier_of_ones_own():
    from sklearn.neighbors import KNeighborsClassifier

    draws = alike(parameters=1)
    for method in ("gbm", KNeighborsClassifier(20)):
        assert is_near_1(rstar(draws[..., 0], method, split=False))
        assert not is_near_1(rstar(shifted(draws)[..., 0], method, split=False))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_draws_that_are_not_finite_give_nan(bad):
    draws = alike()
    draws[1, 7, 2] = bad
    assert np.isnan(rstar(draws))
    assert np.isnan(rstar_distribution(draws, nsimulations=3)).tolist() == [True] * 3


@pytest.mark.parametrize(
    ("draws", "given", "said"),
    [
        ((1, 50, 2), {"split": False}, "single chain needs split=True"),
        ((4, 3, 2), {}, "R\\* needs 4 draws of each chain, not 3"),
        ((4, 50, 2), {"method": "svm"}, "the methods rf and gbm, or a classifier of scikit-learn, not 'svm'"),
        ((4, 50, 2), {"training_proportion": 1.0}, "training_proportion = 1.0 is not between 0 and 1"),
    ],
)
def test_what_gives_no_r_star_is_refused(draws, given, said):
    for function in (rstar, rstar_distribution):
        with pytest.raises(ValueError, match=said):
            function(np.zeros(draws), **given)
    with pytest.raises(ValueError, match="nsimulations = 0 is not 1 or more"):
        rstar_distribution(alike(), nsimulations=0)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **named):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"R\* needs scikit-learn: pip install -e '.\[rstar\]'"):
        rstar(alike())
