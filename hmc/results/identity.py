"""What draws are of: the model, its data, and the code that made them. Computed once a run, and kept with the fit.

A run that is gone on with, and a fit that is loaded with its model, must be of the same. What tells two apart is said
in words.
"""

import hashlib
from typing import NamedTuple

import numba
import numpy as np

from hmc import __version__
from hmc.jit.kernel import jit_is_disabled
from hmc.parameters import Parameter
from hmc.sampler.machine_code import sampler_key
from hmc.sampler.snapshot import Draw, contradicts, last_draw
from hmc.transforms import Constraint


class Contents(NamedTuple):
    """What an array of data holds."""

    type: str  # "float64"
    shape: tuple
    hash: str  # of the values alone: equal numbers have equal hashes, whatever their type

    def __str__(self):
        return f"{self.type} of shape {self.shape}"


class Identity(NamedTuple):
    """The model of a run, its data and its code."""

    name: str
    parameters: tuple  # of hmc.Parameter
    data: dict  # {field: `Contents` of an array, or the number}; a tuple within the data gives "outer.inner"
    code: dict  # all code that draws depend on: see `code_of`


def identity_of(model):
    """The `Identity` of a model as it is now."""
    data = {}
    for field, value in fields(model.data):
        number = value.item() if isinstance(value, np.generic) else value
        data[field] = contents(value) if isinstance(value, np.ndarray) else number
    return Identity(model.name, model.parameters, data, code_of(model))


def fields(data, place=""):
    """(field, value) of every array and number in a model's data; of a tuple within them, "outer.inner"."""
    for name, value in zip(getattr(data, "_fields", range(len(data))), data, strict=True):
        if isinstance(value, tuple):
            yield from fields(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def contents(array):
    """The `Contents` of an array."""
    array = np.asarray(array)
    values = array.astype(np.float64)
    if array.dtype.kind in "iu" and (values.astype(array.dtype) != array).any():
        values = array  # integers beyond 2^53, which floats do not tell apart
    else:
        values += 0.0  # -0.0 is 0.0
        values[np.isnan(values)] = np.nan
    return Contents(str(array.dtype), array.shape, hashlib.sha256(np.ascontiguousarray(values)).hexdigest())


def code_of(model):
    """All of the code that draws depend on; "density" is None where that cannot be known."""
    return {
        "version": __version__,
        "numba": numba.__version__,
        "jit": not jit_is_disabled(),
        "sampler": sampler_key(),
        "density": model.density_key(),
    }


def model_difference(fitted, ours, *, types_matter=True):
    """The first difference in model or data of an `Identity` from that of a fit, in words; None if there is none.

    types_matter: whether equal numbers of other types are a difference: they make another compiled density.
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


def _values(value):
    """The shape and hash of an array, or a number: what does not depend on its type."""
    return value[1:] if isinstance(value, Contents) else value


def _types(identity):
    return [value.type if isinstance(value, Contents) else type(value) for value in identity.data.values()]


def _words(parameter):
    return f"{parameter.constraint}, of shape {parameter.shape}"


def code_difference(fitted, now):
    """What tells the code of an `Identity` from that of a run, in words; None if draws must be the same."""
    theirs, ours = fitted.code, now.code
    for name, title in (("version", "rethinking-hmc"), ("numba", "Numba")):
        if theirs[name] != ours[name]:
            return f"it was begun with {title} {theirs[name]}, and this is {ours[name]}: draws could differ"
    if theirs["sampler"] != ours["sampler"]:
        return "the code of the sampler is not what it was when the run began: draws could differ"
    return density_difference(fitted, now)


def density_difference(fitted, now):
    """That the log density of an `Identity` has other code than that of a fit, in words; None if it is not known to."""
    if is_compared(fitted, now) and fitted.code["density"] != now.code["density"]:
        return f"the code of the log density of {now.name} is not what it was when the run began: draws could differ"
    return None


def is_compared(fitted, now):
    """Whether the code of two log densities can be compared: it is known, and of the same types, both compiled or not.

    A density that is not compiled has another key; its draws are the same.
    """
    one, other = fitted.code, now.code
    return one["density"] is not None and one["jit"] == other["jit"] and _types(fitted) == _types(now)


def draws_difference(fitted, now, chains, model):
    """What tells the density now, and its data, from what they were when chains were drawn, in words; else None.

    chains: for each a list of records, and its `Snapshot` or None. It sees what no hash does: data that were changed in
    place, at the last draw of each chain; and where the code of the density cannot be compared with that of the
    `Identity`, other code, at every draw there is.
    """
    are_all = not is_compared(fitted, now)
    if not are_all and all(snapshot is None for _, snapshot in chains):
        return None
    density, data = model.density()
    with np.errstate(all="ignore"):
        found = (contradicts(draw, density, data) for chain in chains for draw in _draws(*chain, are_all))
        return next((f"it is of another density or of other data: {words}" for words in found if words), None)


def _draws(records, snapshot, are_all):
    """The last draw of a chain, or all whose positions there are."""
    if snapshot:
        yield last_draw(snapshot.state)
    for record in records if are_all else ():
        before = len(record.lp) - len(record.position)
        yield from (Draw(x, lp, None) for x, lp in zip(record.position, record.lp[before:], strict=True))


def to_json(identity):
    """The identity as JSON holds it."""
    parameters = [
        {"name": p.name, "shape": list(p.shape), "constraint": p.constraint._asdict(), "as": str(p.constraint)}
        for p in identity.parameters
    ]
    data = {field: v._asdict() if isinstance(v, Contents) else v for field, v in identity.data.items()}
    return {"name": identity.name, "parameters": parameters, "data": data, "code": identity.code}


def from_json(described):
    """The `Identity` that `to_json` described."""
    return Identity(
        name=described["name"],
        parameters=tuple(
            Parameter(p["name"], tuple(p["shape"]), Constraint(**p["constraint"])) for p in described["parameters"]
        ),
        data={field: _from_json(value) for field, value in described["data"].items()},
        code=described["code"],
    )


def _from_json(value):
    if not isinstance(value, dict):
        return value
    found = Contents(**value)
    return found._replace(shape=tuple(found.shape))
