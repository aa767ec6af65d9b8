"""Draws from files of other programs: {name: (chains, draws, ...)}, with the names that the file has."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmc.cli.shared import DRAWS_FILES
from hmc.errors import told

Draws = dict[str, NDArray[Any]]

# Columns that say which chain or draw a row is of, in R's and pandas' spelling.
_CHAIN, _COUNTERS = ("chain", ".chain"), ("draw", ".draw", "iteration", ".iteration", "Unnamed: 0")


def read_all(paths: Sequence[str], names: Sequence[str]) -> Draws:
    """The draws of several files, as further chains; ValueError where names or numbers of draws differ.

    names: of the columns of a .npy file, which has none.
    """
    parts = [_read(path, names) for path in paths]
    shapes = [{name: (values.shape[1:]) for name, values in part.items()} for part in parts]
    for path, shape in zip(paths, shapes, strict=True):
        if different := sorted(shape.items() ^ shapes[0].items(), key=str):
            name = different[0][0]
            sizes = " and ".join(str(s.get(name, "none")) for s in (shapes[0], shape))
            raise ValueError(f"{paths[0]} and {path} differ in {name}: draws of each chain are {sizes}")
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _read(path: str, names: Sequence[str]) -> Draws:
    if not os.path.isfile(path):
        raise ValueError(f"{path}: there is no such file")
    ending = path.lower()
    try:
        if ending.endswith(".csv"):
            draws = _of_csv(path)
        elif ending.endswith(".nc"):
            draws = _of_netcdf(path)
        elif ending.endswith((".json", ".json.zip")):
            draws = _of_json(path)
        elif ending.endswith(".npy"):
            draws = _of_array(np.load(path), names)
        elif ending.endswith(".npz"):
            with np.load(path) as arrays:
                # A vector is one chain.
                draws = {name: values[None] if values.ndim == 1 else values for name, values in arrays.items()}
        else:
            draws = _of_fit(path)
    except (ValueError, OSError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        said = str(error) if isinstance(error, ValueError) else told(error)
        raise ValueError(said if path in said else f"{path}: {said}") from error
    if not draws or not all(values.size for values in draws.values()):
        raise ValueError(f"{path}: there are no draws in it")
    return draws


def _of_fit(path: str) -> Draws:
    if not zipfile.is_zipfile(path):
        raise ValueError(f"not a file of draws that is known: {DRAWS_FILES}")
    import hmc

    fit = hmc.load(path)
    return {name: fit[name] for name in fit}


def _of_array(values: NDArray[Any], names: Sequence[str]) -> Draws:
    if values.ndim not in (2, 3) or values.shape[-1] != len(names):
        few = ", ".join([*names[:3], "..."] if len(names) > 3 else names)
        raise ValueError(
            f"an array without names needs the shape (chains, draws, {len(names)}), of {few}, not {values.shape}; "
            "a .npz file has names"
        )
    values = values.reshape(-1, *values.shape[-2:])
    return {name: values[:, :, i] for i, name in enumerate(names)}


def _of_json(path: str) -> Draws:
    """Reference draws of posteriordb: a list of chains, each {name: list of draws}."""
    import json

    if path.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode("utf-8")
    else:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    chains = json.loads(text)
    if not (isinstance(chains, list) and chains and all(isinstance(chain, dict) for chain in chains)):
        raise ValueError("not reference draws of posteriordb: a list of chains, each with lists of draws by name")
    return {name: np.asarray([chain[name] for chain in chains], dtype=np.float64) for name in chains[0]}


def _of_netcdf(path: str) -> Draws:
    try:
        import xarray
    except ImportError:
        raise ValueError('NetCDF needs xarray: pip install "rethinking-hmc[arviz]"') from None
    with xarray.open_dataset(path, group="posterior") as posterior:
        return {str(name): posterior[name].transpose("chain", "draw", ...).to_numpy() for name in posterior.data_vars}


def _of_csv(path: str) -> Draws:
    """A table with a row per draw; of CmdStan's without warm-up and sampler's columns. Chains by a column `chain`."""
    import io

    import pandas as pd

    with open(path, encoding="utf-8-sig") as file:
        lines = file.read().splitlines()
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    if len(rows) < 2:
        raise ValueError("it has no rows of draws")
    frame = pd.read_csv(io.StringIO("\n".join(rows))).iloc[_warmup_rows(lines) :]
    table: Draws = {str(name).strip(): frame[name].to_numpy() for name in frame}
    chain = next((table[name] for name in _CHAIN if name in table), np.zeros(len(frame)))
    chains = [np.flatnonzero(chain == label) for label in dict.fromkeys(chain.tolist())]
    sizes = {len(group) for group in chains}
    if len(sizes) > 1:
        raise ValueError(f"its chains have from {min(sizes)} to {max(sizes)} draws; they need one number")
    kept = [name for name in table if name not in (*_CHAIN, *_COUNTERS) and not name.endswith("__")]
    numbers = {name: _as_numbers(name, table[name]) for name in kept}
    return {name: np.stack([numbers[name][group] for group in chains]) for name in kept}


def _warmup_rows(lines: list[str]) -> int:
    """How many rows of CmdStan's file are warm-up, where it was saved: those above the comment that ends it."""
    ends = [i for i, line in enumerate(lines) if re.match(r"#\s*Adaptation terminated", line)]
    above = [line for line in lines[: ends[0]] if line.strip() and not line.startswith("#")] if ends else []
    return max(0, len(above) - 1)


def _as_numbers(name: str, column: NDArray[Any]) -> NDArray[np.float64]:
    for row, value in enumerate(column.tolist()):
        if isinstance(value, str):
            raise ValueError(f"{name} is {value!r} in row {row + 1}, not a number")
    return column.astype(np.float64)
