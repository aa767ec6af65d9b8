"""Does a log density stay in its buffers, leave its arguments unchanged, and depend on nothing else?"""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from hmc.checking.bounds import in_python, watched
from hmc.checking.child import calling
from hmc.checking.findings import BrokenError, Fault, place
from hmc.checking.probe import Probe, is_of_python_math, raised, same_bits
from hmc.model import Model
from hmc.model_data import fields, nan_in

# Models with more numbers are not run in Python, which takes about a second per million operations.
MANY_NUMBERS = 1_000_000
_NUMBERS_IN_PYTHON = 20_000  # of data and position, over all positions but the first
_SHAPES = "Compare the parameters' shapes, {} numbers in all, with the indices that log_density uses."


def arrays_of(data: Any) -> list[tuple[str, np.ndarray]]:
    """(name, array) for every array of a model's data."""
    return [(name, value) for name, value in fields(data, "data.") if isinstance(value, np.ndarray)]


def data_findings(model: Model) -> Iterator[Fault]:
    """A finding for each field of the data that holds nan. `Model` refuses such data, but they may change later."""
    for name, first, count in nan_in(model._packed.data):
        message = f"{first} is nan" + (f", and {count - 1} more of {name}" if count > 1 else "")
        yield Fault("data", "", message, "Leave the observation out, or mark it in a field of its own.")


def run_in_python(model: Model, positions: Iterable[np.ndarray]) -> None:
    """Run the log density in plain Python, which checks every index, at the first position; at all if the data are few.

    BrokenError if it raises an exception or does not return a float. Errors of Python's math are ignored, since
    compiled code gives inf or nan there.
    """
    function, data = in_python(model.log_density), watched(model._packed.data)
    most = _NUMBERS_IN_PYTHON // (model.dimension + sum(array.size for _, array in arrays_of(model.data)))
    done = 0
    for position in positions:
        calling("log_density", position)
        try:
            value = function(watched(position.copy()), data, watched(np.zeros(model.dimension)))
        except Exception as error:
            if is_of_python_math(error):
                continue
            raise BrokenError(raised(model, "log_density", error, position)) from None
        if isinstance(value, bool) or not isinstance(value, (float, np.floating)):
            message = f"log_density returns {'None' if value is None else f'a {type(value).__name__}'}, not a float"
            raise BrokenError(Fault("compile", "", message, "Return the log density, a float."))
        done += 1
        if done >= most:
            return


def contract_findings(probe: Probe, positions: Iterable[np.ndarray]) -> list[Fault]:
    """Findings where the log density breaks its contract: see `hmc.checking.check`."""
    before = [(name, array, array.copy()) for name, array in arrays_of(probe.model._packed.data)]
    found: dict[tuple[str, str], Fault] = {}
    for position in positions:
        for finding in _at(probe, position):
            found.setdefault((finding.kind, finding.component), finding)
        if any(kind in ("outside", "state") for kind, _ in found):
            break
    changed = [name for name, array, content in before if not same_bits(array, content)]
    for name in changed:
        message = f"log_density changes {name}, which all chains share"
        found["changes", name] = Fault("changes", "", message, "Work on a copy, or in arrays of its own.")
    if changed:
        found.pop(("state", ""), None)  # it follows
    return list(found.values())


def _at(probe: Probe, position: np.ndarray) -> Iterator[Fault]:
    """Findings at one position."""
    n, at = probe.model.dimension, f"at {place(probe.model, position)}"
    first, changed, _ = _run(probe, position, math.nan, math.nan)
    second, _, _ = _run(probe, position, math.nan, math.nan)
    if not same_bits(first, second):
        results = f"{first[0]:.8g}, and then {second[0]:.8g} or another gradient"
        yield Fault(
            "state",
            "",
            f"log_density gives {results}, for the same arguments {at}",
            "It must depend on its arguments alone: no random numbers, nothing kept from call to call, and no "
            "np.empty that is read before it is written.",
        )
        return
    if changed:
        yield Fault("changes", "", f"log_density changes the position {at}", "Work on a copy of it.")
    walled, _, damage = _run(probe, position, 1.25, math.nan)
    if damage:
        message = f"log_density writes {_listed(damage)} {at}, but there are {n} numbers"
        yield Fault("outside", "", message, _SHAPES.format(n))
    elif not same_bits(first, walled):
        read = _listed(_read_outside(probe, position)) or "what lies beyond"
        message = f"log_density reads {read} {at}, but there are {n} numbers"
        yield Fault("outside", "", message, _SHAPES.format(n))
    if math.isfinite(first[0]):
        yield from _unwritten(probe, position, first[1:])


def _run(probe: Probe, position: np.ndarray, wall: float, fill: float) -> tuple[np.ndarray, bool, list[str]]:
    """One call: ([density, *gradient], whether the position changed, numbers of walls written over: "gradient[3]")."""
    probe.position.build(wall)
    probe.gradient.build(wall)
    value, gradient = probe.both(position, fill)
    damage = [f"gradient[{i}]" for i in probe.gradient.damage()] + [f"position[{i}]" for i in probe.position.damage()]
    return np.append(value, gradient), not same_bits(probe.position.inside, position), damage


def _read_outside(probe: Probe, position: np.ndarray, near: int = 64) -> Iterator[str]:
    """Numbers outside of position and gradient, up to `near` away, on which the result depends: "position[7]"."""
    n = probe.model.dimension
    expected, _, _ = _run(probe, position, 1.25, 0.0)
    for name, walled in (("position", probe.position), ("gradient", probe.gradient)):
        start = (walled.whole.size - n) // 2
        for i in [*range(n, n + near), *range(-1, -near, -1)]:
            walled.whole[start + i] = math.nan
            if not same_bits(np.append(*probe.both(position)), expected):
                yield f"{name}[{i}]"
            walled.whole[start + i] = 1.25


def _unwritten(probe: Probe, position: np.ndarray, written: np.ndarray) -> Iterator[Fault]:
    """Findings for components of the gradient that depend on what the buffer held before the call."""
    probe.gradient.build(math.nan)
    _, other = probe.both(position, 7.25)
    for i in np.flatnonzero(~((written == other) | (np.isnan(written) & np.isnan(other)))):
        name = probe.names[i]
        claim = f"the gradient of {name} (component {i})"
        if other[i] == 7.25:
            message, advice = f"{claim} is not written", f"Write gradient[{i}], even if it is 0."
        else:
            message = f"{claim} depends on what stood in the buffer before"
            advice = "The buffer holds old numbers: write with = before you add with +=."
        yield Fault("unwritten", name, f"{message} at {place(probe.model, position)}", advice)


def _listed(things: Iterable[str], shown: int = 3) -> str:
    things = list(things)
    return ", ".join(things[:shown]) + (f" and {len(things) - shown} more" if len(things) > shown else "")
