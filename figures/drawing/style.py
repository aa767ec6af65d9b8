"""The look of every figure: one size, one set of type, one palette; and how it is saved, always as the same bytes.

A figure is drawn inside `with applied():`, starts as `blank()`, and is returned by `settled(figure)`. It is a plain
`matplotlib.figure.Figure`: no pyplot, no display, no backend to choose, and no effect of the user's matplotlibrc.

Colour tells models apart, for readers with any colour-vision deficiency among the models of one comparison. Data,
truths and guides are ink or grey, and models without a colour of their own are drawn in `OTHER_MODEL`.
"""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from hmc.files import write_whole

WIDE = (9.6, 5.4)  # inches: a slide
DOTS_PER_INCH = 200  # 1920 x 1080; half of it is a README's width, with letters 13 pixels tall at the least

INK = "#1A1A1A"  # data, truths, text
GUIDE = "#767676"  # dividers, notes, priors
OTHER_MODEL = "#595959"

# Okabe & Ito's palette without its yellow, which is lost on white, and its green, which is too near the others;
# wine is Tol's. Only models that are never drawn together share a colour.
BLUE, SKY, ORANGE, VERMILLION, PURPLE = "#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#CC79A7"
WINE, GREY = "#882255", "#999999"

MODELS = {
    "mST": BLUE,
    "mSTnomem": ORANGE,
    "mST_fixed": GREY,
    "mSTP": VERMILLION,
    "mSTD": SKY,
    "mSTG": PURPLE,
    "mSTPDG": WINE,
    "mSTnc": PURPLE,
    "mSTPnc": SKY,
    "cafes": BLUE,
    "m0": GREY,
    "mf": ORANGE,
    "mr": BLUE,
    "mrx": SKY,
    "mru": WINE,
    "mru_normal": PURPLE,
    "schools": VERMILLION,
    "schools_nc": BLUE,
    "mRS": BLUE,
    "mRXma": SKY,
    "mRXma2": VERMILLION,
}

_TYPE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so every machine has it
    "font.size": 13,
    "figure.titlesize": 15,
    "figure.titleweight": "bold",
    "axes.titlesize": 13,
    "axes.labelsize": 13,
    "legend.fontsize": 12,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
}
_LINES = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
_FILES = {
    "figure.dpi": DOTS_PER_INCH,
    "savefig.dpi": "figure",
    "svg.fonttype": "path",  # looks the same where the font is not installed
    "svg.hashsalt": "rethinking-hmc",  # else every run names its elements anew
}
_UNDATED: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextlib.contextmanager
def applied() -> Iterator[None]:
    """A context in which matplotlib has this style over its own defaults; afterwards it has its earlier settings."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = {**_TYPE, **_LINES, **_FILES}
        matplotlib.rcParams.update(settings)
        yield


def blank(size: tuple[float, float] = WIDE) -> Figure:
    """An empty figure, `size` in inches; its layout avoids overlaps."""
    figure = Figure(figsize=size, layout="constrained")
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.1, h_pad=0.08)  # inches
    return figure


def settled(figure: Figure) -> Figure:
    """`figure` with its layout fixed, so that saving it a second time moves nothing."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure


def model_colour(name: str) -> str:
    """The colour of the model called `name`, the same in every figure, whether or not its data are simulated."""
    return MODELS.get(name.removesuffix(" (simulated data)"), OTHER_MODEL)


def chain_colours(count: int) -> Any:
    """Colours from dark to light that all readers can tell apart, if they are few; lighter ones are lost on white."""
    return matplotlib.colormaps["viridis"]([0.8 * chain / max(1, count - 1) for chain in range(count)])


def save(figure: Figure, path: str | Path) -> Path:
    """Write `figure` to `path` (.png, .svg or .pdf) and return the path.

    The same figure gives the same bytes. The file is written whole or not at all. ValueError for another ending,
    OSError if the file cannot be written.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in _UNDATED:
        raise ValueError(f"{path}: a figure's file ends in {', '.join(_UNDATED)}")
    image = io.BytesIO()
    with applied():
        figure.savefig(image, format=ending[1:], metadata=_UNDATED[ending])
    write_whole(path, lambda file: file.write(image.getvalue()))
    return path
