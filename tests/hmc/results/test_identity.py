"""hmc.results.identity: which data are the same. Values and shape are compared; bytes and types where code needs it."""

import numpy as np
import pytest

from hmc.results.identity import Identity, contents, model_difference

NUMBERS = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])


def difference(one, other, **how):
    identities = (Identity("m", (), {"y": contents(array)}, {}) for array in (one, other))
    return model_difference(*identities, **how)


SAME = {
    "a copy": NUMBERS.copy(),
    "a view": np.repeat(NUMBERS, 2)[::2],
    "zero with a sign": NUMBERS * np.array([-1.0, 1, 1, 1, 1, 1]),
    "int8": NUMBERS.astype(np.int8),
    "uint64": NUMBERS.astype(np.uint64),
    "float32": NUMBERS.astype(np.float32),
    "other bytes": NUMBERS.astype(">f8"),
}


@pytest.mark.parametrize("label", SAME)
def test_equal_values_are_the_same_data(label):
    assert difference(NUMBERS, SAME[label], types_matter=False) is None
    is_told = difference(NUMBERS, SAME[label]) is not None
    assert is_told == (SAME[label].dtype != NUMBERS.dtype)


OTHER = {
    "a value": NUMBERS + np.array([0, 0, 0, 0, 0, 1e-15]),
    "order": NUMBERS[::-1],
    "a row": NUMBERS.reshape(1, 6),
    "a column": NUMBERS.reshape(6, 1),
    "a matrix": NUMBERS.reshape(2, 3),
    "fewer": NUMBERS[:5],
    "nan": np.where(NUMBERS == 2.0, np.nan, NUMBERS),
}


@pytest.mark.parametrize("types_matter", [True, False])
@pytest.mark.parametrize("label", OTHER)
def test_another_value_or_another_shape_is_other_data(label, types_matter):
    assert difference(NUMBERS, OTHER[label], types_matter=types_matter).startswith("it is a fit of other data: y ")


def test_a_matrix_is_not_its_transpose_though_its_numbers_come_in_the_same_order():
    assert difference(NUMBERS.reshape(2, 3), NUMBERS.reshape(3, 2), types_matter=False) == (
        "it is a fit of other data: y is float64 of shape (2, 3) in the fit, and float64 of shape (3, 2) in the model"
    )


def test_whole_numbers_that_floats_cannot_hold_are_compared_too():
    large = np.array([2**53, 2**53 + 1])
    assert difference(large, np.array([2**53, 2**53]), types_matter=False) is not None
    assert difference(large, large.astype(np.uint64), types_matter=False) is None
