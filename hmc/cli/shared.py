"""Options of several commands: how they are given to the sampler, and the refusal of those without effect."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from typing import Any

MODEL_HELP = "a model of the lecture (see `hmc models`), or FILE.py:FACTORY for one of your own"
DRAWS_FILES = (
    "a saved fit, .csv or .tsv (CmdStan's too), .nc (ArviZ), .npz, .npy, or .json and .json.zip (posteriordb); "
    "text may be packed, as in .csv.gz"
)
# The options of `add_sampling`, by the names that they have in `options`.
OF_CHAINS = (
    "warmup", "seed", "target_accept", "max_depth", "metric", "adaptation", "algorithm", "tolerance", "initial"
)  # fmt: skip
OF_RUNS = ("workers", "dask")
OF_SAMPLING = ("chains", "draws", *OF_RUNS, *OF_CHAINS)
WARMUP = 400  # the default of `hmc.sample`
# The default of commands that make the lecture's own numbers, whose fits had as many warm-up transitions as draws.
LECTURES_WARMUP = 1000  # `figures.lecture.contents.WARMUP`
OF_WARMUP = ("target_accept", "metric", "adaptation")


def add_replications(command: argparse.ArgumentParser, default: int) -> None:
    """The options of a command that simulates data sets and fits them."""
    command.add_argument("--replications", type=int, default=default, help=f"simulated data sets (default {default})")
    command.add_argument("--seed", type=int, default=12, help="same seed, same numbers (default 12)")
    command.add_argument("--workers", type=int, help="fits at a time (default: the number of processors)")
    add_dask(command)


def add_dask(command: argparse.ArgumentParser) -> None:
    """The option that runs the work on a cluster."""
    command.add_argument(
        "--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is at ADDRESS: tcp://HOST:PORT"
    )


def add_data(command: argparse.ArgumentParser) -> None:
    """The options of a model's function."""
    command.add_argument("--data", metavar="FILE.csv", help="your own data, with the same columns as the bundled data")
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a further argument of the model, such as sigma=0.5, visits=5, participants=100 or groups=FILE.csv",
    )


def add_digits(command: argparse.ArgumentParser) -> None:
    """The option of a command that prints a table."""
    command.add_argument(
        "--digits", type=int, metavar="N", help="digits after the point (default: three of each sd, or more)"
    )


def check_digits(options: argparse.Namespace) -> None:
    """ValueError where --digits is not a number of digits."""
    if options.digits is not None and not 0 <= options.digits <= 17:
        raise ValueError(f"--digits {options.digits} is not from 0 to 17")


def add_sampling(command: argparse.ArgumentParser, warmup: int = WARMUP) -> None:
    """The options of `hmc.sample`; `warmup` is the default of that option."""
    command.add_argument("--chains", type=int, default=4, help="default 4")
    command.add_argument("--draws", type=int, default=1000, help="per chain (default 1000)")
    command.add_argument("--workers", type=int, help="chains at a time (default: the number of processors)")
    add_dask(command)
    add_chain(command, warmup)
    add_data(command)


def add_chain(command: argparse.ArgumentParser, warmup: int = WARMUP) -> None:
    """The options of `hmc.sample` that a chain depends on."""
    command.add_argument(
        "--warmup",
        type=int,
        default=warmup,
        help=f"warm-up transitions per chain, which adapt the sampler (default {warmup})",
    )
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument(
        "--target-accept",
        type=float,
        metavar="RATE",
        help="higher is slower and safer (default 0.8; higher for models that need it: 0.95 for cafes)",
    )
    command.add_argument(
        "--max-depth", type=int, default=10, metavar="N", help="at most 2^N leapfrog steps a transition (default 10)"
    )
    command.add_argument("--metric", default="auto", help="auto, diag, dense, low_rank or unit (default auto)")
    command.add_argument(
        "--adaptation", default="gradients", help="how the metric is learned: gradients or windows (default gradients)"
    )
    add_algorithm(command)
    command.add_argument(
        "--initial",
        metavar="FILE.json",
        help='where chains start: {"a_bar": 0.5, "sigma": 1, ...}, or a list of such, one a chain (default: at random)',
    )


def add_algorithm(command: argparse.ArgumentParser) -> None:
    """The options that choose the algorithm."""
    command.add_argument(
        "--algorithm",
        default="nuts",
        help="nuts; walnuts, for posteriors with a neck, in which NUTS diverges; or hmc (default nuts)",
    )
    command.add_argument(
        "--tolerance",
        type=float,
        metavar="ENERGY",
        help="for walnuts: how much the energies along a step may differ before it is split (default 3)",
    )


def start_workers_early(options: argparse.Namespace) -> None:
    """Let worker processes load the sampler while this one reads its arguments, if the run will use some of its own."""
    if options.executor is None:
        from hmc.running.processes import start_early

        start_early(options.workers, getattr(options, "chains", 2))  # the lecture makes many items


def sample(name: str, model: Any, options: argparse.Namespace, **further: Any) -> Any:
    """`hmc.sample` of the model called `name`, with the options of the command line."""
    import hmc

    return hmc.sample(model, **sampling(options, name) | further)


def sampling(options: argparse.Namespace, name: str = "") -> dict[str, Any]:
    """The arguments of `hmc.sample` for the model called `name`."""
    given = of_chain(options, name)
    return given | {argument: getattr(options, argument) for argument in ("chains", "draws", "workers", "executor")}


def of_chain(options: argparse.Namespace, name: str = "") -> dict[str, Any]:
    """The arguments of `hmc.sample` that a chain of a model depends on. ValueError for those without effect."""
    import models

    if options.warmup == 0:
        refuse_unused(options, OF_WARMUP, "without warm-up (--warmup 0) nothing is adapted")
    given = {option: getattr(options, option) for option in OF_CHAINS}
    if given.get("target_accept") is None:  # then it is the model's own, or the default
        given = {option: value for option, value in given.items() if option != "target_accept"} | models.sampling(name)
    return given | {"initial": None if options.initial is None else initial_values(options.initial)}


def initial_values(path: str) -> Any:
    """The starting values in a JSON file: {name: value}, or a list of such. ValueError for other files."""
    import json

    try:
        with open(path, encoding="utf-8-sig") as file:
            values = json.load(file)
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8
        raise ValueError(f"--initial {path} is not a JSON file: {error}") from None
    chains = values if isinstance(values, list) else [values]
    if not (chains and all(isinstance(chain, dict) for chain in chains)):
        raise ValueError(f'--initial {path} has no values with names, as in {{"a_bar": 0.5, "sigma": 1}}')
    return values


def refuse_unused(options: argparse.Namespace, names: Iterable[str], why: str) -> None:
    """ValueError where one of these options is on the command line, though it has no effect there."""
    unused = [options.parser.option_of(name) for name in options.given if name in {*names}]
    if unused:
        raise ValueError(f"{', '.join(unused)} would have no effect: {why}")


def check_out_file(path: str) -> None:
    """ValueError where no file can be written to --out."""
    from hmc.files import check_writable

    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise ValueError(f"--out {path}: there is no such folder")
    if os.path.isdir(path):
        raise ValueError(f"--out {path} is a folder, not a file to write to")
    try:
        check_writable(path)
    except OSError as error:
        raise ValueError(f"--out {path}: no file can be written there: {error.strerror or error}") from None


def status_of(fit: Any) -> int:
    """The exit status of a fit: 0 where all chains gave all their draws."""
    return 1 if fit.failures or fit.interrupted else 0


def kept_in(options: argparse.Namespace) -> str:
    """After an interrupt: where the run keeps its results; "" where nothing is kept yet."""
    path = getattr(options, getattr(options, "keeps_in", ""), None)
    if not (path and os.path.exists(path)):
        return ""
    return f": what was finished is kept in {path}, and the same command goes on from there"
