"""In one session, compiled code follows what it reaches, as Python does: the same numbers with and without the JIT."""

import textwrap
import types
from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba.core.typing.templates import _OverloadFunctionTemplate, builtin_registry
from numba.extending import overload, register_jitable

import hmc
import hmc.jit.compiled
from hmc.jit import cache, templates
from hmc.jit.kernel import kernel
from hmc.jit.reach import Reached
from hmc.jit.templates import overloads_of
from tests.hmc.helpers import running


class Pair(NamedTuple):
    """A constant with two fields."""

    a: float
    b: int


class Nothing(NamedTuple):
    """Data of no use."""

    k: int = 0


# Each changes what the density reaches from 1 to 3, one way or another. `f` is the density's term; `m` a module.
CHANGES = {
    "constant": ("C = 1.0\ndef f(x): return C * x", "C = 3.0"),
    "array in place": ("C = np.ones(2)\ndef f(x): return C[1] * x", "C[1] = 3.0"),
    "array anew": ("C = np.ones(2)\ndef f(x): return C[1] * x", "C = 3.0 * C"),
    "shape in place": ("C = np.ones((1, 3))\ndef f(x): return C.shape[0] * x", "C.shape = (3, 1)"),
    "type in place": (
        "C = np.ones(1)\ndef f(x): return x if C[0] == 1.0 else 3.0 * x",
        "C.dtype = np.int64",
    ),
    "array in a tuple": ("C = (1, np.ones(2))\ndef f(x): return C[1][1] * x", "C[1][1] = 3.0"),
    "NamedTuple": ("C = Pair(1.0, 2)\ndef f(x): return C.a * x", "C = C._replace(a=3.0)"),
    "attribute of a module": ("m.C = 1.0\ndef f(x): return m.C * x", "m.C = 3.0"),
    "module in a closure": (
        "m.C = 1.0\ndef make(s):\n  def f(x): return s.C * x\n  return f\nf = make(m)",
        "m.C = 3.0",
    ),
    "module under a local name": ("m.C = 1.0\ndef f(x):\n  s = m\n  return s.C * x", "m.C = 3.0"),
    "module in a module under a local name": (
        "m.s = types.ModuleType('inner')\nm.s.C = 1.0\ndef f(x):\n  s = m.s\n  return s.C * x",
        "m.s.C = 3.0",
    ),
    "module in a closed-over module": (
        "m.s = types.ModuleType('inner')\nm.s.C = 1.0\n"
        "def make(s):\n  def f(x): return s.s.C * x\n  return f\nf = make(m)",
        "m.s.C = 3.0",
    ),
    "another module in a closed-over module": (
        "m.s = types.ModuleType('inner')\nm.s.C = 1.0\n"
        "def make(s):\n  def f(x): return s.s.C * x\n  return f\nf = make(m)",
        "m.s = types.ModuleType('other')\nm.s.C = 3.0",
    ),
    "array of a closed-over module": (
        "m.C = np.ones(2)\ndef make(s):\n  def f(x): return s.C[1] * x\n  return f\nf = make(m)",
        "m.C[1] = 3.0",
    ),
    "attribute by getattr": ("m.C = 1.0\ndef f(x): return getattr(m, 'C') * x", "m.C = 3.0"),
    "attribute by getattr and a global name": (
        "m.C = 1.0\nNAME = 'C'\ndef f(x): return getattr(m, NAME) * x",
        "m.C = 3.0",
    ),
    "module as a default": ("m.C = 1.0\ndef f(x, s=m): return s.C * x", "m.C = 3.0"),
    "module that is passed on": (
        "m.C = 1.0\n@njit\ndef g(s, x): return s.C * x\ndef f(x): return g(m, x)",
        "m.C = 3.0",
    ),
    "module that is passed to a kernel": (
        "m.C = 1.0\n@kernel\ndef g(s, x): return s.C * x\ndef f(x): return g(m, x)",
        "m.C = 3.0",
    ),
    "module that is passed to a kernel in it": (
        "m.C = 1.0\n@kernel\ndef g(s, x): return s.C * x\nm.g = g\ndef f(x):\n  s = m\n  return s.g(s, x)",
        "m.C = 3.0",
    ),
    "module under a local name of a helper": (
        "m.C = 1.0\n@njit\ndef g(x):\n  s = m\n  return s.C * x\ndef f(x): return g(x)",
        "m.C = 3.0",
    ),
    "module under a local name of a kernel": (
        "m.C = 1.0\n@kernel\ndef g(x):\n  s = m\n  return s.C * x\ndef f(x): return g(x)",
        "m.C = 3.0",
    ),
    "helper in a closed-over module": (
        "C = 1.0\n@njit\ndef g(x): return C * x\nm.g = g\n"
        "def make(s):\n  def f(x): return s.g(x)\n  return f\nf = make(m)",
        "C = 3.0",
    ),
    "another helper in a closed-over module": (
        "@njit\ndef g(x): return x\nm.g = g\ndef make(s):\n  def f(x): return s.g(x)\n  return f\nf = make(m)",
        "@njit\ndef g(x): return 3.0 * x\nm.g = g",
    ),
    "kernel in a closed-over module": (
        "C = 1.0\n@kernel\ndef g(x): return C * x\nm.g = g\n"
        "def make(s):\n  def f(x): return s.g(x)\n  return f\nf = make(m)",
        "C = 3.0",
    ),
    "helper in a module in a module under a local name": (
        "C = 1.0\n@njit\ndef g(x): return C * x\nm.s = types.ModuleType('inner')\nm.s.g = g\nm.s.m = m\n"
        "def f(x):\n  s = m\n  return s.s.m.s.g(x)",
        "C = 3.0",
    ),
    "default": ("def f(x, c=1.0): return c * x", "f.py_func.__defaults__ = (3.0,)"),
    "code": ("def f(x): return x", "f.py_func.__code__ = (lambda x: 3.0 * x).__code__"),
    "closure": (
        "def make(c):\n  def f(x): return c * x\n  return f\nf = make(1.0)",
        "f.py_func.__closure__[0].cell_contents = 3.0",
    ),
    "helper": ("@njit\ndef g(x): return x\ndef f(x): return g(x)", "@njit\ndef g(x): return 3.0 * x"),
    "helper's constant": ("C = 1.0\n@njit\ndef g(x): return C * x\ndef f(x): return g(x)", "C = 3.0"),
    "constant of a helper that ran before": (
        "C = 1.0\n@njit\ndef g(x): return C * x\ng(1.0)\nC = 2.0\ndef f(x): return g(x)",
        "C = 3.0",
    ),
    "helper's helper's constant": (
        "C = 1.0\n@njit\ndef h(x): return C * x\n@njit\ndef g(x): return h(x)\ndef f(x): return g(x)",
        "C = 3.0",
    ),
    "helper in a module": (
        "C = 1.0\n@njit\ndef g(x): return C * x\nm.g = g\ndef f(x): return m.g(x)",
        "C = 3.0",
    ),
    "helper of a signature": ('C = 1.0\n@njit("f8(f8)")\ndef g(x): return C * x\ndef f(x): return g(x)', "C = 3.0"),
    "helper in a tuple": ("C = 1.0\n@njit\ndef g(x): return C * x\nT = (1.0, g)\ndef f(x): return T[1](x)", "C = 3.0"),
    "kernel": ("C = 1.0\n@kernel\ndef g(x): return C * x\ndef f(x): return g(x)", "C = 3.0"),
    "register_jitable": ("C = 1.0\n@register_jitable\ndef g(x): return C * x\ndef f(x): return g(x)", "C = 3.0"),
    "overload": (
        "C = 1.0\ndef g(x): return x\n@overload(g)\ndef g_(x): return lambda x: C * x\ndef f(x): return g(x)",
        "C = 3.0",
    ),
    "helper of a kernel": (
        "C = 1.0\n@njit\ndef h(x): return C * x\n@kernel\ndef g(x): return h(x)\ndef f(x): return g(x)",
        "C = 3.0",
    ),
    "ufunc": ("C = 1.0\n@vectorize\ndef g(x): return C * x\ndef f(x): return g(x)", "C = 3.0"),
}


FUNCTIONS = """
f = njit(f)
def density(position, data, gradient):
    gradient[0] = -f(position[0]) * f(position[0])
    return -0.5 * f(position[0]) ** 2
def pointwise(position, data, out):
    out[0] = f(position[0])
def simulate(rng, data):
    return np.array([f(2.0)])
"""


def session(source):
    """What a notebook has defined that ran the source, and the functions of a model whose terms are `f`."""
    names = {
        "np": np,
        "m": types.ModuleType("helpers"),
        "types": types,
        "kernel": kernel,
        "overload": overload,
        "register_jitable": register_jitable,
    }
    names |= {"njit": numba.njit, "vectorize": numba.vectorize, "Pair": Pair, "__name__": "notebook"}
    exec(source + FUNCTIONS, names)
    functions = {"log_likelihood": names["pointwise"], "simulate": names["simulate"]}
    model = hmc.Model(names["density"], Nothing(), [hmc.Parameter("x")], name="session", **functions)
    return names, model


def factor(model):
    """By what `f` multiplies, as each of the model's functions has it at 2."""
    value, gradient = model.evaluate([2.0])
    pointwise = model.pointwise("log_likelihood", np.full((1, 1), 2.0))
    seen = [
        np.sqrt(-0.5 * value),
        np.sqrt(-0.25 * gradient[0]),
        0.5 * pointwise[0, 0],
        0.5 * model.simulate(None, 0)[0],
    ]
    assert len(set(seen)) == 1
    return seen[0]


@pytest.mark.parametrize("label", CHANGES)
def test_what_a_function_reaches_is_what_it_is_now(label):
    source, change = CHANGES[label]
    names, model = session(source)
    assert factor(model) == (2.0 if "before" in label else 1.0)
    exec(change, names)
    assert factor(model) == 3.0


def count_compilations(monkeypatch):
    counted = []
    compiled = hmc.jit.compiled._Slot._compiled
    monkeypatch.setattr(hmc.jit.compiled._Slot, "_compiled", lambda *a: counted.append(a) or compiled(*a))
    return counted


def test_what_has_not_changed_is_not_compiled_again(monkeypatch):
    names, model = session("A = np.ones(2)\nC = 1.5\n@njit\ndef g(x): return A[0] * x\ndef f(x): return C * g(x)")
    assert model.evaluate([2.0])[0] == -4.5
    density, counted = model.density()[0], count_compilations(monkeypatch)
    assert model.density()[0] is density
    exec("A = np.ones(2)\nC = 3.0 / 2.0\n@njit\ndef g(x): return A[0] * x", names)  # the cell is run again
    assert model.density()[0] is density
    assert counted == []
    names["C"] = 2.5
    assert model.density()[0] is not density
    assert len(counted) == 1


def test_the_users_own_jitted_functions_stay_as_they_are():
    names, model = session("C = 1.0\n@njit\ndef g(x): return C * x\ndef f(x): return g(x)")
    assert names["g"](2.0) == 2.0
    overloads = dict(names["g"].overloads)
    factor(model)
    names["C"] = 3.0
    factor(model)
    assert dict(names["g"].overloads) == overloads


def test_a_simulator_writes_to_the_module_that_it_holds():
    source = "m.calls = 0\n@njit\ndef g(x): return x\ndef f(x): return g(x)"
    names, _ = session(source)
    exec("def make(s):\n  def simulate(rng, data):\n    s.calls += 1\n    return f(2.0)\n  return simulate", names)
    simulate = names["make"](names["m"])
    for calls in (1, 2):
        assert hmc.jit.compiled.called_from_python(simulate)(None, Nothing()) == 2.0
        assert names["m"].calls == calls


def test_a_change_while_it_compiles_is_neither_used_nor_kept(monkeypatch, tmp_path):
    names, model = session("C = 1.0\ndef f(x): return C * x")
    monkeypatch.setattr(cache, "_folder", lambda: tmp_path / "code")
    (tmp_path / "code").mkdir(mode=0o700)
    cache._is_trusted.cache_clear()
    renewed = hmc.jit.compiled.renewed

    def change_once(function):
        monkeypatch.setattr(hmc.jit.compiled, "renewed", renewed)
        names["C"] = 3.0
        return renewed(function)

    monkeypatch.setattr(hmc.jit.compiled, "renewed", change_once)
    assert model.evaluate([2.0])[0] == -18.0
    assert len(list((tmp_path / "code").iterdir())) == 1  # under the key of 3


def test_an_interrupted_compilation_leaves_nothing(monkeypatch):
    names, model = session("C = 1.0\n@njit\ndef g(x): return C * x\ndef f(x): return g(x)")
    with_types = hmc.jit.compiled._with_types

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(hmc.jit.compiled, "_with_types", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.density()
    monkeypatch.setattr(hmc.jit.compiled, "_with_types", with_types)
    names["C"] = 50.0
    assert factor(model) == 50.0


def test_a_constant_that_is_changed_back_gives_the_first_density_again():
    names, model = session("C = 1.0\ndef f(x): return C * x")
    for c in (1.0, 3.0, 1.0, 3.0):
        names["C"] = c
        assert factor(model) == c


def test_a_function_that_changes_with_every_compilation_is_refused_in_a_line(monkeypatch):
    names, model = session("C = 1.0\ndef f(x): return C * x")
    renewed = hmc.jit.compiled.renewed
    monkeypatch.setattr(hmc.jit.compiled, "renewed", lambda f: names.update(C=names["C"] + 1.0) or renewed(f))
    with pytest.raises(ValueError, match=r"^session: log_density: it changes while it is compiled$"):
        model.density()


# Numba makes the machine code of these once, and not again.
FROZEN = {
    "callback": "@numba.cfunc('f8(f8)')\ndef g(x): return C * x\ndef f(x): return g(x)",
    "stencil": "@numba.stencil\ndef g(a): return C * a[0]\ndef f(x): return g(np.full(1, x))[0]",
    "generalized ufunc": (
        "@numba.guvectorize('void(f8[:], f8[:])', '(n)->(n)')\ndef g(x, out): out[0] = C * x[0]\n"
        "def f(x):\n  out = np.zeros(1)\n  g(np.full(1, x), out)\n  return out[0]"
    ),
    "intrinsic": (
        "@extending.intrinsic\ndef g(typing, x):\n"
        "  make = lambda context, builder, _, values: builder.fmul(values[0], context.get_constant(types.float64, C))\n"
        "  return types.float64(types.float64), make\ndef f(x): return g(x)"
    ),
    "method": (
        "@extending.overload_method(types.Array, 'times_c')\ndef g(x): return lambda x: C * x[0]\n"
        "def f(x): return np.full(1, x).times_c()"
    ),
    "attribute": (
        "@extending.overload_attribute(types.Array, 'c_times')\ndef g(x): return lambda x: C * x[0]\n"
        "def f(x): return np.full(1, x).c_times"
    ),
    "callback in a closed-over module": (
        "@numba.cfunc('f8(f8)')\ndef g(x): return C * x\nm.g = g\n"
        "def make(s):\n  def f(x): return s.g(x)\n  return f\nf = make(m)"
    ),
    "function of a library under a local name": (
        "@extending.overload(np.heaviside)\ndef g(x, y): return lambda x, y: C * x * y\n"
        "def f(x):\n  n = np\n  return n.heaviside(x, 1.0)"
    ),
    "function of a library": (
        "@extending.overload(np.float_power)\ndef g(x, y): return lambda x, y: C * x**y\n"
        "def f(x): return np.float_power(x, 1.0)"
    ),
}


def frozen_session(label):
    return session("C = 1.0\nimport numba\nfrom numba import extending, types\n" + FROZEN[label])


@pytest.mark.parametrize("label", FROZEN)
def test_machine_code_that_cannot_be_made_again_is_refused_where_it_is_out_of_date(label):
    names, model = frozen_session(label)
    for _ in range(2):
        assert model.evaluate([2.0])[0] == -2.0
    names["C"] = 3.0
    with pytest.raises(
        ValueError, match=r"^session: log_density: g reaches something that has changed since: .* again$"
    ):
        model.density()
    names["C"] = 1.0


@pytest.mark.parametrize("label", FROZEN)
def test_machine_code_that_cannot_be_made_again_is_not_kept_on_disk(label):
    """Another process may have another C, and its key would be the same."""
    _, model = frozen_session(label)
    assert model.density_key() is None


def test_overloads_are_those_of_every_template_that_is_one():
    def twice(x):
        return 2.0 * x

    overload(twice)(lambda x: lambda x: x + x)
    assert [template.key for template in overloads_of(twice)] == [twice]
    found = templates._by_function.__wrapped__(len(builtin_registry.globals))
    for function, numba_type in builtin_registry.globals:
        expected = [t for t in getattr(numba_type, "templates", ()) if issubclass(t, _OverloadFunctionTemplate)]
        assert {*expected} <= {*found[id(function)]}
    assert sum(map(len, found.values())) > 100


def test_reach_ends_where_functions_call_each_other():
    names, _ = session("@njit\ndef g(x): return f(x)\ndef f(x): return g(x)")
    assert Reached(names["density"]).is_unchanged()


IN_PROCESSES = textwrap.dedent(
    """
    import author, helper
    from hmc.jit.compiled import numba
    model = author.model()
    values = []
    for weight in (1.0, 4.0, 1.0):
        helper.WEIGHT = weight
        values.append(model.evaluate([1.0, 2.0, 3.0])[0])
    print(values)
    """
)


def test_same_with_and_without_the_jit_and_in_the_next_process(tmp_path):
    running.write_author(tmp_path)
    own = {"NUMBA_CACHE_DIR": tmp_path / "cache"}
    printed = [running.python(tmp_path, IN_PROCESSES, NUMBA_DISABLE_JIT=jit, **own).stdout for jit in (None, "1", None)]
    assert printed == ["[-1.5, -6.0, -1.5]\n"] * 3
