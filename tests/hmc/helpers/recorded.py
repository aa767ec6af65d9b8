"""Recorded transitions, and any numbers, as the JavaScript of the page takes and gives them."""

import math

import numpy as np

from hmc.sampler.metric import LowRank


def as_json(value):
    """Tuples with names as objects, arrays as lists, numbers that JSON does not know as texts."""
    if isinstance(value, LowRank):
        return {"kind": "low_rank", **{name: as_json(part) for name, part in value._asdict().items()}}
    if hasattr(value, "_asdict"):
        return {name: as_json(part) for name, part in value._asdict().items()}
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [as_json(part) for part in value]
    if isinstance(value, np.generic):
        return as_json(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


def record_as_json(recorded):
    """A RecordedTransition as `record` of hmc/web/js/hmc.mjs gives it."""
    metric = recorded.inverse_metric
    if not isinstance(metric, LowRank):
        kind, name = ("diag", "variances") if metric.ndim == 1 else ("dense", "covariance")
        metric = {"kind": kind, name: np.ravel(metric)}
    return {**as_json(recorded), "inverse_metric": as_json(metric)}


def number(value):
    """A number of an answer."""
    return float(value.replace("Infinity", "inf")) if isinstance(value, str) else value
