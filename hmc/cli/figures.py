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
    command = subparsers.add_parser("figures", help="draw figures and films of the lecture")
    command.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="a still or film, see --list; traces:MODEL, ranks:MODEL, energies:MODEL, centring:MODEL, "
        "predictive:MODEL, metrics:MODEL (default: all of the lecture)",
    )
    command.add_argument("--list", action="store_true", help="list the figures and draw none")
    command.add_argument("--out", metavar="DIR", default=".", help="folder to write to (default: this one)")
    _add_look(command)
    add_sampling(command, LECTURES_WARMUP)
    command.add_argument(
        "--step-size",
        type=float,
        metavar="E",
        help="step size of the figures leapfrog, static_paths, divergence, nuts_trajectory, nuts_tree and nuts_film",
    )
    command.set_defaults(run=run)


def _add_look(command: Any) -> None:
    """The options of figures on slides and in papers."""
    command.add_argument(
        "--width",
        type=float,
        metavar="INCHES",
        help="width of the figure; without --height, the height follows in proportion (default 9.6)",
    )
    command.add_argument(
        "--height",
        type=float,
        metavar="INCHES",
        help="height of the figure; without --width, the width follows in proportion (default 5.4)",
    )
    command.add_argument(
        "--dpi", type=float, help="dots per inch of stills as .png, and of films (default 200 and 100)"
    )
    command.add_argument(
        "--format",
        choices=("png", "svg", "pdf"),
        action="append",
        help="file format of stills; repeat it for several (default: png and svg)",
    )
    command.add_argument(
        "--style", metavar="STYLE", help="a style of matplotlib: a name that it knows, or FILE.mplstyle"
    )


def run(options: argparse.Namespace) -> int:
    import figures

    if options.list:
        refuse_unused(options, {*options.given} - {"list"}, "--list lists all figures and draws none")
        print("stills:", *(f"    {name}  {figures.describe(name)}" for name in figures.names()), sep="\n")
        print("films:", *(f"    {name}  {figures.describe(name)}" for name in figures.films()), sep="\n")
        print("of the fit of any model:")
        print(*(f"    {name}:MODEL  {figures.describe(name)}" for name in figures.of_any_fit()), sep="\n")
        return 0
    start_workers_early(options)
    from figures.drawing.style import Look, asked
    from hmc.cli.figure_inputs import OF_TOYS, plan
    from hmc.files import folder_to_fill

    own = {name: getattr(options, name) for name in OF_TOYS if name in options.given}
    planned = plan(options.names, data=options.data, settings=options.set, of_toys=own)
    _refuse(planned, options)
    look = Look(options.width, options.height, options.dpi, options.style)
    with asked(look), folder_to_fill(options.out):
        return _draw_planned(planned, options)


def _refuse(planned: Inputs, options: argparse.Namespace) -> None:
    """ValueError for options without effect."""
    drawn = ", ".join(planned.options)
    nothing = "coverage has settings of its own" if planned.others else f"nothing is sampled for {drawn}"
    refuse_unused(options, {*OF_SAMPLING} - {*planned.uses}, nothing)
    if planned.varied:
        why = f"{drawn} show {' and '.join(planned.varied)} at several values of it"
        refuse_unused(options, ("target_accept",), why)
    if "step_size" not in planned.uses:
        refuse_unused(options, ("step_size",), f"none of {drawn} shows steps of a size that is given")
    if not planned.stills:
        refuse_unused(options, ("format",), f"films, such as {drawn}, have formats of their own")
    elif planned.stills == list(planned.options) and options.format and "png" not in options.format:
        refuse_unused(options, ("dpi",), f"{' and '.join(options.format)} are drawn with lines, not dots")


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
            for path in written(name, inputs, options.out, options.format or ("png", "svg"), **given):
                print(path)
        except ValueError as error:
            print(f"hmc: {error}", file=sys.stderr)
            status = 1
    return status
