"""Types that signatures name: the parts of a fit that figures read. Any object with them will do, as `hmc.Fit` does.

Import it for types only: it loads `diagnostics`.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from diagnostics.protocols import Floats, NamedDraws, SampledFit


class NamedFit(NamedDraws, Protocol):
    """Draws (chains, draws, ...) by name, and the name of their model."""

    @property
    def name(self) -> str: ...


class FitOfModel(NamedFit, SampledFit, Protocol):
    """A fit with its model and the course of its run."""

    @property
    def model(self) -> Any: ...  # None for a fit that was loaded without one

    @property
    def identity(self) -> Any: ...

    @property
    def settings(self) -> Mapping[str, Any]: ...

    @property
    def warmup_stats(self) -> Mapping[str, Any]: ...

    def predict(self) -> dict[str, Any]: ...  # {name: (chains, draws, ...)}

    def observed(self) -> dict[str, Any]: ...  # {name: (...)}

    @property
    def log_likelihood(self) -> Floats: ...  # (chains, draws, observations)

    @property
    def inverse_metric(self) -> Floats: ...  # (chains, dimension) or (chains, dimension, dimension)
