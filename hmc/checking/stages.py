"""The stages of a check, in order. Each kind of fault has a file of its own beside this one."""

import contextlib
import functools
import math
import types
from collections.abc import Iterator

import numpy as np

from hmc.checking.child import Died, in_child
from hmc.checking.contract import MANY_NUMBERS, arrays_of, contract_findings, data_findings, run_in_python
from hmc.checking.declared import declared_findings
from hmc.checking.drawing import drawn_position
from hmc.checking.findings import BrokenError, Fault, component_constraints, merged
from hmc.checking.functions import (
    derived_findings,
    name_findings,
    pointwise_findings,
    simulation_findings,
    weight_findings,
)
from hmc.checking.gradient import gradient_findings, measure
from hmc.checking.jumps import jump_findings
from hmc.checking.prior import can_be_compared, prior_findings
from hmc.checking.probe import Probe, ended, same_bits
from hmc.checking.size import size_findings
from hmc.checking.support import support_findings
from hmc.checking.tails import tail_findings
from hmc.checking.telling import Checked, CheckReport, given, not_simulated, report
from hmc.checking.values import nowhere, value_findings
from hmc.model import Model, check_model

_BASES = 3  # points that lines start from
MOST_POINTS = 100_000
MOST_NUMBERS = 1_000_000  # in a position: each has a name and is checked by itself
_FAR = 6.0  # some points are drawn uniformly from so far out


def check(model: Model, points: int = 20, seed: int = 12, *, bounds: bool = False) -> CheckReport:
    """The faults of a model, as a list of `Fault` (kind, component, message, advice); empty if none was found. `KINDS`
    explains the kinds. Printed, or shown by a notebook, the list says the same as `hmc check`.

    On Linux the check runs in a process of its own: a model that corrupts memory, crashes, or does not return within a
    minute is a finding. The log density is run in Python, where an index outside of an array is an error: at one point,
    or all if its data are few, unless they have more than a million numbers; its variables that have the name of a
    parameter must have the declared value, not another transform of the position. Compiled, it is called with walls
    around position and gradient at `points` positions: half of them drawn uniformly from (-2, 2), as chains start, half
    from the prior where the model has `simulate`; and at 1 + points // 4 more from (-6, 6). There every component of
    the gradient must be written, finite, and agree with central differences of the log density: |gradient - difference|
    <= 1e-6 (1 / u + the larger of the two), u being |position[i]| or 1, whichever is more. A component with a slope
    below 1e-3 at all of them, as under a wide prior, is compared further out too, to 1e12.
    The density must nowhere be nan or +inf, at 0 and out to 700 in every component; have no jumps along lines through
    (-8, 8), nor end where it matters, nor vanish at a bound that is not declared, nor have a pole there of an infinite
    integral; be small enough for floats to tell differences of 0.01; and fall along every axis, out to 1e18, and, where
    there are up to 500 components, along each direction in which it does not bend. Each line is first looked at in 1024
    points, or fewer if that takes over 0.1 s for all lines: a jump and one back are seen where one of the points is
    between them. The other functions of the model are called. If there is no fault so far and the model has `simulate`
    and `simulate_data`, the density is compared with what they draw: its gradient, and the balance of moves. That shows
    a forgotten Jacobian, another prior than the one drawn from, data that count twice. A field `weight` in the data, or
    a log_likelihood that is the density's, lets the prior be seen by itself; without either, up to 10,000 data sets are
    drawn, and `summary` says what could not be seen. Where a call takes over 5 ms there are fewer of them.

    `bounds`: call a copy of the log density that is compiled to check every index, at all these positions. That takes
    longer, and reports a wrong index that the runs in Python did not reach. Indices below 0 count from the end, as in
    Python; only one that is an element of the data is reported.

    Not found: a forgotten Jacobian or a wrong term, of which the gradient is right too, in a model that does not
    simulate, if the posterior stays proper (write `simulate`, and see `hmc calibrate`); a transform of a parameter that
    is declared real, if no variable has the parameter's name or the transform is none of hmc.transforms, tanh and
    softplus; a posterior that is improper along a curve, or around a point; a jump off these lines, or one back so soon
    that no point lies between them; a wrong term of the gradient that the tolerance covers; a log_likelihood that is
    not the density's, if the data have no `weight`; what happens with other data or positions than tried. The same
    model and seed give the same findings, unless calls are slow. Data that the model changes are put back. ValueError
    for `points` that are not from 1 to 100,000, and for a model of over 1,000,000 numbers.
    """
    return report(model, examine(model, points, seed, bounds=bounds))


def examine(model: Model, points: int = 20, seed: int = 12, *, bounds: bool = False) -> Checked:
    """The same as `check`, with how much was looked at: a `Checked`."""
    _refuse_too_many(model, points)
    findings = list(name_findings(model))
    with contextlib.suppress(ValueError):
        model.density(guarded=False)  # compiled in this process, which can use it again
    look = functools.partial(_all_stages, model, points, seed)
    checked = in_child(functools.partial(look, bounds), model.dimension)
    is_broken = isinstance(checked, Died) or any(finding.kind == "raises" for finding in checked.findings)
    if isinstance(checked, Died):
        checked = Checked([ended(model, checked)], 0, ())
    if is_broken and not bounds:
        # Memory that was overwritten shows late, as any error or as a call without end: look again, at every index.
        again = in_child(functools.partial(look, True), model.dimension)
        outside = [] if isinstance(again, Died) else [fault for fault in again.findings if fault.kind == "outside"]
        checked = checked._replace(findings=outside or checked.findings)
    return checked._replace(findings=merged(findings + checked.findings))


def _refuse_too_many(model: Model, points: int) -> None:
    """ValueError for a check that would take days, or more memory than there is."""
    check_model(model, "hmc.check")
    if not 1 <= points <= MOST_POINTS:
        raise ValueError(f"{model.name}: points = {points} is not from 1 to {MOST_POINTS}")
    if model.dimension > MOST_NUMBERS:
        largest = max(model.parameters, key=lambda parameter: parameter.free)
        most = f"a check takes {MOST_NUMBERS} at most"
        raise ValueError(f"{model.name}: its parameters have {model.dimension} numbers, and {most}; see {largest.name}")


def _all_stages(model: Model, points: int, seed: int, bounds: bool) -> Checked:
    """The `Checked` of all stages; data that the model changed are put back."""
    findings: list[Fault] = []
    looked = types.SimpleNamespace(compared=0, unknown=[])
    kept = [(name, array, array.copy()) for name, array in arrays_of(model._packed.data)]
    try:
        with np.errstate(all="ignore"):  # of the check's arithmetic and of the author's functions in Python
            for found in _stages(model, points, seed, bounds, looked):
                findings += found
    except BrokenError as error:
        findings.append(error.args[0])
    for name, array, content in kept:
        if not same_bits(array, content):
            np.copyto(array, content)
            message = f"{' or '.join(given(model))} changes {name}, which all chains share"
            if not any(finding.kind == "changes" for finding in findings):  # of log_density
                findings.append(Fault("changes", "", message, "Work on a copy of it."))
    return Checked(findings, looked.compared, tuple(looked.unknown))


def _stages(model: Model, points: int, seed: int, bounds: bool, looked: types.SimpleNamespace) -> Iterator[list[Fault]]:
    """The findings of each stage. They end where a finding makes all later stages meaningless.

    Writes to `looked` as it goes: `compared` and `unknown` of `Checked`.
    """
    yield (missing := list(data_findings(model)))
    if missing:
        return  # the density is nan too, or hides the fault
    rng = np.random.default_rng(seed)
    starts = [rng.uniform(-2.0, 2.0, model.dimension) for _ in range(points)]
    far = [rng.uniform(-_FAR, _FAR, model.dimension) for _ in range(1 + points // 4)]
    probe = _probe(model, starts + far, bounds)
    simulated = list(simulation_findings(model, probe, seed)) if model.simulate is not None else []
    yield simulated
    number = 0 if simulated or model.simulate is None else points // 2
    draws = [drawn_position(model, rng) for _ in range(number)]
    positions = starts[: points - len(draws)] + draws + far

    yield list(declared_findings(model, positions))
    contract = contract_findings(probe, positions)
    yield contract
    if any(finding.kind != "unwritten" for finding in contract):
        return  # measurements would mean nothing
    finite = [position for position in positions if math.isfinite(probe.value(position))]
    probe.time(positions[0])
    yield (size := size_findings(probe, finite))
    if size:
        return  # differences would mean nothing
    values = value_findings(probe, rng, finite[:_BASES])
    yield values
    if not finite:
        yield [] if values else [nowhere(probe, rng, points)]
        return
    constraints = component_constraints(model)
    at = finite[-probe.fewer(len(finite)) :]
    looked.compared = len(at)
    slopes = measure(probe, at)
    unwritten = {finding.component for finding in contract}
    wrong = [f for f in gradient_findings(probe, slopes, constraints) if f.component not in unwritten]
    yield wrong
    jumps: list[Fault] = []
    is_comparable = not (wrong or unwritten)
    if is_comparable:
        if not any(finding.kind == "constraint" for finding in values):  # that one says already where it ends
            jumps = jump_findings(probe, rng, finite[:_BASES], draws)
            yield jumps
            yield [] if jumps else support_findings(probe, finite[:_BASES])
        tails = tail_findings(probe, finite[:_BASES], slopes, constraints)
        yield tails
        is_comparable = not (values or jumps or tails or simulated)
    has_log_likelihood = model.log_likelihood is not None
    for role in ("log_likelihood", "link"):
        if getattr(model, role) is not None:
            found = list(pointwise_findings(model, role, finite))
            yield found
            if role == "log_likelihood":
                wrong = found or list(weight_findings(probe, finite[:_BASES]))
                has_log_likelihood = not wrong
                yield [] if found else wrong
    if is_comparable and can_be_compared(model):
        compared = prior_findings(probe, seed, constraints, has_log_likelihood)
        looked.unknown += compared.unknown
        yield compared.findings
    elif not can_be_compared(model):
        looked.unknown.append(not_simulated(model))
    if model.derived is not None:
        yield list(derived_findings(model, finite))


def _probe(model: Model, starts: list[np.ndarray], bounds: bool) -> Probe:
    """The `Probe` of a model, after a run in plain Python; BrokenError for an error that either run shows."""
    try:
        probe = Probe(model, bounds)
    except BrokenError as not_compiled:
        run_in_python(model, starts)  # if it raises too, its message is plainer
        raise not_compiled from None
    if sum(array.size for _, array in arrays_of(model.data)) <= MANY_NUMBERS:
        try:
            run_in_python(model, starts)
        except BrokenError as error:
            if error.args[0].kind in ("outside", "compile"):  # for other errors the compiled code decides
                raise
    return probe
