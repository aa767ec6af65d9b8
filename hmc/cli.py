"""The `hmc` command. Imports what a command needs when it needs it: `hmc --help` waits for nothing."""

import argparse
import importlib
import os
import sys
import warnings

from hmc.version import VERSION

_MODEL_HELP = "a model of the lecture (see `hmc models`), or FILE.py:FACTORY for one of your own"


def main(arguments=None):
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, *_, **__: print(f"hmc: note: {message}", file=sys.stderr)
            return options.run(options) or 0
    except KeyboardInterrupt:
        print("hmc: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: say no more, not even at exit
        return 1
    except (ValueError, OSError, RuntimeError) as error:
        print(f"hmc: {error}", file=sys.stderr)
        return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="hmc", description='Hamiltonian Monte Carlo from first principles, on the lecture "Multilevel Models".'
    )
    parser.add_argument("--version", action="version", version=f"hmc {VERSION}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    command = commands.add_parser("models", help="list the models of the lecture, with formula, data and dimension")
    command.set_defaults(run=_models)

    command = commands.add_parser("fit", help="sample a model's posterior and print its table")
    command.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    command.add_argument("--depth", type=int, choices=(1, 2), default=1, help="2 shows vectors too (default 1)")
    command.add_argument("--prob", type=float, default=0.89, help="probability of the interval (default 0.89)")
    command.add_argument("--exact", action="store_true", help="exact posterior means and z-scores beside the estimates")
    command.add_argument("--out", metavar="FILE", help="save the fit, for hmc.load")
    _add_sampling(command)
    command.set_defaults(run=_fit)

    command = commands.add_parser("compare", help="fit models of the same data and compare them")
    command.add_argument("models", metavar="MODEL", nargs="+", help=_MODEL_HELP)
    command.add_argument("--criterion", choices=("WAIC", "PSIS"), default="WAIC", help="default WAIC")
    command.add_argument("--scale", choices=("deviance", "log"), default="deviance", help="default deviance")
    _add_sampling(command)
    command.set_defaults(run=_compare)

    command = commands.add_parser("figures", help="draw figures of the lecture")
    command.add_argument("names", metavar="NAME", nargs="*", help="which (default: all)")
    command.add_argument("--list", action="store_true", help="list the figures and draw none")
    command.add_argument("--out", metavar="DIR", default=".", help="folder to write to (default: this one)")
    _add_sampling(command)
    command.set_defaults(run=_figures)

    command = commands.add_parser("check", help="check a model's gradient against central differences")
    command.add_argument("model", metavar="MODEL", help=_MODEL_HELP)
    command.add_argument("--points", type=int, default=20, help="positions tried (default 20)")
    command.add_argument("--seed", type=int, default=12, help="default 12")
    command.add_argument("--data", metavar="FILE.csv", help="your own data, with the columns of the bundled ones")
    command.set_defaults(run=_check)
    return parser


def _add_sampling(command):
    """The options of `hmc.sample`."""
    command.add_argument("--chains", type=int, default=4, help="default 4")
    command.add_argument("--warmup", type=int, default=1000, help="transitions to adapt in, per chain (default 1000)")
    command.add_argument("--draws", type=int, default=1000, help="per chain (default 1000)")
    command.add_argument("--seed", type=int, default=12, help="same seed, same draws (default 12)")
    command.add_argument("--workers", type=int, help="chains at a time (default: the number of processors)")
    command.add_argument("--target-accept", type=float, default=0.8, metavar="RATE", help="default 0.8")
    command.add_argument("--metric", default="diag", help="diag, dense or unit (default diag)")
    command.add_argument("--algorithm", default="nuts", help="nuts or hmc (default nuts)")
    command.add_argument("--data", metavar="FILE.csv", help="your own data, with the columns of the bundled ones")


def _models(options):
    import models

    for name in models.names():
        described = models.describe(name)
        print(f"{name}  (dimension {described.dimension}; {described.data})\n    {described.summary}")
        print("".join(f"        {line}\n" for line in described.formula.splitlines()))


def _fit(options):
    from hmc import workers

    workers.start_early()
    import pandas  # noqa: F401 (here, while the workers start)

    import models
    from diagnostics import precis, verdict

    if not 0.0 < options.prob < 1.0:
        raise ValueError(f"--prob {options.prob} is not between 0 and 1")
    if options.out and not os.path.isdir(os.path.dirname(os.path.abspath(options.out))):
        raise ValueError(f"--out {options.out}: there is no such folder")
    if options.out and os.path.isdir(options.out):
        raise ValueError(f"--out {options.out} is a folder, not a file to write to")
    model = _build(options.model, options.data)
    exact = models.exact_posterior(options.model) if options.exact else None
    if options.exact and (exact is None or options.data):
        raise ValueError(f"{options.model}: no exact posterior is stored" + (" for your data" if exact else ""))
    fit = _sample(model, options)
    if options.out:
        fit.save(options.out)
    table = precis(fit, depth=options.depth, prob=options.prob)
    if exact:
        with_error = precis(fit, depth=options.depth, mcse=True)["mcse_mean"]
        table["exact"] = [exact[name][0] for name in table.index]
        table["z"] = (table["mean"] - table["exact"]) / with_error
    print(table.to_string(float_format="{:.2f}".format, formatters={"n_eff": "{:.0f}".format}))
    if "note" in table.attrs:
        print(table.attrs["note"])
    print(verdict(fit))
    return _status(fit)


def _compare(options):
    from hmc import workers

    workers.start_early()
    twice = [name for name in options.models if options.models.count(name) > 1]
    if twice or len(options.models) < 2:
        raise ValueError("compare needs two or more different models" + (f"; twice: {twice[0]}" if twice else ""))
    built = {name: _build(name, options.data) for name in options.models}
    for name, model in built.items():
        if model.log_likelihood is None:
            raise ValueError(f"{name} has no log_likelihood function, which {options.criterion} needs")
    fits = {name: _sample(model, options) for name, model in built.items()}

    from diagnostics import compare, psis_loo, verdict, waic

    criterion = {"WAIC": waic, "PSIS": psis_loo}[options.criterion]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the verdicts below say it
        table = compare(fits, criterion=options.criterion, scale=options.scale)
        verdicts = {name: verdict(fit, criterion(fit.log_likelihood)) for name, fit in fits.items()}
    print(table.to_string(float_format="{:.2f}".format, na_rep=""))
    print(table.attrs["note"])
    for name, found in verdicts.items():
        print(f"{name}: {found}")
    return max(_status(fit) for fit in fits.values())


def _figures(options):
    import figures

    if options.list:
        for name in figures.names():
            print(f"{name}  {figures.describe(name)}")
        return 0
    from hmc import workers

    workers.start_early()
    names = options.names or figures.names()
    needed = {model: None for name in names for model in figures.needs(name)}
    from figures.style import save

    os.makedirs(options.out, exist_ok=True)
    fits = {name: _sample(_build(name, options.data), options) for name in needed}
    for name in names:
        figure = figures.draw(name, fits, **({"data": options.data} if options.data else {}))
        for ending in (".png", ".svg"):
            print(save(figure, os.path.join(options.out, name + ending)))
    return max((_status(fit) for fit in fits.values()), default=0)


def _check(options):
    from hmc.checking import check

    if options.points < 1:
        raise ValueError(f"--points {options.points} is less than 1")
    model = _build(options.model, options.data)
    findings = check(model, options.points, options.seed)
    for finding in findings:
        print(f"{model.name}: {finding.message}")
    if not findings:
        tried = f"all {model.dimension} components at {options.points} points"
        print(f"{model.name}: the gradient agrees with the density, {tried}")
    return 1 if findings else 0


def _build(name, data):
    """The model of a MODEL argument, on the data of --data."""
    if name.endswith(".py"):
        raise ValueError(f"{name} is a file; write {name}:FACTORY, with the function in it that gives the model")
    if ":" not in name:
        import models

        return models.build(name, **({"data": data} if data else {}))
    path, _, factory_name = name.rpartition(":")
    module = _import_file(path)
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise ValueError(f"{path} has no function {factory_name}")
    try:
        model = factory(data) if data else factory()
    except Exception as error:  # whatever the author's function does wrong
        raise ValueError(f"{path}: {factory_name} fails: {type(error).__name__}: {error}") from error
    if type(model).__name__ != "Model":
        raise ValueError(f"{path}: {factory_name}() gives a {type(model).__name__}, not a hmc.Model")
    return model


def _import_file(path):
    """Import an author's file under its own name, from its own folder, so that worker processes can do the same."""
    folder, file = os.path.split(os.path.abspath(path))
    name, extension = os.path.splitext(file)
    if extension != ".py" or not name.isidentifier():
        raise ValueError(f"{path} is not a Python file that can be imported")
    if not os.path.isfile(path):
        raise ValueError(f"{path}: there is no such file")
    sys.path.insert(0, folder)
    try:
        module = importlib.import_module(name)
    except Exception as error:  # whatever the author's file does wrong
        raise ValueError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    if os.path.abspath(module.__file__ or "") != os.path.join(folder, file):
        raise ValueError(f"{path}: another module is called {name}; give the file another name")
    return module


def _sample(model, options):
    import hmc

    names = ("chains", "warmup", "draws", "seed", "workers", "target_accept", "metric", "algorithm")
    return hmc.sample(model, **{name: getattr(options, name) for name in names})


def _status(fit):
    """The exit status of a fit: 0 where all chains gave all their draws."""
    return 1 if fit.failures or fit.interrupted else 0


if __name__ == "__main__":
    sys.exit(main())
