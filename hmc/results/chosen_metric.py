"""In words: the metric that the chains of a run with metric="auto" chose, and why."""

import numpy as np
from numpy.typing import NDArray

from hmc.sampler.metric import LowRank


def chosen_metric(inverse_metric: NDArray[np.float64] | LowRank) -> str:
    """The metric's name and the reason, from the inverse metrics of all chains as `hmc.Fit` has them.

    The lengths of directions are standard deviations, in units of what the scales of the parameters alone say.
    """
    if isinstance(inverse_metric, LowRank):
        ranks = (inverse_metric.eigenvalues != 1.0).sum(axis=-1)
        if not ranks.any():
            return _DIAGONAL
        directions = f"{ranks.max()} of {inverse_metric.scale.shape[-1]} directions"
        return f"low_rank, {directions}{_where(ranks > 0)}: {_why(inverse_metric.eigenvalues)}"
    if inverse_metric.ndim == 2:
        return _DIAGONAL
    sd = np.sqrt(np.diagonal(inverse_metric, axis1=-2, axis2=-1))
    lengths = np.linalg.eigvalsh(inverse_metric / (sd[:, :, None] * sd[:, None, :]))
    is_dense = np.array([np.count_nonzero(matrix) > len(matrix) for matrix in inverse_metric])
    if not is_dense.any():
        return _DIAGONAL
    is_needed = lengths.max() > 1.2 * lengths.min()  # variances
    return f"dense{_where(is_dense)}: {_why(lengths) if is_needed else _CHEAP}"


_DIAGONAL = "diag: the scales of the parameters alone serve all directions well"
_CHEAP = "it costs little in so few dimensions, and the scales of the parameters alone would do as well"


def _where(chains: NDArray[np.bool_]) -> str:
    return "" if chains.all() else f" in {chains.sum()} of {chains.size} chains"


def _why(variances: NDArray[np.float64]) -> str:
    shortest, longest = np.sqrt(variances.min()), np.sqrt(variances.max())
    return f"directions are {shortest:.2g} to {longest:.2g} times as long as the scales of the parameters alone say"
