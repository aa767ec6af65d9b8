"""Where tables come from: a DataFrame or a CSV file, as names of columns and rows of unchecked cells.

Files are text in UTF-8, with one separator throughout and quotes as spreadsheets write them. Anything else is
refused here, in one line that names the file. pandas is not imported: whoever has a DataFrame has imported it.
"""

import codecs
import csv
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeGuard

from models.tables.columns import shown

if TYPE_CHECKING:
    import pandas as pd

FilePath: TypeAlias = "str | os.PathLike[str]"
TableData: TypeAlias = "pd.DataFrame | str | os.PathLike[str] | None"  # None: the bundled set

SEPARATORS = (",", ";", "\t", "|", " ")
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


def source_of_file(path: FilePath, separator: str, wanted: Iterable[str]) -> Source:
    """The `Source` of a CSV file that should have the columns `wanted`; ValueError for any other file."""
    text, where = _text_of(path)
    found = {mark: len({*names} & {*wanted}) for mark, names in _names_by_separator(text, where).items()}
    best = max(found, key=lambda mark: found[mark], default=separator)
    if best != separator and found[best] > found[separator]:
        raise ValueError(f"{where} is separated by {best!r}, not by {separator!r}")
    records = _records(text, separator, where)
    names = [name.strip() for name in next(records, ())]
    if not names:
        raise ValueError(f"{where} is empty")

    def rows(places: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for record in records:
            if len(record) != len(names):
                raise ValueError(f"{_fields(len(record))} under a header of {len(names)}")
            yield tuple(record[place] for place in places)

    return Source(where, names, rows)


def names_of_file(path: FilePath) -> list[str]:
    """The names in a file's header, whatever separates them; none where it is empty. ValueError if it is not text."""
    return max(_names_by_separator(*_text_of(path)).values(), key=len, default=[])


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


def _names_by_separator(text: str, where: str) -> dict[str, list[str]]:
    """{separator: the names of the header under that separator}; empty where all lines are blank."""
    header = next((line for line in io.StringIO(text, newline=None) if line.replace('""', "").strip()), None)
    if header is None:
        return {}
    try:
        fields = {mark: next(csv.reader([header], delimiter=mark, skipinitialspace=True)) for mark in SEPARATORS}
    except csv.Error as error:
        raise ValueError(f"{where} is not a CSV file: {error} in its header") from None
    return {mark: [name.strip() for name in names] for mark, names in fields.items()}


def _records(text: str, separator: str, where: str) -> Iterator[list[str]]:
    """Every line that is not blank, split into fields, the header first."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    place = f"{where} is not a CSV file; its header"
    try:
        for record in reader:
            if len(record) > 1 or (record and record[0].strip()):
                yield record
                place = "its line"
    except csv.Error as error:
        raise ValueError(f"{place} is not CSV: {error}") from None


def _fields(number: int) -> str:
    return "1 field" if number == 1 else f"{number} fields"
