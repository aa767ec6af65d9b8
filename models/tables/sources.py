"""Where tables come from: a DataFrame or a CSV file, as names of columns and rows of unchecked cells.

Files are text in UTF-8, packed by gzip or not, with one separator throughout, a comma, a semicolon or a tab, and quotes
as spreadsheets write them; Excel's line `sep=;` and comments may stand before the header. Anything else is refused
here, in one line that names the file. pandas is not imported: whoever has a DataFrame has imported it.
"""

import codecs
import csv
import gzip
import io
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

from models.tables.columns import shown, text_of
from models.tables.decimals import reader_of
from models.tables.preamble import is_comment, without_preamble

if TYPE_CHECKING:
    import pandas as pd

FilePath: TypeAlias = "str | os.PathLike[str]"
TableData: TypeAlias = "pd.DataFrame | str | os.PathLike[str] | None"  # None: the bundled set

SEPARATORS = (",", ";", "\t", "|", " ")
READ = (",", ";", "\t")  # the others are known, and refused
_GZIP = b"\x1f\x8b"
_SPREADSHEETS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0")  # xlsx and ods, which are zip files; xls
OTHER_ENCODINGS = (
    ("UTF-32", codecs.BOM_UTF32_LE),  # before UTF-16, whose mark it begins with
    ("UTF-32", codecs.BOM_UTF32_BE),
    ("UTF-16", codecs.BOM_UTF16_LE),
    ("UTF-16", codecs.BOM_UTF16_BE),
)


class Source(NamedTuple):
    """A table before its cells are checked."""

    where: str  # its name in a message
    names: list[str]  # of the columns, without blanks around them
    rows: Callable[
        [Sequence[int]], Iterator[tuple[object, ...]]
    ]  # places in `names` -> each row's cells there; ValueError for a broken row
    hint: Callable[[list[str]], str] = lambda missing: ""  # names of missing columns -> advice
    # Places of the columns of numbers -> a function that gives a number's text with a decimal point; see `decimals`.
    decimals: Callable[[Sequence[int]], Callable[[str], str]] = lambda places: str


def is_path(data: object) -> TypeGuard[FilePath]:
    """Whether `data` names a file."""
    return isinstance(data, (str, os.PathLike))


def source_of_frame(frame: Any) -> Source:
    """The `Source` of a pandas DataFrame; ValueError for anything else, or for columns of several levels."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(frame, pandas.DataFrame):
        kind = type(frame).__name__
        whose = f"the {kind} of {type(frame).__module__.partition('.')[0]}" if kind == "DataFrame" else kind
        raise ValueError(f"data must be a DataFrame, the path of a CSV file, or None, not {whose}")
    if frame.columns.nlevels > 1:
        raise ValueError(f"the columns of the frame have names of {frame.columns.nlevels} levels; needed: of one")

    def rows(places: Sequence[int]) -> Iterator[tuple[object, ...]]:
        return zip(*(frame.iloc[:, place].tolist() for place in places), strict=True)

    def hint(missing: list[str]) -> str:
        in_index = [name for name in missing if name in frame.index.names]
        return f"; {in_index[0]} is in its index: see reset_index()" if in_index else ""

    return Source("the frame", [str(name).strip() for name in frame.columns], rows, hint)


def source_of_file(path: FilePath, wanted: Sequence[str]) -> Source:
    """The `Source` of a CSV file that should have the columns `wanted`; ValueError for any other file."""
    content, where = _text_of(path)
    text, named = without_preamble(content, where, wanted, READ)
    records, fault = _read_on(_records(text, _separator(text, where, wanted, named), where))
    names = [name.strip() for name in records[0].fields] if records else []
    if not names:
        raise fault or ValueError(f"{where} is empty")
    rows, fault = _rows(records[1:], len(names), fault)

    def chosen(places: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for row in rows:
            yield tuple(row[place] for place in places)
        if fault is not None:
            raise fault

    def decimals(places: Sequence[int]) -> Callable[[str], str]:
        if records[0].separator == ",":
            return str
        return reader_of(text_of("", row[place]) for row in rows for place in places)

    return Source(where, names, chosen, decimals=decimals)


def _text_of(path: FilePath) -> tuple[str, str]:
    """(the text of a file, its name in a message)."""
    path = os.fsdecode(path)
    where = shown(path, most=120)
    if not path:
        raise ValueError("the path of the file is empty")
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"no such file: {where}") from None
    except OSError as error:
        raise ValueError(f"cannot read {where}: {error.strerror}") from None
    except ValueError as error:  # a NUL in the path
        raise ValueError(f"cannot read {where}: {error}") from None
    content = _unpacked(content, where)
    for name, mark in OTHER_ENCODINGS:
        if content.startswith(mark):
            raise ValueError(f"{where} is text in {name}; save it as UTF-8")
    if b"\0" in content:
        raise ValueError(f"{where} is not text in UTF-8, or damaged (byte 0x00 at position {content.index(0)})")
    try:
        return content.decode("utf-8-sig"), where
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(f"{where} is not text in UTF-8 (byte {byte:#04x} at position {error.start})") from None


def _unpacked(content: bytes, where: str) -> bytes:
    """The content of a file that may be packed by gzip; ValueError where it is damaged, or is a spreadsheet."""
    if content.startswith(_SPREADSHEETS):
        raise ValueError(f"{where} is a spreadsheet, or packed as one: save it as CSV")
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{where} cannot be unpacked by gzip: {shown(error)}") from None


class _Line(NamedTuple):
    """A line of a file that is not blank."""

    fields: list[str]
    separator: str
    is_first_quoted: bool  # the first of its fields
    are_all_quoted: bool


def _separator(text: str, where: str, wanted: Sequence[str], named: str | None) -> str:
    """The separator that the file names, or under which the header has the most of the wanted names; ValueError where
    that leaves a choice, or the two differ.
    """
    try:
        fields = {mark: _header(text, mark) for mark in SEPARATORS}
    except csv.Error as error:
        raise ValueError(f"{where} is not a CSV file: {error} in its header") from None
    found = {mark: len({name.strip() for name in names} & {*wanted}) for mark, names in fields.items()}
    most = max(found.values())
    if most == 0:
        return named or max(SEPARATORS, key=lambda mark: len(fields[mark]))
    best = [mark for mark in SEPARATORS if found[mark] == most]
    if named in best:
        return named
    if named is not None:
        raise ValueError(f"{where}: line 1 says sep={named}, and its header is separated by {best[0]!r}: delete line 1")
    read = [mark for mark in best if mark in READ]
    if not read:
        raise ValueError(f"{where} is separated by {best[0]!r}; save it with commas, semicolons or tabs")
    if len(read) > 1:
        raise ValueError(f"{where} may be separated by {' or by '.join(map(repr, read))}: its header has both")
    return read[0]


def _header(text: str, separator: str) -> list[str]:
    """The fields of the first line that is not blank; none where all are."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    return next((fields for fields in reader if not _is_blank(fields)), [])


def _is_blank(fields: list[str]) -> bool:
    return len(fields) <= 1 and not "".join(fields).strip()


def _records(text: str, separator: str, where: str) -> Iterator[_Line]:
    """Every line that is not blank, split into fields, the header first."""
    lines: list[str] = []  # that make up the next record

    def noted() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            lines.append(line)
            yield line

    reader = csv.reader(noted(), delimiter=separator, skipinitialspace=True, strict=True)
    place = f"{where} is not a CSV file; its header"
    try:
        for record in reader:
            if not _is_blank(record):
                yield _Line(record, separator, *_quotes("".join(lines), separator))
                place = "its line"
            lines.clear()
    except csv.Error as error:
        complaint = str(error).replace("\t", "\\t")  # it may quote the separator
        raise ValueError(f"{place} is not CSV: {complaint}") from None


def _quotes(line: str, separator: str) -> tuple[bool, bool]:
    """Whether the first field of a line is in quotes, and whether all are."""
    return line.lstrip(" ").startswith('"'), not _QUOTED.sub("", line).strip(f"{separator} \r\n")


_QUOTED = re.compile('"(?:[^"]|"")*"')


def _read_on(records: Iterator[_Line]) -> tuple[list[_Line], ValueError | None]:
    """All records up to the first fault, and that fault."""
    read: list[_Line] = []
    try:
        for record in records:
            read.append(record)
    except ValueError as error:
        return read, error
    return read, None


def _rows(records: list[_Line], width: int, fault: ValueError | None) -> tuple[list[list[str]], ValueError | None]:
    """The rows under a header of so many names, up to the first fault, and that fault.

    R's write.table gives rows a name, in quotes, and the header none for these: then they are left out.
    """
    has_names = bool(records) and _is_named(records[0], width)
    rows: list[list[str]] = []
    names: dict[str, int] = {}
    for number, record in enumerate(records, start=1):
        if len(record.fields) != width + has_names:
            hint = _HINT if len(record.fields) == width + 1 else ""
            hint = _COMMENT if is_comment(record.fields[0]) else hint
            return rows, ValueError(f"{_fields(len(record.fields))} under a header of {width}{hint}")
        if has_names and not record.is_first_quoted:
            return rows, ValueError(f"its name {shown(record.fields[0])} is not in quotes, as that of row 1 is")
        if has_names and names.setdefault(record.fields[0], number) != number:
            first = names[record.fields[0]]
            return rows, ValueError(f"its name {shown(record.fields[0])} is that of row {first}, so it may be no name")
        rows.append(record.fields[has_names:])
    return rows, fault


_COMMENT = "; it begins with #: delete comments below the header"
_HINT = "; if the first is a name that R gave the row, write the table with row.names = FALSE"


def _is_named(record: _Line, width: int) -> bool:
    """Whether a row begins with a name of its own, as in a table that R wrote: a text, before what is not all text."""
    is_text = record.is_first_quoted and not record.are_all_quoted
    return len(record.fields) == width + 1 and is_text and bool(record.fields[-1].strip())


def _fields(number: int) -> str:
    return "1 field" if number == 1 else f"{number} fields"
