"""A simulated trolley study whose truth is known: the published design, made-up answers.

It stands in for the published table, which is not bundled, and shows what a fit should find.
"""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.tables.options import whole
from models.trolley.data import EDUCATION
from models.trolley.ordered_logit import CUTPOINTS

if TYPE_CHECKING:
    import pandas as pd

STORIES = 12
# Action, intention and contact as the published stories combine them; every participant sees each five times.
TREATMENTS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1))
SCENES = 30
MOST_PARTICIPANTS = 10**6  # with 30 answers each: beyond, memory runs out without a message

# Values near what the published data give, so that the simulated study is as hard to fit; by gender, female first.
ALPHA = (-2.6, -1.9, -1.3, -0.2, 0.6, 1.7)
SLOPES = {"bA": (-0.9, -0.5), "bI": (-0.7, -0.6), "bC": (-1.1, -0.9), "bE": (0.3, -0.4), "bY": (-0.1, 0.2)}
DELTA = ((0.25, 0.10, 0.10, 0.05, 0.20, 0.10, 0.20), (0.10, 0.15, 0.05, 0.25, 0.15, 0.20, 0.10))
SIGMA_STORY, SIGMA_PARTICIPANT = 0.5, 1.0


class SimulatedAnswers(NamedTuple):
    """Simulated answers, a row each, with the columns of the published table; and their true parameters."""

    columns: dict[str, NDArray[Any]]
    truth: dict[str, Any]  # {"alpha": array, "as": ..., ...}: the parameters of mRXma

    def frame(self) -> "pd.DataFrame":
        """The answers as a DataFrame."""
        import pandas as pd  # here, so that building a model does not load it

        return pd.DataFrame(self.columns)


def simulate_study(participants: int = 60, seed: int = 2023) -> SimulatedAnswers:
    """Answers of `participants` people to 30 scenes of 12 stories each, as `SimulatedAnswers`.

    The truth is fixed but for the varying effects of stories and participants, which are drawn with standard deviations
    0.5 and 1. ValueError for fewer than 2 participants, or over 1,000,000.
    """
    participants = whole("simulated trolley study", "participants", participants, 2, MOST_PARTICIPANTS)
    seed = whole("simulated trolley study", "seed", seed)
    rng = np.random.default_rng(seed)
    truth: dict[str, Any] = {
        name: np.array(values) for name, values in {"alpha": ALPHA, **SLOPES, "delta": DELTA}.items()
    }
    truth |= {"sigmaS": np.float64(SIGMA_STORY), "sigmaU": np.float64(SIGMA_PARTICIPANT)}
    truth["as"] = rng.normal(0.0, SIGMA_STORY, STORIES)
    truth["au"] = rng.normal(0.0, SIGMA_PARTICIPANT, participants)
    male = rng.integers(0, 2, participants)
    education = rng.integers(0, len(EDUCATION), participants)
    age = rng.integers(18, 73, participants)
    # Few participants may all be of one age, or of one education: a constant has no slope.
    while (age == age[0]).all():
        age = rng.integers(18, 73, participants)
    while (education == education[0]).all():
        education = rng.integers(0, len(EDUCATION), participants)
    standardised = (age - age.mean()) / np.repeat(age, SCENES).std(ddof=1)

    labels = [f"{u + 1:0{len(str(participants))}d}" for u in range(participants)]
    columns: dict[str, list[Any]] = {
        name: [] for name in ("id", "male", "edu", "age", "story", "action", "intention", "contact", "response")
    }
    for u in range(participants):
        g = male[u]
        schooling = truth["delta"][g][: education[u]].sum()
        of_participant = truth["bE"][g] * schooling + truth["bY"][g] * standardised[u] + truth["au"][u]
        for scene in range(SCENES):
            story, treatment = scene % STORIES, TREATMENTS[(scene + scene // STORIES) % len(TREATMENTS)]
            slopes = [truth[name][g] for name in ("bA", "bI", "bC")]
            phi = of_participant + truth["as"][story] + float(np.dot(slopes, treatment))
            cells = (labels[u], male[u], EDUCATION[education[u]], age[u], f"story {story + 1:02d}")
            row = (*cells, *treatment, _response(rng.random(), phi))
            for name, cell in zip(columns, row, strict=True):
                columns[name].append(cell)
    return SimulatedAnswers({name: np.array(cells) for name, cells in columns.items()}, truth)


def _response(uniform: float, phi: float) -> int:
    """The response, from 1, that a uniform number stands for: the first k with P(R <= k) above it."""
    for k in range(CUTPOINTS):
        if uniform < 1.0 / (1.0 + math.exp(phi - ALPHA[k])):
            return k + 1
    return CUTPOINTS + 1
