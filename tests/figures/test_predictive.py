"""figures.predictive: the line is the data, the band and the intervals are those of the replicates."""

import numpy as np
import pytest

import hmc
import models
from figures.predictive import predictive
from tests.figures.helpers import soundness
from tests.figures.helpers.artists import find


@pytest.fixture(scope="module")
def fit():
    return hmc.sample(models.mST(), chains=2, warmup=200, draws=100, workers=1, progress=False)


def _share(figure):
    return float(figure.axes[1].get_title("left").partition("%")[0]) / 100.0


def test_what_is_drawn_is_what_was_observed_and_predicted(fit):
    figure = predictive(fit)
    counts, intervals = figure.axes
    survived = fit.model.data.survived
    values, edges, _ = find(counts, "observed").get_data()
    np.testing.assert_array_equal(values, np.histogram(survived, edges)[0])
    assert values.sum() == survived.size
    replicates = fit.predict()["survived"].reshape(200, -1)
    each = [np.histogram(row, edges)[0] for row in replicates]
    band = find(counts, "band").get_data()
    np.testing.assert_allclose([band.baseline, band.values], np.quantile(each, [0.055, 0.945], axis=0), rtol=1e-12)
    order = np.argsort(replicates.mean(axis=0), kind="stable")
    np.testing.assert_array_equal(find(intervals, "points").get_ydata(), survived[order])
    low, high = np.quantile(replicates, [0.055, 0.945], axis=0)
    segments = np.array(find(intervals, "intervals").get_segments())
    np.testing.assert_allclose(segments[:, :, 1], np.stack([low, high], axis=1)[order], rtol=1e-12)
    assert _share(figure) == pytest.approx(np.mean((low <= survived) & (survived <= high)), abs=0.005)


def test_data_of_another_kind_fall_out_of_their_intervals(fit, monkeypatch):
    assert _share(predictive(fit)) > 0.8
    mirrored = {"survived": fit.model.data.density - fit.model.data.survived}
    monkeypatch.setattr(fit, "observed", lambda: mirrored)
    assert _share(predictive(fit)) < 0.6


def test_values_that_are_not_whole_are_counted_in_bins(fit, monkeypatch):
    halved = {name: values / 7.0 for name, values in fit.predict().items()}
    observed = fit.model.data.survived / 7.0
    monkeypatch.setattr(fit, "predict", lambda: halved)
    monkeypatch.setattr(fit, "observed", lambda: {"survived": observed})
    values, edges, _ = find(predictive(fit).axes[0], "observed").get_data()
    assert (values.sum(), edges.size) == (observed.size, 21)


def test_a_quantity_that_is_not_predicted_is_refused(fit):
    with pytest.raises(ValueError, match=r"^predictive: mST predicts no tadpoles; it predicts survived$"):
        predictive(fit, "tadpoles")


def test_figure_is_sound(fit):
    soundness.assert_sound(lambda: predictive(fit))


@pytest.mark.parametrize(
    ("observed", "predicted", "said"),
    [
        (np.zeros(2), np.full((1, 5, 2), np.nan), "was predicted as nan"),
        (np.array([0.0, np.inf]), np.zeros((1, 5, 2)), "was observed as inf"),
        (np.zeros(2), np.zeros((1, 5, 3)), r"was observed with the shape \(2,\), and predicted with \(3,\)"),
        (np.zeros(2), np.full((1, 5, 2), "a"), "was predicted as <U1, not as numbers"),
        (np.zeros(0), np.zeros((1, 5, 0)), "has no observations"),
    ],
)
def test_what_cannot_be_drawn_is_refused(observed, predicted, said, fit, monkeypatch):
    monkeypatch.setattr(fit, "observed", lambda: {"survived": observed})
    monkeypatch.setattr(fit, "predict", lambda: {"survived": predicted})
    with pytest.raises(ValueError, match=f"^predictive: mST: survived {said}"):
        predictive(fit)
