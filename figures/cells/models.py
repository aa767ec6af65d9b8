"""A model, and the report of a check of one, in a notebook's cell."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import models
from diagnostics.markup import AMBER, GREEN, badge, cell, folded, line, prose, table, text, verbatim

if TYPE_CHECKING:
    from hmc.checking.telling import CheckReport
    from hmc.model import Model

ROLES = ("log_likelihood", "link", "simulate", "simulate_data", "derived", "outcome")
MOST_PARAMETERS = 30


def of_model(model: Model) -> str:
    """Its formula or the words of its author, its parameters, the shapes of its data, and the functions it has."""
    rows = [[p.name, _shape(p.shape), str(p.constraint), str(p.free)] for p in model.parameters[:MOST_PARAMETERS]]
    more = len(model.parameters) - len(rows)
    given = [role for role in ROLES if getattr(model, role, None) is not None]
    count = f"{model.dimension} unconstrained number{'' if model.dimension == 1 else 's'}"
    return cell(
        line(f"<b>{text(model.name)}</b> {text(count)}"),
        _formula(model),
        table(["parameter", "shape", "values", "free"], rows, left=3),
        line(f"{more} more parameters", faint=True) if more else "",
        line(f"Functions besides log_density: {text(', '.join(given) or 'none')}", faint=True),
        folded("Data", table(["field", "what it is"], [[name, _kind(v)] for name, v in _fields(model.data)], left=2)),
    )


def of_report(report: CheckReport) -> str:
    """The faults with their advice, or what was looked at."""
    name = f"<b>{text(report.name)}</b>"
    if not report:
        return cell(line(f"{name} {badge('no fault found', GREEN)}"), *(line(text(said)) for said in _told(report)))
    count = f"{len(report)} fault{'' if len(report) == 1 else 's'}"
    faults = [
        line(f"{badge(fault.kind, AMBER)} {prose(fault.message)}. <i>{prose(fault.advice)}</i>") for fault in report
    ]
    return cell(line(f"{name} {badge(count, AMBER)}"), *faults)


def _told(report: CheckReport) -> list[str]:
    return [said.removeprefix(f"{report.name}: ") for said in report.told.splitlines()]


def _formula(model: Model) -> str:
    """Of a model of the lecture its formula; else the first line that its author says of it."""
    function = getattr(model.log_density, "py_func", model.log_density)
    name = model.name.removesuffix(" (simulated data)")
    if name in [*models.names(), *models.counterexamples()] and getattr(function, "__module__", "").startswith(
        "models."
    ):
        return verbatim(models.formula(name))
    said = (inspect.getdoc(function) or "").partition("\n")[0]
    return line(f"<i>{text(said)}</i>") if said else ""


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "a number"


def _fields(data: Any) -> list[tuple[str, Any]]:
    return list(zip(data._fields, data, strict=True))


def _kind(value: Any) -> str:
    """A field of the data in a few words, never its content."""
    if isinstance(value, tuple):
        return f"{type(value).__name__} of {len(value)}"
    if hasattr(value, "shape") and value.shape:
        return f"{value.dtype}, {_shape(value.shape)}"
    return (
        f"{type(value).__name__} {value!r}" if isinstance(value, (bool, int)) else f"{type(value).__name__} {value:.6g}"
    )
