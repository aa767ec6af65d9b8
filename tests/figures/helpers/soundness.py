"""Whether a figure can be shown: a slide's size, legible, nothing written over something else, and always the same.

Loaded by tests with runpy, as they are imported one by one.
"""

import io
import itertools
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from figures.drawing import style

HALF_SIZE_LETTER = 15  # pixels


def assert_sound(make):
    """The figure of `make()` is whole and legible, and a second one of the same bytes."""
    figure = make()
    assert collisions(figure) == []
    sizes = [text.get_fontsize() / 72 * figure.dpi / 2 for text in written(figure)]
    assert min(sizes) >= HALF_SIZE_LETTER
    png = _png(figure)
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("L"))
    assert pixels.shape == (1080, 1920)
    assert np.mean(pixels < 250) > 0.01  # something is drawn ...
    assert np.mean(pixels > 250) > 0.3  # ... on paper
    assert _png(make()) == png


def collisions(figure):
    """What written things overlap one another or the figure's edge."""
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in written(figure)]
    found = [f"{one}, {other}" for (one, a), (other, b) in itertools.combinations(boxes, 2) if a.overlaps(b)]
    paper = figure.bbox
    return found + [t for t, b in boxes if b.x0 < 0 or b.y0 < 0 or b.x1 > paper.x1 or b.y1 > paper.y1]


def written(figure):
    """All texts that are seen: titles, labels, legends, notes, and ticks' labels within the axes."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
    texts = [
        figure._suptitle,
        figure._supxlabel,
        figure._supylabel,
        *(text for legend in legends for text in legend.get_texts()),
    ]
    for axes in figure.axes:
        texts += [axes.title, axes._left_title, axes._right_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            slack = 1e-9 * (high - low)
            shown = [t for t in axis.get_major_ticks() if low - slack <= t.get_loc() <= high + slack]
            texts += [tick.label1 for tick in shown if tick.label1.get_visible()]
    return [text for text in texts if text is not None and text.get_text()]


def _png(figure):
    with tempfile.TemporaryDirectory() as folder:
        return style.save(figure, Path(folder) / "figure.png").read_bytes()
