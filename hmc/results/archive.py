"""Fits in files: a zip archive of .npy arrays, which NumPy, R and any language can open, and `fit.json`.

The JSON text holds format and version, the model's name and parameters, the settings with the seed, and everything else
that is not an array. Arrays are named by their place: "unconstrained", "stats/lp", "derived/a", "ragged/2/stats/lp";
from those under "snapshot" the chains can be continued.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from hmc.errors import told
from hmc.files import write_whole
from hmc.results import identity
from hmc.sampler import snapshot
from hmc.sampler.metric import LowRank

if TYPE_CHECKING:
    from hmc.results.fit import Fit

FORMAT = "rethinking-hmc fit, version 1"

_SAMPLE = 10_000  # numbers of an array, which show whether compressing it is worthwhile
_WORTHWHILE = 0.5  # of its size
_MANY_VALUES = 10_000_000  # log likelihoods of more than 80 MB are written only on request


def save(fit: Fit, path: str | os.PathLike[str], log_likelihood: bool | None = None) -> None:
    """Write a fit; see `Fit.save`. OSError where the file cannot be written."""
    arrays = {"unconstrained": fit.unconstrained}
    if isinstance(fit.inverse_metric, LowRank):
        arrays |= {f"inverse_metric/{name}": values for name, values in fit.inverse_metric._asdict().items()}
    else:
        arrays["inverse_metric"] = fit.inverse_metric
    arrays |= {f"stats/{name}": values for name, values in fit.stats.items()}
    arrays |= {f"warmup_stats/{name}": values for name, values in fit.warmup_stats.items()}
    arrays |= {f"derived/{name}": fit[name] for name in fit if name not in {p.name for p in fit.parameters}}
    for chain, tail in fit.ragged.items():
        arrays[f"ragged/{chain}/unconstrained"] = tail["unconstrained"]
        arrays |= {f"ragged/{chain}/stats/{name}": values for name, values in tail["stats"].items()}
    for i, kept in enumerate(fit.snapshots or []):
        arrays |= {f"snapshot/{i}/{name}": values for name, values in snapshot.to_arrays(kept).items()}
    optional = {"warmup": fit.warmup, "log_likelihood": log_likelihood_to_keep(fit, log_likelihood)}
    arrays |= {name: values for name, values in optional.items() if values is not None}
    if fit.settings["initial"] is not None:
        arrays["initial"] = fit.settings["initial"]

    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("fit.json", json.dumps(_description(fit) | {"arrays": list(arrays)}, indent=1))
            for name, values in arrays.items():
                member = zipfile.ZipInfo(f"{name}.npy")
                member.compress_type = _compression(values)
                with archive.open(member, "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.ascontiguousarray(values), allow_pickle=False)

    write_whole(path, write)


def _compression(values: np.ndarray) -> int:
    """Whether to compress an array in the archive. The digits of draws are noise: to compress them saves a twentieth,
    and takes longer than all else.
    """
    some = values.reshape(-1)[:_SAMPLE].tobytes()
    return zipfile.ZIP_DEFLATED if len(zlib.compress(some)) < _WORTHWHILE * len(some) else zipfile.ZIP_STORED


def log_likelihood_to_keep(fit: Fit, wanted: bool | None = None) -> np.ndarray | None:
    """The log likelihoods to write to a file, or None.

    wanted: True computes them if need be, False gives None. None takes them if they are known already, and computes
        them if they are few.
    """
    if wanted is not None:
        return fit.log_likelihood if wanted else None
    if fit.known_log_likelihood is None and fit.model is not None and fit.model.log_likelihood is not None:
        chains, draws, _ = fit.unconstrained.shape
        observations = fit.model.pointwise("log_likelihood", fit.unconstrained[0, 0]).size
        return fit.log_likelihood if is_written_unasked(chains * draws * observations) else None
    return fit.known_log_likelihood


def is_written_unasked(log_likelihoods: int) -> bool:
    """Whether so many log likelihoods, all chains together, are written to a file that nobody said more about."""
    return log_likelihoods <= _MANY_VALUES


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """(content of the JSON text, {name: array}) of a saved fit; ValueError if the file is damaged, or no saved fit."""
    try:
        with zipfile.ZipFile(path) as archive:
            description = json.loads(archive.read("fit.json"))
            if description["format"] == FORMAT:
                return description, {name: _read_array(archive, f"{name}.npy") for name in description["arrays"]}
        reason = f"its format is {description['format']!r}, not {FORMAT!r}"
    except FileNotFoundError:
        reason = "there is no such file"
    except Exception as error:  # a damaged file can make any of the readers stumble
        reason = damaged(error)
    raise ValueError(f"{path}: {reason}")


def damaged(error: Exception) -> str:
    """The message about a file that cannot be read because of this error."""
    return f"it is not a saved fit, or is damaged ({told(error)})"


def _read_array(archive: zipfile.ZipFile, member: str) -> np.ndarray:
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _description(fit: Fit) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "version": fit.version,
        "identity": identity.to_json(fit.identity),
        "settings": {key: value for key, value in fit.settings.items() if key != "initial"},
        "chains": fit.chains,
        "failures": [failure._asdict() for failure in fit.failures],
        "remarks": [remark._asdict() for remark in fit.remarks],
        "interrupted": fit.interrupted,
        "seconds": fit.seconds,
    }
