"""Copies of kernels that reach something else: for compiled code, nothing is copied that need not be."""

import numba
import pytest

from hmc.jit.copying import substituted, substituted_kernel
from hmc.jit.kernel import inlined, kernel


@inlined
def step(x):
    return x + 1.0


@kernel
def apart(x):
    return 2.0 * x


@kernel
def middle(x):
    return step(x) + apart(x)


@kernel
def whole(x):
    return middle(x) - apart(x)


@kernel
def longer_step(x):
    return step(x) + 10.0


def test_a_copy_is_compiled_with_what_is_replaced():
    copy = substituted_kernel(whole, step=longer_step)
    compiled = numba.njit(lambda x: (copy(x), whole(x)))
    assert compiled(3.0) == (copy(3.0), whole(3.0)) == (14.0, 4.0)
    assert substituted(whole, step=longer_step)(3.0) == 14.0


def test_what_reaches_nothing_to_replace_is_not_copied():
    copy = substituted_kernel(whole, step=longer_step)
    assert copy.__globals__["apart"] is apart
    assert copy.__globals__["middle"] is not middle
    assert copy.__globals__["middle"].__globals__["apart"] is apart
    assert copy.__name__ == "whole_substituted"


def test_a_copy_is_compiled_as_its_original_is():
    copy = substituted_kernel(whole, middle=longer_step)
    assert copy.options == whole.options
    assert step.options["forceinline"]
    assert "forceinline" not in whole.options


@pytest.mark.parametrize("replace", [substituted, substituted_kernel])
def test_a_name_that_nothing_reaches_is_refused(replace):
    with pytest.raises(ValueError, match=r"^whole reaches no kernel by the name stop$"):
        replace(whole, stop=longer_step)
