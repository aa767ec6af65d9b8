"""What a caller of `Fit.to_arviz` calls things: names, dimensions and labels, refused in one line where they cannot be.

Every message begins with the name of the fit, and has the argument and its value.
"""

from collections.abc import Iterable, Mapping

import numpy as np

SAMPLE_DIMS = ("chain", "draw")


def texts(fit_name, argument, value):
    """The list that a text, or several, stand for; ValueError for what is neither."""
    given = [value] if isinstance(value, str) else value
    given = [*given] if isinstance(given, Iterable) else [given]
    if not all(isinstance(text, str) for text in given):
        raise ValueError(f"{fit_name}: {argument} = {_shown(value)} is neither a text nor a list of texts")
    return given


def checked_dims(fit_name, dims, names):
    """{name of a variable: [its dimensions]}; ValueError for what is no such dict, or has a name not of `names`."""
    checked = {}
    for name, given in _dict(fit_name, "dims", dims).items():
        if name not in names:
            raise ValueError(f"{fit_name}: dims has {_shown(name)}, which is none of {', '.join(sorted(names))}")
        checked[name] = texts(fit_name, f"dims[{name!r}]", given)
        for dim in checked[name]:
            if dim in SAMPLE_DIMS or checked[name].count(dim) > 1:
                why = "is the dimension of all draws" if dim in SAMPLE_DIMS else "stands there twice"
                raise ValueError(f"{fit_name}: dims[{name!r}] = {_shown(given)}: {dim} {why}")
    return checked


def checked_coords(fit_name, coords, dims):
    """{dimension: its labels}; ValueError for what is no such dict, or labels a dimension that `dims` does not have."""
    coords = _dict(fit_name, "coords", coords)
    for dim, labels in list(coords.items()):
        if not any(dim in named for named in dims.values()):
            known = f"{fit_name}: coords has {_shown(dim)}, which no variable has as a dimension"
            raise ValueError(f"{known}; name it in dims")
        if not _is_row(labels):
            raise ValueError(f"{fit_name}: coords[{dim!r}] = {_shown(labels)} is no list of labels")
        if isinstance(labels, tuple):  # which has a meaning of its own in xarray
            coords[dim] = list(labels)
    return coords


def check_extents(place, variables, coords):
    """ValueError where a dimension of `variables`, {name: (dims, array)}, is not as long as its labels or elsewhere."""
    first = {}
    for name, (dims, values) in variables.items():
        for dim, extent in zip(dims, np.shape(values), strict=True):
            if dim in coords and len(coords[dim]) != extent:
                known = f"coords[{dim!r}] = {_shown(coords[dim])} has {len(coords[dim])} labels"
                raise ValueError(f"{place}: {known}, but {name} has {extent} elements there")
            other, length = first.setdefault(dim, (name, extent))
            if length != extent:
                raise ValueError(f"{place}: dims has {dim} for {other} and {name}, of {length} and {extent} elements")


def _dict(fit_name, argument, value):
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{fit_name}: {argument} = {_shown(value)} is no dict")
    return dict(value or {})


def _is_row(labels):
    try:
        return np.ndim(labels) == 1
    except ValueError:  # lists of different lengths
        return False


def _shown(value, most=60):
    text = " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[:most]}..."
