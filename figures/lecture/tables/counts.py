"""Tables of counts: of responses to stories and of participants, and of parameters beside their penalties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnostics.waic import compute_waic
from models.exact import exact_criteria
from models.tables import read
from models.trolley.data import COUNTS

if TYPE_CHECKING:
    import pandas as pd


def stories(inputs: Mapping[str, Any]) -> pd.DataFrame:
    """The number of responses to each story of the fit of mRS, and their mean, a row each."""
    import pandas as pd

    counts = inputs["mRS"].model.data.counts
    labels = np.unique(read(COUNTS, None)["story"])
    responses = counts.sum(axis=0)
    mean = np.arange(1, len(counts) + 1) @ counts / responses
    frame = pd.DataFrame({"responses": responses.astype(int), "mean response": mean}, index=labels)
    frame.index.name = "story"
    frame.attrs = {"notes": [f"{int(responses.sum()):,} responses in all."]}
    return frame


def participants(inputs: Mapping[str, Any]) -> pd.DataFrame:
    """How many participants of the fit of mRXma2 gave so many responses, a row for each number of responses."""
    import pandas as pd

    fit = inputs["mRXma2"]
    each = np.bincount(fit.model.data.participant.astype(int))
    number, of_people = np.unique(each, return_counts=True)
    frame = pd.DataFrame({"participants": of_people, "responses in all": number * of_people}, index=number)
    frame.index.name = "responses"
    frame.attrs = {"notes": [f"Of {fit.name}: {each.size} participants."]}
    return frame


def penalties(inputs: Mapping[str, Any]) -> pd.DataFrame:
    """Parameters and pWAIC of models of the tadpoles, from the smallest penalty, a row each."""
    import pandas as pd

    rows = {}
    for name in ("mST", "mSTnomem", "mSTP", "mSTPDG"):
        fit = inputs[name]
        found, exact = compute_waic(fit.log_likelihood), exact_criteria(name)
        rows[name] = {
            "parameters": fit.unconstrained.shape[2],
            "pWAIC": found.p_waic,
            "exact pWAIC": exact["pWAIC"] if exact else np.nan,
        }
    frame = pd.DataFrame.from_dict(rows, orient="index").sort_values("pWAIC")
    frame["parameters"] = frame["parameters"].astype(int)
    frame.index.name = "model"
    frame.attrs = {"notes": []}
    return frame
