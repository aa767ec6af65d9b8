"""hmc.jit.compile_errors: what Numba reports on a page is one line, with the author's line in it."""

from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
from hmc.jit.compile_errors import compile_error
from hmc.jit.kernel import jit_is_disabled

KEPT = np.zeros(1)


class Data(NamedTuple):
    y: np.ndarray


def plain(x):
    return 2.0 * x


def calls_plain_python(position, data, gradient):
    return plain(position[0])


def writes_to_a_global(position, data, gradient):
    KEPT[0] += 1.0
    return KEPT[0]


def imports(position, data, gradient):
    from math import pi

    return pi


def mixes_types(position, data, gradient):
    return {1: 2}.get("one", 3)


def reads_no_field(position, data, gradient):
    return data.x


def returns_nothing(position, data, gradient):
    gradient[0] = 0.0


def takes_two(position, data):
    return 0.0


def names_nothing(position, data, gradient):
    return nothing  # noqa: F821


def adds_text(position, data, gradient):
    return position[0] + "a"


SAID = {
    calls_plain_python: r"plain is a plain Python function: mark it with @numba.njit \({}: return plain",
    writes_to_a_global: r"it writes to an array of outside the function, .* \({}: KEPT\[0\] \+= 1.0",
    imports: r"it imports a module: do so at the top of the file \({}",
    mixes_types: r"cannot safely cast unicode_type to int64. Please cast explicitly \({}: return",
    reads_no_field: r"Data has no attribute 'x' \({}: return data.x",
    returns_nothing: "what it returns is not a number",
    takes_two: r"it takes \(position, data\), but is called with three arguments",
    names_nothing: "NameError: name 'nothing' is not defined",
    adds_text: r"Numba has no add\(float64, Literal\[str\]\(a\)\) \({}: return position\[0\] \+ \"a\"",
}


@pytest.mark.skipif(jit_is_disabled(), reason="nothing is compiled")
@pytest.mark.parametrize("function", SAID)
def test_a_function_that_does_not_compile_is_told_in_one_line_with_its_own_line(function):
    model = hmc.Model(function, Data(np.zeros(1)), [hmc.Parameter("x")], name="mine")
    place = r"test_compile_errors\.py, line \d+"
    said = f"^mine: log_density does not compile: {SAID[function].format(place)}"
    with pytest.raises(ValueError, match=said) as caught:
        model.density()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250
    assert isinstance(caught.value.__context__, Exception)  # Numba's own pages, for who wants them,
    assert caught.value.__suppress_context__  # but not above the line


@pytest.mark.skipif(jit_is_disabled(), reason="nothing is compiled")
def test_a_pointwise_function_is_told_of_by_its_own_name():
    def density(position, data, gradient):
        gradient[0] = -position[0]
        return -0.5 * position[0] ** 2

    def log_likelihood(position, data, out):
        out[0] = plain(position[0])

    model = hmc.Model(density, Data(np.zeros(1)), [hmc.Parameter("x")], name="mine", log_likelihood=log_likelihood)
    with pytest.raises(ValueError, match=r"^mine: log_likelihood does not compile: plain is a plain Python function"):
        model.pointwise("log_likelihood", np.zeros(1))


def test_what_is_no_report_of_numba_s_is_told_by_its_first_line():
    assert compile_error(KeyError("odd")) == "'odd'"
    assert compile_error(numba.core.errors.TypingError("strange\nand more")) == "strange"
    assert compile_error(AssertionError()) == "AssertionError"
