"""The exact marginal distributions of the toys, as the page of `hmc explore` draws and tells them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figures.sampler.toys import TOYS

POINTS = 161  # of a curve
REACH = 60.0  # beyond it, no toy but the funnels has anything to speak of
CELLS = 2400  # as far as it; none has the point 0 within, where the density of a scale begins
TAIL = 1e-3  # on either side, which a curve leaves out
NEGLIGIBLE = 1e-9  # density at the ends of the reach


def toy_marginals(name: str) -> dict[str, dict[str, Any]] | None:
    """{"x": {"mean", "sd", "curve": {"from", "to", "heights"}}, ...} of the toy of a name, by elements of parameters on
    their own scale; None for another model. Without mean and sd where tails are too long for the sums behind them.
    """
    if name not in TOYS:
        return None
    known = {parameter: _known(density) for parameter, density in TOYS[name].marginals().items()}
    parameters = [parameter for parameter in TOYS[name].model().parameters if parameter.name in known]
    return {element: known[each.name] for each in parameters for element in _elements(each.name, each.size, each.shape)}


def _elements(name: str, size: int, shape: tuple[int, ...]) -> list[str]:
    return [f"{name}[{k + 1}]" for k in range(size)] if shape else [name]


def _known(density: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> dict[str, Any]:
    edges = np.linspace(-REACH, REACH, CELLS + 1)
    x, width = 0.5 * (edges[1:] + edges[:-1]), edges[1] - edges[0]
    heights = np.concatenate([density(part) for part in np.array_split(x, 24)])  # some make a table of each part
    share = heights * width
    below = np.concatenate([[0.0], np.cumsum(share)])
    low, high = np.interp([TAIL, 1.0 - TAIL], below, edges, left=-REACH, right=REACH)
    at = np.linspace(low, high, POINTS)
    curve = {"from": low, "to": high, "heights": [float(f"{height:.6g}") for height in density(at)]}
    if max(heights[0], heights[-1]) > NEGLIGIBLE:
        return {"curve": curve}
    mean = float(share @ x)
    return {"mean": round(mean, 10), "sd": float(np.sqrt(share @ (x - mean) ** 2)), "curve": curve}
