"""Tables that people bring: read, checked cell by cell, and refused in one line that says where and why.

A data set is described once, as a `Table` of columns; `read` then takes a pandas DataFrame, the path of a CSV file,
or None for the set that is bundled, and returns arrays that need no further check. Rows count from 1, as a person
counts them below the header. Neither pandas nor anything else slow is imported here.
"""

import csv
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

BUNDLED = Path(__file__).parent / "data"
MISSING = frozenset({"", "NA", "NaN", "nan", "None", "<NA>", "NaT"})
LARGEST_COUNT = 2**53  # above, float64 skips whole numbers


class Column(NamedTuple):
    """A column and what its cells must be."""

    name: str
    parse: Callable  # text of a cell -> value; raises ValueError with the complaint that completes "name = text"


class Table(NamedTuple):
    """A data set: its columns and the claims that relate them."""

    name: str
    columns: tuple
    checks: tuple = ()  # functions of one row (a dict); raise ValueError with the complaint, after "row 17: "
    separator: str = ","
    source: str = ""  # where the file is to be had, for whoever names one that does not exist


def number(name):
    """A column of finite numbers."""
    return Column(name, _finite)


def count(name, least=0, most=LARGEST_COUNT):
    """A column of whole numbers from `least` to `most`."""

    def parse(text):
        value = _finite(text)
        if value != math.floor(value):
            raise ValueError("is not a whole number")
        if value < least:
            raise ValueError("is negative" if value < 0 else f"is less than {least}")
        if value > most:
            raise ValueError(f"is more than {most}")
        return value

    return Column(name, parse)


def choice(name, *options):
    """A column of words, each one of `options`."""

    def parse(text):
        if text not in options:
            raise ValueError(f"is not one of {', '.join(options)}")
        return text

    return Column(name, parse)


def label(name):
    """A column of names, whatever they are."""
    return Column(name, str)


def at_most(name, bound):
    """A check: the number in column `name` does not exceed the one in column `bound`."""

    def check(row):
        if row[name] > row[bound]:
            raise ValueError(f"{name} = {row[name]:.15g} is more than {bound} = {row[bound]:.15g}")

    return check


def read(table, data=None):
    """The checked columns of `table`, a dict of arrays: float64 for numbers and counts, str for choices and labels.

    `data` is a DataFrame, a path, or None for the bundled file `<table.name>.csv`; columns beyond the table's are
    ignored. Raises ValueError, one line that begins with the table's name.
    """
    try:
        return _checked(table, _cells(table, data))
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def names_in(table, data):
    """The names of the columns that `data`, a DataFrame or a path, has, whatever separates them in a file.

    ValueError, one line, where the file cannot be read.
    """
    try:
        if isinstance(data, (str, os.PathLike)):
            rows = _rows_of_file(table, Path(data))
            header = table.separator.join(rows[0]) if rows else ""
            return [name.strip().strip('"') for name in re.split("[,;\t]", header)]
        return [str(name) for name in getattr(data, "columns", ())]
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def _cells(table, data):
    """The columns as lists of cells, whatever `data` is."""
    if data is None:
        return _cells_of_file(table, BUNDLED / f"{table.name}.csv")
    if isinstance(data, (str, os.PathLike)):
        return _cells_of_file(table, Path(data))
    if hasattr(data, "columns") and hasattr(data, "__getitem__") and not isinstance(data, tuple):
        return _cells_of_frame(table, data)
    raise ValueError(f"data must be a DataFrame, the path of a CSV file, or None, not {type(data).__name__}")


def _cells_of_frame(table, frame):
    names = [str(name) for name in frame.columns]
    _require_columns(table, names, "the frame")
    return {column.name: frame[column.name].tolist() for column in table.columns}


def _cells_of_file(table, path):
    rows = _rows_of_file(table, path)
    if not rows:
        raise ValueError(f"{path} is empty")
    header = [name.strip() for name in rows[0]]
    if len(header) == 1 and len(table.columns) > 1:
        for other in {",", ";", "\t"} - {table.separator}:
            if other in header[0]:
                raise ValueError(f"{path} is separated by {other!r}, not by {table.separator!r}")
    _require_columns(table, header, path)
    for number_of_row, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise ValueError(f"row {number_of_row}: {len(row)} fields under a header of {len(header)}")
    columns = dict(zip(header, zip(*rows[1:], strict=True), strict=False))
    return {column.name: columns.get(column.name, ()) for column in table.columns}


def _rows_of_file(table, path):
    """Every line that is not blank, split into fields."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return [row for row in csv.reader(file, delimiter=table.separator, skipinitialspace=True) if row]
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(f"{path} is not text in UTF-8 (byte {byte:#04x} at position {error.start})") from None
    except FileNotFoundError:
        raise ValueError(f"no such file: {path}{table.source and f'; {table.source}'}") from None
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except csv.Error as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from None


def _require_columns(table, present, where):
    wanted = [column.name for column in table.columns]
    missing = [name for name in wanted if name not in present]
    if missing:
        raise ValueError(
            f"no column {', '.join(missing)} in {where}; needed: {', '.join(wanted)}; there: {', '.join(present)}"
        )
    twice = [name for name in wanted if present.count(name) > 1]
    if twice:
        raise ValueError(f"column {twice[0]} stands twice in {where}")


def _checked(table, cells):
    n_rows = len(cells[table.columns[0].name])
    if n_rows == 0:
        raise ValueError("there are no rows")
    values = {column.name: [] for column in table.columns}
    for i in range(n_rows):
        try:
            row = {column.name: _parsed(column, cells[column.name][i]) for column in table.columns}
            for check in table.checks:
                check(row)
        except ValueError as error:
            raise ValueError(f"row {i + 1}: {error}") from None
        for name, value in row.items():
            values[name].append(value)
    return {name: np.array(column) for name, column in values.items()}


def _parsed(column, cell):
    text = str(cell).strip()
    if text in MISSING:
        raise ValueError(f"{column.name} is missing")
    try:
        return column.parse(text)
    except ValueError as error:
        raise ValueError(f"{column.name} = {text} {error}") from None


def _finite(text):
    try:
        value = float(text)
    except ValueError:
        raise ValueError("is not a number") from None
    if not math.isfinite(value):
        raise ValueError("is not finite")
    return value
