"""hmc.checking.child: a model that crashes, hangs or corrupts memory is told of by a process that it cannot harm."""

import gc
import math
import os
import signal
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
from hmc.checking import child
from hmc.checking.child import Died, calling, in_child
from hmc.jit.kernel import jit_is_disabled

pytestmark = pytest.mark.skipif(
    jit_is_disabled() or not sys.platform.startswith("linux"), reason="the check runs in this process"
)


class Data(NamedTuple):
    y: np.ndarray


def check(density, **options):
    model = hmc.Model(density, Data(np.zeros(3)), [hmc.Parameter("x"), hmc.Parameter("y")], name="mine")
    return hmc.check(model, points=4, **options)


def normal(position, gradient):
    gradient[0], gradient[1] = -position[0], -position[1]
    return -0.5 * (position[0] * position[0] + position[1] * position[1])


normal = numba.njit(normal)


def writes_far_away(position, data, gradient):
    if position[0] > 9.0:  # no position that is run in Python
        gradient[1 << 40] = 1.0
    return normal(position, gradient)


def corrupts_the_heap(position, data, gradient):
    if position[0] > 9.0:
        own = np.zeros(4)
        for i in range(-64, 64):
            own[i] = 3.0
    return normal(position, gradient)


def raises_by_what_it_read_outside(position, data, gradient):
    part = data.y[:2]
    if position[0] > 9.0 and part[2] == 0.0:
        raise ValueError("a zero")
    return normal(position, gradient)


def hangs_by_what_it_read_outside(position, data, gradient):
    part = data.y[:2]
    while position[0] > 9.0 and part[2] == 0.0:
        gradient[0] += 1.0
    return normal(position, gradient)


def does_not_return(position, data, gradient):
    while position[0] > 9.0:
        gradient[0] += 1.0
    return normal(position, gradient)


def leaves(position, data, gradient):
    with numba.objmode():
        _leave(position[0])
    return normal(position, gradient)


def _leave(x):
    if x > 9.0:
        os.kill(os.getpid(), signal.SIGKILL)


def test_an_index_that_crashes_is_found_by_a_second_look_at_every_index():
    (found,) = check(writes_far_away)
    assert found.kind == "outside"
    assert "log_density reads or writes outside of an array at x = 10" in found.message
    assert "gradient[1 << 40] = 1.0)" in found.message


def test_a_corrupted_heap_ends_in_a_finding():
    for options in ({}, {"bounds": True}):
        (found,) = check(corrupts_the_heap, **options)
        assert found.kind == "outside"
        assert "log_density reads or writes outside of an array at x = 10" in found.message


@pytest.mark.parametrize("density", [raises_by_what_it_read_outside, hangs_by_what_it_read_outside])
def test_an_index_that_is_outside_is_named_whatever_came_of_it(monkeypatch, density):
    monkeypatch.setattr(child, "LONGEST_CALL", 1.0)
    (found,) = check(density)
    assert found.kind == "outside"
    assert "log_density reads or writes outside of an array at x = 10" in found.message
    assert "index 2 is out of bounds for axis 0 with size 2" in found.message


def test_a_call_that_does_not_return_is_told_with_its_place(monkeypatch):
    monkeypatch.setattr(child, "LONGEST_CALL", 1.0)
    (found,) = check(does_not_return)
    assert found.kind == "raises"
    assert found.message.startswith("log_density did not return within 1 seconds at x = 10, y = ")


def test_what_kills_the_process_is_named():
    (found,) = check(leaves)
    assert found.message.startswith("log_density ends the process at x = 10, y = ")
    assert found.message.endswith(": Killed")


def test_results_and_errors_come_back_and_no_process_stays():
    assert in_child(lambda: math.pi, 1) == math.pi
    with pytest.raises(KeyError, match="lost"):
        in_child(lambda: {}["lost"], 1)
    with pytest.raises(ProcessLookupError):
        os.kill(in_child(os.getpid, 1), 0)


def test_objects_of_this_process_are_no_garbage_to_look_for():
    before = gc.get_freeze_count()
    assert in_child(lambda: len(gc.get_objects()), 1) < len(gc.get_objects()) / 10
    assert gc.get_freeze_count() == before


def test_the_call_in_which_the_process_ended_is_known():
    def simulates():
        calling("log_density", np.array([1.0, 2.0]))
        calling("simulate")
        os.kill(os.getpid(), signal.SIGSEGV)

    died = in_child(simulates, 2)
    assert died == Died("simulate", None, signal.SIGSEGV, child.LONGEST_CALL)


def test_memory_of_this_process_is_not_changed():
    numbers = np.zeros(3)

    def fill():
        numbers[:] = 1.0

    in_child(fill, 1)
    assert not numbers.any()
