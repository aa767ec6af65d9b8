"""Effective sample size: how many independent draws would estimate as well.

ESS = S / tau for S draws, tau = 1 + 2 (rho_1 + rho_2 + ...) with the autocorrelations rho_t of all chains
combined. Their estimates are noise beyond some lag, so the sum is cut by Geyer's initial positive sequence
and smoothed by his initial monotone sequence.

Geyer (1992), "Practical Markov chain Monte Carlo", section 3.3; Vehtari et al. (2021), sections 3 and 4.
The numbers are those of R's posterior 1.7.1, edge cases included.
"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import (
    as_draws,
    as_probability,
    finite_and_varied,
    in_safe_range,
    per_parameter,
    pooled,
    quantile,
    quietly,
    sorted_quantile,
    variance,
    where_finite,
)
from .protocols import Floats, Ints
from .rank import halves, rank_normalize

# Three lags are the least that leave a pair to sum.
MIN_DRAWS = 3


def ess_basic(x: ArrayLike, split: bool = True) -> Floats:
    """ESS of the mean of draws `x`, shape (chains, draws, ...); `split=False` leaves the chains whole.

    At most S log10(S) of S draws (antithetic chains can beat independent draws). NaN where a draw is not
    finite, all draws are equal, or a (half-)chain has fewer than 3 draws.
    """
    return per_parameter(_ess_basic, x, split)


def ess_mean(x: ArrayLike) -> Floats:
    """ESS for the mean: `ess_basic` of the split chains."""
    return per_parameter(_ess_basic, x, True)


def ess_bulk(x: ArrayLike) -> Floats:
    """ESS of the rank-normalised split chains, shape (chains, draws, ...): how well the centre is known.

    Defined for heavy tails without moments too; infinite draws have ranks like any other. NaN where a draw
    is NaN, all draws are equal, or a half-chain has fewer than 3 draws.
    """
    return per_parameter(lambda draws: effective_size(rank_normalize(halves(draws))), x)


def ess_tail(x: ArrayLike) -> Floats:
    """The smaller of the ESS for the 5% and the 95% quantile: how well the tails are known.

    NaN where either is: also where no draw lies above the 95% quantile, as for a mostly constant indicator.
    """
    return per_parameter(lambda draws: tail_size(draws, np.sort(pooled(draws), axis=0)), x)


def ess_sd(x: ArrayLike) -> Floats:
    """ESS for the standard deviation: that of the squared distances from the mean, as posterior 1.7.1."""
    return per_parameter(lambda draws: effective_size(halves(squared_distance(in_safe_range(draws)[0]))), x)


def ess_median(x: ArrayLike) -> Floats:
    """ESS for the median."""
    return ess_quantile(x, 0.5)


def ess_quantile(x: ArrayLike, prob: float) -> Floats:
    """ESS for the quantile at `prob`: that of the indicator "this draw is at most the quantile".

    NaN where a draw is not finite, or the indicator is constant (R too; ArviZ gives the number of draws
    there). ValueError for `prob` outside [0, 1].
    """
    return per_parameter(_ess_quantile, x, as_probability(prob))


def _ess_basic(x: Floats, split: bool) -> Floats:
    # Checks all draws: the halves of an odd number leave out the middle one.
    scaled, _ = in_safe_range(x)
    return where_finite(x, effective_size(halves(scaled) if split else scaled))


def _ess_quantile(x: Floats, prob: float) -> Floats:
    size = x.shape[0] * x.shape[1]
    if prob == 1:
        prob = 1 - 0.5 / size  # every draw is at most the maximum: R asks for the one just below
    return _size_of_share(x, quantile(x, prob))


def tail_size(x: Floats, ordered: Floats) -> Floats:
    """`ess_tail` of draws (chains, draws, n), which in ascending order are `ordered`, (chains * draws, n)."""
    return np.minimum(*(_size_of_share(x, sorted_quantile(ordered, prob)) for prob in (0.05, 0.95)))


def _size_of_share(x: Floats, value: Floats) -> Floats:
    """ESS for the share of draws that are at most `value`, (n,)."""
    at_most = (x <= value).astype(np.float64)
    return where_finite(x, effective_size(halves(at_most)))


def squared_distance(x: Floats) -> Floats:
    """Squared distances of the draws, which are `in_safe_range`, from the mean of all chains."""
    x = x - x[:1, :1]  # a large common offset then costs no digits
    return (x - x.mean(axis=(0, 1))) ** 2


def effective_size(x: Floats) -> Floats:
    """S / tau of (chains, draws, n), S draws in all, at most S log10(S); NaN as in `ess_basic`."""
    chains, draws = x.shape[:2]
    if draws < MIN_DRAWS:
        return np.full(x.shape[2:], np.nan)
    size = chains * draws
    tau = integrated_autocorrelation_time(combined_autocorrelation(x))
    # The cap: of antithetic chains tau is a small difference of large terms, and may come out negative.
    tau = np.maximum(tau, 1 / np.log10(size))
    return np.where(finite_and_varied(x), size / tau, np.nan)


def combined_autocorrelation(x: Floats) -> Floats:
    """rho_t of all chains together, (draws, n): 1 - (within variance - autocovariance at t) / total variance.

    Chains that disagree keep rho_t high at every lag, so their ESS is small.
    """
    chains, draws = x.shape[:2]
    autocov = from_power(power_spectrum(x).mean(axis=0, keepdims=True), draws)[0]
    within = autocov[0] * draws / (draws - 1)
    total = autocov[0] + (variance(x.mean(axis=1), axis=0) if chains > 1 else 0)
    rho = 1 - (within - autocov) / total
    rho[0] = 1
    return rho


def integrated_autocorrelation_time(rho: Floats) -> Floats:
    """tau = 1 + 2 sum of rho_t over Geyer's initial monotone sequence; `rho` has shape (draws, n)."""
    last = max(0, (len(rho) - 4) // 2)
    pairs = rho[0 : 2 * last + 2 : 2] + rho[1 : 2 * last + 2 : 2]
    # Initial positive sequence: pairs rho_2k + rho_2k+1 are positive for a reversible chain; stop at the
    # first that is not (or at the last pair there is).
    is_positive = pairs > 0
    stop = np.where(is_positive.all(axis=0), last, is_positive.argmin(axis=0))
    # Initial monotone sequence: such pairs also decrease.
    decreasing = np.minimum.accumulate(pairs, axis=0)
    kept = np.arange(last + 1).reshape(-1, *[1] * stop.ndim) < stop
    total = np.where(kept, decreasing, 0).sum(axis=0)
    # R's sum always holds lag 0, even where no pair is kept (fewer than 6 draws): tau is then 2.
    total = np.where(stop == 0, 1, total)
    return -1 + 2 * total + _first_left_out(rho, pairs, stop)


def _first_left_out(rho: Floats, pairs: Floats, stop: Ints) -> Floats:
    """rho at the even lag where the sum stops, if positive: lessens the variance for antithetic chains."""
    even = np.take_along_axis(rho, 2 * stop[None], axis=0)[0]
    pair = np.take_along_axis(pairs, stop[None], axis=0)[0]
    return np.where((even > 0) | (pair >= 0), even, 0)


@quietly
def autocovariance(x: ArrayLike) -> Floats:
    """Autocovariance of each chain at lags 0 to draws - 1, shape as `x`, (chains, draws, ...).

    Divisor N at every lag (Geyer: the biased estimate, whose noise dies out at long lags). By FFT. It has the unit of
    `x`, squared: inf or 0 where that is beyond the range of a double.
    """
    covariance, exponent = _autocovariance(x)
    return np.ldexp(covariance, 2 * exponent)


@quietly
def autocorrelation(x: ArrayLike) -> Floats:
    """Autocorrelation of each chain at lags 0 to draws - 1, shape as `x`; NaN for a constant chain."""
    covariance, _ = _autocovariance(x)
    return covariance / covariance[:, :1]


def _autocovariance(x: ArrayLike) -> tuple[Floats, Ints]:
    """The autocovariance of each chain `in_safe_range`, and the exponents of the chains."""
    scaled, exponent = in_safe_range(as_draws(x), axis=1)
    return from_power(power_spectrum(scaled), scaled.shape[1]), exponent[:, None]


def power_spectrum(x: Floats) -> Floats:
    """Squared modulus of the Fourier transform of each chain about its mean.

    Padded with zeros, so that a chain's ends do not meet. Linear in the autocovariance: chains are averaged
    here, before the transform back.
    """
    centred = x - x[:, :1]
    centred -= centred.mean(axis=1, keepdims=True)
    modulus = np.abs(np.fft.rfft(centred, _padded(x.shape[1]), axis=1))
    return np.square(modulus, out=modulus)


def from_power(power: Floats, draws: int) -> Floats:
    """The autocovariance at lags 0 to draws - 1, from the power spectrum along axis 1."""
    return np.fft.irfft(power, _padded(draws), axis=1)[:, :draws] / draws


def _padded(draws: int) -> int:
    """A length of at least 2 `draws` - 1 that transforms fast: a power of two, or five of them."""
    power = 1 << (2 * draws - 1).bit_length()
    return power // 8 * 5 if power // 8 * 5 >= 2 * draws else power
