"""The array every statistic here takes: draws of shape (chains, draws, ...).

The formulas are written for whole arrays: axis 0 counts chains, axis 1 counts draws, all further axes count
parameters. `per_parameter` checks the array and hands it to a formula in blocks of parameters that fit the
processor's cache, each parameter's draws side by side in memory.

No statistic depends on the unit of its parameter: formulas that square the draws take them `in_safe_range`, so that
draws of 1e300 do not overflow and draws of 1e-300 do not vanish.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .protocols import Bools, Floats, Ints

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

# Half a megabyte of doubles: sorting, ranking and transforming a block then stay in cache.
BLOCK_ELEMENTS = 1 << 16


def quietly(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same function, where IEEE arithmetic gives inf and NaN without a warning or an error, whatever `np.seterr`
    says: a statistic that is undefined is NaN.
    """

    @functools.wraps(function)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        with np.errstate(all="ignore"):
            return function(*arguments, **named)

    return run


def is_whole(value: object) -> bool:
    """Whether a value is a whole number, Python's or NumPy's; True and False are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def refuse_mask(x: object, what: str) -> None:
    """ValueError, which calls `x` `what`, for a masked array, and a list or tuple that has one."""
    parts = x if isinstance(x, (list, tuple)) else [x]
    if any(isinstance(part, np.ma.MaskedArray) for part in parts):
        advice = "its mask would be ignored; leave the masked values out, or put NaN in their place (x.filled(np.nan))"
        raise ValueError(f"{what} are a masked array: {advice}")


def as_reals(x: ArrayLike, what: str = "draws") -> Floats:
    """`x` as float64 of any shape; integers and booleans are converted.

    ValueError, which calls the numbers `what`, for complex numbers, text, and ragged or masked arrays: a mask would be
    lost without a word.
    """
    refuse_mask(x, what)
    try:
        array = np.asarray(x)
    except ValueError:
        raise ValueError(f"{what} must form a rectangular array; these are ragged") from None
    if array.dtype.kind not in "fiub":
        of_fit = "; this is a fit: give fit['a'], or fit.log_likelihood" if hasattr(x, "known_log_likelihood") else ""
        raise ValueError(f"{what} must be real numbers, not {array.dtype}{of_fit}")
    with np.errstate(over="ignore"):  # a long double over 1.8e308 becomes inf
        return array.astype(np.float64, copy=False)


def as_draws(x: ArrayLike) -> Floats:
    """`x` as float64 of shape (chains, draws, ...); integers and booleans are converted.

    ValueError for anything else: fewer than two dimensions, no elements, complex, text, ragged or masked input.
    """
    array = as_reals(x)
    if array.ndim < 2:
        raise ValueError(f"draws need the shape (chains, draws, ...), not {array.shape}")
    if array.size == 0:
        raise ValueError(f"no draws: the array has shape {array.shape}")
    return array


def as_log_likelihood(log_lik: ArrayLike) -> Floats:
    """`log_lik` as float64 of shape (chains, draws, observations); ValueError for any other shape."""
    array = as_draws(log_lik)
    if array.ndim != 3:
        raise ValueError(f"log likelihoods need the shape (chains, draws, observations), not {array.shape}")
    return array


def as_probability(prob: float) -> float:
    """`prob` as a float between 0 and 1; ValueError otherwise."""
    prob = float(prob)
    if not 0 <= prob <= 1:
        raise ValueError(f"a probability lies between 0 and 1, not at {prob}")
    return prob


def per_parameter(statistic: Callable[..., Floats], x: ArrayLike, *arguments: object) -> Floats:
    """`statistic(draws, *arguments)` of every parameter of `x`, shape (chains, draws, ...).

    `statistic` maps (chains, draws, n) to (n,), or to (k, n) for k numbers at once. The result has the
    trailing shape of `x` (after k); a plain number where there is none. NaN where any draw is NaN, whatever
    `statistic` gives. Undefined operations give inf and NaN without a warning.
    """
    x = as_draws(x)
    result = in_blocks(unless_nan(statistic, *arguments), [x])
    return result.reshape((*result.shape[:-1], *x.shape[2:]))[()]


@quietly
def in_blocks(statistic: Callable[[Floats], Floats], parts: Iterable[Floats]) -> Floats:
    """`statistic` of every parameter of several arrays, (chains, draws, ...) each, one after the other: (n,) or (k, n).

    `statistic` maps draws (chains, draws, n), which it may overwrite, to (n,) or (k, n). Only a block is copied at a
    time, so that memory never holds a second copy of all draws. ValueError for arrays of different chains or draws.
    """
    return np.concatenate([statistic(block) for block in _blocks(parts)], axis=-1)


def _blocks(parts: Iterable[Floats]) -> Iterator[Floats]:
    """The parameters of several arrays, as many at a time as fit the processor's cache: copies (chains, draws, n)."""
    pieces: list[Floats] = []
    shape, room = None, 0
    for part in parts:
        shape = shape or part.shape[:2]
        if part.shape[:2] != shape:
            raise ValueError(f"draws have one number of chains and draws, not {shape} and {part.shape[:2]}")
        size = max(1, BLOCK_ELEMENTS // (shape[0] * shape[1]))
        parameters = part.reshape(*shape, -1)
        start = 0
        while start < parameters.shape[2]:
            room = room or size
            piece = parameters[:, :, start : start + room]
            pieces.append(piece)
            start, room = start + piece.shape[2], room - piece.shape[2]
            if room == 0:
                yield draws_adjacent(np.concatenate(pieces, axis=2))
                pieces = []
    if pieces:
        yield draws_adjacent(np.concatenate(pieces, axis=2))


def unless_nan(statistic: Callable[..., Floats], *arguments: object) -> Callable[[Floats], Floats]:
    """`statistic(draws, *arguments)`, with NaN for every parameter that has a draw that is NaN."""

    # Checked here, once: a statistic that leaves out draws (splitting an odd number does) could miss a NaN.
    def checked(x: Floats) -> Floats:
        return np.where(np.isnan(x).any(axis=(0, 1)), np.nan, statistic(x, *arguments))

    return checked


def draws_adjacent(x: Floats) -> Floats:
    """The same array (chains, draws, n), laid out in memory so that a parameter's draws are neighbours."""
    return np.ascontiguousarray(x.transpose(2, 0, 1)).transpose(1, 2, 0)


def pooled(x: Floats) -> Floats:
    """(chains, draws, ...) as (chains * draws, ...): the draws of all chains as one sample."""
    return x.reshape(-1, *x.shape[2:])


def where_finite(x: Floats, value: Floats) -> Floats:
    """`value`, (n,), with NaN where one of the draws, (chains, draws, n), is not finite."""
    return np.where(np.isfinite(x).all(axis=(0, 1)), value, np.nan)


def finite_and_varied(x: Floats) -> Bools:
    """Per parameter: is every draw finite, and are there at least two different values?

    R's posterior calls draws within 2.2e-16 of each other constant; we ask for equality, so that no
    statistic depends on the unit of the parameter.
    """
    return np.isfinite(x).all(axis=(0, 1)) & (x.max(axis=(0, 1)) != x.min(axis=(0, 1)))


def in_safe_range(x: Floats, axis: int | tuple[int, ...] = (0, 1)) -> tuple[Floats, Ints]:
    """`x` over a power of two, so that its squares neither overflow nor vanish; and the exponent of that power.

    Where the largest magnitude along `axis` is over 2^200 or under 2^-200, it is brought to between 1/2 and 1. `axis`
    is dropped from the exponents: np.ldexp(mean of the first, the second) is the mean of `x`. Exact: the digits stay,
    except of numbers over 1e307 times smaller than the largest. Numbers that are NaN or infinite stay as they are, and
    so do all others along the axis.
    """
    largest = np.maximum(x.max(axis=axis, keepdims=True), -x.min(axis=axis, keepdims=True))
    _, exponent = np.frexp(np.where(np.isfinite(largest), largest, 1.0))
    exponent[np.abs(exponent) <= 200] = 0
    if exponent.any():
        # A number under 2^-1021 would ask for a factor over the largest double.
        exponent = np.maximum(exponent, -1021)
        x = x * np.ldexp(1.0, -exponent)
    return x, exponent.squeeze(axis)


def mean(x: Floats) -> Floats:
    """Mean of the draws of all chains, (chains, draws, n) to (n,)."""
    scaled, exponent = in_safe_range(x)
    return np.ldexp(scaled.mean(axis=(0, 1)), exponent)


def variance(x: Floats, axis: int) -> Floats:
    """Sample variance (divisor n - 1) along axis 0 or 1; exactly 0 for equal values, NaN for fewer than two.

    Overflows for numbers over 1e154: for draws of any unit, take them `in_safe_range`.
    """
    if x.shape[axis] < 2:
        return np.full(np.delete(x.shape, axis), np.nan)
    # Counted from the first value: equal values cancel exactly, and a large common offset costs no digits.
    first = x[:1] if axis == 0 else x[:, :1]
    return (x - first).var(axis=axis, ddof=1)


def standard_deviation(x: Floats) -> Floats:
    """Sample standard deviation (divisor n - 1) of the draws of all chains, (chains, draws, n) to (n,)."""
    scaled, exponent = in_safe_range(x)
    return np.ldexp(np.sqrt(variance(pooled(scaled), axis=0)), exponent)


@quietly
def log_sum_exp(x: Floats) -> Floats:
    """log of the sum of exp(x) along the first axis, without overflow; -inf if every x is -inf."""
    largest = x.max(axis=0)
    largest = np.where(np.isneginf(largest), 0, largest)
    return np.log(np.exp(x - largest).sum(axis=0)) + largest


@quietly
def quantile(x: Floats, prob: float) -> Floats:
    """Quantile of the draws of all chains, shape (...), interpolated as R's type 7 and NumPy's "linear".

    NaN where a draw is NaN; an infinite draw counts like any other.
    """
    return sorted_quantile(np.sort(pooled(x), axis=0), prob)


def sorted_quantile(ordered: Floats, prob: float) -> Floats:
    """`quantile` of draws that are already sorted along axis 0."""
    index = (len(ordered) - 1) * prob
    low = int(np.floor(index))
    below, above = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    fraction = index - low
    # R's form of the interpolation: equal neighbours return themselves, so that infinities do too.
    between = np.where(below == above, below, (1 - fraction) * below + fraction * above)
    value = below if fraction == 0 else between
    return np.where(np.isnan(ordered[-1]), np.nan, value)


def beside_log_likelihood(
    values: ArrayLike, y: ArrayLike, log_lik: ArrayLike, what: str
) -> tuple[Floats, Floats, Floats]:
    """Values of each observation in each draw, the observations, and their log likelihoods, checked."""
    log_lik = as_log_likelihood(log_lik)
    values, y = as_log_likelihood(values), as_reals(y, "observations")
    if values.shape != log_lik.shape or y.shape != log_lik.shape[2:]:
        raise ValueError(
            f"{what} need the shape of the log likelihoods, {log_lik.shape}, and observations "
            f"{log_lik.shape[2:]}, not {values.shape} and {y.shape}"
        )
    return values, y, log_lik
