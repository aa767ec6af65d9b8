"""`hmc compare`: models of the same data by WAIC or PSIS."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

from hmc.cli.model_argument import build, is_simulated, options_of
from hmc.cli.shared import (
    LECTURES_WARMUP,
    MODEL_HELP,
    add_digits,
    add_sampling,
    check_digits,
    sample,
    start_workers_early,
    status_of,
)


def add(subparsers: Any) -> None:
    command = subparsers.add_parser("compare", help="fit models of the same data and compare them")
    command.add_argument("models", metavar="MODEL", nargs="+", help=MODEL_HELP)
    command.add_argument("--criterion", choices=("WAIC", "PSIS"), default="WAIC", help="default WAIC")
    command.add_argument(
        "--moment-match",
        action="store_true",
        help="with PSIS: match the moments of observations whose k-hat is high, before you refit without them",
    )
    command.add_argument("--scale", choices=("deviance", "log"), default="deviance", help="default deviance")
    add_digits(command)
    add_sampling(command, LECTURES_WARMUP)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.moment_match and options.criterion != "PSIS":
        raise ValueError("--moment-match would have no effect: it is of --criterion PSIS")
    start_workers_early(options)
    check_digits(options)
    twice = [name for name in options.models if options.models.count(name) > 1]
    if twice or len(options.models) < 2:
        raise ValueError("compare needs two or more different models" + (f"; twice: {twice[0]}" if twice else ""))
    built = {name: build(name, options.data, options_of(name, options)) for name in options.models}
    for name, model in built.items():
        if model.log_likelihood is None:
            raise ValueError(f"{name} has no log_likelihood function, which {options.criterion} needs")
    fits = {
        model.name if is_simulated(name, model) else name: sample(name, model, options) for name, model in built.items()
    }

    from diagnostics import compare, loo_moment_match, psis_loo, verdict, waic
    from diagnostics.formatting import table_text

    psis: Callable[[Any], Any] = loo_moment_match if options.moment_match else lambda fit: psis_loo(fit.log_likelihood)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the verdicts below say it
        loo = {name: psis(fit) for name, fit in fits.items()} if options.criterion == "PSIS" else {}
        table = compare(fits, criterion=options.criterion, scale=options.scale, loo=loo)
        verdicts = {name: verdict(fit, loo.get(name) or waic(fit.log_likelihood)) for name, fit in fits.items()}
    print(table_text(table, options.digits))
    print(table.attrs["note"])
    if table.attrs["caution"]:
        print(table.attrs["caution"])
    for name, found in verdicts.items():
        print(f"{name}: {found}")
    return max(status_of(fit) for fit in fits.values())
