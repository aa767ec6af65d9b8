"""A chain between two transitions, as it is kept, sent and gone on from: all that its future depends on."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from hmc.sampler.adaptation import make_moments
from hmc.sampler.chain import ChainState
from hmc.sampler.metric import DENSE, KIND, RANK, Metric

_WORD = 2**64
_ROUNDING = 1e-8


class Snapshot(NamedTuple):
    """The point from which a chain continues, with the draws that it would have had without a stop, bit for bit."""

    state: ChainState
    generator: Mapping[str, Any]  # the state of the random generator's `bit_generator`, a PCG64

    def __repr__(self) -> str:
        return f"<Snapshot of a chain after {self.state.iteration} transitions>"


def take(state: ChainState, rng: np.random.Generator, warmup: int) -> Snapshot:
    """The `Snapshot` of a chain, which may go on. What the warm-up alone needs ends with it."""
    if state.iteration >= warmup:
        state = state._replace(moments=make_moments(0), metric=_in_use(state.metric))
    return Snapshot(_copied(state), rng.bit_generator.state)


def _in_use(metric: Metric) -> Metric:
    """A metric that nothing will change any more, without its spare room."""
    if metric.form[KIND] == DENSE:
        return metric
    rank = metric.form[RANK]
    return metric._replace(factor=metric.factor[:rank], factor_transposed=metric.factor_transposed[:rank])


def resume(snapshot: Snapshot) -> tuple[ChainState, np.random.Generator]:
    """(state, generator) to go on with; the snapshot stays what it is."""
    rng = np.random.default_rng(0)
    rng.bit_generator.state = snapshot.generator
    return _copied(snapshot.state), rng


class Draw(NamedTuple):
    """A position that was drawn, and what the density said of it."""

    position: np.ndarray
    log_density: float
    gradient: np.ndarray | None  # None: it is not known any more


def last_draw(state: ChainState) -> Draw:
    """The `Draw` that a chain is at."""
    return Draw(state.point.position, state.log_density, state.point.gradient)


def contradicts(draw: Draw, density: Callable[..., float], data: Any) -> str | None:
    """What the density says now of a draw, in words, if it is not what it said when it was drawn.

    That is so of another density, or of other data, and of a density that does not depend on its arguments alone. A
    difference that the order of a sum can make is none.
    """
    gradient = np.zeros(draw.position.size)
    log_density = float(density(draw.position.copy(), data, gradient))
    if not abs(log_density - draw.log_density) <= _ROUNDING * (1.0 + abs(draw.log_density)):  # not so of nan
        return f"the log density of a draw was {draw.log_density:.15g}, and is {log_density:.15g}"
    expected = gradient if draw.gradient is None else draw.gradient
    is_close = np.abs(gradient - expected) <= _ROUNDING * (1.0 + np.abs(expected).max())
    if not is_close.all():
        i = int(is_close.argmin())
        return f"gradient[{i}] of a draw was {expected[i]:.15g}, and is {gradient[i]:.15g}"
    return None


def _copied(values: Any) -> Any:
    """Nested NamedTuples with their arrays copied."""
    return type(values)(
        *(_copied(v) if hasattr(v, "_fields") else v.copy() if isinstance(v, np.ndarray) else v for v in values)
    )


def to_arrays(snapshot: Snapshot) -> dict[str, np.ndarray]:
    """{name: array} of a snapshot; names tell the place, as in "point/position"."""
    numbers = snapshot.generator["state"]
    halves = [half for number in (numbers["state"], numbers["inc"]) for half in divmod(number, _WORD)]
    words = [*halves, snapshot.generator["has_uint32"], snapshot.generator["uinteger"]]
    return {"generator": np.array(words, dtype=np.uint64)} | _fields(snapshot.state)


def from_arrays(arrays: dict[str, np.ndarray]) -> Snapshot:
    """The snapshot that `to_arrays` took apart."""
    words = [int(word) for word in arrays["generator"]]
    numbers = {"state": words[0] * _WORD + words[1], "inc": words[2] * _WORD + words[3]}
    generator = {"bit_generator": "PCG64", "state": numbers, "has_uint32": words[4], "uinteger": words[5]}
    return Snapshot(_filled(ChainState, arrays), generator)


def _fields(values: Any, prefix: str = "") -> dict[str, np.ndarray]:
    """The numbers and arrays in nested NamedTuples, by their places."""
    found: dict[str, np.ndarray] = {}
    for name, value in values._asdict().items():
        is_nested = hasattr(value, "_fields")
        found |= _fields(value, f"{prefix}{name}/") if is_nested else {f"{prefix}{name}": np.asarray(value)}
    return found


def _filled(kind: type, arrays: dict[str, np.ndarray], prefix: str = "") -> Any:
    """The NamedTuple of a class whose fields say by their annotations what they are."""
    values = []
    for name, field in kind.__annotations__.items():
        if hasattr(field, "_fields"):
            values.append(_filled(field, arrays, f"{prefix}{name}/"))
        else:
            array = arrays[f"{prefix}{name}"]
            values.append(array if field is np.ndarray else field(array.item()))
    return kind(*values)
