"""Speed on every model of the lecture: nanoseconds per gradient and effective draws per second, beside nutpie.

    python benchmarks/models.py [--models NAME ...] [--repeats N] [--gradients-only] [--no-nutpie] [--heavy]
                                 [--trolley Trolley.csv]

Everything runs on one pinned core in one process, compiled beforehand, sampling only; medians over the repeats (what
takes more than 20 seconds runs once). Both samplers get the same data, lengths and target rate; before anything is
timed, the two log densities are compared. nutpie, where it is installed (extra `bench`), runs with either of its
metrics, on a plain PyMC model and, of the models of ordered responses, on a tuned one (`peers.py`).

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
    digits,
    gradient_nanoseconds,
    import_peers,
    nutpies,
    nutpies_gradient_nanoseconds,
    ours,
    pin_to_one_core,
    print_figures,
)
from hmc.settings import METRICS

HEAVY = ("mRXma", "mRXma2")
TARGET = 0.8
SAME = 1e-8  # relative difference of log densities; PyTensor takes some constants in single precision
NUTPIES_METRICS = {"diag": False, "low rank": True}
TUNED = " tuned"  # after "nutpie", in labels


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
            results[name] = print_fits(name, model, compiled, arguments.repeats)
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
    parser.add_argument("--heavy", action="store_true", help=f"also {', '.join(HEAVY)}")
    parser.add_argument("--trolley", metavar="Trolley.csv", help="the published table, for the heavy models")
    return parser.parse_args()


def compiled_peers(peers, name, model):
    """{label: the model in PyMC, compiled by nutpie}; prints how far its log density is from ours, and ends if far."""
    import nutpie

    compiled = {}
    for tuned in (False, True) if name in peers.TUNED else (False,):
        label = f"nutpie{TUNED if tuned else ''}"
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
        their_rows = rows if label.endswith(TUNED) else observations
        print(f"\n    {label} {per_row(theirs, their_rows)}: {theirs / nanoseconds:.1f} times ours", end="")
    print(flush=True)


def per_row(nanoseconds, rows):
    """Both numbers in words."""
    return f"{nanoseconds:,.0f} ns, {nanoseconds / rows:.1f} a row of {rows:,}"


def print_fits(name, model, compiled, repeats):
    """Print the table of fits; its `Figures`, by label."""
    length = Length(2, 500, 500) if name in HEAVY else Length()
    contestants = {
        f"ours, {metric}": ours(model, metric=metric, target_accept=TARGET) for metric in METRICS if metric != "unit"
    }
    names = [parameter.name for parameter in model.parameters]
    for label, peer in compiled.items():
        for metric, is_low_rank in NUTPIES_METRICS.items():
            contestants[f"{label}, {metric}"] = nutpies(
                peer, names, target_accept=TARGET, low_rank_modified_mass_matrix=is_low_rank
            )
    rows = compare(contestants, length, repeats)
    print(f"{model.name}: {length}, target {TARGET}, medians")
    print_figures(rows)
    return rows


def print_ratios(results):
    """Least ESS per second: ours with its best metric, and how many times nutpie's, as it comes and at its best."""
    print(f"Least ESS per second\n{'':12}{'ours':>10}  {'best metric':13}{'default':9}", end="")
    print(f"{'nutpie, diag':>13}{'ratio':>8}  {'best nutpie':>12}{'ratio':>8}")
    for name, rows in results.items():
        speeds = {label: row.ess_per_second for label, row in rows.items()}
        best = max((label for label in speeds if label.startswith("ours")), key=speeds.get)
        print(f"{name:12}{digits(speeds[best]):>10}  {metric_in(best):13}{models.metric_of(name):9}", end="")
        theirs = [label for label in speeds if label.startswith("nutpie")]
        if theirs:
            fastest = max(theirs, key=speeds.get)
            print(f"{digits(speeds['nutpie, diag']):>13}{speeds[best] / speeds['nutpie, diag']:8.1f}", end="")
            print(f"{digits(speeds[fastest]):>14}{speeds[best] / speeds[fastest]:8.1f}  {fastest}", end="")
        print()


def metric_in(label):
    """The metric that a contestant's label names."""
    return label.partition(", ")[2]


if __name__ == "__main__":
    main()
