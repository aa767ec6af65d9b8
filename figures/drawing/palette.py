"""Pictures reduced to their commonest colours: each dot gets the nearest of them, and common ones, such as the paper's
white, stay exactly what they are. Pillow's own ways to reduce colours tint the paper.
"""

from __future__ import annotations

import collections
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def in_few_colours(pictures: Sequence[Image.Image], most: int) -> list[Image.Image]:
    """The pictures, of red, green and blue, with one palette of at most `most` colours (256 or fewer) for all."""
    counted = [_counted(picture) for picture in pictures]
    palette = _commonest(counted, most)
    place = np.zeros(1 << 24, np.uint8)  # in the palette, of each colour that some picture has
    return [_in_colours(palette, place, *each) for each in zip(pictures, counted, strict=True)]


def _counted(picture: Image.Image) -> dict[int, int]:
    """{colour, red + 256 green + 65536 blue: how many of the picture's dots have it}."""
    found: Any = picture.getcolors(picture.width * picture.height)  # as many as there are dots: never None
    return {red | green << 8 | blue << 16: n for n, (red, green, blue) in found}


def _commonest(counted: Sequence[dict[int, int]], most: int) -> NDArray[np.int64]:
    """The colours that most dots of all pictures have, (up to `most`, 3)."""
    counts: collections.Counter[int] = collections.Counter()
    for one in counted:
        counts.update(one)
    return _red_green_blue(np.array(sorted(counts, key=lambda code: (-counts[code], code))[:most]))


def _in_colours(
    palette: NDArray[np.int64], place: NDArray[np.uint8], picture: Image.Image, counted: dict[int, int]
) -> Image.Image:
    """An image whose dots have the nearest colours of the palette; `place` is a table to write in."""
    codes = np.array(sorted(counted))
    distance = ((_red_green_blue(codes)[:, None] - palette) ** 2).sum(axis=2)
    place[codes] = distance.argmin(axis=1)
    dots = np.frombuffer(picture.convert("RGBX").tobytes(), "<u4") & 0xFFFFFF
    image = Image.fromarray(place[dots].reshape(picture.height, picture.width))
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image


def _red_green_blue(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([codes & 255, codes >> 8 & 255, codes >> 16], axis=1)
