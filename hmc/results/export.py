"""Fits for other programs: a pandas table, the groups of ArviZ's schema, NetCDF and CSV.

This is the one file of `hmc` that knows pandas, xarray and ArviZ; each is imported only when it is needed. ArviZ 0 has
a container of its own, InferenceData. ArviZ 1 takes xarray's DataTree. Groups, names and files are the same in both.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hmc.files import check_room, unfinished, write_whole
from hmc.parameters import blocks, constrained, element_names
from hmc.results.archive import log_likelihood_to_keep
from hmc.results.coordinates import SAMPLE_DIMS, check_extents, checked_coords, checked_dims, texts
from hmc.results.predictive import outcome_of
from hmc.sampler import outcome
from hmc.transforms import REAL

if TYPE_CHECKING:
    import pandas as pd

    from hmc.results.fit import Fit
    from hmc.results.predictive import PriorPredictive

Groups = dict[str, dict[str, Any]]  # {group: {variable: array}}

_AROUND = 2**20  # bytes of a NetCDF file besides its numbers: names, attributes, tables

# The meanings of the numbers in `termination`, for NetCDF's attributes flag_values and flag_meanings.
_TERMINATIONS = {
    outcome.U_TURN: "u_turn",
    outcome.SUBTREE_U_TURN: "subtree_u_turn",
    outcome.DIVERGENCE: "divergence",
    outcome.MAX_DEPTH: "max_depth",
    outcome.PATH_END: "path_end",
    outcome.IRREVERSIBLE: "irreversible",
}


class Predicted(NamedTuple):
    """Predictive draws that go along with a fit; see `Fit.to_arviz`."""

    posterior: Mapping[str, Any] | None = None
    prior: PriorPredictive | None = None


_OF_ONE_CHAIN = ("prior", "prior_predictive")  # groups of independent draws
_INSTALL = "needs ArviZ: pip install -e '.[arviz]'"


def to_frame(fit: Fit, stats: bool = False) -> pd.DataFrame:
    """The draws as a table; see `Fit.to_frame`."""
    import pandas as pd

    chains, draws = fit.unconstrained.shape[:2]
    of_stats = {f"{name}__": values.reshape(-1) for name, values in fit.stats.items()}
    labels: list[str] = []
    columns: list[np.ndarray] = []
    for name, called in zip(fit, _apart(fit, SAMPLE_DIMS), strict=True):
        values = fit[name]
        labels += element_names(called, values.shape[2:])
        columns += [*values.reshape(chains * draws, -1).T]
    table = dict(zip(_apart(labels, of_stats), columns, strict=True)) | (of_stats if stats else {})
    index = pd.MultiIndex.from_product([fit.chains, range(draws)], names=SAMPLE_DIMS)
    return pd.DataFrame(table, index=index)


def to_arviz(
    fit: Fit,
    observed: str | Iterable[str] | None = None,
    dims: Mapping[str, str | Iterable[str]] | None = None,
    coords: Mapping[str, Any] | None = None,
    log_likelihood: bool | None = None,
    predicted: Predicted | None = None,
) -> Any:
    """The fit in ArviZ's container; see `Fit.to_arviz`."""
    if importlib.util.find_spec("xarray") is None:
        raise ImportError(f"to_arviz {_INSTALL}")
    groups = _groups(fit, [] if observed is None else texts(fit.name, "observed", observed), log_likelihood)
    if predicted is not None:
        _add_predicted(groups, fit, predicted)
    names = {name for group, values in groups.items() if not group.endswith("sample_stats") for name in values}
    named = checked_dims(fit.name, dims, names)
    labels = checked_coords(fit.name, coords, named)
    all_names = list(dict.fromkeys(name for values in groups.values() for name in values))
    called = dict(zip(all_names, _apart(map(_storable, all_names), ()), strict=True))
    datasets = {
        group: _dataset(fit, group, values, named, labels, called) for group, values in groups.items() if values
    }
    attributes = _attributes(fit)
    for group, dataset in datasets.items():
        dataset.attrs.update(attributes if group == "posterior" else _library(fit))
    return _container(fit.name, datasets, attributes)


def check_path(path: str | os.PathLike[str]) -> None:
    """ValueError if writing a file with the ending of `path` needs a package that is not installed."""
    engines = ("h5netcdf", "netCDF4")
    if _ending(path) == ".nc" and not (
        importlib.util.find_spec("xarray") and any(importlib.util.find_spec(engine) for engine in engines)
    ):
        raise ValueError(f"{path}: NetCDF {_INSTALL}")


def write(fit: Fit, path: str | os.PathLike[str], log_likelihood: bool | None = None) -> None:
    """Write a fit in the format of the file's ending: .nc NetCDF with ArviZ's groups, .csv the table, else `Fit.save`.

    `log_likelihood`: as for `Fit.save`.
    """
    if _ending(path) == ".nc":
        container = fit.to_arviz(log_likelihood=log_likelihood)
        with unfinished(path) as temporary:
            check_room(temporary, _AROUND + int(1.1 * sum(group.nbytes for group in container.values())))
            container.to_netcdf(str(temporary))
    elif _ending(path) == ".csv":
        text = fit.to_frame(stats=True).to_csv(lineterminator="\n")
        write_whole(path, lambda file: file.write(text.encode()))
    else:
        fit.save(path, log_likelihood)


def _ending(path: str | os.PathLike[str]) -> str:
    return os.path.splitext(path)[1].lower()


def _groups(fit: Fit, observed: Sequence[str], wanted: bool | None) -> Groups:
    """The groups of ArviZ's schema; arrays of draws begin with the axes (chains, draws)."""
    data = fit.model.data._asdict() if fit.model is not None else {}
    for field in observed:
        if field not in data:
            known = f"its fields are {', '.join(data)}" if data else "a fit without its model has no data"
            raise ValueError(f"{fit.name}: observed = {field!r} is not a field of the model's data; {known}")
    log_likelihood = log_likelihood_to_keep(fit, wanted)
    groups: Groups = {
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


def _add_predicted(groups: Groups, fit: Fit, predicted: Predicted) -> None:
    """Add the groups of predictive draws, and what was observed of the same quantities."""
    if not (predicted.posterior is None or isinstance(predicted.posterior, Mapping)):
        kind = type(predicted.posterior).__name__
        raise ValueError(f"{fit.name}: predictive is a {kind}, not what fit.predict() gave")
    if not (predicted.prior is None or hasattr(predicted.prior, "predictive")):
        raise ValueError(f"{fit.name}: prior is a {type(predicted.prior).__name__}, not what hmc.prior_predictive gave")
    if predicted.posterior is not None:
        groups["posterior_predictive"] = dict(predicted.posterior)
        shape = fit.unconstrained.shape[:2]
        for name, values in predicted.posterior.items():
            if np.shape(values)[:2] != shape:
                raise ValueError(f"{fit.name}: predictive[{name!r}] has shape {np.shape(values)}, not {shape} at first")
    if predicted.prior is not None:
        groups["prior"] = {name: values[None] for name, values in predicted.prior.prior.items()}
        groups["prior_predictive"] = {name: values[None] for name, values in predicted.prior.predictive.items()}
    names = [*(predicted.posterior or {}), *(predicted.prior.predictive if predicted.prior else {})]
    if fit.model is not None and names:
        outcome = outcome_of(fit.model, fit.model.data)
        if unknown := [name for name in names if name not in outcome]:
            known = ", ".join(outcome)
            raise ValueError(f"{fit.name}: {unknown[0]!r} was predicted but not observed, as {known} were")
        observed = {name: outcome[name] for name in names}
        for name, values in (predicted.posterior or {}).items():
            if np.shape(values)[2:] != observed[name].shape:
                raise ValueError(f"{fit.name}: predictive[{name!r}] is not of the shape that was observed")
        groups["observed_data"] |= observed
        groups["constant_data"] = {name: value for name, value in groups["constant_data"].items() if name not in names}


def _unconstrained(fit: Fit) -> dict[str, np.ndarray]:
    """Unconstrained draws of the parameters that have a constraint."""
    draws = {}
    for parameter, part in blocks(fit.parameters):
        if parameter.constraint.kind != REAL:
            values = fit.unconstrained[..., part]
            draws[parameter.name] = values.reshape(*values.shape[:2], *parameter.constraint.free_shape(parameter.shape))
    return draws


def _dataset(
    fit: Fit,
    group: str,
    values: Mapping[str, Any],
    dims: Mapping[str, list[str]],
    coords: Mapping[str, Any],
    called: Mapping[str, str],
) -> Any:
    """One group as an xarray Dataset; `called`: the names of its variables there."""
    import xarray as xr

    has_draws = not group.endswith("_data")
    sample_dims: tuple[str, ...] = SAMPLE_DIMS if has_draws else ()
    chains = [0] if group in _OF_ONE_CHAIN else fit.chains
    labels: dict[str, Any] = {"chain": chains} if has_draws else {}
    variables: dict[str, tuple[tuple[str, ...], Any]] = {}
    for name, values_of in values.items():
        extents = np.shape(values_of)
        defaults = [f"{called[name]}_dim_{axis}" for axis in range(len(extents) - len(sample_dims))]
        named = (*sample_dims, *_dims(fit, group, name, extents[len(sample_dims) :], dims.get(name, defaults)))
        variables[name] = (named, values_of)
        for dim, extent in zip(named, extents, strict=True):
            labels.setdefault(dim, coords.get(dim, np.arange(extent)))
    check_extents(f"{fit.name}: {group}", variables, coords)
    names = _apart([called[name] for name in variables], labels)
    dataset = xr.Dataset(dict(zip(names, variables.values(), strict=True)), labels)
    if group.endswith("sample_stats"):
        meanings = {"flag_values": [*_TERMINATIONS], "flag_meanings": " ".join(_TERMINATIONS.values())}
        dataset["termination"].attrs.update(meanings)
    return dataset


def _dims(fit: Fit, group: str, name: str, shape: tuple[int, ...], named: list[str]) -> list[str]:
    """The names of a variable's dimensions, from those of the quantity on the constrained scale."""
    if group == "unconstrained_posterior" and shape != fit[name].shape[2:]:
        return [*named[: len(shape) - 1], f"{named[-1]}_free"]  # fewer numbers here, so labels would not fit
    if len(named) != len(shape):
        raise ValueError(f"{fit.name}: dims gives {name} {len(named)} dimensions; in {group} it has {len(shape)}")
    return named


def _storable(name: str) -> str:
    """The name as NetCDF can hold it: without "/" or what cannot be printed, from a letter, a digit or "_" on."""
    text = "".join("_" if letter == "/" or not letter.isprintable() else letter for letter in name).rstrip()
    return text if text[:1].isalnum() or text[:1] == "_" else f"_{text}"


def _apart(names: Iterable[str], taken: Collection[str]) -> list[str]:
    """The names, some with underscores appended, so that all are different and none is in `taken`.

    In ArviZ's schema a variable may not have the name of a dimension; in a table, columns have different names.
    """
    names = [*names]
    given: list[str] = []
    for name in names:
        called = name
        while called in taken or called in given or (called != name and called in names):
            called += "_"
        given.append(called)
    return given


def _attributes(fit: Fit) -> dict[str, Any]:
    """The description of the run in numbers and texts, which NetCDF can keep.

    The schema's `created_at` is left out, so that a fit exported twice gives equal files.
    """
    settings = {name: value for name, value in fit.settings.items() if name not in ("initial", "warmup", "seed")}
    attributes: dict[str, Any] = {
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
    if fit.remarks:
        attributes["remarks"] = "; ".join(f"chain {remark.chain}: {remark.text}" for remark in fit.remarks)
    return attributes


def _library(fit: Fit) -> dict[str, str]:
    return {"inference_library": "rethinking-hmc", "inference_library_version": fit.version}


def _container(name: str, datasets: Mapping[str, Any], attributes: Mapping[str, Any]) -> Any:
    """A DataTree; an InferenceData for ArviZ 0, which does not know DataTree."""
    if _is_old_arviz():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # version 1 is announced
            import arviz
        return arviz.InferenceData(attrs=attributes, **datasets)
    import xarray as xr

    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=attributes), **datasets}, name=name)


def _is_old_arviz() -> bool:
    try:
        return importlib.metadata.version("arviz").startswith("0.")
    except importlib.metadata.PackageNotFoundError:
        return False  # the packages of ArviZ 1 can be installed one by one
