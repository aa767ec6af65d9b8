"""The page: a whole lecture as one HTML text that needs neither other files nor a network.

`templates/` has its look; here is the work that a template cannot do: files as text, sizes, names, numbers.
"""

import base64
import collections
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import jinja2
from markupsafe import Markup
from PIL import Image

from figures.drawing.small import dots_per_inch
from figures.lecture.page.cells import grid
from figures.lecture.page.formula import mathml
from figures.lecture.page.listing import inline, listing
from figures.lecture.page.view import Card, CodeListing, Content, Lecture, PageTable, Picture, Section, duration

TYPES = {".webp": "image/webp", ".png": "image/png", ".gif": "image/gif", ".csv": "text/csv"}
PIXELS_PER_INCH = 100  # on a reader's screen: a figure of 9.6 inches is 960 wide there, whatever its resolution
NARROW = 640  # CSS pixels: up to this width page.css treats screens as narrow
TALL = 20  # the most rows of a table that is shown whole; longer tables scroll in a box
OWN_ANCHORS = ("lecture", "contents", "models", "figures", "page-data")  # of the page itself
KINDS: dict[type, str] = {Card: "model", Picture: "figure", PageTable: "table", CodeListing: "code"}
Thing: TypeAlias = Section | Content  # all that has an anchor
# A verdict in a few words, with a sign, so that it does not depend on colour alone.
BADGES: dict[str | None, tuple[str, str]] = {
    None: ("✓", "converged"),
    "note": ("✓", "converged, with a note"),
    "warning": ("!", "take care"),
    "error": ("✕", "do not trust"),
}


def render(lecture: Lecture) -> str:
    """The page of `lecture`, a `view.Lecture`, as HTML. The same view of the same files gives the same text.

    Pictures and tables are within it, so it can be moved, sent or printed alone; only links to larger files, such as
    figures/tanks.svg, need the folder. Its policy allows no script but the one of its explorables, whose figures stand
    where it cannot run. OSError if a file is missing; ValueError if two things of a kind have one name, a severity is
    unknown, or a file is of a type that is not in TYPES.
    """
    _require_own_anchors(lecture)
    _require_known_severities(lecture)
    named = [thing for thing in things(lecture) if not isinstance(thing, Section)]
    # "mST_fixed, sigma = 1" is found as mST_fixed; a model's name is that of its card, which is before its table.
    places = {re.split(r"[ ,]", thing.name)[0]: anchor(thing) for thing in reversed(named)}
    environment = _environment()
    environment.filters["inline"] = lambda text, own="": Markup(inline(text, places, own))
    return environment.get_template("page.html").render(lecture=lecture, badges=BADGES, tall=TALL)


def anchor(thing: Thing) -> str:
    """The anchor of `thing` in the page: the part of a link after its #."""
    name = re.sub(r"[^\w.-]+", "-", thing.name)
    return f"{KINDS[type(thing)]}-{name}" if type(thing) in KINDS else name


def kind(content: Content) -> str:
    """Whether a content of a part is a model, a figure, a table or code."""
    return KINDS[type(content)]


def is_film(picture: Picture) -> bool:
    """Whether the picture moves; ValueError for a film without a still."""
    with Image.open(picture.path) as image:
        moves = getattr(image, "n_frames", 1) > 1
    if moves and picture.still is None:
        raise ValueError(f"page: the film {picture.name} has no still picture for readers who want no motion")
    return moves


def is_only_wide(picture: Picture) -> bool:
    """Whether the picture is wider than narrow screens, and there is no other for them."""
    return picture.narrow is None and size(picture.path)[0] > NARROW


def cards(part: Section) -> tuple[Card, ...]:
    """The models of a part."""
    return tuple(content for content in part.contents if isinstance(content, Card))


def pictures(part: Section) -> tuple[Picture, ...]:
    """The figures and films of a part, without those of its models."""
    return tuple(content for content in part.contents if isinstance(content, Picture))


def things(lecture: Lecture) -> Iterator[Thing]:
    """All that has an anchor, in order: parts, their contents, and the contents of their cards."""
    for part in lecture.parts:
        yield part
        for content in part.contents:
            yield content
            if isinstance(content, Card):
                yield from content.pictures
                yield from [] if content.table is None else [content.table]


def _require_own_anchors(lecture: Lecture) -> None:
    counts = collections.Counter([*OWN_ANCHORS, *map(anchor, things(lecture))])
    taken, times = max(counts.items(), key=lambda pair: pair[1])
    if times > 1:
        raise ValueError(f"page: {times} things would be found under #{taken}; each needs a name of its own")


def _require_known_severities(lecture: Lecture) -> None:
    for thing in things(lecture):
        severity = thing.severity if isinstance(thing, Card) else getattr(thing, "caution", None)
        if severity not in BADGES:
            raise ValueError(f"page: {thing.name}: no severity is called {severity}")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests |= {"film": is_film, "only_wide": is_only_wide}
    environment.filters |= {
        "anchor": anchor,
        "cards": cards,
        "pictures": pictures,
        "duration": duration,
        "embedded": embedded,
        "formula": lambda text: Markup(mathml(text)),
        "grid": grid,
        "kind": kind,
        "listing": lambda source: Markup(listing(source)),
        "setting": setting,
        "size": size,
    }
    environment.globals["count"] = count
    return environment


def embedded(path: str | Path) -> str:
    """The file as a link that contains all of it."""
    path = Path(path)
    if path.suffix not in TYPES:
        raise ValueError(f"{path}: a file in the page ends in {', '.join(TYPES)}")
    return f"data:{TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def size(path: str | Path) -> tuple[int, int]:
    """(width, height) of the picture on a screen, in CSS pixels, so that nothing moves when it appears."""
    with Image.open(path) as image:
        fineness = round(dots_per_inch(image) or PIXELS_PER_INCH) / PIXELS_PER_INCH
        return round(image.width / fineness), round(image.height / fineness)


def setting(value: Any) -> str:
    """A setting of the sampler as a text for readers."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def count(lecture: Lecture) -> list[tuple[int, str]]:
    """The numbers of things of each kind, [(number, word)], without kinds that are absent."""
    words: collections.Counter[str] = collections.Counter()
    for thing in things(lecture):
        words["film" if isinstance(thing, Picture) and is_film(thing) else KINDS.get(type(thing), "part")] += 1
    kinds = [(words[word], word) for word in ("model", "figure", "film", "table") if words[word]]
    return [(n, word if n == 1 else f"{word}s") for n, word in kinds]
