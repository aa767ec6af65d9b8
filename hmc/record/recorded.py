"""What a record of a transition holds: leaves, the joins of stretches of them, and the walks of macro steps.

`hmc/record/watcher.py` notes these while the sampler runs; `hmc/record/transitions.py` records transitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hmc.display import as_html
from hmc.sampler.outcome import GOING_ON, Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hmc.sampler.metric import LowRank

IN_WORDS = {"nuts": "NUTS", "walnuts": "WALNUTS", "hmc": "static HMC"}


def counted(n: int, noun: str) -> str:
    """A number of things in words: "1 step", "2 steps"."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


class WalkTaken(NamedTuple):
    """One walk of a macro step: a try to take it at some level, or a look back."""

    level: int  # it was to have 2^level leapfrog steps
    is_back: bool
    positions: NDArray[np.float64]  # (leapfrog steps taken, dimension) where they led
    energies: NDArray[np.float64]  # (leapfrog steps taken,)
    is_tight: bool  # whether the energies along it stayed within the tolerance


class Leaf(NamedTuple):
    """A point of a trajectory: its start, or where a step led.

    The last leaf of a macro step that is irreversible, or tight at no level, is where its last try led. It is no part
    of the trajectory.
    """

    number: int  # along the trajectory: 0 the start, negative backward in time
    doubling: int  # that it was built in, from 1; 0 for the start, and for all of a static path
    position: NDArray[np.float64]  # (dimension,) unconstrained
    # (dimension,) whitened: standard normal whatever the metric, see hmc/sampler/metric.py
    momentum: NDArray[np.float64]
    gradient: NDArray[np.float64]  # (dimension,) of the log density
    log_density: float
    energy: float
    energy_error: float  # energy less the start's
    diverging: bool
    walks: tuple[WalkTaken, ...] = ()  # of the macro step that led here, in order; () for a leapfrog step
    termination: int = GOING_ON  # of the macro step, if there is none: DIVERGENCE or IRREVERSIBLE

    @property
    def way(self) -> WalkTaken | None:
        """The macro step's last walk forward, which is the way taken if there is one; None for a leapfrog step."""
        ahead = [walk for walk in self.walks if not walk.is_back]
        return ahead[-1] if ahead else None


class Check(NamedTuple):
    """Whether a stretch turns: its sum of momenta, rho, should point forward at both of its ends."""

    first: int  # the stretch's end leaves, in the order of building
    last: int
    along_first: float  # rho . momentum of the first leaf, whitened
    along_last: float

    @property
    def is_turning(self) -> bool:
        return not (self.along_first > 0.0 and self.along_last > 0.0)


class Join(NamedTuple):
    """Two neighbouring stretches of leaves become one."""

    doubling: int
    is_final: bool  # of the whole doubling with the trajectory before it; else of two parts of the doubling
    earlier: tuple[int, int]  # (first, last) leaf, in the order of building
    later: tuple[int, int]
    weights: tuple[float, float]  # (earlier, later): sums of exp(-energy error) over the leaves
    proposals: tuple[int, int]  # (earlier, later): leaves drawn from each
    taken: int  # the one of these that the joined stretch proposes
    checks: tuple[Check, ...]  # the whole, and across the join; the whole alone for two single leaves
    is_turning: bool  # the sampler's verdict


class Climb(NamedTuple):
    """The way of a start out of where it could not be sampled from, before the first transition."""

    log_densities: tuple[float, ...]  # at the start, and after each step that was taken
    n_gradients: int  # of all steps that were tried


class Doubling(NamedTuple):
    """One doubling of a trajectory of NUTS or WALNUTS: 2^(number - 1) steps in one direction, if it was finished."""

    number: int  # from 1
    is_forward: bool
    leaves: tuple[Leaf, ...]  # in the order of building
    joins: tuple[Join, ...]  # within the doubling, in the order they were made
    final_join: Join | None  # with the trajectory so far; None where the doubling was given up


class RecordedTransition(NamedTuple):
    """One transition, from the draw before it to its own.

    Leaves are numbered along the trajectory: 0 is its start, 1 is one step forward in time, -1 one step backward.
    """

    model: str
    chain: int
    iteration: int  # transitions of the chain before this one, warm-up included
    warmup: int  # transitions of the warm-up
    algorithm: str  # "nuts", "walnuts" or "hmc"
    step_size: float
    inverse_metric: np.ndarray | LowRank  # (dimension,), or (dimension, dimension) if dense
    leaves: tuple[Leaf, ...]  # in the order they were reached, the start first
    joins: tuple[Join, ...]  # in the order they were made; () for static HMC
    chosen: int  # the number of the leaf that became the draw
    outcome: Outcome  # the sampler's own statistics
    climb: Climb | None = None  # before the chain's first transition; with the first that is recorded, if there was one

    def __repr__(self) -> str:
        kind = IN_WORDS[self.algorithm]
        steps = counted(self.outcome.n_steps, "step")
        return f"<RecordedTransition {self.model}, chain {self.chain + 1}, {self.place}: {kind}, {steps}>"

    def _repr_html_(self) -> str | None:  # a field to type checkers, were it assigned
        return as_html(self)

    @property
    def place(self) -> str:
        """Its place in the chain in words, counted from 1: "draw 1", or "warm-up transition 3 of 1000"."""
        number = self.iteration + 1
        draw = number - self.warmup
        return f"draw {draw}" if draw > 0 else f"warm-up transition {number} of {self.warmup}"

    @property
    def draw(self) -> NDArray[np.float64]:
        """The position (dimension,) that the transition ended in."""
        return self.leaf(self.chosen).position

    @property
    def doublings(self) -> tuple[Doubling, ...]:
        """The doublings (`Doubling`) of a NUTS trajectory, in order; () for static HMC."""
        found = []
        for number in range(1, 1 + max(leaf.doubling for leaf in self.leaves)):
            leaves = tuple(leaf for leaf in self.leaves if leaf.doubling == number)
            joins = [join for join in self.joins if join.doubling == number]
            final = joins.pop() if joins and joins[-1].is_final else None
            found.append(Doubling(number, leaves[0].number > 0, leaves, tuple(joins), final))
        return tuple(found)

    def leaf(self, number: int) -> Leaf:
        """The leaf of that number; KeyError where there is none."""
        for leaf in self.leaves:
            if leaf.number == number:
                return leaf
        raise KeyError(number)

    def in_time(self) -> tuple[Leaf, ...]:
        """All leaves in the order of time, from the backward end to the forward end."""
        return tuple(sorted(self.leaves, key=lambda leaf: leaf.number))


class Recording(list[RecordedTransition]):
    """Recorded transitions, one after the other: a list that shows itself in a notebook."""

    _repr_html_ = as_html
