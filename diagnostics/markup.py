"""Pieces of HTML for a notebook's cell: texts, badges, tables, and small pictures as inline SVG.

Every text that comes from outside is escaped here: a parameter's name is the author's, and may be anything. Colours are
given where they mean something; all else has the colours of the notebook, light or dark. Styles stand at their
elements, since some notebooks drop style sheets.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

GREEN, AMBER, RED, GREY = "#1B7F3B", "#9A5B00", "#B3261E", "#6B6B6B"  # white letters on them have a contrast over 4.5

_NUMBER = "text-align:right;white-space:pre;font-variant-numeric:tabular-nums;padding:2px 8px"
_WORDS = "text-align:left;padding:2px 8px;vertical-align:top"


def text(value: object) -> str:
    """Any text, so that a browser shows it as it is."""
    return html.escape(str(value))


def prose(value: object) -> str:
    """A sentence in which `backticks` mark code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text(value))


def cell(*parts: str) -> str:
    """The parts one below the other: all that an object shows."""
    return f'<div style="font-family:sans-serif;font-size:13px;line-height:1.5;max-width:70em">{"".join(parts)}</div>'


def line(content: str, faint: bool = False) -> str:
    """A paragraph of HTML."""
    return f'<div style="margin:3px 0{";opacity:0.75" if faint else ""}">{content}</div>'


def badge(words: str, colour: str) -> str:
    """A word or two on a colour."""
    style = f"background:{colour};color:#FFFFFF;border-radius:4px;padding:1px 7px;font-weight:600;white-space:nowrap"
    return f'<span style="{style}">{text(words)}</span>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table of plain texts; the first `left` columns hold words, the others numbers, set to the right."""
    lines = [_row("th", head, left), *(_row("td", row, left) for row in rows)]
    return f'<table style="border-collapse:collapse;margin:4px 0;font-size:13px">{"".join(lines)}</table>'


def _row(tag: str, texts: Sequence[str], left: int) -> str:
    styles = [_WORDS] * left + [_NUMBER] * (len(texts) - left)
    cells = [f'<{tag} style="{style}">{text(words)}</{tag}>' for style, words in zip(styles, texts, strict=True)]
    return f"<tr>{''.join(cells)}</tr>"


def folded(title: str, content: str) -> str:
    """HTML that a click unfolds."""
    return f'<details style="margin:3px 0"><summary style="cursor:pointer">{text(title)}</summary>{content}</details>'


def verbatim(words: str) -> str:
    """A text of several lines, wrapped where it is too wide."""
    return f'<pre style="white-space:pre-wrap;margin:4px 0">{text(words)}</pre>'


def beside(*parts: str) -> str:
    """Parts next to each other, as far as there is room."""
    return f'<div style="display:flex;flex-wrap:wrap;gap:18px;align-items:flex-start">{"".join(parts)}</div>'
