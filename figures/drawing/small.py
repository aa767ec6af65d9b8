"""Pictures for a page: few colours and no loss, in WebP, at a third of the weight of a PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from figures.drawing.palette import in_few_colours
from hmc.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = 64  # of a still; figures have few, and shades of them at the edges of letters and lines
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
    (few,) = in_few_colours([drawn.convert("RGB")], COLOURS)
    exif = Image.Exif()
    exif[DPI] = round(drawn.info["dpi"][0])
    return _written(path, [few.convert("RGB")], exif=exif)


def dots_per_inch(image: Image.Image) -> float | None:
    """The fineness that a picture (.png or .webp) says that it has."""
    found = image.info["dpi"][0] if "dpi" in image.info else image.getexif().get(DPI)
    return None if found is None else float(found)


def write_moving(film: str | Path, path: str | Path) -> Path:
    """Write a film (.gif) to `path` (.webp): the same frames, dot by dot, for as long."""
    frames, shown = [], []
    with Image.open(film) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(image.convert("RGB"))
            shown.append(image.info["duration"])
    return _written(path, frames, save_all=True, append_images=frames[1:], duration=shown, loop=0)


def _written(path: str | Path, frames: list[Image.Image], **further: Any) -> Path:
    packed = io.BytesIO()
    frames[0].save(packed, "webp", **_PACKING, **further)
    write_whole(path, lambda file: file.write(packed.getvalue()))
    return Path(path)
