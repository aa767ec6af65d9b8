"""What tells a model from the one that was fitted, in words; and parameters as JSON has them."""

from hmc.fit import data_hashes, data_numbers
from hmc.model import Model
from hmc.parameters import Parameter
from hmc.transforms import Constraint


def difference(fitted, model):
    """The first difference of a model from what was fitted, in words; None if nothing tells them apart.

    `fitted` has a name, parameters, data_hashes and data_numbers, as a `Fit` has.
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
    if fitted.data_numbers is None:  # files of earlier versions do not say
        return _other_data(fitted.data_hashes, data_hashes(model))
    return _other_data(fitted.data_hashes | fitted.data_numbers, data_hashes(model) | data_numbers(model))


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
