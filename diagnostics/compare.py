"""`compare`: models of the same data, ranked by how well they should predict new data."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_log_likelihood, as_reals, quietly
from .cautions import Caution
from .differences import difference_caution, elpd_caution, is_likely_chance, p_worse
from .protocols import Floats, ScoredFit
from .psis import PsisLoo, compute_psis_loo, loo_cautions
from .same_data import differences, other_weights
from .stacking import stacking_weights
from .waic import compute_waic, standard_error_of_sum, waic_cautions

if TYPE_CHECKING:
    import pandas as pd

SCALES = {"deviance": 1.0, "log": -0.5}

NOTE = (
    "{criterion} scores every observation with its own group's parameters known. "
    "To score new groups, leave whole groups out."
)
UNCALIBRATED = "p_worse takes the error of a difference for normal, and is likely too large where diag_diff says why."
BY_CHANCE = (
    "{models} models are compared, and the best may be the best by chance (McLatchie & Vehtari 2024): average the "
    "models by their weights rather than choosing one."
)


class Scores(NamedTuple):
    """The scores of one model by one criterion, on the deviance scale."""

    deviance: Floats  # pointwise, (observations,)
    se: float
    penalty: float
    cautions: list[Caution]
    loo: PsisLoo | None  # PSIS only


def compare(
    fits: Mapping[str, ScoredFit | ArrayLike],
    criterion: str = "WAIC",
    scale: str = "deviance",
    *,
    convention: str = "rethinking",
    weights: str = "akaike",
    loo: Mapping[str, PsisLoo] | None = None,
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
        k_max   with PSIS: the largest k-hat, without observations whose likelihood is the same in all draws
        k_high  with PSIS: how many k-hats are over the threshold; if any, do not trust the row

    and, as in R's loo 2.10 (`diagnostics/differences.py`),

        p_worse    probability that the model is worse than the best one, if the error of the difference were normal
        diag_diff  why it is not, and p_worse likely too large: "N < 100" observations, or "|elpd_diff| < 4"
        diag_elpd  with PSIS: "3 k_psis > 0.7" where three k-hats are over the threshold

    `scale="deviance"` as in the lecture; with "log" the same columns hold elpd (higher is better, best
    first), differences best minus model. The name of the index says which, so that it is printed with the
    table; so does `frame.attrs["scale"]`. `convention` is that of `waic`:
    with "rethinking" (the lecture's) SE has divisor n, and dSE always n - 1, so that the two differ
    slightly in one table.

    `loo`: with PSIS, the results of `psis_loo` or `loo_moment_match` by the names of fits; others are computed.

    The question matters more than the standard error. WAIC and PSIS score an observation with the parameters of
    its own group known: a tank of tadpoles with its own intercept. For the lecture's mST, WAIC is 200.3;
    leaving whole tanks out and predicting them from the population, exactly, gives 269.8. Adding predators
    (mSTP) looks useless to WAIC (1.3 better) and is worth 37.3 in predicting new tanks. Decide which
    prediction you need.

    Warns, with the model's name, of high penalties or k-hats, and of log likelihoods that are not finite: such a model
    has no numbers, and the others keep theirs, weights included. ValueError for models with different numbers of
    observations, an unknown option, or no model; and for fits of different outcomes (`diagnostics/same_data.py` says
    how they are told). Predictors that differ are named in the note; where the outcome is unknown, it warns. So it does
    where fits left out different observations (`hmc.Model.without`), and where the best of more than 11 models may be
    the best by chance; `frame.attrs["caution"]` says so too, and whether p_worse is calibrated.
    """
    if not isinstance(fits, Mapping) or not fits:
        raise ValueError('compare needs models by name, such as compare({"mST": fit, "mSTnomem": other})')
    if criterion not in ("WAIC", "PSIS"):
        raise ValueError(f"compare knows the criteria WAIC and PSIS, not {criterion!r}")
    if scale not in SCALES:
        raise ValueError(f"compare has the scales {' and '.join(SCALES)}, not {scale!r}")
    if weights not in WEIGHTS:
        raise ValueError(f"compare has the weights {' and '.join(WEIGHTS)}, not {weights!r}")
    log_liks, loo = _log_likelihoods(fits), dict(loo or {})
    _check_known(loo, criterion, {name: log_lik.shape[2] for name, log_lik in log_liks.items()})
    (observations,) = {log_lik.shape[2] for log_lik in log_liks.values()}
    differing = differences(fits, observations)
    for difference in differing:
        if not difference.is_predictor:
            warnings.warn(f"{difference} Compare them only if it is a predictor.", stacklevel=2)
    for text in other_weights(fits):
        warnings.warn(text, stacklevel=2)
    scores = {name: _scores(log_lik, criterion, convention, loo.get(name)) for name, log_lik in log_liks.items()}
    for name, score in scores.items():
        for caution in score.cautions:
            warnings.warn(f"{name}: {caution}", stacklevel=2)
    elpds = np.array([-0.5 * score.deviance.sum() for score in scores.values()])
    by_chance = [BY_CHANCE.format(models=len(elpds))] if is_likely_chance(elpds[np.isfinite(elpds)]) else []
    for text in by_chance:
        warnings.warn(text, stacklevel=2)
    frame = _table(scores, criterion, SCALES[scale], WEIGHTS[weights])
    frame.index.name = f"{scale} scale"
    frame.attrs["scale"] = scale
    frame.attrs["note"] = " ".join([NOTE.format(criterion=criterion), *map(str, differing)])
    frame.attrs["caution"] = " ".join([UNCALIBRATED] * bool((frame["diag_diff"] != "").any()) + by_chance)
    return frame


@quietly
def akaike_weights(deviances: ArrayLike) -> Floats:
    """exp(-deviance / 2) of each model over the sum of them, from deviances (models,); ValueError for others."""
    deviances = as_reals(deviances, "deviances")
    if deviances.ndim != 1 or deviances.size == 0:
        raise ValueError(f"deviances need the shape (models,), not {deviances.shape}")
    relative = np.exp(-0.5 * (deviances - deviances.min()))
    return relative / relative.sum()


# From pointwise deviances (observations, models).
WEIGHTS: dict[str, Callable[[Floats], Floats]] = {
    "akaike": lambda deviance: akaike_weights(deviance.sum(axis=0)),
    "stacking": lambda deviance: stacking_weights(-deviance / 2),
}


def _log_likelihoods(fits: Mapping[str, Any]) -> dict[str, Floats]:
    """The log likelihoods of each model; ValueError where their numbers of observations differ."""
    log_liks = {name: _log_likelihood(name, fit) for name, fit in fits.items()}
    if len({log_lik.shape[2] for log_lik in log_liks.values()}) > 1:
        listed = ", ".join(f"{name} has {log_lik.shape[2]}" for name, log_lik in log_liks.items())
        raise ValueError(f"models of different numbers of observations cannot be compared: {listed}")
    return log_liks


def _log_likelihood(name: str, fit: Any) -> Floats:
    try:
        return as_log_likelihood(getattr(fit, "log_likelihood", fit))
    except ValueError as error:
        said = str(error)
        raise ValueError(said if said.startswith(f"{name}:") else f"{name}: {said}") from None


def _check_known(loo: Mapping[str, PsisLoo], criterion: str, observations: Mapping[str, int]) -> None:
    """ValueError for leave-one-out results that are of no use."""
    if loo and criterion != "PSIS":
        raise ValueError(f"loo has results of PSIS, and the criterion is {criterion}")
    for name, result in loo.items():
        if name not in observations:
            raise ValueError(f"loo has {name!r}, which is none of the models {', '.join(observations)}")
        if (count := len(result.pareto_k)) != observations[name]:
            raise ValueError(f"loo of {name} has {count} observations, and the model {observations[name]}")


def _scores(log_lik: Floats, criterion: str, convention: str, loo: PsisLoo | None) -> Scores:
    if criterion == "WAIC":
        waic = compute_waic(log_lik, convention)
        return Scores(waic.pointwise.waic, waic.se, waic.p_waic, waic_cautions(waic), None)
    loo = compute_psis_loo(log_lik) if loo is None else loo
    return Scores(loo.pointwise.looic, loo.se, loo.p_loo, loo_cautions(loo), loo)


@quietly
def _table(
    scores: Mapping[str, Scores], criterion: str, factor: float, weights: Callable[[Floats], Floats]
) -> pd.DataFrame:
    """The rows of the models, best first; `factor` turns deviance into the scale asked for."""
    import pandas as pd  # here, so that importing diagnostics does not cost half a second

    from .table import PrintedTable

    total = {name: score.deviance.sum() for name, score in scores.items()}
    names = sorted(total, key=lambda name: (np.isnan(total[name]), total[name]))
    rows = [_row(scores[name], scores[names[0]], criterion, factor) for name in names]
    frame = PrintedTable(rows, index=pd.Index(names, dtype=object))
    deviance = np.stack([scores[name].deviance for name in names], axis=1)
    # A model without a score has no weight, and leaves the weights of the others to themselves.
    is_scored = np.isfinite(deviance).all(axis=0)
    weight = np.full(len(names), np.nan)
    if is_scored.any():
        weight[is_scored] = weights(deviance[:, is_scored])
    frame.insert(5, "weight", weight)
    return frame


def _row(scores: Scores, best: Scores, criterion: str, factor: float) -> dict[str, float | str]:
    """A row of the table."""
    difference = scores.deviance - best.deviance
    difference_se = standard_error_of_sum(difference)
    row: dict[str, float | str] = {
        criterion: factor * scores.deviance.sum(),
        "SE": abs(factor) * scores.se,
        f"d{criterion}": abs(factor) * difference.sum(),
        "dSE": np.nan if scores is best else abs(factor) * difference_se,
        f"p{criterion}": scores.penalty,
    }
    if scores.loo is not None:
        pareto_k = scores.loo.pareto_k[~scores.loo.cells.constant]
        row["k_max"] = pareto_k.max(initial=-np.inf)
        row["k_high"] = int((~scores.loo.trusted()).sum())
    elpd_difference = -0.5 * float(difference.sum())
    row["p_worse"] = p_worse(elpd_difference, 0.5 * difference_se)
    row["diag_diff"] = difference_caution(elpd_difference, len(difference))
    if scores.loo is not None:
        row["diag_elpd"] = elpd_caution(int((pareto_k > scores.loo.k_threshold).sum()), scores.loo.k_threshold)
    return row
