"""Log densities with gamma functions in them: gamma, inverse gamma, beta, negative binomial.

In the convention of `models.densities`: the observation first, and (log density, derivatives in the order of the
arguments) returned. Where terms cancel, as those of d/dx near a mode, errors are relative to the terms. At the ends of
their range, where a density may be 0, finite or infinite by its shape, it counts as 0: the log density is -inf.
"""

import math

from hmc.jit.kernel import inlined
from hmc.numerics import exp, expit, log, log1p, log1p_exp
from models.densities import is_scale, never_nan
from models.gamma_functions import (
    HALF_LOG_2PI,
    STIRLING_FROM,
    digamma,
    digamma_correction,
    digamma_difference,
    lgamma,
    lgamma_ratio,
    stirling_correction,
)


@inlined
def gamma(x, shape, rate):
    """x ~ Gamma(shape, rate), of mean shape / rate; -inf for x that is not above 0, and where shape or rate is none.

    For a large shape, the density is that of a sum of many terms, of which most cancel: with t = rate x / shape - 1,
    shape (t - log(1 + t)) is what is left.

    Returns (log density, d/dx, d/dshape, d/drate).
    """
    is_proper = is_scale(x) and is_scale(shape) and is_scale(rate)
    x, a, b = (x if is_proper else 1.0), (shape if is_proper else 1.0), (rate if is_proper else 1.0)
    log_x, log_b = log(x), log(b)
    is_large = a >= STIRLING_FROM
    large = a if is_large else STIRLING_FROM
    t = (b * x - large) / large
    log_ratio = log1p(t) if t > -0.5 else log_b + log_x - log(large)
    by_stirling = 0.5 * log(large) - HALF_LOG_2PI - stirling_correction(large) - large * (t - log_ratio) - log_x
    value = by_stirling if is_large else a * log_b - lgamma(a) + (a - 1.0) * log_x - b * x
    d_shape = log_ratio + digamma_correction(large) if is_large else log_b + log_x - digamma(a)
    return (never_nan(value) if is_proper else -math.inf), (a - 1.0) / x - b, d_shape, a / b - x


@inlined
def inverse_gamma(x, shape, scale):
    """1 / x ~ Gamma(shape, rate = scale); -inf for x that is not above 0, and where shape or scale is none.

    Returns (log density, d/dx, d/dshape, d/dscale).
    """
    positive = x if is_scale(x) else 1.0
    inverse = 1.0 / positive
    value, _, d_shape, d_scale = gamma(inverse, shape, scale)
    value = never_nan(value - 2.0 * log(positive))
    return (value if is_scale(x) else -math.inf), (scale * inverse - shape - 1.0) * inverse, d_shape, d_scale


@inlined
def beta(x, a, b):
    """x ~ Beta(a, b); -inf for x that is not between 0 and 1, and where a or b is none.

    Returns (log density, d/dx, d/da, d/db).
    """
    is_proper = is_scale(a) and is_scale(b) and is_scale(x) and x < 1.0
    x, a, b = (x if is_proper else 0.5), (a if is_proper else 1.0), (b if is_proper else 1.0)
    log_x, log_rest = log(x), log1p(-x)
    smaller, larger = (a if a < b else b), (b if a < b else a)
    log_norm = lgamma_ratio(larger, smaller) - lgamma(smaller)
    value = never_nan(log_norm + (a - 1.0) * log_x + (b - 1.0) * log_rest)
    d_x = (a - 1.0) / x - (b - 1.0) / (1.0 - x)
    d_a, d_b = log_x + digamma_difference(a, b), log_rest + digamma_difference(b, a)
    return (value if is_proper else -math.inf), d_x, d_a, d_b


@inlined
def negative_binomial_log(count, log_factorial_of_count, log_mean, concentration):
    """count ~ negative binomial of mean m = exp(log_mean) and variance m + m^2 / concentration.

    A Poisson whose rate is Gamma(concentration, concentration / m); for a large concentration it is Poisson(m). The
    coefficient is the product of phi (phi + 1) ... (phi + count - 1) over count!; where phi is the smaller, it is
    Gamma(count + phi) / Gamma(count) over Gamma(phi) count, of which no terms cancel.
    -inf where the concentration is none, or the mean overflows.

    Returns (log density, d/dlog_mean, d/dconcentration).
    """
    is_proper = is_scale(concentration) and exp(log_mean) < math.inf
    phi = concentration if is_proper else 1.0
    r = log_mean - log(phi)
    failed, succeeded = log1p_exp(r), log1p_exp(-r)  # minus the logs of phi / (m + phi), m / (m + phi)
    few = phi < count
    smaller_one, larger_one = (phi if few else float(count)), (float(count) if few else phi)
    ratio = lgamma_ratio(larger_one, smaller_one)
    log_coefficient = ratio - (lgamma(phi) + log(larger_one) if few else log_factorial_of_count)
    value = log_coefficient - count * succeeded - phi * failed
    larger, smaller = expit(r), expit(-r)
    d_phi = digamma_difference(phi, count) - count * (smaller / phi) - failed + larger
    return (never_nan(value) if is_proper else -math.inf), count * smaller - phi * larger, d_phi
