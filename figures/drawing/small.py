"""Pictures for a page: few colours and no loss, in WebP, at a third of the weight of a PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from figures.drawing.palette import in_few_colours
from hmc.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = 64  # of a picture; figures have few, and shades of them at the edges of letters and lines
DPI = 0x011A  # of EXIF: XResolution
_PACKING = {"lossless": True, "method": 2, "quality": 30}


def picture(figure: Figure, fineness: float | None = None) -> Image.Image:
    """A figure as drawn, in red, green and blue, with so many dots per inch; None for its own."""
    from figures.drawing import style  # here alone: a page is written without matplotlib

    dots, image = fineness or figure.dpi, io.BytesIO()
    with style.applied():
        figure.savefig(image, format="rgba", dpi=dots)
    width, height = (int(inches * dots) for inches in figure.get_size_inches())
    drawn = Image.frombuffer("RGBA", (width, height), image.getvalue(), "raw", "RGBA", 0, 1).convert("RGB")
    drawn.info["dpi"] = (dots, dots)
    return drawn


def write_png(drawn: Image.Image, path: str | Path) -> Path:
    """Write a picture of `picture` to `path` (.png)."""
    packed = io.BytesIO()
    drawn.save(packed, "png", dpi=drawn.info["dpi"], compress_level=3)  # in two thirds of the time, a tenth larger
    write_whole(path, lambda file: file.write(packed.getvalue()))
    return Path(path)


def write_still(drawn: Image.Image | str | Path, path: str | Path) -> Path:
    """Write a picture, or that of a file (.png), to `path` (.webp): the same dots, reduced to its commonest colours."""
    if not isinstance(drawn, Image.Image):
        with Image.open(drawn) as image:
            return write_still(image.copy(), path)
    return _written(path, [drawn.convert("RGB")], drawn.info["dpi"][0])


def dots_per_inch(image: Image.Image) -> float | None:
    """The fineness that a picture (.png or .webp) says that it has."""
    found = image.info["dpi"][0] if "dpi" in image.info else image.getexif().get(DPI)
    return None if found is None else float(found)


def write_moving(film: str | Path, path: str | Path, fineness: float) -> Path:
    """Write a film (.gif) of so many dots per inch to `path` (.webp): its frames, reduced to their commonest colours,
    for as long.
    """
    frames, shown = [], []
    with Image.open(film) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(image.convert("RGB"))
            shown.append(image.info["duration"])
    # Each frame as what differs from the one before: with whole ones in between, films are larger by a tenth and more.
    how: dict[str, Any] = {"save_all": True, "duration": shown, "loop": 0, "kmin": 0, "kmax": 0}
    return _written(path, frames, fineness, **how)


def _written(path: str | Path, frames: Sequence[Image.Image], fineness: float, **further: Any) -> Path:
    exif, packed = Image.Exif(), io.BytesIO()
    exif[DPI] = round(fineness)
    first, *others = (few.convert("RGB") for few in in_few_colours(frames, COLOURS))
    first.save(packed, "webp", **_PACKING, exif=exif, append_images=others, **further)
    write_whole(path, lambda file: file.write(packed.getvalue()))
    return Path(path)
