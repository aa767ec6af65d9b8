"""Scalar functions of float64 that cannot raise, and give the same bits compiled and interpreted.

Two things are wrong with `math.exp` and its kin here. CPython raises where the hardware gives inf or nan (exp(710),
log(0), 1/0), so a density would behave differently under NUMBA_DISABLE_JIT=1; and compiled code calls the C library
once per number, 6 to 8 ns each, which also keeps LLVM from vectorising the loop around the call. So the functions
below are written out in additions, multiplications and divisions, each of which is rounded once, in the order
written, by CPython and by LLVM alike (no fastmath, hence no fused multiply-add). Where a case differs, both values
are computed and one is selected: a conditional expression, never an early return, keeps a loop vectorisable.

Everywhere: nan gives nan, and infinities and domain errors give what IEEE 754 recommends, silently. Errors are
measured in units in the last place (ulp) against exact values by `tests/hmc/test_numerics.py`.
"""

import math

import numpy as np

from hmc.jit.kernel import inlined, kernel

# log(2) in two parts; the first ends in 21 zero bits, so that k * LN2_HIGH is exact for every exponent k.
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
INVERSE_LN2 = 1.44269504088896338700

# Adding 1.5 * 2^52 leaves a float64 no bits for a fraction: the sum is rounded to an integer, which stands in its
# lowest bits. This is how a float is rounded and made an integer with instructions every vector unit has.
ROUNDER = 6755399441055744.0
ROUNDER_BITS = 0x4338000000000000
EXPONENT_BIAS = 1023
FRACTION_BITS = 52

SMALLEST_NORMAL = 2.2250738585072014e-308
TWO_TO_54 = 18014398509481984.0
# The bits of a float64 just above sqrt(1/2): mantissas are taken from [sqrt(1/2), sqrt(2)), so that log(1) is 0 + 0.
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD


@inlined
def _power_of_two(k):
    """2^k for a 64-bit integer k from -1022 to 1023: k, biased, is the exponent field of the result."""
    return float(np.int64((k + EXPONENT_BIAS) << FRACTION_BITS).view(np.float64))


@inlined
def _reduced_exp(x):
    """(t, k) with exp(x) = (1 + t) 2^k, k a whole number and t = exp(r) - 1 with |r| <= log(2) / 2.

    exp(r) - 1 = r + r^2 q(r), with q of degree 9 fitted (Remez) so that exp(r) has a relative error of 4e-18; q is
    summed in pairs (Estrin), which shortens the chain of operations that wait for one another.
    """
    rounded = x * INVERSE_LN2 + ROUNDER
    k = np.float64(rounded).view(np.int64) - ROUNDER_BITS
    n = rounded - ROUNDER
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    r2 = r * r
    q01 = 0.5000000000000011 + r * 0.16666666666666413
    q23 = 0.041666666666530155 + r * 0.008333333333494461
    q45 = 0.0013888888943630136 + r * 0.00019841269506578756
    q67 = 2.480149309888657e-05 + r * 2.755758637375234e-06
    q89 = 2.763024838563396e-07 + r * 2.5000061637458264e-08
    r4 = r2 * r2
    q = (q01 + r2 * q23) + r4 * ((q45 + r2 * q67) + r4 * q89)
    return r + r2 * q, k


@inlined
def _clamped(x):
    """`x` brought into the range in which `_reduced_exp` holds and outside which exp is 0 or inf."""
    x = 710.0 if x > 710.0 else x  # written so that nan passes
    return -746.0 if x < -746.0 else x


@inlined
def exp(x):
    """e to the x, within 1 ulp; 0 below -745.2, inf above 709.8."""
    t, k = _reduced_exp(_clamped(float(x)))
    # 2^k in two factors: 2^k itself may be too large (k = 1024) or subnormal (k < -1022) where the result is not.
    half = k >> 1
    return (1.0 + t) * _power_of_two(half) * _power_of_two(k - half)


@inlined
def exp_decay(x):
    """exp(-|x|), within 1 ulp down to 1e-307, then 0: a fifth faster than `exp`, for sums in which it meets a 1."""
    x = -abs(float(x))
    t, k = _reduced_exp(x)
    value = (1.0 + t) * _power_of_two(k)
    return 0.0 if x < -707.0 else value


@inlined
def expm1(x):
    """exp(x) - 1 without the rounding of exp(x), within 2 ulp; -1 below -40, inf above 709.8."""
    x = _clamped(float(x))
    t, k = _reduced_exp(x)
    half = k >> 1
    scale = _power_of_two(half) * _power_of_two(k - half)
    return scale * t + (scale - 1.0) if x < 709.0 else exp(x)


@inlined
def _log_scaled(k, f, correction):
    """k log(2) + log(1 + f) + correction, for 1 + f in [sqrt(1/2), sqrt(2)] and a tiny correction.

    With s = f / (2 + f), log(1 + f) = 2 atanh(s) = 2 s + s^3 P(s^2), P of degree 6, fitted (Remez) to a relative
    error of 2e-18; 2 s is rearranged as in FDLIBM's e_log.c so that its leading part f is exact.
    """
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    p01 = 0.6666666666666734 + z * 0.399999999994143
    p23 = 0.2857142874247994 + z * 0.22222198562971945
    p45 = 0.18183564892244833 + z * 0.1531403521451627
    p = (p01 + z2 * p23) + (z2 * z2) * (p45 + z2 * 0.14796111324563402)
    half_square = 0.5 * f * f
    return k * LN2_HIGH - ((half_square - (s * (half_square + z * p) + (k * LN2_LOW + correction))) - f)


@inlined
def _mantissa_and_exponent(x):
    """(m, k) with x = m 2^k, m in [sqrt(1/2), sqrt(2)), for a normal x > 0."""
    bits = np.float64(x).view(np.int64)
    k = (bits - SQRT_HALF_BITS) >> FRACTION_BITS
    return float(np.int64(bits - (k << FRACTION_BITS)).view(np.float64)), float(k)


@inlined
def log(x):
    """Natural logarithm, within 1 ulp; -inf at 0, nan below."""
    x = float(x)
    positive = x if x > 0.0 else 1.0
    is_subnormal = positive < SMALLEST_NORMAL
    m, k = _mantissa_and_exponent(positive * TWO_TO_54 if is_subnormal else positive)
    value = _log_scaled(k - 54.0 if is_subnormal else k, m - 1.0, 0.0)
    value = value if x < math.inf else x  # inf and nan
    value = value if x != 0.0 else -math.inf
    return math.nan if x < 0.0 else value


@inlined
def log1p(x):
    """log(1 + x) without the rounding of 1 + x, within 1 ulp; -inf at -1, nan below."""
    x = float(x)
    u = 1.0 + x
    # What the rounding of 1 + x lost, to first order: log(u + lost) = log(u) + lost / u.
    lost = 1.0 - (u - x) if x > 1.0 else x - (u - 1.0)
    positive = u if u > 0.0 else 1.0
    m, k = _mantissa_and_exponent(positive)
    value = _log_scaled(k, m - 1.0, lost / positive)
    value = value if x < math.inf else x  # inf and nan
    value = value if x != -1.0 else -math.inf
    return math.nan if x < -1.0 else value


@inlined
def log1p_unit(x):
    """log(1 + x) for x in [0, 1] only, within 2 ulp; a third faster than `log1p`, which must look at bits.

    As in `_log_scaled`, 2 s + s^3 P(s^2) with s = x / (2 + x) <= 1/3; P of degree 9, to a relative error of 1e-18.
    """
    s = x / (2.0 + x)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    p01 = 0.6666666666666631 + z * 0.40000000000157415
    p23 = 0.28571428547831207 + z * 0.22222223971186345
    p45 = 0.18181743872069334 + z * 0.15386561081548786
    p67 = 0.13300957967576907 + z * 0.12106212909890646
    p89 = 0.08339534991996604 + z * 0.17019648890628805
    p = (p01 + z2 * p23) + z4 * ((p45 + z2 * p67) + z4 * p89)
    return 2.0 * s + s * (z * p)


@inlined
def log1p_exp(x):
    """log(1 + exp(x)), the softplus, within 3 ulp; far below 0 it is exp(x), 0 under -707; far above 0, x."""
    x = float(x)
    return (x if x > 0.0 else 0.0) + log1p_unit(exp_decay(x))


@inlined
def expit(x):
    """1 / (1 + exp(-x)), the inverse logit, within 3 ulp; far below 0 it is exp(x), 0 under -707; far above 0, 1."""
    tail = exp_decay(x)
    nearer = 1.0 / (1.0 + tail)
    return nearer if x >= 0.0 else tail * nearer


@inlined
def log_add_exp(x, y):
    """log(exp(x) + exp(y)); -inf is the log of nothing: log_add_exp(-inf, y) is y."""
    x = float(x)
    y = float(y)
    difference = 0.0 if x == y else x - y  # two equal infinities differ by nothing
    return (x if x > y else y) + log1p_unit(exp_decay(difference))


@inlined
def divide(x, y):
    """x / y; a nonzero x over 0 is an infinity with the sign of the zero counted, 0 / 0 is nan."""
    x = float(x)
    y = float(y)
    over_zero = math.copysign(math.inf, x) * math.copysign(1.0, y)
    over_zero = math.nan if x == 0.0 or x != x else over_zero
    quotient = x / (1.0 if y == 0.0 else y)
    return over_zero if y == 0.0 else quotient


@inlined
def sqrt(x):
    """Square root, correctly rounded; nan below 0."""
    x = float(x)
    return math.sqrt(x) if x >= 0.0 else math.nan


@inlined
def total(x):
    """Sum of the array `x`, in four interleaved partial sums of pairs.

    An addition has to wait for the one before it, 4 cycles; four chains of additions wait together. LLVM may not
    reorder a sum by itself, which is why this stands here and the loops elsewhere write into arrays.
    """
    n = x.shape[0]
    a = b = c = d = 0.0
    whole = n - n % 8
    for i in range(0, whole, 8):
        a += x[i] + x[i + 1]
        b += x[i + 2] + x[i + 3]
        c += x[i + 4] + x[i + 5]
        d += x[i + 6] + x[i + 7]
    for i in range(whole, n):
        a += x[i]
    return (a + b) + (c + d)


@inlined
def dot(x, y):
    """Sum of the products x[i] y[i], in four interleaved partial sums of pairs (see `total`)."""
    n = x.shape[0]
    a = b = c = d = 0.0
    whole = n - n % 8
    for i in range(0, whole, 8):
        a += x[i] * y[i] + x[i + 1] * y[i + 1]
        b += x[i + 2] * y[i + 2] + x[i + 3] * y[i + 3]
        c += x[i + 4] * y[i + 4] + x[i + 5] * y[i + 5]
        d += x[i + 6] * y[i + 6] + x[i + 7] * y[i + 7]
    for i in range(whole, n):
        a += x[i] * y[i]
    return (a + b) + (c + d)


@inlined
def log_of_product(x, room):
    """Log of the product of the positive array `x`, with one logarithm for every eight of its numbers.

    The product of any eight must be a normal float64: numbers from 1e-38 to 1e38 are safe. `room` (n // 8 + 1 or more,)
    is scratch space.
    """
    n = x.shape[0]
    eighth = n // 8
    parts = x[: 8 * eighth].reshape(8, eighth)
    a, b, c, d, e, f, g, h = parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]
    for i in range(eighth):
        room[i] = ((a[i] * b[i]) * (c[i] * d[i])) * ((e[i] * f[i]) * (g[i] * h[i]))
    rest = 1.0
    for i in range(8 * eighth, n):
        rest *= x[i]
    room[eighth] = rest
    for i in range(eighth + 1):
        room[i] = log(room[i])
    return total(room[: eighth + 1])


@kernel
def cholesky(matrix, factor):
    """Write the Cholesky factor of a symmetric `matrix`, of which the lower triangle alone is read: factor @ factor.T
    is the matrix, `factor` (n, n) is lower triangular, with zeros above. `factor` may be `matrix`.

    Returns whether the matrix is positive definite. Where it is not, be it by rounding, or not finite, the factor is of
    no use, and a density returns -inf: `numpy.linalg.cholesky` raises an exception there.
    """
    n = matrix.shape[0]
    for i in range(n):
        for j in range(i + 1):
            value = matrix[i, j]
            for k in range(j):
                value -= factor[i, k] * factor[j, k]
            if i == j:
                if not 0.0 < value < math.inf:
                    return False
                factor[i, i] = math.sqrt(value)
            else:
                factor[i, j] = value / factor[j, j]
        for j in range(i + 1, n):
            factor[i, j] = 0.0
    return True


@kernel
def cholesky_pullback(factor, gradient, out):
    """The gradient with respect to a symmetric matrix, from that with respect to its Cholesky factor: Murray (2016),
    "Differentiation of the Cholesky decomposition", section 4.1.

    Of `gradient` (n, n) the lower triangle is read. Writes `out` (n, n), symmetric: where a number t changes the matrix
    by dA / dt, the derivative with respect to t is the sum of out * dA / dt over all n^2 elements. `out` may be
    `gradient`.
    """
    n = factor.shape[0]
    for i in range(n):
        for j in range(i + 1):
            out[i, j] = gradient[i, j]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            for i in range(j, n):
                out[i, k] -= out[i, j] * factor[j, k]
                out[j, k] -= out[i, j] * factor[i, k]
        for j in range(k + 1, n):
            out[j, k] /= factor[k, k]
            out[k, k] -= factor[j, k] * out[j, k]
        out[k, k] /= 2.0 * factor[k, k]
    for i in range(n):
        for j in range(i):
            out[i, j] *= 0.5
            out[j, i] = out[i, j]
