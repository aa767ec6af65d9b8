"""The numbers of a frame as texts, with as many digits as a reader needs.

Numbers have two decimals, as in the lecture; counts have none; a column of small numbers has as many as it needs.
"""

import math
from collections.abc import Hashable, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple, TypeGuard

import pandas as pd

DECIMALS, MOST_DECIMALS = 2, 6
MINUS = "\N{MINUS SIGN}"  # as wide as a plus
COUNTS = ("n_eff", "ess")  # first letters of the names of an effective sample size
APART = ("exact", "published", "refitted")  # first words of columns to compare the fit with


class GridColumn(NamedTuple):
    group: str  # the heading of several columns; "" for none
    label: str
    is_number: bool
    is_apart: bool  # to compare the fit with
    is_first: bool  # of its group
    cells: tuple[str, ...]  # one for each row


class Grid(NamedTuple):
    """A frame as texts."""

    corner: tuple[str, ...]  # the names of the levels of the rows' labels, or ""; empty if rows are only counted
    labels: tuple[tuple[str, ...], ...]  # for each row a text for each level
    columns: tuple[GridColumn, ...]
    # (group, how many columns, is_apart) of neighbours, from left to right; () if no column has a group
    groups: tuple[tuple[str, int, bool], ...]


def grid(frame: pd.DataFrame) -> Grid:
    """`frame` as texts.

    Columns are grouped by the first of two levels, or if a name begins with a word of `APART` and has more
    words ("exact mean"). A missing number is an empty text. Rows that are only counted, 0, 1, ..., have no labels.
    """
    names = [_group_and_label(name) for name in frame.columns]
    columns = []
    for i, (group, label) in enumerate(names):
        values = [value for _, value in frame.iloc[:, i].items()]
        is_apart = group.startswith(APART) or label.startswith(APART)
        is_first = bool(group or is_apart) and (i == 0 or names[i - 1][0] != group or not group)
        is_number = all(_is_number(value) or pd.isna(value) for value in values)
        columns.append(GridColumn(group, label, is_number, is_apart, is_first, _texts(label, values)))
    return Grid(*_row_labels(frame.index), tuple(columns), _groups(columns))


def number(value: float, decimals: int = DECIMALS) -> str:
    """`value` with so many decimals, and commas between thousands."""
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:,.{decimals}f}"
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


def _group_and_label(name: Hashable) -> tuple[str, str]:
    if isinstance(name, tuple):
        return str(name[0]), " ".join(str(level) for level in name[1:])
    first, _, rest = str(name).partition(" ")
    return (first, rest) if rest and first in APART else ("", str(name))


def _row_labels(index: pd.Index) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    if isinstance(index, pd.RangeIndex) and index.name is None:
        return (), tuple(() for _ in index)
    labels = tuple(tuple(map(str, row)) if isinstance(row, tuple) else (str(row),) for row in index)
    return tuple("" if name is None else str(name) for name in index.names), labels


def _groups(columns: Sequence[GridColumn]) -> tuple[tuple[str, int, bool], ...]:
    """The upper row of headings; the ungrouped columns between two groups are one of it."""
    groups: list[tuple[str, int, bool]] = []
    for column in columns:
        if groups and groups[-1][0] == column.group:
            group, span, is_apart = groups.pop()
            groups.append((group, span + 1, is_apart))
        else:
            groups.append((column.group, 1, column.is_apart))
    return tuple(groups) if any(group for group, _, _ in groups) else ()


def _texts(label: str, values: Sequence[Any]) -> tuple[str, ...]:
    decimals = _decimals(label, [abs(value) for value in values if _is_number(value) and math.isfinite(value)])
    return tuple(_text(value, decimals) for value in values)


def _text(value: Any, decimals: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if pd.isna(value):
        return ""
    return number(value, decimals) if _is_number(value) else str(value)


def _decimals(label: str, sizes: Sequence[float]) -> int:
    """As many as show at least two digits of the largest of the column's numbers, without their signs."""
    if label.startswith(COUNTS) or all(isinstance(size, Integral) for size in sizes):
        return 0
    largest = max(sizes)
    return DECIMALS if largest == 0 else min(max(DECIMALS, 1 - math.floor(math.log10(largest))), MOST_DECIMALS)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)
