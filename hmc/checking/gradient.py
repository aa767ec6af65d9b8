"""Is a gradient that of its density? If not, by which of the usual mistakes?"""

import math
from typing import NamedTuple

import numpy as np

from hmc.checking.findings import Finding, chain_rule, place

# Central differences with a step h err by rounding, 1e-16 |log density| / h, and, once extrapolated, by h^4. The first
# step serves nearly always; where it does not, the others tell whether the gradient is wrong or the difference is.
_STEPS = (2e-4, 2e-3, 2e-5, 2e-2, 2e-6)
_TOLERANCE = 1e-6
_FEW = 3  # points from which a constant factor or difference is no accident


class Slopes(NamedTuple):
    """A gradient and central differences of its density. Rows are positions, columns are components."""

    positions: np.ndarray
    written: np.ndarray  # the gradient
    measured: np.ndarray  # the difference; nan where it could not be measured
    wrong: np.ndarray  # where the two disagree


def measure(probe, positions):
    """The `Slopes` at positions of finite density."""
    shape = (len(positions), probe.model.dimension)
    slopes = Slopes(np.array(positions), np.zeros(shape), np.full(shape, math.nan), np.zeros(shape, dtype=bool))
    for row, position in enumerate(positions):
        _, slopes.written[row] = probe.both(position)
        for i in range(probe.model.dimension):
            slopes.measured[row, i], slopes.wrong[row, i] = _compare(probe, position, i, slopes.written[row, i])
    return slopes


def gradient_findings(probe, slopes, constraints):
    """A finding for each component of which the gradient is wrong, at its worst point, with the mistake that explains
    all points, if one does; or is not finite.
    """
    if slopes.wrong.any(axis=0).all() and probe.model.dimension > 1 and _agree(slopes.written, -slopes.measured):
        message = "the gradient has the wrong sign, in all components"
        advice = "One of the two is the energy's: return the log density itself, and write the gradient of that."
        yield Finding("gradient", "", message, advice)
        return
    for i, name in enumerate(probe.names):
        claim = f"the gradient of {name} (component {i})"
        infinite = np.flatnonzero(~np.isfinite(slopes.written[:, i]))
        if infinite.size:
            at = place(probe.model, slopes.positions[infinite[0]])
            message = f"{claim} is not finite: {slopes.written[infinite[0], i]} at {at}, where the density is"
            yield Finding("gradient", name, message, "Look for a division by 0 or an overflow in its terms.")
            continue
        rows = np.flatnonzero(slopes.wrong[:, i])
        if rows.size:
            written, measured = slopes.written[rows, i], slopes.measured[rows, i]
            worst = np.argmax(np.abs(written - measured))
            at = place(probe.model, slopes.positions[rows[worst]])
            message = f"{claim} is {written[worst]:.6g}, but the density changes by {measured[worst]:.6g} at {at}"
            hint, advice = _explain(probe, slopes, rows, i, constraints[i])
            yield Finding("gradient", name, message + hint, advice)


def _compare(probe, position, i, written):
    """(difference, whether the gradient is wrong) of one component at one position."""
    found, written = [], float(written)
    for step in _STEPS:
        difference = _central_difference(probe, position, i, step * max(1.0, abs(position[i])))
        if abs(written - difference) <= _TOLERANCE * (1.0 + max(abs(written), abs(difference))):
            return difference, False
        found.append(difference)
    by_step = [found[k] for k in np.argsort(_STEPS)]
    with np.errstate(all="ignore"):
        errors = np.abs(np.diff(by_step))
    if not np.isfinite(errors).any():
        return math.nan, False
    best = int(np.nanargmin(np.where(np.isfinite(errors), errors, np.nan)))
    rounding = 1e-14 * abs(probe.value(position)) / sorted(_STEPS)[best]  # far out, all differences may be 0
    is_wrong = not abs(written - by_step[best]) <= 10.0 * errors[best] + rounding
    return by_step[best], is_wrong


def _central_difference(probe, position, i, step):
    """The slope of the log density along component i, extrapolated from two steps: the error is of fourth order."""

    def slope(step):
        above, below = position.copy(), position.copy()
        above[i] += step
        below[i] -= step
        return (probe.value(above) - probe.value(below)) / (above[i] - below[i])

    with np.errstate(invalid="ignore"):  # where some are infinite
        return (4.0 * slope(step) - slope(2.0 * step)) / 3.0


def _explain(probe, slopes, rows, i, constraint):
    """(what is wrong, what to do) by the mistake that explains a component at all points, the likeliest first."""
    written, measured = slopes.written[rows, i], slopes.measured[rows, i]
    chain, jacobian = chain_rule(constraint, slopes.positions[rows, i])
    name, base = probe.names[i], probe.names[i].partition("[")[0]
    into_gradient = f"Add the derivative of the log Jacobian of {constraint} to gradient[{i}]"
    mistakes = [
        (-measured, "the sign is wrong", f"Change the sign of what is written to gradient[{i}]."),
        (0.0 * measured, "it is 0 everywhere", f"Add the derivatives of the terms that hold {name}."),
        (measured - jacobian, "the Jacobian's derivative is missing", f"{into_gradient} (1 for hmc.positive)."),
        (
            measured + jacobian,
            "the log Jacobian is in the gradient and not in the density",
            f"Add the log Jacobian of {constraint} to the log density (for hmc.positive the position itself).",
        ),
    ]
    for inner, outer in ((0.0, 0.0), (0.0, jacobian), (jacobian, jacobian)):
        given = (measured - outer) / chain + inner
        advice = f"Multiply the derivative by d {base} / d position (for hmc.positive {base} itself)"
        mistakes.append((given, "the chain rule's factor is missing", f"{advice}; then add the Jacobian's derivative."))
    for k in range(probe.model.dimension if len(rows) >= _FEW else 0):
        if k != i:
            said = f"it is the slope along {probe.names[k]} (component {k})"
            mistakes.append((slopes.measured[rows, k], said, "Look at the indices: two components are mixed up."))
    for expected, said, advice in mistakes:
        if _agree(written, expected):
            return f": {said}", advice
    with np.errstate(all="ignore"):
        factor, offset = written / measured, written - measured
    if len(rows) >= _FEW and _agree(factor, factor[0]):
        return f": it is {factor[0]:.4g} times that, everywhere", "Look for a factor in its terms."
    if len(rows) >= _FEW and _agree(offset, offset[0]):
        return f": it is {offset[0]:+.4g} off, everywhere", "Look for a constant in its terms."
    return "", f"Derive the terms that hold {name} anew, or take them out one by one until the check passes."


def _agree(a, b):
    with np.errstate(all="ignore"):
        return bool((np.abs(a - b) <= 1e-5 * (1.0 + np.abs(b))).all())
