"""Constraints: how an unconstrained position becomes a positive number, an interval's, an ordered vector, a simplex, a
vector of length 1, a correlation matrix's Cholesky factor (the last in `hmc/correlations.py`).

For each there are functions for authors' densities: `constrain_...` (unconstrained -> constrained value),
`..._log_jacobian` (log of the absolute derivative or determinant of that, to be added to the log density) and
`..._pullback` (the gradient with respect to the constrained value -> the one with respect to the unconstrained
position, the Jacobian term's included); `unconstrain_...` is the inverse. All are kernels (`hmc/jit/kernel.py`).
`hmc.Fit` uses the same functions, so a density and its printed draws cannot disagree. The definitions are Stan's (Stan
reference manual, "Constraint transforms").
"""

from typing import Any, NamedTuple

import numpy as np

from hmc.correlations import constrain_cholesky_corr
from hmc.jit.kernel import inlined, kernel
from hmc.numerics import divide, exp, expit, log, log1p_exp, sqrt
from hmc.unmasked import unmasked

REAL, LOWER, UPPER, INTERVAL, ORDERED, SIMPLEX, POSITIVE_ORDERED, UNIT_VECTOR, CHOLESKY_CORR = range(9)
_NAMES = (
    *("real", "lower", "upper", "interval", "ordered", "simplex"),
    *("positive_ordered", "unit_vector", "cholesky_corr"),
)
OF_VECTORS = (ORDERED, SIMPLEX, POSITIVE_ORDERED, UNIT_VECTOR)
_MOST_SHOWN = 3  # bounds of an array


class Constraint(NamedTuple):
    """The values that a parameter may take. Vectors lie along the last axis of its shape, matrices along the last two.

    A bound is a number, or one for each element of the parameter, in C order.
    """

    kind: int
    lower: Any = 0.0
    upper: Any = 0.0

    def block(self, shape: tuple[int, ...]) -> int:
        """How many values are transformed together, of a parameter of this shape."""
        if self.kind == CHOLESKY_CORR:
            return shape[-1] * shape[-1]
        return shape[-1] if shape else 1

    def free_of_block(self, shape: tuple[int, ...]) -> int:
        """How many unconstrained numbers such a block takes."""
        if self.kind == CHOLESKY_CORR:
            return shape[-1] * (shape[-1] - 1) // 2
        return self.block(shape) - (self.kind == SIMPLEX)

    def free_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of the unconstrained numbers: the parameter's, where there is one for each value."""
        if self.kind in (CHOLESKY_CORR, SIMPLEX):
            return (*shape[: -2 if self.kind == CHOLESKY_CORR else -1], self.free_of_block(shape))
        return shape

    @property
    def has_arrays(self) -> bool:
        """Whether each element has bounds of its own."""
        return isinstance(self.lower, tuple) or isinstance(self.upper, tuple)

    def of_element(self, i: int) -> "Constraint":
        """The constraint of element `i` alone, with numbers for bounds."""
        below, above = (bound[i] if isinstance(bound, tuple) else bound for bound in (self.lower, self.upper))
        return Constraint(self.kind, below, above)

    def __str__(self) -> str:
        if self == positive:
            return "positive"
        bounds = {LOWER: (self.lower,), UPPER: (self.upper,), INTERVAL: (self.lower, self.upper)}.get(self.kind, ())
        return _NAMES[self.kind] + (f"({', '.join(map(_bound_in_words, bounds))})" if bounds else "")


def _bound_in_words(bound: float | tuple[float, ...]) -> str:
    if not isinstance(bound, tuple):
        return f"{bound:g}"
    return f"[{', '.join(f'{b:g}' for b in bound[:_MOST_SHOWN])}{', ...' if len(bound) > _MOST_SHOWN else ''}]"


real = Constraint(REAL)
positive = Constraint(LOWER, 0.0)
ordered = Constraint(ORDERED)
simplex = Constraint(SIMPLEX)
positive_ordered = Constraint(POSITIVE_ORDERED)
unit_vector = Constraint(UNIT_VECTOR)
cholesky_corr = Constraint(CHOLESKY_CORR)


def lower(bound: Any) -> Constraint:
    """Values above `bound`: a finite number, or an array of them of the parameter's shape; ValueError for others."""
    return Constraint(LOWER, _finite("lower", bound))


def upper(bound: Any) -> Constraint:
    """Values below `bound`: a finite number, or an array of them of the parameter's shape; ValueError for others."""
    return Constraint(UPPER, 0.0, _finite("upper", bound))


def interval(below: Any, above: Any) -> Constraint:
    """Values between two bounds: finite numbers, or arrays of the parameter's shape; ValueError for anything else."""
    bounds = _finite("interval", below), _finite("interval", above)
    try:
        in_order = bool(np.all(np.less(*bounds)))
    except ValueError:
        raise ValueError(f"interval: there are {np.size(below)} lower bounds and {np.size(above)} upper ones") from None
    if not in_order:
        raise ValueError(f"interval: the lower bound {below} is not below the upper bound {above}")
    return Constraint(INTERVAL, *bounds)


def _finite(name: str, bound: Any) -> float | tuple[float, ...]:
    """A bound as a number, or as a tuple of numbers where it is an array."""
    unmasked(f"hmc.{name}", bound)
    try:
        numbers = np.asarray(bound, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"hmc.{name}: a bound must be a finite number, not {bound!r}") from None
    if not np.isfinite(numbers).all() or numbers.size == 0:
        raise ValueError(f"hmc.{name}: a bound must be a finite number, not {bound}")
    return float(numbers) if numbers.ndim == 0 else tuple(numbers.ravel().tolist())


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
def constrain_positive_ordered(x, out):
    """out[0] = exp(x[0]), out[k] = out[k - 1] + exp(x[k])."""
    total = 0.0
    for k in range(x.shape[0]):
        total += exp(x[k])
        out[k] = total


@inlined
def unconstrain_positive_ordered(value, out):
    """The logs of the first value and of the differences."""
    before = 0.0
    for k in range(value.shape[0]):
        out[k] = log(value[k] - before)
        before = value[k]


@inlined
def positive_ordered_log_jacobian(x):
    """The sum of x."""
    total = 0.0
    for k in range(x.shape[0]):
        total += x[k]
    return total


@inlined
def positive_ordered_pullback(x, gradient, out):
    """out[k] = d value / d x[k] . gradient + d log Jacobian / d x[k]; `out` may be `gradient`."""
    from_here_on = 0.0
    for k in range(x.shape[0] - 1, -1, -1):
        from_here_on += gradient[k]
        out[k] = from_here_on * exp(x[k]) + 1.0


@inlined
def norm(x):
    """The length of a vector; nothing overflows."""
    largest = 0.0
    for k in range(x.shape[0]):
        largest = max(largest, abs(x[k]))
    total = 0.0
    for k in range(x.shape[0]):
        part = divide(x[k], largest)
        total += part * part
    return largest * sqrt(total)


@inlined
def constrain_unit_vector(x, out):
    """out = x / |x|, nan at x = 0. There is one number more than the sphere has dimensions: |x| has its own density."""
    length = norm(x)
    for k in range(x.shape[0]):
        out[k] = divide(x[k], length)


@inlined
def unconstrain_unit_vector(value, out):
    """The vector itself: of all x along it, that of length 1."""
    for k in range(value.shape[0]):
        out[k] = value[k]


@inlined
def unit_vector_log_jacobian(x):
    """-x . x / 2: a flat density of the vector is then one of standard normal x, as in Stan, without its constant."""
    total = 0.0
    for k in range(x.shape[0]):
        total -= 0.5 * x[k] * x[k]
    return total


@inlined
def unit_vector_pullback(x, value, gradient, out):
    """out[k] = d value / d x[k] . gradient + d log Jacobian / d x[k]; `value` is the unit vector of `x`."""
    length, along = norm(x), 0.0
    for k in range(x.shape[0]):
        along += value[k] * gradient[k]
    for k in range(x.shape[0]):
        out[k] = divide(gradient[k] - value[k] * along, length) - x[k]


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
    elif kind == POSITIVE_ORDERED:
        constrain_positive_ordered(x, out)
    elif kind == UNIT_VECTOR:
        constrain_unit_vector(x, out)
    elif kind == CHOLESKY_CORR:
        constrain_cholesky_corr(x, out)
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
