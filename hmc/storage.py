"""Fits in files: a zip archive of .npy arrays, which NumPy, R and any language can open, and `fit.json`.

The JSON text holds format and version, the model's name and parameters, the settings with the seed, and what else is
not an array. Arrays are named by their place: "unconstrained", "stats/lp", "derived/a", "ragged/2/stats/lp"; those
under "snapshot" are what the chains can be gone on from.
"""

import json
import zipfile

import numpy as np

from hmc.derived import derived_draws
from hmc.difference import code, difference, hashes_from_json, parameters_as_json, parameters_from_json
from hmc.errors import told
from hmc.files import write_whole
from hmc.fit import Fit
from hmc.run import Failure
from hmc.sampler import snapshot

FORMAT = "rethinking-hmc fit, version 1"

_MANY_VALUES = 10_000_000  # log likelihoods of 80 MB and more are kept only if somebody asked for them


def save(fit, path, log_likelihood=None):
    """Write a fit; see `Fit.save`. OSError where the file cannot be written."""
    arrays = {"unconstrained": fit.unconstrained, "inverse_metric": fit.inverse_metric}
    arrays |= {f"stats/{name}": values for name, values in fit.stats.items()}
    arrays |= {f"warmup_stats/{name}": values for name, values in fit.warmup_stats.items()}
    arrays |= {f"derived/{name}": fit[name] for name in fit if name not in {p.name for p in fit.parameters}}
    for chain, tail in fit.ragged.items():
        arrays[f"ragged/{chain}/unconstrained"] = tail["unconstrained"]
        arrays |= {f"ragged/{chain}/stats/{name}": values for name, values in tail["stats"].items()}
    if fit.snapshots is not None:
        taken = [snapshot.to_arrays(kept) for kept in fit.snapshots]
        arrays |= {f"snapshot/{name}": np.stack([kept[name] for kept in taken]) for name in taken[0]}
    optional = {"warmup": fit.warmup, "log_likelihood": log_likelihood_to_keep(fit, log_likelihood)}
    arrays |= {name: values for name, values in optional.items() if values is not None}
    if fit.settings["initial"] is not None:
        arrays["initial"] = fit.settings["initial"]

    def write(file):
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("fit.json", json.dumps(_description(fit) | {"arrays": list(arrays)}, indent=1))
            for name, values in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)

    write_whole(path, write)


def log_likelihood_to_keep(fit, wanted=None):
    """The log likelihoods for a file; not `wanted`: None. If nothing is said: those that are there, or a few."""
    if wanted is not None:
        return fit.log_likelihood if wanted else None
    if fit._log_likelihood is None and fit.model is not None and fit.model.log_likelihood is not None:
        chains, draws, _ = fit.unconstrained.shape
        observations = fit.model.pointwise("log_likelihood", fit.unconstrained[0, 0]).size
        return fit.log_likelihood if chains * draws * observations <= _MANY_VALUES else None
    return fit._log_likelihood


def load(path, model=None):
    """The fit that `Fit.save` wrote: the same arrays, bit for bit. It knows its model only if it is given.

    `model`: the one that was fitted, built anew. With it the fit has what only the model can give: what its link
    function gives, log likelihoods and derived quantities that the file lacks, and `fit.model`. ValueError where the
    file is no such fit, is damaged, or was written by a later format; and where the model is another than the fit's, by
    its name, its parameters or its data.
    """
    fit = _read(path)
    if model is not None:
        different = difference(fit, model)
        if different:
            raise ValueError(f"{path}: {different}")
        fit.model = model
        _add_derived(fit)
    return fit


def _add_derived(fit):
    """Compute the derived quantities that the model gives and the file lacks."""
    known = fit._derived
    if set(derived_draws(fit.model, fit.unconstrained[:1, :1])) <= set(known):
        return
    fit._derived = None
    fit._derived = fit._all_derived() | known


def _read(path):
    """The fit in a file, without a model; ValueError as for `load`."""
    try:
        with zipfile.ZipFile(path) as archive:
            description = json.loads(archive.read("fit.json"))
            arrays = {name: _read_array(archive, f"{name}.npy") for name in description["arrays"]}
        if description["format"] == FORMAT:
            return _fit(description, arrays)
        reason = f"its format is {description['format']!r}, not {FORMAT!r}"
    except FileNotFoundError:
        reason = "there is no such file"
    except Exception as error:  # a damaged file can make any of the readers stumble
        reason = f"it is not a saved fit, or is damaged ({told(error)})"
    raise ValueError(f"{path}: {reason}")


def _read_array(archive, member):
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _description(fit):
    return {
        "format": FORMAT,
        "version": fit.version,
        "name": fit.name,
        "parameters": parameters_as_json(fit.parameters),
        "settings": {key: value for key, value in fit.settings.items() if key != "initial"},
        "data_hashes": fit.data_hashes,
        "data_numbers": fit.data_numbers,
        "data_types": fit.data_types,
        "chains": fit.chains,
        "code": fit.code or (code(fit.model) if fit.model else None),
        "failures": [failure._asdict() for failure in fit.failures],
        "interrupted": fit.interrupted,
        "seconds": fit.seconds,
    }


def _fit(description, arrays):
    def below(prefix):
        return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}

    stacked = below("snapshot/")
    longer = sorted({int(name.split("/")[0]) for name in below("ragged/")})
    return Fit(
        name=description["name"],
        parameters=parameters_from_json(description["parameters"]),
        derived=below("derived/"),
        log_likelihood=arrays.get("log_likelihood"),
        data_hashes=hashes_from_json(description["data_hashes"]),
        data_numbers=description.get("data_numbers"),
        data_types=description.get("data_types"),
        unconstrained=arrays["unconstrained"],
        stats=below("stats/"),
        warmup_stats=below("warmup_stats/"),
        warmup=arrays.get("warmup"),
        inverse_metric=arrays["inverse_metric"],
        chains=description["chains"],
        failures=[Failure(**failure) for failure in description["failures"]],
        interrupted=description["interrupted"],
        ragged={
            c: {"unconstrained": arrays[f"ragged/{c}/unconstrained"], "stats": below(f"ragged/{c}/stats/")}
            for c in longer
        },
        snapshots=[
            snapshot.from_arrays({name: values[i] for name, values in stacked.items()})
            for i in range(len(description["chains"]))
        ]
        if stacked
        else None,
        settings=description["settings"] | {"initial": arrays.get("initial")},
        seconds=description["seconds"],
        version=description["version"],
        code=description.get("code"),
    )
