"""Log densities of distributions with a location and a scale, other than the normal: heavy tails, and lognormal.

In the convention of `models.densities`: the observation first, and (log density, derivatives in the order of the
arguments) returned. Far out in the tails nothing overflows, so that a heavy tail stays one.
"""

import math

from hmc.jit.kernel import inlined
from hmc.numerics import SMALLEST_NORMAL, log, log1p, sqrt
from models.densities import LOG_2, is_scale, never_nan, normal
from models.gamma_functions import digamma_difference, lgamma_ratio

LOG_PI = 1.14472988584940017414
# The squares of larger numbers overflow, and 1 beside them does not count.
LARGEST_SQUARED = 1e150


@inlined
def log1p_square(z):
    """log(1 + z^2), and its derivative by half: z / (1 + z^2)."""
    is_far = abs(z) > LARGEST_SQUARED
    near = 0.0 if is_far else z
    far = abs(z) if is_far else 1.0
    square = near * near
    return (2.0 * log(far) if is_far else log1p(square)), (1.0 / z if is_far else near / (1.0 + square))


@inlined
def cauchy(x, location, scale):
    """x ~ Cauchy(location, scale); -inf where the scale is none, or (x - location) / scale overflows.

    Returns (log density, d/dx, d/dlocation, d/dscale).
    """
    inverse = 1.0 / (scale if is_scale(scale) else 1.0)
    z = (x - location) * inverse
    spread, slope = log1p_square(z)
    value = never_nan(-LOG_PI - log(scale) - spread)
    d_x = -2.0 * slope * inverse
    return (value if is_scale(scale) else -math.inf), d_x, -d_x, (2.0 * z * slope - 1.0) * inverse


@inlined
def half_cauchy(x, scale):
    """x ~ half-Cauchy(0, scale): the absolute value of a Cauchy(0, scale); -inf for x below 0.

    Returns (log density, d/dx, d/dscale).
    """
    value, d_x, _, d_scale = cauchy(x, 0.0, scale)
    return (value + LOG_2 if x >= 0.0 else -math.inf), d_x, d_scale


@inlined
def student_t(x, df, location, scale):
    """x ~ Student-t with `df` degrees of freedom; -inf where df or scale is none, or
    (x - location) / scale overflows.

    Returns (log density, d/dx, d/ddf, d/dlocation, d/dscale). The derivative by df falls with 1 / df^2, its error with
    1 / df.
    """
    is_proper = is_scale(scale) and is_scale(df)
    inverse = 1.0 / (scale if is_proper else 1.0)
    nu = df if is_proper else 1.0
    root = sqrt(nu)
    u = (x - location) * inverse / root
    spread, slope = log1p_square(u)
    share = u * slope  # z^2 / (nu + z^2)
    norm = lgamma_ratio(0.5 * nu, 0.5) - 0.5 * (log(nu) + LOG_PI)
    value = never_nan(norm - log(scale) - 0.5 * (nu + 1.0) * spread)
    d_x = -(nu + 1.0) * slope * inverse / root
    d_df = 0.5 * (digamma_difference(0.5 * nu, 0.5) - 1.0 / nu - spread + (nu + 1.0) / nu * share)
    return (value if is_proper else -math.inf), d_x, d_df, -d_x, ((nu + 1.0) * share - 1.0) * inverse


@inlined
def laplace(x, location, scale):
    """x ~ Laplace(location, scale), of density exp(-|z|) / (2 scale); -inf where the scale is none.

    Returns (log density, d/dx, d/dlocation, d/dscale); at the location, where the density has a corner, d/dx is 0.
    """
    inverse = 1.0 / (scale if is_scale(scale) else 1.0)
    z = (x - location) * inverse
    value = never_nan(-abs(z) - log(scale) - LOG_2)
    sign = (1.0 if z > 0.0 else 0.0) - (1.0 if z < 0.0 else 0.0)
    return (value if is_scale(scale) else -math.inf), -sign * inverse, sign * inverse, (abs(z) - 1.0) * inverse


@inlined
def lognormal(x, location, scale):
    """log(x) ~ Normal(location, scale); -inf for x that is not above 0, and where the scale is none.

    Returns (log density, d/dx, d/dlocation, d/dscale).
    """
    is_positive = SMALLEST_NORMAL <= x < math.inf
    positive = x if is_positive else 1.0
    log_x = log(positive)
    value, d_log, d_location, d_scale = normal(log_x, location, scale)
    return (value - log_x if is_positive else -math.inf), (d_log - 1.0) / positive, d_location, d_scale
