"""Decimal commas: numbers of a file whose fields are separated by semicolons or tabs.

With such a separator, 0,8 is a number. 1,234 may be 1.234 or 1234: it is read only where another number of the file,
such as 0,8, shows that its commas are decimal. A file does not have decimal commas and decimal points.
"""

import re
from collections.abc import Callable, Iterable

from models.tables.columns import NUMBER

_WITH_COMMA = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?", re.ASCII)
_IN_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+", re.ASCII)


def reader_of(texts: Iterable[str]) -> Callable[[str], str]:
    """A function that gives a number's text with a point, by the convention that all of `texts` follow.

    It raises ValueError, with a complaint that completes "name = text", for a text that breaks the convention, or has
    two readings.
    """
    is_decimal = any(_WITH_COMMA.fullmatch(text) and not _IN_THOUSANDS.fullmatch(text) for text in texts if "," in text)
    return _with_point if is_decimal else _with_one_reading


def _with_point(text: str) -> str:
    if "." in text and NUMBER.fullmatch(text):
        raise ValueError("has a decimal point, where other numbers of the file have a decimal comma")
    return text.replace(",", ".") if _WITH_COMMA.fullmatch(text) else text


def _with_one_reading(text: str) -> str:
    if _WITH_COMMA.fullmatch(text) and _IN_THOUSANDS.fullmatch(text):
        readings = text.replace(",", "."), text.replace(",", "")
        raise ValueError(f"may be {readings[0]} or {readings[1]}: write one of these")
    return text
