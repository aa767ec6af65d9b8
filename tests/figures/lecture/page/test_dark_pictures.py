"""The filter by which pictures turn dark keeps hues, and colours that can be told apart."""

import colorsys
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import figures.lecture.page
from figures.drawing import style
from tests.figures.drawing.test_style import COMPARISONS

APART_AT_NIGHT = 10.0  # in CIELAB, four just noticeable differences; half of what figures have on paper
CSS = (Path(figures.lecture.page.__file__).parent / "templates" / "page.css").read_text()
# https://www.w3.org/TR/filter-effects-1: hue-rotate by 180 degrees.
LUMA = np.array([0.213, 0.715, 0.072])
HALF_TURN = 2.0 * LUMA - np.eye(3)


def dark(colour, inverted=None):
    """The colour (#RRGGBB) as a dark page shows it; `inverted`: another share than that of the page's style."""
    if inverted is None:
        inverted = float(re.search(r"filter: invert\(([\d.]+)\) hue-rotate\(180deg\)", CSS)[1])
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    turned = HALF_TURN @ (inverted + (1.0 - 2.0 * inverted) * rgb)
    return "#" + "".join(f"{round(255 * part):02X}" for part in np.clip(turned, 0.0, 1.0))


def channels(colour):
    return [int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)]


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_paper_and_ink_change_places():
    assert luminance(dark("#FFFFFF")) < 0.015
    assert luminance(dark(style.INK)) > 0.6


@pytest.mark.parametrize("colour", sorted({*style.MODELS.values()} - {style.GREY}))
def test_a_colour_keeps_its_hue_and_can_be_seen(colour):
    hues = [360.0 * colorsys.rgb_to_hsv(*channels(one))[0] for one in (colour, dark(colour))]
    assert abs((hues[1] - hues[0] + 180.0) % 360.0 - 180.0) < 15.0
    contrast = (luminance(dark(colour)) + 0.05) / (luminance(dark("#FFFFFF")) + 0.05)
    assert contrast > 2.0  # as the palest colour has on white


@pytest.mark.parametrize("names", COMPARISONS)
def test_models_drawn_together_are_told_apart_in_the_dark(names, colour_distance):
    colours = {name: dark(style.MODELS[name]) for name in names} | {"paper": dark("#FFFFFF")}
    near = {pair: colour_distance(colours[pair[0]], colours[pair[1]]) for pair in itertools.combinations(colours, 2)}
    assert {pair: d for pair, d in near.items() if d < APART_AT_NIGHT} == {}


def test_half_an_inversion_leaves_no_colour_to_be_told_apart(colour_distance):
    """The negative twin."""
    assert colour_distance(dark(style.BLUE, 0.5), dark("#FFFFFF", 0.5)) < 1.0
