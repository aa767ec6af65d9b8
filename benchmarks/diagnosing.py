"""Speed of the diagnostics, beside arviz-stats: the table of a posterior, its parts, PSIS and WAIC.

    python benchmarks/diagnosing.py [--repeats N] [--large N] [--no-arviz]

4 chains of 1000 draws, autocorrelated; on one pinned core, in one process, in turn (ours, theirs, ours, ...). Medians
of the repeats: the machine's noise hits both alike, so quote the ratios. Both tables of all columns have mean, sd, an
89% interval, bulk and tail ESS, Rhat, and the Monte Carlo errors of mean and sd. arviz-stats (with its extra `xarray`)
is measured where it is installed (extra `bench`); it has no WAIC. Called diagnosing, for a script of the package's name
would hide the package from all scripts of its folder.
"""

import argparse
import os
import statistics
import time
import warnings
from types import SimpleNamespace

import numpy as np

import diagnostics

CHAINS, DRAWS = 4, 1000


def main():
    """Measure and print."""
    arguments = parsed()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warnings.simplefilter("ignore")  # high k-hats and penalties: these log likelihoods have them
    arviz = imported() if arguments.arviz else None
    print(f"{'medians of ' + str(arguments.repeats) + ', ms':44}{'ours':>10}{'arviz-stats':>13}{'theirs / ours':>15}")
    for name, ours, theirs, repeats in [*rows(arviz, arguments)]:
        our_time, their_time = in_turn(ours, theirs, repeats)
        if their_time is None:
            print(f"{name:44}{our_time:10.2f}{'-':>13}{'-':>15}", flush=True)
        else:
            print(f"{name:44}{our_time:10.2f}{their_time:13.2f}{their_time / our_time:15.1f}", flush=True)


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9, help="runs of each; a third of it for large ones (default 9)")
    parser.add_argument("--large", type=int, default=10_000, help="parameters of the largest table (default 10000)")
    parser.add_argument("--no-arviz", dest="arviz", action="store_false", help="measure only ours")
    return parser.parse_args()


def imported():
    """arviz_stats, or None where it is not installed."""
    try:
        import arviz_stats
        import xarray  # noqa: F401 (without it, arviz_stats has no summary)
    except ImportError as error:
        print(f"arviz-stats is not measured: {error}\n")
        return None
    return arviz_stats


def rows(arviz, arguments):
    """(name, ours, theirs or None, repeats) of each measurement; the functions take no arguments."""
    often, seldom = arguments.repeats, max(1, arguments.repeats // 3)
    for count, repeats in [(1, often), (50, often), (1000, seldom), (arguments.large, 1)]:
        fit = {"a": autoregressive(count)}
        tree = data_tree(arviz, posterior=fit["a"])
        yield f"precis, {named(count)}, as printed", lambda f=fit: diagnostics.precis(f, depth=2), None, repeats
        yield f"precis, {named(count)}, all columns", *tables(fit, arviz, tree), repeats
    draws = autoregressive(50)
    yield "verdict, 50 parameters", lambda: diagnostics.verdict(fit_of(draws)), None, often
    tree = data_tree(arviz, posterior=draws)
    for name, function, options in [
        ("rhat", "rhat", {}),
        ("ess_bulk", "ess", {"method": "bulk"}),
        ("ess_tail", "ess", {"method": "tail"}),
        ("mcse_mean", "mcse", {"method": "mean"}),
    ]:
        theirs = arviz and (lambda f=function, o=options: getattr(arviz, f)(tree, **o))
        yield f"{name}, 50 parameters", lambda n=name: getattr(diagnostics, n)(draws), theirs, often
    log_lik = -0.5 * (autoregressive(1000) - np.random.default_rng(1).normal(size=1000)) ** 2
    tree = data_tree(arviz, posterior=autoregressive(50), log_likelihood=log_lik)
    yield (
        "psis_loo, 1000 observations",
        lambda: diagnostics.psis_loo(log_lik),
        arviz and (lambda: arviz.loo(tree, pointwise=True)),
        seldom,
    )
    yield "waic, 1000 observations", lambda: diagnostics.waic(log_lik), None, seldom


def tables(fit, arviz, tree):
    """The table with all columns, by us and by arviz."""
    theirs = arviz and (lambda: arviz.summary(tree, ci_prob=0.89, round_to="none"))
    return lambda: diagnostics.precis(fit, depth=2, tail_ess=True, mcse=True), theirs


def named(count):
    return f"{count} parameter{'' if count == 1 else 's'}"


def autoregressive(count, phi=0.3):
    """AR(1) draws (chains, draws, count): as correlated as those of a decent sampler."""
    x = np.random.default_rng(count).normal(size=(CHAINS, DRAWS, count))
    for t in range(1, DRAWS):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * x[:, t]
    return x


def data_tree(arviz, **groups):
    """Arrays (chains, draws, n) as arviz-stats takes them."""
    if arviz is None:
        return None
    import xarray

    dimensions = ("chain", "draw", "i")
    return xarray.DataTree.from_dict({name: xarray.Dataset({"a": (dimensions, x)}) for name, x in groups.items()})


def fit_of(draws):
    """A fit of these draws, as far as a verdict looks at it."""
    shape = draws.shape[:2]
    stats = {name: np.zeros(shape, dtype=bool) for name in ("diverging", "reached_max_treedepth")}
    fit = SimpleFit({"a": draws})
    fit.__dict__ |= {"unconstrained": draws, "stats": stats | {"energy": draws[..., 0]}, "chains": [*range(CHAINS)]}
    fit.__dict__ |= {"failures": [], "interrupted": False, "seconds": 0.0, "parameters": [SimpleNamespace(name="a")]}
    return fit


class SimpleFit(dict):
    """A dict of draws that takes attributes."""


def in_turn(ours, theirs, repeats):
    """Median milliseconds of calls of both functions, one after the other; None for what is None."""
    functions = [function for function in (ours, theirs) if function]
    if repeats > 1:
        for function in functions:
            function()  # does not count
    seconds = [[elapsed(function) for function in functions] for _ in range(repeats)]
    medians = [1e3 * statistics.median(column) for column in zip(*seconds, strict=True)]
    return medians[0], medians[1] if theirs else None


def elapsed(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
