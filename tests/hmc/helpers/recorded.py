"""Recorded transitions, and any numbers, as the JavaScript of the page takes and gives them."""

import math

import numpy as np

import hmc
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


SEARCHES = ("search",)  # in the module's records alone


def plain(item):
    """A record of `hmc.record` as the objects of JavaScript are; arrays as their bytes: equal is equal bit for bit."""
    if isinstance(item, np.ndarray):
        return item.tobytes()
    if hasattr(item, "_asdict"):
        return {name: plain(value) for name, value in item._asdict().items()}
    if isinstance(item, dict):
        return {name: plain(value) for name, value in item.items() if name not in SEARCHES}
    if isinstance(item, (tuple, list)):
        return [plain(value) for value in item]
    return item.item() if isinstance(item, np.generic) else item


def inverse_metric_of(found):
    """What the page's inverse metric is in NumPy."""
    of = found["kind"]
    if of == "diag":
        return found["variances"]
    if of == "dense":
        return found["covariance"].reshape(2 * (round(len(found["covariance"]) ** 0.5),))
    return hmc.LowRank(found["scale"], np.array(found["vectors"]), found["eigenvalues"])


def assert_equal(found, expected):
    """Records of JavaScript are those of `hmc.record`, bit for bit."""
    assert len(found) == len(expected)
    for own, theirs in zip(found, expected, strict=True):
        metric, own_metric = theirs.inverse_metric, inverse_metric_of(own.pop("inverse_metric"))
        if isinstance(metric, np.ndarray) and metric.ndim == 1:
            assert own_metric.tobytes() == metric.tobytes()
        else:  # NumPy multiplies matrices in an order of its own; the sampler has the factor
            one, other = (m.matrix() if isinstance(m, hmc.LowRank) else m for m in (own_metric, metric))
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14 * np.abs(other).max())
        assert plain(own) == {name: value for name, value in plain(theirs).items() if name != "inverse_metric"}
