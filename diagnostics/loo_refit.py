"""Exact leave-one-out: fit the model again without each observation, and score the observation that was left out.

PSIS approximates the same from one fit; this takes a fit per observation. It assumes nothing about weights, so it also
holds where k-hat is high, as for every group with a parameter of its own: without a tank's data its intercept comes
from the population, and its score is that of a new tank.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from .arrays import pooled, quietly
from .cells import of_record
from .formatting import record_text
from .protocols import Floats, Ints
from .refits import known_errors, left_out_score, lppd_of, missed_share, observations_of, refits
from .rhat import rhat
from .waic import standard_error_of_sum

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hmc.model import Model

Score: TypeAlias = tuple[float, float, float, int, float]


class RefitPointwise(NamedTuple):
    """One number per group of observations (by default each is a group of its own), arrays (groups,)."""

    elpd_loo: Floats  # log of the mean over draws of the group's likelihood, the group left out of the fit
    p_loo: Floats
    looic: Floats
    mcse: Floats  # Monte Carlo standard error of elpd_loo; NaN where `missed` is over 0.1
    rhat: Floats  # the largest Rhat of the refit's parameters
    divergences: Ints  # of the refit
    missed: Floats  # the share of the mean likelihood that the refit's draws miss: see `refits`


class LooRefit(NamedTuple):
    """Leave-one-out of a model by refitting: sums over the groups. The names are those of `psis_loo`."""

    elpd_loo: float  # log scale: higher is better
    p_loo: float  # lppd - elpd_loo
    looic: float  # -2 elpd_loo, deviance scale: lower is better
    se: float  # standard error of `looic` over groups
    mcse: float  # Monte Carlo standard error of `elpd_loo`: how far that of another seed may be; NaN where one is
    pointwise: RefitPointwise

    def __repr__(self) -> str:
        return record_text(self)

    def _repr_html_(self) -> str:
        return of_record(self)


def loo_refit(
    model: Model,
    groups: Iterable[Iterable[int]] | None = None,
    *,
    seed: int | None = 12,
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
    **sampling: Any,
) -> LooRefit:
    """Leave-one-out of a model, each observation (or group) left out of a fit of its own, as a `LooRefit`.

    `model` is a `hmc.Model` with a log likelihood and data that have a field `weight` (see `Model.without`). `groups`:
    a list of lists of observation numbers, from 0; a group is left out, and scored jointly, as a whole. `workers`: how
    many fits at a time, each with its chains one after the other; `executor`, `progress` and `sampling` (chains, draws,
    ...) are arguments of `hmc.sample`. Each refit has a seed of its own, spawned from `seed`, so that results do not
    depend on workers or executor.

    Compare `psis_loo`: for the lecture's mST, PSIS gives a looic of about 222 and warns of nearly every tank, and the
    exact value is 269.8, because a tank that is left out is a new tank (tests/test_loo_refit.py).

    Warns of observations that the draws of a refit do not come near: their scores are mostly too low. ValueError for a
    model whose observations cannot be left out, or for an empty group. A refit that fails or is interrupted ends the
    run: RuntimeError, KeyboardInterrupt.
    """
    observations = observations_of(model, "loo_refit")
    left_out = [[i] for i in range(observations)] if groups is None else [list(group) for group in groups]
    if not left_out or not all(left_out):
        raise ValueError("loo_refit needs groups of at least one observation each")
    run: dict[str, Any] = {"seed": seed, "workers": workers, "executor": executor, "progress": progress}
    reduce = functools.partial(_score, left_out)
    whole, *scores = refits(model, left_out, reduce, sampling, caller="loo_refit", **run)
    elpd, mcse, worst_rhat, divergences, highest = map(np.array, zip(*scores, strict=True))
    missed = np.array([missed_share(log_lik, bound) for log_lik, bound in zip(whole, highest, strict=True)])
    mcse = known_errors(mcse, missed, "observation" if groups is None else "group")
    pointwise = RefitPointwise(elpd, lppd_of(whole) - elpd, -2 * elpd, mcse, worst_rhat, divergences, missed)
    return LooRefit(
        elpd_loo=float(elpd.sum()),
        p_loo=float(pointwise.p_loo.sum()),
        looic=float(pointwise.looic.sum()),
        se=standard_error_of_sum(pointwise.looic),
        mcse=float(np.sqrt((mcse**2).sum())),
        pointwise=pointwise,
    )


@quietly
def _score(
    groups: list[list[int]], log_likelihood: Floats, draws: Floats, stats: dict[str, Any], group: list[int]
) -> list[Floats] | Score:
    """(elpd, its Monte Carlo standard error, largest Rhat, divergences, highest log likelihood in a draw) of the group
    that a fit was made without; of the fit that leaves nothing out, the log likelihoods (S,) of each group.
    """
    if not group:
        return [pooled(log_likelihood[:, :, of]).sum(axis=1) for of in groups]
    elpd, mcse, highest = left_out_score(log_likelihood[:, :, group].sum(axis=2))
    return elpd, mcse, float(rhat(draws).max()), int(stats["diverging"].sum()), highest
