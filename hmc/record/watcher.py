"""A watcher of transitions: kernels that do what the sampler's do, and note what they did.

The notes are taken around calls of the sampler's own code and never steer it. The random numbers, the proposals and
the verdicts on U-turns are the sampler's; the one thing worked out anew is by which of its checks a stretch turns, from
the same rows by the same arithmetic.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hmc.jit.copying import substituted
from hmc.record.recorded import Check, Climb, Join, Leaf, WalkTaken
from hmc.sampler import chain, climbing, macro_step, nuts
from hmc.sampler.metric import inverse_metric
from hmc.sampler.outcome import PATH_END, Outcome, is_divergent
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Reach, Start, energy_of, leapfrog

if TYPE_CHECKING:
    from numpy.typing import NDArray


def watch_climb(hamiltonian: Hamiltonian, start: Start, stop: NDArray[np.int64]) -> Climb | None:
    """The climb that a chain with a warm-up begins with; None where it samples from its start, which stays as it is."""
    log_densities, n_gradients = [start.log_density], 0

    def step_up(*arguments: Any) -> tuple[float, float, int]:
        nonlocal n_gradients
        found, length, n_gradients = climbing.step_up(*arguments)
        if found > log_densities[-1]:
            log_densities.append(float(found))
        return found, length, n_gradients

    watched = substituted(climbing.rehearse, climb=substituted(climbing.climb, step_up=step_up))
    return None if watched(hamiltonian, start, stop) is None else Climb(tuple(log_densities), n_gradients)


class Watcher:
    """Its `transition` takes the place of `hmc.sampler.chain.transition`; `notes` has a tuple for each one run:

    (step size, inverse metric, leaves, joins, chosen leaf, outcome), the last fields of a RecordedTransition.
    """

    def __init__(self) -> None:
        self.notes: list[tuple[Any, ...]] = []
        self.leaves: list[Leaf] = []
        self.joins: list[Join] = []
        self.doubling = 0
        self.forward = True  # the direction of the macro step under way
        self.walks: list[WalkTaken] = []  # of the macro step under way
        self.steps: list[tuple[NDArray[np.float64], float]] = []  # of the walk under way: position, energy
        # Of the stretch on each level: (first, last) leaf, proposed leaf.
        self.extents: dict[int, tuple[int, int]] = {}
        self.proposals: dict[int, int] = {}
        taking = {"take_proposal": self._take_proposal}
        joins = {join.__name__: substituted(join, **taking) for join in (nuts.join, nuts.join_leaves)}
        building: dict[str, Any] = {name: functools.partial(self._join, join) for name, join in joins.items()}
        building["add_leaf"] = self._add_leaf
        self._real_join_trunk = substituted(nuts.join_trunk, **taking)
        self._real_walk = substituted(macro_step.walk, leapfrog=self._step_of_walk)
        self._real_next_leaf = substituted(nuts.next_leaf, walk=self._walk)
        self._real_double = substituted(nuts.double, next_leaf=self._next_leaf, **building)
        self._real_transition = substituted(
            chain.transition,
            leapfrog=self._leapfrog,
            add_leaf=self._add_leaf,
            double=self._double,
            join_trunk=self._join_trunk,
        )

    def transition(
        self,
        hamiltonian: Hamiltonian,
        start: Start,
        trajectory: nuts.Trajectory,
        reach: Reach,
        orders: chain.Orders,
        rng: np.random.Generator,
    ) -> Outcome:
        """`hmc.sampler.chain.transition`, watched."""
        self.leaves, self.joins, self.doubling = [], [], 0
        self.extents, self.proposals = {}, {}
        metric = inverse_metric(hamiltonian.metric)  # it changes in place in warm-up, and this is a copy
        self._note_leaf(0, start.point, start.log_density)
        outcome = self._real_transition(hamiltonian, start, trajectory, reach, orders, rng)
        if orders.algorithm != chain.STATIC:
            chosen = self.proposals[trajectory.spans.weight.shape[0] - 1]
        else:
            end = self.leaves[-1]
            is_accepted = outcome.termination == PATH_END and (start.point.position == end.position).all()
            chosen = end.number if is_accepted else 0
        self.notes.append((reach.step_size, metric, tuple(self.leaves), tuple(self.joins), chosen, outcome))
        return outcome

    def _note_leaf(self, number: int, point: PhasePoint, log_density: float, *of_macro_step: Any) -> None:
        energy = energy_of(log_density, point.momentum)
        error = energy - self.leaves[0].energy if self.leaves else 0.0
        rows = (point.position.copy(), point.momentum.copy(), point.gradient.copy())
        numbers = (float(log_density), float(energy), float(error))
        self.leaves.append(Leaf(number, self.doubling, *rows, *numbers, is_divergent(error), *of_macro_step))

    def _leapfrog(self, hamiltonian: Hamiltonian, point: PhasePoint, step_size: float) -> float:
        log_density = leapfrog(hamiltonian, point, step_size)
        self._note_leaf(self._next_number(step_size), point, log_density)
        return log_density

    def _next_number(self, step_size: float) -> int:
        numbers = [leaf.number for leaf in self.leaves]
        return max(numbers) + 1 if step_size > 0.0 else min(numbers) - 1

    def _next_leaf(self, flow: nuts.Flow, macro: Any, point: PhasePoint, stop: NDArray[np.int64]) -> macro_step.Leap:
        self.walks, self.forward = [], flow.step_size > 0.0
        leap = self._real_next_leaf(flow, macro, point, stop)
        of_macro_step = (tuple(self.walks), leap.termination)
        self._note_leaf(self._next_number(flow.step_size), point, leap.log_density, *of_macro_step)
        return leap

    def _walk(self, hamiltonian: Hamiltonian, point: PhasePoint, step_size: float, level: int, *rest: Any) -> Any:
        self.steps = []
        walk = self._real_walk(hamiltonian, point, step_size, level, *rest)
        positions, energies = (np.array(of_steps) for of_steps in zip(*self.steps, strict=True))
        is_back = (step_size > 0.0) != self.forward
        self.walks.append(WalkTaken(level, is_back, positions, energies, bool(walk.is_tight)))
        return walk

    def _step_of_walk(self, hamiltonian: Hamiltonian, point: PhasePoint, step_size: float) -> float:
        log_density = leapfrog(hamiltonian, point, step_size)
        self.steps.append((point.position.copy(), energy_of(log_density, point.momentum)))
        return log_density

    def _double(self, flow: nuts.Flow, spans: nuts.Spans, point: PhasePoint, depth: int, *rest: Any) -> nuts.Growth:
        self.doubling = depth + 1
        return self._real_double(flow, spans, point, depth, *rest)

    def _add_leaf(self, spans: nuts.Spans, level: int, *rest: Any) -> None:
        number = self.leaves[-1].number
        self.extents[level], self.proposals[level] = (number, number), number
        nuts.add_leaf(spans, level, *rest)

    def _take_proposal(self, spans: nuts.Spans, source: int, target: int) -> None:
        self.proposals[target] = self.proposals[source]
        nuts.take_proposal(spans, source, target)

    def _join(
        self, real_join: Callable[..., bool], spans: nuts.Spans, earlier: int, later: int, rng: np.random.Generator
    ) -> bool:
        """A join of two parts of a doubling, into the level of the later one."""
        parts = self._stretch(spans, earlier), self._stretch(spans, later)
        is_turning = real_join(spans, earlier, later, rng)
        self.extents[later] = (parts[0].extent[0], parts[1].extent[1])
        self._note_join(parts, False, self.proposals[later], is_turning)
        return is_turning

    def _join_trunk(self, trajectory: nuts.Trajectory, depth: int, direction: int, rng: np.random.Generator) -> bool:
        """The join of a whole doubling with the trajectory before it, whose `first` is its backward end."""
        spans = trajectory.spans
        trunk = spans.weight.shape[0] - 1
        old = self._stretch(spans, trunk)
        parts = old if direction else old.reversed(), self._stretch(spans, depth)
        is_turning = self._real_join_trunk(trajectory, depth, direction, rng)
        far_end = parts[1].extent[1]
        self.extents[trunk] = (old.extent[0], far_end) if direction else (far_end, old.extent[1])
        self._note_join(parts, True, self.proposals[trunk], is_turning)
        return is_turning

    def _stretch(self, spans: nuts.Spans, level: int) -> _Stretch:
        momenta = (spans.first[level].copy(), spans.last[level].copy(), spans.momentum_sum[level].copy())
        return _Stretch(self.extents[level], self.proposals[level], float(spans.weight[level]), *momenta)

    def _note_join(self, parts: tuple[_Stretch, _Stretch], is_final: bool, taken: int, is_turning: bool) -> None:
        earlier, later = parts
        self.joins.append(
            Join(
                doubling=self.doubling,
                is_final=is_final,
                earlier=earlier.extent,
                later=later.extent,
                weights=(earlier.weight, later.weight),
                proposals=(earlier.proposal, later.proposal),
                taken=taken,
                checks=_checks(earlier, later),
                is_turning=bool(is_turning),
            )
        )


class _Stretch(NamedTuple):
    """The subtree that stands on a level before it is joined."""

    extent: tuple[int, int]  # (first, last) leaf
    proposal: int
    weight: float
    first: NDArray[np.float64]  # momentum of the first leaf
    last: NDArray[np.float64]  # of the last
    momentum_sum: NDArray[np.float64]  # over all leaves

    def reversed(self) -> _Stretch:
        """The same stretch, built in the other order."""
        return self._replace(extent=self.extent[::-1], first=self.last, last=self.first)


def _checks(earlier: _Stretch, later: _Stretch) -> tuple[Check, ...]:
    """The checks that `nuts.turns` makes of two stretches to be joined, or `nuts.join_leaves` of two leaves."""
    (first, early_end), (late_end, last) = earlier.extent, later.extent
    rho = earlier.momentum_sum + later.momentum_sum
    whole = Check(first, last, _dot(rho, earlier.first), _dot(rho, later.last))
    if first == early_end and late_end == last:
        return (whole,)
    rho = earlier.momentum_sum + later.first
    left = Check(first, late_end, _dot(rho, earlier.first), _dot(rho, later.first))
    rho = earlier.last + later.momentum_sum
    right = Check(early_end, last, _dot(rho, earlier.last), _dot(rho, later.last))
    return (whole, left, right)


def _dot(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """x . y, summed in the order of `nuts.turns`, so that the two cannot disagree."""
    total = 0.0
    for i in range(len(x)):
        total += float(x[i] * y[i])
    return total
