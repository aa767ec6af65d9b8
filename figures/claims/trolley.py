"""Claims about stories and participants."""

from __future__ import annotations

import numpy as np

from figures import trolley
from figures.claims.draws import mean, pooled, width
from models.tables import read
from models.trolley.data import ROWS
from models.trolley.study import simulate_study


def _stories(shown):
    data = shown.get("data")
    responses = trolley.read_story_responses(data)
    return trolley._answers(trolley._story_labels(data)[responses.story], responses.response + 1)


def _spreads_by_cluster(shown):
    """(of the means of participants, of the means of stories) in the same responses."""
    data = shown.get("data")
    columns = read(ROWS, simulate_study().frame() if data is None else data)
    answers = (trolley._answers(columns[cluster], columns["response"]) for cluster in ("id", "story"))
    return tuple(each.mean.std() for each in answers)


def _responses_to_one_story_differ_more(shown):
    stories = _stories(shown)
    return bool((stories.upper - stories.lower).min() > np.ptp(stories.mean))


def _expected_response(phi, cutpoints):
    """The mean response, from 1, at a linear predictor."""
    return 1.0 + np.sum(1.0 / (1.0 + np.exp(cutpoints - phi)))


def _differences_are_known_better(shown):
    b = pooled(shown["mRS"], "b")
    between = (b[:, :, None] - b[:, None, :]).std(axis=0, ddof=1)
    return bool(between.max() < 0.5 * b.std(axis=0, ddof=1).min())


def _people_have_fewer_responses(shown):
    answers = shown["mRXma2"].model.data
    return bool(len(answers.gender) > answers.stories)  # every response is of one person and of one story


CLAIMS = {
    "story_responses": {
        "the responses to one story differ more: the shortest bar is longer than the distance between the highest "
        "mean and the lowest": _responses_to_one_story_differ_more,
    },
    "participant_responses": {
        "the means of people spread more widely than": lambda shown: np.greater(*_spreads_by_cluster(shown)),
        "nothing about real people": "the figure is then of simulated people",
    },
    "story_effects": {
        "A b above 0 moves responses towards more permissible": lambda shown: (
            _expected_response(1.0, alpha := mean(shown["mRS"], "alpha")) > _expected_response(0.0, alpha)
        ),
        "the difference between any two stories is known better than any single effect, with less than half its "
        "standard deviation": _differences_are_known_better,
        "eleven stories does nothing for the twelfth": lambda shown: pooled(shown["mRS"], "b").shape[1] == 12,
        "Normal(0, 1)": lambda shown: "b[j] ~ Normal(0, 1)" in _formula("mRS"),
    },
    "cluster_effects": {
        "both sides of 0": "drawn so",
        "it is wider for participants, who differ more": lambda shown: (
            mean(shown["mRXma2"], "sigmaU") > mean(shown["mRXma2"], "sigmaS")
        ),
        "A participant has fewer responses than a story": _people_have_fewer_responses,
        "the bars of participants are longer": lambda shown: (
            width(shown["mRXma2"], "au").mean() > width(shown["mRXma2"], "as").mean()
        ),
    },
}


def _formula(name):
    import models

    return models.describe(name).formula
