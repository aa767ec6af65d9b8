"""What an author writes: models and parameters are checked when they are made, and say what is wrong."""

import math
import pickle
from functools import partial
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd
import pytest

import hmc
import hmc.model
from tests.hmc.helpers import running


class One(NamedTuple):
    """A single datum."""

    y: object


X = hmc.Parameter("x")


def bell(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0]


def make(**changes):
    arguments = {"log_density": bell, "data": One(1.0), "parameters": [X], "name": "bell"} | changes
    return hmc.Model(**arguments)


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"data": {"y": 1.0}}, "data is a dict, not a NamedTuple"),
        ({"data": (1.0,)}, "data is a tuple, not a NamedTuple"),
        ({"data": One}, "data is the class One, not a NamedTuple"),
        ({"data": pd.DataFrame({"y": [1.0]})}, "data is a DataFrame, not a NamedTuple of arrays"),
        ({"data": One(pd.Series([1.0]))}, r"data\.y is a Series; .*; a column's \.to_numpy\(\) is an array"),
        ({"data": One("text")}, r"data\.y is a str"),
        ({"data": One([1.0])}, r"data\.y is a list"),
        ({"data": One(None)}, r"data\.y is a NoneType"),
        ({"data": One(One({}))}, r"data\.y\.y is a dict"),
        ({"data": One((1.0, "a"))}, r"data\.y\.1 is a str"),
        ({"data": One(1j)}, r"data\.y is a complex"),
        ({"data": One(np.array(["a"]))}, r"data\.y"),
        ({"data": One(np.array([None]))}, r"data\.y"),
        ({"data": One(np.zeros(2, complex))}, r"data\.y"),
        ({"data": One(np.zeros(2, ">f8"))}, r"data\.y"),
        ({"data": One(np.zeros(2, np.longdouble))}, r"data\.y"),
        ({"data": One(np.zeros(2, np.float16))}, r"data\.y"),
        ({"data": One(2**63)}, r"data\.y"),
        ({"log_density": None}, "log_density is a NoneType, not a function"),
        ({"log_density": 3.0}, "log_density is a float, not a function"),
        ({"log_likelihood": "ll"}, "log_likelihood is a str, not a function"),
        ({"parameters": []}, "at least one parameter"),
        ({"parameters": ["x"]}, "'x' is not a hmc.Parameter"),
        ({"parameters": X}, r"parameters = Parameter\(name='x', .* is not a list of hmc.Parameter"),
        ({"parameters": None}, "parameters = None is not a list"),
        ({"parameters": 5}, "parameters = 5 is not a list"),
        ({"parameters": [hmc.Parameter("x", True)]}, "x has shape True"),
        ({"parameters": [hmc.Parameter("x", (2, True))]}, r"x has shape \(2, True\)"),
        ({"parameters": [X, X]}, "two parameters are named x"),
        ({"parameters": [hmc.Parameter("")]}, "a parameter's name is a text"),
        ({"parameters": [hmc.Parameter("x", (0,))]}, r"x has shape \(0,\)"),
        ({"parameters": [hmc.Parameter("x", (2, -1))]}, r"x has shape \(2, -1\)"),
        ({"parameters": [hmc.Parameter("x", 2.5)]}, r"x has shape 2\.5"),
        ({"parameters": [hmc.Parameter("x", (), hmc.simplex)]}, "x is simplex and needs a vector's shape"),
        ({"parameters": [hmc.Parameter("x", (), hmc.ordered)]}, "x is ordered and needs a vector's shape"),
        ({"parameters": [hmc.Parameter("x", (), hmc.lower)]}, "x"),
        ({"parameters": [hmc.Parameter("x", (), "positive")]}, "x.*positive"),
        ({"parameters": [hmc.Parameter("x", (), None)]}, "x.*None"),
        ({"parameters": [hmc.Parameter("x", hmc.positive)]}, r"write hmc\.Parameter\('x', constraint=hmc\.positive\)"),
        (
            {"parameters": [hmc.Parameter("x", hmc.lower(2))]},
            r"write hmc\.Parameter\('x', constraint=hmc\.lower\(2\)\)",
        ),
        ({"parameters": [hmc.Parameter("x", hmc.upper)]}, r"write hmc\.Parameter\('x', constraint=hmc\.upper\(1\)\)"),
        ({"parameters": [hmc.Parameter("x", (), hmc.lower)]}, r"write constraint=hmc\.lower\(0\)"),
        ({"data": One(math.nan)}, r"data\.y is nan"),
        ({"data": One(np.float32(math.nan))}, r"data\.y is nan"),
        ({"data": One(np.array([1.0, math.nan, math.nan]))}, r"data\.y\[1\] is nan"),
        ({"data": One(np.array([[1.0, 2.0], [3.0, math.nan]], np.float32))}, r"data\.y\[1, 1\] is nan"),
        ({"data": One((0, One(np.array([math.nan]))))}, r"data\.y\.1\.y\[0\] is nan"),
    ],
)
def test_wrong_model_is_refused_with_its_name(changes, shown):
    with pytest.raises(ValueError, match=f"bell: .*{shown}"):
        make(**changes)


@pytest.mark.parametrize("name", [None, "", 3, b"bell"])
def test_a_name_is_a_text(name):
    with pytest.raises(ValueError, match=f"^name = {name!r} is not the name of a model, which is text$"):
        make(name=name)


@pytest.mark.parametrize(
    "wrong", [lambda: hmc.interval(1.0, 1.0), lambda: hmc.lower(math.nan), lambda: hmc.upper(math.inf)]
)
def test_constraint_without_room_is_refused(wrong):
    with pytest.raises(ValueError, match="bound"):
        wrong()


@pytest.mark.parametrize(
    "make_bound", [hmc.lower, hmc.upper, lambda b: hmc.interval(0.0, b), lambda b: hmc.interval(b, 9)]
)
@pytest.mark.parametrize(
    ("bound", "shown"),
    [(np.array([1.0, math.nan]), "a finite number, not"), ([], "a finite number, not"),
     ("a", "a finite number, not 'a'"),
     (None, "a finite number, not None"), (math.inf, "a finite number, not inf"), (1j, "a finite number, not 1j")],
    ids=str,
)  # fmt: skip
def test_a_bound_is_a_finite_number(make_bound, bound, shown):
    with pytest.raises(ValueError, match=rf"^hmc\.\w+: a bound .*{shown}"):
        make_bound(bound)


def test_data_may_be_infinite_as_bounds_of_what_was_censored_are():
    assert make(data=One(np.array([1.0, math.inf]))).evaluate([1.0])[0] == -0.5
    with pytest.raises(ValueError, match=r"bell: data\.y\[0\] is nan"):
        make().with_data(One(np.array([math.nan])))


def test_a_model_of_other_data_packs_these_alone(monkeypatch):
    model, packed = make(), []
    pack = hmc.model.pack
    for module in ("model", "model_data"):
        monkeypatch.setattr(f"hmc.{module}.pack", lambda data, size: packed.append(data) or pack(data, size))
    other = model.with_data(One(2.0))
    assert packed == [One(2.0)]
    assert (other.data, model.data, other.name, other.parameters) == (One(2.0), One(1.0), "bell", model.parameters)
    assert other.density()[0] is model.density()[0]


def unknown_name(position, data, gradient):
    return nowhere(position)  # noqa: F821 (the mistake under test)


def two_arguments(position, data):
    return 0.0


def no_return(position, data, gradient):
    gradient[0] = 0.0


def returns_array(position, data, gradient):
    gradient[0] = 0.0
    return 2.0 * position


class Callable:
    """A density that is no function."""

    def __call__(self, position, data, gradient):
        return bell(position, data, gradient)


@pytest.mark.parametrize("density", [unknown_name, two_arguments, no_return, returns_array, Callable(), partial(bell)])
def test_density_that_cannot_be_compiled_is_a_value_error_naming_model_and_role(density):
    with pytest.raises(ValueError, match="bell: log_density"):
        hmc.sample(make(log_density=density), chains=1, warmup=1, draws=1, workers=1)


def returns_int(position, data, gradient):
    gradient[0] = 0.0
    return 0


def test_density_that_returns_a_whole_number_is_a_density():
    model = make(log_density=returns_int)
    assert model.evaluate([1.0])[0] == 0.0
    assert hmc.sample(model, chains=1, warmup=1, draws=1, workers=1, max_depth=1).stats["lp"][0, 0] == 0.0


def test_evaluate_gives_density_and_gradient_as_python_does():
    model = running.grouped_model()
    position, gradient = np.array([0.3, -0.2, 1.1, 0.4]), np.zeros(4)
    expected = running.log_density(position, model.data, gradient)
    value, slope = model.evaluate([0.3, -0.2, 1.1, 0.4])
    assert math.isclose(value, expected, rel_tol=1e-14)  # pow of C's library and LLVM's may differ by an ulp
    assert np.allclose(slope, gradient, rtol=1e-14)
    assert np.array_equal(position, [0.3, -0.2, 1.1, 0.4])


@pytest.mark.parametrize("position", [[1.0], np.zeros(5), np.zeros((1, 4)), 1.0])
def test_evaluate_refuses_positions_of_another_shape(position):
    with pytest.raises(ValueError, match=r"grouped: a position has shape \(4,\)"):
        running.grouped_model().evaluate(position)


def partial_bell(position, data, gradient):
    if position[0] > 5.0:
        raise ValueError("too far")
    gradient[0] = -position[0] * data.y
    return -0.5 * position[0] * position[0] * data.y


def test_log_densities_are_those_of_each_position_and_nan_where_it_raises():
    model = make(log_density=partial_bell, data=One(2.0))
    positions = np.random.default_rng(1).normal(size=(2, 3, 1))
    found = model.log_densities(positions)
    assert found.tolist() == [[model.evaluate(position)[0] for position in row] for row in positions]
    assert np.isnan(model.log_densities([[6.0], [4.0]])).tolist() == [True, False]
    assert model.log_densities([0.5]).shape == ()
    with pytest.raises(ValueError, match=r"bell: positions have shape \(\.\.\., 1\), not \(3, 2\)"):
        model.log_densities(np.zeros((3, 2)))


def test_jitted_and_plain_functions_are_the_same_to_a_model():
    plain, jitted = (make(log_density=f).evaluate([1.5]) for f in (bell, numba.njit(bell)))
    assert plain[0] == jitted[0]
    assert plain[1][0] == jitted[1][0]


def test_pointwise_counts_observations_by_itself():
    model = running.grouped_model(rows=7, log_likelihood=running.log_likelihood)
    out = model.pointwise("log_likelihood", np.zeros((2, 5, 4)))
    assert out.shape == (2, 5, 7)
    expected = np.zeros(7)
    running.log_likelihood(np.zeros(4), model.data, expected)
    assert np.allclose(out, expected, rtol=1e-15)
    assert running.grouped_model(rows=0, link=running.log_likelihood).pointwise("link", np.zeros((3, 4))).shape == (
        3,
        0,
    )


def by_slice(position, data, out):
    out[:] = 1.0


def by_size(position, data, out):
    for i in range(out.size):
        out[i] = 1.0


@pytest.mark.parametrize("function", [by_slice, by_size])
def test_pointwise_function_whose_extent_cannot_be_seen_is_refused(function):
    with pytest.raises(ValueError, match="bell: link"):
        make(link=function).pointwise("link", np.zeros((1, 1)))


FROM_THE_END = """
import numpy as np
import author, hmc

def link(position, data, out):
    out[-1] = 1.0

model = author.model()
model = hmc.Model(model.log_density, model.data, model.parameters, name="author", link=link)
try:
    print(model.pointwise("link", np.zeros((3, 3))))
except ValueError as error:
    print(error)
"""


def test_pointwise_function_that_counts_from_the_end_is_refused(tmp_path):
    """It would write before the beginning of an empty array: memory that is not its own, hence a process for it."""
    running.write_author(tmp_path)
    assert "author: link" in running.python(tmp_path, FROM_THE_END).stdout


def log_of_position(position, data, out):
    out[0] = math.log(position[0])


@pytest.mark.parametrize("threshold", [-1e6, 0.0, 2.5, 1900.0])
def test_pointwise_function_is_run_only_where_it_is_asked_for(threshold):
    """A shift, a year, a threshold: no other position need be in the function's domain."""

    def log_above(position, data, out):
        for i in range(3):
            out[i] = math.log(position[0] - threshold)

    model = make(log_likelihood=log_above)
    assert model.pointwise("log_likelihood", np.full((2, 1), threshold + 1.0)).tolist() == [[0.0] * 3] * 2
    with np.errstate(all="ignore"):
        some = model.pointwise("log_likelihood", np.array([[threshold - 1.0], [threshold + 1.0]]))
    assert np.isnan(some[0]).all()
    assert (some[1] == 0.0).all()


def test_pointwise_function_that_runs_nowhere_says_why():
    with pytest.raises(ValueError, match="bell: link cannot be run to count its observations: math domain error"):
        make(link=log_of_position).pointwise("link", -np.ones((3, 1)))


def test_pointwise_of_a_role_that_is_missing_says_so():
    with pytest.raises(ValueError, match="bell has no link"):
        make().pointwise("link", np.zeros((1, 1)))


def test_values_go_to_positions_and_back():
    parameters = [
        hmc.Parameter("r"), hmc.Parameter("p", 2, hmc.positive), hmc.Parameter("u", (), hmc.upper(3.0)),
        hmc.Parameter("i", (2, 2), hmc.interval(-1.0, 2.0)), hmc.Parameter("o", 3, hmc.ordered),
        hmc.Parameter("s", (2, 3), hmc.simplex),
    ]  # fmt: skip
    model = make(parameters=parameters)
    assert model.dimension == 1 + 2 + 1 + 4 + 3 + 4
    values = {
        "r": -1.5, "p": [0.5, 2.0], "u": 1.0, "i": [[0.0, 1.0], [1.5, -0.5]], "o": [-1.0, 0.0, 5.0],
        "s": [[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]],
    }  # fmt: skip
    position = model.unconstrain(values)
    assert position.shape == (15,)
    for leading in ((), (4,), (2, 3), (5000,), ()):  # after so many, compiled code does it
        back = model.constrain(np.broadcast_to(position, (*leading, 15)))  # read-only
        for name, value in values.items():
            assert back[name].shape == (*leading, *np.shape(value))
            assert np.allclose(back[name], value, rtol=1e-13)  # log and exp of numbers of size 1, a few ulp


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, "a"), ({"a": [1.0, 2.0, 3.0]}, "tau"), ({"a": [1, 2, 3], "tau": 1, "b": 2}, "b"),
        ({"a": [1.0, 2.0], "tau": 1.0}, r"a has shape \(3,\), not \(2,\)"), ({"a": [1, 2, 3], "tau": -1.0}, "tau"),
        ({"a": [1, 2, 3], "tau": 0.0}, "tau = 0.0 is not positive"), ({"a": [1, 2, math.nan], "tau": 1.0}, "a"),
        ({"a": [1, 2, 3], "tau": "one"}, "tau"),
    ],
    ids=str,
)  # fmt: skip
def test_values_that_are_no_point_are_refused_by_name(values, shown):
    with pytest.raises(ValueError, match=f"grouped: .*{shown}"):
        running.grouped_model().unconstrain(values)


def test_pickled_model_is_the_same_model():
    model = running.grouped_model(log_likelihood=running.log_likelihood)
    copy = pickle.loads(pickle.dumps(model))
    assert repr(copy) == repr(model) == "<Model grouped: a[3], tau; dimension 4>"
    assert running.equal_bits(copy.evaluate(np.ones(4))[1], model.evaluate(np.ones(4))[1])
    assert copy.parameters == model.parameters
    assert copy.data.y is not model.data.y


def density_with_a_module_as_a_value(position, data, gradient):
    m = math
    gradient[0] = -position[0]
    return -0.5 * position[0] ** 2 - 0.5 * m.log(2.0 * m.pi)


GLOBALS = 300
MANY = {f"constant_{i}": float(i) for i in range(GLOBALS)}
exec(  # a function with so many names that the interpreter needs longer instructions to load them
    "def density_with_many_globals(position, data, gradient):\n    gradient[0] = -position[0]\n    total = 0.0\n"
    + "".join(f"    total += {name} * math.exp(-{i})\n" for i, name in enumerate(MANY))
    + "    return total - 0.5 * position[0] ** 2\n",
    MANY | {"math": math, "__name__": __name__},
    LOCAL := {},
)


@pytest.mark.parametrize("density", [density_with_a_module_as_a_value, LOCAL["density_with_many_globals"]])
def test_density_is_compiled_however_it_names_what_it_reaches(density):
    class Nothing(NamedTuple):
        zero: float

    model = hmc.Model(density, Nothing(0.0), [hmc.Parameter("x")], name="odd")
    assert model.evaluate([1.5]) == (density(np.array([1.5]), None, np.zeros(1)), [-1.5])


def test_a_model_too_large_for_memory_is_refused_in_a_line():
    with pytest.raises(
        ValueError, match=r"^huge: its parameters have 1000000000000 numbers, which do not fit into mem"
    ):
        hmc.Model(running.log_density, running.grouped_model().data, [hmc.Parameter("x", (10**12,))], name="huge")
