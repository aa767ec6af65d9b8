"""A recorded transition in words, one line for each thing that happened.

Every number and every claim is read off the record (`hmc/record/transitions.py`); what the words mean is said in
`hmc/sampler/nuts.py`.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hmc.record.recorded import IN_WORDS, Check, Doubling, Join, Leaf, RecordedTransition, counted
from hmc.record.transitions import record
from hmc.sampler.metric import factor
from hmc.sampler.outcome import DIVERGENCE, GOING_ON, IRREVERSIBLE, MAX_DEPTH, MAX_ENERGY_ERROR, PATH_END, U_TURN

if TYPE_CHECKING:
    from hmc.model import Model

LEGEND = (
    "A leaf is a point of the trajectory: leaf 0 is the start, and each leapfrog step ends at another, leaf 1 one step "
    "forwards in time, leaf -1 one step backwards. "
    "Its energy error is its energy less the start's, which exact dynamics would keep at 0; its weight is "
    "exp(-energy error)."
)
MACRO_LEGEND = (
    "WALNUTS reaches the next leaf by a macro step: one leapfrog step, if the energies at its ends differ by at most "
    "the tolerance. If not, the same time is covered in 2 leapfrog steps, in 4 and so on, until all energies along the "
    "way are within the tolerance of each other. Then it looks back: if fewer steps would lead back within the "
    "tolerance, the way back would be a different one, so this step is not allowed."
)


def watch(model: Model, *, width: int = 100, **arguments: Any) -> str:
    """The transitions that `hmc.record.record(model, **arguments)` gives, told one after the other; a text.

    What a leaf is stands before them. Lines are at most `width` characters long; what is too long for one goes on,
    indented, on the next.
    """
    told = [narrate(recorded).splitlines() for recorded in record(model, **arguments)]
    legends = [[LEGEND], [MACRO_LEGEND]] if arguments.get("algorithm") == "walnuts" else [[LEGEND]]
    return "\n\n".join("\n".join(_wrapped(line, width) for line in lines) for lines in [*legends, *told])


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line.strip(), width, initial_indent=indent, subsequent_indent=indent + "    ")


def narrate(recorded: RecordedTransition) -> str:
    """One `RecordedTransition` told from its start to its draw: a text of several lines."""
    tell_path = _tell_static if recorded.algorithm == "hmc" else _tell_doublings
    lines = [
        _title(recorded),
        *_tell_climb(recorded),
        _tell_start(recorded),
        *tell_path(recorded),
        _tell_draw(recorded),
    ]
    return "\n".join(lines)


def _title(recorded: RecordedTransition) -> str:
    dimension = recorded.leaves[0].position.size
    room = counted(dimension, "dimension")
    who = f"{recorded.model}, chain {recorded.chain + 1}, {recorded.place}"
    return f"{who}: {IN_WORDS[recorded.algorithm]} in {room}, step size {_short(recorded.step_size)}"


def _tell_climb(recorded: RecordedTransition) -> Iterator[str]:
    """How the start was left, if it could not be sampled from."""
    if recorded.climb is None:
        return
    first, *steps = recorded.climb.log_densities
    count, cost = counted(len(steps), "step"), counted(recorded.climb.n_gradients, "gradient")
    yield (
        f"Before the warm-up, the chain climbed from its start, whose log density, {_short(first)}, is so low that a "
        f"chain may stay there: {count} along the gradient ({cost}, steps that failed included) to {_short(steps[-1])}."
    )


def _tell_start(recorded: RecordedTransition) -> str:
    start = recorded.leaves[0]
    kinetic = 0.5 * float(start.momentum @ start.momentum)
    where = "the chain's previous draw" if recorded.iteration else "where the chain begins"
    return (
        f"Start: leaf 0, {where}, gets a momentum drawn afresh. "
        f"Energy {start.energy:.2f} = {-start.log_density:.2f} (minus the log density) + {kinetic:.2f} (kinetic)."
    )


def _tell_doublings(recorded: RecordedTransition) -> Iterator[str]:
    for doubling in recorded.doublings:
        yield _tell_steps(doubling)
        if doubling.final_join is None:
            yield f"  {_tell_giving_up(recorded, doubling)}"
            return
        yield f"  {_tell_proposal(doubling.final_join)}"
        yield f"  {_tell_verdict(doubling.final_join)}"
    if recorded.outcome.termination == MAX_DEPTH:
        most = f"{counted(recorded.outcome.tree_depth, 'doubling')}, the most allowed"
        yield f"The trajectory ends after {most}, before it turned; with more doublings it would have gone farther."
    elif recorded.outcome.termination == U_TURN:
        yield "The trajectory ends: U-turn. To go on would lead back to where it has been."


def _tell_steps(doubling: Doubling) -> str:
    planned, n = 2 ** (doubling.number - 1), len(doubling.leaves)
    of_a_kind = _macro_steps if doubling.leaves[0].walks else _steps
    steps = f"{of_a_kind(n)}" if n == planned else f"{n} of {of_a_kind(planned)}"
    direction = "forwards" if doubling.is_forward else "backwards"
    leaves = _stretch(doubling.leaves[0].number, doubling.leaves[-1].number)
    return f"Doubling {doubling.number}, {direction}: {steps}, {leaves}; {_errors(doubling.leaves)}{_pieces(doubling)}."


def _pieces(doubling: Doubling) -> str:
    """Which steps of WALNUTS took more than one leapfrog step; "" where none did."""
    ways = [(leaf.number, leaf.way) for leaf in doubling.leaves if leaf.termination == GOING_ON]
    told = [f"to leaf {number} in {2**way.level} leapfrog steps" for number, way in ways if way and way.level]
    return f"; the step {', '.join(told)}" if told else ""


def _errors(leaves: Sequence[Leaf]) -> str:
    errors = [leaf.energy_error for leaf in leaves]
    if len(errors) == 1:
        return f"energy error {_short(errors[0])}"
    if any(math.isnan(error) for error in errors):
        return f"energy errors up to {_short(math.nan)}"
    return f"energy errors {_short(min(errors))} to {_short(max(errors))}"


def _tell_giving_up(recorded: RecordedTransition, doubling: Doubling) -> str:
    """Why a doubling was not finished, and what became of its leaves."""
    wasted = "The doubling is given up: none of its leaves can be the draw, and the trajectory ends."
    if recorded.outcome.termination == DIVERGENCE:
        return f"{_divergence(doubling.leaves[-1])} {wasted}"
    if recorded.outcome.termination == IRREVERSIBLE:
        return f"{_irreversible(doubling.leaves[-1])} {wasted}"
    join = doubling.joins[-1]
    return f"A part of it turns back on itself: {_turning(join)}. {wasted}"


def _irreversible(leaf: Leaf) -> str:
    back = leaf.walks[-1].level
    assert leaf.way is not None
    return (
        f"The step to leaf {leaf.number} took {_steps(2**leaf.way.level)}, but {2**back} {_leads(2**back)} back within "
        "the tolerance. The way back would be a different one, so this step is not allowed."
    )


def _divergence(leaf: Leaf) -> str:
    if leaf.termination == DIVERGENCE and leaf.way is not None and leaf.way.level:
        most = _steps(2**leaf.way.level)
        return f"Divergence at leaf {leaf.number}: in {most}, too, the energies are further apart than the tolerance."
    return (
        f"Divergence at leaf {leaf.number}: an energy error of {_short(leaf.energy_error)}, where at most "
        f"{MAX_ENERGY_ERROR:.0f} passes; the steps have lost the trajectory."
    )


def _tell_proposal(join: Join) -> str:
    """The biased progressive draw between the trajectory before and the doubling."""
    old, new = join.proposals
    before, added = join.weights
    weights = (
        f"The new leaves weigh {_short(added)} together, those before {_short(before)}: leaf {new}, drawn from them,"
    )
    if added >= before:
        return f"{weights} becomes the proposal."
    outcome = "does" if join.taken == new else f"does not: it stays leaf {old}"
    return f"{weights} has a chance of {_short(added / before)} to become the proposal, and {outcome}."


def _tell_verdict(join: Join) -> str:
    whole = _stretch(*sorted((join.earlier[0], join.later[1])))
    if join.is_turning:
        return f"The whole, {whole}, turns back on itself: {_turning(join)}."
    return f"The whole, {whole}, does not turn: both ends still move in the direction of the sum of its momenta."


def _turning(join: Join) -> str:
    """By which checks, and at which leaves, a joined stretch turns."""
    whole, *across = [_failing(check) for check in join.checks]
    if whole:
        return "from end to end, " + whole
    return "seen across the join only, " + ", and ".join(text for text in across if text)


def _failing(check: Check) -> str:
    """Which ends of a stretch move against the sum of its momenta; "" where none does."""
    ends = ((check.first, check.along_first), (check.last, check.along_last))
    moves = [f"leaf {leaf} (its momentum times the sum: {_short(along)})" for leaf, along in ends if not along > 0.0]
    if not moves:
        return ""
    verb = "moves" if len(moves) == 1 else "move"
    stretch = _stretch(*sorted((check.first, check.last)))
    return f"{' and '.join(moves)} {verb} against the sum of the momenta of {stretch}"


def _tell_static(recorded: RecordedTransition) -> Iterator[str]:
    """The path of static HMC, and whether its end was accepted."""
    path = recorded.leaves[1:]
    yield f"Path: {_steps(len(path))}, {_stretch(1, path[-1].number)}; {_errors(path)}."
    if recorded.outcome.termination != PATH_END:
        yield f"{_divergence(path[-1])} The path is given up, and its end cannot be the draw."
        return
    verdict = "accepted" if recorded.chosen else "rejected"
    yield f"The end of the path is {verdict} (a chance of {_short(recorded.outcome.acceptance_rate)} to be accepted)."


def _tell_draw(recorded: RecordedTransition) -> str:
    outcome, start, drawn = recorded.outcome, recorded.leaves[0], recorded.leaf(recorded.chosen)
    sums = f"{_steps(outcome.n_steps)}{_of_them(recorded)}, acceptance rate {_short(outcome.acceptance_rate)}"
    if recorded.algorithm != "hmc":
        sums = f"tree depth {outcome.tree_depth}, {sums}"
    if recorded.chosen == 0:
        return f"Draw: leaf 0, the start itself; the chain stays where it was. In all: {sums}."
    of_a_kind = _macro_steps if recorded.algorithm == "walnuts" else _steps
    where = f"{of_a_kind(abs(recorded.chosen))} {'forwards' if recorded.chosen > 0 else 'backwards'} from the start"
    change = f"log density from {start.log_density:.2f} to {drawn.log_density:.2f}"
    distance = f"{_short(distance_moved(recorded))} standard deviations of the metric away"
    return f"Draw: leaf {recorded.chosen}, {where} and {distance}; {change}. In all: {sums}."


def _of_them(recorded: RecordedTransition) -> str:
    """How many leapfrog steps are on the trajectory, where others are not."""
    on_it = recorded.outcome.micro_steps
    return "" if on_it == recorded.outcome.n_steps else f" ({on_it} from leaf to leaf, the others to try and look back)"


def distance_moved(recorded: RecordedTransition) -> float:
    """How far the draw is from the start, in standard deviations as the metric has them: |L^-1 (draw - start)|."""
    moved = recorded.draw - recorded.leaves[0].position
    return float(np.linalg.norm(np.linalg.solve(factor(recorded.inverse_metric), moved)))


def _stretch(first: int, last: int) -> str:
    return f"leaf {first}" if first == last else f"leaves {first} to {last}"


def _leads(n: int) -> str:
    return "leads" if n == 1 else "lead"


def _steps(n: int) -> str:
    return counted(n, "leapfrog step")


def _macro_steps(n: int) -> str:
    return counted(n, "macro step")


def _short(x: float) -> str:
    """Three significant digits."""
    return "not a number" if math.isnan(x) else f"{x:.3g}"
