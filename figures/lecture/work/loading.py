"""The inputs of items: fits, refits and studies, read from the files that other items wrote.

A `Stored` says what a file holds and how to read it. Models are built anew, since the file of a fit has only draws.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    import hmc
    from diagnostics.loo_refit import LooRefit


class Stored(NamedTuple):
    """A finished item, as an item that needs it finds it."""

    kind: str  # "fit", "refit" or "study"
    arguments: dict[str, Any]  # of the task that made it
    stem: str  # path of its file, without the ending


def load(source: Stored | list[Stored]) -> Any:
    """A `hmc.Fit` with its model, a `LooRefit`, or a table of `models.coverage`; a list for a list. They are shared:
    whoever gets one must not change it.
    """
    if isinstance(source, list):
        loaded = [load(one) for one in source]
        return _joined(loaded) if source and source[0].kind == "study" else loaded
    loader, ending = _LOADERS[source.kind]
    path = f"{source.stem}{ending}"
    state = os.stat(path)
    place = _place(path, state.st_ino, state.st_size, state.st_mtime_ns)
    if not place:
        place.append(loader(source))
    return place[0]


@functools.lru_cache(maxsize=64)
def _place(path: str, *state: int) -> list[Any]:
    """Where the content of a file in this state is kept, once it was read: several figures are of the same fits."""
    return []


def build(arguments: Mapping[str, Any]) -> hmc.Model:
    """The model that `arguments` name: {"factory": "models.reedfrogs:mST", "options": {}, ...}."""
    module, _, name = arguments["factory"].partition(":")
    return getattr(importlib.import_module(module), name)(**arguments["options"])


def save_refit(refit: LooRefit, path: str | Path) -> None:
    """Write a `LooRefit` as JSON, each number to its last bit."""
    from hmc.files import write_whole

    content = refit._asdict()
    content["pointwise"] = {name: values.tolist() for name, values in refit.pointwise._asdict().items()}
    write_whole(path, lambda file: file.write(json.dumps(content, indent=1).encode()))


def save_study(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table of `models.coverage`, with its `attrs`, as JSON."""
    from hmc.files import write_whole

    rows = [[*index, row] for index, row in zip(table.index, table.to_dict("records"), strict=True)]
    content = {"rows": rows, "attrs": table.attrs}
    write_whole(path, lambda file: file.write(json.dumps(content, indent=1).encode()))


def _load_fit(source: Stored) -> hmc.Fit:
    import hmc

    return hmc.load(f"{source.stem}.fit", model=build(source.arguments))


def _load_refit(source: Stored) -> LooRefit:
    from diagnostics.loo_refit import LooRefit, RefitPointwise

    content = _read_json(source)
    pointwise = {name: np.array(values) for name, values in content["pointwise"].items()}
    return LooRefit(**content | {"pointwise": RefitPointwise(**pointwise)})


def _load_study(source: Stored) -> pd.DataFrame:
    import pandas as pd

    content = _read_json(source)
    names = [tuple(row[:2]) for row in content["rows"]]
    index = pd.MultiIndex.from_tuples(names, names=["estimator", "coefficient"])
    table = pd.DataFrame([row[2] for row in content["rows"]], index=index)
    table.attrs |= content["attrs"]
    return table


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The tables of several estimators as one table."""
    import pandas as pd

    joined = pd.concat(tables)
    joined.attrs = {
        "failures": [failure for table in tables for failure in table.attrs["failures"]],
        "interrupted": any(table.attrs["interrupted"] for table in tables),
        "seed": tables[0].attrs["seed"],
    }
    return joined


def _read_json(source: Stored) -> dict[str, Any]:
    with open(f"{source.stem}.json", encoding="utf-8") as file:
        return json.load(file)


_LOADERS: dict[str, tuple[Callable[[Stored], Any], str]] = {
    "fit": (_load_fit, ".fit"),
    "refit": (_load_refit, ".json"),
    "study": (_load_study, ".json"),
}
