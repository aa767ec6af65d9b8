"""The plot of `scale.py`: time and memory against size on log-log axes, where what is linear has slope 1."""

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks.words import time_in_words, whole
from figures.drawing.style import GUIDE, OTHER_MODEL, applied, blank, model_colour, settled

SIZE = (12.0, 9.6)  # inches
PROCESSES_DIFFER = 3e6  # bytes of peak memory, though they do the same
MARKERS = {"heights": "o", "m0": "s", "mRXma": "D", "mST": "o"}


def drawn(by_rows, by_dimension):
    """The figure of the series by rows and by dimension of `scale.measured`."""
    with applied():
        figure = blank(SIZE)
        gradient, draw, dimension, memory = figure.subplots(2, 2).flat
        for series in by_rows:
            add(gradient, series, "gradient")
            add(draw, series, "draw")
            add_memory(memory, series, series.model)
        diag, low_rank, dense = by_dimension
        add(dimension, diag, "gradient", label="gradient")
        add(dimension, diag, "step", label="leapfrog step, diagonal metric", marker="s", linestyle="--")
        add(dimension, diag, "draw", label="draw, diagonal metric", marker="D", linestyle=":")
        add(
            dimension,
            low_rank,
            "step",
            label="leapfrog step, low-rank metric",
            marker="v",
            linestyle="--",
            colour=OTHER_MODEL,
        )
        add(dimension, dense, "step", label="leapfrog step, dense metric", marker="^", colour=OTHER_MODEL)
        add_memory(memory, diag, "mST, by dimension", marker="^")
        add_memory(memory, low_rank, "mST, low-rank metric, by dimension", marker="v", linestyle=":")
        add_memory(memory, dense, "mST, dense metric, by dimension", marker="^", linestyle="--")
        finish(gradient, "Time of a gradient", "rows", in_powers_of_ten)
        finish(draw, "Time of a draw after warm-up", "rows", in_powers_of_ten)
        finish(dimension, "mST with more tanks: time", "dimension", in_powers_of_ten, room=100.0)
        finish(memory, "Peak memory over that of the smallest size", "rows, or dimension", in_megabytes, room=8.0)
        figure.suptitle("Time and memory grow with the size of a model: grey lines have slope 1")
        return settled(figure)


def add(axes, series, name, *, label=None, marker=None, linestyle="-", colour=None):
    """A line of the attribute `name` of the costs."""
    draw_line(axes, series, series.values(name), label or series.model, marker, linestyle, colour)


def add_memory(axes, series, label, marker=None, linestyle="-"):
    """A line of the memory that a size needs over the smallest, where it is more than what processes differ by."""
    sizes, peaks = series.values("peak")
    more = peaks - peaks[0]
    is_seen = more > PROCESSES_DIFFER
    draw_line(axes, series, (sizes[is_seen], more[is_seen]), label, marker, linestyle)


def draw_line(axes, series, points, label, marker=None, linestyle="-", colour=None):
    """A line with markers, in the colour of the series' model."""
    style = {"color": colour or model_colour(series.model), "linestyle": linestyle, "label": label}
    axes.plot(*points, marker=marker or MARKERS[series.model], markersize=6, **style)


def finish(axes, title, size, in_words, room=2.0):
    """Scales, guides and words of a panel; `room` times the largest value is where it ends, above the legend."""
    axes.set(xscale="log", yscale="log", title=title, xlabel=size)
    low, high = axes.get_ylim()
    ends = np.array(axes.get_xlim())
    for decade in range(-14, 8):  # of seconds or bytes per unit of size
        axes.plot(ends, ends * 10.0**decade, color=GUIDE, linewidth=0.6, alpha=0.5, zorder=0)
    axes.set(xlim=ends, ylim=(low / 1.2, high * room))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: in_words(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    axes.legend(loc="upper left")


def in_powers_of_ten(seconds):
    """A power of ten of seconds in a unit."""
    return time_in_words(seconds, whole)


def in_megabytes(memory):
    """Bytes in megabytes."""
    return f"{memory / 1e6:.0f} MB"
