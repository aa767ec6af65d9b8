"""What a worker does with a piece of work: sample, refit, simulate, draw, tabulate.

A piece is `task(arguments, inputs, stem)`: it reads its inputs, writes files that begin with the path `stem`, and
returns the facts about them, as JSON. Chains run one after the other, since the pieces run side by side. Each task
imports what it needs when it runs: a worker that fits needs no matplotlib.
"""

import threading

from figures.lecture.work.loading import build, load, save_refit, save_study
from hmc.files import write_whole
from hmc.sampling import sample

# matplotlib's settings are one for the whole process, and an executor may run us in threads.
_drawing = threading.Lock()


def fit(arguments, _inputs, stem):
    """The fit of a model, saved without log likelihoods: they are computed again as fast as they are read."""
    fitted = sample(build(arguments), **arguments["sampling"], workers=1, progress=False)
    if fitted.failures:
        failure = fitted.failures[0]
        raise RuntimeError(f"{fitted.name}: chain {failure.chain + 1} failed: {failure.reason}")
    fitted.save(f"{stem}.fit", log_likelihood=False)
    settings = {name: value for name, value in fitted.settings.items() if name != "initial"}
    return {"name": fitted.name, "settings": settings, "seconds": fitted.seconds}


def refit(arguments, _inputs, stem):
    """Exact leave-one-out of a model."""
    from diagnostics.loo_refit import loo_refit

    result = loo_refit(build(arguments), **arguments["sampling"], workers=1, progress=False)
    save_refit(result, f"{stem}.json")
    return {"looic": result.looic, "mcse": 2.0 * result.mcse}


def study(arguments, _inputs, stem):
    """What one estimator of the confounds says of many simulated studies."""
    from models.coverage import coverage

    table = coverage(
        arguments["replications"],
        seed=arguments["seed"],
        estimators=(arguments["estimator"],),
        workers=1,
        progress=False,
    )
    save_study(table, f"{stem}.json")
    return {"failures": table.attrs["failures"]}


def figure(arguments, inputs, stem):
    """A figure of the registry as .png and .svg."""
    import figures
    from figures.drawing.style import save

    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing:
        drawn = figures.draw(arguments["figure"], loaded, **arguments["options"])
        for ending in (".png", ".svg"):
            save(drawn, f"{stem}{ending}")
    return {}


def film(arguments, inputs, stem):
    """A film of the registry as .gif."""
    import figures

    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing:
        figures.write_film(arguments["film"], loaded, f"{stem}.gif")
    return {}


def card(arguments, inputs, stem):
    """The table of a model's estimates, and the verdict on its fit."""
    from diagnostics import verdict
    from figures.lecture.tables import estimates

    fit = load(inputs["fit"])
    table = estimates(fit, arguments["model"])
    found = verdict(fit)
    severity = found.findings[0].severity if found.findings else None
    return {**_written(table, stem), "verdict": str(found), "severity": severity}


def table(arguments, inputs, stem):
    """A table of the registry `TABLES`."""
    from figures.lecture.tables import TABLES

    function = TABLES[arguments["table"]].function
    return _written(function({name: load(source) for name, source in inputs.items()}), stem)


def _written(made, stem):
    """Write a table; its notes, and how many columns of the file label the rows."""
    from figures.lecture.tables import as_csv

    write_whole(f"{stem}.csv", lambda file: file.write(as_csv(made).encode()))
    return {"notes": made.attrs["notes"], "levels": made.index.nlevels}
