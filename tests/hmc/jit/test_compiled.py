"""Data reach compiled code as they are: every type, shape and nesting that `pack` accepts."""

from typing import NamedTuple

import numpy as np
import pytest

from hmc.jit.compiled import DENSITY, POINTWISE, compile_author_function
from hmc.jit.packing import note_exception, pack

SIZE = 64


class Box(NamedTuple):
    """Anything."""

    x: object


class Inner(NamedTuple):
    """Scalars of each kind."""

    flag: bool
    number: float
    count: int


class Nested(NamedTuple):
    """Tuples in tuples, arrays between them."""

    first: np.ndarray
    inner: Inner
    pair: tuple
    last: np.ndarray


def vector(position, data, out):
    out[0] = data.x.shape[0]
    for i in range(data.x.shape[0]):
        out[1 + i] = data.x[i]


def matrix(position, data, out):
    out[0], out[1] = data.x.shape
    for i in range(data.x.shape[0]):
        for j in range(data.x.shape[1]):
            out[2 + i * data.x.shape[1] + j] = data.x[i, j]


def cube(position, data, out):
    out[0], out[1], out[2] = data.x.shape
    for i in range(data.x.shape[0]):
        for j in range(data.x.shape[1]):
            for k in range(data.x.shape[2]):
                out[3 + (i * data.x.shape[1] + j) * data.x.shape[2] + k] = data.x[i, j, k]


def scalar(position, data, out):
    out[0] = data.x
    out[1] = data.x / 3.0


def nested(position, data, out):
    out[0], out[1] = data.first[0], data.first[-1]
    out[2], out[3], out[4] = data.inner.flag, data.inner.number, data.inner.count
    out[5], out[6] = data.pair[0], data.pair[1][1]
    out[7], out[8] = data.last[1, 0], data.last.shape[1]


READERS = {1: vector, 2: matrix, 3: cube}
DTYPES = ["f8", "f4", "i8", "i4", "i2", "u1", "u4", "u8", "bool"]


def seen(function, data):
    """What compiled code makes of data, after Python's own reading has been found the same."""
    packed = pack(data)
    compiled = compile_author_function(function, packed.type, POINTWISE)
    out, expected = np.full(SIZE, -1.0), np.full(SIZE, -1.0)
    compiled(np.zeros(1), packed.address, out)
    function(np.zeros(1), data, expected)
    assert np.array_equal(out, expected)
    return out


def values(dtype, shape):
    numbers = np.random.default_rng(1).integers(0, 100, shape)
    return (numbers % 2 if dtype == "bool" else numbers).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)])
def test_array_is_seen_as_python_sees_it(dtype, shape):
    out = seen(READERS[len(shape)], Box(values(dtype, shape)))
    assert np.array_equal(out[len(shape) : len(shape) + np.prod(shape)], values(dtype, shape).ravel())


def test_comparison_notices_an_array_that_is_read_in_another_order():
    with pytest.raises(AssertionError):
        assert np.array_equal(seen(matrix, Box(values("f8", (3, 4))))[2:14], values("f8", (3, 4)).T.ravel())


@pytest.mark.parametrize(
    "array",
    [
        np.arange(10.0)[::2], np.arange(10.0)[::-1], np.asfortranarray(values("f8", (3, 4))),
        values("i8", (6, 4))[::2, 1:3],
        values("f4", (3, 4)).T, np.broadcast_to(1.5, (3, 4)), np.frombuffer(b"\0" * 25, np.uint8)[1:].view("f8"),
        np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)),
    ],
    ids=lambda a: f"{a.shape}{a.strides}",
)  # fmt: skip
def test_view_of_an_array_is_seen_as_python_sees_it(array):
    seen(READERS[array.ndim], Box(array))


def test_read_only_array_is_of_the_same_type_as_another():
    array = np.arange(5.0)
    array.flags.writeable = False
    assert pack(Box(array)).type == pack(Box(np.arange(5.0))).type
    assert seen(vector, Box(array))[1:6].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "number", [3, -(2**63), 2**63 - 1, 2.5, -0.0, float("inf"), True, False, np.float64(2.5), np.float32(0.75),
               np.int32(-7), np.uint8(200), np.bool_(True)],
)  # fmt: skip
def test_number_is_seen_as_python_sees_it(number):
    out = seen(scalar, Box(number))
    assert np.signbit(out[0]) == np.signbit(float(number))


def test_nan_is_nan():
    packed = pack(Box(float("nan")))
    out = np.zeros(2)
    compile_author_function(scalar, packed.type, POINTWISE)(np.zeros(1), packed.address, out)
    assert np.isnan(out).all()


def test_nested_tuples_are_seen_as_python_sees_them():
    data = Nested(np.arange(3.0), Inner(True, 2.5, -4), (7, (1.0, 9)), np.array([[1, 2], [3, 4]], np.int32))
    assert seen(nested, data)[:9].tolist() == [0.0, 2.0, 1.0, 2.5, -4.0, 7.0, 9.0, 3.0, 2.0]


def test_tuples_of_nothing_are_data():
    class Nothing(NamedTuple):
        pass

    def constant(position, data, gradient):
        return 1.5

    packed = pack(Nothing())
    assert compile_author_function(constant, packed.type, DENSITY)(np.zeros(1), packed.address, np.zeros(1)) == 1.5


def test_arrays_are_shared_not_copied():
    array = np.arange(4.0)
    packed = pack(Box(array))
    compiled = compile_author_function(vector, packed.type, POINTWISE)
    array[2] = 99.0
    out = np.zeros(SIZE)
    compiled(np.zeros(1), packed.address, out)
    assert out[3] == 99.0


@pytest.mark.parametrize("shape", [(1,), (30,), (0,)])
def test_data_of_another_length_are_of_the_same_type(shape):
    assert pack(Box(np.zeros(shape))).type == pack(Box(np.zeros(5))).type
    packed = pack(Box(np.zeros(shape)))
    assert compile_author_function(vector, packed.type, POINTWISE) is compile_author_function(
        vector, pack(Box(np.zeros(5))).type, POINTWISE
    )


NUMBERS_AND_BOOLS = "not of 1 to 8 byte numbers or bools of this machine"
KINDS = "data are NumPy arrays of numbers, ints, floats and bools"


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("a", f"data.x is a str; {KINDS}"),
        ([1.0], f"data.x is a list; {KINDS}"),
        (None, f"data.x is a NoneType; {KINDS}"),
        ({}, f"data.x is a dict; {KINDS}"),
        (1j, f"data.x is a complex; {KINDS}"),
        (Inner("a", 1, 2), f"data.x.flag is a str; {KINDS}"),
        ((1, [2]), f"data.x.1 is a list; {KINDS}"),
        (np.ma.zeros(2), f"data.x is a MaskedArray; {KINDS}"),
        (np.array(["a"]), f"data.x is an array of <U1, {NUMBERS_AND_BOOLS}"),
        (np.array([None]), f"data.x is an array of |O, {NUMBERS_AND_BOOLS}"),
        (np.zeros(2, np.complex128), f"data.x is an array of <c16, {NUMBERS_AND_BOOLS}"),
        (np.zeros(2, np.float16), f"data.x is an array of <f2, {NUMBERS_AND_BOOLS}"),
        (np.zeros(2, ">f8"), f"data.x is an array of >f8, {NUMBERS_AND_BOOLS}"),
        (np.array(1.0), "data.x is an array of no dimension; give a float or an int"),
        (2**63, "data.x = 9223372036854775808 does not fit into 64 bits"),
        (-(2**63) - 1, "data.x = -9223372036854775809 does not fit into 64 bits"),
        (np.uint64(2**63), "data.x = 9223372036854775808 does not fit into 64 bits"),
    ],
    ids=str,
)
def test_data_of_another_kind_are_refused_by_name(item, message):
    with pytest.raises(TypeError) as caught:
        pack(Box(item))
    assert str(caught.value) == message


def test_exceptions_are_counted_and_the_last_position_is_noted():
    notes = pack(Box(1.0), 2).notes
    assert notes.tolist() == [0.0, 0.0, 0.0]
    for count in (1, 2, 3):
        note_exception(notes, np.array([count, -1.5]))
        assert notes.tolist() == [count, count, -1.5]
