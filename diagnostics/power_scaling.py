"""Power-scaling sensitivity: how much a posterior changes if its prior or its likelihood counts a little more.

Kallioinen, Paananen, Buerkner & Vehtari (2023), "Detecting and diagnosing prior and likelihood sensitivity with
power-scaling", Statistics and Computing 34(57); the formulas are those of R's priorsense.
"""

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, as_reals, in_safe_range, per_parameter, pooled, quietly
from .ess import ess_tail
from .protocols import Floats
from .psis import psis

# The powers; their logarithms to base 2 are nearly the same apart from the sign.
LOWER, UPPER = 0.99, 1.01
# From here on, priorsense calls a parameter sensitive.
SENSITIVE = 0.05


def power_scaling_sensitivity(x: ArrayLike, log_component: ArrayLike) -> Floats:
    """How fast each parameter's distribution changes with the power of a component, of draws (chains, draws, ...).

    log_component: log density of the prior, or of the likelihood, in each draw, (chains, draws). Draws are weighted by
        its powers 0.99 and 1.01 (`psis`); the number is the mean distance of distributions (`cjs_distance`) for a
        change of log2(power) by 1.

    Over 0.05 of both prior and likelihood, the two may be in conflict; of the prior alone, the likelihood is weak, or
    the prior dominates. Only those parts of the prior should be in `log_component` that the analyst would change: in a
    hierarchy the priors of its upper level, not the population of groups. NaN where a draw is not finite, 0 for a
    parameter whose draws are all equal. ValueError for another shape of `log_component`, or if it is not finite.
    """
    x, component = as_draws(x), as_draws(log_component)
    if component.shape != x.shape[:2]:
        raise ValueError(f"log_component needs the shape of chains and draws, {x.shape[:2]}, not {component.shape}")
    if not np.isfinite(component).all():
        raise ValueError("log_component is not finite in all draws")
    distances = [per_parameter(_distance, x, _scaled_weights(component, power)) for power in (LOWER, UPPER)]
    return (distances[0] + distances[1]) / (2 * np.log2(UPPER))


@quietly
def cjs_distance(x: ArrayLike, weights: ArrayLike) -> float:
    """Cumulative Jensen-Shannon distance of draws (S,) from the same draws with weights (S,), from 0 to 1.

    The root of the divergence of the two distribution functions, integrated, over its bound; the larger of that of x
    and of -x, so that it does not depend on the sign. Nguyen & Vreeken (2015), "Non-parametric Jensen-Shannon
    divergence". NaN where a draw is not finite. ValueError for weights that are negative, infinite or all 0.
    """
    x, weights = as_reals(x), as_reals(weights, "weights")
    if x.ndim != 1 or weights.shape != x.shape:
        raise ValueError(f"draws and weights need one shape (draws,), not {x.shape} and {weights.shape}")
    if not ((weights >= 0).all() and 0 < weights.sum() < np.inf):
        raise ValueError("weights must be finite, 0 or more, and not all 0")
    if not np.isfinite(x).all():
        return float("nan")
    order = np.argsort(x, kind="stable")
    width, share = np.diff(x[order]), weights[order] / weights.sum()
    equal = np.full(len(x), 1 / len(x))
    forwards = _divergence(np.cumsum(equal)[:-1], np.cumsum(share)[:-1], width)
    backwards = _divergence(np.cumsum(equal)[:-1], np.cumsum(share[::-1])[:-1], width[::-1])
    return float(np.sqrt(max(forwards, backwards)))


def _scaled_weights(component: Floats, power: float) -> Floats:
    """Smoothed weights (chains * draws,) of draws for a component to this power."""
    ratios = (power - 1) * component
    efficiency = ess_tail(ratios) / ratios.size
    return np.exp(psis(ratios.reshape(-1), efficiency if np.isfinite(efficiency) else 1.0).log_weights)


def _distance(x: Floats, weights: Floats) -> Floats:
    """`cjs_distance` of every parameter of draws (chains, draws, n)."""
    scaled, _ = in_safe_range(x)
    columns = [np.ascontiguousarray(column) for column in pooled(scaled).T]
    return np.array([cjs_distance(column, weights) for column in columns])


def _divergence(p: Floats, q: Floats, width: Floats) -> float:
    """CJS(P, Q) + CJS(Q, P) over its bound, of distribution functions that are constant over intervals; 0 of no width.

    The terms with the integrals of P - Q, one of each sign, cancel in the sum.
    """
    middle = 0.5 * (p + q)
    terms = [np.where(f > 0, f * np.log2(f / middle), 0.0) for f in (p, q)]
    bound = ((p + q) * width).sum()
    return max(float(((terms[0] + terms[1]) * width).sum() / bound), 0.0) if bound > 0 else 0.0
