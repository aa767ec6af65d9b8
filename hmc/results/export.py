"""Fits as other programs take them: a table of pandas, the groups of ArviZ's schema, NetCDF and CSV.

The one file of `hmc` that knows pandas, xarray and ArviZ, each imported when it is asked for. ArviZ 0 has a container
of its own, InferenceData, and from version 1 takes xarray's DataTree; groups, names and files are the same in both.
"""

import importlib.metadata
import importlib.util
import os
import warnings

import numpy as np

from hmc.files import unfinished, write_whole
from hmc.parameters import blocks, constrained, element_names
from hmc.results.archive import log_likelihood_to_keep
from hmc.results.coordinates import SAMPLE_DIMS, check_extents, checked_coords, checked_dims, texts
from hmc.sampler import outcome
from hmc.transforms import REAL

# How NetCDF explains numbers that stand for words: flag_values and flag_meanings.
_TERMINATIONS = {
    outcome.U_TURN: "u_turn",
    outcome.SUBTREE_U_TURN: "subtree_u_turn",
    outcome.DIVERGENCE: "divergence",
    outcome.MAX_DEPTH: "max_depth",
    outcome.PATH_END: "path_end",
}

_INSTALL = "needs ArviZ: pip install -e '.[arviz]'"


def to_frame(fit, stats=False):
    """The draws as a table; see `Fit.to_frame`."""
    import pandas as pd

    chains, draws = fit.unconstrained.shape[:2]
    of_stats = {f"{name}__": values.reshape(-1) for name, values in fit.stats.items()}
    labels, columns = [], []
    for name, called in zip(fit, _apart(fit, SAMPLE_DIMS), strict=True):
        values = fit[name]
        labels += element_names(called, values.shape[2:])
        columns += [*values.reshape(chains * draws, -1).T]
    columns = dict(zip(_apart(labels, of_stats), columns, strict=True)) | (of_stats if stats else {})
    index = pd.MultiIndex.from_product([fit.chains, range(draws)], names=SAMPLE_DIMS)
    return pd.DataFrame(columns, index=index)


def to_arviz(fit, observed=None, dims=None, coords=None, log_likelihood=None):
    """The fit in ArviZ's container; see `Fit.to_arviz`."""
    if importlib.util.find_spec("xarray") is None:
        raise ImportError(f"to_arviz {_INSTALL}")
    groups = _groups(fit, [] if observed is None else texts(fit.name, "observed", observed), log_likelihood)
    names = {name for group, values in groups.items() if not group.endswith("sample_stats") for name in values}
    dims = checked_dims(fit.name, dims, names)
    coords = checked_coords(fit.name, coords, dims)
    datasets = {group: _dataset(fit, group, values, dims, coords) for group, values in groups.items() if values}
    attributes = _attributes(fit)
    for group, dataset in datasets.items():
        dataset.attrs.update(attributes if group == "posterior" else _library(fit))
    return _container(fit.name, datasets, attributes)


def check_path(path):
    """ValueError where a fit could not be written to `path`, by the program that its ending stands for."""
    engines = ("h5netcdf", "netCDF4")
    if _ending(path) == ".nc" and not (
        importlib.util.find_spec("xarray") and any(importlib.util.find_spec(engine) for engine in engines)
    ):
        raise ValueError(f"{path}: NetCDF {_INSTALL}")


def write(fit, path, log_likelihood=None):
    """Write a fit as its file's ending says: .nc NetCDF with ArviZ's groups, .csv the table, else `Fit.save`.

    `log_likelihood`: as for `Fit.save`.
    """
    if _ending(path) == ".nc":
        with unfinished(path) as temporary:
            fit.to_arviz(log_likelihood=log_likelihood).to_netcdf(str(temporary))
    elif _ending(path) == ".csv":
        text = fit.to_frame(stats=True).to_csv(lineterminator="\n")
        write_whole(path, lambda file: file.write(text.encode()))
    else:
        fit.save(path, log_likelihood)


def _ending(path):
    return os.path.splitext(path)[1].lower()


def _groups(fit, observed, wanted):
    """{group: {variable: array}} by ArviZ's schema; those with draws begin with (chains, draws)."""
    data = fit.model.data._asdict() if fit.model is not None else {}
    for field in observed:
        if field not in data:
            known = f"its fields are {', '.join(data)}" if data else "a fit without its model has no data"
            raise ValueError(f"{fit.name}: observed = {field!r} is no field of the model's data; {known}")
    log_likelihood = log_likelihood_to_keep(fit, wanted)
    groups = {
        "posterior": {name: fit[name] for name in fit},
        "unconstrained_posterior": _unconstrained(fit),
        "sample_stats": fit.stats,
        "log_likelihood": {},
        "observed_data": {field: data[field] for field in observed},
        "constant_data": {field: value for field, value in data.items() if field not in observed},
    }
    if log_likelihood is not None:
        shape = np.shape(data[observed[0]]) if len(observed) == 1 else None
        name = observed[0] if shape == log_likelihood.shape[2:] else "log_likelihood"
        groups["log_likelihood"] = {name: log_likelihood}
    if fit.warmup is not None and fit.warmup.size:
        free = {parameter: fit.warmup[..., part] for parameter, part in blocks(fit.parameters)}
        groups["warmup_posterior"] = {p.name: constrained(p, values) for p, values in free.items()}
        groups["warmup_sample_stats"] = fit.warmup_stats
    return groups


def _unconstrained(fit):
    """Draws of the parameters that have a constraint, as the sampler moved them."""
    draws = {}
    for parameter, part in blocks(fit.parameters):
        if parameter.constraint.kind != REAL:
            values = fit.unconstrained[..., part]
            shape = (*parameter.shape[:-1], -1) if parameter.shape else ()
            draws[parameter.name] = values.reshape(*values.shape[:2], *shape)
    return draws


def _dataset(fit, group, values, dims, coords):
    """One group as an xarray Dataset."""
    import xarray as xr

    sample_dims, labels = ((), {}) if group.endswith("_data") else (SAMPLE_DIMS, {"chain": fit.chains})
    variables = {}
    for name, values_of in values.items():
        extents = np.shape(values_of)
        named = (*sample_dims, *_dims(fit, group, name, extents[len(sample_dims) :], dims))
        variables[name] = (named, values_of)
        for dim, extent in zip(named, extents, strict=True):
            labels.setdefault(dim, coords.get(dim, np.arange(extent)))
    check_extents(f"{fit.name}: {group}", variables, coords)
    dataset = xr.Dataset(dict(zip(_apart(variables, labels), variables.values(), strict=True)), labels)
    if group.endswith("sample_stats"):
        meanings = {"flag_values": [*_TERMINATIONS], "flag_meanings": " ".join(_TERMINATIONS.values())}
        dataset["termination"].attrs.update(meanings)
    return dataset


def _dims(fit, group, name, shape, dims):
    """Names for the dimensions of a variable: those of `dims`, else as ArviZ names them: a_dim_0, a_dim_1."""
    named = dims.get(name, [f"{name}_dim_{axis}" for axis in range(len(shape))])
    if len(named) != len(shape):
        raise ValueError(f"{fit.name}: dims gives {name} {len(named)} dimensions; in {group} it has {len(shape)}")
    if group == "unconstrained_posterior" and shape != fit[name].shape[2:]:
        return [*named[:-1], f"{named[-1]}_free"]  # a simplex has a number fewer here, so labels would not fit
    return named


def _apart(names, taken):
    """The names, some with underscores behind them: none is of `taken`, which are of other things, and none is twice.

    Of dimensions, from which the schema keeps variables apart; of columns.
    """
    names, given = [*names], []
    for name in names:
        called = name
        while called in taken or called in given or (called != name and called in names):
            called += "_"
        given.append(called)
    return given


def _attributes(fit):
    """What is known of the run, as NetCDF can keep it: numbers and texts.

    The schema's `created_at` is left out, so that a fit exported twice gives the same.
    """
    settings = {name: value for name, value in fit.settings.items() if name not in ("initial", "warmup", "seed")}
    attributes = {
        **_library(fit),
        "model_name": fit.name,
        "sampling_time": fit.seconds,
        "tuning_steps": fit.settings["warmup"],
        "seed": str(fit.settings["seed"]),  # a text, since it may be larger than any number of NetCDF
        "interrupted": int(fit.interrupted),
        **{name: int(value) if isinstance(value, bool) else value for name, value in settings.items()},
    }
    failures = [f"chain {chain}, iteration {iteration}: {reason}" for chain, iteration, reason in fit.failures]
    if failures:
        attributes["failures"] = "; ".join(failures)
    return attributes


def _library(fit):
    return {"inference_library": "rethinking-hmc", "inference_library_version": fit.version}


def _container(name, datasets, attributes):
    """A DataTree; with ArviZ 0, which does not take it, an InferenceData."""
    if _is_old_arviz():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # that a version 1 is to come
            import arviz
        return arviz.InferenceData(attrs=attributes, **datasets)
    import xarray as xr

    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=attributes), **datasets}, name=name)


def _is_old_arviz():
    try:
        return importlib.metadata.version("arviz").startswith("0.")
    except importlib.metadata.PackageNotFoundError:
        return False  # the packages that ArviZ 1 consists of can be installed one by one
