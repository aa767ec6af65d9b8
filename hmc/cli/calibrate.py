"""`hmc calibrate`: simulation-based calibration of a model."""

from __future__ import annotations

import argparse
from typing import Any

from hmc.cli.model_argument import build
from hmc.cli.shared import MODEL_HELP, add_algorithm, add_data, add_replications


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "calibrate", help="check by simulation that a model's posterior recovers the parameters behind its data"
    )
    command.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    add_replications(command, 1000)
    command.add_argument(
        "--thinned", type=int, default=99, help="number of draws with which each true value is ranked (default 99)"
    )
    command.add_argument("--spacing", type=int, default=4, help="transitions between two of these draws (default 4)")
    command.add_argument("--target-accept", type=float, default=0.8, metavar="RATE", help="default 0.8")
    command.add_argument("--metric", default="auto", help="auto, diag, dense, low_rank or unit (default auto)")
    add_algorithm(command)
    add_data(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from diagnostics import calibrate

    found = calibrate(
        build(options.model, options.data, options.set),
        options.replications,
        seed=options.seed,
        thinned=options.thinned,
        spacing=options.spacing,
        workers=options.workers,
        executor=options.executor,
        target_accept=options.target_accept,
        metric=options.metric,
        algorithm=options.algorithm,
        tolerance=options.tolerance,
    )
    print(found)
    return 0 if found.passed and not found.interrupted else 1
