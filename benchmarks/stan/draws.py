"""Stan's own sampler on two models of the lecture, held against their exact posteriors by `hmc verify`.

    python -m benchmarks.stan.draws [--out DIR]

Needs PyStan and a C++ compiler: pip install pystan. Each program takes a minute to compile. The draws are written as
CmdStan writes them, a file for each chain. The exit status is 0 if all are consistent with the exact posteriors.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.stan.programs import CHAINS, DRAWS, NAMES, SEED, WARMUP, code, data


def write(name: str, folder: Path) -> list[Path]:
    """Sample the program `name` and write a CSV file for each chain."""
    import stan

    posterior = stan.build(code(name), data=data(name), random_seed=SEED)
    fit = posterior.sample(num_chains=CHAINS, num_samples=DRAWS, num_warmup=WARMUP, delta=0.95)
    # PyStan puts the chains' draws side by side, the first of each chain first.
    columns = {column: values.to_numpy().reshape(DRAWS, CHAINS) for column, values in fit.to_frame().items()}
    paths = [folder / f"{name}_{chain + 1}.csv" for chain in range(CHAINS)]
    for chain, path in enumerate(paths):
        rows = np.stack([values[:, chain] for values in columns.values()], axis=1)
        np.savetxt(path, rows, fmt="%.17g", delimiter=",", header=",".join(columns), comments="")
    return paths


def main() -> int:
    """Sample, write and verify all programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", help="keep the draws in this folder")
    out = parser.parse_args().out
    status = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(out or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            files = write(name, folder)
            print(f"\nStan samples {name}", flush=True)
            command = [sys.executable, "-m", "hmc.cli", "verify", name, *map(str, files)]
            status |= subprocess.run(command, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
