"""`compare`: models of the same data, ranked by how well they should predict new data."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_log_likelihood
from .protocols import Floats, ScoredFit
from .psis import compute_psis_loo, k_advice
from .stacking import stacking_weights
from .waic import compute_waic, penalty_advice, standard_error_of_sum

if TYPE_CHECKING:
    import pandas as pd

SCALES = {"deviance": 1.0, "log": -0.5}

NOTE = (
    "{criterion} scores every observation with its own group's parameters known. "
    "To score new groups, leave whole groups out."
)


class Scores(NamedTuple):
    """The scores of one model by one criterion, on the deviance scale."""

    deviance: Floats  # pointwise, (observations,)
    se: float
    penalty: float
    advice: str | None
    pareto_k: Floats | None  # PSIS only
    threshold: float | None  # PSIS only


def compare(
    fits: Mapping[str, ScoredFit | ArrayLike],
    criterion: str = "WAIC",
    scale: str = "deviance",
    *,
    convention: str = "rethinking",
    weights: str = "akaike",
) -> pd.DataFrame:
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

    The question matters more than the standard error. WAIC and PSIS score an observation with the parameters of
    its own group known: a tank of tadpoles with its own intercept. For the lecture's mST, WAIC is 200.3;
    leaving whole tanks out and predicting them from the population, exactly, gives 269.8. Adding predators
    (mSTP) looks useless to WAIC (1.3 better) and is worth 37.3 in predicting new tanks. Decide which
    prediction you need.

    Warns, with the model's name, of high penalties or k-hats. ValueError for models with different numbers
    of observations, or different data (fits that have an `identity`), an unknown option, or no model.
    """
    import pandas as pd  # here, so that importing diagnostics does not cost half a second

    from .table import Table

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
    frame = Table(rows, index=pd.Index(names, dtype=object, name=f"{scale} scale"))
    frame.insert(5, "weight", WEIGHTS[weights](np.stack([scores[name].deviance for name in names], axis=1)))
    frame.attrs["scale"] = scale
    frame.attrs["note"] = NOTE.format(criterion=criterion)
    return frame


def akaike_weights(deviances: ArrayLike) -> Floats:
    """exp(-deviance / 2) of each model over the sum of them, from deviances (models,)."""
    deviances = np.asarray(deviances)
    relative = np.exp(-0.5 * (deviances - deviances.min()))
    return relative / relative.sum()


# From pointwise deviances (observations, models).
WEIGHTS: dict[str, Callable[[Floats], Floats]] = {
    "akaike": lambda deviance: akaike_weights(deviance.sum(axis=0)),
    "stacking": lambda deviance: stacking_weights(-deviance / 2),
}


def _all_scores(fits: Mapping[str, Any], criterion: str, convention: str) -> dict[str, Scores]:
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


def _refuse_different_data(fits: Mapping[str, Any], log_liks: Mapping[str, Floats]) -> None:
    """ValueError where models differ in their number of observations, or in a field of that many values that both
    data have; fields of other names are other predictors of the same observations.
    """
    counts = {name: log_lik.shape[2] for name, log_lik in log_liks.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"models of different numbers of observations cannot be compared: {listed}")
    (count,) = set(counts.values())
    seen: dict[str, tuple[str, str]] = {}
    for name, fit in fits.items():
        for field, content in _arrays_of(fit).items():
            first, content_of_first = seen.setdefault(field, (name, content.hash))
            if content.shape[0] == count and content.hash != content_of_first:
                raise ValueError(f"models of different data cannot be compared: {first} and {name} differ in {field}")


def _arrays_of(fit: Any) -> dict[str, Any]:
    """{field: shape and hash} of the arrays in the data of a `hmc.Fit`; of anything else, nothing."""
    data = getattr(getattr(fit, "identity", None), "data", {})
    return {field: content for field, content in data.items() if getattr(content, "shape", ())}


def _scores(log_lik: Floats, criterion: str, convention: str) -> Scores:
    if criterion == "WAIC":
        waic = compute_waic(log_lik, convention)
        advice = penalty_advice(waic.pointwise.p_waic)
        return Scores(waic.pointwise.waic, waic.se, waic.p_waic, advice, None, None)
    loo = compute_psis_loo(log_lik)
    advice = k_advice(loo.pareto_k, loo.k_threshold)
    return Scores(loo.pointwise.looic, loo.se, loo.p_loo, advice, loo.pareto_k, loo.k_threshold)


def _row(scores: Scores, best: Scores, criterion: str, factor: float) -> dict[str, float]:
    """A row of the table; `factor` turns deviance into the scale asked for."""
    difference = scores.deviance - best.deviance
    row = {
        criterion: factor * scores.deviance.sum(),
        "SE": abs(factor) * scores.se,
        f"d{criterion}": abs(factor) * difference.sum(),
        "dSE": np.nan if scores is best else abs(factor) * standard_error_of_sum(difference),
        f"p{criterion}": scores.penalty,
    }
    if scores.pareto_k is not None and scores.threshold is not None:
        row["k_max"] = scores.pareto_k.max()
        row["k_high"] = int((~(scores.pareto_k <= scores.threshold)).sum())
    return row
