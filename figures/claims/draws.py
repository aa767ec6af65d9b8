"""Summaries of draws that claims use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

INTERVAL = 0.89  # of the intervals in captions

Floats = NDArray[np.float64]


def pooled(fit: Any, name: str) -> Floats:
    """All draws of a quantity: (draws, ...)."""
    draws = np.asarray(fit[name])
    return draws.reshape(-1, *draws.shape[2:])


def mean(fit: Any, name: str) -> Floats:
    return pooled(fit, name).mean(axis=0)


def sd(fit: Any, name: str) -> Floats:
    return pooled(fit, name).std(axis=0, ddof=1)


def interval(fit: Any, name: str) -> Floats:
    """(2, ...): both ends of the central interval."""
    tail = (1.0 - INTERVAL) / 2.0
    return np.quantile(pooled(fit, name), [tail, 1.0 - tail], axis=0)


def width(fit: Any, name: str) -> Floats:
    """Of the interval."""
    lower, upper = interval(fit, name)
    return upper - lower


def rises(values: Any) -> bool:
    """Whether each value is larger than the one before it."""
    return bool(np.all(np.diff(values) > 0))
