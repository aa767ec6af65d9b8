"""Names that two things have: columns of tables, and what the link function gives."""

from hmc.checking.findings import Fault
from hmc.parameters import element_names
from hmc.results.coordinates import SAMPLE_DIMS
from hmc.sampler.chain import Record


def shared_columns(others, quantities, kind):
    """Of columns of tables that `quantities`, {name: shape}, share with the `others`, one another, or statistics.

    Export puts underscores behind their names, so that none is lost, but nobody would guess which is which.
    """
    statistics = {f"{name}__": name for name in Record._fields[1:]}
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


def _columns(name, shape):
    return element_names(f"{name}_" if name in SAMPLE_DIMS else name, shape)


def shared_with_link(model, quantities, kind):
    """Whether one of `quantities`, {name: shape}, hides what the link function gives."""
    link = getattr(model.link, "py_func", model.link)
    name = "" if link is None else link.__name__.rstrip("_")
    if name in quantities:
        message = f"the link function and a {kind} are both called {name}, so fit[{name!r}] gives the {kind}"
        yield Fault("name", name, message, "Rename the function.")
