"""Does a log density take its parameters for what they are declared to be?

The density of an unconstrained number cannot tell: exp(x) and 2 + exp(x) are both possible. So it is run in Python a
few times and its variables are looked at. One that has a parameter's name should have the parameter's value, which a
fit will show under that name.
"""

import sys

import numpy as np

from hmc.checking.bounds import in_python
from hmc.checking.child import calling
from hmc.checking.contract import arrays_of
from hmc.checking.findings import Fault, component_names, place
from hmc.parameters import blocks
from hmc.transforms import ORDERED, REAL, SIMPLEX, constrain_ordered, constrain_simplex

_MANY_NUMBERS = 100_000  # of data, with which the run takes a second or so
_RUNS = 4  # one bound, or two, and the transform they belong to are known from so many
_SAME = 1e-9  # of the values: differences that are rounding


def declared_findings(model, positions):
    """A finding for each parameter of which log_density has another value under that name."""
    runs = _runs(model, positions)
    for position, seen, variables in runs:
        values = model.constrain(position)
        for parameter, part in blocks(model.parameters):
            own = np.arange(part.start, part.stop)
            variable, expected = _numbers(variables.get(parameter.name)), values[parameter.name]
            if variable is None or {*_keys(variable)} <= {*_keys(expected)}:
                continue  # as declared, or an element that a loop leaves there
            transform = _transform(model, parameter, own, runs)
            if transform or _is_suspect(parameter, variable, expected, position[own], seen):
                explained = transform or _explained(model, parameter, own, variable, values, position)
                if explained or parameter.constraint.kind != REAL:  # else its name is used for something else
                    yield _finding(model, parameter, own[0], variable, explained, expected, position)
        return


def _is_suspect(parameter, variable, expected, raw, seen):
    """Whether a variable of a parameter's name that is not what is declared tells that the parameter is not."""
    kind = parameter.constraint.kind
    if kind != REAL and {*_keys(expected)} <= seen:
        return False  # the value is there, and its name is used for something else by the end
    if {*_keys(variable)} <= {*_keys(raw)}:
        return kind in (ORDERED, SIMPLEX)  # else the value may be taken of the position later
    return variable.shape == expected.shape  # else a loop's


def _finding(model, parameter, first, variable, explained, expected, position):
    shown = (np.array2string(numbers, precision=4, separator=", ", threshold=6) for numbers in (variable, expected))
    is_now, is_declared = shown
    message = (
        f"{parameter.name} in log_density is {is_now}{explained} at {place(model, position)}, but as declared, "
        f"{parameter.constraint}, it is {is_declared}"
    )
    advice = "A fit shows what is declared: declare the constraint, the shape and the order that log_density uses."
    return Fault("constraint", component_names(model)[first], message, advice)


def _runs(model, positions):
    """[(position, what numbers were seen, log_density's variables at its end)] of runs in Python: of one, or of several
    if a variable of a parameter's name is not what is declared.
    """
    runs = []
    for position in positions:
        if (observed := _observed(model, position)) is None:
            continue
        runs.append((position, *observed))
        values, variables = model.constrain(position), observed[1]
        named = [(_numbers(variables.get(name)), values[name]) for name in values]
        is_odd = any(found is not None and not {*_keys(found)} <= {*_keys(value)} for found, value in named)
        if len(runs) == _RUNS or not is_odd:
            break
    return runs


def _transform(model, parameter, own, runs):
    """Which transform makes the parameter's variable of its position, or of its declared value, in all runs: in words;
    "" where none does, or one run is not like another.
    """
    variables = [_numbers(variables.get(parameter.name)) for _, _, variables in runs]
    if len(runs) < _RUNS or any(each is None or each.shape != variables[0].shape for each in variables):
        return ""
    free = (*parameter.shape[:-1], -1) if parameter.shape else ()
    inputs = {_slice(own): [position[own].reshape(free) for position, _, _ in runs]}
    if parameter.constraint.kind != REAL:
        declared = [model.constrain(position)[parameter.name] for position, _, _ in runs]
        inputs[f"the {parameter.constraint} value"] = declared
    for words, given in inputs.items():
        if told := _vector(given, variables, words) or _elementwise(given, variables, words):
            return f", {told},"
    return ""


def _slice(own):
    return f"position[{own[0]}]" if own.size == 1 else f"position[{own[0]}:{own[-1] + 1}]"


def _vector(inputs, variables, words):
    """Ordered vectors or simplexes along the last axis: of all, or of one that a loop leaves."""
    for name, function, more in (("ordered vector", constrain_ordered, 0), ("simplex", constrain_simplex, 1)):
        made = np.array([_of_rows(function, x, more) for x in inputs])
        if made.shape[2] < 2:
            continue
        variable = np.array([np.ravel(each) for each in variables])
        for candidate in (made, *(made[:, [row]] for row in range(made.shape[1]))):
            if candidate[0].size == variable.shape[1] and _agree(candidate.reshape(variable.shape), variable):
                return f"the {name} of {words}"
    return ""


def _of_rows(function, x, more):
    rows = np.atleast_2d(x).reshape(-1, np.shape(x)[-1] if np.ndim(x) else 1)
    out = np.empty((len(rows), rows.shape[1] + more))
    for row, to in zip(rows, out, strict=True):
        function(row, to)
    return out


def _elementwise(inputs, variables, words):
    """A bound + exp(x), or - exp(x), or a bound + a range / (1 + exp(-x)): of all elements, or one left by a loop."""
    x, y = (np.array([np.ravel(each) for each in numbers]) for numbers in (inputs, variables))
    if y.shape[1] not in (1, x.shape[1]):
        return ""
    for first in range(0, x.shape[1], y.shape[1]):
        part = x[:, first : first + y.shape[1]]
        of = words if part.shape == x.shape else f"element {first} of {words}"
        with np.errstate(all="ignore"):
            bound, sign = _line(np.exp(part), y)
            below, width = _line(1.0 / (1.0 + np.exp(-part)), y)
        if abs(abs(sign) - 1.0) < _SAME:
            return f"{bound:.6g} {'+' if sign > 0.0 else '-'} exp({of})".removeprefix("0 + ")
        if abs(width) > _SAME:
            return f"{below:.6g} + {width:.6g} / (1 + exp(-{of}))".removeprefix("0 + ")
    return ""


def _line(x, y):
    """(offset, slope) by which y = offset + slope x exactly; (nan, nan) where it is not so."""
    x, y = x.ravel(), y.ravel()
    if not np.isfinite([x, y]).all() or np.ptp(x) == 0.0:
        return np.nan, np.nan
    low, high = x.argmin(), x.argmax()
    slope = (y[high] - y[low]) / (x[high] - x[low])
    offset = y[low] - slope * x[low]
    offset = 0.0 if abs(offset) < _SAME * np.abs(y).max() else offset
    return (offset, slope) if _agree(offset + slope * x, y) else (np.nan, np.nan)


def _agree(a, b):
    return np.allclose(a, b, rtol=_SAME, atol=_SAME * np.abs(b).max())


def _explained(model, parameter, own, variable, values, position):
    """What the variable's value is, in words, where it can be told."""
    names = component_names(model)
    raw = position[own]
    with np.errstate(all="ignore"):
        usual = {"exp({})": np.exp(raw), "1 / (1 + exp(-{}))": 1.0 / (1.0 + np.exp(-raw)), "{}": raw}
    for form, value in usual.items():
        if {*_keys(variable)} <= {*_keys(value)}:
            return f", {form.format(_slice(own))},"
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
