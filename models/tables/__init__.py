"""Tables of data: read, checked cell by cell, and refused in one line that says where and why.

A data set is described once, as a `Table` of columns; `read` then takes a pandas DataFrame, the path of a CSV file,
or None for the set that is bundled, and returns arrays that need no further check. Rows count from 1, as a person
counts them below the header, and of several faults the first is named. Neither pandas nor anything else slow is
imported here.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.tables.columns import Column, choice, count, label, number, parsed, shown
from models.tables.sources import FilePath, Source, TableData, is_path, source_of_file, source_of_frame

__all__ = [
    "BUNDLED",
    "Column",
    "Columns",
    "Table",
    "TableData",
    "at_most",
    "choice",
    "count",
    "further_names",
    "label",
    "names_in",
    "number",
    "read",
    "shown",
]

BUNDLED = Path(__file__).parents[1] / "data"

Columns: TypeAlias = dict[str, NDArray[Any]]  # by name: float64, or str for choices and labels
Row: TypeAlias = dict[str, Any]


class Table(NamedTuple):
    """A data set: its columns and the claims that relate them."""

    name: str
    columns: tuple[Column, ...]
    checks: tuple[
        Callable[[Row], None], ...
    ] = ()  # functions of one row (a dict); raise ValueError with the complaint, after "row 17: "
    source: str = ""  # where to get the file; part of the message where it does not exist


def at_most(name: str, bound: str) -> Callable[[Row], None]:
    """A check: the number in column `name` does not exceed the one in column `bound`."""

    def check(row: Row) -> None:
        if row[name] > row[bound]:
            raise ValueError(f"{name} = {row[name]:.15g} is more than {bound} = {row[bound]:.15g}")

    return check


def read(table: Table, data: TableData = None) -> Columns:
    """The checked columns of `table`, a dict of arrays: float64 for numbers and counts, str for choices and labels.

    `data` is a DataFrame, a path, or None for the bundled file `<table.name>.csv`; columns beyond the table's are
    ignored. Raises ValueError, one line that begins with the table's name.
    """
    try:
        return _checked(table, _source(table, data))
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def names_in(table: Table, data: TableData) -> list[str]:
    """The names of the columns that `data`, a DataFrame or a path, has.

    ValueError, one line, where there are none to read.
    """
    try:
        return _source(table, data).names
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def further_names(table: Table, data: TableData) -> list[str]:
    """The names of the columns of `data` that `read` ignores."""
    known = {column.name for column in table.columns}
    return [name for name in _source(table, data).names if name not in known]


def _source(table: Table, data: TableData) -> Source:
    if data is None:
        data = BUNDLED / f"{table.name}.csv"
    if is_path(data):
        return _source_of_file(table, data)
    return source_of_frame(data)


def _source_of_file(table: Table, path: FilePath) -> Source:
    try:
        return source_of_file(path, [column.name for column in table.columns])
    except FileNotFoundError as error:
        raise ValueError(f"{error}{table.source and f'; {table.source}'}") from None


def _checked(table: Table, source: Source) -> Columns:
    _require_columns(table, source)
    values: dict[str, list[float | str]] = {column.name: [] for column in table.columns}
    places = {column.name: source.names.index(column.name) for column in table.columns}
    rows = source.rows([*places.values()])
    with_point = source.decimals([places[column.name] for column in table.columns if column.is_number])
    number_of_row = 1
    try:
        for cells in rows:
            pairs = zip(table.columns, cells, strict=True)
            row = {column.name: parsed(column, cell, with_point) for column, cell in pairs}
            for check in table.checks:
                check(row)
            for name, value in row.items():
                values[name].append(value)
            number_of_row += 1
    except ValueError as error:
        raise ValueError(f"row {number_of_row}: {error}") from None
    if number_of_row == 1:
        raise ValueError("there are no rows")
    return {name: np.array(column) for name, column in values.items()}


def _require_columns(table: Table, source: Source) -> None:
    wanted = [column.name for column in table.columns]
    missing = [name for name in wanted if name not in source.names]
    if missing:
        there = ", ".join(shown(name) for name in source.names)
        needed = f"; needed: {', '.join(wanted)}" if len(missing) <= 4 else ""  # else nearly the same names again
        raise ValueError(
            f"no column {', '.join(missing)} in {source.where}{needed}; there: {shown(there, most=80) or 'none'}"
            f"{source.hint(missing)}"
        )
    twice = [name for name in wanted if source.names.count(name) > 1]
    if twice:
        raise ValueError(f"column {twice[0]} appears twice in {source.where}")
