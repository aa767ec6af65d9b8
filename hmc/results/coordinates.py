"""Checks of the names, dimensions and labels that `Fit.to_arviz` is given.

Every message begins with the name of the fit, and has the argument and its value.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

SAMPLE_DIMS = ("chain", "draw")


def texts(fit_name: str, argument: str, value: object) -> list[str]:
    """A text, or several, as a list; ValueError for anything else."""
    given: list[Any] = [*value] if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    if not all(isinstance(text, str) for text in given):
        raise ValueError(f"{fit_name}: {argument} = {_shown(value)} is neither a text nor a list of texts")
    return given


def checked_dims(fit_name: str, dims: object, names: Collection[str]) -> dict[str, list[str]]:
    """{name of a variable: [its dimensions]}; ValueError if `dims` is not such a dict, or has a name not in `names`."""
    checked: dict[str, list[str]] = {}
    for name, given in _dict(fit_name, "dims", dims).items():
        if name not in names:
            raise ValueError(f"{fit_name}: dims has {_shown(name)}, which is none of {', '.join(sorted(names))}")
        checked[name] = texts(fit_name, f"dims[{name!r}]", given)
        for dim in checked[name]:
            if dim in SAMPLE_DIMS or checked[name].count(dim) > 1:
                why = "is the dimension of all draws" if dim in SAMPLE_DIMS else "stands there twice"
                raise ValueError(f"{fit_name}: dims[{name!r}] = {_shown(given)}: {dim} {why}")
    return checked


def checked_coords(fit_name: str, coords: object, dims: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """{dimension: its labels}; ValueError if `coords` is not such a dict, or labels a dimension that `dims` lacks."""
    checked = _dict(fit_name, "coords", coords)
    for dim, labels in list(checked.items()):
        if not any(dim in named for named in dims.values()):
            known = f"{fit_name}: coords has {_shown(dim)}, which no variable has as a dimension"
            raise ValueError(f"{known}; name it in dims")
        if not _is_row(labels):
            raise ValueError(f"{fit_name}: coords[{dim!r}] = {_shown(labels)} is not a list of labels")
        if isinstance(labels, tuple):  # which has a meaning of its own in xarray
            checked[dim] = list(labels)
    return checked


def check_extents(
    place: str, variables: Mapping[str, tuple[Sequence[str], np.ndarray]], coords: Mapping[str, Any]
) -> None:
    """ValueError if a dimension has not the length of its labels, or not the same length in all variables.

    variables: {name: (dims, array)}.
    """
    first: dict[str, tuple[str, int]] = {}
    for name, (dims, values) in variables.items():
        for dim, extent in zip(dims, np.shape(values), strict=True):
            if dim in coords and len(coords[dim]) != extent:
                known = f"coords[{dim!r}] = {_shown(coords[dim])} has {len(coords[dim])} labels"
                raise ValueError(f"{place}: {known}, but {name} has {extent} elements there")
            other, length = first.setdefault(dim, (name, extent))
            if length != extent:
                raise ValueError(f"{place}: dims has {dim} for {other} and {name}, of {length} and {extent} elements")


def _dict(fit_name: str, argument: str, value: object) -> dict[Any, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{fit_name}: {argument} = {_shown(value)} is not a dict")
    return dict(value or {})


def _is_row(labels: Any) -> bool:
    try:
        return np.ndim(labels) == 1
    except ValueError:  # lists of different lengths
        return False


def _shown(value: object, most: int = 60) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= most else f"{text[:most]}..."
