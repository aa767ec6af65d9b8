"""Known numbers of a toy's marginals: moments, quantiles, and the density at points of a grid."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import integrate

import hmc
from figures.sampler.toys.exact import Floats, Marginals
from hmc.parameters import element_names

POINTS = 161  # of a curve
SHOWN = 5e-4  # of the distribution lies beyond each end of a curve
INTERVAL = (0.055, 0.945)

# Grids on which integrands are smooth and end at 0, so that the trapezoidal rule is exact to many digits: steps are
# small near 0, where a funnel's x has its peak, and grow with the distance.
_EVEN = np.linspace(-24.0, 24.0, 1201)
_NEAR = 0.01
_AROUND_ZERO = (_NEAR * np.sinh(_EVEN), _NEAR * np.cosh(_EVEN))  # values, and their derivatives by the even grid
_LOGS = np.linspace(-14.0, 10.0, 1001)
_POSITIVE = (np.exp(_LOGS), np.exp(_LOGS))


def known_marginals(
    model: hmc.Model, marginals: Marginals, necks: Mapping[str, float] = MappingProxyType({})
) -> dict[str, Mapping[str, Any]]:
    """{"x", "theta[1]", ...: {"mean", "sd", "lower", "upper", "curve"}} of the parameters whose marginals are given.

    lower, upper: 5.5% and 94.5% quantiles. curve: {"from", "to", "heights"}, the density at equal distances.
    necks: of some parameters a value; theirs has "neck" too: {"below": the value, "probability": of a smaller one}.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for parameter in model.parameters:
        if parameter.name in marginals:
            grid = _POSITIVE if parameter.constraint == hmc.positive else _AROUND_ZERO
            known = _known(marginals[parameter.name], *grid)
            if parameter.name in necks:
                lowest = 0.0 if parameter.constraint == hmc.positive else -np.inf
                known["neck"] = _neck(marginals[parameter.name], lowest, necks[parameter.name])
            found |= dict.fromkeys(element_names(parameter.name, parameter.shape), known)
    return found


def _known(density: Callable[[Floats], Floats], x: Floats, slope: Floats) -> dict[str, Any]:
    share = density(x) * slope
    share /= share.sum()
    mean = float((share * x).sum())
    below = np.cumsum(share) - share / 2
    first, lower, upper, last = (float(np.interp(p, below, x)) for p in (SHOWN, *INTERVAL, 1 - SHOWN))
    curve = {"from": first, "to": last, "heights": _rounded(density(np.linspace(first, last, POINTS)))}
    sd = float(np.sqrt((share * (x - mean) ** 2).sum()))
    return {"mean": _without_noise(mean, sd), "sd": sd, "lower": lower, "upper": upper, "curve": curve}


def _neck(density: Callable[[Floats], Floats], lowest: float, value: float) -> dict[str, float]:
    probability, _ = integrate.quad(lambda x: float(density(np.array([x]))[0]), lowest, value)
    return {"below": value, "probability": probability}


def _without_noise(mean: float, sd: float) -> float:
    """0 where a symmetric density's mean is the rounding of a sum."""
    return 0.0 if abs(mean) < 1e-9 * sd else mean


def _rounded(heights: Floats) -> list[float]:
    return [float(f"{height:.5g}") for height in heights]
