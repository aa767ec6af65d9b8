"""What each command of `hmc` does, given its parsed options. The parser is `hmc/options.py`.

Each function imports what it needs when it needs it, prints, and returns the exit status (None: 0). This is the one
file of `hmc` that imports the three other packages (but for `hmc/model_argument.py`, which asks `models`).
"""

import os
import sys
import warnings

from hmc.model_argument import build, default_metric, is_simulated, options_of, parsed_settings


def list_models(_options):
    """`hmc models`."""
    import models

    for name in models.names():
        described = models.describe(name)
        facts = f"dimension {described.dimension}; metric {described.metric}; {described.data}"
        print(f"{name}  ({facts})\n    {described.summary}")
        for option in [option for option in described.options if option != "data"]:
            print(f"    --set {option}=...")
        print("".join(f"        {line}\n" for line in described.formula.splitlines()))


def fit(options):
    """`hmc fit`."""
    from hmc import workers

    workers.start_early()
    import pandas  # noqa: F401 (here, while the workers start)

    import models
    from diagnostics import precis, verdict
    from hmc.out import check_out, with_derived, write_out

    if not 0.0 < options.prob < 1.0:
        raise ValueError(f"--prob {options.prob} is not between 0 and 1")
    if options.out:
        check_out(options)
    model = build(options.model, options.data, options.set)
    exact = models.exact_posterior(options.model) if options.exact else None
    if options.exact and (exact is None or options.data or options.set):
        raise ValueError(f"{options.model}: no exact posterior is stored" + (" for your data" if exact else ""))
    fit = _sample(options.model, model, options, checkpoint=options.checkpoint)
    if fit.interrupted and options.checkpoint:
        print(f"hmc: interrupted{kept_in(options)}", file=sys.stderr)
    fit, is_whole = write_out(fit, options.out) if options.out else with_derived(fit)
    depth = options.depth or (1 if any(not parameter.shape for parameter in model.parameters) else 2)
    table = precis(fit, depth=depth, prob=options.prob)
    if exact:
        with_error = precis(fit, depth=depth, mcse=True)["mcse_mean"]
        table["exact"] = [exact[name][0] if name in exact else float("nan") for name in table.index]
        table["z"] = (table["mean"] - table["exact"]) / with_error
    if is_simulated(options.model, model):
        print(model.name)
    print(table.to_string(float_format="{:.2f}".format, formatters={"n_eff": "{:.0f}".format}, na_rep=""))
    if "note" in table.attrs:
        print(table.attrs["note"])
    print(verdict(fit))
    return _status(fit) if is_whole else 1


def kept_in(options):
    """What a run that was interrupted says of where it keeps things; nothing where nothing is kept yet."""
    path = getattr(options, getattr(options, "keeps_in", ""), None)
    if not (path and os.path.exists(path)):
        return ""
    return f": what was finished is kept in {path}, and the same command goes on from there"


def compare_models(options):
    """`hmc compare`."""
    from hmc import workers

    workers.start_early()
    twice = [name for name in options.models if options.models.count(name) > 1]
    if twice or len(options.models) < 2:
        raise ValueError("compare needs two or more different models" + (f"; twice: {twice[0]}" if twice else ""))
    built = {name: build(name, options.data, options_of(name, options)) for name in options.models}
    for name, model in built.items():
        if model.log_likelihood is None:
            raise ValueError(f"{name} has no log_likelihood function, which {options.criterion} needs")
    fits = {
        model.name if is_simulated(name, model) else name: _sample(name, model, options)
        for name, model in built.items()
    }

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


def draw_figures(options):
    """`hmc figures`."""
    import figures

    if options.list:
        print("stills:", *(f"    {name}  {figures.describe(name)}" for name in figures.names()), sep="\n")
        print("films:", *(f"    {name}  {figures.describe(name)}" for name in figures.films()), sep="\n")
        print("of the fit of any model:")
        print(*(f"    {name}:MODEL  {figures.describe(name)}" for name in figures.of_any_fit()), sep="\n")
        return 0
    from hmc import workers

    workers.start_early()
    from figures.inputs import plan
    from hmc.files import folder_to_fill

    planned = plan(options.names, data=options.data, settings=options.set, exact=options.exact)
    with folder_to_fill(options.out):
        return _draw_planned(planned, options)


def _draw_planned(planned, options):
    from figures.inputs import other_input, written

    inputs, status = {}, 0
    for name, model in planned.models.items():
        several = isinstance(model, list)
        fits = [_sample(name, one, options) for one in (model if several else [model])]
        inputs[name] = fits if several else fits[0]
        status = max(status, *map(_status, fits))
    for name in planned.others:
        inputs[name] = other_input(name, inputs, **_sampling(name.removeprefix("refits of "), options))
    for name, given in planned.options.items():
        try:
            for path in written(name, inputs, options.out, **given):
                print(path)
        except ValueError as error:
            print(f"hmc: {error}", file=sys.stderr)
            status = 1
    return status


def make_lecture(options):
    """`hmc lecture`."""
    from hmc import workers

    workers.start_early()
    from figures.lecture.making import make

    given = ("seed", "only", "trolley", "replications", "workers", "executor")
    made = make(options.out, **{name: getattr(options, name) for name in given})
    for name, reason in made.failures.items():
        print(f"hmc: {name} could not be made: {reason}", file=sys.stderr)
    print(f"{made.page}: {len(made.made)} pieces made, {len(made.kept)} kept, in {made.seconds:.1f} s")
    print("seconds of work: " + ", ".join(f"{on} {seconds:.1f}" for on, seconds in made.spent.items()))
    return 1 if made.failures else 0


def calibrate_model(options):
    """`hmc calibrate`."""
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
        metric=options.metric or default_metric(options.model),
    )
    print(found)
    return 0 if found.passed and not found.interrupted else 1


def print_coverage(options):
    """`hmc coverage`."""
    from models.coverage import coverage

    given = parsed_settings(options.set)
    for name in ("seed", "workers", "executor", "progress", "replications", "estimators"):
        if name in given:
            raise ValueError(f"--set {name}: simulate_study has no argument {name}")
    run = {name: getattr(options, name) for name in ("seed", "workers", "executor")}
    table = coverage(options.replications, **run, **given)
    with_error = {
        name: [f"{value:.2f} +- {error:.2f}" for value, error in zip(table[name], table[f"{name}_se"], strict=True)]
        for name in ("bias", "rmse", "coverage")
    }
    shown = table[["truth", "mean", "bias", "rmse", "coverage", "sd", "width", "studies", "divergences"]]
    print(shown.assign(**with_error).to_string(float_format="{:.2f}".format))
    print("coverage is that of 89% intervals; sd and width are of the posterior and its interval, on average")
    for failure in table.attrs["failures"]:
        print(f"failed: {failure}")
    if table.attrs["interrupted"]:
        print(f"interrupted: these are not all of {options.replications} studies by every estimator")
    return 1 if table.attrs["failures"] or table.attrs["interrupted"] else 0


def _sample(name, model, options, **further):
    import hmc

    return hmc.sample(model, **_sampling(name, options), **further)


def _sampling(name, options):
    """The arguments of `hmc.sample` for the model `name`."""
    names = ("chains", "warmup", "draws", "seed", "workers", "executor", "target_accept", "algorithm")
    return {option: getattr(options, option) for option in names} | {"metric": options.metric or default_metric(name)}


def _status(fit):
    """The exit status of a fit: 0 where all chains gave all their draws."""
    return 1 if fit.failures or fit.interrupted else 0
