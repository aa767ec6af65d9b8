"""What each command of `hmc` takes: its options, their defaults, and a line on each."""

import argparse

from hmc import __version__, author_commands, commands

_MODEL_HELP = "a model of the lecture (see `hmc models`), or FILE.py:FACTORY for one of your own"


def make_parser():
    """The parser of the command line; `run` of what it parses is the command's function."""
    parser = argparse.ArgumentParser(
        prog="hmc", description='Hamiltonian Monte Carlo from first principles, on the lecture "Multilevel Models".'
    )
    parser.add_argument("--version", action="version", version=f"hmc {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_CommandParser)
    for add in (
        _add_models,
        _add_fit,
        _add_compare,
        _add_lecture,
        _add_figures,
        _add_check,
        _add_watch,
        _add_new,
        _add_calibrate,
        _add_coverage,
    ):
        add(subparsers)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """The parser of one command: no text that it is given may be empty, as `--out "$UNSET"` is."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.register("type", None, _not_empty)  # None: of arguments for which no other type is said


def _not_empty(text):
    if text == "":
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _add_models(subparsers):
    command = subparsers.add_parser("models", help="list the models of the lecture, with formula, data and dimension")
    command.set_defaults(run=commands.list_models)


def _add_fit(subparsers):
    command = subparsers.add_parser(
        "fit",
        help="sample a model's posterior and print its table",
        epilog="The exit status tells whether all chains gave their draws; the last lines, whether to trust them.",
    )
    command.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    command.add_argument(
        "--depth", type=int, choices=(1, 2), help="2 shows vectors too (default 1; 2 for a model of vectors alone)"
    )
    command.add_argument("--prob", type=float, default=0.89, help="probability of the interval (default 0.89)")
    command.add_argument("--exact", action="store_true", help="exact posterior means and z-scores beside the estimates")
    command.add_argument(
        "--out", metavar="FILE", help="save the fit, for hmc.load; FILE.nc is NetCDF for ArviZ, FILE.csv the draws"
    )
    command.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="keep what is finished in FILE; the same command goes on from it, and with more --draws goes further",
    )
    _add_sampling(command)
    command.set_defaults(run=commands.fit, keeps_in="checkpoint")


def _add_compare(subparsers):
    command = subparsers.add_parser("compare", help="fit models of the same data and compare them")
    command.add_argument("models", metavar="MODEL", nargs="+", help=_MODEL_HELP)
    command.add_argument("--criterion", choices=("WAIC", "PSIS"), default="WAIC", help="default WAIC")
    command.add_argument("--scale", choices=("deviance", "log"), default="deviance", help="default deviance")
    _add_sampling(command)
    command.set_defaults(run=commands.compare_models)


def _add_lecture(subparsers):
    command = subparsers.add_parser(
        "lecture",
        help="fit all models, make every table and figure, and a page to look at",
        description="The whole lecture: fits, tables, figures, films, and one page that shows them, DIR/index.html. "
        "What DIR has already is not made again; after an interrupt the same command goes on.",
    )
    command.add_argument("--out", metavar="DIR", default="lecture", help="folder to write to (default: lecture)")
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument(
        "--only",
        metavar="PART",
        nargs="+",
        action="extend",
        help="parts: trolley, participants, cafes, tadpoles, confounds, coverage, sampler (default: all)",
    )
    command.add_argument("--trolley", metavar="FILE.csv", help="the published Trolley.csv (default: a simulated study)")
    command.add_argument(
        "--replications", type=int, default=20, help="simulated studies of the coverage (default 20; 0: leave it out)"
    )
    command.add_argument("--workers", type=int, help="pieces of work at a time (default: the number of processors)")
    _add_dask(command)
    command.set_defaults(run=commands.make_lecture, keeps_in="out")


def _add_figures(subparsers):
    command = subparsers.add_parser("figures", help="draw figures and films of the lecture")
    command.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="a still or film, see --list; traces:MODEL, ranks:MODEL, energies:MODEL (default: all of the lecture)",
    )
    command.add_argument("--list", action="store_true", help="list the figures and draw none")
    command.add_argument(
        "--exact", action="store_true", help="exact leave-one-out by refitting beside PSIS: about a minute"
    )
    command.add_argument("--out", metavar="DIR", default=".", help="folder to write to (default: this one)")
    _add_sampling(command)
    command.set_defaults(run=commands.draw_figures)


def _add_check(subparsers):
    command = subparsers.add_parser("check", help="look for what is wrong with a model, its gradient above all")
    command.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    command.add_argument("--points", type=int, default=20, help="positions tried (default 20)")
    command.add_argument("--seed", type=int, default=12, help="default 12")
    command.add_argument("--bounds", action="store_true", help="look at every index of compiled code too (slower)")
    _add_data(command)
    command.set_defaults(run=author_commands.check_model)


def _add_watch(subparsers):
    command = subparsers.add_parser("watch", help="tell in words what the sampler does, step by step")
    command.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    command.add_argument("--transitions", type=int, default=1, help="how many (default 1)")
    command.add_argument("--after", type=int, metavar="N", help="transitions to run before (default: the warm-up)")
    command.add_argument("--chain", type=int, default=1, help="which chain, from 1 (default 1)")
    _add_chain(command)
    _add_data(command)
    command.set_defaults(run=author_commands.watch_transitions)


def _add_new(subparsers):
    command = subparsers.add_parser("new", help="write a model file that runs as it stands, to change into your own")
    command.add_argument("name", metavar="NAME", help="of the model, and of the file: NAME.py")
    command.add_argument("--out", metavar="DIR", default=".", help="folder to write to (default: this one)")
    command.set_defaults(run=author_commands.new_model)


def _add_calibrate(subparsers):
    command = subparsers.add_parser(
        "calibrate", help="check that a model's posterior gives back what its prior simulated"
    )
    command.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    _add_replications(command, 1000)
    command.add_argument("--thinned", type=int, default=99, help="draws that a truth is ranked among (default 99)")
    command.add_argument("--spacing", type=int, default=4, help="transitions from one of these to the next (default 4)")
    command.add_argument("--target-accept", type=float, default=0.8, metavar="RATE", help="default 0.8")
    command.add_argument("--metric", help="diag, dense or unit (default: what `hmc models` says; diag for your own)")
    _add_data(command)
    command.set_defaults(run=commands.calibrate_model)


def _add_coverage(subparsers):
    command = subparsers.add_parser(
        "coverage", help="bias and coverage of the five estimators of the confounds, over simulated studies"
    )
    _add_replications(command, 100)
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an argument of the simulation: groups, individuals, a0, bXY, bZY, mean_U, sd_U, sd_X, mean_Z, sd_Z",
    )
    command.set_defaults(run=commands.print_coverage)


def _add_replications(command, default):
    command.add_argument("--replications", type=int, default=default, help=f"simulated data sets (default {default})")
    command.add_argument("--seed", type=int, default=12, help="same seed, same numbers (default 12)")
    command.add_argument("--workers", type=int, help="fits at a time (default: the number of processors)")
    _add_dask(command)


def _add_dask(command):
    command.add_argument(
        "--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is at ADDRESS: tcp://HOST:PORT"
    )


def _add_data(command):
    """The options of a model's function."""
    command.add_argument("--data", metavar="FILE.csv", help="your own data, with the columns of the bundled ones")
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a further argument of the model, such as sigma=0.5, visits=5, participants=100 or groups=FILE.csv",
    )


def _add_sampling(command):
    """The options of `hmc.sample`."""
    command.add_argument("--chains", type=int, default=4, help="default 4")
    command.add_argument("--draws", type=int, default=1000, help="per chain (default 1000)")
    command.add_argument("--workers", type=int, help="chains at a time (default: the number of processors)")
    _add_dask(command)
    _add_chain(command)
    _add_data(command)


def _add_chain(command):
    """The options of `hmc.sample` that a chain depends on."""
    command.add_argument("--warmup", type=int, default=1000, help="transitions to adapt in, per chain (default 1000)")
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument("--target-accept", type=float, default=0.8, metavar="RATE", help="default 0.8")
    command.add_argument("--metric", help="diag, dense or unit (default: what `hmc models` says; diag for your own)")
    command.add_argument("--algorithm", default="nuts", help="nuts or hmc (default nuts)")
