"""Constraints: how an unconstrained position becomes a positive number, an interval's, an ordered vector, a simplex.

For each there are functions for authors' densities: `constrain_...` (unconstrained -> constrained value),
`..._log_jacobian` (log of the absolute derivative or determinant of that, to be added to the log density) and
`..._pullback` (the gradient with respect to the constrained value -> the one with respect to the unconstrained
position, the Jacobian term's included); `unconstrain_...` is the inverse. All are kernels (`hmc/jit/kernel.py`).
`hmc.Fit` uses the same functions, so a density and its printed draws cannot disagree. The definitions are Stan's (Stan
reference manual, "Constraint transforms").
"""

import math
from typing import NamedTuple

import numpy as np

from hmc.jit.kernel import inlined, kernel
from hmc.numerics import divide, exp, expit, log, log1p_exp

REAL, LOWER, UPPER, INTERVAL, ORDERED, SIMPLEX = range(6)
_NAMES = ("real", "lower", "upper", "interval", "ordered", "simplex")


class Constraint(NamedTuple):
    """What values a parameter may take; ordered and simplex act along the last axis of its shape."""

    kind: int
    lower: float = 0.0
    upper: float = 0.0

    @property
    def free_per_vector(self) -> int:
        """How many unconstrained numbers are fewer than constrained ones, per vector: 1 for a simplex."""
        return 1 if self.kind == SIMPLEX else 0

    def __str__(self) -> str:
        if self == positive:
            return "positive"
        bounds = {LOWER: (self.lower,), UPPER: (self.upper,), INTERVAL: (self.lower, self.upper)}.get(self.kind, ())
        return _NAMES[self.kind] + (f"({', '.join(f'{b:g}' for b in bounds)})" if bounds else "")


real = Constraint(REAL)
positive = Constraint(LOWER, 0.0)
ordered = Constraint(ORDERED)
simplex = Constraint(SIMPLEX)


def lower(bound: float) -> Constraint:
    """Values above `bound`, a finite number; ValueError for anything else."""
    return Constraint(LOWER, _finite("lower", bound))


def upper(bound: float) -> Constraint:
    """Values below `bound`, a finite number; ValueError for anything else."""
    return Constraint(UPPER, 0.0, _finite("upper", bound))


def interval(below: float, above: float) -> Constraint:
    """Values between two bounds, finite numbers; ValueError for anything else."""
    bounds = _finite("interval", below), _finite("interval", above)
    if not bounds[0] < bounds[1]:
        raise ValueError(f"interval: the lower bound {below} is not below the upper bound {above}")
    return Constraint(INTERVAL, *bounds)


def _finite(name: str, bound: object) -> float:
    if np.ndim(bound) > 0:  # type: ignore[arg-type]
        raise ValueError(
            f"hmc.{name}: a bound is one number, not {np.size(bound)}; where each element has a bound of its own, "  # type: ignore[arg-type]
            "write one hmc.Parameter for each"
        )
    try:
        number = float(bound)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"hmc.{name}: a bound must be a finite number, not {bound!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"hmc.{name}: a bound must be a finite number, not {bound}")
    return number


@inlined
def constrain_positive(x):
    """exp(x); the log Jacobian is x."""
    return exp(x)


@inlined
def unconstrain_positive(value):
    """log(value)."""
    return log(value)


@inlined
def constrain_lower(x, below):
    """below + exp(x); the log Jacobian is x."""
    return below + exp(x)


@inlined
def unconstrain_lower(value, below):
    """log(value - below)."""
    return log(value - below)


@inlined
def constrain_upper(x, above):
    """above - exp(x); the log Jacobian is x."""
    return above - exp(x)


@inlined
def unconstrain_upper(value, above):
    """log(above - value)."""
    return log(above - value)


@inlined
def constrain_interval(x, below, above):
    """below + (above - below) / (1 + exp(-x))."""
    return below + (above - below) * expit(x)


@inlined
def unconstrain_interval(value, below, above):
    """The logit of where `value` lies between the bounds."""
    return log(divide(value - below, above - value))


@inlined
def interval_log_jacobian(x, below, above):
    """log of (above - below) expit(x) expit(-x)."""
    return log(above - below) - log1p_exp(x) - log1p_exp(-x)


@inlined
def interval_pullback(x, below, above, gradient):
    """gradient * d value / d x + d log Jacobian / d x."""
    p, rest = expit(x), expit(-x)
    return gradient * (above - below) * p * rest + (rest - p)


@inlined
def constrain_ordered(x, out):
    """out[0] = x[0], out[k] = out[k - 1] + exp(x[k])."""
    out[0] = x[0]
    for k in range(1, x.shape[0]):
        out[k] = out[k - 1] + exp(x[k])


@inlined
def unconstrain_ordered(value, out):
    """The first value, then the logs of the differences."""
    out[0] = value[0]
    for k in range(1, value.shape[0]):
        out[k] = log(value[k] - value[k - 1])


@inlined
def ordered_log_jacobian(x):
    """The sum of x but for its first element."""
    total = 0.0
    for k in range(1, x.shape[0]):
        total += x[k]
    return total


@inlined
def ordered_pullback(x, gradient, out):
    """out[k] = d value / d x[k] . gradient + d log Jacobian / d x[k]; `out` may be `gradient`."""
    from_here_on = 0.0
    for k in range(x.shape[0] - 1, 0, -1):
        from_here_on += gradient[k]
        out[k] = from_here_on * exp(x[k]) + 1.0
    out[0] = from_here_on + gradient[0]


@inlined
def constrain_simplex(x, out):
    """Break a stick of length 1: piece k takes the share expit(x[k] - log(K - 1 - k)) of what is left.

    x has K - 1 elements, out has K. At x = 0 all pieces are equal.
    """
    left = 1.0
    for k in range(x.shape[0]):
        share = expit(x[k] - log(float(x.shape[0] - k)))
        out[k] = left * share
        left = left * expit(log(float(x.shape[0] - k)) - x[k])
    out[x.shape[0]] = left


@inlined
def unconstrain_simplex(value, out):
    """The inverse of `constrain_simplex`; `value` has one element more than `out`."""
    left = 0.0
    for k in range(out.shape[0], 0, -1):
        left += value[k]
        out[k - 1] = log(divide(value[k - 1], left)) + log(float(out.shape[0] - k + 1))


@inlined
def simplex_log_jacobian(x):
    """The sum of log(share) + log(1 - share) + log(left), of K - 1 breaks."""
    log_left, total = 0.0, 0.0
    for k in range(x.shape[0]):
        logit = x[k] - log(float(x.shape[0] - k))
        total += log_left - log1p_exp(-logit) - log1p_exp(logit)
        log_left -= log1p_exp(logit)
    return total


@inlined
def simplex_pullback(x, value, gradient, out):
    """out[k] = d value / d x[k] . gradient + d log Jacobian / d x[k]; `value` is the simplex of `x`."""
    n = x.shape[0]
    # Breaking more off at k scales piece k up, and all later pieces down together.
    later_pieces = value[n] * gradient[n]
    for k in range(n - 1, -1, -1):
        logit = x[k] - log(float(n - k))
        share, rest = expit(logit), expit(-logit)
        piece = value[k] * gradient[k]
        # The log Jacobian holds log(share (1 - share)) once, and log(1 - share) in each of the n - 1 - k later breaks.
        out[k] = piece * rest - later_pieces * share + (rest - share) - share * float(n - 1 - k)
        later_pieces += piece


@kernel
def constrain_block(kind, below, above, x, out):
    """One vector of draws of a parameter, unconstrained -> constrained, whatever its constraint."""
    if kind == ORDERED:
        constrain_ordered(x, out)
    elif kind == SIMPLEX:
        constrain_simplex(x, out)
    else:
        for i in range(x.shape[0]):
            if kind == LOWER:
                out[i] = constrain_lower(x[i], below)
            elif kind == UPPER:
                out[i] = constrain_upper(x[i], above)
            elif kind == INTERVAL:
                out[i] = constrain_interval(x[i], below, above)
            else:
                out[i] = x[i]


@kernel
def constrain_rows(kind, below, above, x, out):
    """`constrain_block` for every row of x (rows, free) into out (rows, values)."""
    for row in range(x.shape[0]):
        constrain_block(kind, below, above, x[row], out[row])
