"""Lines before the header of a CSV file: the separator that Excel names, `sep=;`, and comments, which begin with #.

They are left out where that is all they can be. What may be a header is refused, with the line and the way out.
"""

import re
from collections.abc import Sequence

from models.tables.columns import shown

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_NAMED = re.compile(r'"?sep=(?P<mark>.)"?[,;\t]*', re.IGNORECASE)


def is_comment(line: str) -> bool:
    """Whether a line begins with #, be it in quotes."""
    return line.lstrip(" \t\"'").startswith("#")


def without_preamble(text: str, where: str, wanted: Sequence[str], read: Sequence[str]) -> tuple[str, str | None]:
    """(the text from its header on, the separator that its first line names or None).

    `wanted`: names of columns; `read`: separators that are read. A line that begins with # is the header where it has
    all of the names, as after a column called #. ValueError where it has some of them; and for a line `sep=` of another
    separator.
    """
    separator, place = None, 0
    for number, found in enumerate(_LINE.finditer(text), start=1):
        line = found.group()
        bare = line.strip("\r\n ")
        if number == 1 and bare.lower().lstrip('"').startswith("sep="):
            separator = _separator_of(bare, where, read)
        elif bare and not (is_comment(bare) and _is_no_header(bare, number, where, wanted, read)):
            break
        place += len(line)
    return text[place:], separator


def _separator_of(line: str, where: str, read: Sequence[str]) -> str:
    """The separator that `sep=` names."""
    found = _NAMED.fullmatch(line)
    if found is None or found["mark"] not in read:
        marks = ", ".join(map(repr, read))
        raise ValueError(f"{where}: line 1, {shown(line)}, names none of the separators {marks}: save it with one")
    return found["mark"]


def _is_no_header(line: str, number: int, where: str, wanted: Sequence[str], read: Sequence[str]) -> bool:
    """Whether a line that begins with # has no name of a column; ValueError where it has some of those wanted."""
    for mark in read:
        fields = [field.strip(" \t\"'") for field in line.split(mark)]
        if {*wanted} <= {*fields}:
            return False
        names = {field.lstrip("# ") for field in fields} & {*wanted}
        if len(fields) > 1 and names:
            name = next(name for name in wanted if name in names)
            raise ValueError(
                f"{where}: line {number}, {shown(line)}, begins with # and has {name}: delete the # if it is the "
                "header, and the line if it is a comment"
            )
    return True
