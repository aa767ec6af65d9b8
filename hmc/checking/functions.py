"""Do the other functions of a model give the right kind of result for each observation, draw or data set?"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from hmc.checking.child import calling
from hmc.checking.contract import arrays_of
from hmc.checking.drawing import DensityGiven
from hmc.checking.findings import BrokenError, Fault, place
from hmc.checking.names import shared_columns, shared_with_link
from hmc.checking.probe import Probe, Walled, called, not_compiled, raised, same_bits
from hmc.jit.compiled import POINTWISE
from hmc.model import Model
from hmc.pointwise import n_observations


def name_findings(model: Model) -> Iterator[Fault]:
    """Findings for names of parameters that stand for two things, or cannot be names in tables and files."""
    for parameter in model.parameters:
        if "/" in parameter.name or not parameter.name.isprintable() or parameter.name != parameter.name.strip():
            message = f"{parameter.name!r} cannot be the name of a variable in tables and files"
            yield Fault(
                "name", parameter.name, message, "Leave out / (which is for groups), line breaks and outer spaces."
            )
    parameters = {parameter.name: parameter.shape for parameter in model.parameters}
    yield from shared_columns({}, parameters, "parameter")
    yield from shared_with_link(model, parameters, "parameter")


def pointwise_findings(model: Model, role: str, positions: Sequence[np.ndarray]) -> Iterator[Fault]:
    """At most one finding for log_likelihood or link: it must write a number for each observation, and only there."""
    try:
        function, address = model._compiled(role, POINTWISE), model._packed.address
    except ValueError as error:
        yield not_compiled(model, error)
        return
    try:
        n = n_observations(f"{model.name}: {role}", getattr(model, role), model._packed.data, np.asarray(positions))
    except ValueError as error:
        yield Fault("function", "", str(error).removeprefix(f"{model.name}: "), "See the docstring of hmc.Model.")
        return
    except Exception as error:
        raise BrokenError(raised(model, role, error)) from None
    if n == 0 and all(array.size for _, array in arrays_of(model.data)):  # no data, no observations
        message = f"{role} writes nothing, though there are data"
        yield Fault("function", "", message, "Write out[i] = value for each observation i.")
        return
    room, at = Walled(n), Walled(model.dimension)
    for position in positions:
        results = []
        for wall, fill in ((1.25, math.nan), (math.nan, math.nan), (1.25, 7.25)):
            room.build(wall)
            at.build(wall)
            room.inside[:], at.inside[:] = fill, position
            called(model, role, function, at.inside, address, room.inside, position=position)
            results.append(room.inside.copy())
            if wall == 1.25 and (room.damage() or at.damage()):
                index = (room.damage() or at.damage())[0]
                message = f"{role} writes to index {index} at {place(model, position)}; elsewhere it writes {n} numbers"
                yield Fault("outside", "", message, "It must write as many at every position, out[0], out[1], ...")
                return
        if found := _pointwise_at(model, role, position, results, not same_bits(at.inside, position)):
            yield found
            return


def _pointwise_at(
    model: Model, role: str, position: np.ndarray, results: list[np.ndarray], changed: bool
) -> Fault | None:
    """The first finding for the results at a position, or None."""
    where = place(model, position)
    usual, walled, filled = results
    if changed:
        return Fault("changes", "", f"{role} changes the position at {where}", "Work on a copy of it.")
    if not same_bits(usual, filled):
        i = np.flatnonzero(~((usual == filled) | (np.isnan(usual) & np.isnan(filled))))[0]
        message = f"{role} does not write out[{i}] at {where}"
        return Fault("unwritten", "", message, "Write out[i] = value for each i.")
    if not same_bits(usual, walled):
        message = f"{role} reads the position beyond its {model.dimension} numbers at {where}"
        return Fault("outside", "", message, "Compare the parameters' shapes with the indices used.")
    wrong = np.isnan(usual) | (usual == math.inf)
    if (wrong if role == "log_likelihood" else np.isnan(usual)).any():
        i = np.flatnonzero(wrong)[0]
        message = f"{role} is {usual[i]} for observation {i} at {where}"
        advice = "A log likelihood is a number or -inf." if role == "log_likelihood" else "It must be a number."
        return Fault("function", "", message, advice)
    return None


def weight_findings(probe: Probe, positions: Sequence[np.ndarray]) -> Iterator[Fault]:
    """A finding if the density without its observations is not lower by the sum of log_likelihood.

    Nothing for a model whose data have no `weight`, so that observations cannot be left out.
    """
    model = probe.model
    weight = getattr(model.data, "weight", None)
    if model.log_likelihood is None or not isinstance(weight, np.ndarray) or weight.ndim != 1 or not weight.size:
        return
    density, without = (DensityGiven(probe, each.data) for each in (model, model.without(range(weight.size))))
    for position in positions:
        pointwise = model.pointwise("log_likelihood", position)
        if pointwise.size != weight.size:
            message = f"log_likelihood writes {pointwise.size} numbers, but data.weight has {weight.size}"
            yield Fault("function", "", message, "One of each for every observation.")
            return
        whole = density(position)[0]
        left, total = whole - without(position)[0], float(np.dot(weight, pointwise))
        rounding = 1e-8 * (1.0 + np.abs(weight * pointwise).sum() + abs(whole))
        if math.isfinite(left) and math.isfinite(total) and abs(left - total) > rounding:
            message = (
                f"without its observations the log density is {left:.8g} less, but log_likelihood sums to "
                f"{total:.8g}, at {place(model, position)}"
            )
            advice = "Multiply each observation's term by data.weight[i], and write the same term, constants too."
            yield Fault("function", "", message, advice)
            return


def derived_findings(model: Model, positions: Sequence[np.ndarray]) -> Iterator[Fault]:
    """Findings for the result of `derived`: names, shapes, numbers, and whether it depends on its arguments alone."""
    first: dict[str, tuple] | None = None
    never: set[str] = set()
    for position in positions:
        try:
            calling("derived", position)
            given = position.copy()
            values, again = model.derived(given, model.data), model.derived(position.copy(), model.data)
            shapes = {name: np.asarray(value, dtype=np.float64).shape for name, value in values.items()}
        except Exception as error:
            raise BrokenError(raised(model, "derived", error, position)) from None
        if not same_bits(given, position):
            message = f"derived changes the position at {place(model, position)}"
            yield Fault("changes", "", message, "Work on a copy of it.")
            return
        if odd := [name for name in shapes if not same_bits(values[name], again[name])]:
            message = f"derived gives a different {odd[0]} when it is called again"
            yield Fault("state", "", message, "It must depend on its arguments alone.")
            return
        unknown = {name for name in values if np.isnan(np.asarray(values[name], dtype=np.float64)).all()}
        never = unknown if first is None else never & unknown
        first = shapes if first is None else first
        if shapes != first:
            message = f"derived gives {first} and then {shapes}"
            yield Fault("function", "", message, "It must give the same names and shapes at every position.")
            return
    parameters = {parameter.name: parameter.shape for parameter in model.parameters}
    named = {name: shape for name, shape in (first or {}).items() if isinstance(name, str) and name not in parameters}
    yield from shared_columns(parameters, named, "derived quantity")
    yield from shared_with_link(model, named, "derived quantity")
    for name in first or ():
        if name in never:
            yield Fault("function", "", f"derived gives nan for {name} wherever it was called", "Return numbers.")
        if name in parameters:
            message = f"{name} is both a parameter and a derived quantity"
            yield Fault("name", name, message, "Give one of them another name.")
        elif not isinstance(name, str):
            message = f"derived gives the key {name!r}, which is not a string"
            yield Fault("function", "", message, "Return a dict of names and values.")


def simulation_findings(model: Model, probe: Probe, seed: int) -> Iterator[Fault]:
    """Findings for prior draws, and data drawn given them: shapes, types, numbers, and whether a seed fixes them."""
    draws = []
    for _ in range(2):
        rng = np.random.default_rng(seed)
        draws.append([called(model, "simulate", model.simulate, rng, model.data) for _ in range(10)])
    for draw in draws[0]:
        if not isinstance(draw, np.ndarray):
            message = f"simulate gives a {type(draw).__name__}, not an array"
            yield Fault("function", "", message, "Return the unconstrained position as a NumPy array of floats.")
            return
        if np.shape(draw) != (model.dimension,):
            message = f"simulate gives an array of shape {np.shape(draw)}, but a position has ({model.dimension},)"
            yield Fault("function", "", message, "Return the unconstrained position, all parameters in their order.")
            return
        if not np.isfinite(draw).all():
            i = int(np.flatnonzero(~np.isfinite(draw))[0])
            message = f"simulate draws {draw[i]} for {probe.names[i]} (component {i})"
            yield Fault("function", probe.names[i], message, "Return the unconstrained position: log(sigma) say.")
            return
    if not same_bits(draws[0], draws[1]):
        message = "simulate gives different draws for the same seed"
        yield Fault("function", "", message, "Draw from the generator that it is given, and from nothing else.")
    if model.simulate_data is not None:
        yield from _simulated_data(model, draws[0][0], seed)


def _simulated_data(model: Model, position: np.ndarray, seed: int) -> Iterator[Fault]:
    def drawn() -> Any:
        rng = np.random.default_rng(seed)
        return called(model, "simulate_data", model.simulate_data, position.copy(), model.data, rng)

    data, again = drawn(), drawn()
    try:
        other = model.with_data(data)
        same = _shape_of(other._packed.data) == _shape_of(model._packed.data)
    except ValueError as error:
        same, reason = False, str(error).removeprefix(f"{model.name}: ")
    else:
        reason = "their types differ from the model's"
        lengths = [[(name, array.shape) for name, array in arrays_of(d._packed.data)] for d in (other, model)]
        if odd := [(new, old) for new, old in zip(*lengths, strict=True) if new != old] if same else []:
            (name, new), (_, old) = odd[0]
            same, reason = False, f"{name} has the shape {new}, and {old} in the model's"
    if not same:
        message = f"simulate_data gives data that do not fit the model: {reason}"
        yield Fault("function", "", message, "Return the same NamedTuple, with fields of the same types.")
        return
    if not all(same_bits(a, b) for (_, a), (_, b) in zip(arrays_of(data), arrays_of(again), strict=True)):
        message = "simulate_data gives different data for the same seed"
        yield Fault("function", "", message, "Draw from the generator that it is given, and from nothing else.")


def _shape_of(item: Any) -> Any:
    """The types of normalised data, without their lengths."""
    if isinstance(item, tuple):
        return (type(item).__name__, *map(_shape_of, item))
    return (item.dtype, item.ndim) if isinstance(item, np.ndarray) else type(item)
