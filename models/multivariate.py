"""Log densities of vectors: multivariate normal by Cholesky factor, LKJ, and the categorical by logits.

In the convention of `models.densities`, but that derivatives by vectors and matrices are written into arrays that the
author gives. Of a lower triangular matrix, the triangle with the diagonal is read, and written.
"""

import math

from hmc.jit.kernel import inlined
from hmc.numerics import exp, log, log1p
from models.densities import never_nan
from models.gamma_functions import digamma, lgamma
from models.location_scale import LOG_PI

HALF_LOG_2PI = 0.91893853320467274178


@inlined
def multivariate_normal_cholesky(x, mean, factor, d_x, d_factor):
    """x ~ Normal(mean, L L'), `factor` being L (n, n), lower triangular with a positive diagonal; else -inf.

    Writes d/dx into `d_x` (n,), of which d/dmean is the negative, and d/dL into `d_factor` (n, n); returns the log
    density. For a factor diag(sd) R, with R the factor of a correlation matrix, d/dsd[i] is the sum over j of
    d_factor[i, j] R[i, j], and d/dR[i, j] is d_factor[i, j] sd[i].
    """
    n = x.shape[0]
    value = -HALF_LOG_2PI * n
    is_proper = True
    for i in range(n):  # z = L^-1 (x - mean)
        is_proper = is_proper and 0.0 < factor[i, i] < math.inf
        z = x[i] - mean[i]
        for j in range(i):
            z -= factor[i, j] * d_x[j]
        d_x[i] = z / (factor[i, i] if is_proper else 1.0)
        value -= 0.5 * d_x[i] * d_x[i] + log(factor[i, i])
    for i in range(n):
        for j in range(i + 1):
            d_factor[i, j] = d_x[j]
    for i in range(n - 1, -1, -1):  # w = L^-T z, in place
        w = d_x[i]
        for k in range(i + 1, n):
            w -= factor[k, i] * d_x[k]
        d_x[i] = w / (factor[i, i] if is_proper else 1.0)
    for i in range(n):
        for j in range(i + 1):
            d_factor[i, j] *= d_x[i]  # w z'
        d_factor[i, i] -= 1.0 / (factor[i, i] if is_proper else 1.0)
        d_x[i] = -d_x[i]
    return never_nan(value) if is_proper else -math.inf


@inlined
def lkj_cholesky(factor, eta, d_factor):
    """The factor L (n, n) of a correlation matrix ~ LKJ(eta): density by the elements of L below the diagonal.

    det(L L')^(eta - 1) for the matrix; flat for eta = 1, near the identity for large eta. -inf where eta is not above 0
    or a diagonal element is not. Writes d/dL[k, k], the only derivatives, with zeros beside them, into `d_factor`;
    returns (log density, d/deta). Lewandowski, Kurowicka & Joe (2009); Stan's lkj_corr_cholesky.
    """
    n = factor.shape[0]
    is_proper = 0.0 < eta < math.inf
    e = eta if is_proper else 1.0
    top = e + 0.5 * (n - 1)
    value, d_eta = (n - 1) * lgamma(top), (n - 1) * digamma(top)
    for k in range(n):
        for j in range(n):
            d_factor[k, j] = 0.0
        if k > 0:
            diagonal = factor[k, k]
            is_proper = is_proper and 0.0 < diagonal < math.inf
            log_diagonal = log(diagonal)
            power = (n - 1 - k) + 2.0 * (e - 1.0)
            left = e + 0.5 * (n - 1 - k)
            value += power * log_diagonal - 0.5 * k * LOG_PI - lgamma(left)
            d_eta += 2.0 * log_diagonal - digamma(left)
            d_factor[k, k] = power / (diagonal if is_proper else 1.0)
    return (never_nan(value) if is_proper else -math.inf), d_eta


@inlined
def categorical_logit(choice, logits, d_logits):
    """choice, from 0, ~ Categorical(softmax(logits)); -inf for one that is none of them.

    Writes d/dlogits into `d_logits` and returns the log probability. Both keep their digits near 0, where the choice is
    almost sure: they are computed from the probability of the others.
    """
    n, largest = logits.shape[0], -math.inf
    is_one = 0 <= choice < n
    for k in range(n):
        largest = max(largest, logits[k])
    own = exp(logits[choice] - largest) if is_one else 0.0
    others = 0.0
    for k in range(n):
        d_logits[k] = exp(logits[k] - largest)
        others += 0.0 if k == choice else d_logits[k]
    total = own + others
    for k in range(n):
        d_logits[k] = others / total if k == choice else -d_logits[k] / total
    if not is_one:
        return -math.inf
    behind = logits[choice] - largest
    return behind - log(total) if behind < 0.0 else -log1p(others)
