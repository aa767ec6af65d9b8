"""The content of the page as plain data, whatever it was made from.

Texts are plain text, not HTML. Names identify things, in links and in the names of files to download.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    from hmc.web.page import Parts


class Picture(NamedTuple):
    """A figure, or a film of figures."""

    name: str
    title: str
    caption: tuple[str, ...]  # paragraphs, with `code` in backticks
    alt: str  # a description for readers who cannot see it
    path: Path  # .webp, .png, or .gif
    narrow: Path | None = None  # the same for narrow screens
    still: Picture | None = None  # of a film: the picture to show if nothing should move
    files: tuple[str, ...] = ()  # links to it beside the page: figures/tanks.svg
    play: str | None = None  # the explorable that takes its place, where a browser can run it


class PageTable(NamedTuple):
    """Numbers to read, and a file of them to download."""

    name: str
    title: str
    frame: pd.DataFrame  # rows by their labels; numbers are not rounded; columns may have two levels
    notes: tuple[str, ...]  # paragraphs, with `code` in backticks
    path: Path  # .csv
    caution: str | None = None  # a severity, if its numbers are not to be trusted as they stand


class CodeListing(NamedTuple):
    """A function of the project."""

    name: str
    title: str
    source: str
    file: str  # of the project


class Card(NamedTuple):
    """A model and its fit."""

    name: str
    matters: str  # the one line to remember of it
    summary: str  # one sentence
    formula: str  # several lines
    source: str  # of the log density
    file: str  # of the project, with the log density
    data: str  # in words
    settings: dict[str, Any]  # by name: chains, warmup, draws, seed, metric, ...
    verdict: str  # a summary line, then a line for every finding
    severity: str | None  # of the worst finding: None, "note", "warning" or "error"
    seconds: float  # of sampling
    table: PageTable | None  # of estimates
    pictures: tuple[Picture, ...]  # do the chains agree?


Content: TypeAlias = Card | Picture | PageTable | CodeListing


class Section(NamedTuple):
    """A part of the lecture."""

    name: str
    title: str
    question: str
    text: tuple[str, ...]  # paragraphs, with `code` in backticks
    contents: tuple[Content, ...]  # in order; the first stands before the text


class Lecture(NamedTuple):
    """The whole page."""

    parts: tuple[Section, ...]
    facts: dict[str, str]  # label -> text, with `code` in backticks: seed, versions, time, differences
    play: Parts | None = None  # what runs the explorables of the pictures; None if no picture has one


def duration(seconds: float) -> str:
    """A number of seconds in short words: "0.05 s", "12 s", "3 min 20 s"."""
    if seconds < 9.95:
        return f"{seconds:.2g} s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    return f"{round(seconds) // 60} min {round(seconds) % 60} s"
