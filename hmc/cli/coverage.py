"""`hmc coverage`: five estimators of a confounded effect over simulated studies."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from hmc.cli.model_argument import parsed_settings
from hmc.cli.shared import add_digits, add_replications, check_digits

if TYPE_CHECKING:
    import pandas as pd


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "coverage", help="bias and coverage of the five estimators of the confounds, over simulated studies"
    )
    add_replications(command, 100)
    add_digits(command)
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of the simulation: groups, individuals, a0, bXY, bZY, mean_U, sd_U, sd_X, mean_Z, sd_Z",
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from models.coverage import coverage

    check_digits(options)
    given = parsed_settings(options.set)
    for name in ("seed", "workers", "executor", "progress", "replications", "estimators"):
        if name in given:
            raise ValueError(f"--set {name}: simulate_study has no argument {name}")
    run = {name: getattr(options, name) for name in ("seed", "workers", "executor")}
    table = coverage(options.replications, **run, **given)
    print(_shown(table, options.digits))
    print("coverage is that of 89% intervals; sd and width are of the posterior and its interval, on average")
    for failure in table.attrs["failures"]:
        print(f"failed: {failure}")
    if table.attrs["interrupted"]:
        print(f"interrupted: these are not all of {options.replications} studies by every estimator")
    return 1 if table.attrs["failures"] or table.attrs["interrupted"] else 0


def _shown(table: pd.DataFrame, digits: int | None) -> str:
    """The table as text, Monte Carlo errors behind the numbers that have them."""
    from diagnostics.formatting import aligned, formatted

    text = formatted(table, digits)
    for name in ("bias", "rmse", "coverage"):
        pairs = zip(text[name], text[f"{name}_se"], strict=True)
        text[name] = aligned([f"{value.strip()} +- {error.strip()}" for value, error in pairs])
    shown = text[["truth", "mean", "bias", "rmse", "coverage", "sd", "width", "studies", "divergences"]]
    return shown.to_string()
