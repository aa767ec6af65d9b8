"""What every model can hold, and its density there, known apart from the models: the oracle of the fuzz tests.

`judged` either gives tables that the independent formulas of the other tests understand, or the `Fault` that it finds
first.
"""

import importlib.util
import math
import re
from pathlib import Path

import pandas as pd

from .reading import LABEL, NUMBER, Fault, Text, cells_of_frame, header_names, read_table

EDUCATION = ["Elementary School", "Middle School", "Some High School", "High School Graduate", "Some College"]
EDUCATION += ["Bachelor's Degree", "Master's Degree", "Graduate Degree"]

# Columns in the order in which a row is read: (least, most) of whole numbers, words, or NUMBER, or LABEL.
TANKS = {"density": (1, 10**9), "pred": ["no", "pred"], "size": ["big", "small"], "surv": (0, 10**9)}
CAFES = {"visit": (1, 10**9), "cafe": (1, 10**9), "wait": (0, 10**9)}
INDIVIDUALS = {"g": (1, 10**9), "X": NUMBER, "Y": (0, 1)}
GROUPS = {"g": (1, 10**9), "Z": NUMBER}
RESPONSES = {"story": LABEL, "response": (1, 7)}
COUNTS = {**RESPONSES, "count": (0, 10**9)}
ANSWERS = {**RESPONSES, "id": LABEL, "male": (0, 1), "edu": EDUCATION, "age": NUMBER}
ANSWERS |= dict.fromkeys(("action", "intention", "contact"), (0, 1))

# Predators, density, growth: what the tadpole models have slopes of.
SLOPES = dict.fromkeys(("mST", "mSTnomem", "mST_fixed", "mSTnc"), "")
SLOPES |= {"mSTP": "P", "mSTPnc": "P", "mSTD": "D", "mSTG": "G", "mSTPDG": "PDG"}


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
        return {"data": _judged_visits(read_table(inputs["data"], CAFES))}
    if model_name in SLOPES:
        return {"data": _judged_tanks(read_table(inputs["data"], TANKS, _at_most), SLOPES[model_name])}
    if model_name.startswith("mRXma"):
        return {"data": _judged_answers(read_table(inputs["data"], ANSWERS))}
    groups, individuals = read_table(inputs["groups"], GROUPS), read_table(inputs["individuals"], INDIVIDUALS)
    return _judged_study(model_name, individuals, groups)


def log_density(model, position, tables):
    """The log posterior by the formulas that the models' own tests hold them against."""
    if model.name == "cafes":
        return FORMULAS["cafes"](position, tables["data"])
    if model.name in ("m0", "mf", "mr", "mrx", "mru"):
        return FORMULAS["confounds"](model, position, (tables["individuals"], tables["groups"]))
    kind = "trolley_stories" if model.name == "mRS" else "trolley_everything" if "mRX" in model.name else "reedfrogs"
    return FORMULAS[kind](model, position, tables["data"])


def _formula(file):
    path = Path(__file__).parents[2] / file
    spec = importlib.util.spec_from_file_location(f"tests_models_formulas_of_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reference


FORMULAS = {
    "reedfrogs": _formula("reedfrogs/test_reedfrogs.py"),
    "cafes": _formula("test_cafes.py"),
    "confounds": _formula("confounds/test_confounds.py"),
    "trolley_stories": _formula("trolley/test_stories.py"),
    "trolley_everything": _formula("trolley/test_everything.py"),
}


def _at_most(row):
    return row["surv"] <= row["density"]


def _varies(column, size=0.0):
    """A Fault unless the words of a column differ, or its numbers by a millionth of the largest, or of `size`."""
    if column.nunique() < 2:
        raise Fault
    if pd.api.types.is_numeric_dtype(column):
        mean = math.fsum(column) / len(column)
        variance = math.fsum((x - mean) ** 2 for x in column) / (len(column) - 1)
        if not math.sqrt(variance) > max(1e-6 * max(size, *map(abs, column)), 1e-100):
            raise Fault


def _judged_tanks(table, slopes):
    for letter, column in {"P": "pred", "D": "density", "G": "size"}.items():
        if letter in slopes:
            _varies(table[column])
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
    by_group, size = individuals.groupby("g")["X"], individuals["X"].abs().max()
    means = by_group.transform(lambda x: math.fsum(x) / len(x))
    if model_name == "mrx":
        _varies(means, size)
    if model_name == "mru" and by_group.size().max() > 1:
        _varies(individuals["X"] - means, size)
    return {"individuals": individuals, "groups": groups}


def _judged_responses(given):
    names = header_names(given, RESPONSES) if isinstance(given, Text) else cells_of_frame(given)[0]
    if "count" not in names:
        nearly = re.compile(r"\s*c\s*o\s*u\s*n\s*t\s*s?\s*", re.IGNORECASE)
        if any(nearly.fullmatch(name) for name in names):
            raise Fault
        table = read_table(given, RESPONSES)
        possible = 7 * table["story"].nunique()
        if not table.duplicated().any() and len(names) > 2 and 2 * len(table) >= possible:
            raise Fault
        return table.groupby(["story", "response"]).size().reset_index(name="count")
    table = read_table(given, COUNTS)
    if table.duplicated(["story", "response"]).any() or not 0 < table["count"].sum() <= 10**7:
        raise Fault
    return table


def _judged_answers(table):
    if (table.groupby("id")[["male", "edu", "age"]].nunique() > 1).any(axis=None):
        raise Fault
    for name in ("action", "intention", "contact", "edu", "age"):
        _varies(table[name])
    return table
