"""Ways to damage a table, in a DataFrame or in a file: steps of a few numbers, which hypothesis draws and shrinks.

A step is (name, i, j, k). What the numbers mean, a row, a column, a value, is up to the step; they are taken modulo
what there is, so that every step can follow every other.
"""

import codecs
import random
from decimal import Decimal

import numpy as np
import pandas as pd
from hypothesis import strategies as st

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
    change = [
        lambda x: -x,
        lambda x: x + 0.5,
        lambda x: x * 1e9,
        lambda x: x * 1e-120,
        lambda x: x + 1e12,
        lambda x: x + 1,
    ]
    change += [lambda x: x.cumsum(), lambda x: x > x.iloc[0], lambda x: x[::-1].to_numpy(), lambda x: x.shift()]
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
    new = [
        old.upper(),
        f" {old} ",
        f"{old}\n",
        "\ufeff" + old,
        7,
        "x" * 300,
        None,
        old.encode(),
        "count",
        "g",
        (old, "b"),
    ][k % 11]
    names = list(frame.columns)
    names[j % frame.shape[1]] = new
    return frame.set_axis(pd.Index(names, tupleize_cols=False), axis=1)


def columns_of_two_levels(frame, i, j, k):
    return frame.set_axis(pd.MultiIndex.from_tuples([(name, "") for name in frame.columns]), axis=1)


def more_columns(frame, i, j, k):
    return pd.concat([frame, frame.iloc[:, :1].set_axis([f"more{i}"], axis=1)], axis=1)


# The likelier the more often they stand here.
FRAME_STEPS = [shuffled_rows, another_index, reordered_columns, more_columns, good_cell, copied_cell, repeated_rows]
FRAME_STEPS += [fewer_rows, bad_cell, bad_cell, bad_cell, nudged_cell, nudged_cell, missing_cell, another_type]
FRAME_STEPS += [constant_column, constant_column, changed_numbers, no_rows, without_a_column, repeated_column]
FRAME_STEPS += [renamed_column, columns_of_two_levels]


def damaged_frame(frame, steps):
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


def lines_joined(text, i, j, k):
    lines = text.split("\n")
    return "\n".join([*lines[: i % len(lines)], "".join(lines[i % len(lines) :][:2]), *lines[i % len(lines) + 2 :]])


def another_separator(text, i, j, k):
    for old in (";", ","):
        if old in text.split("\n")[0]:
            return text.replace(old, [";", "\t", "|", " ", ",", ":", ", ", ",,"][k % 8])
    return text


def quoted(text, i, j, k):
    marks = ['"', "'", '""', "“"]
    return re_fielded(text, lambda field: f"{marks[k % 4]}{field}{marks[k % 4]}" if (i + j) % 3 else f' "{field}"')


def stray_quotes(text, i, j, k):
    lines = text.split("\n")
    place = i % max(1, len(lines) - 1)
    separator = ";" if ";" in lines[place] else ","
    fields = lines[place].split(separator)
    field = fields[j % len(fields)]
    fields[j % len(fields)] = [f'"{field}', f'{field}"', f'"{field[:1]}"{field[1:]}', f'"{field}" ', f'{field[:1]}""'][
        k % 5
    ]
    return "\n".join([*lines[:place], separator.join(fields), *lines[place + 1 :]])


def re_fielded(text, change):
    separator = ";" if ";" in text.split("\n")[0] else ","
    return "\n".join(separator.join(map(change, line.split(separator))) if line else line for line in text.split("\n"))


def other_ends_of_lines(text, i, j, k):
    return text.replace("\n", ["\r\n", "\r", "\n\n", "\n \n", ",\n", ";\n", "\u2028", "\x0b", "\n\r"][k % 9])


def decimal_commas(text, i, j, k):
    return text.replace(".", ",")


def thousands(text, i, j, k):
    return re_fielded(text, lambda field: f"1,{field}" if field.isdigit() and len(field) == 3 else field)


def header_twice(text, i, j, k):
    lines = text.split("\n")
    lines.insert(1 + i % len(lines), lines[0])
    return "\n".join(lines)


def without_header(text, i, j, k):
    return text.partition("\n")[2]


def line_before(text, i, j, k):
    return ["sep=,\n", "# a comment\n", "\n", " \n", ",,,\n", '""\n'][k % 6] + text


def inserted(text, i, j, k):
    marks = ['"', ",", ";", "\n", "\r", "\t", " ", "\ufeff", "\x1a", "é", "0", "-", ".", "e9", "_", "NA", "\u00a0", "'"]
    place = i * 1009 % (len(text) + 1) if j % 3 else len(text.split("\n")[0])
    return text[:place] + marks[k % len(marks)] + text[place:]


def text_unchanged(text, i, j, k):
    return text


def encoded(text, i, j, k):
    encodings = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-16-be", "utf-7", "cp037", "latin-1", "utf-8"]
    return text.encode(encodings[k % len(encodings)], "replace")


def truncated(content, i, j, k):
    return content[: i * 1009 % (len(content) + 1)] if k % 3 else content[: max(0, len(content) - i % 12)]


def flipped_bit(content, i, j, k):
    place = i * 1009 % max(1, len(content))
    return content[:place] + bytes(byte ^ (1 << k % 8) for byte in content[place : place + 1]) + content[place + 1 :]


def overwritten(content, i, j, k):
    place = i * 1009 % max(1, len(content))
    return content[:place] + [b"\0", b"\xff", b"\xc3", b"\x80", b"\r", b'"', b"9"][k % 7] + content[place + 1 :]


def emptied(content, i, j, k):
    return [b"", b"\n", codecs.BOM_UTF8, b" ", b'"', b"\0" * 100][k % 6]


def zipped(content, i, j, k):
    import gzip

    return gzip.compress(content)


TEXT_STEPS = [text_unchanged, lines_joined, another_separator, quoted, other_ends_of_lines, decimal_commas, thousands]
TEXT_STEPS += [header_twice, without_header, line_before, stray_quotes, stray_quotes, inserted, inserted, inserted]
BYTE_STEPS = [encoded, truncated, truncated, flipped_bit, flipped_bit, overwritten, emptied, zipped]
FILE_STEPS = [*TEXT_STEPS, *BYTE_STEPS]


def damaged_file(frame, separator, steps):
    """The bytes of the frame as a file, after all steps: those of text come first."""
    text = frame.to_csv(index=False, sep=separator)
    of_text = [step for step in steps if globals()[step[0]] in TEXT_STEPS]
    for name, *numbers in of_text:
        text = globals()[name](text, *numbers)
    content = text.encode("utf-8", "replace")
    for name, *numbers in steps:
        if name == "encoded":
            content = encoded(text, *numbers)
        elif globals()[name] in BYTE_STEPS:
            content = globals()[name](content, *numbers)
    return content


def damage(kinds):
    """A strategy: (which of several tables, one or two steps of `kinds`).

    The steps' numbers come of a hash. Left to draw them, hypothesis tries many inputs that are near copies of others,
    and each of a hundred values should have its turn.
    """
    names = [kind.__name__ for kind in kinds]
    drawn = st.tuples(
        st.sampled_from(range(4)),
        st.integers(0, 2**32 - 1),
        st.sampled_from(names),
        st.sampled_from([None] * len(names) + names),
    )
    return drawn.map(_steps)


def _steps(drawn):
    which, salt, *names = drawn
    rng = random.Random(salt)
    return which, [(name, *(rng.randrange(10_000) for _ in range(3))) for name in names if name]
