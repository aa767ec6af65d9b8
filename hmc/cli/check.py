"""`hmc check`: faults of a model."""

from __future__ import annotations

import argparse
from typing import Any

from hmc.cli.model_argument import build
from hmc.cli.shared import MODEL_HELP, add_data


def add(subparsers: Any) -> None:
    command = subparsers.add_parser("check", help="look for faults in a model, above all in its gradient")
    command.add_argument("model", metavar="MODEL", help=MODEL_HELP)
    command.add_argument("--points", type=int, default=20, help="positions tried (default 20)")
    command.add_argument("--seed", type=int, default=12, help="default 12")
    command.add_argument("--bounds", action="store_true", help="check every index of compiled code too (slower)")
    add_data(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from hmc.checking import check
    from hmc.settings import check_whole

    check_whole("--points", options.points, least=1)
    check_whole("--seed", options.seed, least=0)
    model = build(options.model, options.data, options.set)
    report = check(model, options.points, options.seed, bounds=options.bounds)
    print(report)
    return 1 if report else 0
