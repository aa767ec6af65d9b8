"""Types that signatures name: arrays of numbers, and the parts of a fit that a function reads.

Any object with these parts will do; `hmc.Fit` has them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A statistic of draws (chains, draws) without further axes is a NumPy scalar, which has the methods of an array.
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


class NamedDraws(Protocol):
    """Draws (chains, draws, ...) by name: a fit, or a dict."""

    def keys(self) -> Iterable[str]: ...

    def __getitem__(self, name: str, /) -> ArrayLike: ...


class ScoredFit(Protocol):
    """A fit with the log likelihood of each observation, (chains, draws, observations)."""

    @property
    def log_likelihood(self) -> ArrayLike: ...


class DensityModel(Protocol):
    """A model that gives log densities and log likelihoods of unconstrained positions."""

    def log_densities(self, positions: ArrayLike, /) -> Floats: ...  # (..., dimension) -> (...)

    def pointwise(self, role: str, positions: ArrayLike, /) -> Floats: ...  # (..., dimension) -> (..., observations)


class FitWithModel(ScoredFit, Protocol):
    """A fit with its unconstrained draws and its model, if that is known."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> DensityModel | None: ...

    @property
    def unconstrained(self) -> Floats: ...  # (chains, draws, dimension)


def check_fit(fit: object, caller: str, *parts: str) -> None:
    """ValueError unless this has the parts of a fit that `caller` reads."""
    if not all(hasattr(fit, part) for part in parts):
        raise ValueError(f"{caller} takes a fit, as of hmc.sample, not a {type(fit).__name__}")


class ChainFailure(Protocol):
    """A chain that gave no draws."""

    @property
    def chain(self) -> int: ...  # from 0

    @property
    def iteration(self) -> int: ...

    @property
    def reason(self) -> object: ...


class ChainRemark(Protocol):
    """A remark on a chain that gave draws."""

    @property
    def chain(self) -> int: ...  # from 0

    @property
    def kind(self) -> str: ...  # a key of findings.WORDS: "raised" or "climbed"

    @property
    def amount(self) -> float: ...  # the larger in size, the more extreme

    @property
    def text(self) -> str: ...


class SampledFit(NamedDraws, Protocol):
    """A fit with a report of its run."""

    @property
    def unconstrained(self) -> Floats: ...  # (chains, draws, dimension)

    @property
    def stats(self) -> Mapping[str, NDArray[Any]]: ...  # (chains, draws), by ArviZ's names

    @property
    def chains(self) -> Sequence[int]: ...  # numbers of the chains that are here, from 0

    @property
    def failures(self) -> Sequence[ChainFailure]: ...

    @property
    def interrupted(self) -> bool: ...

    @property
    def seconds(self) -> float: ...
