"""hmc.checking.bounds and the walls of hmc.checking.probe: what lies outside of its arrays is not touched unseen."""

import types
from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
from hmc.checking.bounds import bounds_checked, in_python
from hmc.checking.contract import contract_findings
from hmc.checking.probe import Probe
from hmc.jit.kernel import inlined, jit_is_disabled


class Numbers(NamedTuple):
    y: np.ndarray


def out_of_bounds_somewhere(position, data, gradient):
    gradient[0] = -position[0]
    far = data.y[int(abs(position[0]) * 2.0)]  # y has 3 numbers
    return -0.5 * position[0] * position[0] + 0.0 * far


def test_bounds_shows_an_index_that_is_seldom_wrong():
    """With this seed the run in Python is at 0.997, where the index is right."""
    model = hmc.Model(out_of_bounds_somewhere, Numbers(np.arange(3.0)), [hmc.Parameter("x")], name="small")
    found = hmc.check(model, points=6, seed=12, bounds=True)
    assert ["index" in finding.message for finding in found if finding.kind == "outside"] == [True]
    assert "data.y[int(abs(position[0]) * 2.0)]" in found[0].message


@inlined
def _helper(values, i):
    return values[i]


@numba.njit
def _jitted_helper(values, i):
    return values[i]


@pytest.mark.parametrize("helper", [_helper, _jitted_helper])
def test_an_index_is_looked_at_in_all_that_is_called(helper):
    module = types.ModuleType("helpers")
    module.helper = helper

    def density(position, data, gradient):
        return helper(position, data)

    def by_module(position, data, gradient):
        return module.helper(position, data)

    for function in (density, by_module):
        for copied in (in_python(function), bounds_checked(function)):
            assert copied(np.arange(3.0), 2, None) == 2.0
            with pytest.raises(IndexError):
                copied(np.arange(3.0), 3, None)


def writes_far(position, data, gradient):
    _writes_far(gradient, position.size)
    return -0.5 * position[0] * position[0]


@numba.njit
def _writes_far(gradient, n):
    gradient[0] = 0.0
    for i in (-n - 2, n + 40):
        gradient[i] = 1.0


@pytest.mark.skipif(jit_is_disabled(), reason="Python looks at indices itself")
def test_walls_show_what_is_written_before_and_behind():
    probe = Probe(hmc.Model(writes_far, Numbers(np.zeros(1)), [hmc.Parameter("x")], name="far"))
    findings = contract_findings(probe, [np.ones(1)])
    assert "writes gradient[-2], gradient[41] at x = 1, but there are 1 numbers" in findings[0].message
