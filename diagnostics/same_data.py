"""Are models that are compared of the same observations? Judged by the values of their data, whatever their types.

A score of one outcome says nothing about a score of another, so the outcomes must be equal. Predictors may differ.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

# The name that books and programs give to an outcome, in lower case.
OUTCOME = "y"

# Which observations count (`hmc.Model.without`), and nothing that was observed: ones are equal in all data.
WEIGHT = "weight"

WAY_OUT = (
    "If these are the same observations, compare the arrays of log likelihoods: "
    "compare({name: fit.log_likelihood for name, fit in fits.items()})."
)


class Difference(NamedTuple):
    """A field of the data that differs between two models, and need not be the outcome."""

    field: str
    models: tuple[str, str]
    is_predictor: bool  # it is not the outcome; else that cannot be known

    def __str__(self) -> str:
        one, other = self.models
        return f"{one} and {other} differ in {self.field}" + (", a predictor." if self.is_predictor else ".")


def differences(fits: Mapping[str, Any], count: int) -> list[Difference]:
    """The predictors that differ between fits of `count` observations, each field once.

    It looks at fits that have an `identity`, as `hmc.Fit`, and at arrays of `count` values (or rows) in their data. The
    outcome is a field that the `simulate_data` of one of two models draws anew, or that is called y.

    ValueError, with the way out, where an outcome differs; and where two models have no array of equal values, since
    then nothing shows that they are of the same observations.
    """
    data = {name: arrays for name, fit in fits.items() if (arrays := _arrays_of(fit, count))}
    found: dict[str, Difference] = {}
    for one, other in itertools.combinations(data, 2):
        fields = [field for field in data[one] if data[one][field] != data[other].get(field, data[one][field])]
        shared = set(data[one].values()) & set(data[other].values())
        if not fields and shared:
            continue
        outcomes = _outcomes(fits[one], data[one]) | _outcomes(fits[other], data[other])
        wrong = [field for field in fields if field in outcomes] or (fields if not shared else [])
        if wrong or not shared:
            words = f"{one} and {other} " + (f"differ in {wrong[0]}" if wrong else "have no data in common")
            raise ValueError(f"models of different data cannot be compared: {words}. {WAY_OUT}")
        is_known = any(field in outcomes and field in data[other] for field in data[one])
        for field in fields:
            found.setdefault(field, Difference(field, (one, other), is_known))
    return list(found.values())


def other_weights(fits: Mapping[str, Any]) -> list[str]:
    """What is wrong with a comparison of fits of which some left observations out, in words; nothing where none did."""
    known = {name: getattr(getattr(fit, "identity", None), "data", {}).get(WEIGHT) for name, fit in fits.items()}
    hashes = {name: content.hash for name, content in known.items() if content is not None}
    first = next(iter(hashes), "")
    return [
        f"{first} and {name} were fitted with different weights: what one of them left out is new data to it, and not "
        "to the other. Fit both to the same observations."
        for name, found in hashes.items()
        if found != hashes[first]
    ][:1]


def _arrays_of(fit: Any, count: int) -> dict[str, str]:
    """{field: hash of its values} of the arrays of `count` rows in the data of a `hmc.Fit`; of anything else, none."""
    data = getattr(getattr(fit, "identity", None), "data", {})
    shapes = {field: getattr(content, "shape", ()) for field, content in data.items()}
    return {field: data[field].hash for field, shape in shapes.items() if shape[:1] == (count,) and field != WEIGHT}


def _outcomes(fit: Any, arrays: Mapping[str, str]) -> set[str]:
    """Those of the fields that are known to be the outcome, or made from it."""
    named = {field for field in arrays if field.rpartition(".")[2].lower() == OUTCOME}
    model: Any = getattr(fit, "model", None)
    if getattr(model, "simulate_data", None) is None:
        return named
    try:
        position, data = fit.unconstrained[0, -1].copy(), copy.deepcopy(model.data)  # which it may write into
        drawn = model.simulate_data(position, data, np.random.default_rng(0))
        pairs = zip(model.data._fields, model.data, drawn, strict=True)
        changed = {field for field, old, new in pairs if not _equal(old, new)}
    except Exception:  # an author's function: `hmc check` says what is wrong with it
        return named
    return named | {field for field in arrays if field.partition(".")[0] in changed}


def _equal(old: Any, new: Any) -> bool:
    if isinstance(old, tuple):
        return all(map(_equal, old, new))
    return bool(np.array_equal(old, new, equal_nan=True))
