"""`verdict`: the diagnostics of a fit in words, and advice.

The other files compute the statistics, `findings` holds the sentences; the thresholds are here.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import quietly
from .cautions import Caution
from .energy import COARSE, ebfmi, log_density_spacing
from .findings import (
    AGAINST_DIVERGENCES,
    AGAINST_LOW_EBFMI,
    CHECK,
    INSTEAD_OF_DRAWS,
    OR_WALNUTS,
    OTHER_METRIC,
    SEVERITIES,
    Finding,
    Severity,
    Verdict,
    finding,
)
from .hierarchy import Hierarchy, centred_hierarchy
from .necks import is_caught, neck
from .protocols import Bools, ChainFailure, SampledFit, check_fit
from .psis import PsisLoo, loo_cautions
from .quantities import Quantities, quantities_of
from .remarks import of_remarks
from .stuck import of_stuck_chains
from .waic import Waic, waic_cautions

# Vehtari et al. (2021), section 4: with a larger Rhat, or fewer effective draws a chain, the two numbers themselves
# are too noisy to rely on. Over 1.1 even the older, laxer rule calls the chains apart.
RHAT, RHAT_APART = 1.01, 1.1
ESS_PER_CHAIN, ESS_USELESS = 100, 10

# Betancourt (2016): below this the momentum draws cannot keep up with the energies of the target.
EBFMI = 0.3

# Even one divergence may mean that a part of the posterior is never drawn; at this share that is almost certain.
DIVERGENT_SHARE = 0.01

# An ESS needs 3 draws in each half of a chain; and a chain of fewer than 100 draws can hardly have an ESS of 100.
FEWEST_DRAWS, FEW_DRAWS = 6, 100

ENDINGS: dict[Severity | None, str] = {
    None: "converged",
    "note": "converged",
    "warning": "take care, read the warnings first",
    "error": "DO NOT TRUST these numbers yet",
}


@quietly
def verdict(fit: SampledFit, *criteria: Waic | PsisLoo) -> Verdict:
    """The diagnostics of `fit` in words, as a `Verdict`; `criteria` are results of `waic` or `psis_loo` for it.

    Checks all named quantities on their own scale, element by element (`a[3]`): draws that are not finite, Rhat,
    bulk and tail ESS; the sampler's divergences, cut-off trajectories, E-BFMI of each chain; chains that failed
    or never moved, one chain alone, few draws; with `criteria`, the k-hat and p_waic of each observation. Tells what
    is in `fit.remarks`, if the fit has any.

    A constant parameter is an error, because a posterior density has some spread. A constant derived quantity (the
    diagonal of a correlation matrix) is left out, as are undefined statistics (the tail ESS of an event that nearly
    always happens). A quantity is derived if `fit.parameters` does not name it; without such a list, none is.

    `fit` gives keys(), fit[name], stats, unconstrained, chains, failures, interrupted, seconds, as `hmc.Fit` does.
    ValueError for what is no fit, TypeError for other criteria.
    """
    check_fit(fit, "verdict", "unconstrained", "stats", "chains")
    quantities = quantities_of(fit) if fit.unconstrained.shape[1] >= FEWEST_DRAWS else None
    findings = [*_of_chains(fit)]
    if quantities:
        findings += _of_draws(quantities)
        # Looked for where advice depends on it, once.
        hierarchy = functools.cache(lambda: centred_hierarchy(fit))
        findings += [*_of_trajectories(fit, quantities, hierarchy), *_of_convergence(fit, quantities, hierarchy)]
    findings += map(_of_observations, itertools.chain(*map(_cautions, criteria)))
    findings.sort(key=lambda found: SEVERITIES.index(found.severity))
    summary = _summary(fit, quantities, findings[0].severity if findings else None)
    return Verdict(summary, findings, getattr(fit, "settings", {}).get("chosen_metric", ""))


def _was_stopped(fit: SampledFit, failure: ChainFailure) -> bool:
    """Whether a chain lacks draws because whoever ran it stopped the run, and not because of its model."""
    return fit.interrupted and str(failure.reason).startswith("interrupted")


def _of_chains(fit: SampledFit) -> Iterator[Finding]:
    """Chains that are missing, alone, too short, or do not move."""
    chains, draws = fit.unconstrained.shape[:2]
    unreached = [f"chain {failure.chain + 1}" for failure in fit.failures if _was_stopped(fit, failure)]
    if unreached:
        yield finding("unreached", "note", unreached, {"count": len(unreached)})
    for failure in fit.failures:
        if not _was_stopped(fit, failure):
            numbers = {"iteration": failure.iteration}
            yield finding("failure", "warning", [f"chain {failure.chain + 1}"], numbers, reason=failure.reason)
    yield from of_remarks(getattr(fit, "remarks", ()))
    if fit.interrupted:
        yield finding("interrupted", "note", [], {"draws": draws})
    if draws < FEWEST_DRAWS:
        yield finding("too_few_draws", "error", [], {"draws": draws, "fewest": FEWEST_DRAWS})
    elif draws < FEW_DRAWS:
        yield finding("few_draws", "note", [], {"draws": draws, "required": ESS_PER_CHAIN * chains})
    if chains == 1:
        yield finding("single_chain", "warning", [], {"chains": 1})
    if draws > 1:
        lp = fit.stats.get("lp", np.zeros((chains, draws)))
        yield from of_stuck_chains(fit.unconstrained, lp, [f"chain {number + 1}" for number in fit.chains])


def _of_trajectories(
    fit: SampledFit, quantities: Quantities, hierarchy: Callable[[], Hierarchy | None]
) -> Iterator[Finding]:
    """Divergences, cut-off trajectories, energies that change too slowly or are rounded."""
    diverging, saturated = fit.stats["diverging"], fit.stats["reached_max_treedepth"]
    if diverging.any():
        severity: Severity = "error" if diverging.mean() >= DIVERGENT_SHARE else "warning"
        target = 0.95 if getattr(fit, "settings", {}).get("target_accept", 0.8) < 0.95 else 0.99
        concerns = _chains(fit, diverging.sum(axis=1))
        found = neck(fit, quantities.label)
        is_nuts = getattr(fit, "settings", {}).get("algorithm") == "nuts"
        yield finding(
            "divergences",
            severity,
            concerns,
            _share(diverging),
            where=f"; mostly where {found.label} is {found.side}" if found else "",
            target_accept=target,
            remedy=_remedy(AGAINST_DIVERGENCES, hierarchy()),
            or_walnuts=OR_WALNUTS if is_nuts and (found or is_caught(diverging)) else "",
        )
    if saturated.any():
        depth = int(fit.stats["tree_depth"][saturated].max())
        numbers = _share(saturated) | {"depth": depth}
        # A note: it costs time, and the draws are right. If it costs too much, ESS is low, a finding of its own.
        yield finding(
            "saturated_trees",
            "note",
            _chains(fit, saturated.sum(axis=1)),
            numbers,
            deeper=depth + 2,
            or_metric=_or_metric(fit),
        )
    fraction = ebfmi(fit.stats["energy"])
    if (fraction < EBFMI).any():
        concerns = _chains(fit, np.maximum(EBFMI - fraction, 0))
        numbers = {"least": float(np.nanmin(fraction)), "threshold": EBFMI}
        yield finding("ebfmi", "warning", concerns, numbers, remedy=_remedy(AGAINST_LOW_EBFMI, hierarchy()))
    spacing = log_density_spacing(lp := fit.stats.get("lp", np.zeros(1)))
    if spacing > COARSE:
        numbers = {"largest": float(np.abs(lp[np.isfinite(lp)]).max()), "spacing": spacing}
        yield finding("coarse_density", "error" if spacing > 1 else "warning", [], numbers)


def _of_draws(quantities: Quantities) -> Iterator[Finding]:
    """Draws that are not finite, and parameters that never change."""
    if (quantities.not_finite > 0).any():
        concerns = _worst(quantities.label, quantities.not_finite, quantities.not_finite > 0)
        yield finding("not_finite", "error", concerns, {"count": int(quantities.not_finite.sum())})
    is_constant = quantities.is_parameter & np.isfinite(quantities.constant)
    if is_constant.any():
        value = float(quantities.constant[is_constant][0])
        yield finding("constant", "error", quantities.label[is_constant], {"value": value})


def _of_convergence(
    fit: SampledFit, quantities: Quantities, hierarchy: Callable[[], Hierarchy | None]
) -> Iterator[Finding]:
    """Rhat and ESS beyond their thresholds."""
    chains, draws = fit.unconstrained.shape[:2]
    total, required = len(quantities.label), ESS_PER_CHAIN * chains
    is_high = quantities.rhat > RHAT
    if is_high.any():
        largest = float(np.nanmax(quantities.rhat))
        numbers = {"count": int(is_high.sum()), "total": total, "largest": largest, "threshold": RHAT}
        concerns = _worst(quantities.label, quantities.rhat, is_high)
        further = f" {CHECK}" if largest > RHAT_APART else ""
        yield finding("rhat", "error" if largest > RHAT_APART else "warning", concerns, numbers, further=further)
    for kind in ("ess_bulk", "ess_tail"):
        ess = getattr(quantities, kind)
        is_low = ess < required
        if is_low.any():
            least = float(np.nanmin(ess))
            numbers = {"count": int(is_low.sum()), "total": total, "least": least, "required": required}
            needed = _rounded_up(draws * required / least)
            remedy = f"about {needed} draws a chain would be enough; if that is too many, "
            remedy += f"{_remedy(INSTEAD_OF_DRAWS, hierarchy())}{_or_metric(fit)}."
            severity: Severity = "warning"
            if least < ESS_USELESS * chains:
                severity, remedy = "error", f"the chains barely move. {CHECK} If it finds none, {remedy}"
            concerns = _worst(quantities.label, -ess, is_low)
            yield finding(kind, severity, concerns, numbers, per_chain=ESS_PER_CHAIN, remedy=remedy)


def _or_metric(fit: SampledFit) -> str:
    """Advice to let the metric learn correlations, where the run's did not."""
    is_without = getattr(fit, "settings", {}).get("metric", "auto") in ("diag", "unit")
    return f", {OTHER_METRIC}" if is_without else ""


def _remedy(texts: tuple[str, str], hierarchy: Hierarchy | None) -> str:
    """The first of the two, about a hierarchy, or the second, where there is none."""
    return texts[0].format(**hierarchy._asdict()) if hierarchy else texts[1]


def _cautions(criterion: Waic | PsisLoo) -> list[Caution]:
    """The warnings of `waic` or `psis_loo`."""
    if isinstance(criterion, PsisLoo):
        return loo_cautions(criterion)
    if isinstance(criterion, Waic):
        return waic_cautions(criterion)
    raise TypeError(f"a criterion is a result of waic or psis_loo, not a {type(criterion).__name__}")


def _of_observations(caution: Caution) -> Finding:
    """A warning of `waic` or `psis_loo` as a finding."""
    concerns = tuple(f"observation {i + 1}" for i in caution.concerns)
    advice = f"{caution.advice[:1].upper()}{caution.advice[1:]}."
    return Finding("warning", caution.kind, concerns, caution.numbers, f"{caution.message}.", advice)


def _share(happened: Bools) -> dict[str, float]:
    return {"count": int(happened.sum()), "total": happened.size, "share": float(happened.mean())}


def _chains(fit: SampledFit, badness: NDArray[Any]) -> tuple[str, ...]:
    """Names of the chains whose `badness` is positive, worst first; counted from 1."""
    return _worst(np.array([f"chain {number + 1}" for number in fit.chains], dtype=object), badness, badness > 0)


def _worst(labels: NDArray[np.object_], badness: NDArray[Any], is_concerned: Bools) -> tuple[str, ...]:
    """The labels concerned, worst first."""
    order = np.argsort(-badness.astype(float)[is_concerned], kind="stable")
    return tuple(labels[is_concerned][order])


def _rounded_up(count: float) -> int:
    """Rounded up to two significant digits: an estimate should not look like a measurement."""
    unit = 10 ** max(0, math.floor(math.log10(count)) - 1)
    return math.ceil(count / unit) * unit


def _summary(fit: SampledFit, quantities: Quantities | None, worst: Severity | None) -> str:
    """The run in a line: its size and time, the worst of each number, and whether to trust it."""
    chains, draws = fit.unconstrained.shape[:2]
    diverging, saturated = (int(fit.stats[name].sum()) for name in ("diverging", "reached_max_treedepth"))
    parts = [f"{_counted(chains, 'chain')} of {_counted(draws, 'draw')} in {fit.seconds:.2f} s"]
    parts += ["stopped early"] if fit.interrupted else []
    parts += [f"{_counted(diverging, 'divergence')}" if diverging else "no divergences"]
    parts += [f"{_counted(saturated, 'tree')} at full depth"] if saturated else []
    rhat = ess = np.empty(0)
    if quantities:
        rhat = quantities.rhat[~np.isnan(quantities.rhat)]
        ess = np.concatenate([quantities.ess_bulk, quantities.ess_tail])
        ess = ess[~np.isnan(ess)]
    parts += [f"Rhat at most {rhat.max():.3f}" if len(rhat) else "Rhat unknown"]
    parts += [f"bulk and tail ESS at least {ess.min():.0f}" if len(ess) else "ESS unknown"]
    return f"{', '.join(parts)}: {ENDINGS[worst]}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
