"""`compare`: models of the same data, ranked by how well they should predict new data."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from .arrays import as_log_likelihood
from .psis import compute_psis_loo, k_advice
from .stacking import stacking_weights
from .waic import compute_waic, penalty_advice, standard_error_of_sum

SCALES = {"deviance": 1.0, "log": -0.5}

NOTE = (
    "{criterion} scores every observation with its own group's parameters known, not a new group: "
    "for new groups leave whole groups out."
)


class Scores(NamedTuple):
    """What one criterion says of one model, on the deviance scale."""

    deviance: np.ndarray  # pointwise, (observations,)
    se: float
    penalty: float
    advice: str | None
    pareto_k: np.ndarray | None  # PSIS only
    threshold: float | None  # PSIS only


def compare(fits, criterion="WAIC", scale="deviance", *, convention="rethinking", weights="akaike"):
    """Models side by side, best first: a DataFrame with the lecture's columns, a row per model of `fits`.

    `fits` maps names to fits (or to log likelihoods (chains, draws, observations)) of the same
    observations. Columns:

        WAIC    the criterion, -2 elpd_waic; PSIS with criterion="PSIS": -2 elpd_loo
        SE      its standard error over observations
        dWAIC   difference to the best model (dPSIS); 0 for the best
        dSE     standard error of that difference, from the pointwise differences; NaN for the best
        pWAIC   the penalty (pPSIS)
        weight  Akaike weight, exp(-dWAIC / 2) over the sum of them; or with weights="stacking"
        k_max   with PSIS: the largest k-hat
        k_high  with PSIS: how many k-hats are over the threshold; if any, do not trust the row

    `scale="deviance"` as in the lecture; with "log" the same columns hold elpd (higher is better, best
    first), differences best minus model. The name of the index says which, so that it is printed with the
    table; so does `frame.attrs["scale"]`. `convention` is that of `waic`:
    with "rethinking" (the lecture's) SE has divisor n, and dSE always n - 1, so that the two differ
    slightly in one table.

    What is scored matters more than its error. WAIC and PSIS score an observation with the parameters of
    its own group known: a tank of tadpoles with its own intercept. For the lecture's mST, WAIC is 200.3;
    leaving whole tanks out and predicting them from the population, exactly, gives 269.8. Adding predators
    (mSTP) looks useless to WAIC (1.3 better) and is worth 37.3 in predicting new tanks. Which question is
    yours decides.

    Warns, with the model's name, of high penalties or k-hats. ValueError for models with different numbers
    of observations, or different data (fits that have an `identity`), an unknown option, or no model.
    """
    import pandas as pd  # here, so that importing diagnostics does not cost half a second

    if criterion not in ("WAIC", "PSIS"):
        raise ValueError(f"compare knows the criteria WAIC and PSIS, not {criterion!r}")
    if scale not in SCALES:
        raise ValueError(f"compare has the scales {' and '.join(SCALES)}, not {scale!r}")
    if weights not in WEIGHTS:
        raise ValueError(f"compare has the weights {' and '.join(WEIGHTS)}, not {weights!r}")
    scores = _all_scores(fits, criterion, convention)
    total = {name: score.deviance.sum() for name, score in scores.items()}
    names = sorted(total, key=lambda name: (np.isnan(total[name]), total[name]))
    rows = [_row(scores[name], scores[names[0]], criterion, SCALES[scale]) for name in names]
    frame = pd.DataFrame(rows, index=pd.Index(names, dtype=object, name=f"{scale} scale"))
    frame.insert(5, "weight", WEIGHTS[weights](np.stack([scores[name].deviance for name in names], axis=1)))
    frame.attrs["scale"] = scale
    frame.attrs["note"] = NOTE.format(criterion=criterion)
    return frame


def akaike_weights(deviances):
    """exp(-deviance / 2) of each model over the sum of them, from deviances (models,)."""
    relative = np.exp(-0.5 * (deviances - np.min(deviances)))
    return relative / relative.sum()


# From pointwise deviances (observations, models).
WEIGHTS = {
    "akaike": lambda deviance: akaike_weights(deviance.sum(axis=0)),
    "stacking": lambda deviance: stacking_weights(-deviance / 2),
}


def _all_scores(fits, criterion, convention):
    if not isinstance(fits, Mapping) or not fits:
        raise ValueError('compare needs models by name, such as compare({"mST": fit, "mSTnomem": other})')
    log_liks = {name: as_log_likelihood(getattr(fit, "log_likelihood", fit)) for name, fit in fits.items()}
    _refuse_different_data(fits, log_liks)
    scores = {}
    for name, log_lik in log_liks.items():
        scores[name] = _scores(log_lik, criterion, convention)
        if scores[name].advice:
            warnings.warn(f"{name}: {scores[name].advice}", stacklevel=3)
    return scores


def _refuse_different_data(fits, log_liks):
    """ValueError where models differ in their number of observations, or in a field of that many values that both
    data have; fields of other names are other predictors of the same observations.
    """
    counts = {name: log_lik.shape[2] for name, log_lik in log_liks.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"models of different numbers of observations cannot be compared: {listed}")
    (count,) = set(counts.values())
    seen = {}
    for name, fit in fits.items():
        for field, content in _arrays_of(fit).items():
            first, content_of_first = seen.setdefault(field, (name, content.hash))
            if content.shape[0] == count and content.hash != content_of_first:
                raise ValueError(f"models of different data cannot be compared: {first} and {name} differ in {field}")


def _arrays_of(fit):
    """{field: shape and hash} of the arrays in the data of a `hmc.Fit`; of anything else, nothing."""
    data = getattr(getattr(fit, "identity", None), "data", {})
    return {field: content for field, content in data.items() if getattr(content, "shape", ())}


def _scores(log_lik, criterion, convention):
    if criterion == "WAIC":
        result = compute_waic(log_lik, convention)
        advice = penalty_advice(result.pointwise.p_waic)
        return Scores(result.pointwise.waic, result.se, result.p_waic, advice, None, None)
    result = compute_psis_loo(log_lik)
    advice = k_advice(result.pareto_k, result.k_threshold)
    return Scores(result.pointwise.looic, result.se, result.p_loo, advice, result.pareto_k, result.k_threshold)


def _row(scores, best, criterion, factor):
    """A row of the table; `factor` turns deviance into the scale asked for."""
    difference = scores.deviance - best.deviance
    row = {
        criterion: factor * scores.deviance.sum(),
        "SE": abs(factor) * scores.se,
        f"d{criterion}": abs(factor) * difference.sum(),
        "dSE": np.nan if scores is best else abs(factor) * standard_error_of_sum(difference),
        f"p{criterion}": scores.penalty,
    }
    if scores.pareto_k is not None:
        row["k_max"] = scores.pareto_k.max()
        row["k_high"] = int((~(scores.pareto_k <= scores.threshold)).sum())
    return row
