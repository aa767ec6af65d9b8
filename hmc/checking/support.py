"""Does a log density end at a bound although its parameter is declared real?

A density that vanishes at a bound does not jump there: that of a positive number, say, which is read directly from the
position. Chains still run against the bound and start outside of it, so the constraint must be declared.
"""

import math

import numpy as np

from hmc.checking.findings import Fault, place
from hmc.checking.probe import Probe
from hmc.parameters import blocks
from hmc.transforms import REAL

_WAYS = (0.25, 1.0, 4.0, 8.0)  # from the position, to see whether the density ends
_FARTHEST = 8.0  # from 0
_BISECTIONS = 60
_SAME = 1e-6  # bounds found from several positions
_PLACES = 2  # that they must be found from


def support_findings(probe: Probe, bases: list[np.ndarray]) -> list[Fault]:
    """A finding for each parameter that is declared real, but whose first element has bounds.

    The bounds are the same from all bases, or depend on other elements as in ordered vectors and simplexes.
    """
    tried = {position.tobytes(): position for base in bases for position in (base, abs(base), 0.2 * abs(base))}
    bases = [position for position in tried.values() if math.isfinite(probe.value(position))]
    if len(bases) < _PLACES:
        return []
    findings = []
    for parameter, part in blocks(probe.model.parameters):
        if parameter.constraint.kind != REAL or part.stop == part.start:
            continue
        i, name = part.start, probe.names[part.start]
        ends = np.array([[_end(probe, base, i, sign) for sign in (-1.0, 1.0)] for base in bases])
        others = np.array(bases)[:, i + 1 : part.stop]
        if told := _told(ends, others):
            where, declare = told
            message = (
                f"the log density is -inf wherever {name} (component {i}) is {where}, though {parameter.name} is "
                f"declared real; seen around {place(probe.model, bases[0])}"
            )
            advice = f"Declare the constraint ({declare}) and take the value and its log Jacobian of hmc.transforms."
            findings.append(Fault("constraint", name, message, advice))
    return findings


def _told(ends: np.ndarray, others: np.ndarray) -> tuple[str, str] | None:
    """(where the density ends, what to declare) from bounds (bases, 2) and the other elements (bases, elements)."""
    below, above = (end[0] if np.isfinite(end).all() and np.ptp(end) < _SAME else None for end in ends.T)
    if others.size and np.isfinite(ends[:, 1]).all():
        if (np.abs(ends[:, 1] - others[:, 0]) < _SAME).all():
            return "above its next element", "hmc.ordered"
        if below is not None and (np.abs(ends[:, 1] + others.sum(axis=1) - 1.0) < _SAME).all():
            return "below 0 or, with the other elements, above 1", "hmc.simplex"
    if below is not None and above is not None:
        return f"below {_short(below)} or above {_short(above)}", f"hmc.interval({_short(below)}, {_short(above)})"
    if below is not None:
        is_zero = abs(below) < _SAME
        return f"below {_short(below)}", "hmc.positive" if is_zero else f"hmc.lower({_short(below)})"
    return None if above is None else (f"above {_short(above)}", f"hmc.upper({_short(above)})")


def _end(probe: Probe, base: np.ndarray, i: int, sign: float) -> float:
    """Where the density ends as component i goes from the base towards sign * infinity; sign * infinity if nowhere."""

    def is_inside(x: float) -> bool:
        position = base.copy()
        position[i] = x
        return probe.value(position) != -math.inf

    inside = float(base[i])
    for way in _WAYS:
        outside = inside + sign * way
        if abs(outside) > _FARTHEST:
            return sign * math.inf
        if not is_inside(outside):
            break
    else:
        return sign * math.inf
    for _ in range(_BISECTIONS):
        middle = 0.5 * (inside + outside)
        if is_inside(middle):
            inside = middle
        else:
            outside = middle
    return inside


def _short(bound: float) -> str:
    return f"{0.0 if abs(bound) < _SAME else bound:.6g}"
