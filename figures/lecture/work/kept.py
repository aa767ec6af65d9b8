"""The items that a folder has already, and what each was made from: only missing or changed items are made again.

`kept.json` in the folder has a record of each finished item, and of the page. An item is trusted if its record has the
key that is asked for, and its files are byte for byte as they were written; so is the page.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hmc.files import write_whole

if TYPE_CHECKING:
    from figures.lecture.work.items import Item

FORMAT = "rethinking-hmc lecture, version 1"
RECORDS, PAGE = "kept.json", "index.html"


class Kept:
    """The finished items in a folder, which is created if it does not exist.

    ValueError if the folder has a page that `hmc lecture` did not write, OSError if it cannot be written to. A damaged
    list of records counts as an empty one: then everything is made again.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if (self.folder / PAGE).exists() and not (self.folder / RECORDS).exists():
            raise ValueError(f"{self.folder / PAGE} is there already, and not of hmc lecture: it is left as it is")
        self.folder.mkdir(parents=True, exist_ok=True)
        self._records, self._page = _read(self.folder / RECORDS)
        self._write()  # so a folder that cannot be written to is noticed now, not after the first fit
        for unfinished in self.folder.glob("*/.*.part"):  # of a run that was killed
            unfinished.unlink(missing_ok=True)

    def has(self, item: Item) -> bool:
        """Whether the item is here, with this key and undamaged files."""
        record = self._records.get(item.name)
        return (
            record is not None
            and record["key"] == item.key
            and set(record["files"]) == set(item.files)
            and all(_digest(self.folder / file) == digest for file, digest in record["files"].items())
        )

    def keep(self, item: Item, facts: dict[str, Any], seconds: float) -> None:
        """Record that an item is finished and its files are written; `facts` (JSON) are what its task returned."""
        files = {file: _digest(self.folder / file) for file in item.files}
        self._records[item.name] = {"key": item.key, "files": files, "facts": facts, "seconds": seconds}
        self._write()

    def facts(self, name: str) -> dict[str, Any]:
        """The facts that the task of the item of this name returned."""
        return self._records[name]["facts"]

    def seconds(self, name: str) -> float:
        """How many seconds the item of this name took to make."""
        return self._records[name]["seconds"]

    def has_page(self, key: str) -> bool:
        """Whether the page is here, made from what `key` stands for, and undamaged."""
        return self._page == {"key": key, "file": _digest(self.folder / PAGE)}

    def keep_page(self, text: str, key: str) -> None:
        """Write the page, and record its key."""
        write_whole(self.folder / PAGE, lambda file: file.write(text.encode()))
        self._page = {"key": key, "file": _digest(self.folder / PAGE)}
        self._write()

    def _write(self) -> None:
        # After each item: with an indent, Python's own encoder would take as long as many an item.
        text = json.dumps({"format": FORMAT, "page": self._page, "items": self._records})
        write_whole(self.folder / RECORDS, lambda file: file.write(text.encode()))


def _read(path: Path) -> tuple[dict[str, dict[str, Any]], Any]:
    """(the records of the items by name, that of the page)."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        records = content["items"] if content["format"] == FORMAT else {}
        whole = {
            name: record for name, record in records.items() if record.keys() == {"key", "files", "facts", "seconds"}
        }
        return whole, content.get("page")
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return {}, None


def _digest(path: Path) -> str | None:
    """A hash of a file's bytes; None if there is no such file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
