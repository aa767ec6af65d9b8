"""Chains joined to a fit, and a fit taken apart into chains that can be continued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from hmc.errors import ChainError, InitializationError
from hmc.results.chosen_metric import chosen_metric
from hmc.results.fit import Fit
from hmc.sampler.chain import AnyRecord, record_kind
from hmc.sampler.metric import LowRank

if TYPE_CHECKING:
    from hmc.errors import Failure
    from hmc.model import Model
    from hmc.results.identity import Identity
    from hmc.running.tasks import ChainResult
    from hmc.sampler.snapshot import Snapshot
    from hmc.settings import Settings


def gather(
    model: Model,
    settings: Settings,
    results: list[ChainResult],
    failures: list[Failure],
    *,
    identity: Identity,
    interrupted: bool,
    seconds: float,
) -> Fit:
    """The `Fit` of the chains that have draws, cut to one length; further draws of longer chains are in `ragged`.

    results: those of the chains. The list is empty in the end: each chain's draws are released once they are copied, so
        that memory never holds two copies of all draws.
    """
    warmup = settings.warmup
    kept_warmup = warmup if settings.keep_warmup else 0
    draws = min(len(r.record.position) for r in results) - kept_warmup

    def stacked_stats(rows: slice) -> dict[str, np.ndarray]:
        return {n: np.stack([getattr(r.record, n)[rows] for r in results]) for n in results[0].record._fields[1:]}

    content: dict[str, Any] = {
        "stats": stacked_stats(slice(warmup, warmup + draws)),
        "warmup_stats": stacked_stats(slice(0, warmup)),
        "inverse_metric": joined_metrics([r.inverse_metric for r in results]),
        "chains": [r.chain for r in results],
        "remarks": [remark for r in results for remark in r.remarks],
        "ragged": {r.chain: tail for r in results if (tail := _tail(r, kept_warmup + draws, warmup + draws))},
        "snapshots": _snapshots(results, warmup + settings.draws),
    }
    unconstrained = np.empty((len(results), draws, model.dimension))
    kept = np.empty((len(results), kept_warmup, model.dimension))
    for chain in range(len(results)):
        position = results.pop(0).record.position
        kept[chain], unconstrained[chain] = position[:kept_warmup], position[kept_warmup : kept_warmup + draws]
        del position
    return Fit(
        name=model.name,
        parameters=model.parameters,
        model=model,
        unconstrained=unconstrained,
        warmup=kept if settings.keep_warmup else None,
        failures=failures,
        interrupted=interrupted,
        settings=_settled(settings, content["inverse_metric"]),
        seconds=seconds,
        identity=identity,
        **content,
    )


def _settled(settings: Settings, inverse_metric: NDArray[np.float64] | LowRank) -> dict[str, Any]:
    """The settings, and the metric that was chosen if that was left open."""
    is_open = settings.metric == "auto" and settings.warmup > 0
    return settings._asdict() | ({"chosen_metric": chosen_metric(inverse_metric)} if is_open else {})


def joined_metrics(metrics: list[Any]) -> NDArray[np.float64] | LowRank:
    """The inverse metrics of chains along a first axis: (chains, dimension), (chains, dimension, dimension), `LowRank`.

    Where chains chose for themselves, a diagonal beside others is given in their form.
    """
    if any(isinstance(metric, LowRank) for metric in metrics):
        metrics = [metric if isinstance(metric, LowRank) else _of_rank_0(metric) for metric in metrics]
        rank = max(len(metric.eigenvalues) for metric in metrics)
        spare = [rank - len(metric.eigenvalues) for metric in metrics]
        return LowRank(
            np.stack([metric.scale for metric in metrics]),
            np.stack([np.pad(m.vectors, ((0, more), (0, 0))) for m, more in zip(metrics, spare, strict=True)]),
            np.stack([np.pad(m.eigenvalues, (0, n), constant_values=1.0) for m, n in zip(metrics, spare, strict=True)]),
        )
    if len({metric.ndim for metric in metrics}) > 1:
        metrics = [np.diag(metric) if metric.ndim == 1 else metric for metric in metrics]
    return np.stack(metrics)


def _of_rank_0(diagonal: NDArray[np.float64]) -> LowRank:
    return LowRank(np.sqrt(diagonal), np.zeros((0, diagonal.size)), np.ones(0))


def _snapshots(results: list[ChainResult], end: int) -> list[Snapshot] | None:
    """The snapshots from which the chains can be continued, if all chains reached the end."""
    at_end = [r.snapshot for r in results if r.snapshot is not None and r.snapshot.state.iteration == end]
    return at_end if len(at_end) == len(results) else None


def _tail(result: ChainResult, first_position: int, first_row: int) -> dict[str, Any] | None:
    """The draws and statistics of a chain beyond the common length, or None if there are none."""
    record = result.record
    if len(record.position) == first_position:
        return None
    return {
        "unconstrained": record.position[first_position:].copy(),  # a view would keep all draws in memory
        "stats": {name: getattr(record, name)[first_row:].copy() for name in record._fields[1:]},
    }


def records(fit: Fit) -> list[AnyRecord]:
    """The `Record` of each chain of a fit that was not interrupted: the inverse of `gather`."""
    positions = fit.unconstrained if fit.warmup is None else np.concatenate([fit.warmup, fit.unconstrained], axis=1)
    kind = record_kind(fit.settings["algorithm"])
    stats = [np.concatenate([fit.warmup_stats[name], fit.stats[name]], axis=1) for name in kind._fields[1:]]
    return [kind(*arrays) for arrays in zip(positions, *stats, strict=True)]


def raise_for_no_draws(model: Model, failures: Sequence[Failure], errors: Sequence[BaseException | None]) -> NoReturn:
    """Raise the error of a run that has no draws: KeyboardInterrupt, InitializationError or ChainError.

    failures, errors: a `Failure` for each chain, and the exception that ended it.
    """
    if any(isinstance(error, KeyboardInterrupt) for error in errors):
        raise KeyboardInterrupt("interrupted before any chain had a draw")
    if isinstance(errors[0], InitializationError):
        raise errors[0]
    chain, iteration, reason = failures[0]
    raise ChainError(
        f"{model.name}: no chain gave draws; chain {chain + 1} failed after {iteration} transitions: {reason}"
    ) from errors[0]
