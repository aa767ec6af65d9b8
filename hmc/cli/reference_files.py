"""The files of `hmc reference`: posteriordb's, and two of our own.

    posteriors/NAME.json                                which model and data, and the sizes of the parameters
    models/info/NAME.info.json, models/formula/NAME.txt the model in the lecture's words
    data/info/NAME_data.info.json, data/data/NAME_data.json.zip
    reference_posteriors/draws/info/NAME.info.json      how the draws were made, and how good they are
    reference_posteriors/draws/draws/NAME.json.zip      10 chains of 1,000 draws
    reference_posteriors/exact/NAME.json                exact moments and quantiles with their error, where known
    densities/NAME.json                                 log density and gradient at 20 unconstrained positions

posteriordb (Magnusson et al. 2024, https://github.com/stan-dev/posteriordb) defines all but the last two.
"""

from __future__ import annotations

import functools
import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

import hmc
import models
from diagnostics import ebfmi, ess_bulk, ess_tail, rhat
from hmc.cli import draws_names
from hmc.files import write_whole
from hmc.model_data import fields

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHAINS, DRAWS, THIN = 10, 1000, 10
WARMUP, TARGET_ACCEPT = 2000, 0.95
POSITIONS, REACH = 20, 2.0  # positions of densities, unconstrained, each number uniform in (-REACH, REACH)
TRIES = 4  # seeds, for draws that fail by chance
BOUND = 0.05  # share of right sets of draws whose ESS falls out of the bounds, over all parameters
SIMULATED, AT_A_TIME, TAIL = 2000, 250, 0.005  # sets of independent draws, and the quantiles that are used of them
PROJECT = "rethinking-hmc"


def write(name: str, folder: str, *, seed: int, workers: int | None = None) -> dict[str, bool]:
    """Write all files of the lecture model `name`; whether its draws pass posteriordb's criteria, by their names.

    The same seed gives the same bytes.
    """
    described, model = models.describe(name), models.build(name, **models.example_options(name))
    fit, draws, info = reference_draws(model, seed, workers)
    dimensions = {key: int(np.prod(fit[key].shape[2:])) for key in fit.keys()}  # noqa: SIM118 (keys are the contract)
    root, about = Path(folder), {"added_by": f"{PROJECT} {hmc.__version__}"}
    code = f"models/formula/{name}.txt"
    formula = f"{described.summary}\n\n{described.formula}\n\nOptions: {models.example_options(name) or 'none'}\n"
    _put(root / code, formula.encode())
    implementations = {PROJECT: {"model_code": code}}
    _put_json(root / f"models/info/{name}.info.json", {
        "name": name, "title": described.summary, "model_implementations": implementations, **about,
    })  # fmt: skip
    _put_json(root / f"data/info/{name}_data.info.json", {
        "name": f"{name}_data", "title": described.data, "data_file": f"data/data/{name}_data.json", **about,
    })  # fmt: skip
    _put_zip(root / f"data/data/{name}_data.json.zip", {key: _plain(value) for key, value in fields(model.data)})
    _put_json(root / f"posteriors/{name}.json", {
        "name": name, "model_name": name, "data_name": f"{name}_data", "reference_posterior_name": name,
        "dimensions": dimensions, **about,
    })  # fmt: skip
    references = root / "reference_posteriors"
    _put_json(references / f"draws/info/{name}.info.json", {"name": name, **info, **about})
    chains = [{label: values[chain].tolist() for label, values in draws.items()} for chain in range(CHAINS)]
    _put_zip(references / f"draws/draws/{name}.json.zip", chains)
    if (exact := exact_of(name)) is not None:
        _put_json(references / f"exact/{name}.json", exact)
    _put_json(root / f"densities/{name}.json", densities(model, seed))
    return info["checks_made"]


def reference_draws(
    model: hmc.Model, seed: int, workers: int | None
) -> tuple[hmc.Fit, dict[str, NDArray[np.float64]], dict[str, Any]]:
    """(fit, `labelled`, `draws_info`) of the first of TRIES seeds, `seed` and those after it, that passes all criteria.

    The last of them where none passes. Independent draws fall out of the bounds of ESS in BOUND of all sets.
    """
    how: dict[str, Any] = {"warmup": WARMUP, "target_accept": TARGET_ACCEPT, "workers": workers, "progress": False}
    for later in range(TRIES):
        fit = hmc.sample(model, chains=CHAINS, draws=DRAWS * THIN, seed=seed + later, **how)
        draws = labelled(fit)
        info = draws_info(fit, draws)
        if all(info["checks_made"].values()):
            break
    return fit, draws, info


def labelled(fit: hmc.Fit) -> dict[str, NDArray[np.float64]]:
    """{"a[1]": (chains, draws)} of every element of every quantity, thinned."""
    return draws_names.labelled({key: fit[key][:, THIN - 1 :: THIN] for key in fit}, {}, from_zero=False)


def draws_info(fit: hmc.Fit, draws: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """posteriordb's information on reference draws: how they were made, diagnostics, whether they pass its criteria."""
    stacked = np.stack(list(draws.values()), axis=-1)
    bulk, tail, r_hat = ess_bulk(stacked), ess_tail(stacked), rhat(stacked)
    efmi = ebfmi(fit.stats["energy"])
    divergent = fit.stats["diverging"].sum(axis=1)
    (bulk_low, bulk_high), (tail_low, tail_high) = ess_bounds(len(draws))
    within = (bulk_low <= bulk) & (bulk <= bulk_high) & (tail_low <= tail) & (tail <= tail_high)
    settings = {key: value for key, value in fit.settings.items() if key != "initial"}
    return {
        "inference": {"method": f"{PROJECT} {hmc.__version__}", "method_arguments": settings | {"thin": THIN}},
        "diagnostics": {
            "diagnostic_information": {"names": list(draws)},
            "ndraws": CHAINS * DRAWS,
            "nchains": CHAINS,
            "effective_sample_size_bulk": bulk.tolist(),
            "effective_sample_size_tail": tail.tolist(),
            "r_hat": r_hat.tolist(),
            "divergent_transitions": divergent.tolist(),
            "expected_fraction_of_missing_information": efmi.tolist(),
        },
        "checks_made": {
            "ndraws_is_10k": bool(stacked.shape[:2] == (CHAINS, DRAWS)),
            "nchains_is_gte_4": len(fit.chains) >= 4,
            "ess_within_bounds": bool(within.all()),
            "r_hat_below_1_01": bool((r_hat < 1.01).all()),
            "efmi_above_0_2": bool((efmi > 0.2).all()),
            "no_divergent_transitions": not divergent.any(),
        },
        "versions": {PROJECT: hmc.__version__, "numpy": np.__version__},
    }


def ess_bounds(parameters: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """(lowest, highest) bulk and tail ESS that independent draws have, in 95 of 100 sets of so many parameters.

    As posteriordb: from the ESS of simulated normal draws. Parameters and the two statistics share the error rate, so
    the bounds reach beyond what was simulated: on either side, as far as if that side were of a normal distribution.
    """
    reach = float(ndtri(BOUND / (4 * parameters)) / ndtri(TAIL))
    bulk, tail = ((mid - reach * (mid - low), mid + reach * (high - mid)) for low, mid, high in _ess_of_independent())
    return bulk, tail


@functools.cache
def _ess_of_independent() -> list[tuple[float, float, float]]:
    """Quantiles (TAIL, 1/2, 1 - TAIL) of the bulk and of the tail ESS of independent normal draws."""
    rng, found = np.random.default_rng(1), []
    for _ in range(SIMULATED // AT_A_TIME):
        draws = rng.standard_normal((CHAINS, DRAWS, AT_A_TIME))
        found.append([ess_bulk(draws), ess_tail(draws)])
    both = np.concatenate(found, axis=1)
    low, mid, high = np.quantile(both, [TAIL, 0.5, 1.0 - TAIL], axis=1)
    return list(zip(low.tolist(), mid.tolist(), high.tolist(), strict=True))


def exact_of(name: str) -> dict[str, Any] | None:
    """Exact moments and quantiles of the model, and bounds of their error; None where they are not known."""
    exact, error = models.exact.exact_values(name), models.exact.exact_error(name)
    if exact is None or error is None:
        return None
    columns = ("mean", "sd", "q5.5", "q94.5")
    return {
        "name": name,
        "method": "deterministic quadrature; the error is the largest change of any number between two grids",
        "error": {"mean": error[0], "sd": error[0], "q5.5": error[1], "q94.5": error[1]},
        "parameters": {label: dict(zip(columns, values, strict=True)) for label, values in exact.items()},
    }


def densities(model: hmc.Model, seed: int) -> dict[str, Any]:
    """Log density and gradient at random unconstrained positions, and the named values there.

    As computed in double precision: all 17 digits of the results are written.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(POSITIONS,)))
    points = []
    for position in rng.uniform(-REACH, REACH, (POSITIONS, model.dimension)):
        value, gradient = model.evaluate(position)
        values = {key: _plain(array) for key, array in model.constrain(position).items()}
        points.append({"unconstrained": position, "values": values, "log_density": value, "gradient": gradient})
    return {
        "name": model.name,
        "parameters": {p.name: {"shape": list(p.shape), "constraint": str(p.constraint)} for p in model.parameters},
        "convention": "of the unconstrained position, all constants and the Jacobians of the constraints included",
        "positions": [{key: _plain(value) for key, value in point.items()} for point in points],
    }


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def _put_json(path: Path, content: Any) -> None:
    _put(path, (json.dumps(content, indent=1) + "\n").encode())


def _put_zip(path: Path, content: Any) -> None:
    """A zip of one JSON file, of a fixed date: the same content gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        file = zipfile.ZipInfo(path.name.removesuffix(".zip"), date_time=(1980, 1, 1, 0, 0, 0))
        file.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(file, json.dumps(content))
    _put(path, packed.getvalue())


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))
