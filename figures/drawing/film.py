"""Figures one after the other as an animated GIF: always the same bytes for the same figures."""

from __future__ import annotations

import collections
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figures.drawing import style
from hmc.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 100  # 960 x 540
COLOURS = 256  # as many as the format can hold


def write_film(path: str | Path, figures: Iterable[Figure], milliseconds: Sequence[int]) -> Path:
    """Write to `path` (.gif) each of `figures`, shown for its entry of `milliseconds`, over and over; return the path.

    All have one palette, so that nothing flickers. The file is written whole or not at all. ValueError for another
    ending, before a figure is drawn. `figures` may be one figure that changes, given again and again by a generator.
    """
    path = Path(path)
    if path.suffix.lower() != ".gif":
        raise ValueError(f"{path}: an animation's file ends in .gif")
    pictures = [_pixels(figure) for figure in figures]
    palette = _palette(pictures)
    first, *others = [_in_colours(palette, pixels) for pixels in pictures]
    film = io.BytesIO()
    first.save(film, "gif", save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=False)
    write_whole(path, lambda file: file.write(film.getvalue()))
    return path


def _pixels(figure: Figure) -> NDArray[np.int64]:
    """The figure as drawn, (height, width) whole numbers: red, green and blue, a byte each."""
    image = io.BytesIO()
    with style.applied():
        figure.savefig(image, format="png", dpi=DOTS_PER_INCH)
    return np.asarray(Image.open(image).convert("RGB")).astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])


def _palette(pictures: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The colours that most pixels of all pictures have, (up to 256, 3). Image.quantize would make white a grey."""
    counts: collections.Counter[int] = collections.Counter()
    for pixels in pictures:
        counts.update(dict(zip(*(found.tolist() for found in np.unique(pixels, return_counts=True)), strict=True)))
    most = sorted(counts, key=lambda code: (-counts[code], code))[:COLOURS]
    return _red_green_blue(np.array(most))


def _in_colours(palette: NDArray[np.int64], pixels: NDArray[np.int64]) -> Image.Image:
    """An image whose pixels have the nearest colours of the palette."""
    codes, which = np.unique(pixels, return_inverse=True)
    distance = ((_red_green_blue(codes)[:, None] - palette) ** 2).sum(axis=2)
    image = Image.fromarray(distance.argmin(axis=1).astype(np.uint8)[which.reshape(pixels.shape)])
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image


def _red_green_blue(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
