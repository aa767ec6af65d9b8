"""Pictures reduced to their commonest colours: each dot gets the nearest of them, and common ones, such as the paper's
white, stay exactly what they are. Pillow's own ways to reduce colours tint the paper.

A colour is a number here, red + 256 green + 65536 blue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image


class _Dots(NamedTuple):
    """A picture's dots, row by row. Most are of paper, and only the others take time."""

    size: tuple[int, int]
    paper: int  # the colour of the first dot
    is_other: NDArray[np.bool_]  # of each dot
    others: NDArray[np.uint32]  # the colours of those


def in_few_colours(pictures: Sequence[Image.Image], most: int) -> list[Image.Image]:
    """The pictures, of red, green and blue, with one palette of at most `most` colours (256 or fewer) for all."""
    dots = [_dots(picture) for picture in pictures]
    colours, counts = _counted(dots)
    palette = colours[np.lexsort((colours, -counts))[:most]]  # those that most dots have
    place = np.zeros(1 << 24, np.uint8)  # in the palette, of each colour that some picture has
    place[colours] = _nearest(colours, palette)
    return [_in_colours(place, palette, of_picture) for of_picture in dots]


def _dots(picture: Image.Image) -> _Dots:
    dots = np.frombuffer(picture.convert("RGBX").tobytes(), "<u4")
    is_other = dots != dots[0]
    return _Dots(picture.size, int(dots[0]) & 0xFFFFFF, is_other, dots[is_other] & 0xFFFFFF)


def _counted(pictures: Sequence[_Dots]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The colours of all pictures, ascending, and how many dots each has."""
    found, numbers = [], []
    for picture in pictures:
        colours, counts = np.unique(picture.others, return_counts=True)
        found += [colours, np.array([picture.paper], np.uint32)]
        numbers += [counts, np.array([picture.is_other.size - picture.others.size])]
    every, which = np.unique(np.concatenate(found), return_inverse=True)
    counts = np.zeros(every.size, np.int64)
    np.add.at(counts, which, np.concatenate(numbers))
    return every, counts


def _nearest(colours: NDArray[np.uint32], palette: NDArray[np.uint32]) -> NDArray[np.intp]:
    """The place in the palette of the colour that is nearest to each; the first of several."""
    few = _red_green_blue(palette)
    # The square of the distance, without the square of the colour itself: whole numbers, so there is no rounding.
    return ((few**2).sum(axis=1) - 2 * _red_green_blue(colours) @ few.T).argmin(axis=1)


def _in_colours(place: NDArray[np.uint8], palette: NDArray[np.uint32], picture: _Dots) -> Image.Image:
    places = np.full(picture.is_other.size, place[picture.paper])
    places[picture.is_other] = place[picture.others]
    image = Image.fromarray(places.reshape(picture.size[::-1]))
    image.putpalette(_red_green_blue(palette).astype(np.uint8).tobytes())
    return image


def _red_green_blue(colours: NDArray[np.uint32]) -> NDArray[np.float64]:
    return np.stack([colours & 255, colours >> 8 & 255, colours >> 16], axis=1).astype(np.float64)
