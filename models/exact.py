"""Known posteriors of the lecture's models: exact, from a long run, or as the lecture prints them.

All are stored in `models/data`, for the bundled data alone. tests/golden/models/collect.py writes these files;
method, error bounds and provenance are in tests/golden/models/README.md.
"""

import json
from typing import Any

from models.tables import BUNDLED


def exact_posterior(name: str) -> dict[str, tuple[float, float]] | None:
    """{"a[1]": (mean, sd), ..., "sigma": (mean, sd)} of the model `name` with its bundled data; None if not stored.

    By deterministic quadrature, to 1e-5 or better; for the non-centred mSTnc and mSTPnc without their z.
    """
    found = _stored("exact_posteriors").get(name)
    return found and {parameter: (mean, sd) for parameter, (mean, sd, _, _) in found.items()}


def exact_quantiles(name: str) -> dict[str, tuple[float, float]] | None:
    """{"a[1]": (5.5% quantile, 94.5% quantile), ...}, as `exact_posterior`; to 3e-4 or better."""
    found = _stored("exact_posteriors").get(name)
    return found and {parameter: (lower, upper) for parameter, (_, _, lower, upper) in found.items()}


def exact_values(name: str) -> dict[str, tuple[float, float, float, float]] | None:
    """{"a[1]": (mean, sd, 5.5% quantile, 94.5% quantile), ...}, as `exact_posterior` and `exact_quantiles`."""
    found = _stored("exact_posteriors").get(name)
    return found and {parameter: tuple(values) for parameter, values in found.items()}


def exact_error(name: str) -> tuple[float, float] | None:
    """(of means and sds, of all numbers): bounds of the error of `exact_values`; None if not stored."""
    found = _stored("exact_errors").get(name)
    return found and (found[0], found[1])


def exact_criteria(name: str) -> dict[str, float] | None:
    """{"WAIC", "SE", "pWAIC", "looic", "looic_se", "p_loo"} of the model `name`; None if not stored.

    Stored for mST, mSTnomem and mSTP, to 1e-7. Leave-one-out is exact: the posterior is conditioned on all other tanks.
    SE has the divisor n of the lecture's tables, looic_se n - 1.
    """
    return _stored("exact_criteria")["models"].get(name)


def exact_difference(name: str, other: str) -> dict[str, float] | None:
    """{"dWAIC", "dSE_WAIC", "dLOOIC", "dSE_LOOIC"}, of `name` minus that of `other`; None if not stored."""
    differences = _stored("exact_criteria")["differences"]
    for first, second, sign in ((name, other, 1.0), (other, name, -1.0)):
        found = differences.get(f"{first}_minus_{second}")
        if found:
            return {key: value if key.startswith("dSE") else sign * value for key, value in found.items()}
    return None


def long_run(name: str) -> dict[str, tuple[float, float, float]] | None:
    """{"bxy": (mean, sd, Monte Carlo standard error of the mean), ...}, the scalars of a model without quadrature, from
    a long run of another program: stored for mru (8 x 20,000 draws of nutpie); None if not stored.
    """
    found = _stored("long_runs").get(name)
    return found and {parameter: tuple(values) for parameter, values in found.items()}


def published() -> dict[str, Any]:
    """The lecture's own tables of the tadpoles, and how far such tables scatter, as a dict.

    draws      how many draws the tables are from
    precis     {"a[1]": {"mean", "sd", "5.5%", "94.5%", "n_eff", "Rhat4"}, ...}: 50 parameters of mST, two decimals
    compare    {"mST": {"WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"}, "mSTnomem": ...}; None for an empty cell
    scatter    {"mST": {"WAIC": (mean, sd), ...}, "mSTnomem": ...} of the same numbers over 40 runs of that many draws
    """
    return _stored("published")


def _stored(file: str) -> dict[str, Any]:
    return json.loads((BUNDLED / f"{file}.json").read_text(encoding="utf-8"))
