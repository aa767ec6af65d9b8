"""Is a log density that of what a model simulates?

At a parameter drawn from the prior and data drawn given it, the gradient of the log joint density is 0 on average, in
every component i, and (q[i] - c) times it is -1, whatever the number c (integration by parts; Stein 1972). A Jacobian
that was forgotten, a value taken for its logarithm, or another prior than the one drawn from shows in one of the two.
No chain is run. It is only a mean and a moment of each component: `hmc calibrate` looks at the whole.
"""

import contextlib
import math
from typing import NamedTuple

import numba
import numpy as np

from hmc.checking_findings import BrokenError, Finding
from hmc.checking_probe import raised
from hmc.kernel import jit_is_disabled
from hmc.transforms import REAL

_GLANCE, _DRAWS = 100, 400  # few draws, and more where these look odd
_SLOW = 5000  # numbers of data from which on simulate_data is compiled
_ODD, _ERRORS = 4.0, 6.0  # standard errors; the draws are skewed, so that their averages are not quite normal


def can_be_compared(model):
    """Whether the model simulates all that its density is of: data too, unless its observations can be left out."""
    weight = getattr(model.data, "weight", None)
    has_weights = isinstance(weight, np.ndarray) and weight.ndim == 1
    return model.simulate is not None and (model.simulate_data is not None or has_weights)


def prior_findings(model, seed, constraints, names):
    """A finding for each parameter in which the density is not that of the draws, at its first such component.

    What is reported was off in two sets of draws, to the same side.
    """
    centre, signs = None, 0.0
    for batch, (draws, most) in enumerate(((_GLANCE, _ODD), (_DRAWS, _ERRORS), (_DRAWS, _ERRORS))):
        excess = _excess(model, np.random.default_rng([seed, batch]), draws, centre)
        if excess is None or not (np.abs(excess.off) > most).any():
            return []
        centre, before = excess.centre, signs
        signs = np.sign(excess.off) * (np.abs(excess.off) > most)
    found = {}
    for i in np.flatnonzero(((signs == before) & (signs != 0.0)).any(axis=0)):
        base = names[i].partition("[")[0]
        found.setdefault(base, _told(excess.mean[:, i], excess.off[:, i], i, names[i], constraints[i]))
    return list(found.values())


class Excess(NamedTuple):
    """By how much averages over draws differ from what they should be. Rows: the slope, its product with position."""

    centre: np.ndarray  # (dimension,) the mean position
    mean: np.ndarray  # (2, dimension)
    off: np.ndarray  # (2, dimension) in standard errors


_SHOULD = np.array([[0.0], [-1.0]])


def _excess(model, rng, draws, centre):
    """The `Excess` of new draws; None where a density or gradient is not finite, as where a density ends: the averages
    need not be what they should then.
    """
    positions, gradients = np.empty((2, draws, model.dimension))
    draw = _simulator(model)
    for row in range(draws):
        positions[row], joint = draw(rng)
        value, gradients[row] = joint.evaluate(positions[row])
        if not (math.isfinite(value) and np.isfinite(gradients[row]).all()):
            return None
    own = positions.mean(axis=0)
    products = np.stack([gradients, (positions - (own if centre is None else centre)) * gradients])
    mean, error = products.mean(axis=1), products.std(axis=1, ddof=1) / math.sqrt(draws)
    difference = mean - _SHOULD
    off = np.where(error > 0.0, difference / np.where(error > 0.0, error, 1.0), np.sign(difference) * 1e9)
    return Excess(own, mean, off)


def _simulator(model):
    """A function rng -> (position, the model whose density is that of the position): of simulated data, or of none."""
    if model.simulate_data is None:
        prior = model.without(range(model.data.weight.size))
        return lambda rng: (_called(model, "simulate", model.simulate, rng, model.data), prior)
    simulate_data, data = model.simulate_data, model.data
    if sum(map(np.size, data)) > _SLOW and not jit_is_disabled():
        compiled = numba.njit(error_model="numpy")(getattr(simulate_data, "py_func", simulate_data))
        with contextlib.suppress(Exception):  # it need not be in Numba's subset: then it stays as it is
            compiled(np.zeros(model.dimension), model._packed.data, np.random.default_rng(0))
            simulate_data, data = compiled, model._packed.data

    def draw(rng):
        position = _called(model, "simulate", model.simulate, rng, model.data)
        made = _called(model, "simulate_data", simulate_data, np.array(position), data, rng)
        return position, model.with_data(made)

    return draw


def _called(model, role, function, *arguments):
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception as error:
        raise BrokenError(raised(model, role, error)) from None


def _told(mean, off, i, name, constraint):
    which = 0 if abs(off[0]) > _ERRORS else 1
    what = ("its slope", "its slope times its distance from the mean")[which]
    message = (
        f"the density is not that of what the model simulates: along {name} (component {i}), {what} should be "
        f"{_SHOULD[which, 0]:g} on average and is {mean[which]:.3g}, {abs(off[which]):.0f} standard errors off"
    )
    bounded = constraint.kind != REAL
    if bounded and which == 0 and abs(mean[0] + 1.0) < 0.3:
        advice = f"It is 1 too small: is the log Jacobian of {constraint} missing from density and gradient?"
    elif bounded:
        advice = f"Compare the prior of {name} with what simulate draws: is that {constraint}, returned unconstrained?"
    else:
        advice = f"Compare the prior of {name}, and the terms that hold it, with what simulate and simulate_data draw."
    return Finding("prior", name, message, advice)
