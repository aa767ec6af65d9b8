"""What every model can hold, and its density there, known apart from the models: the oracle of the fuzz tests.

`judged` reads whatever a model was given, a DataFrame or a file, with code of its own (no csv module, nothing of
`models/`), and either gives tables that the independent formulas of the other tests understand, or a `Fault`.
"""

import importlib.util
import math
import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

EDUCATION = ["Elementary School", "Middle School", "Some High School", "High School Graduate", "Some College"]
EDUCATION += ["Bachelor's Degree", "Master's Degree", "Graduate Degree"]
NO_VALUE = {"", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "-NaN", "nan", "-nan", "NULL", "null"}
NO_VALUE |= {"None", "NaT", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"}
BOOLEANS = {"True": 1, "TRUE": 1, "true": 1, "False": 0, "FALSE": 0, "false": 0}
NUMBER, LABEL = "number", "label"

# Columns in the order in which a row is read: (least, most) of whole numbers, words, or one of the two above.
TANKS = {"density": (1, 10**9), "pred": ["no", "pred"], "size": ["big", "small"], "surv": (0, 10**9)}
CAFES = {"visit": (1, 10**9), "cafe": (1, 10**9), "wait": (0, 10**9)}
INDIVIDUALS = {"g": (1, 10**9), "X": NUMBER, "Y": (0, 1)}
GROUPS = {"g": (1, 10**9), "Z": NUMBER}
RESPONSES = {"story": LABEL, "response": (1, 7)}
COUNTS = {**RESPONSES, "count": (0, 10**9)}
ANSWERS = {**RESPONSES, "id": LABEL, "male": (0, 1), "edu": EDUCATION, "age": NUMBER}
ANSWERS |= dict.fromkeys(("action", "intention", "contact"), (0, 1))


class Fault(Exception):  # noqa: N818 (of the data, not of a program)
    """Why a model cannot hold its data: the row (from 1) and column of the first bad cell, where it is a cell's."""

    def __init__(self, row=None, column=None):
        super().__init__(f"row {row}, column {column}" if row else "the table as a whole")
        self.row, self.column = row, column


class Text(NamedTuple):
    """A file's bytes."""

    content: bytes


def judged(model_name, inputs):
    """(the tables of the model by its options' names, None), or (None, a `Fault`). `inputs`: frames or `Text`s."""
    try:
        return _judged(model_name, inputs), None
    except Fault as fault:
        return None, fault


def _judged(model_name, inputs):
    if model_name == "mRS":
        return {"data": _judged_responses(inputs["data"])}
    if model_name == "cafes":
        return {"data": _judged_visits(_table(inputs["data"], CAFES))}
    if model_name in SLOPES:
        return {"data": _judged_tanks(_table(inputs["data"], TANKS, _at_most), SLOPES[model_name])}
    if model_name.startswith("mRXma"):
        return {"data": _judged_answers(_table(inputs["data"], ANSWERS, separator=";"))}
    groups, individuals = _table(inputs["groups"], GROUPS), _table(inputs["individuals"], INDIVIDUALS)
    return _judged_study(model_name, individuals, groups)


SLOPES = dict.fromkeys(("mST", "mSTnomem", "mST_fixed", "mSTnc"), "")
SLOPES |= {"mSTP": "P", "mSTPnc": "P", "mSTD": "D", "mSTG": "G", "mSTPDG": "PDG"}


def log_density(model, position, tables):
    """The log posterior by the formulas that the models' own tests hold them against."""
    if model.name == "cafes":
        return FORMULAS["cafes"](position, tables["data"])
    if model.name in ("m0", "mf", "mr", "mrx", "mru"):
        return FORMULAS["confounds"](model, position, (tables["individuals"], tables["groups"]))
    kind = "trolley_stories" if model.name == "mRS" else "trolley_everything" if "mRX" in model.name else "reedfrogs"
    return FORMULAS[kind](model, position, tables["data"])


def _formula(name):
    path = Path(__file__).with_name(f"test_{name}.py")
    spec = importlib.util.spec_from_file_location(f"tests_models_formulas_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reference


FORMULAS = {
    name: _formula(name) for name in ("reedfrogs", "cafes", "confounds", "trolley_stories", "trolley_everything")
}


def _table(given, columns, check=None, separator=","):
    """The columns of one table as a DataFrame of whole numbers, float64 and text; or a Fault."""
    names, rows = _cells_of_text(given.content, separator) if isinstance(given, Text) else _cells_of_frame(given)
    if any(names.count(name) != 1 for name in columns):
        raise Fault
    places = {name: names.index(name) for name in columns}
    values = []
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise Fault(number)
        value = {name: _value(kind, row[places[name]], number, name) for name, kind in columns.items()}
        if check and not check(value):
            raise Fault(number)
        values.append(value)
    if not values:
        raise Fault
    return pd.DataFrame(values)


def _at_most(row):
    return row["surv"] <= row["density"]


def _cells_of_frame(frame):
    if not isinstance(frame, pd.DataFrame) or isinstance(frame.columns, pd.MultiIndex):
        raise Fault
    columns = [list(frame.iloc[:, i]) for i in range(frame.shape[1])]
    return [str(name).strip() for name in frame.columns], list(zip(*columns, strict=True))


def _cells_of_text(content, separator):
    if b"\0" in content:
        raise Fault
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise Fault from None
    lines = fields(text, separator)
    header = next(lines, None)
    if header is None:
        raise Fault
    return [name.strip() for name in header], lines


def fields(text, separator):
    """The lines of a CSV file that are not blank, as lists of fields, by RFC 4180; or a Fault, of the row it is in.

    A field in quotes holds separators, ends of lines and doubled quotes; blanks before a field are no part of it.
    """
    plain = rf" *(?:\"((?:[^\"]|\"\")*)\"|([^\" {separator}\r\n][^{separator}\r\n]*|))(\r\n|\r|\n|{separator}|\Z)"
    place, row, line = 0, None, []
    while place < len(text) or line:
        field = re.compile(plain).match(text, place)
        if field is None:
            raise Fault(row)
        quoted, bare, end = field.groups()
        line.append(bare if quoted is None else quoted.replace('""', '"'))
        place = field.end()
        if end != separator:
            if len(line) > 1 or line[0].strip():
                yield line
                row = (row or 0) + 1
            line = []
            if not end:
                return


def _value(kind, cell, row, name):
    """A cell as what its column holds; or a Fault."""
    text = _plain(cell)
    if text is None or text in NO_VALUE or re.search("[\x00-\x1f\x7f-\x9f\ufeff\ufffd\ud800-\udfff]", text):
        raise Fault(row, name)
    if isinstance(kind, list) or kind == LABEL:
        if text not in kind if isinstance(kind, list) else len(text) > 200:
            raise Fault(row, name)
        return text
    if kind == (0, 1) and text in BOOLEANS:
        return BOOLEANS[text]
    if not re.fullmatch("[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?", text):
        raise Fault(row, name)
    value = Decimal(text)
    if kind == NUMBER:
        if value.copy_abs() > Decimal("1e100"):
            raise Fault(row, name)
        return float(value)
    least, most = kind
    if not (least <= value <= most and value == value.to_integral_value()):
        raise Fault(row, name)
    return int(value)


def _plain(cell):
    """A cell's text; None for what is missing, and for what is neither text nor a real number."""
    if isinstance(cell, str):
        return cell.strip(" \t\xa0")
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell))
    if isinstance(cell, (int, np.integer)):
        return str(cell) if abs(cell) < 10**300 else None
    if isinstance(cell, Decimal):
        return str(cell)
    if isinstance(cell, (float, np.floating)):
        if math.isnan(cell) or math.isinf(cell):
            return str(cell)
        return str(int(cell)) if cell % 1 == 0 and abs(cell) < 2**53 else repr(float(cell))
    return None


def _varies(column):
    if column.nunique() < 2:
        raise Fault


def _can_be_standardised(column):
    _varies(column)
    if not column.std() > max(1e-6 * column.abs().max(), 1e-100):
        raise Fault


def _judged_tanks(table, slopes):
    for letter, column in {"P": "pred", "D": "density", "G": "size"}.items():
        if letter in slopes:
            (_can_be_standardised if letter == "D" else _varies)(table[column])
    if slopes == "PDG" and not ((table["pred"] == "pred") & (table["size"] == "big")).any():
        raise Fault
    return table


def _judged_visits(table):
    for row, visit in enumerate(table["visit"], start=1):
        if visit != row:
            raise Fault(row, "visit")
    if {*table["cafe"]} != {*range(1, table["cafe"].max() + 1)} if table["cafe"].max() <= len(table) else True:
        raise Fault
    return table


def _judged_study(model_name, individuals, groups):
    if sorted(groups["g"]) != [*range(1, len(groups) + 1)]:
        raise Fault
    for row, g in enumerate(individuals["g"], start=1):
        if g > len(groups):
            raise Fault(row, "g")
    _varies(individuals["X"])
    _varies(individuals["g"].map(groups.set_index("g")["Z"]))
    by_group = individuals.groupby("g")["X"]
    if model_name == "mru" and by_group.size().max() > 1 and by_group.nunique().max() == 1:
        raise Fault
    return {"individuals": individuals, "groups": groups}


def _judged_responses(given):
    if isinstance(given, Text):
        text = given.content.decode("utf-8", "replace")
        is_counted = any("count" in _header(text, separator) for separator in ",;")
    else:
        is_counted = "count" in _cells_of_frame(given)[0]
    if not is_counted:
        table = _table(given, RESPONSES, separator=";")
        return table.groupby(["story", "response"]).size().reset_index(name="count")
    table = _table(given, COUNTS)
    if table.duplicated(["story", "response"]).any() or not 0 < table["count"].sum() <= 10**7:
        raise Fault
    return table


def _header(text, separator):
    try:
        return [name.strip("\ufeff ") for name in next(fields(text, separator), [])]
    except Fault:
        return []


def _judged_answers(table):
    if (table.groupby("id")[["male", "edu", "age"]].nunique() > 1).any(axis=None):
        raise Fault
    for name in ("action", "intention", "contact", "edu"):
        _varies(table[name])
    _can_be_standardised(table["age"])
    return table
