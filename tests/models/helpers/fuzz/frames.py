"""Ways to damage a table in a DataFrame, step by step, and data that are no DataFrame at all.

A step is (name, i, j, k). What the numbers mean, a row, a column, a value, is up to the step; they are taken modulo
what there is, so that every step can follow every other.
"""

from decimal import Decimal

import numpy as np
import pandas as pd

GOOD_CELLS = [0, 1, 2, 3, 7, 25.0, "1", " 2 ", "3.0", "+4", "5e0", "1E1", "no", "pred", "big", "small", "a"]
GOOD_CELLS += [True, False, "TRUE", np.int64(3), np.float32(2.0), np.bool_(True), np.longdouble(1), Decimal("2")]
GOOD_CELLS += ["Some College", 0.5, -1.5]
MISSING_CELLS = ["", " ", "NA", "NULL", "nan", None, np.nan, pd.NA, pd.NaT]
BAD_CELLS = [np.inf, -np.inf, "inf", "-Infinity", "∞"]
BAD_CELLS += ["1,5", "1,234.5", "1.234,5", "1_0", "0x1", "1/2", "1 2", "--1", "\u0663", "\uff11", "1.", ".5", "1e", "%"]
BAD_CELLS += ["$1", "2\u00a0", "\x1c1", -1, -0.0, 8, 0.1, 2.5, "1e-400", "1.00000000000000000000001", 1e9, 10**9 + 1]
BAD_CELLS += [2**53 + 1, "9007199254740993", 1e100, 1.1e100, -1e308, 10**400, 10**5000, "1e400", "9" * 400]
BAD_CELLS += ["x" * 201, "x" * 200, "a\nb", "a\r", "a\0", "\ufeffno", "no\x7f", "\ud800", "café", "caf\ufffd", "No"]
BAD_CELLS += ["pred\u200b", "'no'", '"no"', '"', "=1+1", ";", ",", [1, 2], {"a": 1}, (1,), b"no", 1 + 0j, object]
BAD_CELLS += [
    "a\u200b",
    "\u2009",
    "a\u2009b",
    "2\u2009",
    "\u3000no",
    "a\u2028",
    "\u3164",
    "a\u200d",
    "é\u200dé",
    "\u00ada",
]
BAD_CELLS += ["é\u200c", "❤\ufe0f", "a\ufe0f", "Some\xa0College", "\u20091", "a\u2800", "a\u202e"]
BAD_CELLS += [np.datetime64(1, "ns"), np.timedelta64(1, "ns"), np.datetime64("NaT", "ns"), np.timedelta64(1, "D")]
BAD_CELLS += [np.datetime64("2020-01-01"), pd.Timestamp(2020, 1, 1), pd.Timedelta(1), pd.Period("2020", "Y")]
BAD_CELLS += [pd.Interval(0, 1), Decimal("NaN"), Decimal("Infinity"), np.array([1, 2])]
TYPES = ["object", "str", "string", "category", "float32", "float64", "Int64", "Float64", "bool", "boolean", "int8"]
TYPES += ["complex128", "uint64", "datetime64[ns]", "timedelta64[ns]", "Sparse[float]", "float16", "longdouble"]


def _set_cell(frame, i, j, cell):
    columns = [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]
    columns[j % len(columns)][i % len(frame)] = cell
    cells = [pd.Series(column, dtype=object, index=frame.index) for column in columns]
    return pd.concat(cells, axis=1, keys=frame.columns) if frame.columns.nlevels == 1 else frame


def good_cell(frame, i, j, k):
    return _set_cell(frame, i, j, GOOD_CELLS[k % len(GOOD_CELLS)])


def bad_cell(frame, i, j, k):
    return _set_cell(frame, i, j, BAD_CELLS[k % len(BAD_CELLS)])


def nudged_cell(frame, i, j, k):
    """A number of the table, a little beside."""
    change = [lambda x: x + 0.5, lambda x: x + 1, lambda x: x - 1, lambda x: -x, lambda x: x * 1000, lambda x: x + 1e-9]
    columns = [place for place in range(frame.shape[1]) if pd.api.types.is_numeric_dtype(frame.iloc[:, place])]
    place = columns[j % len(columns)] if columns else j % frame.shape[1]
    return _set_cell(frame, i, place, change[k % len(change)](frame.iloc[i % len(frame), place]))


def missing_cell(frame, i, j, k):
    return _set_cell(frame, i, j, MISSING_CELLS[k % len(MISSING_CELLS)])


def copied_cell(frame, i, j, k):
    return _set_cell(frame, i, j, frame.iloc[k % len(frame), j % frame.shape[1]])


def another_type(frame, i, j, k):
    return _with_column(frame, j, lambda column: column.astype(TYPES[k % len(TYPES)]))


def constant_column(frame, i, j, k):
    return _with_column(frame, j, lambda column: pd.Series([column.iloc[i % len(frame)]] * len(frame), frame.index))


def changed_numbers(frame, i, j, k):
    change = [lambda x: -x, lambda x: x + 0.5, lambda x: x * 1e9, lambda x: x * 1e-120, lambda x: x + 1e12]
    change += [lambda x: x + 1, lambda x: x.cumsum(), lambda x: x > x.iloc[0], lambda x: x.shift()]
    return _with_column(frame, j, change[k % len(change)])


def _with_column(frame, j, change):
    """The frame with a column changed."""
    place = j % frame.shape[1]
    changed = change(frame.iloc[:, place])
    columns = [changed if i == place else frame.iloc[:, i] for i in range(frame.shape[1])]
    return pd.concat([pd.Series(column, index=frame.index) for column in columns], axis=1, keys=frame.columns)


def fewer_rows(frame, i, j, k):
    return frame.iloc[i % len(frame) :] if k % 2 else frame.drop(index=frame.index[i % len(frame)])


def no_rows(frame, i, j, k):
    return frame.iloc[:0]


def repeated_rows(frame, i, j, k):
    first = i % len(frame)
    return pd.concat([frame, frame.iloc[first : first + 1 + k % 3]], ignore_index=bool(j % 2))


def shuffled_rows(frame, i, j, k):
    return frame.sample(frac=1.0, random_state=i)


def another_index(frame, i, j, k):
    index = [[0] * len(frame), pd.date_range("2020", periods=len(frame)), [(x, "a") for x in range(len(frame))], None]
    chosen = index[k % len(index)]
    if chosen is None:
        return frame.set_index(frame.columns[j % frame.shape[1]])
    return frame.set_axis(pd.MultiIndex.from_tuples(chosen) if isinstance(chosen[0], tuple) else chosen, axis=0)


def without_a_column(frame, i, j, k):
    return frame.iloc[:, [place for place in range(frame.shape[1]) if place != j % frame.shape[1]]]


def repeated_column(frame, i, j, k):
    return frame.iloc[:, [*range(frame.shape[1]), j % frame.shape[1]]]


def reordered_columns(frame, i, j, k):
    return frame.iloc[:, np.random.default_rng(i).permutation(frame.shape[1])]


def renamed_column(frame, i, j, k):
    old = str(frame.columns[j % frame.shape[1]])
    new = [old.upper(), f" {old} ", f"{old}\n", f"\ufeff{old}", 7, "x" * 300, None, old.encode(), "count", (old, "b")]
    names = list(frame.columns)
    names[j % frame.shape[1]] = new[k % len(new)]
    return frame.set_axis(pd.Index(names, tupleize_cols=False), axis=1)


def columns_of_two_levels(frame, i, j, k):
    return frame.set_axis(pd.MultiIndex.from_tuples([(name, "") for name in frame.columns]), axis=1)


def more_columns(frame, i, j, k):
    return pd.concat([frame, frame.iloc[:, :1].set_axis([f"more{i}"], axis=1)], axis=1)


# The likelier the more often they stand here.
STEPS = [shuffled_rows, another_index, reordered_columns, more_columns, good_cell, copied_cell, repeated_rows]
STEPS += [fewer_rows, bad_cell, bad_cell, bad_cell, nudged_cell, nudged_cell, missing_cell, another_type]
STEPS += [constant_column, constant_column, changed_numbers, no_rows, without_a_column, repeated_column]
STEPS += [renamed_column, columns_of_two_levels]


def damaged(frame, steps):
    """The frame after all steps, each of what the one before it left; a step that pandas refuses changes nothing."""
    for name, *numbers in steps:
        if not frame.empty and frame.columns.nlevels == 1:
            try:
                frame = globals()[name](frame, *numbers)
            except (TypeError, ValueError, NotImplementedError, ArithmeticError, AttributeError, KeyError, Warning):
                continue
    return frame


# What is no DataFrame at all.
OTHER_KINDS = [
    lambda frame: frame.to_dict(),
    lambda frame: frame.to_numpy(),
    lambda frame: frame.to_records(),
    lambda frame: frame.iloc[:, 0],
    lambda frame: frame.columns,
    lambda frame: frame.T,
    lambda frame: pd.DataFrame(),
    lambda frame: [frame],
    lambda frame: frame.groupby(frame.columns[0]),
    lambda frame: type("DataFrame", (), {"columns": 3, "__getitem__": None})(),
    lambda frame: pd.DataFrame,
    lambda frame: 3,
    lambda frame: float("nan"),
    lambda frame: True,
    lambda frame: b"data.csv",
    lambda frame: object(),
    lambda frame: iter([]),
    lambda frame: "",
    lambda frame: "\0",
    lambda frame: "/",
    lambda frame: "no such\nfile.csv",
    lambda frame: "x" * 5000,
    lambda frame: "\ud800.csv",
    lambda frame: type("PathOfBytes", (), {"__fspath__": lambda self: b"x.csv"})(),
    lambda frame: frame.to_csv(),
]
