"""Figures of the robot that waits at cafes: each visit teaches it something about that cafe and all others.

`fits` are fits of `models.cafes(visits=k)`: a dict by number of visits, or a list that begins with that of no visits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from figures.cafes.curves import STYLES, Belief, belief, grid
from figures.drawing import style as looks
from figures.drawing.draws import draws_of, require_data
from models.cafes import CAFES
from models.tables import read

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from figures.drawing.protocols import NamedFit
    from figures.drawing.style import Slide

CHOSEN = (0, 1, 2, 5, 10, 20)
SHEET = (9.6, 8.4)  # inches


def cafes_sheet(
    fits: Mapping[int, NamedFit] | Sequence[NamedFit],
    visits: Sequence[int] = CHOSEN,
    data: pd.DataFrame | str | Path | None = None,
    style: str = "posterior",
) -> Figure:
    """The robot's beliefs about waits at the population of cafes and at each cafe, after more and more visits.

    Each row is a number of visits out of 20. Blue is the density of the mean wait: on the left for a cafe not yet
    visited, then for each cafe; grey is the row above, and dots are the waits so far, one for each visit. The first row
    is the prior, the same for all.

    Watch the cafes that nobody visited: one short wait at cafe 1 moves every curve to shorter waits. One long wait at
    cafe 2 then moves them back and makes them wider, since cafes turn out to differ. So the belief about cafe 5 has
    changed before the first visit there.

    `visits`: the numbers. `data` are those of the fits: a DataFrame, the path of a CSV file, or None for the bundled
    visits. For `style` see `figures.cafes.curves.belief`. ValueError if a fit is missing, or is not of these data.
    """
    table = read(CAFES, data)
    beliefs = beliefs_of(fits, visits, table, style)
    n_cafes = int(table["cafe"].max())
    with looks.applied():
        figure = looks.blank((SHEET[0], SHEET[1] * (1.5 + len(visits)) / (1.5 + len(CHOSEN))))
        panels = figure.subplots(len(visits), 1 + n_cafes, sharex=True, sharey=True, squeeze=False)
        figure.get_layout_engine().set(w_pad=0.06, h_pad=0.05, wspace=0.0)
        figure.suptitle("cafes: what each wait teaches of all cafes", x=0.015, ha="left")
        _share_axes(figure, panels, _longest(table))
        _scale(beliefs.values(), panels[0, 0])
        for row, k in enumerate(visits):
            before = beliefs[visits[row - 1]] if row else None
            _draw_row(panels[row], table, k, beliefs[k], before)
        for axes, name in zip(panels[0], _names(n_cafes), strict=True):
            axes.set_title(name)
        _explain(figure, "one row above")
        return looks.settled(figure)


def cafes_frame(
    fits: Mapping[int, NamedFit] | Sequence[NamedFit],
    visit: int,
    data: pd.DataFrame | str | Path | None = None,
    style: str = "posterior",
) -> Figure:
    """One frame of the animation: the robot's beliefs after its `visit`-th visit, and in grey one visit earlier.

    The panels are those of `figures.cafes.film.cafes_animation`. The axis of densities grows from frame to frame with
    the highest curve so far, so that the first ones can be seen. `visit` counts from 0, which is the prior. Arguments
    and errors otherwise as for `cafes_sheet`.
    """
    table = read(CAFES, data)
    return draw_frame(beliefs_of(fits, numbers(fits), table, style), visit, table)


def draw_frame(beliefs: Mapping[int, Belief], visit: int, table: Mapping[str, np.ndarray]) -> Slide:
    """The frame of `visit` from beliefs by number of visits; ValueError if it is none of them."""
    if visit not in beliefs:
        raise ValueError(f"cafes: no fit of {visit} visits; given: {', '.join(map(str, beliefs))}")
    n_cafes = int(table["cafe"].max())
    columns = min(3, 1 + n_cafes)
    rows = -(-(1 + n_cafes) // columns)
    with looks.applied():
        figure = looks.blank((looks.WIDE[0], looks.WIDE[1] * (1 + rows) / 3))
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in panels.ravel()[1 + n_cafes :]:
            axes.set_axis_off()
        figure.suptitle("cafes", x=0.015, ha="left")
        _share_axes(figure, panels, _longest(table))
        show_visit(figure, beliefs, visit, table)
        _explain(figure, "one visit earlier")
        return looks.settled(figure)


def show_visit(figure: Slide, beliefs: Mapping[int, Belief], visit: int, table: Mapping[str, np.ndarray]) -> None:
    """Draw what is believed after `visit` into a frame, in place of what it showed."""
    used = figure.axes[: 1 + int(table["cafe"].max())]
    for artist in [artist for axes in used for artist in (*axes.lines, *axes.texts)]:
        artist.remove()
    _scale([b for k, b in beliefs.items() if k <= visit], used[0])
    _draw_row(used, table, visit, beliefs[visit], beliefs.get(visit - 1))
    for axes, name in zip(used, _names(len(used) - 1), strict=True):
        axes.set_title(name, loc="left", fontweight="normal")
    if visit > 0:
        _mark_wait(used[int(table["cafe"][visit - 1])], table["wait"][visit - 1])
    looks.retitle(figure, "cafes: before any visit" if visit == 0 else f"cafes: after visit {visit}")
    of_panels = [(*a.lines, *a.texts, *a.spines.values(), a.yaxis, a._left_title) for a in used]
    figure.moving = [figure._suptitle, *itertools.chain(*of_panels)]


def numbers(fits: Mapping[int, NamedFit] | Sequence[NamedFit]) -> list[int]:
    """The numbers of visits of `fits`, in order."""
    return sorted(fits) if hasattr(fits, "keys") else list(range(len(fits)))


def beliefs_of(
    fits: Mapping[int, NamedFit] | Sequence[NamedFit],
    visits: Iterable[int],
    table: Mapping[str, np.ndarray],
    style: str,
) -> dict[int, Belief]:
    """{number of visits: Belief}; ValueError if a fit is missing or cannot be shown."""
    if style not in STYLES:
        raise ValueError(f"cafes: style = {style!r} is not one of {', '.join(STYLES)}")
    known = numbers(fits)
    for k in visits:
        if k not in known:
            raise ValueError(f"cafes: no fit of {k} visits; given: {', '.join(map(str, known)) or 'none'}")
        _require_drawable(fits[k], k, table)
    wait = grid(_longest(table))
    cafe, n_cafes = table["cafe"].astype(int), int(table["cafe"].max())
    visited = {k: np.isin(np.arange(1, n_cafes + 1), cafe[:k]) for k in visits}
    return {k: belief(fits[k], wait, style, visited[k]) for k in visits}


def _longest(table):
    """The end of the axis of waits: a multiple of 5 minutes, with room above the longest wait."""
    return 5.0 * np.ceil(max(20.0, 1.3 * table["wait"].max()) / 5.0)


def _require_drawable(fit, k, table):
    """ValueError if the fit lacks draws, or is not of the first `k` visits of the table."""
    figure = f"cafes, visits = {k}"
    draws_of(figure, fit, "a", (int(table["cafe"].max()),))
    draws_of(figure, fit, "a_bar")
    draws_of(figure, fit, "sigma")
    require_data(figure, fit, {"wait": table["wait"][:k], "cafe": table["cafe"][:k].astype(np.int64) - 1})


def _names(n_cafes):
    return ["Population", *(f"Cafe {j}" for j in range(1, n_cafes + 1))]


def _draw_row(panels, table, k, now, before):
    """A panel for the population and for each cafe, after `k` visits."""
    wait = grid(_longest(table))
    colour = looks.model_colour("cafes")
    cafe, waited = table["cafe"][:k].astype(int), table["wait"][:k]
    curves = [now.population, *now.cafes]
    earlier = [before.population, *before.cafes] if before else [None] * len(curves)
    for j, (axes, curve, old) in enumerate(zip(panels, curves, earlier, strict=True)):
        if old is not None:
            (line,) = axes.plot(wait, old, color=looks.GREY, linewidth=1.8)
            line.set_gid(f"before-{k}-{j}")
        (line,) = axes.plot(wait, curve, color=colour, linewidth=2.2)
        line.set_gid(f"belief-{k}-{j}")
        visits = k if j == 0 else int((cafe == j).sum())
        _write(axes, (0.98, 0.96), f"{visits} visit{'' if visits == 1 else 's'}", axes.transAxes, ha="right")
        if j:
            _draw_waits(axes, waited[cafe == j], f"waits-{k}-{j}")


def _draw_waits(axes, waits, gid):
    """A dot for each wait, equal ones above each other."""
    stacked = [np.sum(waits[:i] == wait) for i, wait in enumerate(waits)]
    height = 0.05 + 0.08 * np.array(stacked, dtype=float)  # parts of the panel's height
    dot = {"marker": "o", "linestyle": "none", "markersize": 3.5, "color": looks.INK, "zorder": 3}
    (dots,) = axes.plot(waits, height, transform=axes.get_xaxis_transform(), **dot)
    dots.set_gid(gid)
    dots.set_in_layout(False)


def _mark_wait(axes, wait):
    """The wait of the frame's visit, in the panel of its cafe."""
    line = axes.axvline(wait, ymax=0.58, color=looks.INK, linewidth=1.4, zorder=2.5)
    line.set_gid("wait")
    _write(axes, (0.98, 0.78), f"waited {wait:.0f} min", axes.transAxes, ha="right")
    axes.set_title(axes.get_title(loc="left"), loc="left", fontweight="bold")


def _write(axes, at, text, transform, ha):
    """A note within a panel, which the layout ignores."""
    note = axes.text(*at, text, transform=transform, ha=ha, va="top", fontsize=12)
    note.set_in_layout(False)


def _scale(beliefs, axes):
    """Let the axis of densities, which all panels share, reach beyond the highest of these curves."""
    highest = max(max(b.population.max(), b.cafes.max()) for b in beliefs)
    axes.set_ylim(0.0, 1.06 * highest)


def _share_axes(figure, panels, longest):
    """The same axes for all panels, with a label for all of them."""
    axes = panels[0, 0]  # the others share limits and ticks with it
    axes.set_xlim(0.0, longest)
    axes.set_xticks(np.arange(0.0, longest + 1.0, 10.0))
    axes.locator_params(axis="y", nbins=3)
    axes.yaxis.set_major_formatter("{x:.2f}")  # as wide in all frames of a film
    for axes in panels[-1]:
        axes.set_xlabel("Mean wait (min)", fontsize=12)
    figure.supylabel("Density (per minute)", fontsize=13)


def _explain(figure, earlier):
    """The legend of the colours and the dots."""
    now = Line2D([], [], color=looks.model_colour("cafes"), linewidth=2.2)
    before = Line2D([], [], color=looks.GREY, linewidth=1.8)
    dot = Line2D([], [], color=looks.INK, marker="o", linestyle="none", markersize=4)
    labels = ["mean wait, after these visits", f"the same, {earlier}", "a wait"]
    figure.legend([now, before, dot], labels, loc="outside lower center", ncols=3)
