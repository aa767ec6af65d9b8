"""Tables show what they know: digits by the size of standard deviations and of Monte Carlo errors."""

import math
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics import compare, precis
from diagnostics.formatting import aligned, formatted, number_text, plain_text, table_text
from diagnostics.precis import summary

NUMBERS = st.floats(1e-300, 1e300)


def draws(mean, sd, size=(4, 500), seed=3):
    return mean + sd * np.random.default_rng(seed).standard_normal(size)


@pytest.mark.parametrize(
    ("value", "sd", "error", "text"),
    [
        (0.0003, 0.0001, math.nan, "0.000300"),
        (1.34567, 0.247, 0.0035, "1.346"),
        (1.34567, 0.247, 0.00035, "1.3457"),  # the error is smaller than the sd's third digit
        (1234.56789, 98.7, math.nan, "1234.6"),
        (1234.56789, 9870.0, math.nan, "1235"),
        (-0.00001, 0.2, math.nan, "0.000"),
        (3e-20, 1e-21, math.nan, "3.000e-20"),
        (3e20, 1e18, math.nan, "3.0000e+20"),
        (5.0, 0.0, math.nan, "5.00"),  # a constant
        (0.0, 0.0, math.nan, "0.00"),
        (math.nan, 1.0, math.nan, ""),
        (math.inf, 1.0, math.nan, "inf"),
        (2.5, math.nan, math.nan, "2.50"),
    ],
)
def test_numbers_have_three_digits_of_their_sd(value, sd, error, text):
    assert number_text(value, sd, error) == text


@given(NUMBERS, NUMBERS)
def test_no_number_is_shown_worse_than_to_a_two_hundredth_of_its_sd(value, sd):
    shown = float(number_text(value, sd))
    assert abs(shown - value) <= max(sd / 200, 1e-15 * value)


@given(NUMBERS, NUMBERS)
def test_no_number_looks_more_exact_than_a_ten_thousandth_of_its_sd(value, sd):
    mantissa, _, exponent = number_text(value, sd).partition("e")
    digits_after = len(mantissa.partition(".")[2])
    assert digits_after == 0 or 10.0 ** (int(exponent or 0) - digits_after) >= 0.99e-3 * min(sd, max(value, sd))


@pytest.mark.parametrize("unit", [1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6])
def test_a_table_says_the_same_in_every_unit(unit):
    """The mean, the sd and the interval can be read from it to three digits of the sd."""
    table = precis({"x": draws(2.0 * unit, 0.5 * unit), "y": draws(0.3, 0.1)})
    read = {line.split()[0]: [float(x) for x in line.split()[1:5]] for line in table_text(table).splitlines()[1:]}
    for name, scale in (("x", 0.5 * unit), ("y", 0.1)):
        assert np.allclose(read[name], table.loc[name].iloc[:4].to_numpy(float), rtol=0, atol=0.006 * scale)


def test_digits_are_as_many_as_asked_for():
    table = precis({"x": draws(0.0003, 0.0001)})
    assert table_text(table, 2).splitlines()[1].split()[1:3] == ["0.00", "0.00"]
    assert len(table_text(table, 7).splitlines()[1].split()[1]) == len("0.0003000")
    with pytest.raises(ValueError, match="digits = -1 is not a whole number from 0 to 17"):
        table_text(table, -1)


def test_print_and_notebook_show_the_same_as_the_command():
    table = precis({"rate": draws(0.0003, 0.0001), "count": draws(1200.0, 10.0)})
    assert str(table) == repr(table) == table_text(table)
    cells = re.findall(r"<td [^>]*>(.*?)</td>", table._repr_html_())
    rows = zip(table.index, formatted(table).to_numpy(), strict=True)
    assert cells == [text for label, row in rows for text in (label, *row)]
    assert table.text(1).splitlines()[1].split()[1] == "1200.0" or "0.0" in table.text(1)


@pytest.mark.parametrize("digits", [None, 0, 3])
def test_without_pandas_the_text_is_the_same(digits):
    fit = {"mu": draws(0.0003, 1e-4), "a": draws(1e7, 3.0, (4, 500, 12)), "tab\tand\nline": draws(-5.0, 1e-12)}
    fit |= {"missing": np.full((4, 500), np.nan), "constant": np.full((4, 500), 2.0), "b": draws(-1.0, 1e12)}
    fit["b"][0, 0] = np.inf
    given = {"depth": 2, "tail_ess": True, "mcse": True}
    table = summary(fit, **given)
    assert plain_text(table.labels, table.columns, digits) == table_text(precis(fit, **given), digits)


def test_a_table_without_rows_is_its_head():
    table = summary({"a": draws(0.0, 1.0, (4, 500, 2))}, depth=1)
    assert plain_text(table.labels, table.columns).split() == ["mean", "sd", "5.5%", "94.5%", "n_eff", "Rhat4"]
    assert table.note == "2 vector or matrix parameters hidden; use depth=2"


def test_a_table_is_still_a_data_frame():
    table = precis({"x": draws(0.0, 1.0)})
    assert isinstance(table, pd.DataFrame)
    assert type(table[["mean"]]) is type(table.T) is pd.DataFrame
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(table)), table)


def test_small_weights_and_the_best_models_blanks_are_shown():
    log_lik = {"good": draws(-1.0, 0.1, (4, 100, 30)), "bad": draws(-2.0, 0.1, (4, 100, 30), seed=4)}
    lines = table_text(compare(log_lik)).splitlines()
    good, bad = lines[2].split(), lines[3].split()
    assert (good[0], good[3], good[-1]) == ("good", "0.00", "1.000")  # its p_worse is blank
    assert 0 < float(bad[-5]) < 1e-10
    assert bad[-4:] == ["1.00", "N", "<", "100"]


def test_points_stand_below_each_other():
    assert aligned(["1.5", "", "12", "0.123"]) == ["1.5  ", "", "12    ", "0.123"]
