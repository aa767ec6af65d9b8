"""The cafes, visit by visit, as an animated GIF: always the same bytes for the same fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from figures.cafes.sheet import beliefs_of, draw_frame, numbers, show_visit
from figures.drawing import style as looks
from figures.drawing.film import write_film
from models.cafes import CAFES
from models.tables import read

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from figures.cafes.curves import Belief
    from figures.drawing.protocols import NamedFit


def cafes_animation(
    fits: Mapping[int, NamedFit] | Sequence[NamedFit],
    path: str | Path,
    data: pd.DataFrame | str | Path | None = None,
    style: str = "posterior",
    seconds: float = 1.2,
) -> Path:
    """The robot's beliefs about waits at five cafes, visit by visit: each wait teaches it something about all of them.

    The first panel is for a cafe not yet visited, the others for each cafe, with its visits so far and a dot for each
    wait; the line is the wait of this visit. Blue is the density of the mean wait after this visit, grey the density
    one visit earlier.

    A visit moves the curve of its own cafe, and also the others: the robot remembers all cafes and learns about their
    population. The first five visits move the other cafes by more than ten times as much as the last five do.

    `path` (.gif) gets a frame for each of `fits`, in the order of visits, and is returned. Frames are those of
    `figures.cafes.sheet.cafes_frame`, each shown for `seconds`, the last one three times as long; then the film begins
    anew. The file is written whole or not at all. ValueError for another ending, and as for `cafes_frame`.
    """
    table = read(CAFES, data)
    beliefs = beliefs_of(fits, numbers(fits), table, style)
    shown = [round(1000 * seconds)] * (len(beliefs) - 1) + [round(3000 * seconds)]  # milliseconds
    return write_film(path, _frames(beliefs, table), shown)


def _frames(beliefs: Mapping[int, Belief], table: Mapping[str, np.ndarray]) -> Iterator[Figure]:
    """The frame after each visit; always the same object."""
    figure = draw_frame(beliefs, next(iter(beliefs)), table)
    for visit in beliefs:
        with looks.applied():
            show_visit(figure, beliefs, visit, table)
        yield figure
