"""Small pictures as inline SVG, a few kilobytes each, drawn without a library of figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .markup import text
from .protocols import Floats

WIDTH, HEIGHT, EDGE = 260, 120, 6  # pixels; EDGE is empty all around
CHAINS = ("#5B3A8C", "#31688E", "#2A9D70", "#B08900", "#A0468C", "#1F7A8C", "#6E9A35", "#B5652A")  # on light and dark


class Axes:
    """Data coordinates in a picture: lines and marks are added, `svg` is the whole."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float], title: str, height: int = HEIGHT) -> None:
        self._x, self._y, self._title, self._height = x, y, title, height
        self._parts: list[str] = []

    def line(self, x: ArrayLike, y: ArrayLike, colour: str = "currentColor", looks: str = "") -> None:
        """A line through points; those that are not finite are left out."""
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in self._places(x, y))
        self._parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" {looks}/>')

    def steps(self, edges: ArrayLike, heights: ArrayLike, colour: str = "currentColor") -> None:
        """The upper edge of a histogram: (n + 1,) edges, (n,) heights."""
        self.line(
            np.repeat(np.asarray(edges), 2)[1:-1], np.repeat(np.asarray(heights), 2), colour, 'stroke-width="1.5"'
        )

    def band(self, x: ArrayLike, lower: ArrayLike, upper: ArrayLike) -> None:
        """The area between two lines, in grey."""
        x, lower, upper = np.asarray(x, float), np.asarray(lower, float), np.asarray(upper, float)
        around = self._places(np.concatenate([x, x[::-1]]), np.concatenate([upper, lower[::-1]]))
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in around)
        self._parts.append(f'<polygon points="{points}" fill="#808080" fill-opacity="0.25"/>')

    def dots(self, x: ArrayLike, y: ArrayLike, colour: str = "currentColor", radius: float = 2.0) -> None:
        """A dot at each point."""
        for a, b in self._places(x, y):
            self._parts.append(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius}" fill="{colour}"/>')

    def svg(self) -> str:
        """The picture with its title above, which is its description too."""
        box = f'x="0.5" y="0.5" width="{WIDTH - 1}" height="{self._height - 1}"'
        frame = f'<rect {box} fill="none" stroke="#808080" stroke-opacity="0.4"/>'
        size = f'width="{WIDTH}" height="{self._height}" viewBox="0 0 {WIDTH} {self._height}"'
        drawn = f'<svg {size} role="img" aria-label="{text(self._title)}">{frame}{"".join(self._parts)}</svg>'
        return f'<div style="max-width:{WIDTH}px"><div style="font-size:12px">{text(self._title)}</div>{drawn}</div>'

    def _places(self, x: ArrayLike, y: ArrayLike) -> Floats:
        """(n, 2) pixels of the points that are finite."""
        points = np.stack(np.broadcast_arrays(np.asarray(x, float), np.asarray(y, float)), axis=-1).reshape(-1, 2)
        points = points[np.isfinite(points).all(axis=1)]
        low, high = np.array([self._x[0], self._y[0]]), np.array([self._x[1], self._y[1]])
        part = (points - low) / np.where(high > low, high - low, 1.0)
        room = np.array([WIDTH, self._height]) - 2.0 * EDGE
        part[:, 1] = 1.0 - part[:, 1]
        return EDGE + np.clip(part, -0.5, 1.5) * room


def limits(values: ArrayLike, margin: float = 0.05) -> tuple[float, float]:
    """The least and the largest finite value, and a little room; (0, 1) where there is none."""
    finite = np.asarray(values, float).ravel()
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    room = margin * (high - low) or max(abs(high), 1.0) * margin
    return low - room, high + room
