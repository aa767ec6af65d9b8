"""figures.drawing.small: pictures of a page are as sharp as their files, and weigh less."""

import numpy as np
import pytest
from PIL import Image

from figures.drawing import film, small, style
from figures.tadpoles.tanks import tanks


@pytest.fixture
def still(draws, tmp_path):
    return style.save(tanks(draws()), tmp_path / "tanks.png")


def _dots(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_a_still_has_the_same_dots_and_nearly_the_same_colours_at_a_third_of_the_weight(still, tmp_path):
    path = small.write_still(still, tmp_path / "tanks.webp")
    before, after = _dots(still), _dots(path)
    assert before.shape == after.shape
    assert np.quantile(np.abs(before - after).max(axis=2), 0.999) <= 24  # shades at edges of letters
    white = (before == 255).all(axis=2)
    assert (after[white] == 255).all()  # paper stays paper
    assert path.stat().st_size < still.stat().st_size / 2.5


def test_a_still_of_two_colours_is_told_from_it(still, tmp_path, monkeypatch):
    """The negative twin."""
    monkeypatch.setattr(small, "COLOURS", 2)
    after = _dots(small.write_still(still, tmp_path / "tanks.webp"))
    assert np.quantile(np.abs(_dots(still) - after).max(axis=2), 0.999) > 24


def test_the_size_on_paper_is_kept(still, tmp_path):
    with Image.open(small.write_still(still, tmp_path / "tanks.webp")) as image:
        assert small.dots_per_inch(image) == style.DOTS_PER_INCH
    with Image.open(still) as image:
        assert round(small.dots_per_inch(image)) == style.DOTS_PER_INCH


def test_the_same_picture_gives_the_same_bytes(still, tmp_path):
    one, other = (small.write_still(still, tmp_path / f"{i}.webp").read_bytes() for i in range(2))
    assert one == other


def test_a_film_has_nearly_the_same_frames_for_as_long(tmp_path):
    def frames():
        for height in (0.2, 0.5, 0.8):
            with style.applied():
                figure = style.blank((4.8, 2.7))
                figure.add_subplot().plot([0, 1], [height, height], "o")
                yield style.settled(figure)

    gif = film.write_film(tmp_path / "film.gif", frames(), [100, 200, 300])
    webp = small.write_moving(gif, tmp_path / "film.webp", film.DOTS_PER_INCH)
    with Image.open(gif) as before, Image.open(webp) as after:
        assert after.n_frames == 3
        for number, shown in enumerate((100, 200, 300)):
            before.seek(number)
            after.seek(number)
            one, other = (np.asarray(image.convert("RGB")).astype(int) for image in (before, after))
            assert np.quantile(np.abs(one - other).max(axis=2), 0.999) <= 24  # as of a still
            assert (other[(one == 255).all(axis=2)] == 255).all()
            assert after.info["duration"] == shown
        assert small.dots_per_inch(after) == film.DOTS_PER_INCH
