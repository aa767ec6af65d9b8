"""How long a warm-up has to be: what shorter ones cost in trust and in effective draws, on all models.

    python benchmarks/warmup_length.py [--models NAME ...] [--lengths N ...] [--seeds N] [--trolley Trolley.csv]

4 chains of 1000 draws after each length of warm-up, with the default metric: in how many seeds the verdict trusts
the draws, the least bulk and tail ESS of any coordinate and the divergences (medians over the seeds), and the effective
draws for a thousand gradients, those of warm-up included, beside the longest warm-up's. Counts, so that every machine
has the same.
"""

import argparse
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import hmc
import models
from benchmarks import posteriors
from benchmarks.efficiency_runs import build
from diagnostics import ess_bulk, ess_tail, verdict

LENGTHS = (200, 300, 400, 600, 1000)


class Outcome(NamedTuple):
    """Of one fit."""

    is_trusted: bool
    bulk: float
    tail: float
    divergences: int
    gradients: int  # with those of warm-up


def main():
    """Measure and print, model by model; then what each length is worth over all models."""
    arguments = parsed()
    lengths = sorted(arguments.lengths)
    shares = {length: [] for length in lengths}
    print(f"{'':18}{'warm-up':>9}{'trusted':>9}{'bulk ESS':>10}{'tail ESS':>10}{'divergences':>13}", end="")
    print(f"{'gradients':>11}{'ESS/1000':>10}{'share':>8}")
    for name in arguments.models or [*models.names(), *posteriors.NAMES]:
        model = build(name, arguments.trolley)
        outcomes = {length: [outcome(model, length, 1 + k) for k in range(arguments.seeds)] for length in lengths}
        best = worth(outcomes[lengths[-1]])
        for length in lengths:
            shares[length].append(worth(outcomes[length]) / best)
            print_row(name, length, outcomes[length], shares[length][-1])
    print("\nEffective draws for a gradient, warm-up included, beside the longest warm-up: least, median")
    for length in lengths:
        print(f"{length:6}{min(shares[length]):8.2f}{statistics.median(shares[length]):8.2f}")


def outcome(model, warmup, seed):
    """The `Outcome` of a fit."""
    fit = hmc.sample(model, warmup=warmup, seed=seed, workers=1, progress=False)
    gradients = fit.stats["n_steps"].sum() + fit.warmup_stats["n_steps"].sum()
    ess = (float(measure(fit.unconstrained).min()) for measure in (ess_bulk, ess_tail))
    return Outcome(verdict(fit).trustworthy, *ess, int(fit.stats["diverging"].sum()), int(gradients))


def worth(outcomes):
    """The median of effective draws for a thousand gradients."""
    return statistics.median(1000.0 * one.bulk / one.gradients for one in outcomes)


def print_row(name, length, outcomes, share):
    """The medians of a length."""
    middle = Outcome(*map(statistics.median, zip(*outcomes, strict=True)))
    trusted = f"{sum(one.is_trusted for one in outcomes)}/{len(outcomes)}"
    print(f"{name:18}{length:9}{trusted:>9}{middle.bulk:10.0f}{middle.tail:10.0f}{middle.divergences:13.0f}", end="")
    print(f"{middle.gradients:11.0f}{worth(outcomes):10.1f}{share:8.2f}", flush=True)


def parsed():
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", metavar="NAME", help="default: the lecture's, and benchmarks/posteriors")
    parser.add_argument("--lengths", nargs="+", type=int, default=LENGTHS, metavar="N", help="of warm-up")
    parser.add_argument("--seeds", type=int, default=5, help="fits for each length (default 5)")
    parser.add_argument("--trolley", default="", metavar="Trolley.csv", help="the published table, for mRXma, mRXma2")
    return parser.parse_args()


if __name__ == "__main__":
    main()
