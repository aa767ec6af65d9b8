"""figures.trolley: responses as in the data, effects as in the draws."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hmc
import models
from figures.drawing import style
from figures.trolley import cluster_effects, participant_responses, story_effects, story_responses
from models.trolley import simulate_study
from tests.figures.helpers import soundness
from tests.figures.helpers.artists import find

COUNTS = pd.read_csv(Path(models.__file__).parent / "data" / "trolley_counts.csv")
OPTIONS = {"chains": 2, "warmup": 60, "draws": 40, "workers": 1, "seed": 8, "progress": False}


@pytest.fixture(scope="module")
def study():
    return simulate_study(participants=12, seed=4).frame()


@pytest.fixture(scope="module")
def fits(study):
    built = {
        "mRS": models.mRS(),
        "mRXma2": models.mRXma2(study),
        "mRXma": models.mRXma(study),
        "simulated": models.mRXma2(participants=12),
    }
    return {name: hmc.sample(model, **OPTIONS) for name, model in built.items()}


def _assert_answers(axes, responses):
    """`responses`: a Series by cluster."""
    groups = responses.groupby(level=0)
    order = groups.mean().sort_values(kind="stable").index
    quartiles = groups.quantile([0.25, 0.75]).unstack().loc[order]
    np.testing.assert_allclose(find(axes, "mean").get_ydata(), groups.mean().loc[order], rtol=1e-12)
    ends = np.array(find(axes, "half").get_segments())
    np.testing.assert_allclose(np.sort(ends[:, :, 1]), np.sort(quartiles), rtol=1e-12)
    return list(order)


def _rows(counts):
    repeated = counts.loc[counts.index.repeat(counts["count"])]
    return repeated.set_index("story")["response"]


def test_story_responses_are_those_of_the_counts():
    axes = story_responses().axes[0]
    order = _assert_answers(axes, _rows(COUNTS))
    assert [label.get_text() for label in axes.get_xticklabels()] == order


def test_responses_to_other_stories_are_told_apart():
    """The negative twin."""
    other = COUNTS.assign(response=8 - COUNTS["response"])
    with pytest.raises(AssertionError):
        _assert_answers(story_responses().axes[0], _rows(other))


def test_counts_and_rows_give_the_same_figure(study):
    counts = study.groupby(["story", "response"]).size().rename("count").reset_index()
    rows, counted = story_responses(study).axes[0], story_responses(counts).axes[0]
    _assert_answers(rows, study.set_index("story")["response"])
    np.testing.assert_array_equal(find(rows, "mean").get_xydata(), find(counted, "mean").get_xydata())


def test_participant_responses_are_those_of_the_study(study):
    figure = participant_responses(study)
    _assert_answers(figure.axes[0], study.set_index("id")["response"])
    assert figure.get_suptitle() == "360 responses of 12 participants"


def test_the_title_says_so_where_data_are_simulated(fits):
    assert participant_responses().get_suptitle().endswith("60 participants (simulated data)")
    assert cluster_effects(fits["simulated"]).get_suptitle().startswith("mRXma2 (simulated data): ")
    assert cluster_effects(fits["mRXma2"]).get_suptitle().startswith("mRXma2: ")


def _assert_effects(axes, name, draws):
    pooled = draws.reshape(-1, draws.shape[2])
    order = np.argsort(pooled.mean(axis=0))
    points = find(axes, f"mean {name}")
    np.testing.assert_allclose(points.get_ydata(), pooled.mean(axis=0)[order], rtol=1e-12)
    ends = np.array(find(axes, f"interval {name}").get_segments())[:, :, 1]
    np.testing.assert_allclose(ends, np.quantile(pooled, [0.055, 0.945], axis=0).T[order], rtol=1e-12)
    return order


def test_story_effects_are_those_of_b_and_carry_the_stories_labels(fits):
    axes = story_effects(fits["mRS"]).axes[0]
    order = _assert_effects(axes, "b", fits["mRS"]["b"])
    labels = sorted(set(COUNTS["story"]))
    assert [label.get_text() for label in axes.get_xticklabels()] == [labels[i] for i in order]
    assert find(axes, "mean b").get_color() == style.model_colour("mRS")


@pytest.mark.parametrize("name", ["mRXma2", "mRXma", "simulated"])
def test_cluster_effects_are_those_of_stories_and_participants(name, fits):
    fit = fits[name]
    panels = zip(cluster_effects(fit).axes, (("as", "sigmaS"), ("au", "sigmaU")), strict=True)
    for axes, (effect, spread) in panels:
        _assert_effects(axes, effect, fit[effect])
        band = find(axes, spread)
        assert band.get_y() == pytest.approx(-fit[spread].mean(), rel=1e-12)
        assert band.get_height() == pytest.approx(2 * fit[spread].mean(), rel=1e-12)
        assert axes.get_title(loc="left").endswith(f"{spread} = {fit[spread].mean():.2f}")
        assert find(axes, f"mean {effect}").get_color() == style.model_colour("mRXma" if name == "mRXma" else "mRXma2")


def test_effects_of_another_fit_are_told_apart(fits):
    """The negative twin."""
    with pytest.raises(AssertionError):
        _assert_effects(cluster_effects(fits["mRXma"]).axes[0], "as", fits["mRXma2"]["as"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f, s: story_effects(f["mRXma"]), r"^mRXma has no b; it has alpha, as, au,"),
        (lambda f, s: cluster_effects(f["mRS"]), r"^mRS has no as; it has alpha, b$"),
        (lambda f, s: story_effects(f["mRS"], s[:3]), r"^story_effects: the fit is of 12 stories, the data are of 3$"),
        (lambda f, s: participant_responses(COUNTS), r"^trolley: no column id, male, edu, age, action, intention, con"),
        (lambda f, s: story_responses("none.csv"), r"^trolley_counts: no such file: none\.csv;"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message, fits, study):
    with pytest.raises(ValueError, match=message):
        make(fits, study)


@pytest.mark.parametrize(
    "make",
    [
        lambda f: story_responses(),
        lambda f: participant_responses(),
        lambda f: participant_responses(simulate_study(331).frame()),
        lambda f: story_effects(f["mRS"]),
        lambda f: cluster_effects(f["simulated"]),
    ],
)
def test_figures_are_legible_and_always_the_same_bytes(make, fits):
    soundness.assert_sound(lambda: make(fits))
