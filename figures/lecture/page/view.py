"""What the page shows, as plain data: where the numbers come from is no business of the page.

Texts are plain: nothing in them is HTML. Names tell things apart, in links and in the names of files to download.
"""

from pathlib import Path
from typing import NamedTuple

import pandas as pd


class Picture(NamedTuple):
    """A figure, or a film of figures."""

    name: str
    title: str
    caption: tuple  # of paragraphs, with `code` in backticks
    alt: str  # what there is to see, for those who cannot
    path: Path  # .png, or .gif for a film
    still: Path | None = None  # of a film: the .png that stands for it where nothing should move


class PageTable(NamedTuple):
    """Numbers to read, and the same as a file to take along."""

    name: str
    title: str
    frame: pd.DataFrame  # rows by their labels; numbers are not rounded; columns may have two levels
    notes: tuple  # of paragraphs, with `code` in backticks
    path: Path  # .csv


class Card(NamedTuple):
    """A model, and how its fit went."""

    name: str
    summary: str  # one sentence
    formula: str  # several lines
    source: str  # of the log density
    file: str  # of the project, in which it stands
    data: str  # what it was fitted to, in words
    settings: dict  # by name: chains, warmup, draws, seed, metric, ...
    verdict: str  # a line in short; then a line for every finding
    severity: str | None  # of the worst finding: None, "note", "warning" or "error"
    seconds: float  # that the sampling took
    table: PageTable | None  # of estimates
    pictures: tuple  # of Picture: do the chains agree?


class Section(NamedTuple):
    """A part of the lecture."""

    name: str
    title: str
    text: tuple  # of paragraphs, with `code` in backticks
    contents: tuple  # of Card, Picture and PageTable, in order


class Lecture(NamedTuple):
    """All that the page shows."""

    parts: tuple  # of Section
    facts: dict  # label -> text, with `code` in backticks: seed, versions, time, differences
