"""The tables that damage starts from: small ones, which every model can hold."""

import functools

import pandas as pd

from models.tables import BUNDLED
from models.trolley import simulate_study


@functools.cache
def small_tables():
    """{name of a data set: its table}."""
    individuals, groups = (pd.read_csv(BUNDLED / f"confounds_{name}.csv") for name in ("individuals", "groups"))
    counts = pd.read_csv(BUNDLED / "trolley_counts.csv")
    return {
        "reedfrogs": pd.read_csv(BUNDLED / "reedfrogs.csv").iloc[::5],
        "cafes": pd.read_csv(BUNDLED / "cafes.csv").iloc[:8],
        "individuals": individuals[individuals.g <= 9].iloc[:14],
        "groups": groups.iloc[:9],
        "counts": counts[::6],
        "responses": counts[["story", "response"]].iloc[::4],
        "answers": simulate_study(participants=4, seed=5).frame().iloc[::5],
    }


def of_model(name):
    """[{option: table}]: one kind of data for every model, and for mRS two."""
    tables = small_tables()
    if name == "mRS":
        return [{"data": tables["counts"]}, {"data": tables["responses"]}]
    if name == "cafes" or name.startswith("mST"):
        return [{"data": tables["cafes" if name == "cafes" else "reedfrogs"]}]
    if name.startswith("mRXma"):
        return [{"data": tables["answers"]}]
    return [{"individuals": tables["individuals"], "groups": tables["groups"]}]
