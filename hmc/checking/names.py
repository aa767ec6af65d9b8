"""Names that stand for two things: two columns of a table, or a quantity and the link function."""

from collections.abc import Iterator, Mapping

from hmc.checking.findings import Fault
from hmc.model import Model
from hmc.parameters import element_names
from hmc.results.coordinates import SAMPLE_DIMS
from hmc.sampler.chain import MacroRecord


def shared_columns(others: Mapping[str, tuple], quantities: Mapping[str, tuple], kind: str) -> Iterator[Fault]:
    """Findings for table columns that `quantities`, {name: shape}, share with each other, the `others` or statistics.

    Export appends underscores to such names, so that no column is lost, but nobody could tell which is which.
    """
    statistics = {f"{name}__": name for name in MacroRecord._fields[1:]}
    seen = {label: name for name, shape in others.items() for label in _columns(name, shape)}
    for name, shape in quantities.items():
        for label in _columns(name, shape):
            if label in statistics:
                message = f"{label} is a {kind}, and in tables the sampler's statistic {statistics[label]}"
                yield Fault("name", label, message, f"Give the {kind} another name.")
            if label in seen:
                message = f"{seen[label]} and the {kind} {name} would both be called {label} in tables"
                yield Fault("name", label, message, "Give one of them another name.")
            seen.setdefault(label, name)


def _columns(name: str, shape: tuple) -> list[str]:
    return element_names(f"{name}_" if name in SAMPLE_DIMS else name, shape)


def shared_with_link(model: Model, quantities: Mapping[str, tuple], kind: str) -> Iterator[Fault]:
    """A finding if one of `quantities`, {name: shape}, hides the result of the link function."""
    link = getattr(model.link, "py_func", model.link)
    name = "" if link is None else link.__name__.rstrip("_")
    if name in quantities:
        message = f"the link function and a {kind} are both called {name}, so fit[{name!r}] gives the {kind}"
        yield Fault("name", name, message, "Rename the function.")
