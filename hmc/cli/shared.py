"""What several commands share: options, and how they are handed to the sampler."""

import os

from hmc.cli.model_argument import default_metric

MODEL_HELP = "a model of the lecture (see `hmc models`), or FILE.py:FACTORY for one of your own"


def add_replications(command, default):
    command.add_argument("--replications", type=int, default=default, help=f"simulated data sets (default {default})")
    command.add_argument("--seed", type=int, default=12, help="same seed, same numbers (default 12)")
    command.add_argument("--workers", type=int, help="fits at a time (default: the number of processors)")
    add_dask(command)


def add_dask(command):
    command.add_argument(
        "--dask", metavar="ADDRESS", help="run on the Dask cluster whose scheduler is at ADDRESS: tcp://HOST:PORT"
    )


def add_data(command):
    """The options of a model's function."""
    command.add_argument("--data", metavar="FILE.csv", help="your own data, with the columns of the bundled ones")
    command.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a further argument of the model, such as sigma=0.5, visits=5, participants=100 or groups=FILE.csv",
    )


def add_sampling(command):
    """The options of `hmc.sample`."""
    command.add_argument("--chains", type=int, default=4, help="default 4")
    command.add_argument("--draws", type=int, default=1000, help="per chain (default 1000)")
    command.add_argument("--workers", type=int, help="chains at a time (default: the number of processors)")
    add_dask(command)
    add_chain(command)
    add_data(command)


def add_chain(command):
    """The options of `hmc.sample` that a chain depends on."""
    command.add_argument("--warmup", type=int, default=1000, help="transitions to adapt in, per chain (default 1000)")
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument("--target-accept", type=float, default=0.8, metavar="RATE", help="default 0.8")
    command.add_argument("--metric", help="diag, dense or unit (default: what `hmc models` says; diag for your own)")
    command.add_argument("--algorithm", default="nuts", help="nuts or hmc (default nuts)")


def sample(name, model, options, **further):
    import hmc

    return hmc.sample(model, **sampling(name, options), **further)


def sampling(name, options):
    """The arguments of `hmc.sample` for the model `name`."""
    names = ("chains", "warmup", "draws", "seed", "workers", "executor", "target_accept", "algorithm")
    return {option: getattr(options, option) for option in names} | {"metric": options.metric or default_metric(name)}


def status_of(fit):
    """The exit status of a fit: 0 where all chains gave all their draws."""
    return 1 if fit.failures or fit.interrupted else 0


def kept_in(options):
    """What a run that was interrupted says of where it keeps things; nothing where nothing is kept yet."""
    path = getattr(options, getattr(options, "keeps_in", ""), None)
    if not (path and os.path.exists(path)):
        return ""
    return f": what was finished is kept in {path}, and the same command goes on from there"
