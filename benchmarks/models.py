"""Speed on every model of the lecture: nanoseconds per gradient and effective draws per second, beside nutpie.

    python benchmarks/models.py [--models NAME ...] [--repeats N] [--gradients-only] [--no-nutpie] [--untuned] [--heavy]
                                 [--trolley Trolley.csv]

Everything runs on one pinned core in one process, compiled beforehand, sampling only; medians over the repeats (what
takes more than 20 seconds runs once). Both samplers get the same data, number of draws and target rate; before anything
is timed, the two log densities are compared. nutpie, where it is installed (extra `bench`), runs with its diagonal and
its low-rank metric. Of the models of ordered responses there is a plain PyMC model and a tuned one (`peers.py`): both
gradients are timed, and the tuned one is sampled. They are the same posterior, so the plain one has as many effective
draws for a gradient, and takes longer by the ratio of the gradients; --untuned samples it too, which takes hours.

Each runs twice: with as much warm-up as ours, which runs with each of its metrics; and with its default warm-up, where
ours has its own default warm-up and metric. At the end stand the ratios of both, of effective draws per second, which
density and sampler make, and per gradient, which the sampler alone makes.

The models with everything take minutes: they run, shorter, when they are named or with --heavy, on the published table
where --trolley gives its path, else on simulated answers.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

import models
from benchmarks.measuring import (
    Length,
    compare,
    gradient_nanoseconds,
    import_peers,
    nutpies,
    nutpies_gradient_nanoseconds,
    ours,
    pin_to_one_core,
    print_figures,
    with_default_warmup,
)
from benchmarks.ratios import DEFAULT, NUTPIE, OURS, TUNED, Contestant, print_ratios
from hmc.settings import METRICS

HEAVY = ("mRXma", "mRXma2")
TARGET = 0.8
SAME = 1e-8  # relative difference of log densities; PyTensor takes some constants in single precision
NUTPIES_METRICS = {"diag": False, "low rank": True}


def main():
    """Measure and print, model by model; then all ratios."""
    arguments = parsed()
    pin_to_one_core()
    peers = import_peers() if arguments.nutpie else None
    results = {}
    for name in arguments.models or [name for name in models.names() if arguments.heavy or name not in HEAVY]:
        options = {"sigma": 1.0} if name == "mST_fixed" else {}
        if name in HEAVY and arguments.trolley:
            options["data"] = arguments.trolley
        model = models.build(name, **options)
        compiled = compiled_peers(peers, name, model) if peers else {}
        print_gradients(model, compiled, arguments.repeats)
        if not arguments.gradients_only:
            is_slow = TUNED in compiled and not arguments.untuned
            sampled = {label: peer for label, peer in compiled.items() if not (is_slow and label == NUTPIE)}
            results[name] = print_fits(name, model, sampled, arguments.repeats)
        print(flush=True)
    if results:
        print_ratios(results)


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", metavar="NAME", choices=models.names(), help="only these")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each, a seed each (default 5)")
    parser.add_argument("--gradients-only", action="store_true", help="no fits")
    parser.add_argument("--no-nutpie", dest="nutpie", action="store_false", help="measure only ours")
    parser.add_argument("--untuned", action="store_true", help="also sample plain models that have a tuned version")
    parser.add_argument("--heavy", action="store_true", help=f"also {', '.join(HEAVY)}")
    parser.add_argument("--trolley", metavar="Trolley.csv", help="the published table, for the heavy models")
    return parser.parse_args()


def compiled_peers(peers, name, model):
    """{NUTPIE or TUNED: a PyMC model, compiled by nutpie}. Prints how far its log density is from ours; ends if far."""
    import nutpie

    compiled = {}
    for tuned in (False, True) if name in peers.TUNED else (False,):
        label = TUNED if tuned else NUTPIE
        peer = peers.pymc_model(name, model, tuned)
        apart = peers.disagreement(model, peer)
        print(f"{model.name}: log densities, ours and {label}'s, agree to {apart:.0e} relative", flush=True)
        if not apart < SAME:
            raise SystemExit(f"{model.name}: these are two posteriors, so their speeds say nothing of each other")
        compiled[label] = nutpie.compile_pymc_model(peer, backend="numba")
    return compiled


def print_gradients(model, compiled, repeats):
    """Nanoseconds per log density with gradient, and per row of data."""
    observations = getattr(model.data, "weight", getattr(model.data, "story", None)).size
    rows = getattr(model.data, "counts", np.empty(observations)).size  # fewer than observations where counted
    nanoseconds = gradient_nanoseconds(model, repeats)
    print(f"{model.name}, {model.dimension} dimensions: gradient {per_row(nanoseconds, rows)}", end="")
    for label, peer in compiled.items():
        theirs = nutpies_gradient_nanoseconds(peer, repeats)
        their_rows = rows if label == TUNED else observations
        print(f"\n    {label} {per_row(theirs, their_rows)}: {theirs / nanoseconds:.1f} times ours", end="")
    print(flush=True)


def per_row(nanoseconds, rows):
    """Both numbers in words."""
    return f"{nanoseconds:,.0f} ns, {nanoseconds / rows:.1f} a row of {rows:,}"


def print_fits(name, model, compiled, repeats):
    """Print the table of fits; its `Figures`, by `Contestant`."""
    length = Length(2, 500, 500) if name in HEAVY else Length()
    rows = compare(contestants(model, compiled), length, repeats)
    print(f"{model.name}: {length}, target {TARGET}, medians")
    print_figures(rows)
    return rows


def contestants(model, compiled):
    """{Contestant: function(seed, length) -> Run}: ours, and nutpie on the compiled models."""
    found = {
        Contestant(OURS, metric): ours(model, metric=metric, target_accept=TARGET)
        for metric in METRICS
        if metric != "unit"
    }
    found[Contestant(OURS, DEFAULT, True)] = with_default_warmup(ours(model, target_accept=TARGET))
    names = [parameter.name for parameter in model.parameters]
    for sampler, peer in compiled.items():
        for metric, is_low_rank in NUTPIES_METRICS.items():
            run = nutpies(peer, names, target_accept=TARGET, low_rank_modified_mass_matrix=is_low_rank)
            found[Contestant(sampler, metric)] = run
            found[Contestant(sampler, metric, True)] = with_default_warmup(run)
    return found


if __name__ == "__main__":
    main()
