"""figures.drawing.fitting: a figure of another size is whole and legible; in its own size it is not touched."""

import itertools

import numpy as np
import pytest

import figures
from figures.drawing import fitting, small, style
from tests.figures.helpers.soundness import collisions, written

UNSAMPLED = [name for name in figures.names() if not figures.needs(name)]


def _panels(rows=2, columns=3):
    figure = style.blank()
    for axes in figure.subplots(rows, columns, sharex=True).ravel():
        axes.plot([0, 1], label="a line")
    for axes in figure.axes[-columns:]:
        axes.set_xlabel("Across")
    figure.suptitle("A title that is long enough for two lines of a narrow figure, and more", x=0.015, ha="left")
    words = [f"entry {i} of a long legend" for i in range(5)]
    figure.legend(figure.axes[0].lines[:] * 5, words, loc="outside lower center", ncols=5)
    return figure


def _drawn(look, **panels):
    with style.asked(look), style.applied():
        return style.settled(_panels(**panels))


def test_panels_stand_below_each_other_where_there_is_no_room_beside(monkeypatch):
    figure = _drawn(style.NARROW)
    left = {round(axes.get_position().x0, 3) for axes in figure.axes}
    assert len(left) == 2
    boxes = [axes.get_position() for axes in figure.axes]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    labelled = [i for i, axes in enumerate(figure.axes) if axes.get_xlabel()]
    assert labelled == [4, 5]  # the last of each column


def test_ticks_set_by_hand_are_labelled_once_in_each_column_and_do_not_run_into_each_other():
    with style.asked(style.NARROW), style.applied():
        figure = _panels()
        figure.axes[0].set_xticks(np.arange(0.0, 1.01, 0.05))  # the others share it
        style.settled(figure)
    ticks = [axes.xaxis.get_major_ticks() for axes in figure.axes]
    seen = [[tick.label1.get_window_extent() for tick in each if tick.label1.get_visible()] for each in ticks]
    assert [len(boxes) > 1 for boxes in seen] == [False] * 4 + [True] * 2
    assert not any(one.overlaps(other) for boxes in seen for one, other in itertools.pairwise(boxes))


def test_a_title_is_not_broken_at_a_hyphen():
    with style.asked(style.NARROW), style.applied():
        figure = style.blank()
        figure.add_subplot().set_xlabel("a warm-up " * 10)
        style.settled(figure)
    lines = figure.axes[0].get_xlabel().split("\n")
    assert len(lines) > 1
    assert not any(line.endswith("-") for line in lines)


def test_legends_and_titles_are_within_the_figure():
    figure = _drawn(style.NARROW)
    assert collisions(figure) == []
    assert "\n" in figure._suptitle.get_text()
    (legend,) = figure.legends
    entries = [text.get_window_extent() for text in legend.get_texts()]
    assert len({round(box.x0) for box in entries}) < 5
    assert all(box.width > 0 for box in entries)


def test_a_figure_of_its_own_size_is_not_touched():
    figure = _drawn(style.Look())
    assert len({round(axes.get_position().x0, 3) for axes in figure.axes}) == 3
    assert "\n" not in figure._suptitle.get_text()


def test_without_the_fitting_words_run_off_the_figure(monkeypatch):
    """The negative twin."""
    monkeypatch.setattr(style.fitting, "fit", lambda figure: None)
    assert collisions(_drawn(style.NARROW)) != []


@pytest.mark.parametrize("look", [style.Look(), style.NARROW])
@pytest.mark.parametrize("name", ["group_sizes", "leapfrog", "static_paths"])
def test_what_a_layout_does_not_measure_moves_nothing(name, look, monkeypatch):
    with style.asked(look):
        spared = np.asarray(small.picture(figures.draw(name, {})))
        monkeypatch.setattr(fitting, "_spare_needless_work", lambda axes: None)
        assert np.array_equal(np.asarray(small.picture(figures.draw(name, {}))), spared)


def test_a_label_that_is_not_measured_is_misplaced(monkeypatch):
    """The negative twin."""
    before = np.asarray(small.picture(figures.draw("leapfrog", {})))
    monkeypatch.setattr(fitting, "_spare_needless_work", lambda axes: setattr(axes.xaxis, "_autolabelpos", False))
    assert not np.array_equal(np.asarray(small.picture(figures.draw("leapfrog", {}))), before)


@pytest.mark.parametrize("name", UNSAMPLED)
def test_narrow_figures_are_legible(name):
    with style.asked(style.NARROW):
        figure = figures.draw(name, {})
    width, height = figure.get_size_inches()
    assert (width, height) == (5.6, 6.4)
    figure.draw_without_rendering()
    for text in written(figure):
        box = text.get_window_extent()
        beyond = max(-box.x0, -box.y0, box.x1 - figure.bbox.x1, box.y1 - figure.bbox.y1)
        assert beyond <= 2.0, text.get_text()  # of 784 dots: an upright label's box is rounded
    assert all(np.prod(axes.get_position().size) > 0.01 for axes in figure.axes)
