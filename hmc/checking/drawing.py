"""Draws of a model and its log density there: positions from the prior, each with data drawn given it."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from hmc.checking.child import calling
from hmc.checking.findings import BrokenError, Fault
from hmc.checking.probe import Probe, called, is_of_python_math, raised
from hmc.jit.compiled import POINTWISE
from hmc.jit.kernel import jit_is_disabled
from hmc.model import Model

_DRAWS = 200  # of data, in about the time that compiling simulate_data takes
_FAR = 1e9  # a log density so low has lost digits: it is computed again, with data drawn given the position
_SAME = 1e-9  # of the size of the log densities: differences that are rounding
_TRIED = 8  # positions at which the density without its log likelihood is looked at


class Simulated(NamedTuple):
    """A distribution that a model draws from, and the log density that it should have."""

    # rng -> (position, function of a position -> (log density, gradient)), a new draw.
    draw: Callable[[np.random.Generator], tuple[np.ndarray, Callable[[np.ndarray], tuple[float, np.ndarray]]]]
    has_gradient: bool  # else the gradient is nan
    is_prior: bool  # whether the likelihood is left out


def simulated(probe: Probe, has_log_likelihood: bool) -> list[Simulated]:
    """The distributions to compare: the prior, if the likelihood can be left out, and the joint one with the data.

    Observations make averages vary. A field `weight` in the data can leave them out; so can subtracting log_likelihood,
    if no fault was found in it (`has_log_likelihood`).
    """
    model, data_of = probe.model, _DataDrawn(probe.model)

    def joint(rng: np.random.Generator) -> tuple[np.ndarray, Callable]:
        position = drawn_position(model, rng)
        return position, DensityGiven(probe, data_of(position, rng))

    prior = _by_weight(probe, data_of) or (has_log_likelihood and _by_log_likelihood(probe, data_of))
    return [*([prior] if prior else []), Simulated(joint, True, False)]


def drawn_position(model: Model, rng: np.random.Generator) -> np.ndarray:
    """A position from the prior. BrokenError where simulate raises."""
    return np.array(called(model, "simulate", model.simulate, rng, model.data), dtype=np.float64)


class _DataDrawn:
    """Draws data given a position, with compiled code if that saves time."""

    def __init__(self, model: Model) -> None:
        self.model, self._draw = model, model.data_drawer(_DRAWS)

    def __call__(self, position: np.ndarray, rng: np.random.Generator) -> Any:
        return called(self.model, "simulate_data", self._draw, position, rng, position=position)


def _misfit(reason: str) -> BrokenError:
    advice = "Return the same NamedTuple, with fields of the same types, of numbers."
    return BrokenError(Fault("function", "", f"simulate_data gives data that do not fit the model: {reason}", advice))


class DensityGiven:
    """The log density and gradient at a position, given these data. BrokenError if the data do not fit the model."""

    def __init__(self, probe: Probe, data: Any) -> None:
        self._function = probe.function
        try:
            self.model = probe.model.with_data(data)
        except ValueError as error:
            raise _misfit(str(error).removeprefix(f"{probe.model.name}: ")) from None
        if self.model._packed.type != probe.model._packed.type:
            raise _misfit("for some draws their types differ from the model's")

    def __call__(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        gradient, address = np.zeros(self.model.dimension), self.model._packed.address
        return _number(self.model, "log_density", self._function, position, address, gradient), gradient

    def is_sound(self, position: np.ndarray, value: float) -> bool:
        """Whether a value does not depend on the data: even observations of weight 0 may be impossible."""
        return math.isfinite(value)


def _by_weight(probe: Probe, data_of: _DataDrawn) -> Simulated | None:
    """The prior alone, from data whose observations all have weight 0; None if the data have no `weight`.

    The model's own data are used, which saves drawing others, unless they are impossible at the position or the density
    has a part of them that is not weighted.
    """
    model = probe.model
    weight = getattr(model.data, "weight", None)
    if not isinstance(weight, np.ndarray) or weight.ndim != 1:
        return None
    own = DensityGiven(probe, model.without(range(weight.size)).data)

    def drawn(position: np.ndarray, rng: np.random.Generator) -> DensityGiven:
        made = data_of(position, rng)
        return DensityGiven(probe, made._replace(weight=np.zeros_like(made.weight)))

    rng = np.random.default_rng(0)
    positions = [drawn_position(model, rng) for _ in range(_TRIED)]
    other = drawn(positions[0], rng)
    values = np.array([(own(position)[0], other(position)[0]) for position in positions])
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) > 1 and _is_constant(values @ [1.0, -1.0], values):
        return _prior(model, own, drawn, has_gradient=True)

    def with_the_rest(rng: np.random.Generator) -> tuple[np.ndarray, Callable]:
        position = drawn_position(model, rng)
        return position, drawn(position, rng)

    return Simulated(with_the_rest, True, True)


def _by_log_likelihood(probe: Probe, data_of: _DataDrawn) -> Simulated | None:
    """The prior alone, as the log density less the sum of log_likelihood.

    None if the difference depends on the data: then log_likelihood is not the likelihood in the density.
    """
    model, rng = probe.model, np.random.default_rng(0)
    positions = np.array([drawn_position(model, rng) for _ in range(_TRIED)])
    observations = model.pointwise("log_likelihood", positions).shape[1]
    own = _LessLogLikelihood(probe, model.data, observations)
    other = _LessLogLikelihood(probe, data_of(positions[0], rng), observations)
    terms = np.array([(*own.terms(position), *other.terms(position)) for position in positions])
    differences = terms @ [1.0, -1.0, -1.0, 1.0]
    if not (np.isfinite(terms).all() and _is_constant(differences, terms)):
        return None

    def drawn(position: np.ndarray, rng: np.random.Generator) -> _LessLogLikelihood:
        return _LessLogLikelihood(probe, data_of(position, rng), observations)

    return _prior(model, own, drawn, has_gradient=False)


def _is_constant(differences: np.ndarray, of: np.ndarray) -> bool:
    """Whether differences of numbers like these are the same but for rounding."""
    return bool(np.ptp(differences) <= _SAME * (1.0 + np.abs(of).max()))


def _prior(model: Model, own: Any, drawn: Callable, has_gradient: bool) -> Simulated:
    """The prior alone, with its log density from the model's own data, or from data of `drawn(position, rng)`.

    The value at a position must not depend on where a move to it began. So if the model's own data give no sound value,
    new data are drawn given that very position.
    """

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, Callable]:
        def density(position: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = own(position)
            if own.is_sound(position, value):
                return value, gradient
            try:
                return drawn(position, rng)(position)
            except BrokenError:  # simulate_data may fail where only a move can lead
                return math.nan, gradient

        return drawn_position(model, rng), density

    return Simulated(draw, has_gradient, True)


class _LessLogLikelihood:
    """The log density less the sum of log_likelihood, given these data; its gradient is nan."""

    def __init__(self, probe: Probe, data: Any, observations: int) -> None:
        self._density, self._no_gradient = DensityGiven(probe, data), np.full(probe.model.dimension, math.nan)
        self._function = probe.model._compiled("log_likelihood", POINTWISE)
        self._out = np.empty(observations)

    def __call__(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        value, likelihood = self.terms(position)
        return value - likelihood, self._no_gradient

    def is_sound(self, position: np.ndarray, value: float) -> bool:
        """Whether the difference is finite and has digits left."""
        return math.isfinite(value) and max(map(abs, self.terms(position))) < _FAR

    def terms(self, position: np.ndarray) -> tuple[float, float]:
        """(log density, sum of log_likelihood)"""
        value, model = self._density(position)[0], self._density.model
        self._out[:] = math.nan
        _number(model, "log_likelihood", self._function, position, model._packed.address, self._out)
        return value, float(self._out.sum())


def _number(model: Model, role: str, function: Callable, position: np.ndarray, *arguments: Any) -> Any:
    """The result of a compiled function; nan where Python's math raises and compiled code would not."""
    calling(role, position)
    try:
        return function(position.copy(), *arguments)
    except Exception as error:
        if jit_is_disabled() and is_of_python_math(error):
            return math.nan
        raise BrokenError(raised(model, role, error, position)) from None
