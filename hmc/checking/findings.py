"""What a check of a model says: findings, and the names and places in them."""

import math
import os
import re
import traceback
from typing import NamedTuple

import numpy as np

from hmc.errors import HMCError
from hmc.parameters import element_names
from hmc.transforms import INTERVAL, LOWER, ORDERED, REAL, UPPER


class Fault(NamedTuple):
    """One thing that is wrong with a model. `str` gives a line of text."""

    kind: str  # a key of hmc.checking.KINDS
    component: str  # the element of a parameter it is about, such as a[3]; "" where it is of none alone
    message: str  # what was found, and where
    advice: str  # what to do

    def __str__(self):
        return f"{self.message}. {self.advice}"


def merged(findings):
    """The findings, of which those that say the same of elements of one parameter are one: the first."""
    groups = {}
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
    """The check cannot go on; its argument is the finding that says why."""


def component_names(model):
    """A name for each unconstrained number of a position: `a[3]`, or `sigma` where that is all there is of it."""
    names = []
    for parameter in model.parameters:
        shape = parameter.shape
        if shape:
            shape = (*shape[:-1], shape[-1] - parameter.constraint.free_per_vector)
        names += element_names(parameter.name, shape)
    return names


def component_constraints(model):
    """The constraint of each unconstrained number of a position; the first of an ordered vector is as a real one."""
    constraints = []
    for parameter in model.parameters:
        first = parameter.free and parameter.constraint.kind == ORDERED
        for i in range(parameter.free):
            is_free = first and i % parameter.shape[-1] == 0
            constraints.append(parameter.constraint._replace(kind=REAL) if is_free else parameter.constraint)
    return constraints


def place(model, position):
    """The first few numbers of an unconstrained position, by name."""
    shown = [f"{n} = {v:.3g}" for n, v in zip(component_names(model)[:4], position, strict=False)]
    named = ", ".join(shown + ["..."] * (len(position) > 4))
    return named + (" (unconstrained)" if any(p.constraint.kind != REAL for p in model.parameters) else "")


def chain_rule(constraint, x):
    """(d value / d x, d log Jacobian / d x) of a scalar constraint, or one of an ordered vector's steps; else nan."""
    if constraint.kind in (LOWER, UPPER, ORDERED):
        return (-1.0 if constraint.kind == UPPER else 1.0) * np.exp(x), np.ones_like(x)
    if constraint.kind == INTERVAL:
        p = 1.0 / (1.0 + np.exp(-x))
        return (constraint.upper - constraint.lower) * p * (1.0 - p), 1.0 - 2.0 * p
    return np.full_like(x, math.nan), np.full_like(x, math.nan)


def line_of(error, function):
    """Where in the file of an author's function an error arose: `heights.py, line 31: gradient[3] = 1.0`; or "".

    Where it arose in what that function calls, the line that calls it.
    """
    file = getattr(function, "py_func", function).__code__.co_filename
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file:
            return f"{os.path.basename(file)}, line {frame.lineno}" + (f": {frame.line}" if frame.line else "")
    return ""


def first_line(error):
    """An error in one line: its type, and the first line of its text that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
