"""When a fit may be compared with the stored values of its model, and how far apart the two may be by chance."""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np

import models
from figures.drawing.draws import require_data

ONCE_IN = 1000  # a right fit is called wrong at most once in so many tables
ENOUGH_DRAWS = 1000  # with fewer, standard errors are so rough that a right fit is called wrong far more often


def is_of_bundled_data(fit: Any, name: str) -> bool:
    """Whether `fit` is of the model `name` with its bundled data; False if the fit does not know its data."""
    if getattr(fit, "name", None) != name:
        return False
    arrays = {field: v for field, v in models.build(name).data._asdict().items() if isinstance(v, np.ndarray)}
    fitted = getattr(getattr(fit, "identity", None), "data", {})
    if {field for field, content in fitted.items() if hasattr(content, "hash")} != set(arrays):
        return False
    try:
        require_data(name, fit, arrays)
    except ValueError:
        return False
    return True


def largest_by_chance(count: int) -> float:
    """The bound that the largest |z| of `count` standard normal scores exceeds at most once in `ONCE_IN` times, however
    dependent they are: Bonferroni's.
    """
    return -NormalDist().inv_cdf(0.5 / (ONCE_IN * count))


def judged(scores: Mapping[str, float], unit: str = "Monte Carlo standard errors") -> tuple[str, bool]:
    """(words on the largest of `scores`, {label: z}, whether chance explains it). Without scores: ("", True)."""
    unknown = [label for label, z in scores.items() if not math.isfinite(z)]
    known = {label: abs(z) for label, z in scores.items() if math.isfinite(z)}
    text, by_chance = "", True
    if known:
        worst = max(known, key=lambda label: known[label])
        bound = largest_by_chance(len(known))
        by_chance = known[worst] <= bound
        largest = f"the largest |z| of {len(known)} is" if len(known) > 1 else "|z| is"
        text = f"{largest} {known[worst]:.1f} {unit} ({worst}); "
        text += f"by chance it is over {bound:.1f} at most once in {ONCE_IN:,} times"
    if unknown:
        text += f"{'; ' if text else ''}{len(unknown)} have no standard error, {unknown[0]} among them"
    return text, by_chance and not unknown


def agreement(what: str, scores: Mapping[str, float], draws: int, unit: str = "Monte Carlo standard errors") -> str:
    """A sentence on whether `what` ("The means") agree with the exact values but for chance, by the scores of a run
    of so many draws in all.
    """
    text, by_chance = judged(scores, unit)
    verdict = "agree with the exact ones" if by_chance else "do NOT agree with the exact ones"
    if not by_chance and draws < ENOUGH_DRAWS:
        verdict = f"may or may not agree with the exact ones, since standard errors from {draws:,} draws are rough"
    return f"{what} {verdict}: {text}."
