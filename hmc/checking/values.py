"""Is a log density a number at every position, and on the scale that its constraints declare?"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from hmc.checking.findings import Fault, component_constraints, place
from hmc.checking.probe import Probe
from hmc.transforms import INTERVAL, LOWER, REAL, UNIT_VECTOR, UPPER, Constraint

_FAR = (0.0, 10.0, 50.0, 200.0, 700.0)  # exp overflows beyond 709
_TRIED = 400  # positions at which it is asked whether the density is a number
_FEW = 8


def nowhere(probe: Probe, rng: np.random.Generator, points: int) -> Fault:
    """The finding for a density that is not finite at any of the points tried."""
    positions = [rng.uniform(-2.0, 2.0, probe.model.dimension) for _ in range(points)]
    values = [probe.value(position) for position in positions]
    last = f"the last: {values[-1]} at {place(probe.model, positions[-1])}"
    message = f"the log density is finite at none of {points} points tried; {last}"
    positive = [probe.value(abs(position)) for position in positions]
    if np.isfinite(positive).any():
        message += ". It is finite where all of them are positive"
        return Fault("nowhere", "", message, _RAW)
    advice = "Chains start in (-2, 2): shift and scale the parameters, or declare the constraint that they obey."
    return Fault("nowhere", "", message, advice)


_RAW = (
    "A position is unconstrained: take value = constrain_positive(position[i]), of hmc.transforms, and add the log "
    "Jacobian (position[i]) to the density."
)


def value_findings(probe: Probe, rng: np.random.Generator, bases: Sequence[np.ndarray]) -> list[Fault]:
    """Findings where the density is nan or +inf, or ends at the bound of a value: at most one for each component."""
    found: dict[str, Fault] = {}
    tried = probe.fewer(_TRIED)
    positions = rng.uniform(-3.0, 3.0, (tried, probe.model.dimension))
    positions[: tried // 4] = abs(positions[: tried // 4])
    positions[-1] = _middle(probe)
    values = np.array([probe.value(position) for position in positions])
    for finding in [*_edges(probe, positions, values), *_ordinary(probe, positions, values)]:
        found.setdefault(finding.component, finding)
    if not found:
        for finding in _far(probe, bases):
            found.setdefault(finding.component.partition("[")[0], finding)
    return list(found.values())


def _middle(probe: Probe) -> np.ndarray:
    """The position of zeros; of ones where it is a unit vector's, which has no value at 0."""
    return np.array([float(constraint.kind == UNIT_VECTOR) for constraint in component_constraints(probe.model)])


def _edges(probe: Probe, positions: np.ndarray, values: np.ndarray) -> Iterator[Fault]:
    """Findings for components whose unconstrained number ends the density at the bounds that the value should have."""
    ends = ~np.isfinite(values)
    seen: set[str] = set()
    for i, (name, constraint) in enumerate(zip(probe.names, component_constraints(probe.model), strict=True)):
        outside = _outside(constraint, positions[:, i])
        base = name.partition("[")[0]
        inside = np.count_nonzero(~ends)
        if base in seen or np.count_nonzero(outside) < _FEW or inside < _FEW or not ends[outside].all():
            continue
        value = values[np.flatnonzero(outside)[0]]
        if constraint.kind == REAL and not math.isnan(value):
            continue  # a density may be -inf there
        seen.add(base)
        special = {INTERVAL: f"outside of {constraint}", UPPER: f"above {constraint.upper:g}"}
        bounds = special.get(constraint.kind, f"below {constraint.lower:g}")
        declared = (
            f" though {base} is declared {constraint} and its position may be any number"
            if constraint.kind != REAL
            else ""
        )
        message = f"the log density is {value} wherever position[{i}] ({name}) is {bounds}{declared}"
        if constraint.kind == REAL:
            advice = f"If {base} is positive, declare it so (constraint=hmc.positive). " + _RAW
        else:
            function = "constrain_" + str(constraint).partition("(")[0]
            advice = (
                f"The density takes it for the value itself: the value is {function}(position[{i}]...), of "
                "hmc.transforms, and the density needs the log Jacobian."
            )
        yield Fault("constraint", name, message, advice)


def _outside(constraint: Constraint, x: np.ndarray) -> np.ndarray:
    if constraint.kind == UPPER:
        return x > constraint.upper
    if constraint.kind == INTERVAL:
        return (x < constraint.lower) | (x > constraint.upper)
    return x < constraint.lower if constraint.kind in (LOWER, REAL) else np.zeros(x.shape, dtype=bool)


_FINITE = (
    "Where the density vanishes it is -inf; else look for a difference of overflowed numbers, a 0 times inf, or the "
    "log of what is no longer above 0: log1p_exp, expit and log of hmc.numerics help."
)


def _ordinary(probe: Probe, positions: np.ndarray, values: np.ndarray) -> Iterator[Fault]:
    """At most one finding: the first of the positions where the density is nan or +inf."""
    wrong = np.flatnonzero(np.isnan(values) | (values == math.inf))
    if wrong.size:
        share = f"at {wrong.size} of {len(values)} points tried"
        message = f"the log density is {values[wrong[0]]} {share}: {place(probe.model, positions[wrong[0]])}"
        yield Fault("value", "", message, _FINITE)


def _far(probe: Probe, bases: Sequence[np.ndarray]) -> Iterator[Fault]:
    """Findings for components that make the density nan or +inf if they alone are 0 or far out."""
    for base in bases:
        for i, name in enumerate(probe.names):
            for far in _FAR:
                for sign in (1.0, -1.0):
                    position = base.copy()
                    position[i] = sign * far
                    value = probe.value(position)
                    if math.isnan(value) or value == math.inf:
                        message = f"the log density is {value} where {name} (component {i}) is {sign * far:g}"
                        yield Fault("value", name, f"{message}, unconstrained", _FINITE)
