"""Tables of the five estimators of a confounded effect: from one study, and from many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnostics import precis
from figures.lecture.tables.truth import agreement, is_of_bundled_data
from models.coverage import COEFFICIENTS, PROB, TRUTH
from models.exact import exact_posterior, long_run

if TYPE_CHECKING:
    import pandas as pd


def estimators(fits: Mapping[str, Any]) -> pd.DataFrame:
    """`diagnostics.precis` of the scalars of each of `fits` ({"m0": fit, ...}), one below the other, as a DataFrame.

    Rows: (estimator, parameter). Beside `precis`, for fits of the bundled data: `truth`, the values of bxy and bzy that
    the study was simulated with; `exact mean`, `exact sd`, and z, the error of our mean in Monte Carlo standard errors.
    For mru they come from a long run of another program, and z allows for its error. Notes in `frame.attrs["notes"]`.
    """
    import pandas as pd

    tables: dict[str, pd.DataFrame] = {}
    scores: dict[str, float] = {}
    for name, fit in fits.items():
        table = precis(fit, depth=1, mcse=True)
        error = table.pop("mcse_mean")
        known = is_of_bundled_data(fit, name)
        truth = {parameter: TRUTH[argument] for parameter, argument in COEFFICIENTS.items()} if known else {}
        table["truth"] = [truth.get(parameter, np.nan) for parameter in table.index]
        exact = _reference(name) if known else {}
        mean, sd, mcse = np.transpose([exact.get(parameter, (np.nan,) * 3) for parameter in table.index])
        table["z"] = (table["mean"] - mean) / np.hypot(error, mcse)
        table["exact mean"], table["exact sd"] = mean, sd
        scores |= {f"{parameter} of {name}": z for parameter, z in table["z"].items() if parameter in exact}
        tables[name] = table.drop(columns="mcse_sd")
    frame = pd.concat(tables, names=["estimator", "parameter"])
    notes = [
        "truth is the value the study was simulated with; only an estimator that is not confounded need be near it."
    ]
    if scores:
        draws = min(fit["bxy"].size for fit in fits.values())
        notes.append(agreement("Our means", scores, draws))
    notes += [
        _of_a_long_run(name) for name in fits if long_run(name) and any(w.endswith(f" of {name}") for w in scores)
    ]
    frame = frame if scores else frame.drop(columns=["truth", "z", "exact mean", "exact sd"])
    frame.attrs = {"notes": notes if scores else []}
    return frame


def _reference(name: str) -> Mapping[str, tuple[float, float, float]]:
    """{parameter: (mean, sd, Monte Carlo standard error of the mean)}, by quadrature or else by a long run."""
    exact = exact_posterior(name)
    return {parameter: (*moments, 0.0) for parameter, moments in exact.items()} if exact else long_run(name) or {}


def _of_a_long_run(name: str) -> str:
    errors = ", ".join(
        f"{error:.4f} ({key})" for key, (_, _, error) in (long_run(name) or {}).items() if key in COEFFICIENTS
    )
    return (
        f"For {name}, the exact columns come from a long run of another program, whose means have the Monte Carlo "
        f"standard errors {errors}; z allows for them."
    )


def coverage_table(found: pd.DataFrame) -> pd.DataFrame:
    """The table of `models.coverage.coverage`, as a DataFrame to read: each estimator's bias, error and coverage.

    Rows: (estimator, coefficient). Columns: truth; mean, bias, rmse and coverage, the last three followed by their
    Monte Carlo standard errors (`bias se`); width of intervals; studies. Notes in `frame.attrs["notes"]`.
    """
    import pandas as pd

    frame = pd.DataFrame({"truth": found["truth"], "mean": found["mean"]})
    for name in ("bias", "rmse", "coverage"):
        frame[name], frame[f"{name} se"] = found[name], found[f"{name}_se"]
    frame["width"], frame["studies"] = found["width"], found["studies"]
    notes = [
        f"coverage: the share of studies whose {PROB:.0%} interval contains the truth, which should be {PROB:.0%}; "
        "bias: the average error of the posterior mean; se: the Monte Carlo standard error of the column before it."
    ]
    notes += [f"Failed: {failure}." for failure in found.attrs["failures"]]
    if found.attrs["interrupted"]:
        notes.append("The run was interrupted: some studies are missing.")
    frame.attrs = {"notes": notes}
    return frame
