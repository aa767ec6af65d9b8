"""A masked array is refused wherever numbers are given: its mask would be lost without a word."""

from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc.record import record_from


class Data(NamedTuple):
    y: np.ndarray


def log_density(position, data, gradient):
    for i in range(2):
        gradient[i] = -position[i]
    return -0.5 * (position[0] ** 2 + position[1] ** 2)


def mine(data=None, **functions):
    return hmc.Model(log_density, data or Data(np.zeros(2)), [hmc.Parameter("x", 2)], name="mine", **functions)


MASKED = np.ma.masked_array([1.0, 999.0], mask=[False, True])
SHORT = {"warmup": 20, "draws": 10, "chains": 1, "workers": 1, "progress": False}
CALLS = {
    "data": lambda: mine(Data(MASKED)),
    "new data": lambda: mine().with_data(Data(MASKED)),
    "initial": lambda: hmc.sample(mine(), initial=MASKED, **SHORT),
    "a list of initial": lambda: hmc.sample(mine(), initial=[MASKED], **SHORT),
    "initial by name": lambda: hmc.sample(mine(), initial={"x": MASKED}, **SHORT),
    "a list of initial by name": lambda: hmc.sample(mine(), initial=[{"x": MASKED}], **SHORT),
    "lower": lambda: hmc.lower(MASKED),
    "upper": lambda: hmc.upper(MASKED),
    "interval": lambda: hmc.interval(-1.0, MASKED),
    "evaluate": lambda: mine().evaluate(MASKED),
    "log densities": lambda: mine().log_densities(MASKED[None]),
    "constrain": lambda: mine().constrain(MASKED),
    "unconstrain": lambda: mine().unconstrain({"x": MASKED}),
    "a position of record_from": lambda: record_from(mine(), MASKED, 0.5),
    "a metric of record_from": lambda: record_from(mine(), np.zeros(2), 0.5, inverse_metric=MASKED),
    "derived": lambda: list(hmc.sample(mine(derived=lambda position, data: {"z": MASKED}), **SHORT).keys()),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_mask_is_not_dropped(call):
    with pytest.raises(ValueError, match=r"masked|MaskedArray"):
        call()


def test_numbers_without_a_mask_are_taken():
    filled = MASKED.filled(0.0)
    assert mine().evaluate(filled)[0] == -0.5
    assert hmc.sample(mine(), initial=filled, **SHORT)["x"].shape == (1, 10, 2)
