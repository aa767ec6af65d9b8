"""A Hamiltonian Monte Carlo sampler from first principles.

Names are imported when they are first used, so that `hmc --help` does not wait for Numba.
"""

import importlib
import os
from importlib.machinery import PathFinder

TYPE_CHECKING = False  # true to type checkers, by its name; to import it from `typing` takes longer than all else here
if TYPE_CHECKING:  # the same names as in _HOMES
    from typing import Any

    from hmc.checking import check as check
    from hmc.errors import ChainError as ChainError
    from hmc.errors import HMCError as HMCError
    from hmc.errors import InitializationError as InitializationError
    from hmc.foreign import from_bridgestan as from_bridgestan
    from hmc.foreign import from_pymc as from_pymc
    from hmc.model import Model as Model
    from hmc.parameters import Parameter as Parameter
    from hmc.replication import replicate as replicate
    from hmc.results.fit import Fit as Fit
    from hmc.results.loading import load as load
    from hmc.results.predictive import prior_predictive as prior_predictive
    from hmc.sampler.metric import LowRank as LowRank
    from hmc.sampling import extend as extend
    from hmc.sampling import sample as sample
    from hmc.transforms import cholesky_corr as cholesky_corr
    from hmc.transforms import interval as interval
    from hmc.transforms import lower as lower
    from hmc.transforms import ordered as ordered
    from hmc.transforms import positive as positive
    from hmc.transforms import positive_ordered as positive_ordered
    from hmc.transforms import real as real
    from hmc.transforms import simplex as simplex
    from hmc.transforms import unit_vector as unit_vector
    from hmc.transforms import upper as upper

__version__ = "0.1.0"

_HOMES = {
    "ChainError": "errors",
    "Fit": "results.fit",
    "HMCError": "errors",
    "InitializationError": "errors",
    "LowRank": "sampler.metric",
    "Model": "model",
    "Parameter": "parameters",
    "check": "checking",
    "cholesky_corr": "transforms",
    "extend": "sampling",
    "from_bridgestan": "foreign",
    "from_pymc": "foreign",
    "interval": "transforms",
    "load": "results.loading",
    "lower": "transforms",
    "ordered": "transforms",
    "positive": "transforms",
    "positive_ordered": "transforms",
    "prior_predictive": "results.predictive",
    "real": "transforms",
    "replicate": "replication",
    "sample": "sampling",
    "simplex": "transforms",
    "unit_vector": "transforms",
    "upper": "transforms",
}

__all__ = sorted(_HOMES)


# Modules and packages that are used by their names, `hmc.record.record(model)`.
_ROOMS = ("checking", "errors", "numerics", "record", "replication", "settings", "transforms")


def __getattr__(name: str) -> "Any":
    if name in _ROOMS:
        return importlib.import_module(f"hmc.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'hmc' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"hmc.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_ROOMS})


def is_hidden(package: str) -> bool:
    """Whether a file of another has the name of one of our packages, and is found first."""
    spec = PathFinder.find_spec(package)
    ours = os.path.join(os.path.dirname(os.path.dirname(__file__)), package, "__init__.py")
    return spec is not None and spec.origin is not None and spec.origin != ours


if any(map(is_hidden, ("models", "diagnostics", "figures"))):
    from hmc.hidden_packages import tell

    tell()
