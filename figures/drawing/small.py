"""Pictures for a page: few colours and no loss, in WebP, at a third of the weight of a PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image

from figures.drawing.palette import in_few_colours
from hmc.files import write_whole

COLOURS = 64  # of a still; figures have few, and shades of them at the edges of letters and lines
DPI = 0x011A  # of EXIF: XResolution
_PACKING = {"lossless": True, "method": 2, "quality": 30}


def write_still(picture: str | Path, path: str | Path) -> Path:
    """Write a picture (.png) to `path` (.webp), of the same dots, reduced to its commonest colours."""
    with Image.open(picture) as image:
        drawn, fineness = image.convert("RGB"), round(image.info["dpi"][0])
    (few,) = in_few_colours([drawn], COLOURS)
    exif = Image.Exif()
    exif[DPI] = fineness
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
