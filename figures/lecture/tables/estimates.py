"""The lecture's `precis` of a fit, beside the exact posterior and the numbers that the lecture prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnostics import precis
from figures.lecture.tables.truth import agreement, is_of_bundled_data, largest_by_chance
from models.exact import exact_posterior, exact_quantiles, published

if TYPE_CHECKING:
    import pandas as pd

PRINTED = ("mean", "sd", "5.5%", "94.5%")
HALF_A_DIGIT = 0.005  # the lecture rounds to two decimals
ALL_ROWS = ("mST",)  # models of which the lecture prints vectors beside scalars


def estimates(fit: Any, name: str) -> pd.DataFrame:
    """`diagnostics.precis` of a fit of the model `name`, as a DataFrame; its notes are `frame.attrs["notes"]`.

    Rows: the scalars, or all parameters if there are no scalars or the lecture prints all. Columns: those of `precis`
    and, for a fit of the bundled data whose exact posterior is known: z, the error of the mean in Monte Carlo standard
    errors; `exact mean`, `exact sd`; for mST also `published mean`, and so on. The notes judge z over all parameters,
    including those not shown.
    """
    is_scalar = {key: np.ndim(fit[key]) == 2 for key in fit}
    depth = 1 if any(is_scalar.values()) and name not in ALL_ROWS else 2
    exact = exact_posterior(name)
    if exact is None or not is_of_bundled_data(fit, name):
        return _shown(precis(fit, depth=depth), fit, name, depth, [])
    whole = precis(fit, depth=2, mcse=True)
    whole["z"], whole["exact mean"], whole["exact sd"] = _against(whole, exact)
    draws = int(np.prod(np.shape(fit[next(iter(fit))])[:2]))
    notes = [agreement("The means", {label: z for label, z in whole["z"].items() if label in exact}, draws)]
    if name in ALL_ROWS:
        printed = published()
        for column in PRINTED:
            whole[f"published {column}"] = [printed["precis"][label][column] for label in whole.index]
        notes += notes_on_published(fit, name, whole, printed)
    shown = whole if depth == 2 else whole.loc[[key for key in whole.index if is_scalar.get(key)]]
    return _shown(shown.drop(columns=["mcse_mean", "mcse_sd"]), fit, name, depth, notes)


def _shown(frame: pd.DataFrame, fit: Any, name: str, depth: int, notes: list[str]) -> pd.DataFrame:
    frame = frame.rename_axis("parameter")
    hidden = sum(int(np.prod(np.shape(fit[key])[2:])) for key in fit if np.ndim(fit[key]) > 2) if depth == 1 else 0
    if hidden:
        notes = [
            *notes,
            f"Scalars only; `hmc fit {name} --depth 2` also shows {hidden} elements of vectors and matrices.",
        ]
    frame.attrs = {"notes": notes}
    return frame


def _against(whole: pd.DataFrame, exact: Mapping[str, tuple[float, float]]) -> tuple[Any, Any, Any]:
    """Columns z, exact mean and exact sd; NaN if no exact value is known."""
    mean, sd = np.transpose([exact.get(label, (np.nan, np.nan)) for label in whole.index])
    return (whole["mean"] - mean) / whole["mcse_mean"], mean, sd


def notes_on_published(fit: Any, name: str, whole: pd.DataFrame, printed: Mapping[str, Any]) -> list[str]:
    """Sentences on the published numbers that differ from the exact ones by more than rounding and Monte Carlo error.

    `whole`: the rows of all parameters with the columns of `estimates`, mcse_mean and mcse_sd; `printed`: see
    `models.exact.published`.
    """
    truth = _exact_values(whole, exact_quantiles(name) or {})
    errors = published_errors(fit, whole, truth, printed)
    text = {}
    scores = {}
    for column in PRINTED:
        for label, exact, error in zip(whole.index, truth[column], errors[column], strict=True):
            shown = printed["precis"][label][column]
            key = f"the {_in_words(column)} of {label}"
            scores[key] = max(abs(shown - exact) - HALF_A_DIGIT, 0.0) / error
            text[key] = f"{key}: published {shown:.2f}, exact {exact:.3f}"
    scores = {key: z for key, z in scores.items() if np.isfinite(z)}
    bound = largest_by_chance(max(len(scores), 1))
    beyond = sorted((key for key, z in scores.items() if z > bound), key=lambda key: scores[key], reverse=True)
    compared = (
        f"Of {len(scores)} published means, sds and bounds, {len(beyond) or 'none'} differ from the exact ones by "
        f"more than rounding and {bound:.1f} standard errors, the Monte Carlo error of {printed['draws']:,} draws"
    )
    listed = [f"{text[key]}, {scores[key]:.1f} standard errors" for key in beyond]
    if not beyond and scores:
        worst = max(scores, key=lambda key: scores[key])
        listed = [f"the farthest is {text[worst]}, {scores[worst]:.1f} standard errors"]
    return [
        "; ".join([compared, *listed]) + ".",
        "The standard error of a published mean is sd / sqrt(n_eff), with the exact sd and the published n_eff. The "
        "standard error of an sd or a bound comes from this fit, scaled to so many draws and typical of its "
        "parameters, since n_eff is of means: draws that alternate around the mean estimate it better, and the sd "
        "worse, than independent draws do.",
    ]


def published_errors(
    fit: Any, whole: pd.DataFrame, truth: Mapping[str, Any], printed: Mapping[str, Any]
) -> dict[str, Any]:
    """{column: Monte Carlo standard errors of the published numbers}, in the order of the rows.

    The errors of sds are proportional to the exact sd, those of bounds to the distance from the exact mean to the
    bound. The factor is the median ratio over all parameters of this fit: even a short run estimates it well, though
    it estimates the single errors badly.
    """
    from diagnostics import mcse_quantile

    n_eff = np.array([printed["precis"][label]["n_eff"] for label in whole.index])
    draws = np.concatenate([np.reshape(fit[key], (*np.shape(fit[key])[:2], -1)) for key in fit], axis=2)
    errors = {"sd": whole["mcse_sd"], "5.5%": mcse_quantile(draws, 0.055), "94.5%": mcse_quantile(draws, 0.945)}
    sizes = {column: np.abs(truth[column] - truth["mean"]) for column in ("5.5%", "94.5%")} | {"sd": truth["sd"]}
    fewer = np.sqrt(draws[..., 0].size / printed["draws"])
    found = {column: sizes[column] * np.median(error / sizes[column]) * fewer for column, error in errors.items()}
    return {"mean": truth["sd"] / np.sqrt(n_eff), **found}


def _exact_values(whole: pd.DataFrame, quantiles: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    lower, upper = np.transpose([quantiles[label] for label in whole.index])
    return {"mean": whole["exact mean"].to_numpy(), "sd": whole["exact sd"].to_numpy(), "5.5%": lower, "94.5%": upper}


def _in_words(column: str) -> str:
    return f"{column} bound" if column.endswith("%") else column
