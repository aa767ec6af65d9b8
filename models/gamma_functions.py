"""The gamma function's logarithm and derivative, for densities: without libm, and without cancellation.

Stirling's series from 8 on; smaller arguments are moved up by 8 with the recurrence Gamma(x + 1) = x Gamma(x). In
densities stand differences of two values, which agree in most of their digits where the argument is large:
`lgamma_ratio` and `digamma_difference` take these differences term by term. Errors are a few times 1e-15, relative to a
value over 1 and absolute below, as near the zeros of log Gamma at 1 and 2.
"""

from hmc.jit.kernel import inlined
from hmc.numerics import SMALLEST_NORMAL, log, log1p

HALF_LOG_2PI = 0.91893853320467274178
# From here on, eight or nine terms of the series are exact to the last bit.
STIRLING_FROM = 8.0


@inlined
def stirling_correction(x):
    """log Gamma(x) - ((x - 1/2) log(x) - x + log(2 pi) / 2), for x from 8 on, to 1e-16."""
    u = 1.0 / (x * x)
    high = 1.0 / 1188.0 - u * (691.0 / 360360.0 - u * (1.0 / 156.0 - u * 3617.0 / 122400.0))
    return (1.0 / 12.0 - u * (1.0 / 360.0 - u * (1.0 / 1260.0 - u * (1.0 / 1680.0 - u * high)))) / x


@inlined
def digamma_correction(x):
    """log(x) - digamma(x), for x from 8 on."""
    u = 1.0 / (x * x)
    high = 1.0 / 132.0 - u * (691.0 / 32760.0 - u * (1.0 / 12.0 - u * 3617.0 / 8160.0))
    return 0.5 / x + u * (1.0 / 12.0 - u * (1.0 / 120.0 - u * (1.0 / 252.0 - u * (1.0 / 240.0 - u * high))))


@inlined
def lgamma(x):
    """log Gamma(x) for x > 0; inf where it overflows, and for x that is not positive."""
    x = float(x)
    positive = x if x > 0.0 else 1.0
    is_small = positive < STIRLING_FROM
    s = positive + 8.0 if is_small else positive
    product = 1.0
    for k in range(8):
        product *= positive + k if is_small else 1.0
    value = (s - 0.5) * log(s) - s + HALF_LOG_2PI + stirling_correction(s) - log(product)
    return value if 0.0 < x < 1e305 else (x if x != x else float("inf"))


@inlined
def digamma(x):
    """The derivative of log Gamma, for x > 0; -inf for x that is not above 2e-308."""
    x = float(x)
    positive = x if x >= SMALLEST_NORMAL else 1.0
    is_small = positive < STIRLING_FROM
    s = positive + 8.0 if is_small else positive
    reciprocals = 0.0
    for k in range(7, -1, -1):  # the largest last
        reciprocals += 1.0 / (positive + k) if is_small else 0.0
    value = log(s) - digamma_correction(s) - reciprocals
    return value if x >= SMALLEST_NORMAL else (x if x != x else float("-inf"))


@inlined
def lgamma_ratio(x, d):
    """log Gamma(x + d) - log Gamma(x) for x > 0, d >= 0, with an error of the size of its own rounding, at any x.

    For a count d it is the log of x (x + 1) ... (x + d - 1).
    """
    positive = x if x > 0.0 else 1.0
    is_small = positive < STIRLING_FROM
    s = positive + 8.0 if is_small else positive
    first = second = 1.0
    for k in range(4):
        first *= 1.0 + d / (positive + k) if is_small else 1.0
        second *= 1.0 + d / (positive + (k + 4.0)) if is_small else 1.0
    corrections = stirling_correction(s + d) - stirling_correction(s)
    moved = log(first) + log(second)
    return (s - 0.5) * log1p(d / s) + d * log(s + d) - d + corrections - moved


@inlined
def digamma_difference(x, d):
    """digamma(x + d) - digamma(x) for x > 0, d >= 0, with an error of the size of its own rounding, at any x."""
    positive = x if x > 0.0 else 1.0
    is_small = positive < STIRLING_FROM
    s = positive + 8.0 if is_small else positive
    moved = 0.0
    for k in range(7, -1, -1):
        moved += d / (positive + d + k) / (positive + k) if is_small else 0.0
    return log1p(d / s) + (digamma_correction(s) - digamma_correction(s + d)) + moved
