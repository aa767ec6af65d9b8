"""The Stan programs of this folder, and the data that they take: those of our models of the same names."""

from pathlib import Path
from typing import Any

import models

FOLDER = Path(__file__).parent
NAMES = ("mST", "mrx")
CHAINS, DRAWS, WARMUP, SEED = 4, 1000, 1000, 12


def code(name: str) -> str:
    """The program."""
    return (FOLDER / f"{name}.stan").read_text(encoding="utf-8")


def data(name: str) -> dict[str, Any]:
    """Its data."""
    fields = models.build(name).data
    if name == "mST":
        whole = {key: getattr(fields, key).astype(int).tolist() for key in ("survived", "density")}
        return {"n": len(fields.survived), **whole}
    groups = {"groups": len(fields.Z), "n": len(fields.Y), "group": (fields.group.astype(int) + 1).tolist()}
    reals = {key: getattr(fields, key).tolist() for key in ("X", "Z", "Xbar")}
    return {**groups, **reals, "Y": fields.Y.astype(int).tolist()}
