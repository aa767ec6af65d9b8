"""Frames as texts: how many decimals, which columns belong together, what is left out."""

import numpy as np
import pandas as pd
import pytest

from figures.lecture.page.cells import grid, number


def column(values, label="mean"):
    """What is written for a column of these values."""
    return grid(pd.DataFrame({label: values}, index=list("abc")[: len(values)])).columns[0]


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (1.005, 1, "1.0"),
        (-0.25, 2, "\N{MINUS SIGN}0.25"),
        (-0.004, 2, "0.00"),
        (12345.6, 0, "12,346"),
        (np.inf, 2, "∞"),
        (-np.inf, 2, "\N{MINUS SIGN}∞"),
    ],
)
def test_a_number_has_its_decimals_and_no_sign_that_means_nothing(value, decimals, text):
    assert number(value, decimals) == text


@pytest.mark.parametrize(
    ("label", "values", "texts"),
    [
        ("mean", [1.0, 2.345], ("1.00", "2.35")),
        ("n_eff", [812.7, 1234.5], ("813", "1,234")),
        ("ess_bulk", [812.7], ("813",)),
        ("visits", [1, 20], ("1", "20")),
        ("mcse", [0.0123, 0.001], ("0.012", "0.001")),
        ("tiny", [1e-12], ("0.000000",)),
        ("nothing", [0.0, 0.0], ("0.00", "0.00")),
        ("dSE", [np.nan, 3.84], ("", "3.84")),
        ("all missing", [np.nan, None], ("", "")),
        ("is right", [True, False], ("yes", "no")),
        ("words", ["mST", None], ("mST", "")),
        ("mixed", [2.0, "none"], ("2.00", "none")),
    ],
)
def test_a_column_is_written_as_its_kind_asks(label, values, texts):
    assert column(values, label).cells == texts


def test_numbers_are_told_from_words():
    assert column([1.0, np.nan]).is_number
    assert not column([1.0, "none"]).is_number


def test_exact_and_published_columns_are_groups_apart():
    frame = pd.DataFrame([[0.0] * 4], columns=["mean", "exact mean", "exact sd", "published mean"], index=["a"])
    shown = grid(frame)
    assert shown.groups == (("", 1, False), ("exact", 2, True), ("published", 1, True))
    assert [c.label for c in shown.columns] == ["mean", "mean", "sd", "mean"]
    assert [c.is_apart for c in shown.columns] == [False, True, True, True]
    assert [c.is_first for c in shown.columns] == [False, True, False, True]


def test_other_words_with_spaces_are_no_groups():
    shown = grid(pd.DataFrame({"share of draws": [1.0], "exact": [1.0]}))
    assert shown.groups == ()
    assert [c.label for c in shown.columns] == ["share of draws", "exact"]
    assert [c.is_apart for c in shown.columns] == [False, True]


def test_two_levels_of_columns_are_groups():
    levels = pd.MultiIndex.from_tuples([("bxy", "bias"), ("bxy", "covers"), ("bzy", "bias")])
    shown = grid(pd.DataFrame([[1.0, 2.0, 3.0]], columns=levels, index=["m0"]))
    assert shown.groups == (("bxy", 2, False), ("bzy", 1, False))
    assert [c.label for c in shown.columns] == ["bias", "covers", "bias"]


def test_rows_have_their_labels_and_those_only_counted_none():
    one = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.Index(["m0", "mf"], name="model"))
    two = one.set_index(pd.MultiIndex.from_tuples([("m0", 1), ("m0", 2)], names=["model", None]))
    assert (grid(one).corner, grid(one).labels) == (("model",), (("m0",), ("mf",)))
    assert (grid(two).corner, grid(two).labels) == (("model", ""), (("m0", "1"), ("m0", "2")))
    assert (grid(one.reset_index(drop=True)).corner, grid(one.reset_index(drop=True)).labels) == ((), ((), ()))
