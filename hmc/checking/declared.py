"""Does a log density take its parameters for what they are declared to be?

The density of an unconstrained number cannot tell: exp(x) and 2 + exp(x) are both possible. So it is run in Python once
and its variables are looked at. One that has a parameter's name should have the parameter's value, which is what a fit
will show under that name.
"""

import sys

import numpy as np

from hmc.checking.bounds import in_python
from hmc.checking.child import calling
from hmc.checking.contract import arrays_of
from hmc.checking.findings import Fault, component_names, place
from hmc.parameters import blocks
from hmc.transforms import ORDERED, REAL, SIMPLEX

_MANY_NUMBERS = 100_000  # of data, with which the run takes a second or so


def declared_findings(model, positions):
    """A finding for each parameter of which log_density has another value under that name."""
    for position in positions:
        if (observed := _observed(model, position)) is not None:
            values = model.constrain(position)
            for parameter, part in blocks(model.parameters):
                own = np.arange(part.start, part.stop)
                if finding := _of_parameter(model, parameter, own, values, position, observed):
                    yield finding
            return


def _of_parameter(model, parameter, own, values, position, observed):
    """The finding for one parameter, whose components are `own`, or None."""
    name, kind, expected = parameter.name, parameter.constraint.kind, values[parameter.name]
    seen, variables = observed
    variable, raw = _numbers(variables.get(name)), position[own]
    if variable is None or _same(variable, expected) or (kind != REAL and {*_keys(expected)} <= seen):
        return None
    is_raw = {*_keys(variable)} <= {*_keys(raw)}
    as_declared = (kind == REAL and is_raw) or (variable.shape != expected.shape and not is_raw)
    if as_declared or (is_raw and kind not in (ORDERED, SIMPLEX)):
        return None  # a loop's variable; or the position itself, of which the value is taken later
    what = _explained(model, parameter, own, variable, values, position)
    if not what and kind == REAL:
        return None  # its name is used for something else
    shown = np.array2string(expected, precision=4, separator=", ", threshold=6)
    message = (
        f"{name} in log_density is {np.array2string(variable, precision=4, separator=', ', threshold=6)}{what} at "
        f"{place(model, position)}, but as declared, {parameter.constraint}, it is {shown}"
    )
    advice = "A fit shows what is declared: declare the constraint, the shape and the order that log_density uses."
    return Fault("constraint", component_names(model)[own[0]], message, advice)


def _explained(model, parameter, own, variable, values, position):
    """What the variable's value is, in words, where it can be told."""
    names = component_names(model)
    raw = position[own]
    with np.errstate(all="ignore"):
        usual = {"exp({})": np.exp(raw), "1 / (1 + exp(-{}))": 1.0 / (1.0 + np.exp(-raw)), "{}": raw}
    at = f"position[{own[0]}]" if own.size == 1 else f"position[{own[0]}:{own[-1] + 1}]"
    for form, value in usual.items():
        if {*_keys(variable)} <= {*_keys(value)}:
            return f", {form.format(at)},"
    for i in np.flatnonzero(~np.isin(np.arange(position.size), own)):
        if variable.size == 1 and _keys(variable)[0] in (*_keys(position[i]), *_keys(np.exp(position[i]))):
            return f", of position[{i}], which is that of {names[i]},"
    for other, value in values.items():
        if other != parameter.name and {*_keys(variable)} <= {*_keys(value)}:
            return f", the value of {other},"
    return ""


def _observed(model, position):
    """(what numbers were seen, log_density's variables at its end) of a run in Python; None where that fails, or a
    profiler is at work, which cannot be put back.
    """
    if sum(array.size for _, array in arrays_of(model.data)) > _MANY_NUMBERS or sys.getprofile() is not None:
        return None
    function, seen, variables = in_python(model.log_density), set(), {}

    def look(frame, event, argument):
        if event == "return":
            for item in (*frame.f_locals.values(), argument):
                if (numbers := _numbers(item)) is not None and numbers.size <= 10 * position.size:
                    seen.update(_keys(numbers))
            if frame.f_code is function.__code__:
                variables.update(frame.f_locals)

    calling("log_density", position)
    sys.setprofile(look)
    try:
        with np.errstate(all="ignore"):
            function(position.copy(), model._packed.data, np.zeros(model.dimension))
    except Exception:  # others look for these
        return None
    finally:
        sys.setprofile(None)
    return seen, variables


def _numbers(item):
    """A float, or an array of floats; else None."""
    is_one = isinstance(item, (float, np.floating)) or (isinstance(item, np.ndarray) and item.dtype == np.float64)
    return np.asarray(item) if is_one else None


def _keys(numbers):
    """Texts that are equal for numbers that are but for rounding."""
    return [f"{number:.10g}" for number in np.ravel(numbers)]


def _same(a, b):
    return a.shape == b.shape and _keys(a) == _keys(b)
