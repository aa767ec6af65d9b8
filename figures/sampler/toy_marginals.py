"""The exact marginal distributions of the toys, in closed form or by one integral."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS = 161  # of a curve

FUNNEL_SD = 3.0  # of v
FUNNEL_SHOWN = 12.0  # x beyond is rare, and its density flat


def toy_marginals(name: str) -> dict[str, dict[str, Any]] | None:
    """{"x": {"mean", "sd", "curve": {"from", "to", "heights"}}, ...} of the toy of a name; None for another model."""
    normal = _known(_normal_density(1.0), 4.0, 1.0)
    if name == "line":
        return {"x": normal}
    if name == "plane":
        return {"x": normal, "y": normal}
    if name == "funnel":
        sd_of_x = float(np.exp(FUNNEL_SD**2 / 4))  # E[exp(v)] = exp(var(v) / 2)
        v = _known(_normal_density(FUNNEL_SD), 4.0 * FUNNEL_SD, FUNNEL_SD)
        return {"x": _known(_funnel_density, FUNNEL_SHOWN, sd_of_x), "v": v}
    return None


def _known(density: Callable[[NDArray[np.float64]], NDArray[np.float64]], reach: float, sd: float) -> dict[str, Any]:
    """A marginal that is symmetric about 0."""
    x = np.linspace(-reach, reach, POINTS)
    curve = {"from": -reach, "to": reach, "heights": [float(f"{height:.6g}") for height in density(x)]}
    return {"mean": 0.0, "sd": sd, "curve": curve}


def _normal_density(sd: float) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda x: np.exp(-0.5 * (x / sd) ** 2) / (sd * np.sqrt(2 * np.pi))


def _funnel_density(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of x: normals of sd exp(v / 2), averaged over v."""
    v = np.linspace(-8 * FUNNEL_SD, 8 * FUNNEL_SD, 4001)
    sd = np.exp(v / 2)
    terms = _normal_density(FUNNEL_SD)(v) * np.exp(-0.5 * (x[:, None] / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
    return terms.sum(axis=1) * (v[1] - v[0])
