"""The look of every figure: one size, one set of type, one palette; and how it is saved, always as the same bytes.

A figure is drawn inside `with applied():`, starts as `blank()`, and is returned by `settled(figure)`. It is a plain
`matplotlib.figure.Figure`: no pyplot, no display, no backend to choose, and no effect of the user's matplotlibrc.

A reader may ask for another look, `with asked(Look(width=6.0, sheet="ggplot")):`, in which figures are drawn and saved.

Colour tells models apart, for readers with any colour-vision deficiency among the models of one comparison. Data,
truths and guides are ink or grey, and models without a colour of their own are drawn in `OTHER_MODEL`.
"""

import base64
import contextlib
import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import matplotlib.style
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from figures.drawing import fitting
from figures.drawing.fitting import NoRoomError as NoRoomError
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
    "axes.titley": 1.0,  # else a layout asks for the ticks above each panel, of which there are none
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


class Look(NamedTuple):
    """A reader's wishes for figures; None leaves it to the figure."""

    width: float | None = None  # inches; of width and height, one alone keeps the figure's proportions
    height: float | None = None
    dpi: float | None = None
    sheet: str | None = None  # a style of matplotlib: a name that it knows, or the path of a file


# For a telephone, which shows 5.6 inches at two thirds of their size: letters are then 11 pixels tall at the least.
NARROW = Look(width=5.6, height=6.4, dpi=140)
NARROW_FILM = NARROW._replace(dpi=80)  # which is light enough for all its frames
# For slides and posters; beyond these limits no figure of this project can be read.
LIMITS = {"width": (3.0, 60.0), "height": (2.0, 60.0), "dpi": (20.0, 1200.0)}
_asked: ContextVar[tuple[Look, Mapping[str, Any]]] = ContextVar("asked", default=(Look(), {}))


@contextlib.contextmanager
def asked(look: Look) -> Iterator[None]:
    """A context in which figures are drawn and saved with this look; ValueError for one that cannot be had."""
    for name, (least, most) in LIMITS.items():
        value = getattr(look, name)
        if value is not None and not least <= value <= most:
            raise ValueError(f"{name} = {value:g} is not from {least:g} to {most:g}")
    token = _asked.set((look, {} if look.sheet is None else _settings_of(look.sheet)))
    try:
        yield
    finally:
        _asked.reset(token)


def _settings_of(sheet: str) -> Mapping[str, Any]:
    """The settings of a style of matplotlib, by its name or path."""
    styles: Mapping[str, Any] = matplotlib.style.library
    if sheet in styles:
        return dict(styles[sheet])
    if not Path(sheet).is_file():
        known = ", ".join(name for name in sorted(matplotlib.style.library) if not name.startswith("_"))
        raise ValueError(f"style {sheet}: there is no such file, and matplotlib knows {known}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read: Any = matplotlib.rc_params_from_file(sheet, use_default_template=False)
    settings: dict[str, Any] = dict(read)
    if not settings:  # a picture, a text: matplotlib only logs its lines
        raise ValueError(f"style {sheet}: the file sets nothing" + "".join(f"; {w.message}" for w in caught[:1]))
    return settings


@contextlib.contextmanager
def applied() -> Iterator[None]:
    """A context in which matplotlib has this style over its own defaults; afterwards it has its earlier settings."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        look, sheet = _asked.get()
        settings: Any = {**_TYPE, **_LINES, **_FILES, **sheet, "savefig.dpi": "figure"}
        fineness = look.dpi or sheet.get("savefig.dpi", "figure")
        matplotlib.rcParams.update(settings if fineness == "figure" else {**settings, "figure.dpi": fineness})
        yield


class Slide(Figure):
    """A Figure that a notebook shows where it ends a cell, whether or not pyplot has been imported.

    is_of_its_size: whether it was drawn for its size, and has to be drawn anew for another, as `resettled` cannot.
    moving: of a figure that is a film's frames one after the other, all artists that change from frame to frame.
    """

    is_of_its_size = False
    moving: Sequence[Artist] = ()
    engine: Any = None  # its layout engine, which is not set once it is settled

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """({"image/png": base64}, {"image/png": its size in pixels of the page}): sharp on dense screens."""
        image = io.BytesIO()
        with applied():
            self.savefig(image, format="png", metadata=_UNDATED[".png"])
        width, height = (int(100 * inches) for inches in self.get_size_inches())
        encoded = base64.b64encode(image.getvalue()).decode("ascii")
        return {"image/png": encoded, "text/plain": repr(self)}, {"image/png": {"width": width, "height": height}}


def blank(size: tuple[float, float] = WIDE) -> Slide:
    """An empty figure, `size` in inches unless another is asked for; its layout avoids overlaps."""
    figure = Slide(figsize=_size(size), layout="constrained")
    FigureCanvasAgg(figure)  # what draws its pictures lays it out too, and remembers how long each text is
    figure.engine = figure.get_layout_engine()
    figure.engine.set(w_pad=0.1, h_pad=0.08)  # inches
    return figure


def _size(own: tuple[float, float]) -> tuple[float, float]:
    look, sheet = _asked.get()
    width, height = sheet.get("figure.figsize", own)
    if look.width is None and look.height is None:
        return width, height
    return look.width or look.height * width / height, look.height or look.width * height / width


def dots_per_inch() -> float | None:
    """The fineness that is asked for."""
    return _asked.get()[0].dpi


def settled(figure: Slide) -> Slide:
    """`figure` with its layout fixed, so that saving it a second time moves nothing; if a look is asked for, with
    titles, legends and panels that fit it. NoRoomError where there is no room for the axes.
    """
    look, sheet = _asked.get()
    if sheet:
        fitting.recolour(figure, {INK: matplotlib.rcParams["text.color"], "white": figure.get_facecolor()})
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout not applied")
        try:
            if (look, sheet) != (Look(), {}):
                fitting.fit(figure)
            else:
                fitting.lay_out(figure)
        except UserWarning:
            raise fitting.no_room(figure) from None
    with matplotlib.rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
        figure.set_layout_engine(None)  # after "none" matplotlib would draw each figure twice to save it once
    return figure


def resettled(figure: Slide) -> Slide:
    """A settled figure in the size that is asked for now: drawn once, fitted again. It is changed, also where there is
    no room for it: NoRoomError.
    """
    with applied():
        figure.set_size_inches(*_size(tuple(figure.get_size_inches())))
        figure.set_dpi(matplotlib.rcParams["figure.dpi"])
        figure.set_layout_engine(figure.engine)
        settled(figure)
    return figure


def retitle(figure: Slide, title: str) -> None:
    """Give a settled figure another title, of no more lines than it has room for: those of the one before."""
    shown: Any = figure._suptitle  # type: ignore[attr-defined]
    shown.set_text(title)
    if _asked.get()[0] != Look():
        fitting.wrap_title(figure)


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
