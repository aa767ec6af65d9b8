"""figures.tadpoles.tanks: the tank plot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import hmc
import models
from figures.drawing import style
from figures.tadpoles.tanks import tanks

BUNDLED = Path(models.__file__).parent / "data" / "reedfrogs.csv"
LECTURE = np.repeat([10, 25, 35], 16)


def _shown(figure, by_gid):
    """The numbers that the artists carry: raw, mean, lower, upper (one for each tank) and the population's."""
    (raw,), (mean,) = by_gid(figure, "raw"), by_gid(figure, "mean")
    (interval,), (population,) = by_gid(figure, "interval"), by_gid(figure, "population")
    segments = np.array(interval.get_segments())  # (tanks, ends, xy)
    tank = np.arange(1, len(segments) + 1)
    for x in (raw.get_xdata(), mean.get_xdata(), segments[:, 0, 0], segments[:, 1, 0]):
        np.testing.assert_array_equal(x, tank)
    (height,) = set(population.get_ydata())
    return raw.get_ydata(), mean.get_ydata(), segments[:, 0, 1], segments[:, 1, 1], height


def _quantile(pooled, prob):
    """R's default quantile (type 7) of each column, from its definition."""
    ordered = np.sort(pooled, axis=0)
    position = prob * (len(ordered) - 1)
    below = int(position)
    return ordered[below] + (position - below) * (ordered[below + 1] - ordered[below])


def _assert_shows(figure, by_gid, fit, frame):
    raw, mean, lower, upper, population = _shown(figure, by_gid)
    pooled = expit(fit["a"]).reshape(-1, fit["a"].shape[2])
    np.testing.assert_allclose(raw, frame["surv"] / frame["density"], rtol=1e-15)
    # two ways to add up a few thousand float64
    np.testing.assert_allclose(mean, pooled.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(lower, _quantile(pooled, 0.055), rtol=1e-12)
    np.testing.assert_allclose(upper, _quantile(pooled, 0.945), rtol=1e-12)
    assert population == pytest.approx(expit(fit["a_bar"]).mean(), rel=1e-12)


@pytest.mark.parametrize("density", [LECTURE, [5], [30, 10], np.tile([12, 7], 9), np.arange(1, 41), [20] * 130])
def test_points_intervals_and_line_are_those_of_the_draws(density, draws, tanks_of, by_gid):
    fit, frame = draws(len(density)), tanks_of(density)
    _assert_shows(tanks(fit, frame), by_gid, fit, frame)


def test_a_fit_of_other_draws_is_told_from_the_one_shown(draws, tanks_of, by_gid):
    """The negative twin: the comparison above can fail."""
    fit, frame = draws(), tanks_of(LECTURE)
    figure = tanks(fit, frame)
    for name in fit:
        shifted = {**fit, name: fit[name] + 1e-6}
        with pytest.raises(AssertionError):
            _assert_shows(figure, by_gid, shifted, frame)
    with pytest.raises(AssertionError):
        _assert_shows(figure, by_gid, fit, frame[::-1].reset_index(drop=True))


def test_a_sampled_fit_is_shown_with_the_bundled_tanks(by_gid):
    fit = hmc.sample(models.mST(), chains=1, warmup=100, draws=50, workers=1, progress=False)
    figure = tanks(fit)
    _assert_shows(figure, by_gid, fit, pd.read_csv(BUNDLED))
    assert figure.get_suptitle() == "mST: survival of tadpoles in 48 tanks"


def test_the_value_beside_the_line_is_the_line_s(draws, by_gid):
    fit = draws()
    (value,) = [t for t in tanks(fit).axes[0].texts if t.get_gid() is None]
    assert value.get_text() == f"{expit(fit['a_bar']).mean():.2f}"
    assert value.get_position()[1] == pytest.approx(expit(fit["a_bar"]).mean())


def test_impossibly_large_intercepts_are_drawn_at_0_and_1(draws, tanks_of, by_gid):
    fit = draws(2)
    fit["a"][..., 0], fit["a"][..., 1] = -800.0, 800.0
    _, mean, lower, upper, _ = _shown(tanks(fit, tanks_of([4, 4])), by_gid)
    assert [list(x) for x in (mean, lower, upper)] == [[0.0, 1.0]] * 3


def test_the_legend_says_what_is_what(draws):
    (legend,) = tanks(draws()).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "tank: raw proportion",
        "tank: posterior mean and 89% interval of logit⁻¹(a)",
        "population: posterior mean of logit⁻¹(a_bar)",
    ]


def test_what_the_model_says_has_the_model_s_colour_and_what_the_data_say_has_none(draws, by_gid):
    fit = draws()
    for name in ("mST", "mSTnomem", "a model of my own"):
        fit.name = name
        figure = tanks(fit)
        for gid in ("mean", "population"):
            assert by_gid(figure, gid)[0].get_color() == style.model_colour(name)
        assert by_gid(figure, "raw")[0].get_color() == style.INK


LABELS = {
    "three sizes": (LECTURE, ["small tanks: 10 tadpoles", "medium tanks: 25 tadpoles", "large tanks: 35 tadpoles"]),
    "two, large first": ([35] * 6 + [10] * 6, ["large tanks: 35 tadpoles", "small tanks: 10 tadpoles"]),
    "one": ([8] * 5, ["8 tadpoles"]),
    "one tank each": ([10, 25, 35], ["small\n10 tadpoles", "medium\n25 tadpoles", "large\n35 tadpoles"]),
    "four": (np.repeat([1, 2, 3, 4], 5), ["1 tadpole", "2 tadpoles", "3 tadpoles", "4 tadpoles"]),
    "narrow": ([10] * 4 + [25] * 44, ["10", "25"]),
    "mixed": ([10, 25] * 8, []),
    "too narrow": (np.arange(100, 200), []),
}


@pytest.mark.parametrize("case", LABELS)
def test_dividers_and_labels_stand_where_the_number_of_tadpoles_changes(case, draws, tanks_of, by_gid):
    density, expected = LABELS[case]
    figure = tanks(draws(len(density)), tanks_of(density))
    labels, dividers = by_gid(figure, "label"), by_gid(figure, "divider")
    assert [label.get_text() for label in labels] == expected
    changes = np.flatnonzero(np.diff(density)) + 1.5 if expected else []
    assert [divider.get_xdata()[0] for divider in dividers] == list(changes)
    edges = [0.5, *changes, len(density) + 0.5]
    for label, left, right in zip(labels, edges, edges[1:], strict=False):
        assert label.get_position()[0] == (left + right) / 2
    about = {"narrow": "(above: tadpoles in each", "mixed": "(10 to 25 tad", "too narrow": "(100 to 199 tad"}
    assert about.get(case, "Tank") in figure.axes[0].get_xlabel()


def _collisions(figure):
    """What written things overlap the field where data are drawn, one another, or the figure's edge."""
    figure.draw_without_rendering()
    axes = figure.axes[0]
    ticks = [label for axis in (axes.xaxis, axes.yaxis) for label in axis.get_ticklabels()]
    titles = [figure._suptitle, axes.xaxis.label, axes.yaxis.label]
    written = [*figure.legends, *titles, *axes.texts, *ticks]
    if axes.get_legend():
        written.append(axes.get_legend())
    boxes = [(str(w), w.get_window_extent()) for w in written]
    field = axes.get_window_extent()
    found = [name for name, box in boxes if box.overlaps(field)]
    found += [f"{n}, {m}" for i, (n, a) in enumerate(boxes) for m, b in boxes[:i] if a.overlaps(b)]
    outside = (b for b in boxes if b[1].x0 < 0 or b[1].y0 < 0 or b[1].x1 > figure.bbox.x1 or b[1].y1 > figure.bbox.y1)
    return found + [name for name, _ in outside]


@pytest.mark.parametrize("density", [LECTURE, [5], [10, 25, 35], np.arange(1, 31), [10, 25] * 8, [20] * 250])
def test_nothing_written_overlaps_the_data_or_another_text(density, draws, tanks_of):
    assert _collisions(tanks(draws(len(density)), tanks_of(density))) == []


def test_a_legend_among_the_points_is_a_collision(draws):
    """The negative twin."""
    figure = tanks(draws())
    figure.axes[0].legend(["raw"], loc="center")
    assert len(_collisions(figure)) == 1


def test_letters_are_at_least_15_pixels_at_half_size(draws):
    figure = tanks(draws())
    written = [text for text in figure.findobj(lambda a: hasattr(a, "get_fontsize")) if text.get_text()]
    assert len(written) > 15
    assert min(text.get_fontsize() for text in written) / 72 * figure.dpi / 2 >= 15


def test_all_points_lie_within_the_axes(draws, by_gid):
    figure = tanks(draws())
    field = figure.axes[0].get_window_extent()
    (raw,) = by_gid(figure, "raw")
    pixels = figure.axes[0].transData.transform(raw.get_xydata())
    radius = raw.get_markersize() / 72 * figure.dpi / 2
    assert field.x0 <= pixels[:, 0].min() - radius
    assert pixels[:, 0].max() + radius <= field.x1
    assert field.y0 <= pixels[:, 1].min()
    assert pixels[:, 1].max() <= field.y1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": None}, r"^tanks: the fit has no a; it has a_bar$"),
        ({"a_bar": None}, r"^tanks: the fit has no a_bar; it has a$"),
        (
            {"a": np.zeros((3, 70))},
            r"^tanks: a is of shape \(3, 70\) and a_bar of \(3, 70\), not \(chains, draws, tanks",
        ),
        ({"a_bar": np.zeros((3, 71))}, r"^tanks: a is of shape \(3, 70, 48\) and a_bar of \(3, 71\), not"),
        ({"a": np.zeros((3, 0, 48)), "a_bar": np.zeros((3, 0))}, r"^tanks: a is of shape \(3, 0, 48\)"),
        ({"a": np.zeros((3, 70, 12))}, r"^tanks: the fit is of 12 tanks, the data are of 48$"),
        ({"a": np.full((3, 70, 48), np.nan)}, r"^tanks: some draws of the fit are not finite$"),
        ({"a_bar": np.full((3, 70), np.inf)}, r"^tanks: some draws of the fit are not finite$"),
    ],
)
def test_a_fit_that_cannot_be_shown_is_refused(change, message, draws):
    fit = draws()
    fit.update(change)
    for name in [name for name in fit if fit[name] is None]:
        del fit[name]
    with pytest.raises(ValueError, match=message):
        tanks(fit)


def test_a_fit_of_other_tanks_is_refused_even_if_they_are_as_many(draws, tanks_of):
    frame = tanks_of(LECTURE)
    fit = draws()
    fit.model = models.mST(frame)
    tanks(fit, frame)
    with pytest.raises(
        ValueError, match=r"^tanks: row 1 of the data has 9 survivors of 10, but the fit was made from 7 o"
    ):
        tanks(fit)
    exchanged = frame.iloc[[*range(47), 46]]
    with pytest.raises(ValueError, match=r"^tanks: row 48 of the data has "):
        tanks(fit, exchanged)


def test_bad_data_are_refused_by_their_own_message(draws, tmp_path):
    with pytest.raises(ValueError, match=r"^reedfrogs: no such file: "):
        tanks(draws(), tmp_path / "none.csv")
