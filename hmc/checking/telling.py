"""The kinds of faults, and the summary of a model without findings."""

from collections.abc import Iterable
from typing import NamedTuple

from hmc.checking.findings import Fault
from hmc.checking.prior import can_be_compared
from hmc.display import as_html
from hmc.model import Model

KINDS = {
    "compile": "a function does not compile, or returns no number",
    "raises": "a function raises an exception",
    "outside": "it reads or writes outside of its arrays",
    "state": "its result depends on more than its arguments",
    "changes": "it changes the position or the data",
    "unwritten": "a component of the gradient is not written, or added to what stood there",
    "data": "the data hold nan",
    "nowhere": "the density is finite nowhere near where chains start",
    "value": "the density is nan or +inf",
    "size": "the density is too large to tell neighbouring positions apart",
    "constraint": "the density ends where the unconstrained number reaches the bound of the value",
    "gradient": "the gradient is not that of the density",
    "jump": "the density jumps",
    "unused": "the density does not depend on a component",
    "improper": "the density has no finite integral",
    "prior": "the density is not that of what `simulate` and `simulate_data` draw",
    "name": "a name stands for two things",
    "function": "log_likelihood, link, derived, simulate or simulate_data does not give what it must",
}


class Checked(NamedTuple):
    """The findings of a check, and how much it looked at."""

    findings: list[Fault]
    compared: int  # positions at which the gradient was compared with differences; 0 if the check ended before that
    unknown: tuple[str, ...]  # in words, what could not be checked


class CheckReport(list[Fault]):
    """The faults of a model, a list. `str` is the text of `hmc check`: the faults, or what was looked at."""

    def __init__(self, faults: Iterable[Fault], name: str = "", told: str = "") -> None:
        super().__init__(faults)
        self.name = name  # of the model
        self.told = told  # in words, what was checked, if there are no faults

    def __str__(self) -> str:
        return "\n".join(f"{self.name}: {fault}" for fault in self) if self else self.told

    _repr_html_ = as_html


def report(model: Model, checked: Checked) -> CheckReport:
    """The report on a model from what was found."""
    return CheckReport(checked.findings, model.name, "" if checked.findings else summary(model, checked))


def given(model: Model) -> list[str]:
    """The names of the functions that the model has besides log_density."""
    roles = ("log_likelihood", "link", "derived", "simulate", "simulate_data")
    return [role for role in roles if getattr(model, role) is not None]


def summary(model: Model, checked: Checked) -> str:
    """In words, what was checked and what was not, for a model without findings."""
    points = "1 point" if checked.compared == 1 else f"{checked.compared} points"
    parts = [
        f"the gradient agrees with the density, all {model.dimension} components at {points}",
        "nothing is written or read outside of its arrays; the density is a number out to 700, has no jumps on the "
        "lines tried, and falls along every axis",
    ]
    if roles := given(model):
        parts.append(f"{', '.join(roles)}: no fault found")
    if can_be_compared(model):
        parts.append("where it was compared, the density agrees on average with what the model simulates")
    parts += [f"not known: {unknown}" for unknown in checked.unknown]
    return "\n".join(f"{model.name}: {part}" for part in parts)


def not_simulated(model: Model) -> str:
    """In words, what a check cannot know of a model that does not simulate."""
    lacking = [role for role in ("simulate", "simulate_data") if getattr(model, role) is None]
    is_bounded = any(parameter.constraint.kind for parameter in model.parameters)
    what = "prior, likelihood and Jacobians" if is_bounded else "prior and likelihood"
    return f"whether {what} are as intended: the model has no {' and no '.join(lacking)} to compare them with"
