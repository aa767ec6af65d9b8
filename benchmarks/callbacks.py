"""Other programs at our door: nutpie samples our mST, and our sampler samples a PyMC model of it.

    python -m benchmarks.callbacks

Both are compared with the exact posterior of mST, as by `hmc verify`. Needs nutpie and PyMC: pip install -e '.[pymc]'.
The exit status is 0 if both are consistent with it.
"""

from __future__ import annotations

import sys
from typing import Any

import numba
import numpy as np

import hmc
import models
from diagnostics import verify

CHAINS, DRAWS, SEED = 4, 1000, 12


@numba.cfunc(
    numba.types.int64(
        numba.types.uint64,
        numba.types.uint64,
        numba.types.CPointer(numba.types.float64),
        numba.types.CPointer(numba.types.float64),
        numba.types.voidptr,
    )
)
def as_they_are(dimension, expanded, x, out, data):
    """nutpie's function that transforms a draw: here it stays unconstrained."""
    for i in range(dimension):
        numba.carray(out, (expanded,))[i] = numba.carray(x, (dimension,))[i]
    return 0


def by_nutpie(model: hmc.Model) -> dict[str, np.ndarray]:
    """Draws {name: (chains, draws, ...)} of a model of ours by nutpie, through its raw entry point."""
    from nutpie import _lib, sample
    from nutpie.sample import CompiledModel

    callback = model.cfunc()

    class OfCallback(CompiledModel):
        n_dim, shapes, coords = model.dimension, {"x": (model.dimension,)}, {}

        def __init__(self) -> None:
            object.__setattr__(self, "dims", {})

        def _make_sampler(self, settings: Any, init_mean: Any, cores: int, progress_type: Any, store: Any) -> Any:
            n, sizes, dims = model.dimension, {"number": model.dimension}, {"x": ("number",)}
            raw = _lib.PyMcModel(
                _lib.LogpFunc(callback.address, callback.data, callback),
                _lib.ExpandFunc(n, n, as_they_are.address, callback.data, callback),
                _lib.PyVariable.new_variables(["x"], ["float64"], [(n,)], sizes, dims),
                n,
                sizes,
                {},
                lambda seed: np.random.default_rng(seed).uniform(-2.0, 2.0, n),
                None,
            )
            return _lib.PySampler.from_pymc(settings, cores, raw, progress_type, store)

    trace = sample(OfCallback(), chains=CHAINS, draws=DRAWS, seed=SEED, cores=1, progress_bar=False)
    return model.constrain(trace.posterior["x"].values)


def pymc_mst() -> Any:
    """mST written for PyMC."""
    import pymc

    tanks = models.mST().data
    with pymc.Model() as model:
        a_bar = pymc.Normal("a_bar", 0.0, 1.5)
        sigma = pymc.Exponential("sigma", 1.0)
        a = pymc.Normal("a", a_bar, sigma, shape=tanks.survived.size)
        pymc.Binomial("S", n=tanks.density.astype(int), logit_p=a, observed=tanks.survived.astype(int))
    return model


def of_pymc() -> dict[str, np.ndarray]:
    """Draws of the PyMC model by our sampler."""
    fit = hmc.sample(hmc.from_pymc(pymc_mst()), chains=CHAINS, draws=DRAWS, seed=SEED, progress=False)
    return {name: fit[name] for name in ("a", "a_bar", "sigma")}


def verdict(draws: dict[str, np.ndarray]) -> Any:
    """The `diagnostics.Verification` of draws of mST."""
    named: dict[str, np.ndarray] = {}
    for name, values in draws.items():
        if values.ndim == 2:
            named[name] = values
        else:
            named |= {f"{name}[{i + 1}]": values[..., i] for i in range(values.shape[2])}
    exact = models.exact.exact_values("mST")
    return verify({name: named[name] for name in exact}, exact)


def main() -> int:
    """Sample, compare and print."""
    status = 0
    for title, draws in (
        ("nutpie samples our mST", by_nutpie(models.mST())),
        ("our sampler samples PyMC's mST", of_pymc()),
    ):
        found = verdict(draws)
        print(f"{title}\n{found}\n")
        status |= not found.consistent
    return status


if __name__ == "__main__":
    sys.exit(main())
