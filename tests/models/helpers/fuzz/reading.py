"""Tables read without `models/`, and without the csv module: by the letter of what is promised of a cell and a file."""

import gzip
import math
import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import pandas as pd

NUMBER, LABEL = "number", "label"
NO_VALUE = {"", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "-NaN", "nan", "-nan", "NULL", "null"}
NO_VALUE |= {"None", "NaT", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"}
BOOLEANS = {"True": 1, "TRUE": 1, "true": 1, "False": 0, "FALSE": 0, "false": 0}

# What could not be decoded; fillers of Korean, a joiner of marks, vowels of Khmer, a blank of Braille.
OTHER_HIDDEN = {"\ufffd", "\u115f", "\u1160", "\u3164", "\uffa0", "\u034f", "\u17b4", "\u17b5", "\u2800"}
OTHER_HIDDEN |= {"\u2065", *map(chr, range(0xFFF0, 0xFFF9))}  # of no character yet, and to be unseen


class Fault(Exception):  # noqa: N818 (of the data, not of a program)
    """Why a model cannot hold its data: the row (from 1) and column of the first bad cell, where it is a cell's."""

    def __init__(self, row=None, column=None):
        super().__init__(f"row {row}, column {column}" if row else "the table as a whole")
        self.row, self.column = row, column


class Text(NamedTuple):
    """A file's bytes."""

    content: bytes


def read_table(given, columns, check=None):
    """The columns of one table as a DataFrame of whole numbers, float64 and text; or a Fault."""
    names, rows, end, commas = _cells_of_text(given, columns) if isinstance(given, Text) else cells_of_frame(given)
    if any(names.count(name) != 1 for name in columns):
        raise Fault
    places = {name: names.index(name) for name in columns}
    numbers = [
        place for name, place in places.items() if not (columns[name] == LABEL or isinstance(columns[name], list))
    ]
    mark = _decimal_mark(_plain(row[place]) for row in rows for place in numbers) if commas else "."
    values = []
    for number, row in enumerate(rows, start=1):
        value = {name: _value(kind, row[places[name]], number, name, mark) for name, kind in columns.items()}
        if check and not check(value):
            raise Fault(number)
        values.append(value)
    if end:
        raise end
    if not values:
        raise Fault
    return pd.DataFrame(values)


def _decimal_mark(texts):
    """ "," where a number shows that commas are decimal: it would be none with the comma between thousands."""
    for text in filter(None, texts):
        whole, comma, part = text.lstrip("+-").partition(",")
        digits, _, exponent = part.lower().partition("e")
        is_number = re.fullmatch("[-+]?[0-9]*,[0-9]*(e[-+]?[0-9]+)?", text.lower()) and (whole or digits)
        is_grouped = not exponent and len(digits) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
        if comma and is_number and not is_grouped:
            return ","
    return "."


def cells_of_frame(frame):
    """(names, rows, the Fault that ends them or None, whether numbers may have decimal commas)."""
    if not isinstance(frame, pd.DataFrame) or isinstance(frame.columns, pd.MultiIndex):
        raise Fault
    columns = [list(frame.iloc[:, i]) for i in range(frame.shape[1])]
    return [str(name).strip() for name in frame.columns], list(zip(*columns, strict=True)), None, False


def _cells_of_text(given, columns):
    """As `cells_of_frame`, of a file with these columns."""
    separator = _separator(given, columns)
    lines = fields(_table_text(given)[0], separator)
    names = [name.strip() for name, _ in next(lines)]
    rows, seen, named = [], set(), None
    try:
        for number, line in enumerate(lines, start=1):
            quoted = [is_quoted for _, is_quoted in line]
            if named is None:  # by R, which quotes a row's name, and gives the header none for it
                named = len(line) == len(names) + 1 and quoted[0] and not all(quoted) and line[-1][0].strip() != ""
            if len(line) != len(names) + named or (named and (not quoted[0] or line[0][0] in seen)):
                raise Fault(number)
            seen.add(line[0][0])
            rows.append([cell for cell, _ in line][named:])
    except Fault as end:
        return names, rows, end, separator != ","
    return names, rows, None, separator != ","


def _text(content):
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except Exception:
            raise Fault from None
    if b"\0" in content:
        raise Fault
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Fault from None


def _table_text(given):
    """(the text without lines before the header, the separator that the first of these names or None); or a Fault."""
    text, named, end = _text(given.content), None, r" *(\r\n|\r|\n|\Z)"
    if re.match(' *"*sep=', text, re.IGNORECASE):
        first = re.match(rf' *"?sep=([,;\t])"?[,;\t]*{end}', text, re.IGNORECASE)
        if first is None:
            raise Fault
        named, text = first[1], text[first.end() :]
    comments = re.match(r"""((?: *|[ \t"']*#[^\r\n]*)(\r\n|\r|\n))*""", text)
    return text[comments.end() :], named


def _separator(given, columns):
    """The one separator that gives the header all of the columns."""
    possible = [mark for mark in ",;\t" if {*columns} <= {*_header(given, mark)}]
    if (named := _table_text(given)[1]) is not None:
        possible = [mark for mark in possible if mark == named]
    if len(possible) != 1:
        raise Fault
    return possible[0]


def header_names(given, columns):
    """The names in the header of a file with these columns."""
    return _header(given, _separator(given, columns))


def _header(given, separator):
    try:
        return [name.strip() for name, _ in next(fields(_table_text(given)[0], separator), [])]
    except Fault:
        return []


def fields(text, separator):
    """The lines of a CSV file that are not blank, as lists of (field, whether in quotes), by RFC 4180; or a Fault, of
    the row it is in.

    A field in quotes holds separators, ends of lines and doubled quotes; blanks before a field are no part of it.
    """
    plain = rf" *(?:\"((?:[^\"]|\"\")*)\"|([^\" {separator}\r\n][^{separator}\r\n]*|))(\r\n|\r|\n|{separator}|\Z)"
    place, row, line = 0, None, []
    while place < len(text) or line:
        field = re.compile(plain).match(text, place)
        if field is None:
            raise Fault(row)
        quoted, bare, end = field.groups()
        line.append((bare, False) if quoted is None else (quoted.replace('""', '"'), True))
        place = field.end()
        if end != separator:
            if len(line) > 1 or line[0][0].strip():
                yield line
                row = (row or 0) + 1
            line = []
            if not end:
                return


def _value(kind, cell, row, name, mark):
    """A cell as what its column holds, a number with this decimal mark; or a Fault."""
    text = _plain(cell)
    if text is None or text in NO_VALUE or _has_hidden(text):
        raise Fault(row, name)
    if isinstance(kind, list) or kind == LABEL:
        if text not in kind if isinstance(kind, list) else len(text) > 200:
            raise Fault(row, name)
        return text
    if kind == (0, 1) and text in BOOLEANS:
        return BOOLEANS[text]
    if mark == ",":
        text = text.translate({ord(","): ".", ord("."): ","})
    if not re.fullmatch("[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?", text):
        raise Fault(row, name)
    value = Decimal(text)
    if kind == NUMBER:
        if value.copy_abs() > Decimal("1e100"):
            raise Fault(row, name)
        return float(value)
    least, most = kind
    if not (least <= value <= most and value == value.to_integral_value()):
        raise Fault(row, name)
    return int(value)


def _has_hidden(text):
    """Whether a text has what no eye sees, or damage. Joiners and variants have a place among other than ASCII."""
    beside = zip(" " + text, text, text[1:] + " ", strict=False)
    for before, character, after in beside:
        if unicodedata.name(character, "").startswith(("VARIATION SELECTOR", "MONGOLIAN FREE", "MONGOLIAN VOWEL SEP")):
            if before.isascii() or ord(character) > 0xFFFF:
                return True
        elif unicodedata.name(character, "") in ("ZERO WIDTH JOINER", "ZERO WIDTH NON-JOINER"):
            if before.isascii() or after.isascii():
                return True
        elif unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in OTHER_HIDDEN:
            return True
    return False


def _plain(cell):
    """A cell's text; None for what is missing, and for what is neither text nor a real number."""
    if isinstance(cell, str):
        return "".join(" " if unicodedata.category(c) == "Zs" else c for c in cell).strip(" \t")
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell))
    if isinstance(cell, np.timedelta64):
        return None
    if isinstance(cell, (int, np.integer)):
        return str(cell) if abs(cell) < 10**300 else None
    if isinstance(cell, Decimal):
        return str(cell)
    if isinstance(cell, (float, np.floating)):
        value = float(cell)
        is_whole = math.isfinite(value) and value % 1 == 0 and abs(value) < 2**53
        return str(int(value)) if is_whole else repr(value)
    return None
