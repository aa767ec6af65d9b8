"""K-fold cross-validation: fit the model again without each fold, and score the observations that were left out.

With groups, a fold is of whole groups, so a left-out observation is one of a new group: a new tank, a new participant.
The parameters of such a group have no data in that fit. They come from the population, and the score counts how well
the model predicts a group that it has not met, not another observation of one it knows.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import is_whole, pooled, quietly, refuse_mask
from .cells import of_record
from .formatting import record_text
from .protocols import Floats, Ints
from .refits import known_errors, left_out_score, lppd_of, missed_share, observations_of, refits
from .waic import standard_error_of_sum

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hmc.model import Model


class KFoldPointwise(NamedTuple):
    """One number for each observation, arrays (observations,)."""

    elpd_kfold: Floats  # log of the mean over draws of its likelihood, in the fit without its fold
    p_kfold: Floats
    kfoldic: Floats
    mcse: Floats  # Monte Carlo standard error of elpd_kfold; NaN where `missed` is over 0.1
    missed: Floats  # the share of the mean likelihood that the draws without its fold miss: see `refits`


class KFold(NamedTuple):
    """K-fold cross-validation of a model: sums over the observations. The names are those of R's loo."""

    elpd_kfold: float  # log scale: higher is better
    p_kfold: float  # lppd - elpd_kfold
    kfoldic: float  # -2 elpd_kfold, deviance scale: lower is better
    se: float  # standard error of `elpd_kfold`, over observations, or over groups where there are some
    folds: Ints  # (observations,) the fold of each, from 0
    pointwise: KFoldPointwise

    def __repr__(self) -> str:
        return record_text(self)

    def _repr_html_(self) -> str:
        return of_record(self)


def kfold(
    model: Model,
    folds: int | None = None,
    *,
    groups: ArrayLike | None = None,
    seed: int | None = 12,
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
    **sampling: Any,
) -> KFold:
    """K-fold cross-validation of a model, as a `KFold`: as many fits as folds, and one of all data.

    folds       how many; None: 10 without groups, and with them one for each: leave one group out
    groups      a label for each observation, such as data.cafe: observations of the same label share a fold

    Observations, or groups, are dealt at random to folds of equal size, by `seed`. Each observation is scored by itself
    (`loo_refit(model, groups)` scores a group jointly). The model, further arguments, warnings and errors are as for
    `loo_refit`; ValueError too for fewer than 2 folds, or more than there are observations or groups, and for labels
    that are missing, or all the same.
    """
    observations = observations_of(model, "kfold")
    refuse_mask(groups, "groups")
    labels = np.arange(observations) if groups is None else np.asarray(groups)
    if labels.shape != (observations,):
        raise ValueError(f"{model.name}: groups has shape {labels.shape}, but there are {observations} observations")
    number = labels if groups is None else _numbered(model.name, labels)
    count = int(number.max()) + 1
    wanted = (min(10, count) if groups is None else count) if folds is None else folds
    if not is_whole(wanted) or not 2 <= wanted <= count:
        what = "observations" if groups is None else "groups"
        raise ValueError(
            f"{model.name}: folds = {wanted!r} is not a whole number from 2 to {count}, that of its {what}"
        )
    fold = dealt(count, int(wanted), seed)[number]
    left_out = [np.flatnonzero(fold == k).tolist() for k in range(int(wanted))]
    run: dict[str, Any] = {"seed": seed, "workers": workers, "executor": executor, "progress": progress}
    whole, *scores = refits(model, left_out, _score, sampling, caller="kfold", **run)
    elpd, mcse, missed = np.empty((3, observations))
    for members, found in zip(left_out, scores, strict=True):
        elpd[members], mcse[members], highest = np.transpose(found)
        joint = whole[:, members].sum(axis=1)
        missed[members] = [
            missed_share(whole[:, i], bound, joint - whole[:, i]) for i, bound in zip(members, highest, strict=True)
        ]
    mcse = known_errors(mcse, missed, "observation")
    pointwise = KFoldPointwise(elpd, lppd_of(whole.T) - elpd, -2.0 * elpd, mcse, missed)
    return KFold(
        elpd_kfold=float(elpd.sum()),
        p_kfold=float(pointwise.p_kfold.sum()),
        kfoldic=float(pointwise.kfoldic.sum()),
        se=standard_error_of_sum(np.bincount(number, weights=elpd).astype(np.float64)),
        folds=fold,
        pointwise=pointwise,
    )


def _numbered(name: str, labels: NDArray[Any]) -> Ints:
    """The number of each observation's group, from 0; ValueError where a label is missing, or all are the same."""
    missing = [i for i, label in enumerate(labels.tolist()) if label is None or label != label]
    if missing:
        raise ValueError(f"{name}: groups has no label for observation {missing[0] + 1}: {labels[missing[0]]}")
    different = list(dict.fromkeys(labels.tolist()))
    if len(different) < 2:
        raise ValueError(f"{name}: all observations are of the group {different[0]!r}; one to leave out needs another")
    with contextlib.suppress(TypeError):  # labels of several types keep the order in which they come
        different.sort()
    places = {label: place for place, label in enumerate(different)}
    return np.array([places[label] for label in labels.tolist()])


def dealt(count: int, folds: int, seed: int | None) -> Ints:
    """The fold of each of `count` items, dealt at random: sizes differ by 1 at most."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    return np.asarray(rng.permutation(np.arange(count) % folds))


@quietly
def _score(
    log_likelihood: Floats, draws: Floats, stats: dict[str, Any], group: list[int]
) -> Floats | list[tuple[float, float, float]]:
    """(elpd, its Monte Carlo standard error, highest log likelihood in a draw) of each observation that was left out;
    of the fit that leaves nothing out, the log likelihoods (S, observations).
    """
    return [left_out_score(log_likelihood[:, :, i]) for i in group] if group else pooled(log_likelihood)
