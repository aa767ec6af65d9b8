"""Log densities of single distributions, each beside its derivatives.

One convention: a function takes the observation first, then the parameters, and returns a tuple

    (log density, d / d first continuous argument, d / d second, ...)

of the log density, all normalising constants included, and its derivatives with respect to every continuous argument
in the order of the arguments. Constants that depend on data alone (binomial coefficients, factorials) are arguments
named `log_...`: compute them once, with `log_choose` and `log_factorial`. A derivative that the caller
does not use costs nothing; the compiler leaves it out.

For finite arguments a log density is finite or -inf, never nan; where it is -inf its derivatives are unspecified.
Everything is written with conditional expressions, so that a loop over observations that writes into an array is
vectorised (see `hmc.numerics`). A sum over observations is not, in strict arithmetic: `normal_group` has its own.
"""

import math

from hmc.jit.kernel import inlined
from hmc.numerics import SMALLEST_NORMAL, exp, exp_decay, expm1, log, log1p, log1p_unit

HALF_LOG_2PI = 0.91893853320467274178
LOG_2 = 0.69314718055994530942


@inlined
def log_factorial(n):
    """log(n!) for a whole number n >= 0 (int or float), to 1e-15 relative."""
    n = float(n)
    if n < 20.0:
        product = 1.0  # exact: 19! < 2^63 and has enough factors of two
        while n > 1.0:
            product *= n
            n -= 1.0
        return log(product)
    # Stirling's series; the first term left out, 1 / (1188 n^9), is under 2e-15 of a sum of 42 at n = 20.
    u = 1.0 / (n * n)
    series = (1.0 / 12.0 - u * (1.0 / 360.0 - u * (1.0 / 1260.0 - u / 1680.0))) / n
    return (n + 0.5) * log(n) - n + (HALF_LOG_2PI + series)


@inlined
def log_choose(n, k):
    """Log of the binomial coefficient "n choose k"."""
    return log_factorial(n) - log_factorial(k) - log_factorial(n - k)


@inlined
def is_scale(sd):
    """Whether `sd` can scale a distribution: positive, finite, and not so small that 1 / sd overflows."""
    return SMALLEST_NORMAL <= sd < math.inf


@inlined
def never_nan(log_density):
    """`log_density`, or -inf where it is nan: the difference of two numbers that overflowed, or 0 times one."""
    return log_density if log_density == log_density else -math.inf


@inlined
def normal(x, mean, sd):
    """x ~ Normal(mean, sd); -inf where sd is not a scale because it underflowed or overflowed.

    Returns (log density, d/dx, d/dmean, d/dsd).
    """
    inverse = 1.0 / (sd if is_scale(sd) else 1.0)
    z = (x - mean) * inverse
    value = -0.5 * z * z - log(sd) - HALF_LOG_2PI
    return (value if is_scale(sd) else -math.inf), -z * inverse, z * inverse, (z * z - 1.0) * inverse


@inlined
def normal_group(x, mean, sd, d_x):
    """Every x[i] of an array ~ Normal(mean, sd), independently: the log density of them all.

    Returns (log density, d/dmean, d/dsd) and writes d/dx[i] into d_x[i].
    """
    n = x.shape[0]
    a = b = a2 = b2 = 0.0  # sums of x - mean and of its square, each in two parts: see hmc.numerics.total
    whole = n - n % 4
    for i in range(0, whole, 4):
        e, f, g, h = x[i] - mean, x[i + 1] - mean, x[i + 2] - mean, x[i + 3] - mean
        a += e + f
        b += g + h
        a2 += e * e + f * f
        b2 += g * g + h * h
    for i in range(whole, n):
        a += x[i] - mean
        a2 += (x[i] - mean) * (x[i] - mean)
    inverse = 1.0 / (sd if is_scale(sd) else 1.0)
    for i in range(n):
        d_x[i] = (mean - x[i]) * inverse * inverse
    sum_z = (a + b) * inverse
    sum_z2 = (a2 + b2) * inverse * inverse
    value = -0.5 * sum_z2 - n * (log(sd) + HALF_LOG_2PI)
    return (value if is_scale(sd) else -math.inf), sum_z * inverse, (sum_z2 - n) * inverse


@inlined
def half_normal(x, sd):
    """x ~ half-Normal(0, sd): the absolute value of a Normal(0, sd); -inf for x below 0 and where sd is not a scale.

    Returns (log density, d/dx, d/dsd).
    """
    value, d_x, _, d_sd = normal(x, 0.0, sd)
    return (value + LOG_2 if x >= 0.0 else -math.inf), d_x, d_sd


@inlined
def dirichlet(x, concentration, log_constant, d_x):
    """The simplex x (an array) ~ Dirichlet(concentration in every place); log_constant = log(gamma(K c) / gamma(c)^K).

    Returns the log density, with respect to any K - 1 of the K places, and writes d/dx[i] into d_x[i]; -inf where an
    x[i] is not above 0 (whatever the concentration).
    """
    value = log_constant
    for i in range(x.shape[0]):
        value += (concentration - 1.0) * log(x[i]) if x[i] > 0.0 else -math.inf
        d_x[i] = (concentration - 1.0) / (x[i] if x[i] > 0.0 else 1.0)
    return value


@inlined
def exponential(x, rate):
    """x ~ Exponential(rate), of mean 1 / rate; -inf for x below 0 and for a rate that is not a scale.

    Returns (log density, d/dx, d/drate).
    """
    value = log(rate) - rate * x
    inverse = 1.0 / (rate if is_scale(rate) else 1.0)
    return (value if x >= 0.0 and is_scale(rate) else -math.inf), -rate, inverse - x


@inlined
def binomial_logit(successes, trials, log_coefficient, logit):
    """successes ~ Binomial(trials, p), logit(p) = logit; log_coefficient = log_choose(trials, successes).

    log(1 - p) = -max(logit, 0) - log(1 + exp(-|logit|)), and log p the same of -logit: terms of one sign, of which
    none cancels. The derivative, successes (1 - p) - failures p, keeps both tails.

    Returns (log density, d/dlogit).
    """
    return binomial_logit_of_tail(successes, trials, log_coefficient, logit, exp_decay(logit))


@inlined
def logit_tails(logits, tails):
    """Write tails[i] = exp(-|logits[i]|), for `binomial_logit_of_tail` and `bernoulli_logit_of_tail`.

    A loop over many observations takes longer if it computes these itself. The operations of one observation
    wait for one another, so a processor works on several at once, and has in view more of them the shorter the loop is.
    """
    for i in range(logits.shape[0]):
        tails[i] = exp_decay(logits[i])


@inlined
def binomial_logit_of_tail(successes, trials, log_coefficient, logit, tail):
    """`binomial_logit`, given tail = exp(-|logit|)."""
    failures = trials - successes
    is_positive = logit >= 0.0
    distance = failures * logit if is_positive else -successes * logit
    value = log_coefficient - distance - trials * log1p_unit(tail)
    larger = 1.0 / (1.0 + tail)
    smaller = tail * larger
    p, q = (larger if is_positive else smaller), (smaller if is_positive else larger)
    return value, successes * q - failures * p


@inlined
def bernoulli_logit(success, logit):
    """success (1 or 0) ~ Bernoulli(p), logit(p) = logit.

    Returns (log density, d/dlogit).
    """
    return binomial_logit(success, 1.0, 0.0, logit)


@inlined
def bernoulli_logit_of_tail(success, logit, tail):
    """`bernoulli_logit`, given tail = exp(-|logit|)."""
    return binomial_logit_of_tail(success, 1.0, 0.0, logit, tail)


@inlined
def poisson_log(count, log_factorial_of_count, log_rate):
    """count ~ Poisson(rate), log(rate) = log_rate.

    Returns (log density, d/dlog_rate).
    """
    rate = exp(log_rate)
    value = count * log_rate - rate - log_factorial_of_count
    return (value if rate < math.inf else -math.inf), count - rate


@inlined
def cutpoint_gap(width):
    """Terms of `ordered_logistic` from a category's width, upper cutpoint - lower: once for all its observations.

    The first and the last category are inf wide. Cutpoints out of order count as equal: the category is impossible.
    Returns (w, log(1 - w), w / (1 - w)) of w = exp(-width).
    """
    difference = -width if width > 0.0 else 0.0
    overlap = exp(difference)
    remainder = -expm1(difference)
    return overlap, log(remainder), overlap / (remainder if remainder > 0.0 else 1.0)


@inlined
def ordered_logistic(eta, lower, upper, gap):
    """The category between cutpoints `lower` < `upper` is observed, gap = cutpoint_gap(upper - lower).

    P = expit(upper - eta) - expit(lower - eta); with u, l the two distances and w = exp(l - u),

        P = (1 - w) / ((1 + exp(-u)) (1 + exp(l))),

    in which nothing cancels. One exponential serves: exp(-|l|) and exp(-|u|) are the larger of the two, computed,
    and the smaller, which w gives by a product or a quotient. And one logarithm.

    Returns (log density, d/deta, d/dlower, d/dupper).
    """
    overlap, log_remainder, slope = gap
    u = upper - eta
    l = lower - eta  # noqa: E741
    is_between = l < 0.0 < u
    upper_is_nearer = abs(u) <= abs(l)
    nearer = exp_decay(u if upper_is_nearer else l)
    quotient = overlap / (nearer if nearer > 0.0 else 1.0)
    farther = quotient if is_between else nearer * overlap
    upper_tail = nearer if upper_is_nearer else farther  # exp(-|u|)
    lower_tail = farther if upper_is_nearer else nearer  # exp(-|l|)

    distance = (-u if u < 0.0 else 0.0) + (l if l > 0.0 else 0.0)
    value = log_remainder - distance - log1p(nearer + farther + nearer * farther)

    inverse = 1.0 / ((1.0 + upper_tail) * (1.0 + lower_tail))
    above = (upper_tail if u >= 0.0 else 1.0) * (1.0 + lower_tail) * inverse  # expit(-u)
    below = (1.0 if l >= 0.0 else lower_tail) * (1.0 + upper_tail) * inverse  # expit(l)
    return value, below - above, -below - slope, above + slope
