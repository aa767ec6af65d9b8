"""Simulation-based calibration: do simulating and sampling a model describe the same posterior?

Draw a truth from the prior, data given it, and a chain from the posterior of these data. Where prior, likelihood, log
density and sampler all belong to one model, truth and draws have the same distribution, so the truth's rank among L
draws is uniform on 0..L. Talts et al. (2018), "Validating Bayesian inference algorithms with simulation-based
calibration", arXiv:1804.06788.

Autocorrelated draws spoil this, and for data from a hierarchical prior no chain may be long enough. So each chain
passes through the truth, at a place drawn at random (`hmc/sampler/chain_through.py`): the ranks are then exactly
uniform, however slowly the chain moves. A chain that hardly moves has little power to show a fault; its effective
sample size measures that.

All parameters, the log density and the log likelihood are ranked. If a density leaves out a part of the data, no
parameter shows it, because the rest of the data has a posterior too; the log likelihood does: Modrák et al. (2023),
"Simulation-based calibration checking for Bayesian computation: the choice of test quantities shapes sensitivity",
Bayesian Analysis.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .calibration_verdict import Calibration, band_level
from .ecdf import ecdf_band, uniformity
from .ess import ess_bulk
from .precis import element_labels
from .protocols import Floats, Ints

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hmc.model import Model
    from hmc.settings import Settings


def calibrate(
    model: Model,
    replications: int = 1000,
    *,
    seed: int | None = 12,
    thinned: int = 99,
    spacing: int = 4,
    level: float = 0.99,
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
    **sampling: Any,
) -> Calibration:
    """Simulation-based calibration of a model that has simulate and simulate_data, as a `Calibration`.

    thinned: how many draws the truth is ranked among, each `spacing` transitions from the next.
    level: the ranks of a correct model pass with at least this probability, whatever the number of quantities and
        replications. Each quantity must stay within an `ecdf_band` of the level 1 - (1 - level) / quantities
        (Bonferroni). A run also fails if most chains hardly move, or if more than a few replications fail.
    sampling: warmup (300), target_accept and other settings, as for `hmc.sample`.

    A wrong prior, likelihood or Jacobian shows in the ranks; so does a sampler that draws from another density. A wrong
    gradient of a correct density does not, because HMC is exact with any gradient, but its chains hardly move, which is
    a fault too. Calibration does not test whether a chain finds the posterior from its start: see `verdict` of a fit.

    Ranks test a prior only as far as the posterior depends on it. To test a prior that the data overwhelm, calibrate
    `model.without(observations)`, a model with less data, or none; in its non-centred form, because chains hardly move
    in the funnel of a centred one.

    Equal draws (after a rejected step) are ranked in random order. Results do not depend on workers or executor. Ctrl-C
    ends the run: the finished replications are judged, and `interrupted` is set; KeyboardInterrupt if there are none.
    ValueError for a wrong argument, or a model that cannot simulate.
    """
    from hmc.model import check_model  # here alone: other diagnostics take arrays
    from hmc.replication import check_simulates, replicate

    started = time.perf_counter()
    for name in ("chains", "draws", "design", "sampler"):
        if name in sampling:
            raise ValueError(f"calibrate has no argument {name}: a replication is one chain, through its truth")
    _check(thinned, spacing, level, sampling.get("warmup", 300))
    check_model(model, "calibrate")
    check_simulates(model)
    run = replicate(
        model,
        functools.partial(ranked, spacing=spacing),
        replications,
        seed=seed,
        design=functools.partial(placed_truth, thinned=thinned),
        sampler=functools.partial(through_the_truth, spacing=spacing),
        draws=spacing * thinned,
        workers=workers,
        executor=executor,
        progress=progress,
        **sampling,
    )
    if run.interrupted and not run.results:
        raise KeyboardInterrupt("interrupted before any replication was finished")
    names = [label for p in model.parameters for label in element_labels(p.name, p.shape)] + ["log density"]
    names += ["log likelihood"] if model.log_likelihood else []
    ranks = np.array([result.ranks for result in run.results], dtype=np.int64).reshape(-1, len(names))
    return Calibration(
        name=model.name,
        names=tuple(names),
        ranks=ranks,
        numbers=np.array(run.numbers, np.int64),
        thinned=thinned,
        level=level,
        band=ecdf_band(len(ranks), thinned, band_level(level, len(names))) if len(ranks) else None,
        uniformity=uniformity(ranks, thinned) if len(ranks) else None,
        effective=np.array([result.effective for result in run.results]),
        diverged=sum(result.diverged for result in run.results),
        failures=tuple(run.failures),
        interrupted=run.interrupted,
        settings=run.settings,
        seconds=time.perf_counter() - started,
    )


class Truth(NamedTuple):
    """The truth of a replication, and its place among the draws."""

    position: Floats  # unconstrained
    place: int  # among the thinned + 1 ranked draws, in the order of the chain
    order: float  # between 0 and 1: its place among equal draws


class Ranked(NamedTuple):
    """The result of a replication."""

    ranks: Ints  # (quantities,) how many of the other draws are below the truth
    effective: float  # the least bulk ESS, unconstrained, of the whole chain; 0 where it did not move
    diverged: bool


def placed_truth(rng: np.random.Generator, model: Model, *, thinned: int) -> tuple[Truth, Model]:
    """The design of a replication: (a `Truth` from the prior, the model of data given it)."""
    from hmc.replication import from_prior

    position, fitted = from_prior(rng, model)
    return Truth(position, int(rng.integers(thinned + 1)), rng.random()), fitted


def through_the_truth(
    truth: Truth, fitted: Model, settings: Settings, cells: Ints, *, spacing: int
) -> tuple[Floats, dict[str, NDArray[Any]]]:
    """The sampler of a replication: a chain that has the truth at its place."""
    from hmc.sampler.chain_through import chain_through

    return chain_through(fitted, settings, truth.position, truth.place * spacing, cells)


def ranked(truth: Truth, fitted: Model, draws: Floats, stats: dict[str, NDArray[Any]], *, spacing: int) -> Ranked:
    """`Ranked` of a chain through the truth."""
    log_density = stats["lp"][:, :, None]
    values = _quantities(fitted, draws[0, ::spacing], log_density[0, ::spacing])
    own = values[truth.place]
    equals = (values == own).sum(axis=0)  # itself included
    ranks = (values < own).sum(axis=0) + np.floor(truth.order * equals).astype(np.int64)
    effective = np.nan_to_num(ess_bulk(np.concatenate([draws, log_density], axis=2))).min()
    return Ranked(ranks, float(effective), bool(stats["diverging"].any()))


def _quantities(model: Model, positions: Floats, log_density: Floats) -> Floats:
    """The ranked quantities, (draws, quantities)."""
    columns = [values.reshape(len(positions), -1) for values in model.constrain(positions).values()] + [log_density]
    if model.log_likelihood:
        pointwise = model.pointwise("log_likelihood", positions)
        weight = getattr(model.data, "weight", None)
        if isinstance(weight, np.ndarray) and weight.shape == pointwise.shape[1:]:
            pointwise = pointwise[:, weight != 0] * weight[weight != 0]  # the others are left out of this posterior
        columns.append(pointwise.sum(axis=1)[:, None])
    return np.concatenate(columns, axis=1)


def _check(thinned: int, spacing: int, level: float, warmup: int) -> None:
    from hmc.settings import check_whole

    for name, value in (("thinned", thinned), ("spacing", spacing), ("warmup", warmup)):
        check_whole(name, value, least=1)
    if isinstance(level, bool) or not isinstance(level, (int, float, np.floating)) or not 0 < level < 1:
        raise ValueError(f"level = {level!r} is not a number between 0 and 1")
