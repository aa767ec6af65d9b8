"""The page: all of a lecture as one HTML text that needs nothing else, neither files beside it nor a network.

What it looks like stands in `templates/`; here is what a template cannot do: files as text, sizes, names, numbers.
"""

import base64
import collections
import re
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

from figures.lecture.page.cells import grid
from figures.lecture.page.formula import mathml
from figures.lecture.page.listing import inline, listing
from figures.lecture.page.view import Card, PageTable, Picture

TYPES = {".png": "image/png", ".gif": "image/gif", ".csv": "text/csv"}
PIXELS_PER_INCH = 100  # of a reader's screen: a figure of 9.6 inches is 960 wide there, however finely it was drawn
TALL = 20  # rows that a table has at most to be shown whole; longer ones scroll in a box
OWN_ANCHORS = ("lecture", "contents", "models")  # of the page itself
KINDS = {Card: "model", Picture: "figure", PageTable: "table"}
# What a verdict is in two words, with a sign, so that its colour is not all that tells it.
BADGES = {
    None: ("✓", "converged"),
    "note": ("✓", "converged, with a note"),
    "warning": ("!", "take care"),
    "error": ("✕", "do not trust"),
}


def render(lecture):
    """The page of `lecture`, a `view.Lecture`, as HTML. The same view of the same files gives the same text.

    Pictures and tables are within it, so it may be moved, sent or printed alone. No script is in it and none could run.
    OSError where a file is missing; ValueError where two things of a kind have one name, a severity is unknown, or a
    file is no .png, .gif or .csv.
    """
    _require_own_anchors(lecture)
    _require_known_severities(lecture)
    return _environment().get_template("page.html").render(lecture=lecture, badges=BADGES, tall=TALL)


def anchor(item):
    """Where in the page `item` stands: what a link has after its #."""
    name = re.sub(r"[^\w.-]+", "-", item.name)
    return f"{KINDS[type(item)]}-{name}" if type(item) in KINDS else name


def kind(item):
    """What `item` of a part is: model, figure or table."""
    return KINDS[type(item)]


def is_film(picture):
    """Whether the picture moves; ValueError for one that nobody could stop."""
    moves = Path(picture.path).suffix == ".gif"
    if moves and picture.still is None:
        raise ValueError(f"page: the film {picture.name} has no still picture for readers who want no motion")
    return moves


def cards(part):
    """The models of a part."""
    return tuple(item for item in part.contents if isinstance(item, Card))


def things(lecture):
    """All that has an anchor, in order: parts, what they contain, and what their cards contain."""
    for part in lecture.parts:
        yield part
        for item in part.contents:
            yield item
            if isinstance(item, Card):
                yield from item.pictures
                yield from [] if item.table is None else [item.table]


def _require_own_anchors(lecture):
    counts = collections.Counter([*OWN_ANCHORS, *map(anchor, things(lecture))])
    taken, times = max(counts.items(), key=lambda pair: pair[1])
    if times > 1:
        raise ValueError(f"page: {times} things would be found under #{taken}; each needs a name of its own")


def _require_known_severities(lecture):
    for card in (card for part in lecture.parts for card in cards(part)):
        if card.severity not in BADGES:
            raise ValueError(f"page: {card.name}: no severity is called {card.severity}")


def _environment():
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["film"] = is_film
    environment.filters |= {
        "anchor": anchor,
        "cards": cards,
        "duration": duration,
        "embedded": embedded,
        "formula": lambda text: Markup(mathml(text)),
        "grid": grid,
        "inline": lambda text: Markup(inline(text)),
        "kind": kind,
        "listing": lambda source: Markup(listing(source)),
        "setting": setting,
        "size": size,
    }
    environment.globals["count"] = count
    return environment


def embedded(path):
    """The file as a link that holds all of it."""
    path = Path(path)
    if path.suffix not in TYPES:
        raise ValueError(f"{path}: a file in the page ends in {', '.join(TYPES)}")
    return f"data:{TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def size(path):
    """(width, height) of the picture on a screen, in CSS pixels, so that nothing moves when it appears."""
    with Image.open(path) as image:
        fineness = round(image.info.get("dpi", (PIXELS_PER_INCH,))[0]) / PIXELS_PER_INCH
        return round(image.width / fineness), round(image.height / fineness)


def duration(seconds):
    """So many seconds in words that are short: "0.05 s", "12 s", "3 min 20 s"."""
    if seconds < 9.95:
        return f"{seconds:.2g} s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    return f"{round(seconds) // 60} min {round(seconds) % 60} s"


def setting(value):
    """A setting of the sampler as a reader wants to see it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def count(lecture):
    """How many of each kind there are, [(number, word)], without those there are none of."""
    words = collections.Counter()
    for thing in things(lecture):
        words["film" if isinstance(thing, Picture) and is_film(thing) else KINDS.get(type(thing))] += 1
    kinds = [(words[word], word) for word in ("model", "figure", "film", "table") if words[word]]
    return [(n, word if n == 1 else f"{word}s") for n, word in kinds]
