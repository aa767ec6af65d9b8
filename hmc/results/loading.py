"""Fits from files: `hmc.load`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from hmc.errors import Failure, Remark
from hmc.model import Model
from hmc.results.archive import damaged, read
from hmc.results.derived import derived_draws
from hmc.results.fit import Fit
from hmc.results.gathering import records
from hmc.results.identity import density_difference, draws_difference, from_json, identity_of, model_difference
from hmc.sampler import snapshot
from hmc.sampler.metric import LowRank


def load(path: str | os.PathLike[str], model: Model | None = None) -> Fit:
    """The fit that `Fit.save` wrote: the same arrays, bit for bit. A file holds no model: give it if it is needed.

    model: the model that was fitted, built again. With it the fit has `fit.model`, draws of the link function, and log
        likelihoods and derived quantities that the file lacks.

    ValueError if the file is damaged, is not a saved fit, or has a later format; and if name, parameters, data or the
    code of the log density differ between model and fit. Where the code cannot be compared, the log densities of all
    draws are compared.
    """
    description, arrays = read(path)
    try:
        fit = _fit(description, arrays)
    except Exception as error:  # an array or an entry is missing
        raise ValueError(f"{path}: {damaged(error)}") from None
    if model is not None:
        if not isinstance(model, Model):
            raise ValueError(f"{path}: the model is a {type(model).__name__}, not a hmc.Model")
        now = identity_of(model)
        chains = [([record], None) for record in records(fit)]
        different = (
            model_difference(fit.identity, now, types_matter=False)
            or density_difference(fit.identity, now)
            or draws_difference(fit.identity, now, chains, model)
        )
        if different:
            raise ValueError(f"{path}: {different}")
        fit.model = model
        known = fit.known_derived or {}
        if not set(derived_draws(model, fit.unconstrained[:1, :1])) <= set(known):  # the file lacks some
            fit.known_derived = derived_draws(model, fit.unconstrained) | known
    return fit


def _fit(description: dict[str, Any], arrays: dict[str, np.ndarray]) -> Fit:
    def below(prefix: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}

    identity = from_json(description["identity"])
    # Of a file written before metrics had a form the chains cannot be continued: their snapshots are not read.
    is_known = "snapshot/0/metric/form" in arrays
    longer = sorted({int(name.split("/")[0]) for name in below("ragged/")})
    return Fit(
        name=identity.name,
        parameters=identity.parameters,
        identity=identity,
        known_derived=below("derived/"),
        known_log_likelihood=arrays.get("log_likelihood"),
        unconstrained=arrays["unconstrained"],
        stats=below("stats/"),
        warmup_stats=below("warmup_stats/"),
        warmup=arrays.get("warmup"),
        inverse_metric=LowRank(**factors) if (factors := below("inverse_metric/")) else arrays["inverse_metric"],
        chains=description["chains"],
        failures=[Failure(**failure) for failure in description["failures"]],
        remarks=[Remark(**remark) for remark in description["remarks"]],
        interrupted=description["interrupted"],
        ragged={
            c: {"unconstrained": arrays[f"ragged/{c}/unconstrained"], "stats": below(f"ragged/{c}/stats/")}
            for c in longer
        },
        snapshots=[snapshot.from_arrays(below(f"snapshot/{i}/")) for i in range(len(description["chains"]))]
        if is_known
        else None,
        settings=description["settings"] | {"initial": arrays.get("initial")},
        seconds=description["seconds"],
        version=description["version"],
    )
