"""Is a gradient that of its density? If not, which of the usual mistakes explains it?"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from hmc.checking.findings import Fault, chain_rule, place
from hmc.checking.probe import Probe
from hmc.transforms import Constraint

# Central differences with a step h err by rounding, 1e-16 |log density| / h, and, once extrapolated, by h^4. The first
# step serves nearly always; where it does not, the others tell whether the gradient is wrong or the difference is.
_STEPS = (2e-4, 2e-3, 2e-5, 2e-2, 2e-6)
_TOLERANCE = 1e-6
_SHOWN = 1e-3  # a smaller slope cannot be compared: the tolerance is as large as its errors
_FAR = (30.0, 1e3, 1e4, 1e6, 1e8, 1e12)  # distances at which such a slope is compared
_FEW = 3  # so many points with the same factor or difference are not a coincidence


class Slopes(NamedTuple):
    """A gradient and central differences of its density. Rows are positions, columns are components."""

    positions: np.ndarray
    written: np.ndarray  # the gradient; 0 where it is not compared
    measured: np.ndarray  # the difference; nan where it could not be measured
    wrong: np.ndarray  # where the two disagree


_Row = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # of `Slopes`


def measure(probe: Probe, positions: Sequence[np.ndarray]) -> Slopes:
    """The `Slopes` at positions of finite density, and further out where a slope is too small there to compare."""
    components = range(probe.model.dimension)
    rows = [_row(probe, position, components) for position in positions]
    for i in components:
        largest = max(np.nanmax([0.0, abs(written[i]), abs(measured[i])]) for _, written, measured, _ in rows)
        if largest < _SHOWN and not any(wrong[i] for *_, wrong in rows):
            rows += _further_out(probe, positions[0], i)
    return Slopes(*map(np.array, zip(*rows, strict=True)))


def _row(probe: Probe, position: np.ndarray, components: Iterable[int]) -> _Row:
    """(position, gradient, difference, whether they disagree), the last three for these components only."""
    _, gradient = probe.both(position)
    written, wrong = np.zeros(position.size), np.zeros(position.size, dtype=bool)
    measured = np.full(position.size, math.nan)
    for i in components:
        written[i] = gradient[i]
        measured[i], wrong[i] = _compare(probe, position, i, gradient[i])
    return position, written, measured, wrong


def _further_out(probe: Probe, base: np.ndarray, i: int) -> Iterator[_Row]:
    """Rows in which component i alone moves out until slope times distance is large enough, as under a wide prior.

    It stops where the density is not finite.
    """
    for sign in (1.0, -1.0):
        for far in _FAR[: probe.fewer(len(_FAR))]:
            position = base.copy()
            position[i] = sign * far
            value, gradient = probe.both(position)
            if not math.isfinite(value + gradient[i]):
                break
            row = _row(probe, position, [i])
            if row[-1][i]:
                yield row
            if far * abs(gradient[i]) > 1.0:
                break


def gradient_findings(probe: Probe, slopes: Slopes, constraints: list[Constraint]) -> Iterator[Fault]:
    """A finding for each component whose gradient is wrong or not finite.

    It shows the worst point and, if there is one, the mistake that explains all points.
    """
    known = np.isfinite(slopes.measured)
    written, measured = slopes.written[known], slopes.measured[known]
    is_all_wrong = slopes.wrong.any(axis=0).all() and probe.model.dimension > 1
    if is_all_wrong and _explains(-measured, written, measured).all():
        message = "the gradient has the wrong sign, in all components"
        advice = "One of the two is the energy's: return the log density itself, and write the gradient of that."
        yield Fault("gradient", "", message, advice)
        return
    for i, name in enumerate(probe.names):
        claim = f"the gradient of {name} (component {i})"
        infinite = np.flatnonzero(~np.isfinite(slopes.written[:, i]))
        if infinite.size:
            at = place(probe.model, slopes.positions[infinite[0]])
            message = f"{claim} is not finite: {slopes.written[infinite[0], i]} at {at}, where the density is"
            yield Fault("gradient", name, message, "Look for a division by 0 or an overflow in its terms.")
            continue
        rows = np.flatnonzero(slopes.wrong[:, i])
        if rows.size:
            written, measured = slopes.written[rows, i], slopes.measured[rows, i]
            worst = np.argmax(np.abs(written - measured))
            at = place(probe.model, slopes.positions[rows[worst]])
            a, b = _distinct(written[worst], measured[worst])
            message = f"{claim} is {a}, but the density changes by {b} at {at}"
            hint, advice = _explain(probe, slopes, rows, i, constraints[i])
            yield Fault("gradient", name, message + hint, advice)


def _distinct(a: float, b: float) -> tuple[str, str]:
    """Two numbers in six digits, or in so many that two digits of their difference show."""
    needed = 2.0 - np.log10(abs(a - b) / max(abs(a), abs(b)))
    digits = int(min(max(6.0, needed), 16.0)) if math.isfinite(needed) else 6
    return f"{a:.{digits}g}", f"{b:.{digits}g}"


def _compare(probe: Probe, position: np.ndarray, i: int, written: float) -> tuple[float, bool]:
    """(central difference, whether the gradient is wrong) for component i at a position; `written` is the gradient."""
    found: list[float] = []
    written = float(written)
    unit = max(1.0, abs(position[i]))  # far out, small slopes matter
    for step in _STEPS:
        difference = _central_difference(probe, position, i, step * unit)
        if abs(written - difference) <= _TOLERANCE * (1.0 / unit + max(abs(written), abs(difference))):
            return difference, False
        found.append(difference)
    by_step = [found[k] for k in np.argsort(_STEPS)]
    errors = np.abs(np.diff(by_step))
    if not np.isfinite(errors).any():
        return math.nan, False
    best = int(np.nanargmin(np.where(np.isfinite(errors), errors, np.nan)))
    rounding = 1e-14 * abs(probe.value(position)) / (sorted(_STEPS)[best] * unit)  # far out, all differences may be 0
    is_wrong = not abs(written - by_step[best]) <= 10.0 * errors[best] + rounding
    return by_step[best], is_wrong


def _central_difference(probe: Probe, position: np.ndarray, i: int, step: float) -> float:
    """The slope of the log density along component i, extrapolated from two steps: the error is of fourth order."""

    def slope(step: float) -> float:
        above, below = position.copy(), position.copy()
        above[i] += step
        below[i] -= step
        return (probe.value(above) - probe.value(below)) / (above[i] - below[i])

    return (4.0 * slope(step) - slope(2.0 * step)) / 3.0


def _explain(probe: Probe, slopes: Slopes, wrong: np.ndarray, i: int, constraint: Constraint) -> tuple[str, str]:
    """(the mistake, advice) for component i: the likeliest mistake that explains all the rows where it is `wrong`.

    The words say whether the mistake is made at all points.
    """
    known = np.flatnonzero(np.isfinite(slopes.measured[:, i]))
    written, measured = slopes.written[known, i], slopes.measured[known, i]
    chain, jacobian = chain_rule(constraint, slopes.positions[known, i])
    is_wrong, many = np.isin(known, wrong), len(wrong) >= _FEW
    name, base = probe.names[i], probe.names[i].partition("[")[0]
    into_gradient = f"Add the derivative of the log Jacobian of {constraint} to gradient[{i}]"
    mistakes = [
        (-measured, "the sign is wrong", f"Change the sign of what is written to gradient[{i}]."),
        (0.0 * measured, "it is 0", f"Add the derivatives of the terms that hold {name}."),
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
    for k in range(probe.model.dimension if many else 0):
        if k != i:
            said = f"it is the slope along {probe.names[k]} (component {k})"
            mistakes.append((slopes.measured[known, k], said, "Look at the indices: two components are mixed up."))
    if many:
        factor, offset = np.median((written / measured)[is_wrong]), np.median((written - measured)[is_wrong])
        said = f"it is {_distinct(factor, 1.0)[0]} times that"
        mistakes.append((factor * measured, said, "Look for a factor in its terms."))
        mistakes.append((measured + offset, f"it is {offset:+.4g} off", "Look for a constant in its terms."))
    for expected, said, advice in mistakes:
        is_so = _explains(expected, written, measured)
        if is_so[is_wrong].all():
            cannot_tell = ~is_wrong & (np.abs(expected - measured) <= _TOLERANCE * (1.0 + np.abs(measured)))
            is_everywhere = (is_so | cannot_tell).all()
            where = ", everywhere" if is_everywhere else f", at {len(wrong)} of {len(known)} points"
            return f": {said}{where}", advice
    return "", f"Derive the terms that hold {name} anew, or take them out one by one until the check passes."


def _explains(expected: np.ndarray, written: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Whether the gradient at each point is as `expected` from a mistake, and nearer to that than to the difference."""
    error, effect = np.abs(written - expected), np.abs(expected - measured)
    usual = 1e-5 * (min(1.0, np.abs(measured).max()) + np.abs(expected))
    return error <= np.minimum(usual, 0.01 * effect) + 1e-9 * (np.abs(written) + np.abs(measured))
