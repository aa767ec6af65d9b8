"""Draws from files of other programs: {name: (chains, draws, ...)}, with the names that the file has."""

from __future__ import annotations

import gzip
import os
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmc.cli.draws_table import draws_in_table
from hmc.cli.shared import DRAWS_FILES
from hmc.errors import told

Draws = dict[str, NDArray[Any]]

_GZIP = b"\x1f\x8b"


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
    if os.path.isdir(path):
        raise ValueError(f"{path} is a folder, not a file of draws")
    if not os.path.isfile(path):
        raise ValueError(f"{path}: there is no such file")
    ending = path.lower()
    try:
        if ending.endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz")):
            draws = draws_in_table(_text(path))
        elif ending.endswith(".nc"):
            draws = _of_netcdf(path)
        elif ending.endswith((".json", ".json.gz", ".json.zip")):
            draws = _of_json(path)
        elif ending.endswith(".npy"):
            draws = _of_array(np.load(path), names)
        elif ending.endswith(".npz"):
            draws = _of_arrays(path)
        else:
            draws = _of_fit(path)
    except (ValueError, OSError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
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


def _text(path: str) -> str:
    """The text of a file, which may be packed by gzip; in any encoding, since only its comments are not ASCII."""
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(_GZIP):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"it cannot be unpacked by gzip: {error}") from None
    if b"\0" in content:
        raise ValueError("it is not text in UTF-8")
    return content.decode("utf-8-sig", errors="replace")


def _of_array(values: NDArray[Any], names: Sequence[str]) -> Draws:
    if values.ndim not in (2, 3) or values.shape[-1] != len(names):
        few = ", ".join([*names[:3], "..."] if len(names) > 3 else names)
        raise ValueError(
            f"an array without names needs the shape (chains, draws, {len(names)}), of {few}, not {values.shape}; "
            "a .npz file has names"
        )
    values = values.reshape(-1, *values.shape[-2:])
    return {name: values[:, :, i] for i, name in enumerate(names)}


def _of_arrays(path: str) -> Draws:
    """Arrays of numbers (chains, draws, ...). They are of one chain, (draws, ...), where one is a vector and all are as
    long, and longer than wide, as NumPyro gives them.
    """
    with np.load(path) as file:
        arrays = {name: file[name] for name in file}
    arrays = {name: values for name, values in arrays.items() if values.ndim and values.dtype.kind in "biufc"}
    lengths = {len(values) for values in arrays.values()}
    widest = max((values.shape[1] for values in arrays.values() if values.ndim > 1), default=0)
    of_one_chain = any(v.ndim == 1 for v in arrays.values()) and len(lengths) == 1 and lengths.pop() >= widest
    return {name: values[None] if of_one_chain or values.ndim == 1 else values for name, values in arrays.items()}


def _of_json(path: str) -> Draws:
    """Reference draws of posteriordb: a list of chains, each {name: list of draws}."""
    import json

    if path.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            text = archive.read(archive.namelist()[0]).decode("utf-8")
    else:
        text = _text(path)
    chains = json.loads(text)
    if not (isinstance(chains, list) and chains and all(isinstance(chain, dict) for chain in chains)):
        raise ValueError("not reference draws of posteriordb: a list of chains, each with lists of draws by name")
    for number, chain in enumerate(chains, start=1):
        if different := sorted(chain.keys() ^ chains[0].keys()):
            which = number if different[0] in chains[0] else 1
            raise ValueError(f"chain {which} has no {different[0]}, which another chain has")
    return {name: _of_chains(name, [chain[name] for chain in chains]) for name in chains[0]}


def _of_chains(name: str, chains: Sequence[Any]) -> NDArray[np.float64]:
    """Draws of one quantity from a list for each chain."""
    arrays = []
    for number, draws in enumerate(chains, start=1):
        try:
            arrays.append(np.asarray(draws, dtype=np.float64))
        except (TypeError, ValueError):
            raise ValueError(f"{name} of chain {number} is not a list of numbers") from None
        if not arrays[-1].ndim or arrays[-1].shape != arrays[0].shape:
            shapes = f"{arrays[-1].shape}, and {arrays[0].shape} in chain 1"
            raise ValueError(f"{name} of chain {number} has draws of the shape {shapes}")
    return np.stack(arrays)


def _of_netcdf(path: str) -> Draws:
    """The variables of ArviZ's group `posterior` that have a chain and a draw."""
    needed = 'pip install "rethinking-hmc[arviz]"'
    try:
        import xarray
    except ImportError:
        raise ValueError(f"NetCDF needs xarray: {needed}") from None
    try:
        posterior = xarray.open_dataset(path, group="posterior")
    except ValueError:  # xarray's says at length which programs it tried
        raise ValueError(f"it is not NetCDF, or h5netcdf is missing: {needed}") from None
    except (OSError, KeyError):
        raise ValueError("it has no group `posterior`, in which ArviZ keeps draws") from None
    with posterior:
        of_draws = [name for name, v in posterior.data_vars.items() if {"chain", "draw"} <= {*v.dims}]
        if not of_draws:
            raise ValueError("no variable of its group `posterior` has the dimensions chain and draw")
        kept = {str(name): posterior[name].transpose("chain", "draw", ...).to_numpy() for name in of_draws}
    return {name: values for name, values in kept.items() if values.dtype.kind in "biufc"}
