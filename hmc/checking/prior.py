"""Is a log density that of what a model simulates?

At a parameter drawn from the prior and data drawn given it, the gradient of the log joint density is 0 on average, in
every component i; (q[i] - c) times it is -1, whatever the number c; and either stays so when multiplied by what depends
on other components alone (integration by parts; Stein 1972). A Jacobian that was forgotten, a value taken for its
logarithm, or another prior than the one drawn from shows in one of them. No chain is run. These are only a mean and a
moment of each component: `hmc calibrate` looks at the whole.
"""

import functools
import math

import numba
import numpy as np

from hmc.checking.child import calling
from hmc.checking.findings import BrokenError, Fault
from hmc.checking.probe import raised
from hmc.jit.kernel import jit_is_disabled
from hmc.parameters import blocks
from hmc.transforms import LOWER, ORDERED, REAL, UPPER

_DRAWS = 400  # in each set
_SLOW = 5000  # numbers of data from which on simulate_data is compiled
_ERRORS = 5.0  # standard errors that an average may be off, in one set and again in another: they are not quite normal


def can_be_compared(model):
    """Whether the model simulates all that its density is of."""
    return model.simulate is not None and model.simulate_data is not None


def prior_findings(model, seed, constraints, names):
    """At most one finding: the component, or all of a parameter, in which the density is most off that of the draws."""
    simulate_data = _simulate_data(model)
    weight = getattr(model.data, "weight", None)
    # Observations make the averages vary. Where they can be left out, the prior is looked at without them first.
    is_weighted = isinstance(weight, np.ndarray) and weight.ndim == 1
    for prior in (model.without(range(weight.size)), None) if is_weighted else (None,):
        draw = functools.partial(_draw, model, *simulate_data, prior)
        if found := _compared(model, draw, seed, constraints, names):
            return [found]
    return []


def _compared(model, draw, seed, constraints, names):
    """The finding, or None. One set of draws shows which averages vary together, so that their differences vary less;
    the next two are tested.
    """
    offs, weights, centre = [], None, None
    for batch in range(3):
        sample = _sample(model, draw, np.random.default_rng([seed, batch]))
        if sample is None:
            return None
        centre = sample[0].mean(axis=0) if centre is None else centre
        tested = _Averages(model, constraints, *sample, centre)
        if batch == 0:
            weights = tested.weights()
            continue
        mean, off = tested.off(weights)
        offs.append(off)
        if not (np.abs(off) > _ERRORS).any():
            return None
    agreeing = np.where(offs[0] * offs[1] > 0.0, np.minimum(*np.abs(offs)), 0.0)
    odd = np.flatnonzero(agreeing > _ERRORS)
    if not odd.size:
        return None
    meanings = 2 * tested.meanings
    # A wrong parameter makes others look wrong that vary with it; a Jacobian that is missing shows in its own number.
    worst = max(odd, key=lambda k: (_lacks_jacobian(meanings[k], mean[k], constraints), agreeing[k]))
    return _finding(meanings[worst], mean[worst], agreeing[worst], constraints, names)


def _lacks_jacobian(meaning, mean, constraints):
    which, _, share = meaning
    return share > 0.0 and constraints[which].kind in (LOWER, UPPER, ORDERED) and abs(mean / share + 1.0) < 0.3


def _sample(model, draw, rng):
    """(positions, gradients) of new draws; None where a density or gradient is not finite, as where a density ends: the
    averages need not be what they should then.
    """
    positions, gradients = np.empty((2, _DRAWS, model.dimension))
    for row in range(_DRAWS):
        positions[row], joint = draw(rng)
        value, gradients[row] = joint.evaluate(positions[row])
        if not (math.isfinite(value) and np.isfinite(gradients[row]).all()):
            return None
    return positions, gradients


class _Averages:
    """Things of which the average over draws should be 0: a column each."""

    def __init__(self, model, constraints, positions, gradients, centre):
        columns, self.meanings, self._blocks = [], [], []
        controls, self._control_blocks = [], []
        scales = [i for i, c in enumerate(constraints) if c.kind == LOWER and _is_scalar(model, i)]
        alone = [i for i in range(model.dimension) if _is_scalar(model, i)]
        for block, (_, place) in enumerate(blocks(model.parameters)):
            own = list(range(place.start, place.stop))
            # Multiplied by small scales, slopes that go as 1 / scale have a variance.
            damping = np.exp(np.minimum(positions[:, [i for i in scales if i not in own]], 0.0)).prod(axis=1)
            slope = gradients[:, own]
            moment = (positions[:, own] - centre[own]) * slope + 1.0
            # What grows as exp on either side has a variance too, on the other.
            below = 1.0 / (1.0 + np.exp(np.clip(positions[:, own] - centre[own], -700.0, 700.0)))
            for part, what, share in (
                (slope, "its slope", np.ones(len(own))),
                (moment, "its slope times its distance from the mean", np.zeros(len(own))),
                (slope * below - below * (1.0 - below), "its slope below its mean", below.mean(axis=0)),
                (slope * (1.0 - below) + below * (1.0 - below), "its slope above its mean", 1.0 - below.mean(axis=0)),
            ):
                total = part.sum(axis=1)
                columns += list((part * damping[:, None]).T)
                self.meanings += [(i, what, lacking) for i, lacking in zip(own, share, strict=True)]
                if len(own) > 1:
                    columns.append(total * damping)
                    self.meanings.append((own, what, 0.0))
                controls.append(total * damping)
            if len(own) > 1:  # around its own mean: of a group of effects, that is free of their scale
                around = positions[:, own] - positions[:, own].mean(axis=1, keepdims=True)
                columns.append((around * slope).sum(axis=1) + (len(own) - 1.0))
                self.meanings.append((own, "its slope times its distance from their mean", 0.0))
                controls.append(columns[-1])
            others = [i for i in alone if i not in own]
            damped = (slope.sum(axis=1) * damping)[:, None]
            controls += list(((positions[:, others] - centre[others]) * damped).T)
            self._blocks += [block] * (len(columns) - len(self._blocks))
            self._control_blocks += [block] * (len(controls) - len(self._control_blocks))
        self._columns, self._controls = np.array(columns).T, np.array(controls).T

    def weights(self):
        """For each column, the multiples of other parameters' columns to be subtracted from it: (controls, columns)."""
        weights = np.zeros((self._controls.shape[1], self._columns.shape[1]))
        for block in set(self._blocks):
            tested = np.array(self._blocks) == block
            others = np.flatnonzero(np.array(self._control_blocks) != block)
            x = self._controls[:, others] - self._controls[:, others].mean(axis=0)
            scale = np.where(x.any(axis=0), x.std(axis=0), 1.0)
            if others.size:
                fitted = np.linalg.lstsq(x / scale, self._columns[:, tested], rcond=1e-8)[0]
                weights[np.ix_(others, tested)] = fitted / scale[:, None]
        return weights

    def off(self, weights):
        """(mean of each column, how many standard errors it is off 0), as they are and with multiples subtracted."""
        residual = np.hstack([self._columns, self._columns - self._controls @ weights])
        mean, error = residual.mean(axis=0), residual.std(axis=0, ddof=1) / math.sqrt(len(residual))
        return mean, np.where(error > 0.0, mean / np.where(error > 0.0, error, 1.0), np.sign(mean) * 1e9)


def _is_scalar(model, i):
    """Whether component i is a parameter of no dimension."""
    return any(part.start <= i < part.stop and not parameter.shape for parameter, part in blocks(model.parameters))


def _draw(model, simulate_data, data, prior, rng):
    """A position from the prior, and the model of data drawn given it; or `prior`, the model whose data all have the
    weight 0, if it is given. Its own data serve then, which saves drawing some, unless they are impossible there.
    """
    calling("simulate")
    position = _called(model, "simulate", model.simulate, rng, model.data)
    if prior is not None and math.isfinite(prior.evaluate(position)[0]):
        return position, prior
    made = _called(model, "simulate_data", simulate_data, np.array(position), data, rng)
    return position, model.with_data(made if prior is None else made._replace(weight=np.zeros(made.weight.size)))


def _simulate_data(model):
    """(function, data): the model's simulate_data and the data it takes; compiled where that saves time."""
    function = model.simulate_data
    if sum(map(np.size, model.data)) <= _SLOW or jit_is_disabled():
        return function, model.data
    compiled = numba.njit(error_model="numpy")(getattr(function, "py_func", function))
    try:
        compiled(np.zeros(model.dimension), model._packed.data, np.random.default_rng(0))
    except Exception:  # it need not be in Numba's subset: then it stays as it is
        return function, model.data
    return compiled, model._packed.data


def _called(model, role, function, *arguments):
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except Exception as error:
        raise BrokenError(raised(model, role, error)) from None


def _finding(meaning, mean, off, constraints, names):
    which, what, _ = meaning
    i = which if isinstance(which, int) else which[0]
    component = names[i] if i == which else names[i].partition("[")[0]
    where = f"{component} (component {i})" if i == which else f"all of {component} together"
    message = (
        f"the density is not that of what the model simulates: along {where}, {what} is on average off by {mean:+.3g}, "
        f"{min(off, 1e3):.0f} standard errors"
    )
    if _lacks_jacobian(meaning, mean, constraints):
        advice = (
            f"Just so much is lacking without the log Jacobian of {constraints[i]}: is it in the density? If it is, "
            "compare the prior with what simulate draws."
        )
    elif constraints[i].kind != REAL:
        drawn = f"is that {constraints[i]}, returned unconstrained?"
        advice = f"Compare the prior of {component} with what simulate draws: {drawn}"
    else:
        advice = (
            f"Compare the terms that hold {component}, its prior and those it depends on, with what simulate and "
            "simulate_data draw."
        )
    return Fault("prior", component, message, advice)
