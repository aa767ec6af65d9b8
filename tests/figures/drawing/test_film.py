"""figures.drawing.film: an MP4 for slides, by ffmpeg."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import figures
from figures.drawing import film, style
from figures.sampler import film as of_nuts
from figures.sampler import toys
from tests.figures.helpers.frames import are_drawn_whole


def _frames(count=2):
    for _ in range(count):
        with style.applied():
            figure = style.blank()
            figure.add_subplot().plot([0, 1])
            yield style.settled(figure)


def test_an_mp4_has_1080_lines_and_each_frame_for_its_time(ffmpeg, tmp_path):
    ffmpeg()
    path = film.write_film(tmp_path / "film.mp4", _frames(), [150, 450])
    told = json.loads(path.read_text())
    assert told["bytes"] == 1920 * 1080 * 3 * (1 + 3)
    assert told["first"] == [255, 255, 255]
    arguments = " ".join(told["arguments"])
    assert "-s 1920x1080 -framerate 1000/150 -i -" in arguments
    assert "-pix_fmt yuv420p" in arguments  # what players can show
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".mp4"] == ["film.mp4"]


@pytest.mark.parametrize("tick", [1, 7, 19, 20, 33, 100, 150, 600, 1200, 3600])
def test_frames_of_an_mp4_change_when_they_should_and_are_neither_few_nor_many(ffmpeg, tmp_path, tick):
    ffmpeg()
    path = film.write_film(tmp_path / "film.mp4", _frames(), [tick, tick])
    arguments = json.loads(path.read_text())["arguments"]
    rate = Fraction(arguments[arguments.index("-r") + 1])
    assert 10 <= rate <= 50
    if tick >= 20:  # 50 a second
        assert (rate * tick / 1000).denominator == 1


def test_an_mp4_that_fails_leaves_nothing(ffmpeg, tmp_path):
    ffmpeg(fails=True)
    with pytest.raises(RuntimeError, match=r"film\.mp4: ffmpeg failed: no such codec$"):
        film.write_film(tmp_path / "film.mp4", _frames(), [150, 150])
    assert not [*tmp_path.glob("*.mp4"), *tmp_path.glob(".*")]


def test_a_program_that_ends_before_it_has_read_the_film_is_heard(ffmpeg, tmp_path):
    ffmpeg(fails=True)
    program = Path(shutil.which("ffmpeg"))
    program.write_text(program.read_text().replace("sys.stdin.buffer.read()", "b''"))
    with pytest.raises(RuntimeError, match=r"film\.mp4: ffmpeg failed: no such codec$"):
        film.write_film(tmp_path / "film.mp4", _frames(), [150, 150])


def test_without_ffmpeg_an_mp4_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not film.has_ffmpeg()
    with pytest.raises(RuntimeError, match=r"film\.mp4: ffmpeg, which writes films as \.mp4, is not installed$"):
        film.write_film(tmp_path / "film.mp4", _frames(), [150, 150])


def test_a_film_of_the_lecture_is_written_as_mp4(ffmpeg, tmp_path):
    ffmpeg()
    path = figures.write_film("nuts_film", {}, tmp_path / "nuts_film.mp4", seconds=0.1)
    assert json.loads(path.read_text())["bytes"] % (1920 * 1080 * 3) == 0


def test_colours_of_a_gif_are_exact_where_there_are_few(tmp_path):
    with Image.open(film.write_film(tmp_path / "film.gif", _frames(1), [100])) as image:
        found = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert (found == 255).all(axis=1).mean() > 0.8


def _moved(is_told=True):
    """A figure with a dot that moves, again and again; `is_told`: whether the film knows what moves."""
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1])
        (dot,) = axes.plot([0.2], [0.2], "o", zorder=4)
        title = figure.suptitle("0")
        style.settled(figure)
    if is_told:
        figure.moving = (title, dot)
    for number in range(3):
        dot.set_data([0.2 + 0.3 * number], [0.5])
        title.set_text(f"frame {number}")
        yield figure


def test_what_moves_is_drawn_over_the_rest_as_if_all_were_drawn_anew():
    over, anew = (film._pictures(_moved(is_told), 50) for is_told in (True, False))
    for one, other in zip(over, anew, strict=True):
        assert np.array_equal(np.asarray(one), np.asarray(other))
    assert not np.array_equal(np.asarray(over[0]), np.asarray(over[1]))


def test_the_steps_of_nuts_are_drawn_whole():
    """All that changes from frame to frame is among what moves."""
    chain = toys.nuts_chain(None, None)[:2]
    assert are_drawn_whole(lambda: of_nuts.frames(chain, toys.plane()))


def _misplaced(frames):
    """Titles of a film's frames that are cut, or over the panel."""
    found = []
    for figure in frames:
        title, panel = figure._suptitle, figure.axes[0].get_window_extent()
        box = title.get_window_extent(figure.canvas.get_renderer())
        if not (0 <= box.x0 < box.x1 <= figure.bbox.x1 and panel.y1 < box.y0 < box.y1 <= figure.bbox.y1):
            found.append(title.get_text())
    return found


def test_titles_of_narrow_frames_have_as_many_lines_as_they_take():
    chain = toys.nuts_chain(None, None)
    with style.asked(style.NARROW_FILM):
        assert _misplaced(of_nuts.frames(chain, toys.plane())) == []
    assert _misplaced(of_nuts.frames(chain, toys.plane())) == []


def test_a_title_of_one_line_would_be_cut():
    """The negative twin."""
    with style.asked(style.NARROW_FILM):
        figure = next(of_nuts.frames(toys.nuts_chain(None, None), toys.plane()))
        title = figure._suptitle.get_text()
        figure._suptitle.set_text(title.replace("\n", " "))
    assert "\n" in title
    assert len(_misplaced([figure])) == 1


def test_what_the_film_does_not_know_to_move_is_seen():
    def half():
        for figure in _moved():
            figure.moving = figure.moving[:1]
            yield figure

    assert are_drawn_whole(_moved)
    assert not are_drawn_whole(half)
