"""What tells a run from the one that is to be gone on with, in words: its model, its data, its code."""

import numba
import numpy as np

from hmc.data_hash import data_hashes, data_numbers, data_types
from hmc.jit.kernel import jit_is_disabled
from hmc.model import Model
from hmc.parameters import Parameter
from hmc.sampler.machine_code import sampler_key
from hmc.sampler.snapshot import Draw, contradicts, last_draw
from hmc.transforms import Constraint
from hmc.version import VERSION


def difference(fitted, model):
    """The first difference of a model from what was fitted, in words; None if nothing tells them apart.

    `fitted` has a name, parameters, data_hashes, data_numbers and data_types, as a `Fit` has.
    """
    if not isinstance(model, Model):
        return f"the model is a {type(model).__name__}, not a hmc.Model"
    if model.name != fitted.name:
        return f"it is a fit of {fitted.name}, not of {model.name}"
    theirs, ours = ([p.name for p in parameters] for parameters in (fitted.parameters, model.parameters))
    if theirs != ours:
        return f"it is a fit of the parameters {', '.join(theirs)}; the model has {', '.join(ours)}"
    for one, other in zip(fitted.parameters, model.parameters, strict=True):
        if one != other:
            return f"{one.name} is {_words(one)} in the fit, and {_words(other)} in the model"
    types = data_types(model.data)
    for field, described in (fitted.data_types or {}).items():
        if described != types.get(field, described):  # a field that only one of them has is told below
            return f"it is a fit of other data: {field} is {described} in the fit, and {types[field]} in the model"
    if fitted.data_numbers is None:  # files of earlier versions do not say
        return _other_data(fitted.data_hashes, data_hashes(model.data))
    return _other_data(fitted.data_hashes | fitted.data_numbers, data_hashes(model.data) | data_numbers(model.data))


def _words(parameter):
    return f"{parameter.constraint}, of shape {parameter.shape}"


def _other_data(fitted, given):
    """The first field in which the data of the fit and of the model differ, in words; None if none does."""
    for field, value in (given | fitted).items():
        if field not in given or field not in fitted:
            return f"only the {'fit' if field in fitted else 'model'} has data called {field}"
        if repr(value) == repr(given[field]):  # as texts, since nan is not nan
            continue
        shown = [f"{entry[0]} rows" if isinstance(entry, tuple) else entry for entry in (value, given[field])]
        return f"it is a fit of other data: {field} is {shown[0]} in the fit, and {shown[1]} in the model" + (
            " with other content" if shown[0] == shown[1] else ""
        )
    return None


def code(model):
    """All of the code that draws depend on, as JSON has it; of a density whose code cannot be known, None."""
    return {
        "version": VERSION,
        "numba": numba.__version__,
        "jit": not jit_is_disabled(),
        "sampler": sampler_key(),
        "density": model.density_key(),
    }


def code_difference(theirs, model):
    """What tells the code now from what `code` once gave, in words; None if draws must be the same."""
    ours = code(model)
    for name, title in (("version", "rethinking-hmc"), ("numba", "Numba")):
        if theirs[name] != ours[name]:
            return f"it was begun with {title} {theirs[name]}, and this is {ours[name]}: draws could differ"
    for name, of in (("sampler", "the sampler"), ("density", f"the log density of {model.name}")):
        # A density that is not compiled has another key; its draws are the same.
        if theirs[name] != ours[name] and (name == "sampler" or theirs["jit"] == ours["jit"]):
            return f"the code of {of} is not what it was when the run began: draws could differ"
    return None


def draws_difference(theirs, chains, model):
    """What tells the density now, and its data, from what they were when `chains` were drawn, in words; else None.

    It sees what no hash does: data that were changed in place, at the last draw of each chain; and where the code of
    the density cannot be compared, as `theirs` says, other code, at every draw there is.
    """
    density, data = model.density()
    ours = code(model)
    is_compared = theirs is not None and theirs["density"] is not None and theirs["jit"] == ours["jit"]
    with np.errstate(all="ignore"):
        found = (contradicts(draw, density, data) for chain in chains for draw in _draws(chain, not is_compared))
        return next((f"it is of another density or of other data: {words}" for words in found if words), None)


def _draws(chain, are_all):
    """The last draw of a chain, or all whose positions there are."""
    if chain.snapshot:
        yield last_draw(chain.snapshot.state)
    for record in chain.chunks if are_all else ():
        before = len(record.lp) - len(record.position)
        yield from (Draw(x, lp, None) for x, lp in zip(record.position, record.lp[before:], strict=True))


def parameters_as_json(parameters):
    """A list that JSON can hold."""
    return [
        {"name": p.name, "shape": list(p.shape), "constraint": p.constraint._asdict(), "as": str(p.constraint)}
        for p in parameters
    ]


def parameters_from_json(described):
    """The parameters that such a list describes."""
    return tuple(Parameter(p["name"], tuple(p["shape"]), Constraint(**p["constraint"])) for p in described)


def hashes_from_json(described):
    """`data_hashes` from JSON, which knows no tuples."""
    return {field: tuple(entry) for field, entry in described.items()}
