"""All named quantities of a fit, element by element, and the statistics by which a verdict judges their draws."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .arrays import as_draws, in_blocks
from .ess import effective_size, tail_size
from .precis import distinct, element_labels
from .protocols import Bools, Floats, SampledFit
from .rank import views
from .rhat import larger_rhat


class Quantities(NamedTuple):
    """The named quantities of a fit, element by element: (n,) each."""

    label: NDArray[np.object_]  # "a[1]", "a[2]", ..., "sigma"
    is_parameter: Bools  # not derived
    not_finite: Floats  # how many draws are NaN or infinite
    constant: Floats  # the value of all draws; NaN where they differ
    rhat: Floats  # NaN where draws are constant or not finite; so are the next two
    ess_bulk: Floats
    ess_tail: Floats


def quantities_of(fit: SampledFit) -> Quantities:
    """The `Quantities` of a fit; a quantity is derived if `fit.parameters` does not name it."""
    labels: list[str] = []
    is_parameter: list[bool] = []
    parameters = [parameter.name for parameter in getattr(fit, "parameters", ())]
    for name in fit.keys():  # noqa: SIM118, only keys() is promised
        elements = element_labels(name, np.shape(fit[name])[2:])
        labels += elements
        is_parameter += [not parameters or name in parameters] * len(elements)
    parts = (as_draws(fit[name]) for name in fit.keys())  # noqa: SIM118
    not_finite, constant, *convergence = in_blocks(_judged, parts)
    return Quantities(
        np.array(distinct(labels), dtype=object), np.array(is_parameter), not_finite, constant, *convergence
    )


def _judged(x: Floats) -> Floats:
    """The rest of `Quantities` for draws (chains, draws, n), (5, n); the ranks are found once."""
    np.copyto(x, np.inf, where=np.isnan(x))  # has a rank, which the statistics below need
    seen = views(x)
    not_finite = np.count_nonzero(~np.isfinite(x), axis=(0, 1))
    lowest, highest = seen.ordered[0], seen.ordered[-1]
    constant = np.where(lowest == highest, lowest, np.nan)
    statistics = (larger_rhat(seen), effective_size(seen.ranked), tail_size(x, seen.ordered))
    return np.stack([not_finite, constant, *(np.where(not_finite > 0, np.nan, value) for value in statistics)])
