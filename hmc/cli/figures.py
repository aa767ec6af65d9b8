"""`hmc figures`: stills and films of the lecture, or of any fit."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from hmc.cli.shared import (
    LECTURES_WARMUP,
    OF_SAMPLING,
    add_sampling,
    refuse_unused,
    sample,
    sampling,
    start_workers_early,
    status_of,
)

if TYPE_CHECKING:
    from hmc.cli.figure_inputs import Inputs


def add(subparsers: Any) -> None:
    """The command's options."""
    command = subparsers.add_parser("figures", help="draw figures and films of the lecture")
    command.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="a still or film, see --list; traces:MODEL, ranks:MODEL, energies:MODEL, centring:MODEL, "
        "predictive:MODEL, metrics:MODEL (default: all of the lecture)",
    )
    command.add_argument("--list", action="store_true", help="list the figures and draw none")
    command.add_argument(
        "--exact", action="store_true", help="exact leave-one-out by refitting beside PSIS: about a minute"
    )
    command.add_argument("--out", metavar="DIR", default=".", help="folder to write to (default: this one)")
    add_sampling(command, LECTURES_WARMUP)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """`hmc figures`."""
    import figures

    if options.list:
        refuse_unused(options, {*options.given} - {"list"}, "--list lists all figures and draws none")
        print("stills:", *(f"    {name}  {figures.describe(name)}" for name in figures.names()), sep="\n")
        print("films:", *(f"    {name}  {figures.describe(name)}" for name in figures.films()), sep="\n")
        print("of the fit of any model:")
        print(*(f"    {name}:MODEL  {figures.describe(name)}" for name in figures.of_any_fit()), sep="\n")
        return 0
    start_workers_early(options)
    from hmc.cli.figure_inputs import plan
    from hmc.files import folder_to_fill

    planned = plan(options.names, data=options.data, settings=options.set, exact=options.exact)
    unused = {*OF_SAMPLING} - {*planned.uses}
    of = "coverage has settings of its own" if planned.others else "nothing is sampled for"
    refuse_unused(options, unused, of if planned.others else f"{of} {', '.join(planned.options)}")
    with folder_to_fill(options.out):
        return _draw_planned(planned, options)


def _draw_planned(planned: Inputs, options: argparse.Namespace) -> int:
    from hmc.cli.figure_inputs import of_sampler, other_input, written

    inputs: dict[str, Any] = {}
    status = 0
    for name, model in planned.models.items():
        several = isinstance(model, list)
        built = model if several else [model]
        of_series = of_sampler(name, len(built))
        fits = [sample(name, one, options, **further) for one, further in zip(built, of_series, strict=True)]
        inputs[name] = fits if several else fits[0]
        status = max(status, *map(status_of, fits))
    for name in planned.others:
        inputs[name] = other_input(name, inputs, **sampling(options))
    for name, given in planned.options.items():
        try:
            for path in written(name, inputs, options.out, **given):
                print(path)
        except ValueError as error:
            print(f"hmc: {error}", file=sys.stderr)
            status = 1
    return status
