"""figures.drawing.style: colours, settings, files."""

import hashlib
import io
import itertools
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

import models
from figures.drawing import small, style
from figures.tadpoles.tanks import tanks

ROOT = Path(__file__).parents[3]
APART = 20.0  # in CIELAB, some eight just noticeable differences: seen in small marks, not only side by side


# The models that the lecture, its homework or these figures set side by side.
COMPARISONS = [
    ("mST", "mSTnomem", "mST_fixed"),
    ("mST", "mSTP", "mSTD", "mSTG", "mSTPDG"),
    ("mST", "mSTnc"),
    ("mSTP", "mSTPnc"),
    ("m0", "mf", "mr", "mrx", "mru"),
    ("mRS", "mRXma", "mRXma2"),
]


@pytest.mark.parametrize("names", COMPARISONS)
def test_models_drawn_together_and_ink_are_told_apart_by_all_eyes(names, colour_distance):
    colours = {name: style.MODELS[name] for name in names} | {"ink": style.INK, "paper": "#FFFFFF"}
    near = {pair: colour_distance(colours[pair[0]], colours[pair[1]]) for pair in itertools.combinations(colours, 2)}
    assert {pair: d for pair, d in near.items() if d < APART} == {}


def test_red_and_green_of_equal_lightness_are_not_told_apart(colour_distance):
    """The negative twin."""
    assert colour_distance("#D62728", "#2CA02C") < APART
    assert colour_distance("#FF0000", "#FF0000") == 0.0
    assert colour_distance("#000000", "#FFFFFF") == pytest.approx(100.0, abs=0.1)  # the scale's definition


def test_every_model_of_the_lecture_has_a_colour_and_others_share_one():
    lecture = (
        "mST mSTnomem mST_fixed mSTP mSTD mSTG mSTPDG mSTnc mSTPnc cafes m0 mf mr mrx mru mRS mRXma mRXma2"  # DESIGN.md
    )
    assert set(style.MODELS) == {*lecture.split(), *models.counterexamples()}
    assert style.model_colour("mST") == style.MODELS["mST"]
    assert style.model_colour("mine") == style.OTHER_MODEL
    assert style.OTHER_MODEL not in style.MODELS.values()


def test_settings_of_the_user_are_left_as_they_were(draws, tmp_path):
    with matplotlib.rc_context({"font.size": 31.0, "svg.hashsalt": "mine"}):
        before = dict(matplotlib.rcParams)
        style.save(tanks(draws()), tmp_path / "tanks.svg")
        assert dict(matplotlib.rcParams) == before


def _bytes(figure, folder, ending):
    return style.save(figure, folder / f"figure{ending}").read_bytes()


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_settings_of_the_user_change_no_byte(ending, draws, tmp_path):
    plain = _bytes(tanks(draws()), tmp_path, ending)
    mine = {"font.size": 31.0, "axes.facecolor": "red", "savefig.dpi": 30, "savefig.bbox": "tight", "svg.hashsalt": "x"}
    with matplotlib.rc_context(mine):
        assert _bytes(tanks(draws()), tmp_path, ending) == plain


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_a_second_drawing_and_a_second_saving_give_the_same_bytes(ending, draws, tmp_path):
    figure = tanks(draws())
    first = _bytes(figure, tmp_path, ending)
    _bytes(figure, tmp_path, ".svg")
    _bytes(figure, tmp_path, ".png")
    assert _bytes(figure, tmp_path, ending) == first
    assert _bytes(tanks(draws()), tmp_path, ending) == first
    assert _bytes(tanks(draws(seed=6)), tmp_path, ending) != first


def test_another_process_gives_the_same_bytes(tmp_path):
    code = (
        "import sys, numpy as np, figures; from figures.drawing import style\n"
        "a = np.linspace(-3, 3, 2 * 5 * 48).reshape(2, 5, 48)\n"
        "figure = figures.draw('tanks', {'mST': {'a': a, 'a_bar': a[..., 0]}})\n"
        "for path in sys.argv[1:]: style.save(figure, path)"
    )
    digests = []
    for seed, backend in (("1", "agg"), ("2", "svg")):
        paths = [tmp_path / f"{seed}.png", tmp_path / f"{seed}.svg"]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "MPLBACKEND": backend}
        subprocess.run([sys.executable, "-c", code, *map(str, paths)], cwd=ROOT, env=environment, check=True)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert digests[0] == digests[1]


def test_a_png_has_the_size_of_a_slide_and_is_not_blank(draws, tmp_path):
    with Image.open(style.save(tanks(draws()), tmp_path / "tanks.png")) as image:
        assert image.size == (1920, 1080)
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    blue = np.array([int(style.BLUE[i : i + 2], 16) for i in (1, 3, 5)])
    assert (pixels == 255).all(axis=1).mean() > 0.5  # paper
    assert (pixels < 60).all(axis=1).sum() > 5000  # ink
    assert (np.abs(pixels.astype(int) - blue).max(axis=1) < 8).sum() > 5000  # the model


def test_a_blank_figure_has_one_colour(tmp_path):
    """The negative twin."""
    with style.applied():
        figure = style.settled(style.blank())
    with Image.open(style.save(figure, tmp_path / "blank.png")) as image:
        assert image.getcolors() == [(1920 * 1080, (255, 255, 255, 255))]


def test_an_svg_is_well_formed_and_names_its_parts_once(draws, tmp_path):
    root = ElementTree.parse(style.save(tanks(draws()), tmp_path / "tanks.svg")).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert {"raw", "mean", "interval", "population", "divider-17", "divider-33"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_no_file_says_when_it_was_made(draws, tmp_path):
    for ending in (".png", ".svg", ".pdf"):
        content = _bytes(tanks(draws()), tmp_path, ending)
        assert b"Date" not in content
        assert b"matplotlib.org" not in content


def test_another_ending_is_refused_before_anything_is_written(draws, tmp_path):
    with pytest.raises(ValueError, match=r"tanks\.jpg: a figure's file ends in \.png, \.svg, \.pdf$"):
        style.save(tanks(draws()), tmp_path / "tanks.jpg")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_nothing_behind(draws, tmp_path):
    with pytest.raises(FileNotFoundError):
        style.save(tanks(draws()), tmp_path / "nowhere" / "tanks.png")
    (tmp_path / "tanks.png").mkdir()
    with pytest.raises(OSError, match=r"tanks\.png"):
        style.save(tanks(draws()), tmp_path / "tanks.png")
    assert [path.name for path in tmp_path.iterdir()] == ["tanks.png"]


def test_a_settled_figure_does_not_move(draws):
    figure = tanks(draws())
    before = figure.axes[0].get_position().bounds
    figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert figure.axes[0].get_position().bounds == before


def _two_panels(place="outside right center"):
    with style.applied():
        figure = style.blank()
        left, right = figure.subplots(1, 2, sharey=True)
        left.plot([0.0, 1.0], [0.0, 1.0], label="a line")
        right.plot([0.0, 1.0], [1.0, 0.0], label="another line with a long name")
        left.set_title("a title that is too long for half of a narrow figure")
        figure.suptitle("a title that is too long for one line of a narrow figure, as many titles are")
        figure.legend(loc=place)
        return style.settled(figure)


def test_a_figure_fitted_again_is_as_one_drawn_anew():
    with style.asked(style.NARROW):
        anew = small.picture(_two_panels())
    drawn = _two_panels()
    wide = small.picture(drawn)
    with style.asked(style.NARROW):
        again = small.picture(style.resettled(drawn))
    assert again.size == anew.size == (784, 896)
    assert wide.size == (1920, 1080)
    differ = np.abs(np.asarray(again).astype(int) - np.asarray(anew)).max(axis=2) > 40
    assert differ.mean() < 0.002  # a layout depends a little on where it began


@pytest.mark.parametrize("place", ["outside right center", "outside lower center"])
def test_a_legend_covers_no_panel_of_a_narrow_figure(place):
    with style.asked(style.NARROW):
        figure = _two_panels(place)
    legend = figure.legends[0].get_window_extent()
    for axes in figure.axes:
        assert not legend.overlaps(axes.get_tightbbox())


def test_there_may_be_no_room_for_a_figure_fitted_again():
    drawn = _two_panels()
    with style.asked(style.Look(width=3.0, height=2.0)), pytest.raises(style.NoRoomError):
        style.resettled(drawn)


def test_a_figure_is_drawn_once_to_be_saved(monkeypatch, tmp_path):
    figure, drawn = _two_panels(), []
    draw = type(figure.axes[0]).draw
    monkeypatch.setattr(type(figure.axes[0]), "draw", lambda self, renderer: (drawn.append(self), draw(self, renderer)))
    style.save(figure, tmp_path / "figure.png")
    assert drawn == figure.axes
