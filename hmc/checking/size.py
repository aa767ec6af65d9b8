"""Is a log density small enough for floats to show the differences on which acceptance depends?

Acceptance depends on differences of the log density of about 1. Near 1e16, neighbouring floats are 2 apart: in a log
density with so large a constant, the differences are lost.
"""

from typing import Any

import numpy as np

from hmc.checking.findings import Fault, place
from hmc.checking.probe import Probe

COARSEST = 0.01  # between neighbouring floats: a difference of 1 is then known to 1% at best
_STEPS = 200  # uphill


def size_findings(probe: Probe, finite: list[np.ndarray]) -> list[Fault]:
    """At most one finding: floats as large as the log density are too far apart, at all the positions and uphill.

    The density may be very low at positions drawn at random, so the check also climbs to where it is high.
    """
    values = np.array([probe.value(position) for position in finite])
    if not (values.size and (np.spacing(np.abs(values)) > COARSEST).all()):
        return []
    position = _uphill(probe, finite[int(values.argmax())])
    value = probe.value(position)
    if not np.spacing(abs(value)) > COARSEST:
        return []
    message = (
        f"the log density is {value:.3g} at {place(probe.model, position)}: the nearest floats are "
        f"{np.spacing(abs(value)):.2g} apart, and acceptance needs differences far below 1"
    )
    return [Fault("size", "", message, "Subtract the constant, or look for a term in wrong units.")]


def _uphill(probe: Probe, start: np.ndarray) -> np.ndarray:
    """The highest position seen on the way up by L-BFGS, in units in which the slope at the start is 1."""
    from scipy.optimize import minimize  # 0.2 s to import, and hardly ever needed

    highest: list[Any] = [probe.value(start), start]
    unit = 1.0 / np.maximum(np.abs(probe.both(start)[1]), 1e-300)
    unit = np.where(unit < 1e300, np.maximum(unit, 1e-12), 1.0)

    def energy(moved: np.ndarray) -> tuple[float, np.ndarray]:
        position = start + unit * moved
        value, gradient = probe.both(position)
        if value > highest[0] and np.isfinite(gradient).all():
            highest[:] = value, position
        is_number = np.isfinite(value) and np.isfinite(gradient).all()
        return (-value, -unit * gradient) if is_number else (1e300, np.zeros(start.size))

    minimize(energy, np.zeros(start.size), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return highest[1]
