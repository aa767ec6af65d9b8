"""Exact leave-one-tank-out scores where sigma is known: given a_bar, each tank is an integral of its own.

    S[i] ~ Binomial(D[i], logistic(a[i])),  a[i] = a_bar + sigma z[i],  z[i] ~ Normal(0, 1),  a_bar ~ Normal(0, 1.5)

All integrals are sums over even grids, which converge faster than any power of the step for such smooth integrands.
"""

import functools

import numpy as np
from numpy.typing import NDArray

from models.reedfrogs.tanks import TanksOfKnownSpread

_PRIOR_SD = 1.5
_FARTHEST = 9.0  # in standard deviations of a prior: beyond, it holds less than 1e-18
_FAINT = -46.0  # a log density this far below its mode adds nothing: 1e-20
_POINTS = 121  # values of a_bar
_AT_A_TIME = 1 << 20  # values of the logit, so that memory stays small


def known_sigma_looic(data: TanksOfKnownSpread) -> float:
    """-2 times the sum, over tanks, of the log predictive density of a tank given all others: exact to 1e-10.

    A tank of weight 0 is in no sum.
    """
    seen = data.weight != 0.0
    return _looic(float(data.sigma), data.survived[seen].tobytes(), data.density[seen].tobytes())


@functools.lru_cache(maxsize=64)
def _looic(sigma: float, survived: bytes, density: bytes) -> float:
    k, n = np.frombuffer(survived), np.frombuffer(density)
    a_bar = np.linspace(-1.0, 1.0, _POINTS) * _FARTHEST * _PRIOR_SD
    for _ in range(2):  # closer to where the posteriors are, which can be far narrower than the prior
        others, _ = _posteriors(a_bar, sigma, k, n)
        held = np.flatnonzero((others - others.max(axis=1, keepdims=True) > _FAINT).any(axis=0))
        a_bar = np.linspace(a_bar[max(held[0] - 1, 0)], a_bar[min(held[-1] + 1, _POINTS - 1)], _POINTS)
    others, tank = _posteriors(a_bar, sigma, k, n)
    return -2.0 * float(np.sum(_log_sum(others + tank) - _log_sum(others)))


def _posteriors(
    a_bar: NDArray[np.float64], sigma: float, k: NDArray[np.float64], n: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(log posterior of a_bar given all other tanks, log probability of the tank given a_bar), (tanks, a_bar) each."""
    distinct, at = np.unique(np.stack([k, n]), axis=1, return_inverse=True)
    narrowest = min(1.0, 2.0 / (sigma * np.sqrt(n.max())))  # of z: a tank's likelihood, or the prior
    z = np.linspace(-_FARTHEST, _FARTHEST, 2 * int(np.ceil(2.0 * _FARTHEST / narrowest)) + 1)
    log_weight = -0.5 * z**2 - np.log(np.exp(-0.5 * z**2).sum())
    found = np.empty((distinct.shape[1], a_bar.size))
    rows = max(1, _AT_A_TIME // z.size)
    for first in range(0, a_bar.size, rows):
        some = slice(first, first + rows)
        logit = a_bar[some, None] + sigma * z
        softplus = np.logaddexp(0.0, logit)
        for row, (survivors, tadpoles) in zip(found, distinct.T, strict=True):
            row[some] = _log_sum(survivors * logit - tadpoles * softplus + log_weight)
    tank = (found + _log_choose(*distinct)[:, None])[at.reshape(-1)]
    return tank.sum(axis=0) - tank - 0.5 * (a_bar / _PRIOR_SD) ** 2, tank


def _log_choose(k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.special import gammaln

    return gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)


def _log_sum(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """The log of the sum of exponentials along the last axis."""
    highest = terms.max(axis=-1)
    return highest + np.log(np.exp(terms - highest[..., None]).sum(axis=-1))
