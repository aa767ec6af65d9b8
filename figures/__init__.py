"""The figures of the lecture, by name.

`figures.draw("tanks", {"mST": fit})` is a matplotlib Figure, `figures.names()` lists them all, `figures.needs("tanks")`
says which models to fit for one. A figure is a function of fits, in the module of its part of the lecture; it fits
nothing itself. It is listed by one line of `_ENTRIES`. matplotlib is imported when something is drawn.
"""

import importlib
import inspect
from typing import NamedTuple

__all__ = ["describe", "draw", "names", "needs"]


class _Entry(NamedTuple):
    home: str  # the module; the function has the figure's name, and takes the fits, then options
    needs: tuple  # models, in the order of the function's arguments
    summary: str


_ENTRIES = {
    "tanks": _Entry(
        "reedfrogs", ("mST",), "survival in each tank: raw proportion, posterior mean and interval, and the population"
    ),
}


def names():
    """The names of all figures, in the order of the lecture."""
    return list(_ENTRIES)


def describe(name):
    """What the figure shows, in a line; ValueError for an unknown name."""
    return _entry(name).summary


def needs(name):
    """The names of the models whose fits the figure shows; ValueError for an unknown name."""
    return list(_entry(name).needs)


def draw(name, fits, **options):
    """The figure called `name`, a matplotlib Figure, from `fits`, a dict of fits by name of the model.

    `options` are the figure's own, such as `data`. Fits that it does not need are left alone. ValueError for an unknown
    name or option, a fit that is missing, or one that the figure cannot be drawn from.
    """
    entry = _entry(name)
    missing = [model for model in entry.needs if model not in fits]
    if missing:
        raise ValueError(f"{name} needs a fit of {missing[0]}; given: {', '.join(fits) or 'none'}")
    function = getattr(importlib.import_module(f"figures.{entry.home}"), name)
    known = list(inspect.signature(function).parameters)[len(entry.needs) :]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise ValueError(f"{name} has no option {unknown[0]}; its options are {', '.join(known) or 'none'}")
    return function(*[fits[model] for model in entry.needs], **options)


def _entry(name):
    if name not in _ENTRIES:
        raise ValueError(f"no figure is called {name}; known: {', '.join(_ENTRIES)}")
    return _ENTRIES[name]
