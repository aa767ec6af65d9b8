"""Kernels: plain Python to callers, with replacements that reach all the way down."""

import types

import numpy as np
import pytest

from hmc.jit import kernel
from hmc.jit.copying import substituted
from hmc.jit.kernel import inlined
from hmc.sampler import nuts, phase_space, static
from hmc.sampler.metric import DENSE

CONSTANT = 7


@kernel.kernel
def innermost(x):
    return x + 1


@inlined
def middle(x):
    return innermost(2 * x)


@kernel.kernel
def outermost(x, scale=10):
    return scale * middle(x) + CONSTANT


def plain(x):
    return innermost(x)


@kernel.kernel
def through_plain(x):
    return plain(x)


def test_kernel_called_from_python_is_the_function_itself():
    assert isinstance(innermost, types.FunctionType)
    assert outermost(3) == 77


def test_replacement_is_called_deep_down():
    assert substituted(outermost, innermost=lambda x: -x)(3) == -60 + 7


def test_replacement_may_be_called_at_every_level():
    calls = []

    def watch(x):
        calls.append(x)
        return innermost(x)

    assert substituted(outermost, innermost=watch)(3) == outermost(3)
    assert calls == [6]


def test_originals_are_untouched():
    substituted(outermost, innermost=lambda x: -x, middle=lambda x: 0)
    assert outermost(3) == 77
    assert middle(3) == 7


def test_defaults_names_and_constants_are_kept():
    copy = substituted(outermost, middle=lambda x: 1)
    assert copy(0) == 17
    assert copy(0, scale=1) == 8
    assert (copy.__name__, copy.__qualname__, copy.__module__) == ("outermost", "outermost", __name__)


def test_functions_that_are_not_kernels_are_left_alone():
    assert substituted(through_plain)(3) == 4
    for name in ("innermost", "plain", "misspelt"):
        with pytest.raises(ValueError, match=f"through_plain reaches no kernel by the name {name}"):
            substituted(through_plain, **{name: lambda x: -x})


@pytest.mark.parametrize("function", [innermost, middle, outermost, nuts.transition, nuts.join, static.transition])
def test_marked_functions_are_kernels(function):
    assert kernel.is_kernel(function)


@pytest.mark.parametrize("item", [plain, None, 3, np.exp, len, kernel])
def test_others_are_not(item):
    assert not kernel.is_kernel(item)


def test_watching_every_leapfrog_step_does_not_change_the_transition(quartic):
    ends = []
    positions = []

    def watch(hamiltonian, point, step_size):
        log_density = phase_space.leapfrog(hamiltonian, point, step_size)
        positions.append(point.position.copy())
        return log_density

    for transition in (nuts.transition, substituted(nuts.transition, leapfrog=watch)):
        rng = np.random.default_rng(1)
        hamiltonian = quartic.hamiltonian(rng, DENSE)
        start = quartic.start(hamiltonian, rng)
        trajectory = nuts.make_trajectory(quartic.DIMENSION, 6)
        reach = phase_space.Reach(0.2, 6, 1.0)
        outcome = transition(hamiltonian, start, trajectory, reach, rng, np.zeros(1, np.int64))
        ends.append((*start.point.position, *outcome))
    assert ends[0] == ends[1]
    assert len(positions) == outcome.n_steps
