"""Findings of a check of a model, and the names and places that they show."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from hmc.errors import HMCError
from hmc.model import Model
from hmc.parameters import element_names
from hmc.transforms import INTERVAL, LOWER, ORDERED, POSITIVE_ORDERED, REAL, UPPER, Constraint


class Fault(NamedTuple):
    """One thing that is wrong with a model. `str` gives a line of text."""

    kind: str  # a key of hmc.checking.KINDS
    component: str  # the element of a parameter, such as a[3]; "" where it is about no single one
    message: str  # what was found, and where
    advice: str  # what to do

    def __str__(self) -> str:
        return f"{self.message}. {self.advice}"


def merged(findings: Iterable[Fault]) -> list[Fault]:
    """The findings; those that say the same of several elements of a parameter become one, the first."""
    groups: dict[tuple[str, str, str], list[Fault]] = {}
    for finding in findings:
        base = finding.component.partition("[")[0]
        key = finding.component and re.sub(r"[-+]?[0-9][0-9.e+-]*", "", finding.advice)
        groups.setdefault((finding.kind, base, key or finding.message), []).append(finding)
    kept = []
    for (_, base, _), group in groups.items():
        more = len({finding.component for finding in group}) - 1
        first = group[0]
        kept.append(first._replace(message=f"{first.message}; likewise {more} more of {base}") if more else first)
    return kept


class BrokenError(HMCError):
    """The check cannot go on. The argument is the finding that says why."""


def component_names(model: Model) -> list[str]:
    """A name for each unconstrained number of a position: `a[3]`, or `sigma` for a scalar parameter."""
    names: list[str] = []
    for parameter in model.parameters:
        names += element_names(parameter.name, parameter.constraint.free_shape(parameter.shape))
    return names


def component_constraints(model: Model) -> list[Constraint]:
    """The constraint of each unconstrained number of a position; the first of an ordered vector counts as real."""
    constraints = []
    for parameter in model.parameters:
        first = parameter.free and parameter.constraint.kind == ORDERED
        for i in range(parameter.free):
            is_free = first and i % parameter.shape[-1] == 0
            constraint = parameter.constraint.of_element(i)
            constraints.append(constraint._replace(kind=REAL) if is_free else constraint)
    return constraints


def place(model: Model, position: np.ndarray) -> str:
    """The first few numbers of an unconstrained position, by name."""
    shown = [f"{n} = {v:.3g}" for n, v in zip(component_names(model)[:4], position, strict=False)]
    named = ", ".join(shown + ["..."] * (len(position) > 4))
    return named + (" (unconstrained)" if any(p.constraint.kind != REAL for p in model.parameters) else "")


def chain_rule(constraint: Constraint, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(d value / d x, d log Jacobian / d x) of bounded x, or a step of an ordered vector; nan for other constraints."""
    if constraint.kind in (LOWER, UPPER, ORDERED, POSITIVE_ORDERED):
        return (-1.0 if constraint.kind == UPPER else 1.0) * np.exp(x), np.ones_like(x)
    if constraint.kind == INTERVAL:
        p = 1.0 / (1.0 + np.exp(-x))
        return (constraint.upper - constraint.lower) * p * (1.0 - p), 1.0 - 2.0 * p
    return np.full_like(x, math.nan), np.full_like(x, math.nan)


def first_line(error: BaseException) -> str:
    """An error in one line: its type and the first line of its text that is not empty."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
