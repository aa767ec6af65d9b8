"""K-fold cross-validation by refitting agrees with quadrature, and folds are of whole groups."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import hmc
import models
from diagnostics import kfold, loo_refit
from diagnostics.kfold import _numbered, dealt
from tests.diagnostics.helpers.matching import quietly
from tests.test_loo_refit import conjugate, outlying

GOLDEN = Path(__file__).parent / "golden" / "models"
FEW = {"chains": 2, "warmup": 100, "draws": 100, "progress": False}


def exact_pointwise(name):
    return np.array(json.loads((GOLDEN / f"exact_{name}.json").read_text())["pointwise"]["elpd_loo"])


def agree(z):
    """Whether independent z-scores look standard normal; a right one fails once in 10,000 times."""
    return abs(z).max() < stats.norm.isf(1e-4 / (2 * z.size)) and (z**2).sum() < stats.chi2.isf(1e-4, z.size)


def test_a_fold_for_each_observation_is_exact_leave_one_out():
    found = kfold(models.mST(), 48, progress=False)
    z = (found.pointwise.elpd_kfold - exact_pointwise("mST")) / found.pointwise.mcse
    assert agree(z)
    assert not agree((found.pointwise.elpd_kfold - exact_pointwise("mSTnomem")) / found.pointwise.mcse)
    assert found.kfoldic == pytest.approx(-2.0 * found.elpd_kfold)
    assert found.elpd_kfold == pytest.approx(found.pointwise.elpd_kfold.sum())
    assert found.se == pytest.approx(np.sqrt(48.0 * np.var(found.pointwise.elpd_kfold, ddof=1)))


def test_a_new_group_is_predicted_worse_than_a_known_one():
    """Visits to cafes: without any visit to a cafe, its mean comes from the population."""
    model = models.cafes()
    cafe = model.data.cafe
    new = quietly(kfold, model, groups=cafe, progress=False)  # the second cafe is unlike all others
    known = kfold(model, 5, progress=False)
    assert {tuple(sorted(set(cafe[new.folds == k]))) for k in range(5)} == {(k,) for k in range(5)}
    assert any(len(set(cafe[known.folds == k])) > 1 for k in range(5))
    assert new.elpd_kfold < known.elpd_kfold
    assert new.p_kfold > known.p_kfold > 0.0
    # The visits to a cafe share its mean, so jointly they are less of a surprise than one by one.
    groups = [np.flatnonzero(cafe == k).tolist() for k in range(5)]
    joint = quietly(loo_refit, model, groups, progress=False).pointwise
    single = np.bincount(cafe, weights=new.pointwise.elpd_kfold)
    assert (joint.elpd_loo > single).all()
    assert new.se == pytest.approx(np.sqrt(5.0 * np.var(single, ddof=1)))


def test_folds_are_of_equal_size_and_by_the_seed():
    fold = dealt(48, 10, 3)
    assert sorted(np.bincount(fold)) == [4, 4, 5, 5, 5, 5, 5, 5, 5, 5]
    assert np.array_equal(fold, dealt(48, 10, 3))
    assert not np.array_equal(fold, dealt(48, 10, 4))


def test_results_do_not_depend_on_the_number_of_workers():
    one, two = (quietly(kfold, models.cafes(), 3, workers=workers, **FEW) for workers in (1, 2))
    assert one.pointwise.elpd_kfold.tolist() == two.pointwise.elpd_kfold.tolist()
    other = quietly(kfold, models.cafes(), 3, seed=5, **FEW)
    assert one.pointwise.elpd_kfold.tolist() != other.pointwise.elpd_kfold.tolist()


def test_an_observation_that_no_draw_comes_near_has_no_error_whatever_shares_its_fold():
    y, _ = outlying(20.0)
    with pytest.warns(UserWarning, match="come near 1 of 11 observations, the farthest observation 11"):
        found = kfold(conjugate(y), 3, draws=2000, workers=1, progress=False)
    points = found.pointwise
    assert np.flatnonzero(np.isnan(points.mcse)).tolist() == [10]
    assert points.missed[10] > 0.5 > 0.05 > points.missed[:10].max()
    # mu without a fold is Normal(sum / (n + 1), 1 / (n + 1)) of the n others.
    z = []
    for i in range(10):
        others = y[found.folds != found.folds[i]]
        mean, precision = others.sum() / (others.size + 1), others.size + 1
        exact = stats.norm.logpdf(y[i], mean, np.sqrt(1 + 1 / precision))
        z.append((points.elpd_kfold[i] - exact) / points.mcse[i])
    assert abs(np.array(z)).max() < stats.norm.isf(1e-4 / 20)
    # Of a fold with one observation, both are the same question.
    assert quietly(kfold, conjugate(y), 11, workers=1, progress=False).pointwise.missed[10] > 0.5
    near = kfold(conjugate(outlying(2.0)[0]), 3, draws=2000, workers=1, progress=False)
    assert np.isfinite(near.pointwise.mcse).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"folds": 1}, "^cafes: folds = 1 is not a whole number from 2 to 20, that of its observations$"),
        ({"folds": 2.5}, "^cafes: folds = 2.5 is not a whole number"),
        ({"groups": np.zeros(20)}, r"^cafes: all observations are of the group 0\.0; one to leave out needs another$"),
        ({"groups": np.r_[np.zeros(19), np.nan]}, "^cafes: groups has no label for observation 20: nan$"),
        ({"groups": np.array([*"ab" * 9, None, "a"], dtype=object)}, "^cafes: groups has no label for observation 19"),
        ({"groups": ["a", "b"] * 10, "folds": 3}, "^cafes: folds = 3 is not a whole number from 2 to 2, that of its"),
        ({"groups": np.zeros(19)}, r"^cafes: groups has shape \(19,\), but there are 20 observations$"),
    ],
)
def test_folds_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        kfold(models.cafes(), **options)


@pytest.mark.parametrize("labels", [[3, 1, 1, 2], [*"cbba"], [0.5, -1.0, 2.0, 2.0], [True, False, True, True]])
def test_groups_are_numbered_in_the_order_of_their_labels(labels):
    expected = np.unique(labels, return_inverse=True)[1].tolist()
    assert _numbered("m", np.asarray(labels)).tolist() == expected
    assert _numbered("m", np.asarray(labels, dtype=object)).tolist() == expected
    assert _numbered("m", np.array([("a", 1), 2, 2, "b"], dtype=object)).tolist() == [0, 1, 1, 2]


def test_models_without_what_it_needs_are_refused():
    with pytest.raises(ValueError, match="no field `weight`"):
        kfold(models.mRS())
    bare = hmc.Model(lambda p, d, g: 0.0, models.cafes().data, [hmc.Parameter("x")], name="bare")
    with pytest.raises(ValueError, match=r"^bare has no log_likelihood function, which kfold needs$"):
        kfold(bare)
    with pytest.raises(TypeError, match=r"^kfold has no argument 'thin'$"):
        kfold(models.cafes(), thin=3)
