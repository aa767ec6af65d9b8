"""Figures one after the other as a film: an animated GIF, always the same bytes for the same figures, or an MP4."""

from __future__ import annotations

import contextlib
import io
import math
import shutil
import subprocess
import tempfile
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from figures.drawing import style
from figures.drawing.palette import in_few_colours
from figures.drawing.small import picture
from hmc.files import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH = 100  # of a GIF: 960 x 540
COLOURS = 256  # as many as the format can hold
# Of pictures such as these, films are not larger in the faster preset.
MP4 = ("-an", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart")
SMOOTH, MOST = 10, 50  # frames a second of it: with fewer, players stutter
EVEN = "pad=ceil(iw/2)*2:ceil(ih/2)*2"  # the format takes no odd number of dots


def write_film(path: str | Path, figures: Iterable[Figure], milliseconds: Sequence[int]) -> Path:
    """Write to `path` (.gif or .mp4) each of `figures`, shown for its entry of `milliseconds`; return the path.

    The file is written whole or not at all. A GIF plays over and over; its frames have one palette, so that nothing
    flickers. An MP4 has the size of a still, 1920 x 1080, and needs the program ffmpeg (`has_ffmpeg`): RuntimeError
    where that fails. ValueError for another ending, before a figure is drawn. `figures` may be one figure that changes,
    given again and again by a generator.
    """
    path = Path(path)
    if path.suffix.lower() not in (".gif", ".mp4"):
        raise ValueError(f"{path}: a film's file ends in .gif or .mp4")
    film = _gif(figures, milliseconds) if path.suffix.lower() == ".gif" else _mp4(path, figures, milliseconds)
    write_whole(path, lambda file: file.write(film))
    return path


def has_ffmpeg() -> bool:
    """Whether films can be written as MP4."""
    return shutil.which("ffmpeg") is not None


def _gif(figures: Iterable[Figure], milliseconds: Sequence[int]) -> bytes:
    fineness = style.dots_per_inch() or DOTS_PER_INCH
    pictures = _pictures(figures, fineness)
    first, *others = in_few_colours(pictures, COLOURS)
    film = io.BytesIO()
    first.save(film, "gif", save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=False)
    return film.getvalue()


def _mp4(path: Path, figures: Iterable[Figure], milliseconds: Sequence[int]) -> bytes:
    """The film by ffmpeg, which gets frames of equal length: as often as they are shown."""
    if not has_ffmpeg():
        raise RuntimeError(f"{path}: ffmpeg, which writes films as .mp4, is not installed")
    tick = math.gcd(*milliseconds)
    pictures = _pictures(figures, style.dots_per_inch() or style.DOTS_PER_INCH)
    width, height = pictures[0].size
    of_input = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-framerate", f"1000/{tick}")
    unfinished = path.with_name(f".{path.stem}.part.mp4")
    of_output = ("-vf", EVEN, *MP4, "-r", _rate(tick))
    command = ["ffmpeg", "-y", "-loglevel", "error", *of_input, "-i", "-", *of_output, str(unfinished)]
    often = [shown // tick for shown in milliseconds]
    frames = (frame.tobytes() for frame, times in zip(pictures, often, strict=True) for _ in range(times))
    try:
        complaint = _told(command, frames)
        if complaint is not None:
            raise RuntimeError(f"{path}: ffmpeg failed: {complaint[-300:]}")
        return unfinished.read_bytes()
    finally:
        unfinished.unlink(missing_ok=True)


def _told(command: Sequence[str], given: Iterable[bytes]) -> str | None:
    """Run a program that reads all this, piece by piece: a film's frames are more than memory should hold. None if all
    is well, or the program's complaint.
    """
    with tempfile.TemporaryFile() as words:
        program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words)
        # If it ends early, it says why, and the rest is not read.
        with program, contextlib.suppress(BrokenPipeError), typing.cast("BinaryIO", program.stdin) as pipe:
            for piece in given:
                pipe.write(piece)
        words.seek(0)
        return words.read().decode(errors="replace").strip() if program.returncode else None


def _rate(tick: int) -> str:
    """Frames a second, so that whole ones fill a tick of so many milliseconds, if it is not too short for that."""
    return f"{1000 * math.ceil(SMOOTH * tick / 1000)}/{tick}" if MOST * tick >= 1000 else str(MOST)


def _pictures(figures: Iterable[Figure], fineness: float) -> list[Image.Image]:
    """The figures as drawn, in red, green and blue."""
    pictures, scene = [], None
    for figure in figures:
        if getattr(figure, "moving", ()):
            scene = scene if scene is not None and scene.figure is figure else _Scene(figure, fineness)
            pictures.append(scene.picture())
        else:
            pictures.append(picture(figure, fineness))
    return pictures


class _Scene:
    """A figure that changes: what stays is drawn once, and what moves is drawn over it in each frame."""

    def __init__(self, figure: Any, fineness: float) -> None:
        self.figure = figure
        self._canvas = FigureCanvasAgg(figure)
        figure.set_dpi(fineness)
        for artist in figure.moving:
            artist.set_animated(True)
        with style.applied():
            self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)

    def picture(self) -> Image.Image:
        """The figure as it is now."""
        self._canvas.restore_region(self._still)
        with style.applied():
            for artist in sorted(self.figure.moving, key=lambda artist: artist.get_zorder()):
                self.figure.draw_artist(artist)
        return Image.fromarray(np.asarray(self._canvas.buffer_rgba())).convert("RGB")
