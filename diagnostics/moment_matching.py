"""PSIS moment matching: leave-one-out of observations with high k-hats, before anything is refitted.

Where leaving observation i out moves the posterior too far for its weights, the draws are moved with it: shifted,
scaled, or mapped linearly, so that their moments match the weighted ones, as long as k-hat falls. Each move is an
affine map T of the unconstrained draws. At the end half of the draws are those of T and half the original ones, and
all are weighted as draws of the mixture of the two, in which the Jacobian of T counts (the split transformation).

Paananen, Piironen, Buerkner & Vehtari (2021), "Implicitly adaptive importance sampling", Statistics and Computing 31,
arXiv 1906.08850. The steps and their names are those of `loo_moment_match` and `loo_moment_match_split` of R's loo.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, as_log_likelihood, as_reals, log_sum_exp, pooled, quietly, variance
from .protocols import FitWithModel, Floats, check_fit
from .psis import LooPointwise, PsisLoo, compute_psis_loo, loo_cautions, psis, relative_efficiency, summed

# So many draws for each parameter make a covariance matrix that is worth matching.
DRAWS_PER_PARAMETER = 10
# From here on, weights of moved draws without the observation's likelihood spoil estimates that are not split.
HIGH_FULL_K = 0.5
# At so many draws a caller's log likelihood is compared with the one that was given.
FEW = 10

LogDensity: TypeAlias = Callable[[Floats], Floats]  # of positions (S, dimension): (S,)


class Fold(NamedTuple):
    """The posterior without one observation: what it takes to weigh draws for it."""

    draws: Floats  # (S, dimension), unconstrained, of the posterior with the observation
    log_density: Floats  # (S,) of these draws
    log_density_at: LogDensity  # the posterior with the observation
    log_lik_at: LogDensity  # of the observation
    r_eff: float


class Weighted(NamedTuple):
    """Draws and their smoothed weights."""

    draws: Floats
    log_lik: Floats  # (S,), of the observation
    log_weights: Floats  # (S,), for the posterior without the observation
    log_weights_full: Floats  # (S,), for the posterior with it
    k: float
    k_full: float


class Affine(NamedTuple):
    """x -> mapping (scaling (x - mean)) + mean + shift, `mean` being that of the draws."""

    shift: Floats  # (dimension,)
    scaling: Floats  # (dimension,)
    mapping: Floats  # (dimension, dimension)

    def then(self, other: Affine) -> Affine:
        """Both moves as one. As in loo, scales and mappings are gathered apart, though they do not commute: any move
        near the best will do, since the split transformation weighs draws by the move that it was given.
        """
        return Affine(self.shift + other.shift, self.scaling * other.scaling, other.mapping @ self.mapping)

    def apply(self, draws: Floats, mean: Floats) -> Floats:
        return ((draws - mean) * self.scaling) @ self.mapping.T + mean + self.shift

    def undo(self, draws: Floats, mean: Floats) -> Floats:
        """The inverse of `apply`."""
        return np.linalg.solve(self.mapping, (draws - mean - self.shift).T).T / self.scaling + mean

    def log_jacobian(self) -> float:
        return float(np.log(self.scaling).sum() + np.linalg.slogdet(self.mapping)[1])


class Matching(NamedTuple):
    """How draws are matched; the names are those of R's loo."""

    k_threshold: float | None = None  # k-hats above are matched until they fall to it; None: that of so many draws
    max_iters: int = 30  # moves of one observation's draws, at most
    split: bool = True  # whether to weigh by the split transformation; else scores may be biased at low k-hats
    cov: bool = True  # whether to match covariances too, where there are 10 draws for each parameter


def loo_moment_match(fit: FitWithModel, **how: Any) -> PsisLoo:
    """`psis_loo` of a fit, with moment matching of the observations whose k-hat is high, as a `PsisLoo`.

    `fit`: a `hmc.Fit` with its model. `how`: k_threshold, max_iters, split and cov, see `Matching`. The rest is as of
    `moment_match`. ValueError for a fit without its model, TypeError for another argument.

    Of the lecture's mST, whose tanks have an intercept each, PSIS gives an elpd of -111.2, moment matching -118.5, and
    the exact value is -134.9 (`hmc compare mST mSTnomem --criterion PSIS --scale log --seed 3`, with --moment-match;
    `loo_refit`): a k-hat just below the threshold still leaves a score too high, and a tank that is left out moves the
    posterior too far for its draws to follow.
    """
    check_fit(fit, "loo_moment_match", "model", "unconstrained", "log_likelihood")
    model = fit.model
    if model is None:
        raise ValueError(f"{fit.name}: moment matching needs the model; hmc.load the file with its model")

    def log_lik_i(positions: Floats, i: int) -> Floats:
        return model.pointwise("log_likelihood", positions)[:, i]

    return moment_match(fit.unconstrained, fit.log_likelihood, model.log_densities, log_lik_i, Matching(**how))


def moment_match(
    draws: ArrayLike,
    log_lik: ArrayLike,
    log_density: LogDensity,
    log_lik_i: Callable[[Floats, int], Floats],
    how: Matching | None = None,
) -> PsisLoo:
    """Leave-one-out of any program's draws, with moment matching of observations with high k-hats, as a `PsisLoo`.

    draws           unconstrained, (chains, draws, dimension)
    log_lik         their log likelihoods (chains, draws, observations)
    log_density     (S, dimension) -> (S,): of the posterior at unconstrained positions, Jacobians of constraints
                    included, up to a constant; where it is nan or -inf, a position counts as impossible
    log_lik_i       (positions, i) -> (S,): the log likelihood of observation i, from 0, at them

    The k-hats are those of the moved draws before the split, as in R's loo. Three things differ from it (2.5.1 was run,
    and sources of later versions read). Its split transformation takes the shift off last, which undoes the move only
    where nothing was scaled; here it is undone in reverse order. Its `p_loo` has the lppd of the moved draws, ours of
    the draws. And its `n_eff` has the relative efficiency of the second half of the draws alone, where its comment
    speaks of both halves.

    Warns as `psis_loo`, and where an observation's draws were moved `max_iters` times; without `split`, where that may
    spoil scores. An observation whose k-hat stays high needs a refit (`loo_refit`). ValueError for shapes that do not
    agree, a draw whose log density is not finite, and where `log_lik_i` is not `log_lik`.
    """
    draws, log_lik = as_draws(draws), as_log_likelihood(log_lik)
    if draws.ndim != 3 or draws.shape[:2] != log_lik.shape[:2]:
        raise ValueError(
            "moment matching needs draws (chains, draws, dimension) of the log likelihoods' chains and draws, "
            f"{log_lik.shape[:2]}, not {draws.shape}"
        )
    if how is not None and not isinstance(how, Matching):
        raise ValueError(f"how = {how!r} is not a Matching")
    loo, remarks = _matched(draws, log_lik, log_density, log_lik_i, how or Matching())
    for caution in [*map(str, loo_cautions(loo)), *remarks]:
        warnings.warn(caution, stacklevel=2)
    return loo


@quietly
def _matched(
    draws: Floats,
    log_lik: Floats,
    log_density: LogDensity,
    log_lik_i: Callable[[Floats, int], Floats],
    how: Matching,
) -> tuple[PsisLoo, list[str]]:
    """The result, and what is to be said of the matching itself."""
    loo = compute_psis_loo(log_lik)
    if how.k_threshold is not None:
        loo = loo._replace(k_threshold=how.k_threshold)
    flat, columns, remarks = pooled(draws), pooled(log_lik), []
    how = how._replace(k_threshold=loo.k_threshold, cov=how.cov and len(flat) >= DRAWS_PER_PARAMETER * flat.shape[1])
    log_density = functools.partial(_values, "log_density", log_density)
    at_draws, efficiency = log_density(flat), relative_efficiency(log_lik)
    _check_at_draws(at_draws, draws.shape[1])
    points = LooPointwise(*(column.copy() for column in loo.pointwise))
    for i in np.flatnonzero(~loo.trusted() & np.isfinite(loo.pointwise.elpd_loo)).tolist():
        log_lik_at = functools.partial(_of_observation, log_lik_i, i)
        _check_same(i, log_lik_at(flat[:FEW]), columns[:FEW, i])
        fold = Fold(flat, at_draws, log_density, log_lik_at, float(efficiency[i]))
        found, move, iters = matched_moments(fold, unmoved(fold, columns[:, i]), how)
        if move is None:
            continue
        points.pareto_k[i] = found.k
        if iters == how.max_iters and found.k > loo.k_threshold:
            remarks.append(f"the draws of observation {i + 1} were moved {iters} times; a larger max_iters may help")
        if not how.split and found.k_full > HIGH_FULL_K:
            remarks.append(f"the moved draws of observation {i + 1} fit the posterior badly; use split=True")
        if how.split:
            found = split_transformation(fold, move)
        _put(points, i, found, min(_efficiencies(found.log_lik, None if how.split else draws.shape[:2])))
    return summed(points, loo.k_threshold, loo.cells), remarks


def _of_observation(log_lik_i: Callable[[Floats, int], Floats], i: int, positions: Floats) -> Floats:
    return _values("log_lik_i", lambda positions: log_lik_i(positions, i), positions)


def _values(name: str, function: LogDensity, positions: Floats) -> Floats:
    """What a caller's function gives for positions (S, dimension); ValueError unless that is a number for each."""
    values = as_reals(function(positions), f"values of {name}")
    if values.shape != positions.shape[:1]:
        raise ValueError(
            f"{name} gives the shape {values.shape} for {len(positions)} positions, not {(len(positions),)}"
        )
    return values


def _check_at_draws(log_density: Floats, draws: int) -> None:
    """ValueError where a draw is impossible, so that it is not of the posterior of this log density."""
    impossible = np.flatnonzero(~np.isfinite(log_density))
    if impossible.size:
        chain, draw = divmod(int(impossible[0]), draws)
        value = log_density[impossible[0]]
        raise ValueError(f"log_density is {value} at draw {draw + 1} of chain {chain + 1}: it is not that of the draws")


def _check_same(i: int, found: Floats, known: Floats) -> None:
    """ValueError where the log likelihood of an observation is not the one that is to be matched."""
    wrong = ~np.isclose(found, known, rtol=1e-6, atol=1e-6, equal_nan=True)
    if wrong.any():
        values = f"{found[wrong][0]:.6g}, where log_lik has {known[wrong][0]:.6g}"
        raise ValueError(f"log_lik_i of observation {i + 1} is {values}: they need the same draws and constants")


def _put(points: LooPointwise, i: int, found: Weighted, r_eff: float) -> None:
    """Write the score of observation i."""
    score = log_sum_exp(found.log_lik + found.log_weights)
    points.p_loo[i] += points.elpd_loo[i] - score
    points.elpd_loo[i], points.looic[i] = score, -2 * score
    weights = np.exp([found.log_weights, found.log_weights_full])
    points.n_eff[i] = r_eff / (weights**2).sum(axis=1).max()


def unmoved(fold: Fold, log_lik: Floats) -> Weighted:
    """The draws as they are, with log likelihoods (S,), weighted for the posterior without the observation."""
    log_weights, k, _ = psis(-log_lik, fold.r_eff)
    equal = np.full(len(log_lik), -np.log(len(log_lik)))
    return Weighted(fold.draws, log_lik, log_weights, equal, float(k), 0.0)


def weigh(fold: Fold, draws: Floats) -> Weighted:
    """Moved draws, weighted as if they were of the posterior of the positions they come from (loo's
    `update_quantities_i`); the Jacobian is the same for all, so that it cancels.
    """
    log_density, log_lik = fold.log_density_at(draws), fold.log_lik_at(draws)
    full = np.where(np.isnan(log_density), -np.inf, log_density - fold.log_density)
    log_weights, k, _ = psis(np.where(np.isneginf(full), -np.inf, full - log_lik), fold.r_eff)
    log_weights_full, k_full, _ = psis(full, fold.r_eff)
    return Weighted(draws, log_lik, log_weights, log_weights_full, float(k), float(k_full))


def matched_moments(fold: Fold, start: Weighted, how: Matching) -> tuple[Weighted, Affine | None, int]:
    """Moves that lower k-hat, one after the other, until it is at most `k_threshold` or no move lowers it.

    After each the first kind of move is tried again. Gives the moved draws, all moves as one (None if there was none),
    and their number.
    """
    now, total = start, None
    kinds = (shift, shift_and_scale, shift_and_cov)[: 3 if how.cov else 2]
    for iters in range(how.max_iters):
        if how.k_threshold is not None and now.k <= how.k_threshold:
            return now, total, iters
        for kind in kinds:
            move = kind(now.draws, np.exp(now.log_weights))
            found = weigh(fold, move.apply(now.draws, now.draws.mean(axis=0)))
            if found.k < now.k:
                now, total = found, move if total is None else total.then(move)
                break
        else:
            return now, total, iters
    return now, total, how.max_iters


def shift(draws: Floats, weights: Floats) -> Affine:
    """The move to the weighted mean."""
    dimension = draws.shape[1]
    return Affine(weights @ draws - draws.mean(axis=0), np.ones(dimension), np.eye(dimension))


def shift_and_scale(draws: Floats, weights: Floats) -> Affine:
    """The move to the weighted means and variances of each parameter."""
    move = shift(draws, weights)
    count = len(draws)
    weighted = weights @ (draws - weights @ draws) ** 2 * count / (count - 1)
    return move._replace(scaling=np.sqrt(weighted / variance(draws, axis=0)))


def shift_and_cov(draws: Floats, weights: Floats) -> Affine:
    """The move to the weighted means and covariances; to the means alone where a covariance matrix is singular."""
    move = shift(draws, weights)
    apart = draws - weights @ draws
    weighted = (weights[:, None] * apart).T @ apart / (1 - weights @ weights)  # unbiased, as R's cov.wt
    try:
        to, of = np.linalg.cholesky(weighted), np.linalg.cholesky(np.atleast_2d(np.cov(draws.T)))
    except np.linalg.LinAlgError:
        return move
    return move._replace(mapping=np.linalg.solve(of.T, to.T).T)  # to of^-1


def split_transformation(fold: Fold, move: Affine) -> Weighted:
    """The first half of the draws moved, the second not, weighted as draws of the mixture of both.

    The density of the mixture at x is that of the posterior at x and at the inverse move of x, the latter over the
    Jacobian. `k` and `k_full` are those of these weights.
    """
    half, mean = len(fold.draws) // 2, fold.draws.mean(axis=0)
    moved = np.concatenate([move.apply(fold.draws[:half], mean), fold.draws[half:]])
    back = np.concatenate([fold.draws[:half], move.undo(fold.draws[half:], mean)])
    # The posterior at one half of each is known already.
    at_moved = np.concatenate([fold.log_density_at(moved[:half]), fold.log_density[half:]])
    at_back = np.concatenate([fold.log_density[:half], fold.log_density_at(back[half:])])
    at_moved, at_back = (np.where(np.isnan(values), -np.inf, values) for values in (at_moved, at_back))
    log_lik = fold.log_lik_at(moved)
    full = at_moved - np.logaddexp(at_moved, at_back - move.log_jacobian())
    log_weights, k, _ = psis(np.where(np.isneginf(full), -np.inf, full - log_lik), fold.r_eff)
    log_weights_full, k_full, _ = psis(np.where(np.isneginf(log_weights), -np.inf, log_weights + log_lik), fold.r_eff)
    return Weighted(moved, log_lik, log_weights, log_weights_full, float(k), float(k_full))


def _efficiencies(log_lik: Floats, chains: tuple[int, int] | None) -> list[float]:
    """Relative efficiency of the likelihoods (S,) of these chains; or, without, of each half of them."""
    parts = np.array_split(log_lik, 2) if chains is None else [log_lik]
    return [float(relative_efficiency(part.reshape(*(chains or (1, -1)), 1))[0]) for part in parts]
