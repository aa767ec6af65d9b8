"""Is a log density that of what a model simulates?

It is compared with draws of parameters and data by averages that should be 0: see `hmc.checking.averages` and
`hmc.checking.pairs`. A Jacobian that was forgotten, a value taken for its logarithm, another prior than the one drawn
from, data that count twice shows in one of them. No chain is run. `hmc calibrate` looks at the whole.
"""

import math
import time
from typing import NamedTuple

import numpy as np

from hmc.checking.averages import Averages, Meaning, pairs_off
from hmc.checking.drawing import Simulated, simulated
from hmc.checking.findings import Fault
from hmc.checking.pairs import THINGS, Moves, moves_for, pair_row
from hmc.model import Model
from hmc.transforms import LOWER, ORDERED, REAL, UPPER, Constraint

_DRAWS = 400  # in each set, and in the first that shows how much averages vary
_MOST_DRAWS = 20_000  # in the later ones, where observations make averages vary and cannot be left out
_PAIRS = 1000  # draws that are moved, at most: they show what is gross
_LONGEST = 2.0  # seconds for such a set
_ERRORS = 5.0  # standard errors that an average may be off, in one set and again in another: they are not quite normal
_SEEN = 7.5  # standard errors by which a fault is off that is almost certain to be found
_SHOWN = 4  # parameters that are named


class Compared(NamedTuple):
    """What a comparison found, and what it could not see."""

    findings: list[Fault]  # one at most
    unknown: list[str]  # in words


def can_be_compared(model: Model) -> bool:
    """Whether the model simulates all that its density is of."""
    return model.simulate is not None and model.simulate_data is not None


def prior_findings(
    model: Model, seed: int, constraints: list[Constraint], names: list[str], has_log_likelihood: bool
) -> Compared:
    """At most one finding: the component, or all of a parameter, in which the density is most off that of the draws.

    `has_log_likelihood`: whether the model has a log_likelihood, of which nothing is known to be wrong in itself.
    """
    unknown: list[str] = []
    targets = simulated(model, has_log_likelihood)
    for target in targets:
        comparison = _Comparison(model, target, seed, constraints)
        if found := comparison.finding(names, is_alone=len(targets) == 1):
            return Compared([found], [])
        unknown += comparison.unknown(names, is_alone=len(targets) == 1)
    return Compared([], list(dict.fromkeys(unknown)))


class _Set(NamedTuple):
    """New draws."""

    positions: np.ndarray  # (draws, dimension)
    gradients: np.ndarray  # likewise; nan where there are none
    pairs: np.ndarray  # (draws, blocks, things) of `pair_row`
    is_finite: bool  # density and gradient, at all of them: averages of slopes need not be what they should if not


class _Comparison:
    """Of the density with one `Simulated`."""

    def __init__(self, model: Model, target: Simulated, seed: int, constraints: list[Constraint]) -> None:
        self.model, self.target, self.seed, self.constraints = model, target, seed, constraints
        self._sets: list[_Set] = []
        self._errors, self._meanings = np.empty(0), []

    def finding(self, names: list[str], is_alone: bool) -> Fault | None:
        """The finding, or None. A first set of draws shows which averages vary together, so that their differences
        vary less, and how much they do; the next two are tested.

        `is_alone`: whether nothing but this comparison tells of the prior.
        """
        start = time.perf_counter()
        first = self._set(0, _DRAWS, None)
        seconds = (time.perf_counter() - start) / _DRAWS
        centre, slopes = first.positions.mean(axis=0), first.gradients if first.is_finite else None
        moves = moves_for(self.model, first.positions, slopes)
        pilot = Averages(self.model, self.constraints, first.positions, slopes, centre)
        weights = pilot.weights()
        number = self._enough(pilot, weights, seconds) if is_alone else _DRAWS
        agreeing, mean = np.full(1, math.inf), np.empty(0)
        for batch in (1, 2):
            self._sets.append(self._set(batch, number, moves))
            tested = [self._tested(drawn, weights, centre, moves) for drawn in self._sets]
            (mean, _), offs = tested[-1], [_off(*each) for each in tested]
            is_agreed = np.sign(offs[0]) == np.sign(offs[-1])
            agreeing = np.where(is_agreed, np.minimum(np.abs(offs[0]), np.abs(offs[-1])), 0.0)
            if not (agreeing > _ERRORS).any():
                return None
        # A wrong parameter makes others look wrong that vary with it; a Jacobian that is missing shows in its own
        # number.
        odd = np.flatnonzero(agreeing > _ERRORS)
        worst = max(odd, key=lambda k: (self._lacks_jacobian(self._meanings[k], mean[k]), agreeing[k]))
        return self._told(self._meanings[worst], mean[worst], agreeing[worst], names)

    def unknown(self, names: list[str], is_alone: bool) -> list[str]:
        """What the comparison could not see, in words, where it found nothing."""
        if not self._has_slopes and self.target.has_gradient:
            return [
                "not known: whether the density has the slopes on average that its simulated prior asks for, as it is "
                "not finite at all that is simulated; steps from there agree"
            ]
        if not is_alone:
            return []
        best: dict[str, float] = {}
        for meaning, error in zip(self._meanings, self._errors, strict=True):
            if meaning.is_of_size_one:
                key = names[meaning.components[0]].partition("[")[0] + ("'s slope" if meaning.lacking else "")
                best[key] = min(best.get(key, math.inf), error)
        hidden = list(dict.fromkeys(key.partition("'")[0] for key, error in best.items() if error * _SEEN > 1.3))
        if not hidden:
            return []
        shown = ", ".join(hidden[:_SHOWN]) + (", ..." if len(hidden) > _SHOWN else "")
        return [
            f"not known: whether the prior and the Jacobian of {shown} are right: the data make the averages vary too "
            "much. Give the model a log_likelihood, or its data a field weight, by which they can be left out; or see "
            "hmc calibrate"
        ]

    @property
    def _has_slopes(self) -> bool:
        return self.target.has_gradient and all(drawn.is_finite for drawn in self._sets)

    def _set(self, batch: int, number: int, moves: Moves | None) -> _Set:
        rng = np.random.default_rng([self.seed, batch])
        positions, gradients = np.empty((2, number, self.model.dimension))
        pairs = np.zeros((min(number, _PAIRS) if moves else 0, len(moves.blocks) if moves else 0, len(THINGS)))
        is_finite = True
        for row in range(number):
            positions[row], density = self.target.draw(rng)
            value, gradients[row] = density(positions[row])
            is_finite &= math.isfinite(value) and bool(np.isfinite(gradients[row]).all())
            if moves and row < _PAIRS:
                pairs[row] = pair_row(moves, density, positions[row], value, row, rng)
        return _Set(positions, gradients, pairs, is_finite)

    def _tested(
        self, drawn: _Set, weights: np.ndarray, centre: np.ndarray, moves: Moves
    ) -> tuple[np.ndarray, np.ndarray]:
        """(mean, standard error) of all averages."""
        slopes = drawn.gradients if self._has_slopes and weights.size else None
        averages = Averages(self.model, self.constraints, drawn.positions, slopes, centre)
        mean, error, self._meanings = averages.off(weights)
        pair_mean, pair_error, meanings = pairs_off(moves, drawn.pairs)
        self._errors, self._meanings = np.append(error, pair_error), self._meanings + meanings
        return np.append(mean, pair_mean), self._errors

    def _enough(self, pilot: Averages, weights: np.ndarray, seconds: float) -> int:
        """So many draws that a missing Jacobian, or a prior that counts twice, is almost certain to be found."""
        _, errors, meanings = pilot.off(weights)
        best: dict[tuple, float] = {}
        for meaning, error in zip(meanings, errors, strict=True):
            if meaning.is_of_size_one:
                key = (*meaning.components, meaning.what)
                best[key] = min(best.get(key, math.inf), error)
        needed = _DRAWS * (_SEEN * max(best.values(), default=0.0)) ** 2
        return int(max(_DRAWS, min(needed, _MOST_DRAWS, _LONGEST / seconds)))

    def _lacks_jacobian(self, meaning: Meaning, mean: float) -> bool:
        kinds = (LOWER, UPPER, ORDERED)
        is_one = meaning.lacking > 0.0 and self.constraints[meaning.components[0]].kind in kinds
        return is_one and abs(mean / meaning.lacking + 1.0) < 0.3

    def _told(self, meaning: Meaning, mean: float, off: float, names: list[str]) -> Fault:
        own = meaning.components
        i, constraint = own[0], self.constraints[own[0]]
        whole = names[i].partition("[")[0]
        if len(own) == 1:
            component, where = names[i], f"{names[i]} (component {i})"
        elif len({names[k].partition("[")[0] for k in own}) == 1:
            component, where = whole, f"all of {whole} together"
        else:
            component, where = "", "all parameters together"
        beside = " without its likelihood" if self.target.is_prior else ""
        message = (
            f"the density{beside} is not that of what the model simulates: along {where}, {meaning.what} is on average "
            f"off by {mean:+.3g}, {min(off, 1e3):.0f} standard errors"
        )
        if self._lacks_jacobian(meaning, mean):
            advice = (
                f"Just so much is lacking without the log Jacobian of {constraint}: is it in the density? If it is, "
                "compare the prior with what simulate draws."
            )
        elif meaning.what == THINGS[2] and not self.target.is_prior:
            much = "much: do the data or a prior count twice, or is a scale too small" if mean > 0.0 else (
                "little: is a part of the data or of a prior left out, or a scale too large"
            )
            advice = f"It changes too {much}? Compare its terms with what simulate and simulate_data draw."
        elif component and constraint.kind != REAL:
            advice = (
                f"Compare the prior of {component} with what simulate draws: is that {constraint}, returned "
                "unconstrained? Is the log Jacobian in the density?"
            )
        else:
            terms = f"the terms that hold {component}" if component else "all terms"
            advice = f"Compare {terms}, priors above all, with what simulate and simulate_data draw."
        return Fault("prior", component, message, advice)


def _off(mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    """By how many standard errors averages are off 0."""
    return np.where(error > 0.0, mean / np.where(error > 0.0, error, 1.0), np.sign(mean) * 1e9)
