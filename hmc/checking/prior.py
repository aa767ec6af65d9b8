"""Is a log density that of what a model simulates?

The density is compared with draws of parameters and data by averages that should be 0: see `hmc.checking.averages` and
`hmc.checking.pairs`. They show a forgotten Jacobian, a value taken for its logarithm, another prior than the one drawn
from, or data that count twice. No chain is run; `hmc calibrate` tests the model by running chains.
"""

import math
import time
from typing import NamedTuple

import numpy as np

from hmc.checking.averages import Averages, Meaning
from hmc.checking.drawing import Simulated, simulated
from hmc.checking.findings import Fault
from hmc.checking.pairs import IF_TWICE, THINGS, Moves, averages, moves_for, pair_row
from hmc.checking.probe import Probe
from hmc.model import Model
from hmc.transforms import LOWER, ORDERED, REAL, UPPER, Constraint

_DRAWS = 400  # in a set, at least
_MOST_DRAWS = 10_000  # in one where observations make averages vary and cannot be left out
_PAIRS = 1000  # draws that are moved, at most
_LONGEST, _SHORT = 2.5, 0.5  # seconds of work for a set of more than that, of the first kind and of the other
# Standard errors that an average may be off: in each of two sets, and in both together. Averages of slopes are not
# quite normal; those of moves, which are bounded, nearly are.
_SLOPES_OFF, _MOVES_OFF = (4.0, 7.0), (3.0, 6.0)
_SEEN = 7.5  # standard errors by which a fault is off, in each set, that is almost certain to be found
_SEEN_MOVES = 5.5  # likewise, of moves
_SHOWN = 4  # parameters that are named


class Compared(NamedTuple):
    """The findings of a comparison, and what it could not see."""

    findings: list[Fault]  # one at most
    unknown: list[str]  # in words


def can_be_compared(model: Model) -> bool:
    """Whether the model simulates both parameters and data."""
    return model.simulate is not None and model.simulate_data is not None


def prior_findings(probe: Probe, seed: int, constraints: list[Constraint], has_log_likelihood: bool) -> Compared:
    """At most one finding: the component or parameter for which the density differs most from that of the draws.

    `has_log_likelihood`: whether the model has a log_likelihood in which no fault was found.
    """
    unknown: list[str] = []
    targets = simulated(probe, has_log_likelihood)
    for target in targets:
        comparison = _Comparison(probe, target, seed, constraints)
        if found := comparison.finding(is_alone=len(targets) == 1):
            return Compared([found], [])
        unknown += comparison.unknown(is_alone=len(targets) == 1)
    return Compared([], list(dict.fromkeys(unknown)))


class _Set(NamedTuple):
    """A set of new draws."""

    positions: np.ndarray  # (draws, dimension)
    gradients: np.ndarray  # likewise; nan where there are none
    pairs: np.ndarray  # (draws, blocks, things) of `pair_row`
    is_finite: bool  # density and gradient, at all of them; if not, averages of slopes need not be 0


class _Tested(NamedTuple):
    """Averages over a set that should be 0: those of slopes, if there are any, and then those of moves."""

    mean: np.ndarray
    error: np.ndarray  # standard errors of the means
    meanings: list[Meaning]
    slopes: int  # how many are of slopes
    if_twice: float  # standard errors by which a doubled log density would be off

    @property
    def off(self) -> np.ndarray:
        """How many standard errors each average is off 0."""
        varies = self.error > 0.0
        return np.where(varies, self.mean / np.where(varies, self.error, 1.0), 1e9 * np.sign(self.mean))


class _Comparison:
    """A comparison of the density with one `Simulated`."""

    def __init__(self, probe: Probe, target: Simulated, seed: int, constraints: list[Constraint]) -> None:
        self.model, self.names, self.target = probe.model, probe.names, target
        self.seed, self.constraints = seed, constraints
        self._sets: list[_Set] = []
        self._tested: list[_Tested] = []

    def finding(self, is_alone: bool) -> Fault | None:
        """The finding, or None. A first set of draws shows how much averages vary, and which of them vary together, so
        that their differences vary less; the next two sets are tested.

        `is_alone`: whether this is the only comparison that can show a fault of the prior.
        """
        start = time.process_time()
        first = self._set(0, _DRAWS, None)
        self._sets.append(first)
        seconds = (time.process_time() - start) / _DRAWS
        centre, slopes = first.positions.mean(axis=0), first.gradients if self._has_slopes else None
        moves = moves_for(self.model, first.positions, slopes)
        pilot = Averages(self.model, self.constraints, first.positions, slopes, centre)
        weights = pilot.weights()
        number = self._enough(pilot, weights) if is_alone else (_DRAWS if self.target.is_prior else _PAIRS)
        number = int(max(_DRAWS, min(number, (_LONGEST if is_alone else _SHORT) / seconds)))
        for batch in (1, 2):
            self._sets.append(self._set(batch, number, moves))
            self._tested = [self._test(drawn, weights, centre, moves) for drawn in self._sets[1:]]
            strength = _strength(*self._tested)
            if not (strength > 1.0).any():
                return None
        # A fault in one parameter also shows in those that vary with it; a missing Jacobian shows by the size of the
        # average.
        tested = self._tested[-1]
        odd = np.flatnonzero(strength > 1.0)
        worst = max(odd, key=lambda k: (self._lacks_jacobian(tested.meanings[k], float(tested.mean[k])), strength[k]))
        off = min(abs(each.off[worst]) for each in self._tested)
        return self._told(tested.meanings[worst], tested.mean[worst], off)

    def unknown(self, is_alone: bool) -> list[str]:
        """In words, what a comparison without findings could not see."""
        told, tested = [], self._tested[0]
        if not self._has_slopes and self.target.has_gradient:
            told.append("whether its slopes are right on average: it is not finite at every simulated position")
        if hidden := self._hidden() if is_alone else []:
            shown = ", ".join(hidden[:_SHOWN]) + (", ..." if len(hidden) > _SHOWN else "")
            told.append(
                f"whether the prior and the Jacobian of {shown} are right: the data make the averages vary too much. "
                "A log_likelihood, or a field weight in the data, lets the check leave them out"
            )
        if not self.target.is_prior and tested.if_twice < _SEEN_MOVES:
            told.append("whether a part of the density counts twice: too few data sets were drawn to see it")
        return told

    def _hidden(self) -> list[str]:
        """Parameters for which a prior that counts twice, or a missing Jacobian, might not show."""
        tested = self._tested[0]
        best: dict[tuple, float] = {}
        for meaning, error in zip(tested.meanings, tested.error, strict=True):
            if meaning.is_of_size_one:
                key = self.names[meaning.components[0]].partition("[")[0], meaning.what
                best[key] = min(best.get(key, math.inf), error)
        return list(dict.fromkeys(name for (name, _), error in best.items() if error * _SEEN > 1.3))

    @property
    def _has_slopes(self) -> bool:
        return self.target.has_gradient and all(drawn.is_finite for drawn in self._sets)

    def _set(self, batch: int, number: int, moves: Moves | None) -> _Set:
        rng = np.random.default_rng([self.seed, batch])
        positions, gradients = np.empty((2, number, self.model.dimension))
        pairs = np.empty((min(number, _PAIRS), len(moves.blocks) if moves else 0, IF_TWICE + 1))
        is_finite = True
        for row in range(number):
            positions[row], density = self.target.draw(rng)
            value, gradients[row] = density(positions[row])
            is_finite &= math.isfinite(value) and bool(np.isfinite(gradients[row]).all())
            if moves and row < _PAIRS:
                pairs[row] = pair_row(moves, density, positions[row], value, row, rng)
        return _Set(positions, gradients, pairs, is_finite)

    def _test(self, drawn: _Set, weights: np.ndarray, centre: np.ndarray, moves: Moves) -> _Tested:
        slopes = drawn.gradients if self._has_slopes else None
        mean, error, meanings = Averages(self.model, self.constraints, drawn.positions, slopes, centre).off(weights)
        pair_mean, pair_error = averages(moves, drawn.pairs)
        twice = np.where(pair_error > 0.0, pair_mean / np.where(pair_error > 0.0, pair_error, 1.0), 0.0)[:, IF_TWICE]
        return _Tested(
            np.append(mean, pair_mean[:, :IF_TWICE]),
            np.append(error, pair_error[:, :IF_TWICE]),
            meanings + [Meaning([int(i) for i in own], what) for own in moves.blocks for what in THINGS],
            len(mean),
            float(twice.max()),
        )

    def _enough(self, pilot: Averages, weights: np.ndarray) -> float:
        """So many draws that a missing Jacobian, or a prior that counts twice, is almost certain to be found.

        Components that would need too many draws are left out.
        """
        _, errors, meanings = pilot.off(weights)
        best: dict[tuple, float] = {}
        for meaning, error in zip(meanings, errors, strict=True):
            if meaning.is_of_size_one:
                key = (*meaning.components, meaning.what)
                best[key] = min(best.get(key, math.inf), error)
        needed = [_DRAWS * (_SEEN * error) ** 2 for error in best.values()]
        return max([_PAIRS, *(number for number in needed if number <= _MOST_DRAWS)])

    def _lacks_jacobian(self, meaning: Meaning, mean: float) -> bool:
        kinds = (LOWER, UPPER, ORDERED)
        is_one = meaning.lacking > 0.0 and self.constraints[meaning.components[0]].kind in kinds
        return is_one and abs(mean / meaning.lacking + 1.0) < 0.3

    def _told(self, meaning: Meaning, mean: float, off: float) -> Fault:
        own, names = meaning.components, self.names
        i, constraint = own[0], self.constraints[own[0]]
        whole = names[i].partition("[")[0]
        if len(own) == 1:
            component, where = names[i], f"{names[i]} (component {i})"
        elif len({names[k].partition("[")[0] for k in own}) == 1:
            component, where = whole, f"all of {whole} together"
        else:
            component, where = "", "all parameters together"
        beside = ", its likelihood left out" if self.target.is_prior else ""
        message = (
            f"the density is not that of what the model simulates{beside}: along {where}, {meaning.what} is on average "
            f"off by {mean:+.3g}, {min(off, 1e3):.0f} standard errors"
        )
        if self._lacks_jacobian(meaning, mean):
            advice = (
                f"A missing log Jacobian of {constraint} has just this effect: is it in the density? If it is, "
                "compare the prior with what simulate draws."
            )
        elif meaning.what == THINGS[2] and not self.target.is_prior:
            much = (
                "much: do the data or a prior count twice, or is a scale too small"
                if mean > 0.0
                else ("little: is a part of the data or of a prior left out, or a scale too large")
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


def _strength(first: _Tested, *second: _Tested) -> np.ndarray:
    """How far averages are off 0, in the same direction in both sets, as a multiple of the limit; over 1 is a fault."""
    one, two = first.off, (second[0] if second else first).off
    each = np.where(np.sign(one) == np.sign(two), np.minimum(np.abs(one), np.abs(two)), 0.0)
    together = np.abs(one + two) / math.sqrt(2.0) if second else np.full(len(one), math.inf)
    of_moves = np.arange(len(one)) >= first.slopes
    return np.minimum(
        each / np.where(of_moves, _MOVES_OFF[0], _SLOPES_OFF[0]),
        together / np.where(of_moves, _MOVES_OFF[1], _SLOPES_OFF[1]),
    )
