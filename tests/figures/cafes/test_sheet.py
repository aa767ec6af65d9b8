"""figures.cafes.sheet, cafes_curves, cafes_animation: the robot that waits at cafes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

import hmc
import models
from figures.cafes import film
from figures.cafes.curves import grid
from figures.cafes.film import cafes_animation
from figures.cafes.sheet import beliefs_of, cafes_frame, cafes_sheet
from figures.drawing import small, style
from figures.drawing.density import bandwidth, kernel_density, normal_mixture
from models.cafes import CAFES
from models.tables import read
from tests.figures.helpers.frames import are_drawn_whole

TABLE = pd.DataFrame({"visit": [1, 2, 3, 4], "cafe": [1, 2, 1, 1], "wait": [3, 11, 3, 6]})


@pytest.fixture(scope="module")
def fits():
    """Fits of 0 to 4 visits to two cafes."""
    sampling = {"chains": 2, "warmup": 150, "draws": 150, "metric": "dense", "workers": 1, "progress": False}
    return [hmc.sample(models.cafes(TABLE, visits=k), **sampling) for k in range(5)]


def test_the_film_is_drawn_whole(fits):
    table = read(CAFES, TABLE)
    beliefs = beliefs_of(fits, range(5), table, "posterior")
    assert are_drawn_whole(lambda: film._frames(beliefs, table))


def test_a_frame_of_the_film_is_the_frame_of_its_visit(fits):
    table = read(CAFES, TABLE)
    beliefs = beliefs_of(fits, range(5), table, "posterior")
    for visit, frame in enumerate(film._frames(beliefs, table)):
        assert small.picture(frame, 50).tobytes() == small.picture(cafes_frame(fits, visit, TABLE), 50).tobytes()


def _lines(figure, gid):
    """{(visits, panel): line} of those whose gid begins so."""
    found = {}
    for axes in figure.axes:
        for line in axes.lines:
            if (line.get_gid() or "").startswith(f"{gid}-"):
                found[tuple(map(int, line.get_gid().split("-")[1:]))] = line
    return found


def _assert_shows(figure, k, fit):
    """The blue curves after k visits are the draws of the fit, by SciPy's densities."""
    shown = _lines(figure, "belief")
    a_bar, sigma = fit["a_bar"].ravel(), fit["sigma"].ravel()
    width = 1.06 * min(a_bar.std(ddof=1), stats.iqr(a_bar) / 1.34) * a_bar.size**-0.2
    wait = shown[k, 0].get_xdata()
    lognormals = [stats.lognorm.pdf(wait, max(s, width), scale=np.exp(m)) for m, s in zip(a_bar, sigma, strict=True)]
    np.testing.assert_allclose(shown[k, 0].get_ydata(), np.mean(lognormals, axis=0), rtol=1e-9, atol=1e-12)
    for j in range(fit["a"].shape[2]):
        if j + 1 not in {*TABLE["cafe"][:k]}:
            np.testing.assert_array_equal(shown[k, j + 1].get_ydata(), shown[k, 0].get_ydata())
            continue
        a = fit["a"][..., j].ravel()
        width = 1.06 * min(a.std(ddof=1), stats.iqr(a) / 1.34) * a.size**-0.2
        density = stats.gaussian_kde(a, bw_method=width / a.std(ddof=1))
        line = shown[k, j + 1]
        np.testing.assert_allclose(
            line.get_ydata(), density(np.log(line.get_xdata())) / line.get_xdata(), rtol=1e-9, atol=1e-12
        )


def test_the_curves_are_the_densities_of_the_draws(fits):
    sheet = cafes_sheet(fits, (0, 1, 4), TABLE)
    for k in (0, 1, 4):
        _assert_shows(sheet, k, fits[k])
        _assert_shows(cafes_frame(fits, k, TABLE), k, fits[k])


def test_another_fit_is_told_from_the_one_shown(fits):
    """The negative twin."""
    sheet = cafes_sheet(fits, (1,), TABLE)
    for other in (fits[2], {**fits[1], "sigma": fits[1]["sigma"] * 1.01, "a": fits[1]["a"] + 1e-4}):
        with pytest.raises(AssertionError):
            _assert_shows(sheet, 1, other)


def test_the_lecture_s_curves_are_lognormals_at_posterior_means(fits):
    fit = fits[3]
    shown = _lines(cafes_sheet(fits, (3,), TABLE, style="lecture"), "belief")
    wait = shown[3, 0].get_xdata()
    population = stats.lognorm.pdf(wait, fit["sigma"].mean(), scale=np.exp(fit["a_bar"].mean()))
    np.testing.assert_allclose(shown[3, 0].get_ydata(), population, rtol=1e-9)
    for j in (1, 2):
        a = fit["a"][..., j - 1]
        cafe = stats.lognorm.pdf(wait, a.std(ddof=1), scale=np.exp(a.mean()))
        np.testing.assert_allclose(shown[3, j].get_ydata(), cafe, rtol=1e-9)


def test_grey_is_what_was_blue_before(fits):
    sheet = cafes_sheet(fits, (0, 2, 4), TABLE)
    now, before = _lines(sheet, "belief"), _lines(sheet, "before")
    assert sorted(before) == [(k, j) for k in (2, 4) for j in range(3)]
    for k, earlier in ((2, 0), (4, 2)):
        for j in range(3):
            np.testing.assert_array_equal(before[k, j].get_ydata(), now[earlier, j].get_ydata())
    assert _lines(cafes_frame(fits, 0, TABLE), "before") == {}
    frame, earlier = cafes_frame(fits, 3, TABLE), cafes_frame(fits, 2, TABLE)
    for j in range(3):
        np.testing.assert_array_equal(
            _lines(frame, "before")[3, j].get_ydata(), _lines(earlier, "belief")[2, j].get_ydata()
        )


def test_every_visit_is_a_dot_in_its_cafe_and_counted(fits):
    figure = cafes_frame(fits, 4, TABLE)
    dots = _lines(figure, "waits")
    assert {key: sorted(line.get_xdata()) for key, line in dots.items()} == {(4, 1): [3, 3, 6], (4, 2): [11]}
    assert len(set(map(tuple, dots[4, 1].get_xydata()))) == 3  # equal waits do not hide each other
    counts = [next(t.get_text() for t in axes.texts if "visit" in t.get_text()) for axes in figure.axes[:3]]
    assert counts == ["4 visits", "3 visits", "1 visit"]


def test_the_wait_of_the_visit_is_marked_where_it_was(fits):
    for visit, cafe, wait in TABLE.itertuples(index=False):
        panels = [axes for axes in cafes_frame(fits, visit, TABLE).axes if axes.get_title(loc="left")]
        marked = {
            j: line.get_xdata()[0] for j, axes in enumerate(panels) for line in axes.lines if line.get_gid() == "wait"
        }
        assert marked == {cafe: wait}
        assert f"waited {wait} min" in [text.get_text().strip() for text in panels[cafe].texts]
    assert not any(line.get_gid() == "wait" for axes in cafes_frame(fits, 0, TABLE).axes for line in axes.lines)


def test_frames_have_their_panels_in_one_place_and_hold_all_curves(fits):
    frames, tops = [cafes_frame(fits, k, TABLE) for k in range(5)], []
    for figure in frames:
        for axes, first in zip(figure.axes, frames[0].axes, strict=True):
            assert axes.get_xlim() == first.get_xlim()
            np.testing.assert_allclose(axes.get_position().bounds, first.get_position().bounds, atol=1e-9)
        top = figure.axes[0].get_ylim()[1]
        highest = max(line.get_ydata().max() for line in _lines(figure, "belief").values())
        assert highest < top
        tops.append(top)
        assert figure.axes[0].get_xlim()[1] > TABLE["wait"].max()
    assert tops == sorted(tops)
    first = max(line.get_ydata().max() for line in _lines(frames[0], "belief").values())
    assert first > 0.9 * tops[0]  # not squashed by later frames


def test_fits_may_come_by_number_in_any_order(fits):
    by_number = {4: fits[4], 0: fits[0]}
    one, other = cafes_sheet(by_number, (0, 4), TABLE), cafes_sheet(fits, (0, 4), TABLE)
    for key, line in _lines(one, "belief").items():
        np.testing.assert_array_equal(line.get_ydata(), _lines(other, "belief")[key].get_ydata())
    assert _lines(cafes_frame(by_number, 4, TABLE), "before") == {}  # nobody gave what was believed after visit 3


def test_densities_integrate_to_the_share_of_draws_on_the_axis():
    rng = np.random.default_rng(1)
    a_bar, sigma = rng.normal(2.0, 0.5, 4000), 0.05 + 0.1 * rng.standard_exponential(4000)
    wait = grid(30.0)
    for density, draws in (
        (kernel_density(a_bar, np.log(wait)) / wait, np.exp(a_bar)),
        (normal_mixture(a_bar, sigma, np.log(wait)) / wait, np.exp(a_bar + sigma * rng.standard_normal(4000))),
    ):
        # 3 standard errors of a share near 1, and what the rule of rectangles and the kernel leave
        assert np.sum(density) * wait[0] == pytest.approx(np.mean(draws < 30.0), abs=0.01)


def test_equal_draws_have_no_density():
    assert bandwidth(np.full(9, 2.5)) == 0.0
    assert np.isnan(kernel_density(np.full(9, 2.5), [2.0, 2.5])).all()
    assert bandwidth(np.r_[np.zeros(90), np.ones(10)]) > 0.0  # quartiles alone would say 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda fits: fits[:2], r"^cafes: no fit of 2 visits; given: 0, 1$"),
        (lambda fits: {}, r"^cafes: no fit of 1 visits; given: none$"),
        (
            lambda fits: [fits[0], fits[3], fits[2]],
            r"^cafes, visits = 1: the fit of cafes was made from other data: w",
        ),
        (
            lambda fits: [None, {"a": fits[1]["a"]}, None],
            r"^cafes, visits = 1: the fit of a model has no a_bar; it has a$",
        ),
        (lambda fits: [None, {**fits[1], "a": np.zeros((2, 9, 3))}], r"cafes, visits = 1: a of a model is of shape"),
        (
            lambda fits: [None, {**fits[1], "sigma": np.full((2, 9), np.nan)}],
            r"some draws of sigma of a model are not f",
        ),
    ],
)
def test_fits_that_cannot_be_shown_are_refused(change, message, fits):
    with pytest.raises(ValueError, match=message):
        cafes_sheet(change(fits), (1, 2), TABLE)


def test_an_unknown_style_or_frame_is_refused(fits):
    with pytest.raises(ValueError, match=r"^cafes: style = 'mine' is not one of posterior, lecture$"):
        cafes_sheet(fits, (0,), TABLE, style="mine")
    with pytest.raises(ValueError, match=r"^cafes: no fit of 7 visits; given: 0, 1, 2, 3, 4$"):
        cafes_frame(fits, 7, TABLE)


def test_the_bundled_cafes_make_a_sheet_of_36_panels(tmp_path):
    rng = np.random.default_rng(3)
    fits = {}
    for k in (0, 1, 2, 5, 10, 20):
        a_bar, sigma = rng.normal(2.0, 0.5, (2, 60)), rng.exponential(0.3, (2, 60))
        fits[k] = {
            "a": a_bar[..., None] + sigma[..., None] * rng.standard_normal((2, 60, 5)),
            "a_bar": a_bar,
            "sigma": sigma,
        }
    figure = cafes_sheet(fits)
    assert len(_lines(figure, "belief")) == 36
    assert sum(len(line.get_xdata()) for (k, _), line in _lines(figure, "waits").items() if k == 20) == 20
    path = style.save(figure, tmp_path / "sheet.png")
    assert path.read_bytes() == style.save(cafes_sheet(fits), tmp_path / "again.png").read_bytes()
    with Image.open(path) as image:
        assert image.size == (1920, 1680)
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    assert 0.5 < (pixels == 255).all(axis=1).mean() < 0.99


def test_the_animation_has_a_frame_for_each_visit_and_always_the_same_bytes(fits, tmp_path):
    path = cafes_animation(fits, tmp_path / "cafes.gif", TABLE, seconds=0.5)
    with Image.open(path) as film:
        assert film.n_frames == 5
        assert film.info["loop"] == 0  # for ever
        shown, pictures = [], []
        for k in range(film.n_frames):
            film.seek(k)
            shown.append(film.info["duration"])
            pictures.append(np.asarray(film.convert("RGB")))
    assert shown == [500, 500, 500, 500, 1500]
    assert all((picture == 255).all(axis=2).mean() > 0.5 for picture in pictures)  # pure white
    assert all(np.any(one != other) for one, other in itertools.pairwise(pictures))
    assert cafes_animation(fits, tmp_path / "again.gif", TABLE, seconds=0.5).read_bytes() == path.read_bytes()


def test_an_animation_that_is_no_gif_is_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(ValueError, match=r"cafes\.png: a film's file ends in \.gif or \.mp4$"):
        cafes_animation([], tmp_path / "cafes.png")
    assert list(tmp_path.iterdir()) == []
