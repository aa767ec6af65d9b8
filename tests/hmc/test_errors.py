"""hmc.errors: where in an author's code an error arose."""

import os
import sys
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc.errors import code_line, line_of, told_with_line


class Data(NamedTuple):
    y: np.ndarray


def fails():
    return 1 / 0  # whole


def density(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] ** 2


def caught_from(function):
    with pytest.raises(ZeroDivisionError) as caught:
        function()
    return caught.value


def test_a_line_is_named_by_its_file_and_quoted():
    number = fails.__code__.co_firstlineno + 1
    said = f"test_errors.py, line {number}: return 1 / 0  # whole"
    assert code_line(__file__, number) == said
    assert code_line(os.path.relpath(__file__), number) == said
    assert code_line("/nowhere/heights.py", 3) == "heights.py, line 3"


def test_a_line_of_a_notebook_is_named_by_its_cell(monkeypatch):
    compiler = SimpleNamespace(format_code_name=lambda path: ("Cell", "In[7]") if path.endswith("/812.py") else None)
    shell = SimpleNamespace(compile=compiler)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert code_line("/tmp/ipykernel_1/812.py", 3) == "Cell In[7], line 3"
    assert code_line("/tmp/813.py", 3) == "813.py, line 3"


def test_the_line_of_an_error_is_that_of_the_authors_function():
    error = caught_from(fails)
    assert line_of(error, fails).endswith("return 1 / 0  # whole")
    assert line_of(error, np.linalg.inv) == ""
    assert line_of(error, object()) == ""
    assert told_with_line(error, object()) == "ZeroDivisionError: division by zero"


FAILING = {
    "derived": lambda position, data: {"y": 1 / 0},
    "simulate_data": lambda position, data, rng: 1 / 0,
    "outcome": lambda data: {"y": 1 / 0},
}


@pytest.mark.parametrize("role", FAILING)
def test_an_authors_function_that_fails_is_told_in_one_error_with_its_line(role):
    functions = {"simulate_data": lambda position, data, rng: data} | {role: FAILING[role]}
    model = hmc.Model(density, Data(np.zeros(2)), [hmc.Parameter("x")], name="mine", **functions)
    fit = hmc.sample(model, draws=4, warmup=50, workers=1, progress=False)
    with pytest.raises(
        ValueError, match=rf"^mine: {role} fails.*ZeroDivisionError.* \(test_errors.py, line \d+: "
    ) as caught:
        fit["y"] if role == "derived" else fit.predict()
    assert caught.value.__suppress_context__


def test_a_file_that_cannot_be_written_is_told_in_one_error(tmp_path):
    model = hmc.Model(density, Data(np.zeros(2)), [hmc.Parameter("x")], name="mine")
    fit = hmc.sample(model, draws=4, warmup=50, workers=1, progress=False)
    with pytest.raises(FileNotFoundError, match="nowhere") as caught:
        fit.save(tmp_path / "nowhere" / "mine.fit")
    assert caught.value.__suppress_context__
