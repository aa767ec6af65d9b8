"""How the numbers of a frame are written: what a reader wants to see of them, not all that is known.

Numbers have two decimals, as in the lecture; counts have none; a column of small numbers has as many as it needs.
"""

import math
from numbers import Integral, Real
from typing import NamedTuple

import pandas as pd

DECIMALS, MOST_DECIMALS = 2, 6
MINUS = "\N{MINUS SIGN}"  # as wide as a plus
COUNTS = ("n_eff", "ess")  # what an effective sample size is called, first letters
APART = ("exact", "published", "refitted")  # what the fit is compared with; not of the fit


class GridColumn(NamedTuple):
    group: str  # what stands above several columns; "" for nothing
    label: str
    is_number: bool
    is_apart: bool  # is not of the fit
    is_first: bool  # of its group
    cells: tuple  # of texts, one a row


class Grid(NamedTuple):
    """A frame as texts."""

    corner: tuple  # for each level of the rows' labels what it is called, or ""; of none where rows are only counted
    labels: tuple  # for each row a tuple: a text for each level
    columns: tuple  # of GridColumn
    groups: tuple  # (group, how many columns, is_apart) of neighbours, from left to right; () if no column has a group


def grid(frame):
    """`frame` as texts.

    Columns are grouped by the first of two levels, or where a name begins with a word of `APART` and goes on
    ("exact mean"). A number that is missing is an empty text. Rows that are only counted, 0, 1, ..., have no labels.
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


def number(value, decimals=DECIMALS):
    """`value` with so many decimals, thousands apart."""
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    text = f"{value:,.{decimals}f}"
    is_zero = not text.strip("-0.,")
    return text.lstrip("-") if is_zero else text.replace("-", MINUS)


def _group_and_label(name):
    if isinstance(name, tuple):
        return str(name[0]), " ".join(str(level) for level in name[1:])
    first, _, rest = str(name).partition(" ")
    return (first, rest) if rest and first in APART else ("", str(name))


def _row_labels(index):
    if isinstance(index, pd.RangeIndex) and index.name is None:
        return (), tuple(() for _ in index)
    labels = tuple(tuple(map(str, row)) if isinstance(row, tuple) else (str(row),) for row in index)
    return tuple("" if name is None else str(name) for name in index.names), labels


def _groups(columns):
    """The upper row of headings; the ungrouped columns between two groups are one of it."""
    groups = []
    for column in columns:
        if groups and groups[-1][0] == column.group:
            groups[-1][1] += 1
        else:
            groups.append([column.group, 1, column.is_apart])
    return tuple(map(tuple, groups)) if any(group for group, _, _ in groups) else ()


def _texts(label, values):
    decimals = _decimals(label, [abs(value) for value in values if _is_number(value) and math.isfinite(value)])
    return tuple(_text(value, decimals) for value in values)


def _text(value, decimals):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if pd.isna(value):
        return ""
    return number(value, decimals) if _is_number(value) else str(value)


def _decimals(label, sizes):
    """As many as the column's numbers, without their signs, need; at least two digits of the largest are seen."""
    if label.startswith(COUNTS) or all(isinstance(size, Integral) for size in sizes):
        return 0
    largest = max(sizes)
    return DECIMALS if largest == 0 else min(max(DECIMALS, 1 - math.floor(math.log10(largest))), MOST_DECIMALS)


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)
