"""Studies of individuals in groups, with unmeasured causes: read from tables, or simulated.

    U[g] ~ Normal(1.5, 1)                   the unseen effect of a group on its members: the confound
    Z[g] ~ Normal(0, 1)                     a trait of the group
    X ~ Normal(U[g], 1)                     the treatment of an individual
    Y ~ Bernoulli(p),  logit(p) = a0 + bXY X + U[g] + bZY Z[g]

The arrow U -> X confounds the effect of X on Y. McElreath, Statistical Rethinking 2023, lecture 12.
"""

# ruff: noqa: N803, N806 (variables carry the lecture's names)

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.jit.kernel import inlined
from hmc.numerics import sqrt
from models.confounds.predictors import MRU, MRX
from models.tables import Table, TableData, count, number, read
from models.tables.options import finite, positive, whole
from models.tables.variation import require_variation, varies

if TYPE_CHECKING:
    import pandas as pd

INDIVIDUALS = Table("confounds_individuals", (count("g", least=1), number("X"), count("Y", most=1)))
LARGEST_STUDY = 10**7  # individuals or groups to simulate: beyond, memory runs out without a message
GROUPS = Table("confounds_groups", (count("g", least=1), number("Z")))


class Study(NamedTuple):
    """The data of an estimator. Individuals are in the order of their rows, groups in that of their numbers."""

    estimator: int  # a constant of `models.confounds.predictors`: whose data these are
    Y: NDArray[np.float64]  # (individuals,) 1 or 0
    X: NDArray[np.float64]  # (individuals,)
    group: NDArray[np.int64]  # (individuals,) from 0
    weight: NDArray[np.float64]  # (individuals,) 1, or 0 for an outcome Y that is left out (see hmc.Model.without)
    Z: NDArray[np.float64]  # (groups,)
    members: NDArray[np.float64]  # (groups,) how many individuals each has
    Xbar: NDArray[np.float64]  # (groups,) mean of X; for a group without individuals, the mean of all
    spread: float  # square root of the sum of squares of X - Xbar[group]


class SimulatedStudy(NamedTuple):
    """Two pandas DataFrames, as `m0(*study)` and the other estimators take them."""

    individuals: "pd.DataFrame"  # columns g, X, Y
    groups: "pd.DataFrame"  # columns g, Z, Ug; Ug is the truth, which no estimator reads


def read_study(estimator: int, individuals: TableData = None, groups: TableData = None) -> Study:
    """The `Study` of two tables: individuals with columns g, X, Y and groups with columns g, Z.

    Each is a DataFrame or the path of a CSV file; both None: the bundled ones. Groups are numbered from 1 without gaps,
    their rows in any order; there may be groups without individuals. ValueError where one table is given without
    the other, or is wrong; where X or Z does not vary over the individuals, in the sense of `models.tables.variation`;
    for `mrx` where the groups' means of X do not vary, and for `mru` where X does not vary within groups.
    """
    if (individuals is None) != (groups is None):
        given, missing = ("groups", "individuals") if individuals is None else ("individuals", "groups")
        raise ValueError(f"confounds: {given} are given without {missing}; give both, or neither for the bundled study")
    rows, columns = read(GROUPS, groups), read(INDIVIDUALS, individuals)
    n_groups = rows["g"].size
    order = _order_of_groups(rows["g"])
    for row, g in enumerate(columns["g"].tolist(), start=1):
        if g > n_groups:
            raise ValueError(f"{INDIVIDUALS.name}: row {row}: g = {g:.15g}, but {GROUPS.name} has {n_groups} groups")
    group = columns["g"].astype(np.int64) - 1
    members, means = np.empty(n_groups), np.empty(n_groups)
    spread = describe_groups(columns["X"], group, members, means)
    weight = np.ones(group.size)
    study = Study(estimator, columns["Y"], columns["X"], group, weight, rows["Z"][order], members, means, spread)
    _refuse_constants(study)
    return study


def _refuse_constants(study: Study) -> None:
    """ValueError where X or Z does not vary; for `mrx` the groups' means of X; for `mru` X within groups."""
    require_variation(INDIVIDUALS.name, "X", study.X)
    require_variation(GROUPS.name, "Z", study.Z)
    require_variation(GROUPS.name, "Z", study.Z[study.group], "for every individual")
    means, size = study.Xbar[study.group], np.abs(study.X).max()
    if study.estimator == MRX and not varies(means, size):
        raise ValueError(
            f"{INDIVIDUALS.name}: the mean of X is the same in every group, so it can have no slope in mrx"
        )
    # With X at its expectation for everybody, the likelihood grows without bound as sigma goes to 0.
    if study.estimator == MRU and study.members.max() > 1.0 and not varies(study.X - means, size):
        raise ValueError(
            f"{INDIVIDUALS.name}: in every group all have the same X, but for rounding, so the sigma of mru would be 0"
        )


def _order_of_groups(column: NDArray[np.float64]) -> NDArray[np.int64]:
    """The rows of groups 1, 2, ...; ValueError where the numbers are not these, each once."""
    row_of: dict[float, int] = {}
    for row, g in enumerate(column.tolist(), start=1):
        if g in row_of:
            raise ValueError(f"{GROUPS.name}: row {row}: g = {g:.15g} is already in row {row_of[g]}")
        if g > column.size:
            raise ValueError(
                f"{GROUPS.name}: row {row}: g = {g:.15g} is more than the number of groups, {column.size}; "
                "they are numbered from 1 without gaps"
            )
        row_of[g] = row
    return np.argsort(column)


@inlined
def describe_groups(x, group, members, means):
    """Fill `members` and `means` (`Xbar`), as in `Study`, from every individual's x and group; return `spread`."""
    mean_of_all, squares = 0.0, 0.0
    for g in range(members.size):
        members[g] = means[g] = 0.0
    for i in range(x.size):
        mean_of_all += x[i] / x.size
        members[group[i]] += 1.0
        means[group[i]] += x[i]
    for g in range(members.size):
        means[g] = means[g] / members[g] if members[g] > 0.0 else mean_of_all
    for i in range(x.size):
        squares += (x[i] - means[group[i]]) * (x[i] - means[group[i]])
    return sqrt(squares)


def simulate_study(
    seed: int = 8672,
    *,
    groups: int = 30,
    individuals: int = 200,
    a0: float = -2.0,
    bXY: float = 1.0,
    bZY: float = -0.5,
    mean_U: float = 1.5,
    sd_U: float = 1.0,
    sd_X: float = 1.0,
    mean_Z: float = 0.0,
    sd_Z: float = 1.0,
) -> SimulatedStudy:
    """The lecture's simulation, with an argument for each of its numbers: a `SimulatedStudy`.

    The same seed gives the same study (not the bundled one, which R drew). Individuals fall into groups at random; some
    groups may stay empty. ValueError for sizes under 1 or over 10,000,000, standard deviations that are not positive,
    numbers that are not finite, and seeds that are not whole numbers from 0.
    """
    import pandas as pd

    name = "simulate_study"
    seed = whole(name, "seed", seed)
    groups = whole(name, "groups", groups, 1, LARGEST_STUDY)
    individuals = whole(name, "individuals", individuals, 1, LARGEST_STUDY)
    for argument, value in {"a0": a0, "bXY": bXY, "bZY": bZY, "mean_U": mean_U, "mean_Z": mean_Z}.items():
        finite(name, argument, value)
    for argument, value in {"sd_U": sd_U, "sd_X": sd_X, "sd_Z": sd_Z}.items():
        positive(name, argument, value)

    noise = study_noise(seed, groups, individuals)
    group = noise.group
    U = mean_U + sd_U * noise.U
    X = U[group] + sd_X * noise.X
    Z = mean_Z + sd_Z * noise.Z
    # P(logistic noise < logit) is the inverse logit.
    Y = a0 + bXY * X + U[group] + bZY * Z[group] > noise.Y
    return SimulatedStudy(
        pd.DataFrame({"g": group + 1, "X": X, "Y": Y.astype(np.int64)}),
        pd.DataFrame({"g": np.arange(groups) + 1, "Z": Z, "Ug": U}),
    )


class Noise(NamedTuple):
    """All that is random in a simulated study: the rest is sums and products of it."""

    group: NDArray[np.int64]  # (individuals,) from 0
    U: NDArray[np.float64]  # (groups,) of Normal(0, 1)
    X: NDArray[np.float64]  # (individuals,) of Normal(0, 1)
    Z: NDArray[np.float64]  # (groups,) of Normal(0, 1)
    Y: NDArray[np.float64]  # (individuals,) of the standard logistic distribution


def study_noise(seed: int, groups: int, individuals: int) -> Noise:
    """The `Noise` of `simulate_study(seed, groups=groups, individuals=individuals)`."""
    rng = np.random.default_rng(seed)
    return Noise(
        group=rng.integers(groups, size=individuals),
        U=rng.standard_normal(groups),
        X=rng.standard_normal(individuals),
        Z=rng.standard_normal(groups),
        Y=rng.logistic(size=individuals),
    )


def outcome(data):
    """The outcome of each individual, 1 or 0."""
    return {"Y": data.Y}


def outcome_of_machine(data):
    """The outcome and the treatment of each individual: the latent Mundlak machine is a model of both."""
    return {"Y": data.Y, "X": data.X}
