"""figures.confounds.effects, confounds_groups, confounds_coverage: the confounded study and its five estimators."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from scipy import stats
from scipy.special import expit

import hmc
import models
from figures.confounds.coverage import coverage
from figures.confounds.effects import ESTIMATORS, bxy, bzy, group_sizes
from figures.confounds.groups import contrasts, intercepts
from figures.drawing import style
from models.confounds import simulate_study
from models.coverage import wilson

STUDY = simulate_study(5, groups=6, individuals=50)


@pytest.fixture(scope="module")
def fits():
    """Fits of all five estimators to a small study, by name."""
    sampling = {"chains": 2, "warmup": 200, "draws": 150, "workers": 1, "progress": False}
    return {
        name: hmc.sample(models.build(name, individuals=STUDY.individuals, groups=STUDY.groups), **sampling)
        for name in ESTIMATORS
    }


def _artist(figure, gid, panel=None):
    """The one artist with this gid, in the panel or any."""
    axes = figure.axes if panel is None else [figure.axes[panel]]
    (found,) = [artist for a in axes for artist in a.get_children() if artist.get_gid() == gid]
    return found


def _interval(x):
    return np.quantile(x, [0.055, 0.945], axis=0)


def _assert_shows_effect(figure, name, fits):
    for estimator, fit in fits.items():
        x = fit[name].ravel()
        line = _artist(figure, f"density-{estimator}")
        width = 1.06 * min(x.std(ddof=1), stats.iqr(x) / 1.34) * x.size**-0.2
        density = stats.gaussian_kde(x, bw_method=width / x.std(ddof=1))
        np.testing.assert_allclose(line.get_ydata(), density(line.get_xdata()), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(_artist(figure, f"mean-{estimator}").get_xdata(), [x.mean()], rtol=1e-12)
        ((lower, upper),) = np.array(_artist(figure, f"interval-{estimator}").get_segments())[:, :, 0]
        np.testing.assert_allclose([lower, upper], _interval(x), rtol=1e-12)


@pytest.mark.parametrize(("draw", "name", "truth"), [(bxy, "bxy", 1.0), (bzy, "bzy", -0.5)])
def test_densities_means_and_intervals_are_those_of_the_draws_and_the_truth_is_the_study_s(draw, name, truth, fits):
    figure = draw(**fits)
    _assert_shows_effect(figure, name, fits)
    for panel in (0, 1):
        assert set(_artist(figure, "truth", panel).get_xdata()) == {truth}
    assert set(_artist(draw(**fits, truth=9.0), "truth", 0).get_xdata()) == {9.0}


def test_estimators_exchanged_or_another_coefficient_are_told_from_those_shown(fits):
    """The negative twin."""
    figure = bxy(**fits)
    with pytest.raises(AssertionError):
        _assert_shows_effect(figure, "bzy", fits)
    with pytest.raises(AssertionError):
        _assert_shows_effect(figure, "bxy", {**fits, "mr": fits["mrx"], "mrx": fits["mr"]})


def test_every_estimator_has_its_colour_and_its_name_beside_its_row(fits):
    figure = bxy(**fits)
    for row, name in enumerate(ESTIMATORS):
        for gid in ("density", "mean"):
            assert _artist(figure, f"{gid}-{name}").get_color() == style.model_colour(name)
        assert _artist(figure, f"mean-{name}").get_ydata() == [row]
        assert figure.axes[1].get_yticklabels()[row].get_text().startswith(f"{name}: ")


def test_a_truth_far_away_is_within_the_axes(fits):
    low, high = bxy(**fits, truth=-7.0).axes[0].get_xlim()
    assert low <= -7.0
    assert high > fits["mf"]["bxy"].mean()


def test_bars_are_the_numbers_of_individuals_from_the_least():
    for study in (STUDY, (None, None)):
        figure = group_sizes(*study)
        table = (
            STUDY.individuals if study is STUDY else pd.read_csv(f"{models.__path__[0]}/data/confounds_individuals.csv")
        )
        counts = table["g"].value_counts()
        heights = [bar.get_height() for bar in figure.axes[0].patches]
        assert heights == sorted(counts)
        labels = [int(text.get_text()) for text in figure.axes[0].get_xticklabels()]
        assert [counts[g] for g in labels] == heights
        assert set(_artist(figure, "mean").get_ydata()) == {counts.mean()}


def _in_order_shown(figure):
    return np.array([int(text.get_text()) - 1 for text in figure.axes[0].get_xticklabels()])


def test_intercepts_and_intervals_are_those_of_the_draws_beside_a0_and_u(fits):
    figure = intercepts(fits["mf"], fits["mr"], *STUDY)
    order = _in_order_shown(figure)
    sizes = STUDY.individuals["g"].value_counts().reindex(order + 1).to_numpy()
    assert (np.diff(sizes) >= 0).all()
    np.testing.assert_allclose(_artist(figure, "truth").get_ydata(), -2.0 + STUDY.groups["Ug"].to_numpy()[order])
    for name in ("mf", "mr"):
        a = fits[name]["a"].reshape(-1, 6)[:, order]
        np.testing.assert_allclose(_artist(figure, f"mean-{name}").get_ydata(), a.mean(axis=0), rtol=1e-12)
        segments = np.array(_artist(figure, f"interval-{name}").get_segments())
        np.testing.assert_allclose(segments[:, :, 1].T, _interval(a), rtol=1e-12)
        label = next(t.get_text() for t in figure.legends[0].get_texts() if t.get_text().startswith(f"{name}: "))
        error = np.sqrt(np.mean((a.mean(axis=0) - (-2.0 + STUDY.groups["Ug"].to_numpy()[order])) ** 2))
        assert f"square error {error:.1f})" in label


def test_an_interval_that_leaves_the_frame_has_an_arrow(fits):
    a = fits["mf"]["a"].copy()
    a[:, ::4, 2] += 1000.0  # a quarter of the draws of group 3
    a[..., 2] -= a[..., 2].mean()
    figure = intercepts({"a": a}, {"a": fits["mr"]["a"]}, *STUDY)
    place = np.flatnonzero(_in_order_shown(figure) == 2)[0]
    for way in "v^":
        assert place - 0.17 in _artist(figure, f"cut-{way}-mf").get_xdata()
    low, high = figure.axes[0].get_ylim()
    assert high - low < 100.0


def _direct_contrasts(name, fit, groups):
    """p(X=1) - p(X=0) at Z = 0 from the link function of the model, for a study of one individual per group and X."""
    twice = pd.DataFrame({"g": np.tile(groups["g"], 2), "X": np.arange(12.0) ** 2, "Y": 1})  # X that mrx can hold
    data = models.build(name, individuals=twice, groups=groups).data
    data = data._replace(X=np.repeat([0.0, 1.0], 6), Xbar=fit.model.data.Xbar, Z=np.zeros(6))
    p = np.empty((fit.unconstrained.shape[0] * fit.unconstrained.shape[1], 12))
    for row, position in zip(p, fit.unconstrained.reshape(len(p), -1), strict=True):
        models.confounds.p(position, data, row)
    return (p[:, 6:] - p[:, :6]).mean(axis=0)


def test_contrasts_are_those_of_the_models_link_functions_and_scores_are_their_errors(fits):
    figure = contrasts(**fits, individuals=STUDY.individuals, groups=STUDY.groups)
    level = -2.0 + STUDY.groups["Ug"].to_numpy()
    truth = expit(level + 1.0) - expit(level)
    line = _artist(figure, "truth", 0)
    np.testing.assert_array_equal(line.get_xdata(), line.get_ydata())
    for name, fit in fits.items():
        expected = _direct_contrasts(name, fit, STUDY.groups)
        dots = _artist(figure, f"contrast-{name}")
        np.testing.assert_allclose(dots.get_xdata(), truth, rtol=1e-12)
        np.testing.assert_allclose(dots.get_ydata(), expected, rtol=1e-9)
        bar = _artist(figure, f"score-{name}")
        assert bar.get_width() == pytest.approx(np.mean((expected - truth) ** 2), rel=1e-9)
        assert to_hex(bar.get_facecolor()) == style.model_colour(name).lower()


def test_contrasts_without_what_stands_for_u_are_others(fits):
    """The negative twin: of mrx and mru, intercepts alone are not enough."""
    for name in ("mrx", "mru"):
        fit = fits[name]
        a, b = fit["a"].reshape(-1, 6), fit["bxy"].reshape(-1, 1)
        bare = (expit(a + b) - expit(a)).mean(axis=0)
        assert np.abs(bare - _direct_contrasts(name, fit, STUDY.groups)).max() > 0.01


def test_the_order_of_the_groups_rows_changes_nothing(fits):
    shuffled = STUDY.groups.iloc[[3, 1, 5, 0, 2, 4]]
    one, other = (contrasts(**fits, individuals=STUDY.individuals, groups=g) for g in (STUDY.groups, shuffled))
    for gid in ("contrast-mr", "contrast-mf"):
        np.testing.assert_allclose(_artist(one, gid).get_ydata(), _artist(other, gid).get_ydata(), rtol=1e-12)


@pytest.fixture(scope="module")
def table():
    """As `models.coverage.coverage` returns it, of three estimators."""
    rows = pd.MultiIndex.from_product([["m0", "mf", "mru"], ["bxy", "bzy"]], names=["estimator", "coefficient"])
    rng = np.random.default_rng(2)
    columns = ["bias", "bias_se", "coverage", "coverage_se"]
    return pd.DataFrame(rng.uniform(0.01, 0.2, (6, 4)), index=rows, columns=columns).assign(studies=40)


def test_bias_and_coverage_are_those_of_the_table(table):
    figure = coverage(table.iloc[::-1])
    for (name, coefficient), row in table.iterrows():
        for statistic in ("bias", "coverage"):
            gid = f"{statistic}-{coefficient}-{name}"
            assert _artist(figure, gid).get_xdata() == [row[statistic]]
            ends = np.array(_artist(figure, f"error-{gid}").get_segments())[0, :, 0]
            se_on_both_sides = row[statistic] + row[f"{statistic}_se"] * np.array([-2.0, 2.0])
            expected = wilson(row[statistic], 40) if statistic == "coverage" else se_on_both_sides
            np.testing.assert_allclose(ends, expected)
    assert set(_artist(figure, "ideal-bias-bxy").get_xdata()) == {0.0}
    assert set(_artist(figure, "ideal-coverage-bzy").get_xdata()) == {0.89}
    assert [t.get_text()[:3] for t in figure.axes[0].get_yticklabels()] == ["m0:", "mf:", "mru"]
    assert "over 40 simulated" in figure.get_suptitle()


def test_no_bar_of_a_coverage_is_without_width_or_beyond_1(table):
    figure = coverage(table.assign(coverage=1.0, coverage_se=0.0))
    for name in ("m0", "mf", "mru"):
        lower, upper = np.array(_artist(figure, f"error-coverage-bxy-{name}").get_segments())[0, :, 0]
        assert lower < 0.95
        assert upper == 1.0


def test_standard_errors_that_are_not_known_are_not_drawn(table):
    figure = coverage(table.assign(bias_se=np.nan, studies=[40, 40, 39, 40, 40, 40]))
    assert not [c for c in figure.axes[0].collections if (c.get_gid() or "").startswith("error-")]
    assert "over 39 to 40 simulated" in figure.get_suptitle()


def test_a_table_that_is_none_of_coverage_is_refused(table):
    with pytest.raises(ValueError, match=r"^coverage: the table has no column bias_se; it has bias, coverage"):
        coverage(table.drop(columns="bias_se"))
    with pytest.raises(ValueError, match=r"^coverage: the table has no rows of bxy and bzy of any of m0, mf"):
        coverage(table.iloc[:1])


def test_fits_that_cannot_be_shown_are_refused(fits):
    with pytest.raises(ValueError, match=r"^bxy: the fit of a model has no bxy; it has a$"):
        bxy(**{**fits, "mr": {"a": fits["mr"]["a"]}})
    with pytest.raises(ValueError, match=r"^bzy: some draws of bzy of a model are not finite$"):
        bzy(**{**fits, "m0": {"bzy": np.full((2, 9), np.inf)}})
    with pytest.raises(
        ValueError, match=r"^intercepts: a of a model is of shape \(2, 9, 5\), not \(chains, draws, 6\)$"
    ):
        intercepts({"a": np.zeros((2, 9, 5))}, fits["mr"], *STUDY)
    other = STUDY.individuals.assign(Y=1 - STUDY.individuals["Y"])
    with pytest.raises(ValueError, match=r"^contrasts: the fit of m0 was made from other data: Y is not the same$"):
        contrasts(**fits, individuals=other, groups=STUDY.groups)
    with pytest.raises(ValueError, match=r"Ug"):
        intercepts(fits["mf"], fits["mr"], STUDY.individuals, STUDY.groups.drop(columns="Ug"))


def _figures(fits, table):
    yield group_sizes(*STUDY)
    yield bxy(**fits)
    yield bzy(**fits)
    yield intercepts(fits["mf"], fits["mr"], *STUDY)
    yield contrasts(**fits, individuals=STUDY.individuals, groups=STUDY.groups)
    yield coverage(table)


def test_files_are_slides_not_blank_and_the_same_the_second_time(fits, table, tmp_path):
    for one, again in zip(_figures(fits, table), _figures(fits, table), strict=True):
        path = style.save(one, tmp_path / "one.png")
        assert path.read_bytes() == style.save(again, tmp_path / "again.png").read_bytes()
        with Image.open(path) as image:
            assert image.size == (1920, 1080)
            pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
        assert 0.5 < (pixels == 255).all(axis=1).mean() < 0.99


def _written(figure):
    """(text, box) of all that is written; of ticks those within the axes' range, as only these are drawn."""
    figure.draw_without_rendering()
    texts = [figure._suptitle, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [(t.get_text(), t.get_window_extent()) for t in texts if t.get_text() and t.get_visible()]


def test_nothing_written_overlaps_another_text_or_the_edge(fits, table):
    for figure in _figures(fits, table):
        boxes = _written(figure)
        for (one, a), (other, b) in itertools.combinations(boxes, 2):
            assert not a.overlaps(b), (one, other)
        for text, box in boxes:
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= figure.bbox.x1, text
            assert box.y1 <= figure.bbox.y1, text
