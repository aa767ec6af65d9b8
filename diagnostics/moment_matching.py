"""PSIS moment matching: leave-one-out of observations with high k-hats, before anything is refitted.

Where leaving observation i out moves the posterior too far for its weights, the draws are moved with it: shifted,
scaled, or mapped linearly, so that their moments match the weighted ones, as long as k-hat falls. Each move is an
affine map T of the unconstrained draws. At the end half of the draws are those of T and half the original ones, and
all are weighted as draws of the mixture of the two, in which the Jacobian of T counts (the split transformation).

Paananen, Piironen, Buerkner & Vehtari (2021), "Implicitly adaptive importance sampling", Statistics and Computing 31,
arXiv 1906.08850. The steps and their names are those of `loo_moment_match` and `loo_moment_match_split` of R's loo.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, as_log_likelihood, log_sum_exp, pooled, quietly, variance
from .protocols import FitOfModel, Floats
from .psis import LooPointwise, PsisLoo, compute_psis_loo, loo_cautions, psis, relative_efficiency, summed

# So many draws for each parameter make a covariance matrix that is worth matching.
DRAWS_PER_PARAMETER = 10
# From here on, weights of moved draws without the observation's likelihood spoil estimates that are not split.
HIGH_FULL_K = 0.5

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


def loo_moment_match(fit: FitOfModel, *, max_iters: int = 30, split: bool = True, cov: bool = True) -> PsisLoo:
    """`psis_loo` of a fit, where observations with high k-hats are moment-matched, as a `PsisLoo`.

    `fit`: a `hmc.Fit` with its model. Otherwise as `moment_match`. ValueError for a fit without its model.
    """
    model = fit.model
    if model is None:
        raise ValueError(f"{fit.name}: moment matching needs the log density of other positions; load it with its model")

    def log_lik_i(positions: Floats, i: int) -> Floats:
        return model.pointwise("log_likelihood", positions)[:, i]

    return moment_match(
        fit.unconstrained, fit.log_likelihood, model.log_densities, log_lik_i, max_iters=max_iters, split=split, cov=cov
    )


def moment_match(
    draws: ArrayLike,
    log_lik: ArrayLike,
    log_density: LogDensity,
    log_lik_i: Callable[[Floats, int], Floats],
    *,
    max_iters: int = 30,
    split: bool = True,
    cov: bool = True,
) -> PsisLoo:
    """Leave-one-out with moment matching of the observations whose k-hat is over the threshold, as a `PsisLoo`.

    draws           unconstrained, (chains, draws, dimension)
    log_lik         their log likelihoods (chains, draws, observations)
    log_density     (S, dimension) -> (S,): of the posterior at unconstrained positions, Jacobians of constraints
                    included, constants or not; where it is not a number or -inf, a position counts as impossible
    log_lik_i       (positions, i) -> (S,): the log likelihood of observation i, from 0, at them
    max_iters       moves of one observation's draws, at most; it warns where so many were made
    split           whether to weigh by the split transformation; without it, k-hats can be low and scores biased
    cov             whether to match covariances too, where there are 10 draws for each parameter

    The k-hats are those of the moved draws before the split, as in R's loo. `p_loo` differs from R's loo 2.10, where
    its lppd is of the moved draws: here it is of the draws of the posterior. So does `n_eff`: loo takes the relative
    efficiency of the second half of the draws alone, where its comments speak of both.

    Warns as `psis_loo`; an observation whose k-hat stays high needs a refit (`loo_refit`). ValueError for shapes that
    do not agree.
    """
    draws, log_lik = as_draws(draws), as_log_likelihood(log_lik)
    if draws.ndim != 3 or draws.shape[:2] != log_lik.shape[:2]:
        raise ValueError(
            f"moment matching needs draws (chains, draws, dimension) of the log likelihoods' chains and draws, "
            f"{log_lik.shape[:2]}, not {draws.shape}"
        )
    with np.errstate(all="ignore"):
        loo, unsplit_k = _matched(draws, log_lik, log_density, log_lik_i, max_iters, split, cov)
    cautions = list(map(str, loo_cautions(loo)))
    if not split and unsplit_k > HIGH_FULL_K:
        cautions.append(f"moved draws have a k-hat of {unsplit_k:.2f} for the posterior itself; use split=True")
    for caution in cautions:
        warnings.warn(caution, stacklevel=2)
    return loo


def _matched(
    draws: Floats,
    log_lik: Floats,
    log_density: LogDensity,
    log_lik_i: Callable[[Floats, int], Floats],
    max_iters: int,
    split: bool,
    cov: bool,
) -> tuple[PsisLoo, float]:
    """The result, and the largest k-hat of moved draws for the posterior with the observation."""
    loo = compute_psis_loo(log_lik)
    flat, chains = pooled(draws), draws.shape[:2]
    cov = cov and len(flat) >= DRAWS_PER_PARAMETER * flat.shape[1]
    at_draws, efficiency = log_density(flat), relative_efficiency(log_lik)
    points = LooPointwise(*(column.copy() for column in loo.pointwise))
    largest = 0.0
    for i in np.flatnonzero(~loo.trusted() & np.isfinite(loo.pointwise.elpd_loo)):
        fold = Fold(flat, at_draws, log_density, lambda x, i=int(i): log_lik_i(x, i), float(efficiency[i]))
        start = unmoved(fold, pooled(log_lik)[:, i])
        found, move = matched_moments(fold, start, loo.k_threshold, max_iters, cov)
        if move is None:
            continue
        points.pareto_k[i], largest = found.k, max(largest, found.k_full)
        if split:
            found = split_transformation(fold, move)
        efficient = min(_efficiencies(found.log_lik, None if split else chains))
        score = log_sum_exp(found.log_lik + found.log_weights)
        points.p_loo[i] += points.elpd_loo[i] - score
        points.elpd_loo[i], points.looic[i] = score, -2 * score
        weights = np.exp([found.log_weights, found.log_weights_full])
        points.n_eff[i] = efficient / (weights**2).sum(axis=1).max()
    return summed(points, loo.k_threshold, loo.cells), largest


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


def matched_moments(
    fold: Fold, start: Weighted, threshold: float, max_iters: int, cov: bool
) -> tuple[Weighted, Affine | None]:
    """Moves that lower k-hat, one after the other, until it is at most `threshold` or no move lowers it.

    After each the first kind of move is tried again. Gives the moved draws and all moves as one; None if there was
    none.
    """
    now, total = start, None
    kinds = (shift, shift_and_scale, shift_and_cov)[: 3 if cov else 2]
    for _ in range(max_iters):
        if now.k <= threshold:
            break
        for kind in kinds:
            move = kind(now.draws, np.exp(now.log_weights))
            found = weigh(fold, move.apply(now.draws, now.draws.mean(axis=0)))
            if found.k < now.k:
                now, total = found, move if total is None else total.then(move)
                break
        else:
            break
    else:
        if now.k > threshold:
            warnings.warn(f"an observation's draws were moved {max_iters} times; more max_iters may help", stacklevel=4)
    return now, total


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
