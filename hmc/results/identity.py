"""The identity of draws: the model, its data, and the code that made them. Computed once a run, and kept with the fit.

A run can be continued, and a fit loaded with its model, only if the identities agree. The first difference is described
in words.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from hmc import __version__
from hmc.jit.kernel import jit_is_disabled
from hmc.model_data import fields
from hmc.parameters import Parameter
from hmc.sampler.chain import AnyRecord
from hmc.sampler.machine_code import sampler_key
from hmc.sampler.snapshot import Draw, Snapshot, contradicts, last_draw
from hmc.transforms import Constraint

if TYPE_CHECKING:
    from hmc.model import Model


class Contents(NamedTuple):
    """Type, shape and values of an array of data."""

    type: str  # "float64"
    shape: tuple[int, ...]
    hash: str  # of the values alone: equal numbers have equal hashes, whatever their type

    def __str__(self) -> str:
        return f"{self.type} of shape {self.shape}"


class Identity(NamedTuple):
    """The model of a run, its data and its code."""

    name: str
    parameters: tuple[Parameter, ...]
    data: dict[str, Any]  # {field: `Contents` of an array, or the number}; a tuple within the data gives "outer.inner"
    code: dict[str, Any]  # all code that draws depend on: see `code_of`


def identity_of(model: "Model") -> Identity:
    """The `Identity` of a model as it is now."""
    data = {}
    # Addresses differ from process to process. That a draw has its log density still shows that a model is the same.
    for field, value in [] if model.is_of_this_process else fields(model.data):
        number = value.item() if isinstance(value, np.generic) else value
        data[field] = contents(value) if isinstance(value, np.ndarray) else number
    return Identity(model.name, model.parameters, data, code_of(model))


def contents(array: Any) -> Contents:
    """The `Contents` of an array."""
    array = np.asarray(array)
    values = array.astype(np.float64)
    if array.dtype.kind in "iu" and (values.astype(array.dtype) != array).any():
        values = array  # floats cannot hold all integers beyond 2^53
    else:
        values += 0.0  # -0.0 is 0.0
        values[np.isnan(values)] = np.nan
    return Contents(str(array.dtype), array.shape, hashlib.sha256(np.ascontiguousarray(values).data).hexdigest())


def code_of(model: "Model") -> dict[str, Any]:
    """All code that draws depend on; "density" is None if the code of the log density cannot be determined."""
    return {
        "version": __version__,
        "numba": numba.__version__,
        "jit": not jit_is_disabled(),
        "sampler": sampler_key(),
        "density": model.density_key(),
    }


def model_difference(fitted: Identity, ours: Identity, *, types_matter: bool = True) -> str | None:
    """The first difference between a fit and a model, or their data, in words; None if there is none.

    types_matter: whether equal numbers of different types count as a difference, since they make another compiled
        density.
    """
    if ours.name != fitted.name:
        return f"it is a fit of {fitted.name}, not of {ours.name}"
    theirs, names = ([p.name for p in parameters] for parameters in (fitted.parameters, ours.parameters))
    if theirs != names:
        return f"it is a fit of the parameters {', '.join(theirs)}; the model has {', '.join(names)}"
    for one, other in zip(fitted.parameters, ours.parameters, strict=True):
        if one != other:
            return f"{one.name} is {_words(one)} in the fit, and {_words(other)} in the model"
    for field in ours.data | fitted.data:
        if field not in ours.data or field not in fitted.data:
            return f"only the {'fit' if field in fitted.data else 'model'} has data called {field}"
        one, other = fitted.data[field], ours.data[field]
        if repr(one) != repr(other):  # as texts, since nan is not nan
            if not types_matter and _values(one) == _values(other):
                continue
            if str(one) == str(other):
                return f"it is a fit of other data: {field} has other values in the model"
            return f"it is a fit of other data: {field} is {one} in the fit, and {other} in the model"
    return None


def _values(value: Any) -> Any:
    """The shape and hash of an array, or a number: the same for equal values of all types."""
    return value[1:] if isinstance(value, Contents) else value


def _types(identity: Identity) -> list[Any]:
    return [value.type if isinstance(value, Contents) else type(value) for value in identity.data.values()]


def _words(parameter: Parameter) -> str:
    return f"{parameter.constraint}, of shape {parameter.shape}"


def code_difference(fitted: Identity, now: Identity) -> str | None:
    """The first difference in code that could change draws, in words; None if there is none."""
    theirs, ours = fitted.code, now.code
    for name, title in (("version", "rethinking-hmc"), ("numba", "Numba")):
        if theirs[name] != ours[name]:
            return f"it was started with {title} {theirs[name]}, and this is {ours[name]}: draws could differ"
    if theirs["sampler"] != ours["sampler"]:
        return "the code of the sampler has changed since the run was started: draws could differ"
    return density_difference(fitted, now)


def density_difference(fitted: Identity, now: Identity) -> str | None:
    """A message if the code of the log density is known to have changed since the fit; else None."""
    if is_compared(fitted, now) and fitted.code["density"] != now.code["density"]:
        return f"the code of the log density of {now.name} has changed since the run was started: draws could differ"
    return None


def is_compared(fitted: Identity, now: Identity) -> bool:
    """Whether the code of two log densities can be compared.

    It can if it is known, for data of the same types, and if both densities are compiled or neither is: the key of a
    density that is not compiled is different, though its draws are the same.
    """
    one, other = fitted.code, now.code
    return one["density"] is not None and one["jit"] == other["jit"] and _types(fitted) == _types(now)


def draws_difference(
    fitted: Identity, now: Identity, chains: Sequence[tuple[Sequence[AnyRecord], Snapshot | None]], model: "Model"
) -> str | None:
    """A message if the density at the chains' draws has changed since they were drawn; else None.

    This finds changes that hashes miss. The last draw of each chain shows data that were changed in place. All draws
    are compared if the code of the density cannot be.

    chains: of each its records, and its `Snapshot` or None.
    """
    are_all = not is_compared(fitted, now)
    if not are_all and all(snapshot is None for _, snapshot in chains):
        return None
    density, data = model.density()
    with np.errstate(all="ignore"):
        found = (contradicts(draw, density, data) for chain in chains for draw in _draws(*chain, are_all))
        return next((f"it is of another density or of other data: {words}" for words in found if words), None)


def _draws(records: Sequence[AnyRecord], snapshot: Snapshot | None, are_all: bool) -> Iterator[Draw]:
    """The last draw of a chain, and all draws whose positions were kept if `are_all`."""
    if snapshot:
        yield last_draw(snapshot.state)
    for record in records if are_all else ():
        before = len(record.lp) - len(record.position)
        yield from (Draw(x, lp, None) for x, lp in zip(record.position, record.lp[before:], strict=True))


def to_json(identity: Identity) -> dict[str, Any]:
    """The identity as JSON holds it."""
    parameters = [
        {"name": p.name, "shape": list(p.shape), "constraint": p.constraint._asdict(), "as": str(p.constraint)}
        for p in identity.parameters
    ]
    data = {field: v._asdict() if isinstance(v, Contents) else v for field, v in identity.data.items()}
    return {"name": identity.name, "parameters": parameters, "data": data, "code": identity.code}


def _constraint(described: dict[str, Any]) -> Constraint:
    below, above = (tuple(b) if isinstance(b, list) else b for b in (described["lower"], described["upper"]))
    return Constraint(described["kind"], below, above)


def from_json(described: dict[str, Any]) -> Identity:
    """The `Identity` that `to_json` described: its inverse."""
    return Identity(
        name=described["name"],
        parameters=tuple(
            Parameter(p["name"], tuple(p["shape"]), _constraint(p["constraint"])) for p in described["parameters"]
        ),
        data={field: _from_json(value) for field, value in described["data"].items()},
        code=described["code"],
    )


def _from_json(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = Contents(**value)
    return found._replace(shape=tuple(found.shape))
