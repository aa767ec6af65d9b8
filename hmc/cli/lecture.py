"""`hmc lecture`: all fits, tables, figures and films, and the page that shows them."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from hmc.cli.shared import add_dask, refuse_unused, start_workers_early


def add(subparsers: Any) -> None:
    command = subparsers.add_parser(
        "lecture",
        help="fit all models, make every table and figure, and a page that shows them",
        description="The whole lecture: fits, tables, figures, films, and one page that shows them, DIR/index.html. "
        "Finished items in DIR are not made again; after an interrupt the same command continues.",
    )
    command.add_argument("--out", metavar="DIR", default="lecture", help="folder to write to (default: lecture)")
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument(
        "--only",
        metavar="PART",
        nargs="+",
        action="extend",
        help="parts: trolley, participants, cafes, tadpoles, confounds, coverage, sampler, failing (default: all)",
    )
    command.add_argument("--trolley", metavar="FILE.csv", help="the published Trolley.csv (default: a simulated study)")
    command.add_argument(
        "--replications",
        type=int,
        default=20,
        help="number of simulated studies for the part coverage (default 20; 0 leaves it out)",
    )
    command.add_argument("--still", action="store_true", help="figures alone: none is to be played with in a browser")
    command.add_argument("--workers", type=int, help="items to make at a time (default: the number of processors)")
    add_dask(command)
    command.set_defaults(run=run, keeps_in="out")


def run(options: argparse.Namespace) -> int:
    start_workers_early(options)
    from figures.lecture.work.making import make

    _refuse_unused(options)
    given = ("seed", "only", "trolley", "replications", "workers", "executor")
    made = make(options.out, explorables=not options.still, **{name: getattr(options, name) for name in given})
    for name, reason in made.failures.items():
        print(f"hmc: {name} could not be made: {reason}", file=sys.stderr)
    print(f"{made.page}: {len(made.made)} items made, {len(made.kept)} kept, in {made.seconds:.1f} s")
    print("seconds of work: " + ", ".join(f"{on} {seconds:.1f}" for on, seconds in made.spent.items()))
    return 1 if made.failures else 0


def _refuse_unused(options: argparse.Namespace) -> None:
    """ValueError for an option that no chosen part has a use for."""
    from figures.lecture import contents, explorables
    from figures.lecture.work.items import SHOWS_TROLLEY_FILE

    parts = contents.chosen(options.only)
    shown = {item.name for part in parts for item in part.contents}
    of = f"the parts {', '.join(part.name for part in parts)}"
    if not shown & {*SHOWS_TROLLEY_FILE}:
        refuse_unused(options, ("trolley",), f"{of} do not show that file")
    if not shown & {*explorables.PLACES}:
        refuse_unused(options, ("still",), f"{of} have nothing to play with")
    if "coverage" not in [part.name for part in parts]:
        refuse_unused(options, ("replications",), f"{of} have no simulated studies")
