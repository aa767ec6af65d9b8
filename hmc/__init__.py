"""A Hamiltonian Monte Carlo sampler from first principles.

Names are imported when they are first used, so that `hmc --help` does not wait for Numba.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    "ChainError": "errors",
    "Fit": "results.fit",
    "HMCError": "errors",
    "InitializationError": "errors",
    "Model": "model",
    "Parameter": "parameters",
    "check": "checking",
    "extend": "sampling",
    "interval": "transforms",
    "load": "results.loading",
    "lower": "transforms",
    "ordered": "transforms",
    "positive": "transforms",
    "real": "transforms",
    "replicate": "replication",
    "sample": "sampling",
    "simplex": "transforms",
    "upper": "transforms",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'hmc' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"hmc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *_HOMES})
