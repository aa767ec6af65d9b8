"""Tables of draws, a row each: CmdStan's CSV, and those of R, pandas and spreadsheets."""

from __future__ import annotations

import csv
import io
import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = dict[str, NDArray[Any]]

# Columns that say which chain or draw a row is of, in R's and pandas' spelling, whatever the case.
_CHAIN = ("chain", ".chain", "chain_id", "chain__")
_COUNTERS = ("draw", ".draw", "iteration", ".iteration", "draw__", "iter__")
_ROW_NAMES = ("", "Unnamed: 0")  # R's and pandas' names of rows


def draws_in_table(text: str) -> Table:
    """Draws (chains, draws) of each column of numbers; without warm-up, the sampler's columns and columns of words.

    Fields are separated by commas, semicolons or tabs. Chains are told apart by a column `chain`, and their draws are
    in the order of a column `draw` or `iteration`. ValueError, which names column or row, for anything else.
    """
    lines = text.splitlines()
    rows = [line for line in lines if line.strip() and not line.lstrip(' "').startswith("#")]
    rows = rows[1:] if rows and rows[0].lower().lstrip('"').startswith("sep=") else rows  # Excel's first line
    if len(rows) < 2:
        raise ValueError("it has no rows of draws")
    names, columns = _columns(rows, _separator(rows[0]))
    first = _warmup_rows(lines)
    table = {name: column[first:] for name, column in zip(names, columns, strict=True)}
    by_chain = _rows_of_chains(table)
    kept = [name for name in table if not (name in _ROW_NAMES or name.endswith("__") or _is_label(name))]
    numbers = {name: _as_numbers(name, table[name]) for name in kept}
    draws = {name: np.stack([values[rows] for rows in by_chain]) for name, values in numbers.items() if len(values)}
    if kept and not draws and len(table[kept[0]]):
        raise ValueError(f"no column has numbers: {kept[0]!r} is {table[kept[0]][0]!r} in row 1")
    return draws


def _is_label(name: str) -> bool:
    return name.lower() in (*_CHAIN, *_COUNTERS)


def _separator(header: str) -> str:
    """The separator of a header, whose names may have commas, as `b[1,2]` has."""
    outside = re.sub(r'"[^"]*"', "", header)
    return next((mark for mark in ("\t", ";") if mark in outside), ",")


def _columns(rows: list[str], separator: str) -> tuple[list[str], list[NDArray[Any]]]:
    """(names, columns) of a table; ValueError for a name that appears twice, and for rows of unequal lengths."""
    import pandas as pd

    names = [name.strip() for name in next(csv.reader(rows[:1], delimiter=separator))]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ValueError(f"two columns are called {twice[0]!r}")
    width = _checked_width(rows, separator, len(names))
    # A decimal comma, where it separates nothing.
    decimal = "," if separator != "," and any("," in row for row in rows[1:]) else "."
    row_names = [""] * (width - len(names))  # R's write.table gives them no name
    text = io.StringIO("\n".join(rows[1:]))
    frame = pd.read_csv(text, sep=separator, decimal=decimal, names=range(width), header=None, skipinitialspace=True)
    return [*row_names, *names], [frame[place].to_numpy() for place in frame]


def _checked_width(rows: list[str], separator: str, width: int) -> int:
    """How many fields every row has: as many as the header, or one more, the row's name."""
    found = width
    for number, fields in enumerate(csv.reader(rows[1:], delimiter=separator), start=1):
        if number == 1 and len(fields) == width + 1:
            found = width + 1
        if len(fields) != found:
            raise ValueError(f"row {number} has {len(fields)} fields under a header of {width}")
    return found


def _warmup_rows(lines: list[str]) -> int:
    """How many rows of CmdStan's file are warm-up, where it was saved: those above the comment that ends it.

    Without adaptation nothing ends it; then as many as its settings say.
    """
    ends = [i for i, line in enumerate(lines) if re.match(r"#\s*Adaptation terminated", line)]
    if ends:
        above = [line for line in lines[: ends[0]] if line.strip() and not line.startswith("#")]
        return max(0, len(above) - 1)
    settings: dict[str, str] = dict(re.findall(r"^#\s*(\w+)\s*=\s*(\S+)", "\n".join(lines), flags=re.MULTILINE))
    if settings.get("save_warmup") not in ("1", "true"):
        return 0
    name = next((name for name in ("num_warmup", "warmup") if name in settings), "num_warmup")  # CmdStan's, and RStan's
    return math.ceil(_count(settings, name, 1000) / max(1, _count(settings, "thin", 1)))


def _count(settings: dict[str, str], name: str, default: int) -> int:
    """A whole number of CmdStan's settings; ValueError if it is none."""
    text = settings.get(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text):
        raise ValueError(f"its settings say {name} = {text}, which is not a whole number")
    return int(text)


def _rows_of_chains(table: Table) -> list[NDArray[np.int64]]:
    """The rows of each chain, in the order of its draws."""
    size = len(next(iter(table.values())))
    chain = next((table[name] for name in table if name.lower() in _CHAIN), np.zeros(size))
    missing = np.flatnonzero([label is None or label != label for label in chain.tolist()])
    if missing.size:
        raise ValueError(f"row {missing[0] + 1} does not say which chain it is of")
    by_chain = [np.flatnonzero(chain == label) for label in dict.fromkeys(chain.tolist())]
    sizes = {len(rows) for rows in by_chain}
    if len(sizes) > 1:
        raise ValueError(f"its chains have from {min(sizes)} to {max(sizes)} draws; they need one number")
    counters = [name for name in table if name.lower() in _COUNTERS and table[name].dtype.kind in "iuf"]
    for name in counters:
        for rows in by_chain:
            if len(np.unique(table[name][rows])) < len(rows):
                raise ValueError(f"{name} has the same number in two rows of one chain; a column `chain` is needed")
    if counters:
        by_chain = [rows[np.argsort(table[counters[0]][rows], kind="stable")] for rows in by_chain]
    return by_chain


def _as_numbers(name: str, column: NDArray[Any]) -> NDArray[np.float64]:
    """A column as numbers; none at all where it has words only. ValueError where it has both."""
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    cells = column.tolist()
    numbers = [_number(cell) for cell in cells]
    if not any(number is not None and number == number for number in numbers):
        return np.empty(0)
    if None in numbers:
        row = numbers.index(None)
        raise ValueError(f"{name} is {cells[row]!r} in row {row + 1}, not a number")
    return np.array(numbers, dtype=np.float64)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
