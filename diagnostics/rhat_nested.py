"""Nested Rhat: for many short chains, of which several start from one point."""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, in_safe_range, per_parameter, refuse_mask, variance, where_finite
from .protocols import Floats, Ints


def rhat_nested(x: ArrayLike, superchains: Sequence[Hashable]) -> Floats:
    """Nested Rhat of draws `x`, shape (chains, draws, ...): superchains against each other, and the chains in them.

    superchains: of each chain, the superchain that it belongs to. Its chains start from one point, which differs
        between superchains; after a long enough warm-up this is forgotten. Each has the same number of chains.

    Of whole chains and the draws themselves, without ranks. It works for one draw a chain, where Rhat does not: with M
    chains in a superchain, it is near sqrt(1 + 1 / (M * draws)) for independent draws, not 1. NaN where a draw is not
    finite or all are equal, and for one superchain, or superchains of one chain with one draw. ValueError for another
    number of names than chains, and for superchains of different sizes.

    Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari & Gelman (2024), "Nested Rhat", Bayesian Analysis, equations 15
    to 19; the formula is that of R's posterior 1.7.1.
    """
    return per_parameter(_rhat_nested, x, _groups(as_draws(x).shape[0], superchains))


def _groups(chains: int, superchains: Sequence[Hashable]) -> Ints:
    """The chains of each superchain, (superchains, chains in each)."""
    if not isinstance(superchains, Iterable):
        raise ValueError(f"rhat_nested needs the superchain of each of {chains} chains, not {superchains!r}")
    refuse_mask(superchains, "superchains")
    names = list(superchains)
    if unknown := [name for name in names if not isinstance(name, Hashable) or name != name]:
        raise ValueError(f"{unknown[0]!r} is not the name of a superchain")
    if len(names) != chains:
        raise ValueError(f"rhat_nested needs the superchain of each of {chains} chains, not {len(names)}")
    groups = [[i for i, other in enumerate(names) if other == name] for name in dict.fromkeys(names)]
    sizes = sorted({len(group) for group in groups})
    if len(sizes) > 1:
        raise ValueError(f"superchains need one number of chains; these have from {sizes[0]} to {sizes[-1]}")
    return np.array(groups)


def _rhat_nested(x: Floats, groups: Ints) -> Floats:
    scaled, _ = in_safe_range(x)
    size, draws = groups.shape[1], x.shape[1]
    means = scaled.mean(axis=1)[groups]  # (superchains, chains in each, n)
    within_chain = variance(scaled, axis=1)[groups].mean(axis=1) if draws > 1 else 0.0
    between_chains = variance(means, axis=1) if size > 1 else 0.0
    within = np.mean(within_chain + between_chains + np.zeros_like(means[:, 0]), axis=0)
    between = variance(means.mean(axis=1), axis=0)
    return where_finite(x, np.sqrt(1 + between / within))
