"""`hmc reference`: the lecture's models as reference posteriors for other software, in posteriordb's layout."""

from __future__ import annotations

import argparse
from typing import Any


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "reference",
        help="write models of the lecture as a posteriordb: data, reference draws, exact moments, densities",
        epilog="The exit status is 0 if all reference draws pass posteriordb's criteria; a line names what fails.",
    )
    command.add_argument("names", metavar="MODEL", nargs="*", help="models of the lecture (default: all)")
    command.add_argument("--out", metavar="DIR", required=True, help="folder to write to")
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument("--workers", type=int, help="chains at a time (default: the number of processors)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    import models
    from hmc.cli.reference_files import write
    from hmc.files import folder_to_fill

    names = list(dict.fromkeys(options.names or models.names()))
    for name in names:
        models.data_of(name)  # a name that is not known is refused before anything is sampled
    status = 0
    with folder_to_fill(options.out):
        for name in names:
            checks = write(name, options.out, seed=options.seed, workers=options.workers)
            failed = [check for check, passed in checks.items() if not passed]
            print(f"{name}: " + (f"fails {', '.join(failed)}" if failed else "passes all criteria"), flush=True)
            status |= bool(failed)
    return status
