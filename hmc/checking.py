"""Checking an author's model before it is sampled: is the gradient that of the density, at places a chain may visit?"""

import math
from typing import NamedTuple

import numpy as np

from hmc.parameters import element_names

# Central differences with a step h err by rounding, 1e-16 |log density| / h, and, once extrapolated, by h^4.
_STEP = 2e-4
_TOLERANCE = 1e-6


class Finding(NamedTuple):
    """Something wrong with a model: which component of the position it is about ("" for none), and what."""

    component: str
    message: str


def check(model, points=20, seed=12):
    """What is wrong with a model, as a list of `Finding`: empty where nothing was found.

    At `points` positions drawn uniformly from (-2, 2), as chains start, the log density must be a finite number at
    least once and never nan or +inf; every component of the gradient must be written, finite, and agree with
    central differences of the log density: |gradient - difference| <= 1e-6 (1 + the larger of the two). Each
    component is reported once, with its worst point.
    """
    rng = np.random.default_rng(seed)
    findings, finite = {}, 0
    for _ in range(points):
        position = rng.uniform(-2.0, 2.0, model.dimension)
        log_density, _ = model.evaluate(position)
        if math.isnan(log_density) or log_density == math.inf:
            findings.setdefault("", (math.inf, f"the log density is {log_density} at {_place(model, position)}"))
        if not math.isfinite(log_density):
            continue
        finite += 1
        for name, badness, message in _wrong_components(model, position):
            if name not in findings or badness > findings[name][0]:
                findings[name] = (badness, message)
    if finite == 0:
        findings.setdefault("", (math.inf, f"the log density is finite at none of {points} points tried"))
    return [Finding(name, message) for name, (_, message) in findings.items()]


def component_names(model):
    """A name for each unconstrained number of a position: `a[3]`, or `sigma` where that is all there is of it."""
    names = []
    for parameter in model.parameters:
        shape = parameter.shape
        if shape:
            shape = (*shape[:-1], shape[-1] - parameter.constraint.free_per_vector)
        names += element_names(parameter.name, shape)
    return names


def _wrong_components(model, position):
    """(name, how bad, message) for every gradient component that is wrong at a position."""
    function, data = model.density()
    gradient = np.full(model.dimension, np.nan)  # what stays nan was not written
    with np.errstate(all="ignore"):
        function(position.copy(), data, gradient)
    for i, name in enumerate(component_names(model)):
        claim = f"the gradient of {name} (component {i})"
        if not math.isfinite(gradient[i]):
            yield name, math.inf, f"{claim} is not written, or is not finite: {gradient[i]}"
            continue
        difference = _central_difference(model, position, i)
        error = abs(gradient[i] - difference)
        if not error <= _TOLERANCE * (1.0 + max(abs(gradient[i]), abs(difference))):
            hint = "; the sign is wrong" if abs(gradient[i] + difference) < 1e-3 * abs(difference) else ""
            yield name, error, f"{claim} is {gradient[i]:.6g}, but the density changes by {difference:.6g}{hint}"


def _central_difference(model, position, i):
    """The slope of the log density along component i, extrapolated from two steps: the error is of fourth order."""

    def slope(step):
        above, below = position.copy(), position.copy()
        above[i] += step
        below[i] -= step
        return (model.evaluate(above)[0] - model.evaluate(below)[0]) / (above[i] - below[i])

    return (4.0 * slope(_STEP) - slope(2.0 * _STEP)) / 3.0


def _place(model, position):
    return ", ".join(f"{name} = {value:.3g}" for name, value in zip(component_names(model)[:4], position, strict=False))
