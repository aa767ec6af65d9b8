"""Rows against NumPy's one-line versions of the same."""

import numpy as np
import pytest

from hmc.sampler.rows import add_row, add_rows, copy_row


def test_rows_are_copied_and_added():
    target = np.ones(3)
    add_row(np.arange(3.0), target)
    assert target.tolist() == [1, 2, 3]
    copy_row(np.arange(3.0), target)
    assert target.tolist() == [0, 1, 2]


@pytest.mark.parametrize("is_lower", [True, False])
@pytest.mark.parametrize("dimension", [1, 3, 4, 5, 8, 11])
def test_four_rows_at_a_time_are_the_same_sum_bit_for_bit_as_one_by_one(dimension, is_lower):
    rng = np.random.default_rng(dimension)
    out, weights = rng.normal(size=(2, dimension))
    triangle = rng.normal(size=(dimension, dimension))
    triangle = np.tril(triangle) if is_lower else np.triu(triangle)
    expected = out.copy()
    for weight, row in zip(weights, triangle, strict=True):
        expected += 0.7 * weight * row
    add_rows(out, weights, 0.7, triangle, is_lower)
    assert (out == expected).all()


def test_rows_added_in_another_order_are_another_sum():
    """The negative twin: the comparison above sees the order."""
    rng = np.random.default_rng(1)
    out, weights = rng.normal(size=(2, 11))
    triangle = np.tril(rng.normal(size=(11, 11)))
    reversed_rows = out.copy()
    for weight, row in zip(weights[::-1], triangle[::-1], strict=True):
        reversed_rows += 0.7 * weight * row
    add_rows(out, weights, 0.7, triangle, True)
    assert (out != reversed_rows).any()
    np.testing.assert_allclose(out, reversed_rows, rtol=0, atol=1e-13)  # a dozen roundings of numbers up to 10
