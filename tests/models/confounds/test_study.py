"""Tables of individuals and groups: read, matched, and refused; and groups that have no individuals."""

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from models import confounds
from models.confounds.predictors import MRU
from models.tables import BUNDLED

# Groups out of order, of which the third has no individuals.
INDIVIDUALS = pd.DataFrame({"g": [2, 4, 1, 2, 2, 4], "X": [0.3, -1.2, 2.5, 1.1, 0.0, 4.0], "Y": [1, 0, 1, 0, 0, 1]})
GROUPS = pd.DataFrame({"g": [3, 1, 4, 2], "Z": [0.5, -1.5, 2.0, 0.25]})
EMPTY = 2
NAMES = ("m0", "mf", "mr", "mrx", "mru")
EVERY_MODEL = pytest.mark.parametrize("name", NAMES)


def built(name, groups=GROUPS):
    return getattr(confounds, name)(INDIVIDUALS, groups)


def test_the_bundled_study_has_200_individuals_of_30_groups():
    data = confounds.mr().data
    frame = pd.read_csv(BUNDLED / "confounds_individuals.csv")
    assert data.Y.tolist() == frame.Y.tolist()
    assert data.X.tolist() == frame.X.tolist()
    assert data.group.tolist() == (frame.g - 1).tolist()
    assert data.Z.tolist() == pd.read_csv(BUNDLED / "confounds_groups.csv").Z.tolist()


@EVERY_MODEL
def test_a_users_own_study_is_taken(name, tmp_path):
    paths = tmp_path / "people.csv", tmp_path / "villages.csv"
    for frame, path in zip((INDIVIDUALS, GROUPS), paths, strict=True):
        frame.to_csv(path, index=False)
    for study in ((INDIVIDUALS, GROUPS), paths, tuple(map(str, paths)), (INDIVIDUALS, paths[1])):
        data = getattr(confounds, name)(*study).data
        assert data.group.tolist() == [1, 3, 0, 1, 1, 3]
        assert data.Z.tolist() == [-1.5, 0.25, 0.5, 2.0]
        assert data.Y.tolist() == INDIVIDUALS.Y.tolist()


def test_groups_are_described_by_number_mean_and_spread():
    data = built("mrx").data
    by_group = INDIVIDUALS.groupby("g").X
    assert data.members.tolist() == [1, 3, 0, 2]
    np.testing.assert_allclose(data.Xbar[[0, 1, 3]], by_group.mean(), rtol=1e-14)
    assert data.spread**2 == pytest.approx(((INDIVIDUALS.X - by_group.transform("mean")) ** 2).sum(), rel=1e-14)


def test_the_truth_about_the_confound_is_not_read():
    plain, told = built("mru"), built("mru", GROUPS.assign(Ug=["?", None, 1.0, 2.0]))
    position = np.linspace(-1.0, 1.0, plain.dimension)
    assert told.evaluate(position)[0] == plain.evaluate(position)[0]


@pytest.mark.parametrize("name", ["mf", "mr", "mrx", "mru"])
def test_the_effect_of_a_group_without_individuals_follows_its_prior(name, positions):
    model = built(name)
    sd = 10.0 if name == "mf" else 1.0
    places = [EMPTY, 4 + EMPTY] if name == "mru" else [EMPTY]  # of a or z, and of u
    for position in positions(model)[::10]:
        _, gradient = model.evaluate(position)
        np.testing.assert_allclose(gradient[places], -position[places] / sd**2, rtol=1e-13)
        assert gradient[1] != pytest.approx(-position[1] / sd**2)  # as that of no group with individuals does


def test_the_naive_estimator_does_not_see_a_group_without_individuals(positions):
    model, other = (built("m0", GROUPS.assign(Z=[z, -1.5, 2.0, 0.25])) for z in (0.5, 1e3))
    for position in positions(model)[::10]:
        assert other.evaluate(position)[0] == model.evaluate(position)[0]


@pytest.mark.parametrize(("group", "enters"), [(EMPTY, False), (1, True)])
def test_the_mean_of_a_group_enters_mrx_only_if_it_has_individuals(group, enters, positions):
    model = built("mrx")
    assert model.data.Xbar[EMPTY] == pytest.approx(INDIVIDUALS.X.mean(), rel=1e-14)
    position = positions(model)[0]
    before = model.evaluate(position)[0]
    model.data.Xbar[group] += 1.0
    assert (model.evaluate(position)[0] != before) == enters


ONE_WITHOUT_THE_OTHER = "give both, or neither for the bundled study"
WRONG = [
    (INDIVIDUALS, None, f"confounds: individuals are given without groups; {ONE_WITHOUT_THE_OTHER}"),
    (None, GROUPS, f"confounds: groups are given without individuals; {ONE_WITHOUT_THE_OTHER}"),
    (
        INDIVIDUALS.assign(g=[2, 4, 1, 2, 5, 4]),
        GROUPS,
        "confounds_individuals: row 5: g = 5, but confounds_groups has 4 groups",
    ),
    (
        INDIVIDUALS.assign(g=[0, 4, 1, 2, 5, 4]),
        GROUPS,
        "confounds_individuals: row 1: g = 0 is less than 1",
    ),
    (
        INDIVIDUALS.assign(g=[1.5, 4, 1, 2, 5, 4]),
        GROUPS,
        "confounds_individuals: row 1: g = 1.5 is not a whole number",
    ),
    (INDIVIDUALS.assign(Y=[1, 0, 2, 0, 0, 1]), GROUPS, "confounds_individuals: row 3: Y = 2 is more than 1"),
    (INDIVIDUALS.assign(Y=[1, 0, 1, -1, 0, 1]), GROUPS, "confounds_individuals: row 4: Y = -1 is negative"),
    (INDIVIDUALS.assign(X=[0, 0, np.inf, 0, 0, 0]), GROUPS, "confounds_individuals: row 3: X = inf is not finite"),
    (INDIVIDUALS.assign(X=[0, None, 0, 0, 0, 0]), GROUPS, "confounds_individuals: row 2: X is missing"),
    (
        INDIVIDUALS.drop(columns="Y"),
        GROUPS,
        "confounds_individuals: no column Y in the frame; needed: g, X, Y; there: g, X",
    ),
    (INDIVIDUALS.iloc[:0], GROUPS, "confounds_individuals: there are no rows"),
    (INDIVIDUALS, GROUPS.assign(g=[3, 1, 4, 1]), "confounds_groups: row 4: g = 1 is already in row 2"),
    (
        INDIVIDUALS,
        GROUPS.assign(g=[3, 1, 5, 2]),
        "confounds_groups: row 3: g = 5 is more than the number of groups, 4; they are numbered from 1 without gaps",
    ),
    (INDIVIDUALS, GROUPS.assign(g=[3, 0, 4, 2]), "confounds_groups: row 2: g = 0 is less than 1"),
    (INDIVIDUALS, GROUPS.assign(Z=[0, 1, 2, np.nan]), "confounds_groups: row 4: Z is missing"),
    (INDIVIDUALS.assign(X=2.5), GROUPS, "confounds_individuals: X is 2.5 in every row, so it can have no slope"),
    (INDIVIDUALS, GROUPS.assign(Z=1), "confounds_groups: Z is 1 in every row, so it can have no slope"),
    (
        INDIVIDUALS,
        GROUPS.assign(Z=[0, 1, 1, 1]),  # the first is that of the group without individuals
        "confounds_groups: Z is 1 for every individual, so it can have no slope",
    ),
    (
        INDIVIDUALS.assign(X=[0, 0, 0, 1e101, 0, 0]),
        GROUPS,
        "confounds_individuals: row 4: X = 1e+101 is too large: at most 1e+100",
    ),
    (
        INDIVIDUALS,
        [1, 2],
        "confounds_groups: data must be a DataFrame, the path of a CSV file, or None, not list",
    ),
]


@pytest.mark.parametrize(("individuals", "groups", "message"), WRONG, ids=[message[:60] for _, _, message in WRONG])
def test_a_wrong_study_is_refused_in_one_line(individuals, groups, message):
    for name in ("m0", "mru"):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            getattr(confounds, name)(individuals, groups)


def test_mru_needs_a_spread_of_x_within_groups():
    """Without one its posterior has no integral: the density grows like a power of 1 / sigma."""
    alike = INDIVIDUALS.assign(X=INDIVIDUALS.g * 0.5)
    for beside in (0.0, 1e-16, 1e-9):
        with pytest.raises(ValueError, match=r"^confounds_individuals: in every group all have the same X, but for "):
            confounds.mru(alike.assign(X=alike.X + beside * (INDIVIDUALS.index == 0)), GROUPS)
    assert confounds.mru(alike.assign(X=alike.X + 1e-4 * (INDIVIDUALS.index == 0)), GROUPS).dimension == 16
    mrx = confounds.mrx(alike, GROUPS)
    assert mrx.dimension == 9
    nearly = confounds.mru(INDIVIDUALS, GROUPS).with_data(mrx.data._replace(estimator=MRU))
    alone = confounds.mru(alike.drop_duplicates("g"), GROUPS)  # with one individual each, all sigmas fit alike
    assert [densities_where_x_is_fitted(model) for model in (nearly, alone)] == [True, False]


def test_mrx_needs_means_of_x_that_differ():
    """Between groups that have individuals: the mean of the fourth stands for one that has none."""
    same = INDIVIDUALS.assign(X=0.1 * INDIVIDUALS.groupby("g").cumcount())
    same = same.assign(X=same.X - same.groupby("g").X.transform("mean"))  # of 0, but for rounding
    for shift in (0.0, 0.7):
        message = "^confounds_individuals: the mean of X is the same in every group, so it can have no slope in mrx$"
        with pytest.raises(ValueError, match=message):
            confounds.mrx(same.assign(X=same.X + shift), GROUPS)
        assert confounds.mr(same.assign(X=same.X + shift), GROUPS).dimension == 8
    assert confounds.mrx(same.assign(X=same.X + 1e-3 * INDIVIDUALS.g), GROUPS).dimension == 9


@pytest.mark.parametrize("name", ["m0", "mf", "mr", "mrx", "mru"])
def test_what_differs_by_rounding_alone_does_not_vary(name):
    rounded = INDIVIDUALS.assign(X=0.3 + np.spacing(0.3) * INDIVIDUALS.index)
    for individuals in (INDIVIDUALS.assign(X=INDIVIDUALS.X * 1e-200), rounded):
        with pytest.raises(ValueError, match=r"^confounds_individuals: X hardly varies, from "):
            getattr(confounds, name)(individuals, GROUPS)
    with pytest.raises(ValueError, match=r"^confounds_groups: Z hardly varies, from "):
        getattr(confounds, name)(INDIVIDUALS, GROUPS.assign(Z=1e12 + GROUPS.g))
    with pytest.raises(ValueError, match=r"^confounds_groups: Z hardly varies, from 1 to 1"):
        getattr(confounds, name)(INDIVIDUALS, GROUPS.assign(Z=[0.0, 1.0, 1.0 + 1e-15, 1.0]))
    small = INDIVIDUALS.assign(X=INDIVIDUALS.X * 1e-90)
    assert getattr(confounds, name)(small, GROUPS).dimension == getattr(confounds, name)(INDIVIDUALS, GROUPS).dimension


def densities_where_x_is_fitted(model):
    """Whether the density of mru grows without bound as sigma falls, times what the volume of good u falls by."""
    position = np.zeros(model.dimension)
    position[4:8] = np.array([0.5, 1.0, 0.0, 2.0]) - 1.0  # u, with bux = 1 and aX = 1
    position[-3] = 1.0
    values = []
    for log_sigma in (-5.0, -10.0):
        position[-1] = log_sigma
        values.append(model.evaluate(position)[0] + 3 * log_sigma)  # of 3 groups with individuals
    return values[1] - values[0] > 1.0


def test_the_bundled_study_is_built_without_pandas_or_scipy():
    slow = {"pandas", "scipy.stats", "scipy.special"}  # Numba imports some of SciPy itself
    code = f"import sys; from models import confounds; confounds.mru(); print(*{slow} & {{*sys.modules}})"
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == ""
