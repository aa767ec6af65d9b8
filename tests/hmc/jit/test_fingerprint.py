"""A fingerprint changes with everything that machine code is made of, and with nothing else."""

import math
import types
from collections import namedtuple

import numba
import numpy as np
import pytest
from numba.core.typing.templates import builtin_registry
from numba.extending import overload

from hmc.jit.fingerprint import fingerprint, overloads_by_users

NAME = "author"  # the module that the functions under test claim to come from


def define(source, **namespace):
    """The function `f` of a source text, with these globals."""
    namespace |= {"__name__": NAME, "np": np, "math": math}
    exec(compile(source, "author.py", "exec"), namespace)
    return namespace["f"]


def jitted(source, **namespace):
    return numba.njit(define(source, **namespace))


def module(**content):
    result = types.ModuleType("helpers")
    result.__dict__.update(content)
    return result


IDENTITY, DOUBLE = "def f(x): return x", "def f(x): return 2.0 * x"
CALL = "def f(x): return g(x)"
Pair, Swapped = namedtuple("Pair", "a b"), namedtuple("Pair", "b a")

PAIRS = {
    "bytecode": (define("def f(x): return x + 1.0"), define("def f(x): return x - 1.0")),
    "constant": (define("def f(x): return x + 1.0"), define("def f(x): return x + 2.0")),
    "constant type": (define("def f(x): return x + 1"), define("def f(x): return x + 1.0")),
    "sign of zero": (define("def f(x): return x * 0.0"), define("def f(x): return x * -0.0")),
    "global": (define("def f(x): return x + C", C=1.0), define("def f(x): return x + C", C=2.0)),
    "bool or int": (define("def f(x): return x + C", C=1), define("def f(x): return x + C", C=True)),
    "helper": (define(CALL, g=jitted(IDENTITY)), define(CALL, g=jitted(DOUBLE))),
    "helper's helper": (
        define(CALL, g=jitted(CALL, g=jitted(IDENTITY))),
        define(CALL, g=jitted(CALL, g=jitted(DOUBLE))),
    ),
    "global of a helper's helper": (
        define(CALL, g=jitted(CALL, g=jitted("def f(x): return x + C", C=1.0))),
        define(CALL, g=jitted(CALL, g=jitted("def f(x): return x + C", C=2.0))),
    ),
    "default argument": (define("def f(x, y=1.0): return x + y"), define("def f(x, y=2.0): return x + y")),
    "default of a helper": (
        define(CALL, g=jitted("def f(x, y=1.0): return x + y")),
        define(CALL, g=jitted("def f(x, y=2.0): return x + y")),
    ),
    "function within": (
        define("def f(x):\n  h = lambda t: t + C\n  return h(x)", C=1.0),
        define("def f(x):\n  h = lambda t: t + C\n  return h(x)", C=2.0),
    ),
    "function of a module": (
        define("def f(x): return h.g(x)", h=module(g=jitted(IDENTITY))),
        define("def f(x): return h.g(x)", h=module(g=jitted(DOUBLE))),
    ),
    "constant of a module in a module": (
        define("def f(x): return h.sub.C + x", h=module(sub=module(C=1.0))),
        define("def f(x): return h.sub.C + x", h=module(sub=module(C=2.0))),
    ),
    "array": (define("def f(x): return A[0]", A=np.array([1.0])), define("def f(x): return A[0]", A=np.array([2.0]))),
    "array's type": (
        define("def f(x): return A[0]", A=np.zeros(1)),
        define("def f(x): return A[0]", A=np.zeros(1, np.int64)),
    ),
    "array's shape": (
        define("def f(x): return A.shape[0]", A=np.zeros((2, 3))),
        define("def f(x): return A.shape[0]", A=np.zeros((3, 2))),
    ),
    "tuple": (define("def f(x): return T[0]", T=(1.0, 2)), define("def f(x): return T[0]", T=(2.0, 2))),
    "order of a NamedTuple's fields": (
        define("def f(x): return T.a", T=Pair(1.0, 2.0)),
        define("def f(x): return T.a", T=Swapped(1.0, 2.0)),
    ),
    "order of the fields of a NamedTuple that is built": (
        define("def f(x): return P(x, 1.0).a", P=Pair),
        define("def f(x): return P(x, 1.0).a", P=Swapped),
    ),
    "options": (
        define(CALL, g=numba.njit(define(IDENTITY))),
        define(CALL, g=numba.njit(fastmath=True)(define(IDENTITY))),
    ),
    "own options": (numba.njit(define(IDENTITY)), numba.njit(error_model="numpy")(define(IDENTITY))),
    "explicit signature": (
        define(CALL, g=numba.njit("float64(float64)")(define(DOUBLE))),
        define(CALL, g=numba.njit("float32(float32)")(define(DOUBLE))),
    ),
    "types of locals": (
        define(CALL, g=numba.njit(define("def f(x):\n  z = x * 1.1\n  return z"))),
        define(CALL, g=numba.njit(locals={"z": numba.float32})(define("def f(x):\n  z = x * 1.1\n  return z"))),
    ),
    "compiled callback": (
        define(CALL, g=numba.cfunc("f8(f8)")(define(IDENTITY))),
        define(CALL, g=numba.cfunc("f8(f8)")(define(DOUBLE))),
    ),
    "Numba type": (define("def f(x): return T(x)", T=numba.float32), define("def f(x): return T(x)", T=numba.float64)),
    "library function": (define("def f(x): return math.exp(x)"), define("def f(x): return math.log(x)")),
    "library": (define("def f(x): return math.exp(x)"), define("def f(x): return np.exp(x)")),
}


def kept(function):
    """The fingerprint, or something unique where there is none: then nothing is kept, and nothing can be stale."""
    try:
        return fingerprint(function)
    except Exception as error:
        assert type(error).__name__.startswith("Undeterminable")  # noqa: PT017
        return object()


@pytest.mark.parametrize("label", PAIRS)
def test_fingerprint_tells_apart(label):
    one, other = PAIRS[label]
    assert kept(one) != kept(other)


def reads(array):
    return define("def f(x): return A[0]", A=array)


@pytest.mark.parametrize("dtype", ["bool", "i1", "u2", "i8", "f4", "f8", "c16"])
@pytest.mark.parametrize("shape", [(4,), (2, 2), (0,), ()])
def test_fingerprint_of_equal_arrays_is_equal(dtype, shape):
    """So that the second process finds what the first one kept."""
    one, other = (np.ones(shape, dtype) for _ in range(2))
    assert fingerprint(reads(one)) == fingerprint(reads(other))


@pytest.mark.parametrize(
    "other", [[1.0, 2.0, 3.0, 5.0], [1.0, 2.0, 3.0], [[1.0, 2.0], [3.0, 4.0]], [1, 2, 3, 4], [4.0, 3.0, 2.0, 1.0]],
    ids=["value", "length", "shape", "type", "order"],
)  # fmt: skip
def test_fingerprint_of_arrays_that_differ_differs(other):
    assert fingerprint(reads(np.array([1.0, 2.0, 3.0, 4.0]))) != fingerprint(reads(np.array(other)))


def test_fingerprint_sees_the_order_of_bytes():
    array = np.arange(4.0)
    assert fingerprint(reads(array)) != fingerprint(reads(array.view(array.dtype.newbyteorder())))


def test_fingerprint_tells_apart_closures():
    source = "def make(c):\n  def inner(x): return x + c\n  return inner\nf = make"
    make = define(source)
    assert fingerprint(make(1.0)) == fingerprint(make(1.0))
    assert fingerprint(make(1.0)) != fingerprint(make(2.0))


def test_fingerprint_tells_apart_modules_in_closures():
    make = define("def f(h):\n  def inner(x): return h.g(x)\n  return inner")
    assert kept(make(module(g=jitted(IDENTITY)))) != kept(make(module(g=jitted(DOUBLE))))


@pytest.mark.parametrize("name", [None, "builtins"])
def test_fingerprint_tells_apart_functions_of_no_module(name):
    """`exec` in a bare dictionary makes such functions; notebooks and templates do so."""
    one, other = define(IDENTITY), define(DOUBLE)
    one.__module__ = other.__module__ = name
    assert kept(one) != kept(other)


def test_fingerprint_does_not_see_comments_lines_or_file_names():
    bare = define("def f(x):\n    return x + 1.0")
    moved = define("# a comment\n\n\ndef f(x):\n    # another\n    return x + 1.0  # and another")
    assert fingerprint(bare) == fingerprint(moved)


def test_fingerprint_is_the_same_in_a_function_and_its_jitted_form_defined_again():
    first, second = (define(CALL, g=jitted(CALL, g=jitted(IDENTITY))) for _ in range(2))
    assert fingerprint(first) == fingerprint(second)


def test_fingerprint_of_functions_that_call_each_other_ends():
    namespace = {"__name__": NAME}
    even = "def even(n): return odd(n - 1) if n > 0 else 1.0"
    for name, source in (("even", even), ("odd", "def odd(n): return even(n - 1) if n > 0 else 0.0")):
        exec(source, namespace)
        namespace[name] = numba.njit(namespace[name])
    assert len(fingerprint(namespace["even"])) == 64


def test_fingerprint_depends_on_all_its_arguments():
    f = define(IDENTITY)
    assert len({fingerprint(f), fingerprint(f, "a"), fingerprint(f, "b"), fingerprint(f, Pair)}) == 4
    assert fingerprint(f, Pair) != fingerprint(f, Swapped)


class Thing:
    c = 1.0


UNKNOWABLE = {
    "list": [1.0],
    "dictionary": {"a": 1.0},
    "object": Thing(),
    "class": Thing,
    "typed list": numba.typed.List([1.0]),
    "array of objects": np.array([None]),
    "ufunc of the author's": numba.vectorize(define(IDENTITY)),
    "module": module(),
}


@pytest.mark.parametrize("label", UNKNOWABLE)
def test_fingerprint_refuses_what_it_cannot_read_off(label):
    with pytest.raises(Exception, match=r".") as caught:
        fingerprint(define("def f(x): return T", T=UNKNOWABLE[label]))
    assert caught.type.__name__.startswith("Undeterminable")


def plain(x):
    return x


@overload(plain)
def _plain(x):
    return lambda x: 2.0 * x


def test_fingerprint_refuses_python_functions_with_an_overload_behind_them():
    with pytest.raises(Exception, match="plain") as caught:
        fingerprint(define(CALL, g=plain))
    assert caught.type.__name__.startswith("Undeterminable")


def test_no_template_of_numbas_own_is_taken_for_an_authors():
    """Else densities that call `len` or `abs` would be kept on disk no more."""
    own = [function for function, _ in builtin_registry.globals if getattr(function, "__module__", "") == "builtins"]
    assert len in own
    assert abs in own
    assert [function for function in own if overloads_by_users(function)] == []
