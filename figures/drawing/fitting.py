"""A drawn figure made to fit another size: fewer panels side by side, narrower legends, titles of several lines.

Sizes of letters stay as they are: a figure half as wide has as large ones.
"""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib.colors
import numpy as np
from matplotlib.gridspec import GridSpec
from matplotlib.offsetbox import VPacker
from matplotlib.ticker import MaxNLocator

from hmc.errors import HMCError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.text import Text

NARROW = 6.5  # inches: in less, legends stand below
PANEL = 2.6  # inches, the least width of a panel
LOW = 0.4  # inches, the least height of a panel and its title
TICK = 0.55  # inches, the room of a tick's label


class NoRoomError(HMCError, ValueError):
    """A figure's axes have no room in the size that is asked for."""


def no_room(figure: Figure) -> NoRoomError:
    """The error that says so of this figure."""
    size = " x ".join(f"{inches:g}" for inches in figure.get_size_inches())
    return NoRoomError(f"{size} inches are too small")


def fit(figure: Figure) -> None:
    """Change a figure of constrained layout so that its panels, titles, labels and legends fit its size. NoRoomError if
    there are too many panels for it.
    """
    width = figure.get_size_inches()[0]
    _reflow(figure, width)
    for legend in figure.legends:
        _narrow_legend(figure, legend, width)
    for axes in figure.axes:  # by where they stand before there is a layout: about there
        _thin_ticks(axes, axes.get_window_extent().width / figure.dpi)
    wrap_title(figure)  # before there is a layout, which depends on its lines
    lay_out(figure)
    changed = False
    for axes in figure.axes:
        box = axes.get_window_extent()
        for title in (axes.title, axes._left_title, axes._right_title):  # type: ignore[attr-defined]
            changed |= _wrap(title, 1.05 * box.width)
        changed |= _wrap(axes.xaxis.label, box.width)
        changed |= _wrap(axes.yaxis.label, 1.1 * box.height, is_upright=True)
        _thin_ticks(axes, box.width / figure.dpi)  # the layout has room for the ticks before, of which there were more
    if changed:  # texts have more lines
        lay_out(figure)


def wrap_title(figure: Figure) -> None:
    """Break the title of a figure into lines that fit its width."""
    title = figure._suptitle  # type: ignore[attr-defined]
    if title is not None:
        _wrap(title, 0.97 * figure.bbox.width)


def lay_out(figure: Figure) -> None:
    """Give the axes of a figure their places. Drawing does it too, and takes as long again for what stays unseen."""
    engine = figure.get_layout_engine()
    if engine is not None and figure.axes:
        for axes in figure.axes:
            _spare_needless_work(axes)
        engine.execute(figure)
    for axes in figure.axes:
        axes.apply_aspect()


def _spare_needless_work(axes: Axes) -> None:
    """Keep layouts and drawings, half of whose time it is, from measuring what moves nothing."""
    sides: list[tuple[Any, str]] = [(axes.xaxis, "bottom"), (axes.yaxis, "left")]
    for axis, side in sides:
        axis._autolabelpos = bool(axis.label.get_text())  # the place of an empty label is not sought
        # Labels of ticks stand out further than the line they are on.
        axes.spines[side].set_in_layout(not axis.get_tick_params()[f"label{side}"])


def recolour(figure: Figure, colours: Mapping[Any, Any]) -> None:
    """Give all artists of these colours others: {colour: another}; transparency stays."""
    known = {matplotlib.colors.to_hex(old): matplotlib.colors.to_rgb(new) for old, new in colours.items()}

    def changed(colour: Any) -> Any:
        rgba = matplotlib.colors.to_rgba(colour)
        return (*known[matplotlib.colors.to_hex(rgba)], rgba[3]) if matplotlib.colors.to_hex(rgba) in known else rgba

    for artist in figure.findobj():
        for part in ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor"):
            get, put = getattr(artist, f"get_{part}", None), getattr(artist, f"set_{part}", None)
            if get is None or put is None or artist is figure.patch:
                continue
            found = get()
            if isinstance(found, str) and found in ("none", "auto"):
                continue
            is_list = not matplotlib.colors.is_color_like(found)
            if not is_list or len(found):
                put([changed(one) for one in found] if is_list else changed(found))


def _reflow(figure: Figure, width: float) -> None:
    """Panels in fewer columns, where they would be too narrow."""
    grids = {id(grid): grid for axes in figure.axes if (grid := _grid(axes)) is not None}
    for grid in grids.values():
        panels = [axes for axes in figure.axes if _grid(axes) is grid]
        columns = max(1, int(width / PANEL))
        if columns == 2 and len(panels) == 3:  # no hole
            columns = 1
        if grid.ncols <= columns or any(_spans(axes) for axes in panels) or len(panels) < grid.nrows * grid.ncols / 2:
            continue
        _arrange(figure, sorted(panels, key=_place), columns)


def _grid(axes: Axes) -> Any:
    place = axes.get_subplotspec()
    return None if place is None else place.get_gridspec()


def _spans(axes: Axes) -> bool:
    """Whether the panel has several places of its grid."""
    place: Any = axes.get_subplotspec()
    return len(place.rowspan) > 1 or len(place.colspan) > 1


def _arrange(figure: Figure, panels: list[Axes], columns: int) -> None:
    """Put the panels, in order, into a grid of so many columns; the outer ones have the labels of those they share."""
    rows = math.ceil(len(panels) / columns)
    if rows * LOW > figure.get_size_inches()[1]:  # a layout of so many would find it too, after long work
        raise no_room(figure)
    grid = GridSpec(rows, columns, figure=figure)
    words = {axis: [_label(axes, axis) for axes in panels] for axis in "xy"}
    for number, axes in enumerate(panels):
        axes.set_subplotspec(grid[number // columns, number % columns])
        is_last, is_first = number + columns >= len(panels), number % columns == 0
        _relabel(axes, "x", panels, words["x"], is_last)
        _relabel(axes, "y", panels, words["y"], is_first)


def _label(axes: Axes, axis: str) -> str:
    return str(getattr(axes, f"get_{axis}label")())


def _place(axes: Axes) -> int:
    """Where axes stand in their grid, row by row."""
    spec: Any = axes.get_subplotspec()
    return int(spec.num1)


def _relabel(axes: Axes, axis: str, panels: list[Axes], words: list[str], is_outer: bool) -> None:
    """Of panels that share an axis, the outer ones are labelled; any other keeps its labels."""
    shared = getattr(axes, f"get_shared_{axis}_axes")()
    family = [i for i, other in enumerate(panels) if shared.joined(axes, other)]
    if len(family) < 2:
        return
    shown: dict[str, Any] = {"labelbottom" if axis == "x" else "labelleft": is_outer}
    axes.tick_params(**shown)
    getattr(axes, f"set_{axis}label")(next((words[i] for i in family if words[i]), "") if is_outer else "")


def _narrow_legend(figure: Figure, legend: Legend, width: float) -> None:
    """A legend below narrow figures, of as many columns as there is room for."""
    outside: Any = legend
    if width < NARROW and outside._outside_loc == "right":
        legend.set_loc("outside lower center")
    renderer = figure._get_renderer()  # type: ignore[attr-defined]
    columns = outside._legend_handle_box.get_children()
    while len(columns) > 1 and outside._legend_box.get_bbox(renderer).width > 0.97 * figure.bbox.width:
        columns = _in_columns(
            [item for column in columns for item in column.get_children()], columns[0], len(columns) - 1
        )
        outside._legend_handle_box._children = columns


def _in_columns(items: list[Any], like: Any, number: int) -> list[VPacker]:
    """The entries of a legend in so many columns, packed as `like` is."""
    columns = []
    for part in np.array_split(np.arange(len(items)), number):
        children = [items[i] for i in part]
        columns.append(VPacker(pad=like.pad, sep=like.sep, align=like.align, children=children))
        columns[-1].set_figure(like.get_figure(root=False))
    return columns


def _extent(text: Text) -> Any:
    """The box of a text in its figure as it is: by itself it remembers a figure that had another size."""
    return text.get_window_extent(text.get_figure(root=True)._get_renderer())  # type: ignore[union-attr]


def _wrap(text: Text, room: float, is_upright: bool = False) -> bool:
    """Break a text into lines of this many pixels, at spaces. Whether it was too long."""
    words = text.get_text()
    if not words.strip() or not text.get_visible():
        return False
    box = _extent(text)
    length = box.height if is_upright else box.width
    if length <= room:
        return False
    longest = max(len(line) for line in words.split("\n"))
    letters = max(8, int(longest * room / length))
    filled = textwrap.TextWrapper(letters, break_long_words=False, break_on_hyphens=False).fill
    text.set_text("\n".join(map(filled, words.split("\n"))))
    return True


def _thin_ticks(axes: Axes, inches: float) -> None:
    """Ticks across that do not run into each other: fewer, or, where they are set by hand, every second label."""
    locator = axes.xaxis.get_major_locator()
    if isinstance(locator, MaxNLocator):  # AutoLocator too
        locator.set_params(nbins=max(2, min(9, int(inches / TICK))))
        return
    if not axes.xaxis.get_tick_params()["labelbottom"]:  # an outer panel has the labels
        return
    ticks = [tick.label1 for tick in axes.xaxis.get_major_ticks() if tick.label1.get_text()]
    boxes = [_extent(label) for label in ticks]
    if any(one.x1 > other.x0 for one, other in itertools.pairwise(boxes)):
        step = math.ceil(max(box.width for box in boxes) * 1.3 * len(boxes) / (inches * axes.figure.dpi))
        for number, label in enumerate(ticks):
            label.set_visible(number % step == 0)
