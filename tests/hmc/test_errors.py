"""hmc.errors: where in an author's code an error arose."""

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import hmc
import models
from hmc.author_errors import code_line, line_of, told_with_line
from hmc.display import NamedArrays
from hmc.errors import did_you_mean


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


@pytest.mark.parametrize(
    ("word", "hint"),
    [("abar", "did you mean a_bar? "), ("SIGMA", "did you mean sigma? "), ("q", ""), (3, "")],
)
def test_a_mistyped_name_gets_the_name_that_is_like_it(word, hint):
    assert did_you_mean(word, ["a_bar", "sigma"]) == hint


def test_values_by_name_say_which_name_is_wrong():
    model = models.mST()
    given = {"a": np.zeros(48), "a_bar": 0.0, "sgma": 1.0}
    said = r"^mST: values are needed for a, a_bar, sigma; did you mean sigma\? sgma is not one$"
    with pytest.raises(ValueError, match=said):
        model.unconstrain(given)
    del given["sgma"]
    with pytest.raises(ValueError, match=r"^mST: values are needed for a, a_bar, sigma; sigma has none$"):
        model.unconstrain(given)


def test_named_arrays_show_what_they_are_and_not_their_numbers():
    model = hmc.Model(density, Data(np.zeros(2)), [hmc.Parameter("x")], name="mine", simulate_data=lambda p, d, rng: d)
    fit = hmc.sample(model, draws=4, warmup=50, workers=1, progress=False)
    drawn = models.mST()
    for named in (fit.stats, fit.warmup_stats, fit.predict(), *hmc.prior_predictive(drawn, 5)):
        assert isinstance(named, NamedArrays)
        assert "array(" not in repr(named)
    assert repr(fit.stats).startswith("{'lp': float64 (4, 4),\n 'acceptance_rate': float64 (4, 4),\n ")
    with pytest.raises(KeyError, match=r"there is no 'divergent'; did you mean diverging\? there are lp, "):
        fit.stats["divergent"]
    with pytest.raises(KeyError, match=r"mine has no parameter 'X'; did you mean x\? it has x"):
        fit["X"]
    assert "divergent" not in fit.stats
    assert fit.stats.get("divergent") is None


def test_no_attribute_of_a_fit_but_an_array_of_its_own_dumps_numbers():
    fit = hmc.sample(models.mST(), draws=4, warmup=50, workers=1, progress=False)
    named = {name: getattr(fit, name) for name in dir(fit) if not name.startswith("_")}
    others = {name: repr(value) for name, value in named.items() if not isinstance(value, np.ndarray)}
    assert [name for name, text in others.items() if "array(" in text or len(text) > 2000] == []
    assert "<Snapshot of a chain after 54 transitions>" in others["snapshots"]
    assert others["inverse_metric"].startswith("<LowRank (4, 50), of rank ")


def test_rooms_that_are_used_by_name_need_no_import_of_their_own():
    script = f"import hmc; print([getattr(hmc, room).__name__ for room in {hmc._ROOMS!r}])"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.stdout.split("'")[1::2] == [f"hmc.{room}" for room in hmc._ROOMS], ended.stderr
