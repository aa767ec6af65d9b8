"""Pieces of work that sample: fits, exact leave-one-out by refitting, and simulated studies.

A piece is `task(arguments, inputs, stem)`: it writes files that begin with the path `stem`, and returns what is to be
known of them, as JSON. Chains run one after the other, for the pieces run side by side. No diagnostics are imported
here but what is asked for: a fit is kept when a statistic changes.
"""

from figures.lecture.loading import build, save_refit, save_study
from hmc.sampling import sample


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
