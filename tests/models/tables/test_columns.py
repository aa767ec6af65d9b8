"""What a cell may be, whatever holds it: text of a file, or any of the types that a DataFrame can have."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from models.tables.columns import choice, count, label, number, parsed

NUMBER, COUNT, TRUTH, LABEL = number("x"), count("n"), count("y", most=1), label("who")


def complaint(column, cell):
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        parsed(column, cell)
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    "one", [1, 1.0, "1", " 1 ", "+1", "1.", "1.000", "10e-1", "\t1\u00a0", np.int8(1), Decimal("1.0")]
)
def test_however_a_number_is_written_it_is_the_same(one):
    assert parsed(NUMBER, one) == parsed(COUNT, one) == parsed(TRUTH, one) == 1.0


@pytest.mark.parametrize("one", [np.float16(1), np.float32(1), np.longdouble(1), np.uint64(1), np.array([1.0])[0]])
def test_numbers_of_numpy_are_numbers(one):
    assert parsed(NUMBER, one) == parsed(COUNT, one) == 1.0
    assert parsed(LABEL, one) == "1"


@pytest.mark.parametrize(
    "text",
    [
        "1_000",
        "0x1",
        "1/2",
        "1 000",
        "--1",
        "1e",
        "e1",
        ".",
        "\u0663",
        "\uff11",
        "\u22121",
        "1d3",
        "$1",
        "5%",
        "True",
        "one",
    ],
)
def test_what_only_looks_like_a_number_is_none(text):
    assert complaint(NUMBER, text).endswith("is not a number")


@pytest.mark.parametrize("text", ["1,5", "1,234", "-1,234,567.8", ",5"])
def test_a_comma_in_a_number_is_explained(text):
    assert complaint(NUMBER, text) == f"x = {text} is not a number; decimals have a point, thousands no comma"


@pytest.mark.parametrize("text", ["1e-400", "1.00000000000000000000000000001", "0.5", "1e-99999999999999999999", 2.5])
def test_a_count_is_a_whole_number_before_it_is_rounded(text):
    assert complaint(COUNT, text) == f"n = {text} is not a whole number"


def test_numbers_beyond_what_a_density_can_hold_are_refused():
    assert parsed(COUNT, 1e9) == 1e9
    assert complaint(COUNT, 1e9 + 1) == "n = 1000000001 is more than 1000000000"
    assert complaint(COUNT, "9007199254740993") == "n = 9007199254740993 is more than 1000000000"
    assert parsed(NUMBER, -1e100) == -1e100
    assert complaint(NUMBER, 1.5e100) == "x = 1.5e+100 is too large: at most 1e+100"
    assert complaint(NUMBER, "1e400") == "x = 1e400 is too large"
    assert complaint(NUMBER, "9" * 400) == f"x = {'9' * 35}...{'9' * 12} is too large"
    assert complaint(NUMBER, 10**400) == f"x = 1{'0' * 34}...{'0' * 12} is too large"
    assert complaint(NUMBER, 10**5000) == "x = a number of 16610 bits is too large"


@pytest.mark.parametrize(("cell", "is_true"), [(True, 1), (np.bool_(False), 0), ("TRUE", 1), ("false", 0), ("True", 1)])
def test_true_and_false_are_1_and_0_where_nothing_else_is_asked_for(cell, is_true):
    assert parsed(TRUTH, cell) == is_true
    assert complaint(COUNT, cell) == f"n = {cell} is not a number"
    assert complaint(NUMBER, cell) == f"x = {cell} is not a number"


@pytest.mark.parametrize(
    "cell",
    [
        None,
        np.nan,
        pd.NA,
        pd.NaT,
        "",
        " ",
        "NA",
        "N/A",
        "#N/A",
        "NULL",
        "nan",
        Decimal("NaN"),
        np.datetime64("NaT", "ns"),
        np.timedelta64("NaT"),
    ],
)
def test_what_is_missing_is_said_to_be_missing(cell):
    for column in (NUMBER, COUNT, LABEL):
        assert complaint(column, cell) == f"{column.name} is missing"


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ([1], "list"),
        ({}, "dict"),
        (b"1", "bytes"),
        (1 + 0j, "complex"),
        (np.complex128(1), "complex"),
        (pd.Timestamp(2020, 1, 1), "Timestamp"),
        (pd.Timedelta(1), "Timedelta"),
        (pd.Period("2020"), "Period"),
        (np.array([1]), "ndarray"),
        (np.datetime64("2020-01-01"), "datetime64"),
        (np.datetime64(1, "ns"), "datetime64"),
        (np.timedelta64(1, "ns"), "timedelta64"),
        (np.timedelta64(1, "D"), "timedelta64"),
        (int, "type"),
    ],
)
def test_what_is_neither_a_number_nor_a_text_is_refused(cell, kind):
    assert complaint(COUNT, cell) == f"n is of type {kind}, neither a number nor a text"
    assert complaint(LABEL, cell) == f"who is of type {kind}, neither a number nor a text"


HIDDEN = ["aqu\u200b", "\u200eaqu", "a\xadqu", "a\u2028", "\u202eaqu", "\u3164", "a\u2800", "a\u2060b", "a\U000e0041"]


@pytest.mark.parametrize("text", [*HIDDEN, "a\u200d", "a\u200cb", "\u200dé", "é\u200d", "a\ufe0f", "\ufe0f"])
def test_what_nobody_sees_is_no_part_of_a_name(text):
    hidden = next(character for character in text if character not in "aqubé")
    said = f"who = {text!a} has" if not text.isprintable() else f"who = {text} has"
    assert complaint(LABEL, text) == f"{said} a character that does not belong in a text: U+{ord(hidden):04X}"


def test_blanks_of_all_widths_are_blanks():
    for blank in "\xa0\u1680\u2000\u2009\u200a\u202f\u205f\u3000":
        assert parsed(LABEL, f"{blank}a{blank}b{blank}") == "a b"
        assert parsed(COUNT, f"2{blank}") == 2.0
        assert complaint(LABEL, blank) == "who is missing"
        assert complaint(COUNT, f"1{blank}2") == "n = 1 2 is not a number"


@pytest.mark.parametrize("text", ["a\0", "a\nb", "\ufeffa", "a\x1c", "a\x85", "\ud800"])
def test_hidden_characters_are_no_part_of_a_name(text):
    said = "has a character that does not belong in a text: U+"
    assert complaint(LABEL, text).startswith(f"who = {text!a} {said}")
    assert said in complaint(choice("c", text), text)
    assert complaint(LABEL, "caf\ufffd") == f"who = caf\ufffd {said}FFFD"


def test_names_are_taken_as_they_are():
    for text in ("Zoë", "an 'apostrophe'", '"', "क्\u200dष", "❤\ufe0f\u200d🔥", "x" * 200, "0x1", "-", "True"):
        assert parsed(LABEL, text) == text
    assert complaint(LABEL, "x" * 201) == f"who = {'x' * 35}...{'x' * 12} has 201 characters; at most 200"


def test_a_number_that_names_something_names_the_same_in_a_column_of_floats():
    """A column of whole numbers becomes one of floats when something is missing elsewhere in the frame it came from."""
    assert parsed(LABEL, 96434.0) == parsed(LABEL, 96434) == parsed(LABEL, "96434") == "96434"
    assert parsed(LABEL, 1.5) == "1.5"
