"""What warm-up costs and gives on mST: both schemes, and the step size search's gamma beside the paper's.

    python benchmarks/warmup.py [--seeds N]

4 x (1000 + 1000) transitions for each of N seeds; means over the seeds, with the standard error of the last column.
Counts of gradients and effective draws, no times: any machine gives about the same.
"""

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import hmc
import models
from diagnostics import ess_bulk
from hmc.sampler import step_size

PAPERS_GAMMA = 0.05


def main():
    """Measure and print; each gamma in a process of its own, as it is compiled into the sampler."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=30, help="runs of each (default 30)")
    parser.add_argument("--gamma", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.gamma is None:
        print(
            f"{'':34}{'warm-up':>9}{'draws':>9}{'acceptance':>12}{'min ESS':>9}{'ESS/1000 gradients':>20}", flush=True
        )
        for gamma in (step_size.GAMMA, PAPERS_GAMMA):
            command = [sys.executable, __file__, "--seeds", str(arguments.seeds), "--gamma", str(gamma)]
            subprocess.run(command, check=True)
        return
    step_size.GAMMA = arguments.gamma
    for adaptation in ("gradients", "windows"):
        print_row(f"{adaptation}, gamma {arguments.gamma}", adaptation, arguments.seeds)


def print_row(label, adaptation, seeds):
    """One scheme: gradients of warm-up and draws, acceptance rate reached (target 0.8), effective draws."""
    rows = []
    for seed in range(seeds):
        fit = hmc.sample(models.mST(), seed=seed, adaptation=adaptation, workers=1, progress=False)
        warmup, draws = int(fit.warmup_stats["n_steps"].sum()), int(fit.stats["n_steps"].sum())
        ess = float(ess_bulk(fit.unconstrained).min())
        rows.append((warmup, draws, float(fit.stats["acceptance_rate"].mean()), ess, 1000 * ess / (warmup + draws)))
    warmup, draws, acceptance, ess, per_gradient = (statistics.mean(column) for column in zip(*rows, strict=True))
    error = statistics.stdev(row[4] for row in rows) / seeds**0.5
    print(
        f"{label:34}{warmup:9.0f}{draws:9.0f}{acceptance:12.3f}{ess:9.0f}{per_gradient:13.1f} +- {error:.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
