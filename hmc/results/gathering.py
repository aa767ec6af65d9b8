"""The fit of a run's chains, put together, and taken apart again to be gone on with."""

import numpy as np

from hmc.errors import ChainError, InitializationError
from hmc.results.fit import Fit
from hmc.sampler.chain import Record


def gather(model, settings, results, failures, *, identity, interrupted, seconds):
    """The `Fit` of the chains that have draws, cut to one length; what longer ones have more is in `ragged`.

    results: a `ChainResult` for each of them.
    """
    warmup = settings.warmup
    kept_warmup = warmup if settings.keep_warmup else 0
    draws = min(len(r.record.position) for r in results) - kept_warmup

    def stacked_stats(rows):
        return {n: np.stack([getattr(r.record, n)[rows] for r in results]) for n in results[0].record._fields[1:]}

    positions = [r.record.position for r in results]
    return Fit(
        name=model.name,
        parameters=model.parameters,
        model=model,
        unconstrained=np.stack([p[kept_warmup : kept_warmup + draws] for p in positions]),
        stats=stacked_stats(slice(warmup, warmup + draws)),
        warmup_stats=stacked_stats(slice(0, warmup)),
        warmup=np.stack([p[:kept_warmup] for p in positions]) if settings.keep_warmup else None,
        inverse_metric=np.stack([r.inverse_metric for r in results]),
        chains=[r.chain for r in results],
        failures=failures,
        interrupted=interrupted,
        ragged={r.chain: tail for r in results if (tail := _tail(r, kept_warmup + draws, warmup + draws))},
        snapshots=_snapshots(results, warmup + settings.draws),
        settings=settings._asdict(),
        seconds=seconds,
        identity=identity,
    )


def _snapshots(results, end):
    """What the chains can be gone on from, if all of them came to the end."""
    snapshots = [r.snapshot for r in results]
    return snapshots if all(s is not None and s.state.iteration == end for s in snapshots) else None


def _tail(result, first_position, first_row):
    """What a chain has beyond the common length, or None."""
    record = result.record
    if len(record.position) == first_position:
        return None
    return {
        "unconstrained": record.position[first_position:],
        "stats": {name: getattr(record, name)[first_row:] for name in record._fields[1:]},
    }


def records(fit):
    """The `Record` of each chain of a fit that was not interrupted: what `gather` made it of."""
    positions = fit.unconstrained if fit.warmup is None else np.concatenate([fit.warmup, fit.unconstrained], axis=1)
    stats = [np.concatenate([fit.warmup_stats[name], fit.stats[name]], axis=1) for name in Record._fields[1:]]
    return [Record(*arrays) for arrays in zip(positions, *stats, strict=True)]


def raise_for_no_draws(model, failures, errors):
    """Raise what a run without any draws ends with: KeyboardInterrupt, InitializationError or ChainError.

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
