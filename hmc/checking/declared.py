"""Does a log density use its parameters as they are declared?

The density of an unconstrained number cannot tell: exp(x) and 2 + exp(x) are both possible. So the check runs it in
Python a few times and inspects its variables. A variable with a parameter's name should have the value that a fit shows
under that name.
"""

import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from hmc.checking.bounds import in_python
from hmc.checking.child import calling
from hmc.checking.contract import arrays_of
from hmc.checking.findings import Fault, component_names, place
from hmc.checking.transformed import is_line, transform_of
from hmc.model import Model
from hmc.parameters import Parameter, blocks
from hmc.transforms import INTERVAL, LOWER, ORDERED, POSITIVE_ORDERED, REAL, SIMPLEX, UPPER

_MANY_NUMBERS = 100_000  # of data: a run then takes about a second
_RUNS = 4  # enough to know a transform and its one or two bounds


class _Tried(NamedTuple):
    """A run of log_density in Python."""

    position: np.ndarray
    seen: set[str]  # `_keys` of the numbers that any function in it held or returned
    variables: dict[str, Any]  # log_density's own, at its end


def declared_findings(model: Model, positions: Sequence[np.ndarray]) -> Iterator[Fault]:
    """A finding for each parameter whose name is a variable of log_density with another value than declared."""
    runs = _runs(model, positions)
    for position, seen, variables in runs:
        values = model.constrain(position)
        for parameter, part in blocks(model.parameters):
            own = np.arange(part.start, part.stop)
            variable, expected = _numbers(variables.get(parameter.name)), values[parameter.name]
            if variable is None or {*_keys(variable)} <= {*_keys(expected)}:
                continue  # as declared, or an element that a loop leaves there
            transform = _transform(model, parameter, own, runs)
            if transform and _is_used_again(model, parameter, runs):
                continue
            if transform or _is_suspect(parameter, variable, expected, position[own], seen):
                explained = transform or _explained(model, parameter, own, variable, values, position)
                if explained or parameter.constraint.kind != REAL:  # else its name is used for something else
                    yield _finding(model, parameter, own[0], variable, explained, expected, position)
        return


def _is_suspect(
    parameter: Parameter, variable: np.ndarray, expected: np.ndarray, raw: np.ndarray, seen: set[str]
) -> bool:
    """Whether a variable with a parameter's name and another value shows that the declaration is wrong."""
    kind = parameter.constraint.kind
    if kind != REAL and {*_keys(expected)} <= seen:
        return False  # the declared value was there; its name was used for something else later
    if {*_keys(variable)} <= {*_keys(raw)}:
        return kind in (ORDERED, POSITIVE_ORDERED, SIMPLEX)  # else the value may be computed from the position later
    return variable.shape == expected.shape  # else a loop's


def _finding(
    model: Model,
    parameter: Parameter,
    first: int,
    variable: np.ndarray,
    explained: str,
    expected: np.ndarray,
    position: np.ndarray,
) -> Fault:
    shown = (np.array2string(numbers, precision=4, separator=", ", threshold=6) for numbers in (variable, expected))
    is_now, is_declared = shown
    message = (
        f"{parameter.name} in log_density is {is_now}{explained} at {place(model, position)}, but as declared, "
        f"{parameter.constraint}, it is {is_declared}"
    )
    advice = "A fit shows what is declared: declare the constraint, the shape and the order that log_density uses."
    return Fault("constraint", component_names(model)[first], message, advice)


def _runs(model: Model, positions: Sequence[np.ndarray]) -> list[_Tried]:
    """Runs in Python: one, or several if a variable with a parameter's name does not have the declared value."""
    runs: list[_Tried] = []
    for position in positions:
        if (observed := _observed(model, position)) is None:
            continue
        runs.append(_Tried(position, *observed))
        values, variables = model.constrain(position), observed[1]
        named = [(_numbers(variables.get(name)), values[name]) for name in values]
        is_odd = any(found is not None and not {*_keys(found)} <= {*_keys(value)} for found, value in named)
        if len(runs) == _RUNS or not is_odd:
            break
    return runs


def _transform(model: Model, parameter: Parameter, own: np.ndarray, runs: list[_Tried]) -> str:
    """The transform, in words, that gives the parameter's variable from its position or declared value in all runs.

    "" if there is none, or if the variable's shape differs between runs.
    """
    found = [_numbers(run.variables.get(parameter.name)) for run in runs]
    variables = [each for each in found if each is not None]
    if len(variables) < _RUNS or any(each.shape != variables[0].shape for each in variables):
        return ""
    free = parameter.constraint.free_shape(parameter.shape)
    inputs = {_slice(own): [run.position[own].reshape(free) for run in runs]}
    if parameter.constraint.kind != REAL:
        declared = [model.constrain(run.position)[parameter.name] for run in runs]
        inputs[f"the {parameter.constraint} value"] = declared
    is_real = parameter.constraint.kind == REAL
    told = (transform_of(given, variables, words, is_real) for words, given in inputs.items())
    return next((f", {each}," for each in told if each), "")


def _is_used_again(model: Model, parameter: Parameter, runs: Sequence[_Tried]) -> bool:
    """Whether the parameter's variable had the declared value before, as p has in p = 1 - p.

    That is 1 - 1 / (1 + exp(-x)), like an interval with other bounds.
    """
    if parameter.constraint.kind not in (LOWER, UPPER, INTERVAL):
        return False
    expected = np.array([model.constrain(run.position)[parameter.name].ravel() for run in runs])
    variable = np.array([np.ravel(run.variables[parameter.name]) for run in runs])
    candidates = [expected, *(expected[:, [i]] for i in range(expected.shape[1]))]  # all, or one that a loop leaves
    is_moved = any(is_line(each, variable) for each in candidates)
    return is_moved and _had(model, runs[0].position, parameter.name, {*_keys(expected[0])})


def _slice(own: np.ndarray) -> str:
    return f"position[{own[0]}]" if own.size == 1 else f"position[{own[0]}:{own[-1] + 1}]"


def _explained(
    model: Model,
    parameter: Parameter,
    own: np.ndarray,
    variable: np.ndarray,
    values: dict[str, np.ndarray],
    position: np.ndarray,
) -> str:
    """The variable's value in words, or "" if it is not recognised."""
    names = component_names(model)
    raw = position[own]
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


def _observed(model: Model, position: np.ndarray) -> tuple[set[str], dict[str, Any]] | None:
    """(keys of the numbers seen, log_density's variables at its end) of a run in Python.

    None if the run fails, if the data are many, or if a profiler is active, which could not be restored.
    """
    if sum(array.size for _, array in arrays_of(model.data)) > _MANY_NUMBERS or sys.getprofile() is not None:
        return None
    function = in_python(model.log_density)
    seen: set[str] = set()
    variables: dict[str, Any] = {}

    def look(frame: FrameType, event: str, argument: Any) -> None:
        if event == "return":
            for item in (*frame.f_locals.values(), argument):
                if (numbers := _numbers(item)) is not None and numbers.size <= 10 * position.size:
                    seen.update(_keys(numbers))
            if frame.f_code is function.__code__:
                variables.update(frame.f_locals)

    calling("log_density", position)
    sys.setprofile(look)
    try:
        function(position.copy(), model._packed.data, np.zeros(model.dimension))
    except Exception:  # other stages report it
        return None
    finally:
        sys.setprofile(None)
    return seen, variables


def _had(model: Model, position: np.ndarray, name: str, keys: set[str]) -> bool:
    """Whether log_density's variable of this name holds numbers of these `keys` at any line of a run in Python."""
    function = in_python(model.log_density)
    held: list[bool] = []

    def look(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code is not function.__code__:
            return None
        if (numbers := _numbers(frame.f_locals.get(name))) is not None:
            held.append({*_keys(numbers)} <= keys)
        return look

    before = sys.gettrace()
    calling("log_density", position)
    sys.settrace(look)
    try:
        function(position.copy(), model._packed.data, np.zeros(model.dimension))
    finally:
        sys.settrace(before)
    return any(held)


def _numbers(item: Any) -> np.ndarray | None:
    """A float, or an array of floats; else None."""
    is_one = isinstance(item, (float, np.floating)) or (isinstance(item, np.ndarray) and item.dtype == np.float64)
    return np.asarray(item) if is_one else None


def _keys(numbers: Any) -> list[str]:
    """Texts of numbers, the same for numbers that differ by rounding."""
    return [f"{number:.10g}" for number in np.ravel(numbers)]
