"""Speed on mST, 50 dimensions: nanoseconds per gradient and leapfrog step, and effective draws, beside nutpie.

    python benchmarks/mst.py [--repeats N] [--no-nutpie]

Everything runs on one pinned core in one process, compiled beforehand, sampling only; medians over the repeats
(the machine's noise hits all alike, so quote the ratios). nutpie is measured where it is installed (extra `bench`).
Every model, and more of each: `models.py`.
"""

import argparse
import statistics
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
    median_time,
    nutpies,
    ours,
    pin_to_one_core,
    print_figures,
)
from hmc.running.tasks import run_chain
from hmc.settings import ADAPTATIONS, check_settings


def main():
    """Measure and print."""
    arguments = parsed()
    pin_to_one_core()
    model = models.mST()
    print_costs_of_a_step(model, arguments.repeats)
    contestants = {f"ours, {adaptation} warm-up": ours(model, adaptation=adaptation) for adaptation in ADAPTATIONS}
    if arguments.nutpie:
        contestants |= nutpies_contestants(model)
    rows = compare(contestants, Length(), arguments.repeats)
    print(f"{Length()}, one core, sampling only")
    print_figures(rows)
    for name in [name for name in rows if name.startswith("nutpie")]:
        ratio = rows["ours, gradients warm-up"].ess_per_second / rows[name].ess_per_second
        print(f"min ESS per second, ours by default over {name}: {ratio:.1f}")


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=25, help="runs of each, a seed each (default 25)")
    parser.add_argument("--no-nutpie", dest="nutpie", action="store_false", help="measure only ours")
    return parser.parse_args()


def print_costs_of_a_step(model, repeats):
    """Nanoseconds per gradient, called through the sampler's pointer, and per leapfrog step within NUTS."""
    gradient_ns = gradient_nanoseconds(model, repeats)
    settings = check_settings(**SETTINGS, warmup=500, draws=20_000, adaptation="gradients")
    steps = []

    def one_chain():
        result = run_chain(model, settings, 0, np.zeros(2, dtype=np.int64))
        steps.append(result.record.n_steps.sum())

    step_ns = median_time(one_chain, repeats) / statistics.median(steps) * 1e9
    print(f"gradient {gradient_ns:.0f} ns, leapfrog step in NUTS {step_ns:.0f} ns:", end=" ")
    print(f"overhead {step_ns - gradient_ns:.0f} ns, ratio {step_ns / gradient_ns:.2f}\n")


SETTINGS = {
    "chains": 1,
    "seed": 1,
    "target_accept": 0.8,
    "max_depth": 10,
    "algorithm": "nuts",
    "path_length": None,
    "metric": "diag",
    "initial": None,
    "keep_warmup": False,
}


def nutpies_contestants(model):
    """nutpie on the same model, at our warm-up and at its own; nothing where it is not installed."""
    peers = import_peers()
    if peers is None:
        return {}
    import nutpie

    compiled = nutpie.compile_pymc_model(peers.pymc_model("mST", model), backend="numba")
    names = [parameter.name for parameter in model.parameters]
    run = nutpies(compiled, names)
    return {
        "nutpie, 1000 warm-up": run,
        "nutpie, its default": lambda seed, length: run(seed, length._replace(warmup=None)),
    }


if __name__ == "__main__":
    main()
