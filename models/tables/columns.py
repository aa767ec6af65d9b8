"""Rules for the cells of a column: numbers, counts, words, names; and the complaint about a cell that breaks them.

Cells of files are text, those of frames any objects; both are read as the same text, so that a frame and the
file it was written to mean the same.
"""

import math
import numbers
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import numpy as np

# Missing values as pandas reads them from files, and its own as text.
MISSING = frozenset(
    {"", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "NaN", "-NaN", "nan", "-nan", "NULL", "null", "None", "NaT"}
    | {"1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "#N/A N/A"}
)
# The log density of larger counts is a difference of numbers so large that no digit after its point is right.
LARGEST_COUNT = 10**9
LARGEST_NUMBER = 1e100  # sums of squares of larger ones overflow
LONGEST_LABEL = 200
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
NUMBER_WITH_COMMAS = re.compile(r"[+-]?\d*(,\d+)+(\.\d*)?", re.ASCII)
INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
TRUTH = {"True": "1", "TRUE": "1", "true": "1", "False": "0", "FALSE": "0", "false": "0"}
# No name or word has these; they come from a wrong encoding or from damage. The last are lone halves of characters.
_DAMAGE = "\x00-\x1f\x7f-\x9f\u2028\u2029\ufffd\ud800-\udfff"
# Nobody sees these, so that two names with and without them look the same: Unicode's "default ignorable" characters.
_UNSEEN = "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff"
_UNSEEN += "\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
# Joiners and variants have a place, but not beside ASCII: joiners between letters that they join, variants after one.
_JOINERS, _VARIANTS, _ASCII = "\u200c\u200d", "\u180b-\u180f\ufe00-\ufe0f", "\x00-\x7f"
DAMAGE = re.compile(f"[{_DAMAGE}{_UNSEEN}]|(?<![^{_ASCII}])[{_JOINERS}{_VARIANTS}]|[{_JOINERS}](?![^{_ASCII}])")
BLANKS = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")  # other widths of a blank
TIMES = (np.datetime64, np.timedelta64)  # `numbers` or `item` takes these for whole numbers


class Column(NamedTuple):
    """A column and the rule for its cells."""

    name: str
    # Text of a cell -> value; raises ValueError with the complaint that completes "name = text".
    parse: Callable[[str], float | str]
    is_number: bool = False


def number(name: str) -> Column:
    """A column of finite numbers, none beyond 1e100."""

    def parse(text: str) -> float:
        value = _finite(text)
        if abs(value) > LARGEST_NUMBER:
            raise ValueError(f"is too large: at most {LARGEST_NUMBER:g}")
        return value

    return Column(name, parse, is_number=True)


def count(name: str, least: int = 0, most: int = LARGEST_COUNT) -> Column:
    """A column of whole numbers from `least` to `most`; where these are 0 and 1, it also takes true and false."""
    truth = TRUTH if (least, most) == (0, 1) else {}

    def parse(text: str) -> float:
        text = truth.get(text, text)
        value = _finite(text)
        if value < least:
            raise ValueError("is negative" if value < 0 else f"is less than {least}")
        if value > most:
            raise ValueError(f"is more than {most}")
        if not _is_whole(text):
            raise ValueError("is not a whole number")
        return value + 0.0  # -0 becomes 0

    return Column(name, parse, is_number=True)


def choice(name: str, *options: str) -> Column:
    """A column of words, each one of `options`."""

    def parse(text: str) -> str:
        if text not in options:
            raise ValueError(f"is not one of {', '.join(options)}")
        return text

    return Column(name, parse)


def label(name: str) -> Column:
    """A column of names: any text of at most 200 characters, all of which can be seen."""

    def parse(text: str) -> str:
        if len(text) > LONGEST_LABEL:
            raise ValueError(f"has {len(text)} characters; at most {LONGEST_LABEL}")
        return text

    return Column(name, parse)


def parsed(column: Column, cell: object, with_point: Callable[[str], str] = str) -> float | str:
    """The value of a cell; ValueError, one line with the column's name and the cell, where it breaks the rule.

    `with_point`: of a number's text as the file has it, to one with a decimal point.
    """
    text = text_of(column.name, cell)
    if text in MISSING:
        raise ValueError(f"{column.name} is missing")
    if not (text.isascii() and text.isprintable()) and (damage := DAMAGE.search(text)):
        which = f"U+{ord(damage.group()):04X}"
        raise ValueError(f"{column.name} = {shown(text)} has a character that does not belong in a text: {which}")
    try:
        return column.parse(with_point(text) if column.is_number else text)
    except ValueError as error:
        raise ValueError(f"{column.name} = {shown(text)} {error}") from None


def shown(value: Any, most: int = 50) -> str:
    """`value` for a message: one line of printable characters, about `most` at most."""
    try:
        text = str(value)
    except ValueError:  # a whole number of too many digits to be converted
        return f"a number of {value.bit_length()} bits"
    text = text if len(text) <= most else f"{text[: most - 15]}...{text[-12:]}"
    return text if text.isprintable() else ascii(text)


def text_of(name: str, cell: Any) -> str:
    """A cell as text, without blanks around it; ValueError where it is neither a text nor a number."""
    if isinstance(cell, str):
        return (cell if cell.isascii() else BLANKS.sub(" ", cell)).strip(" \t")
    is_time = isinstance(cell, TIMES)
    if isinstance(cell, np.generic) and not is_time:
        cell = float(cell) if isinstance(cell, np.floating) else cell.item()
    is_empty = cell is None or type(cell).__name__ in ("NAType", "NaTType") or (is_time and np.isnat(cell))
    is_number = isinstance(cell, (bool, numbers.Real, Decimal)) and not is_time
    if not (is_empty or is_number):
        raise ValueError(f"{name} is of type {type(cell).__name__}, neither a number nor a text")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        cell = int(cell)  # a whole number names the same thing in a column that has become one of floats
    if isinstance(cell, int) and cell.bit_length() > 1000:
        raise ValueError(f"{name} = {shown(cell)} is too large")
    return str(cell)


def _is_whole(text: str) -> bool:
    """Whether a number is whole before it is rounded to a float64 (1e-400 would become 0)."""
    if text.isdigit():  # as nearly all are
        return True
    try:
        exact = Decimal(text)
        return exact == exact.to_integral_value()
    except InvalidOperation:  # an exponent of 20 digits
        return False


def _finite(text: str) -> float:
    if NUMBER.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise ValueError("is too large")
        return value
    if INFINITE.fullmatch(text):
        raise ValueError("is not finite")
    hint = "; decimals have a point, thousands no comma" if NUMBER_WITH_COMMAS.fullmatch(text) else ""
    raise ValueError(f"is not a number{hint}")
