"""Parameters: their names, shapes and constraints, and values on either side of the constraint."""

import collections
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from hmc.correlations import unconstrain_cholesky_corr
from hmc.jit.compiled import MATRIX, compile_entry
from hmc.settings import is_whole
from hmc.transforms import (
    CHOLESKY_CORR,
    INTERVAL,
    LOWER,
    OF_VECTORS,
    ORDERED,
    POSITIVE_ORDERED,
    REAL,
    SIMPLEX,
    UNIT_VECTOR,
    UPPER,
    Constraint,
    constrain_block,
    constrain_rows,
    interval,
    lower,
    real,
    unconstrain_interval,
    unconstrain_lower,
    unconstrain_ordered,
    unconstrain_positive_ordered,
    unconstrain_simplex,
    unconstrain_unit_vector,
    unconstrain_upper,
    upper,
)
from hmc.unmasked import unmasked

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Parameter(NamedTuple):
    """A named block of a model's parameters; `shape` () is a scalar, and the constraint one of hmc's."""

    name: str
    shape: tuple[int, ...] = ()
    constraint: Constraint = real

    @property
    def size(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)

    @property
    def free(self) -> int:
        """How many unconstrained numbers it takes: one fewer per vector for a simplex, K (K - 1) / 2 for a factor."""
        return math.prod(self.constraint.free_shape(self.shape))


def blocks(parameters: Iterable[Parameter]) -> Iterator[tuple[Parameter, slice]]:
    """(parameter, slice of a position) for each parameter, in their order."""
    first = 0
    for parameter in parameters:
        yield parameter, slice(first, first + parameter.free)
        first += parameter.free


def element_names(name: str, shape: tuple[int, ...]) -> list[str]:
    """A name for each element of a parameter of that shape, counted from 1: `a[1]`, `b[1,2]`; a scalar's is its own."""
    return [name + (f"[{','.join(str(i + 1) for i in place)}]" if place else "") for place in np.ndindex(shape)]


def checked_parameters(model_name: str, parameters: Iterable[Parameter]) -> tuple[Parameter, ...]:
    """The parameters with shapes as tuples; ValueError, naming the model, if this is not a list of parameters."""
    if not (isinstance(model_name, str) and model_name):
        raise ValueError(f"name = {model_name!r} is not the name of a model, which is text")
    if isinstance(parameters, Parameter) or not isinstance(parameters, Iterable):
        raise ValueError(f"{model_name}: parameters = {parameters!r} is not a list of hmc.Parameter")
    checked: list[Parameter] = []
    for parameter in parameters:
        if not isinstance(parameter, Parameter):
            raise ValueError(f"{model_name}: {parameter!r} is not a hmc.Parameter")
        shape: Any  # authors give a number or a list too
        name, shape, constraint = parameter
        if isinstance(shape, Constraint) or callable(shape):
            written = _as_written(shape)
            raise ValueError(
                f"{model_name}: {name} has the constraint {written} in place of its shape; write "
                f"hmc.Parameter({name!r}, constraint={written})"
            )
        if not isinstance(constraint, Constraint):
            written = _as_written(constraint) if callable(constraint) else "hmc.positive, hmc.lower(0) or another"
            raise ValueError(f"{model_name}: {name} has constraint {constraint!r}; write constraint={written}")
        if not (isinstance(shape, (tuple, list)) or is_whole(shape)):
            raise ValueError(f"{model_name}: {name} has shape {shape!r}, which is not a tuple of whole numbers")
        shape = (shape,) if is_whole(shape) else tuple(shape)
        if not (isinstance(name, str) and name):
            raise ValueError(f"{model_name}: a parameter's name is a text, not {name!r}")
        if not all(is_whole(n) and n >= 1 for n in shape):
            raise ValueError(f"{model_name}: {name} has shape {shape}; extents are whole numbers of at least 1")
        _check_shape(f"{model_name}: {name}", constraint, shape)
        if name in [p.name for p in checked]:
            raise ValueError(f"{model_name}: two parameters are named {name}")
        checked.append(Parameter(name, tuple(int(n) for n in shape), constraint))
    if not checked:
        raise ValueError(f"{model_name}: a model needs at least one parameter")
    return tuple(checked)


def _check_shape(place: str, constraint: Constraint, shape: tuple[int, ...]) -> None:
    """ValueError where a parameter of this shape cannot have the constraint."""
    if constraint.kind == CHOLESKY_CORR and (len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] < 2):
        raise ValueError(f"{place} is {constraint} and needs the shape (K, K) of a matrix, K at least 2, not {shape}")
    if constraint.kind in OF_VECTORS and (not shape or constraint.free_of_block(shape) < 1):
        raise ValueError(f"{place} is {constraint} and needs a vector's shape, not {shape}")
    for bound in (constraint.lower, constraint.upper):
        if isinstance(bound, tuple) and len(bound) != math.prod(shape):
            raise ValueError(f"{place} has {math.prod(shape)} elements, but {len(bound)} bounds")


def _as_written(constraint: Any) -> str:
    """A constraint as it stands in a model's file: hmc.lower(0)."""
    if isinstance(constraint, Constraint):
        return f"hmc.{constraint}"
    return {lower: "hmc.lower(0)", upper: "hmc.upper(1)", interval: "hmc.interval(0, 1)"}.get(
        constraint, "hmc.positive"
    )


# So many values are transformed sooner in Python than compiled code is loaded; the results are the same. All calls
# together count, since many fits are read one after the other.
_FEW_VALUES = 10_000
_transformed: "collections.Counter[str]" = collections.Counter()
_DRAWS_AT_A_TIME = 1000


def constrained(parameter: Parameter, free: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Values (..., *shape) of a parameter from its unconstrained numbers (..., parameter.free)."""
    constraint = parameter.constraint
    leading = free.shape[:-1]
    if constraint.kind == REAL:
        return np.array(free).reshape((*leading, *parameter.shape))
    draws = free.reshape(-1, free.shape[-1])
    out = np.empty((len(draws), parameter.size))
    constrain = constrain_rows
    _transformed["values"] += draws.size
    if _transformed["values"] > _FEW_VALUES:
        constrain = compile_entry(
            constrain_rows, numba.types.int64, numba.types.float64, numba.types.float64, MATRIX, MATRIX
        )
    with np.errstate(all="ignore"):
        if constraint.has_arrays:
            for i in range(parameter.size):
                column = np.empty((len(draws), 1))
                constrain(*constraint.of_element(i), np.array(draws[:, i : i + 1], order="C"), column)
                out[:, i : i + 1] = column
            return out.reshape((*leading, *parameter.shape))
        in_block, in_out = constraint.free_of_block(parameter.shape), constraint.block(parameter.shape)
        for start in range(0, len(draws), _DRAWS_AT_A_TIME):  # so that memory never holds all of them a third time
            some, values = (array[start : start + _DRAWS_AT_A_TIME] for array in (draws, out))
            rows = np.array(some, order="C").reshape(-1, in_block)  # a copy: those of the caller may be read-only
            constrain(*constraint, rows, values.reshape(-1, in_out))
    return out.reshape((*leading, *parameter.shape))


def unconstrained(model_name: str, parameter: Parameter, value: Any) -> "NDArray[np.float64]":
    """The unconstrained numbers (parameter.free,) of a value of the parameter's shape; ValueError where it is none."""
    constraint = parameter.constraint
    unmasked(f"{model_name}: {parameter.name}", value)
    try:
        value = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{model_name}: {parameter.name} = {value!r} is not a number or an array of numbers") from None
    if value.shape != parameter.shape:
        raise ValueError(f"{model_name}: {parameter.name} has shape {parameter.shape}, not {value.shape}")
    if constraint.kind in (REAL, LOWER, UPPER, INTERVAL):
        flat = [_unconstrained_number(constraint.of_element(i), v) for i, v in enumerate(value.ravel())]
        rows = np.array(flat).reshape(1, -1)
        is_allowed = True
    else:
        shape = value.shape
        vectors = value.reshape(-1, constraint.block(shape))
        rows = np.empty((len(vectors), constraint.free_of_block(shape)))
        again = np.empty_like(vectors)
        for vector, row, there in zip(vectors, rows, again, strict=True):
            with np.errstate(all="ignore"):
                _INVERSES[constraint.kind](vector, row)
                constrain_block(constraint.kind, 0.0, 0.0, row, there)
        is_allowed = np.allclose(again, vectors, rtol=0 if constraint.kind in _OF_LENGTH_1 else 1e-8, atol=1e-8)
    if not (np.isfinite(rows).all() and is_allowed):
        raise ValueError(f"{model_name}: {parameter.name} = {value.tolist()} is not {constraint}")
    return rows.ravel()


_OF_LENGTH_1 = (SIMPLEX, UNIT_VECTOR, CHOLESKY_CORR)
_INVERSES = {
    ORDERED: unconstrain_ordered,
    SIMPLEX: unconstrain_simplex,
    POSITIVE_ORDERED: unconstrain_positive_ordered,
    UNIT_VECTOR: unconstrain_unit_vector,
    CHOLESKY_CORR: unconstrain_cholesky_corr,
}


def _unconstrained_number(constraint: Constraint, value: float) -> float:
    kind, below, above = constraint
    if kind == LOWER:
        return unconstrain_lower(value, below)
    if kind == UPPER:
        return unconstrain_upper(value, above)
    return unconstrain_interval(value, below, above) if kind == INTERVAL else value
