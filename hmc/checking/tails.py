"""Does a log density fall far out in all directions, as it must if its integral is finite?

A density with a finite integral also has one along a line through almost any point. So its logarithm falls faster than
-log r, where r is the distance. A density that rises or stays level is improper: a flat prior that no data reach, a
bounded parameter whose Jacobian was forgotten, two parameters of which only the sum enters. The check looks along the
axes and along straight directions in which the density does not bend. It does not see curves, or directions in which
the density falls and then rises.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from hmc.checking.findings import Fault
from hmc.checking.gradient import Slopes
from hmc.checking.probe import Probe
from hmc.transforms import (
    CHOLESKY_CORR,
    INTERVAL,
    ORDERED,
    POSITIVE_ORDERED,
    REAL,
    SIMPLEX,
    UNIT_VECTOR,
    UPPER,
    Constraint,
)

_AXES = (1e18, 1e16, 1e14, 1e12, 1e9, 1e6, 1e4, 700.0)  # exp overflows beyond 709: nan there proves nothing
_OBLIQUE = (1e12, 1e9, 1e6)  # in units in which the density bends by 1 along each axis
_WIDE = 1e8  # the density of a normal prior of this standard deviation must be seen to fall, or nothing is said
_RATIO = 4.0  # of the three distances that are compared
_MANY = 500  # with more components, only the axes are looked at


def tail_findings(
    probe: Probe, bases: Sequence[np.ndarray], slopes: Slopes, constraints: list[Constraint]
) -> list[Fault]:
    """Findings for directions in which the log density does not fall, from any of the bases.

    One for the first such component of each parameter; if there is none, at most one for an oblique direction.
    """
    findings: list[Fault] = []
    seen: set[str] = set()
    for i, name in enumerate(probe.names):
        group = name.partition("[")[0]
        if group in seen:
            continue
        axis = np.zeros(probe.model.dimension)
        axis[i] = 1.0
        stays = [
            sign
            for sign in (1.0, -1.0)
            if any(_stays(probe, base, sign * axis, _AXES) for base in bases)
            or (constraints[i].kind != REAL and _is_flat(probe, bases[0], i, sign))
        ]
        if stays:
            seen.add(group)
            findings.append(_finding(probe, slopes, i, stays, constraints[i]))
    if len(findings) == len(probe.model.parameters) > 1 and {finding.kind for finding in findings} == {"improper"}:
        advice = "A function that falls nowhere is probably the energy: change the sign of it and of its gradient."
        findings = [findings[0]._replace(component="", advice=advice)]
    if not findings and probe.model.dimension <= _MANY:
        findings += _oblique(probe, bases[0])
    return findings


def _stays(probe: Probe, base: np.ndarray, direction: np.ndarray, distances: Sequence[float]) -> bool:
    """Whether the log density fails to fall fast enough at the largest distance where it is a number.

    It must fail by its values and by its gradient, since the gradient shows a fall below the rounding of the values.
    """
    for far in distances:
        value = probe.value(base + far * direction)
        if math.isfinite(value) or value == -math.inf:
            break
    else:
        return False
    reached = np.array([far / _RATIO**2, far / _RATIO, far])
    there = [probe.both(base + distance * direction) for distance in reached]
    values = np.array([value for value, _ in there])
    if not np.isfinite(values).all():
        return False
    rises = np.diff(values) / math.log(_RATIO)
    if not _rises_too_much(rises, 1e-7 * (1.0 + abs(values[-1]))):
        return False
    terms = np.array([gradient for _, gradient in there]) * direction
    if not np.isfinite(terms).all():
        return True
    return _rises_too_much(reached * terms.sum(axis=1), 1e-12 * far * np.abs(terms[-1]).sum())


def _rises_too_much(rises: np.ndarray, rounding: float) -> bool:
    """Whether a density with these rises is improper.

    A rise is the change of the log density as the logarithm of the distance grows by 1; the last is at the largest
    distance. A density that falls by more than `rounding`, and ever faster, will be below -log r in time: its prior is
    wide but proper.
    """
    before, last = rises[-2:]
    falls_faster = before <= 0.0 and last < 2.0 * before and last < -rounding
    return bool(last > -1.0 - 1e-6 and not falls_faster)


def _is_flat(probe: Probe, base: np.ndarray, i: int, sign: float) -> bool:
    """Whether the density of a bounded parameter is constant where its value is close to a bound."""
    position = base.copy()
    values: list[float] = []
    for far in (100.0, 300.0, 650.0):
        position[i] = sign * far
        value, gradient = probe.both(position)
        if abs(gradient[i]) * far > 1e-9:  # a slope may be less than the rounding of the values
            return False
        values.append(value)
    return bool(np.isfinite(values).all()) and max(values) - min(values) <= 1e-9 * (1.0 + abs(values[0]))


def _finding(probe: Probe, slopes: Slopes, i: int, stays: list[float], constraint: Constraint) -> Fault:
    name, group = probe.names[i], probe.names[i].partition("[")[0]
    if len(stays) == 2 and not slopes.written[:, i].any() and not np.nan_to_num(slopes.measured[:, i]).any():
        advice = (
            f"Give {group} a prior and use it, or remove it. A shape that is too large also leaves unused elements."
        )
        return Fault("unused", name, f"the log density does not depend on {name} (component {i})", advice)
    ways = " and ".join(_way(name, sign, constraint) for sign in stays)
    message = f"the log density does not fall as {ways}: its integral is infinite, the posterior improper"
    if constraint.kind == REAL:
        return Fault("improper", name, message, f"Give {group} a proper prior; the data do not bound it there.")
    advice = (
        f"Is the log Jacobian of {constraint} in the density (for hmc.positive the position itself; see "
        f"hmc.transforms)? If it is, give {group} a proper prior."
    )
    return Fault("improper", name, message, advice)


def _way(name: str, sign: float, constraint: Constraint) -> str:
    goes = f"{name} -> {'+' if sign > 0 else '-'}inf"
    if constraint.kind == REAL:
        return goes
    if constraint.kind == INTERVAL:
        end = f"{constraint.upper if sign > 0 else constraint.lower:g}"
    elif constraint.kind == SIMPLEX:
        end = "an end of the simplex"
    elif constraint.kind == UNIT_VECTOR:
        end = "a vector along one axis"
    elif constraint.kind == CHOLESKY_CORR:
        end = "a correlation of 1 or -1"
    elif constraint.kind in (ORDERED, POSITIVE_ORDERED):
        end = "an infinite step" if sign > 0 else "no step"
    elif sign < 0:
        end = f"{constraint.upper if constraint.kind == UPPER else constraint.lower:g}"
    else:
        end = "-inf" if constraint.kind == UPPER else "+inf"
    return f"the position of {goes} (the value -> {end})"


def _oblique(probe: Probe, base: np.ndarray) -> Iterator[Fault]:
    """At most one finding: a direction, not along an axis, in which the density neither bends nor falls.

    The units of the components are such that the density bends by 1 along each axis. Otherwise a wide direction would
    seem straight beside a narrow one.
    """
    units = np.ones(base.size)
    for _ in range(2):  # with steps of 1e-3, and then of a thousandth of the unit if that is wider
        hessian = _hessian(probe, base, 1e-3 * np.maximum(units, 1.0))
        if not np.isfinite(hessian).all():
            return
        bends = np.abs(hessian.diagonal())
        units = 1.0 / np.sqrt(np.where(bends > 0.0, bends, 1.0))
    bend, directions = np.linalg.eigh(units[:, None] * hessian * units)
    is_bent = np.abs(bend) > 1e-7 * np.abs(bend).max()
    base = _higher(probe, base, units[:, None] * directions[:, is_bent], bend[is_bent])
    for direction in directions[:, ~is_bent].T:
        weight = np.abs(direction)
        if np.count_nonzero(weight > 1e-12) == 1 or not _is_level(probe, base, units * direction):
            continue  # an axis, which was looked at before
        moving = np.argsort(-weight)[: max(2, np.count_nonzero(weight > 1e-3 * weight.max()))]
        signs = ["+" if direction[i] * direction[moving[0]] > 0.0 else "-" for i in moving]
        named = ", ".join(sign + probe.names[i] for sign, i in zip(signs, moving[:6], strict=False))
        named += ", ..." if len(moving) > 6 else ""
        message = f"the log density does not change as these move together: {named}; the posterior is improper"
        advice = "The data determine only a sum of them: give each a proper prior, or leave one out."
        yield Fault("improper", probe.names[moving[0]], message, advice)
        return


def _higher(probe: Probe, base: np.ndarray, directions: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """The highest point of a parabola with these bends, or the base if the density is higher there.

    Rounding is smaller at the top than on a slope.
    """
    value, gradient = probe.both(base)
    position = base - directions @ (directions.T @ gradient / bend)
    return position if probe.value(position) > value else base


def _is_level(probe: Probe, base: np.ndarray, direction: np.ndarray) -> bool:
    """Whether the density, averaged over both sides of the base, falls by no more than rounding at all distances.

    Rounding is that of the values, of the positions (a slope of 100 may be a sum that cancels), and of the direction,
    which is off by 1e-12 or less.
    """
    value, gradient = probe.both(base)
    widest = 0.0
    for far in _OBLIQUE:
        near, last = (
            0.5 * (probe.value(base + distance * direction) + probe.value(base - distance * direction))
            for distance in (far / _RATIO, far)
        )
        rounding = 1e-12 * (1.0 + abs(value)) + 1e-15 * far * (100.0 + np.abs(gradient * direction).sum())
        rounding += base.size * (1e-12 * far) ** 2
        if near - last > rounding:
            return False
        if math.isfinite(last):
            widest = max(widest, far * np.abs(direction).max() / math.sqrt(2.0 * rounding))
    return widest > _WIDE


def _hessian(probe: Probe, base: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The second derivatives of the log density, from differences of its gradient with an error of step^4."""
    columns = []
    for i, step in enumerate(steps):
        shift = np.zeros(base.size)
        shift[i] = step
        slopes = [
            (probe.both(base + k * shift)[1] - probe.both(base - k * shift)[1]) / (2.0 * k * step) for k in (1, 2)
        ]
        columns.append((4.0 * slopes[0] - slopes[1]) / 3.0)
    hessian = np.array(columns)
    return 0.5 * (hessian + hessian.T)
