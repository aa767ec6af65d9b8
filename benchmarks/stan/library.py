"""Our sampler on Stan's densities: the programs of this folder as libraries with BridgeStan's interface.

    python -m benchmarks.stan.library [--out DIR]

Compiles each program with the headers and the compiler stanc that httpstan ships (pip install httpstan, and a C++
compiler; a minute each), compares its log density with ours, samples it by `hmc.from_bridgestan`, and holds the draws
against the exact posterior. `bridge.cpp` stands in for BridgeStan's own source, which is no package of PyPI. The exit
status is 0 if all agree.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import hmc
import models
from benchmarks.stan.programs import CHAINS, DRAWS, FOLDER, NAMES, SEED, data
from diagnostics import verify
from hmc.parameters import element_names

# As httpstan compiles: its libraries were made for this ABI. Threads, since chains of foreign models run in threads.
FLAGS = [
    *("-std=c++17", "-O2", "-fPIC", "-shared", "-DSTAN_THREADS", "-D_REENTRANT", "-DBOOST_DISABLE_ASSERTS"),
    *("-DBOOST_PHOENIX_NO_VARIADIC_EXPRESSION", "-D_GLIBCXX_USE_CXX11_ABI=0", "-w"),
]


def compiled(name: str, folder: Path) -> Path:
    """The shared library of the program `name`."""
    spec = importlib.util.find_spec("httpstan")
    if spec is None or spec.origin is None:
        raise SystemExit("benchmarks.stan.library needs httpstan: pip install httpstan")
    home = Path(spec.origin).parent
    source, library = folder / f"{name}.cpp", folder / f"{name}_model.so"
    stanc = [str(home / "stanc"), "--name", name, "--print-cpp", str(FOLDER / f"{name}.stan")]
    program = subprocess.run(stanc, check=True, capture_output=True, text=True).stdout
    source.write_text(program + (FOLDER / "bridge.cpp").read_text(encoding="utf-8"), encoding="utf-8")
    libraries = ["-ltbb", f"-Wl,-rpath,{home / 'lib'}", f"-L{home / 'lib'}"]
    include = [f"-I{home / 'include'}", f"-I{home / 'include' / 'Eigen'}"]
    subprocess.run(["g++", *FLAGS, *include, str(source), "-o", str(library), *libraries], check=True)
    return library


def largest_difference(stan: hmc.Model, ours: hmc.Model) -> float:
    """Of log densities, constants included, and of gradients at ten positions, relative to the larger of 1 and ours."""
    rng, largest = np.random.default_rng(SEED), 0.0
    for _ in range(10):
        x = rng.uniform(-2.0, 2.0, ours.dimension)
        for one, other in zip(stan.evaluate(x), ours.evaluate(x), strict=True):
            largest = max(largest, float(np.abs(one - other).max() / max(1.0, np.abs(other).max())))
    return largest


def main() -> int:
    """Compile, compare, sample and verify all programs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", help="keep the libraries in this folder")
    out = parser.parse_args().out
    status = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(out or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            stan = hmc.from_bridgestan(compiled(name, folder), data(name))
            difference = largest_difference(stan, models.build(name))
            print(f"{name}: log densities and gradients of Stan and ours differ by {difference:.1e}", flush=True)
            fit = hmc.sample(stan, chains=CHAINS, draws=DRAWS, seed=SEED, progress=False)
            exact = models.exact.exact_values(name)
            assert exact is not None
            draws = {}
            for key in fit:
                shape = fit[key].shape[2:]
                flat = fit[key].reshape(*fit[key].shape[:2], -1)
                draws |= {label: flat[..., i] for i, label in enumerate(element_names(key, shape))}
            found = verify({label: draws[label] for label in exact}, exact)
            print(f"our sampler samples Stan's {name}\n{found}\n", flush=True)
            status |= not found.consistent or difference > 1e-10
    return status


if __name__ == "__main__":
    sys.exit(main())
