"""Where in the sampler's source each event of a transition happens: found in the source itself, when a page is built.

`PLACES` says for each kind of event a function, and the code in it that does the event. The line is looked up in the
syntax tree, so that it is right however the file is laid out; code that is no longer there, or there twice, is an
error of the build.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
SAMPLER = "hmc/sampler"


class Place(NamedTuple):
    """A piece of code: an expression, or a statement, that stands once in a function of a file."""

    file: str
    function: str
    code: str


class SourceLine(NamedTuple):
    """Where a piece of code stands; lines count from 1, and `first` to `last` are those of its function."""

    file: str
    function: str
    line: int
    first: int
    last: int
    text: str  # the line, without its indent


def _in(file: str, function: str, code: str) -> Place:
    return Place(f"{SAMPLER}/{file}.py", function, code)


PLACES = {
    "climb": _in("chain", "advance", "climb(hamiltonian, begin, end_of(trajectory, FORWARD), orders.stop)"),
    "first_metric": _in("chain", "advance", "start_metric(orders.estimator, state.metric, state.point.gradient)"),
    "first_guess": _in("step_size", "first_guess", "start_energy - energy_of(moved, point.momentum) > LOG_GOOD"),
    "momentum": _in("chain", "advance", "draw_momentum(rng, state.point.momentum)"),
    "doubling": _in("nuts", "transition", "rng.random() < 0.5"),
    "leaf": _in("nuts", "next_leaf", "leapfrog(flow.hamiltonian, point, flow.step_size)"),
    "macro_leaf": _in("nuts", "next_leaf", "macro_step(flow, macro, point, stop)"),
    "try": _in("macro_step", "macro_step", "not ahead.is_tight and level < finest and stop[0] == 0"),
    "look_back": _in(
        "macro_step",
        "look_back",
        "walk(flow.hamiltonian, way_back, -flow.step_size, coarser, energy, macro.tolerance, stop)",
    ),
    "irreversible": _in("macro_step", "macro_step", "GOING_ON if is_reversible else IRREVERSIBLE"),
    "macro_divergence": _in("macro_step", "macro_step", "GOING_ON if ahead.is_tight else DIVERGENCE"),
    "divergence": _in("nuts", "double", "is_divergent(energy_error)"),
    "join_leaves": _in("nuts", "join_leaves", "return not (along_first > 0.0 and along_last > 0.0)"),
    "join": _in(
        "nuts",
        "join",
        "turns((spans.first[earlier], spans.last[earlier], spans.momentum_sum[earlier]),"
        " (spans.first[later], spans.last[later], spans.momentum_sum[later]))",
    ),
    "given_up": _in("nuts", "transition", "termination = growth.termination"),
    "final_join": _in("nuts", "join_trunk", "turns(old, new)"),
    "proposal": _in("nuts", "join_trunk", "rng.random() < spans.weight[depth] / spans.weight[trunk]"),
    "u_turn": _in("nuts", "transition", "termination = U_TURN"),
    "max_depth": _in("nuts", "transition", "range(reach.max_depth)"),
    "draw": _in("nuts", "transition", "copy_row(spans.position[trunk], start.point.position)"),
    "static_leaf": _in("static", "transition", "leapfrog(hamiltonian, point, reach.step_size)"),
    "static_divergence": _in("static", "transition", "is_divergent(energy_error)"),
    "accept": _in("static", "transition", "rng.random() < acceptance_rate"),
    "static_draw": _in("static", "transition", "copy_row(point.position, start.point.position)"),
    "adapt_step_size": _in("chain", "advance", "update(search, outcome.acceptance_rate, orders.target_accept)"),
    "adapt_metric": _in(
        "chain",
        "advance",
        "adapt(actions, orders.estimator, state.metric, state.moments, buffers.fit, state.point)",
    ),
}


def source_lines() -> dict[str, SourceLine]:
    """{kind of event: its `SourceLine`}; LookupError names the kind and the code that the source does not hold once."""
    return {kind: _found(kind, place, _text(place.file)) for kind, place in PLACES.items()}


def source_texts() -> dict[str, str]:
    """{file: its text} of all files that `source_lines` points into."""
    return {file: _text(file) for file in sorted({place.file for place in PLACES.values()})}


def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _found(kind: str, place: Place, text: str) -> SourceLine:
    functions = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.name == place.function]
    if len(functions) != 1:
        raise LookupError(f"{kind}: {place.file} has {len(functions)} functions {place.function}, not one")
    (function,) = functions
    (wanted,) = ast.parse(place.code).body
    looked_for = ast.dump(wanted.value if isinstance(wanted, ast.Expr) else wanted)
    lines = [n.lineno for n in ast.walk(function) if isinstance(n, (ast.expr, ast.stmt)) and ast.dump(n) == looked_for]
    if len(lines) != 1:
        where = f"{place.function} of {place.file}"
        raise LookupError(f"{kind}: `{place.code}` stands {len(lines)} times in {where}, not once")
    (line,) = lines
    first, last = function.lineno, function.end_lineno or line
    return SourceLine(place.file, place.function, line, first, last, text.splitlines()[line - 1].strip())
