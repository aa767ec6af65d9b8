"""hmc.jit.garbage: Python looks for garbage seldom while Numba compiles, and as before afterwards."""

import gc
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc.jit import compiled
from hmc.jit.garbage import seldom_collected
from hmc.jit.kernel import jit_is_disabled


class Data(NamedTuple):
    shift: float


@pytest.fixture(autouse=True)
def _threshold():
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(("young", "meanwhile"), [(700, 50_000), (0, 0), (10**6, 10**6)])
def test_the_users_wish_counts_and_comes_back(young, meanwhile):
    gc.set_threshold(young, 7, 5)
    with seldom_collected():
        assert gc.get_threshold() == (meanwhile, 7, 5)
        with seldom_collected():
            assert gc.get_threshold() == (meanwhile, 7, 5)
    assert gc.get_threshold() == (young, 7, 5)
    with pytest.raises(KeyError), seldom_collected():
        raise KeyError
    assert gc.get_threshold() == (young, 7, 5)


@pytest.mark.skipif(jit_is_disabled(), reason="nothing is compiled")
def test_a_model_is_compiled_so(monkeypatch):
    entered = []

    def noted():
        entered.append(True)
        return seldom_collected()

    def density(position, data, gradient):
        gradient[0] = -position[0] - data.shift
        return -0.5 * position[0] ** 2 - data.shift * position[0]

    monkeypatch.setattr(compiled, "seldom_collected", noted)
    before = gc.get_threshold()
    model = hmc.Model(density, Data(0.25), [hmc.Parameter("x")], name="mine")
    assert model.evaluate(np.zeros(1))[1][0] == -0.25
    assert entered
    assert gc.get_threshold() == before
