"""The lecture's comparisons of the tadpole models, beside the exact values and those that the lecture prints."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from diagnostics import compare
from diagnostics.psis import compute_psis_loo, loo_cautions
from diagnostics.waic import compute_waic, standard_error_of_sum, waic_cautions
from figures.lecture.tables.truth import agreement, is_of_bundled_data, judged
from models.exact import exact_criteria, exact_difference, published

if TYPE_CHECKING:
    import pandas as pd

    from diagnostics.loo_refit import LooRefit

SE_NOTE = (
    "SE is the square root of n times the population variance of the pointwise values (divisor n); dSE has the divisor "
    "n - 1. These tables follow the lecture's software in this."
)


def comparison_by_waic(fits: Mapping[str, Any]) -> pd.DataFrame:
    """`diagnostics.compare` by WAIC of {"mST": fit, "mSTnomem": fit}, a DataFrame; notes in `frame.attrs["notes"]`.

    Beside its columns, for fits of the bundled data: `exact WAIC` and so on, without Monte Carlo error; `published
    WAIC` and so on, as the lecture prints them. The notes compare both our numbers and the published ones with the
    exact ones, by the scatter of such numbers from run to run (`models.exact.published`), and repeat the cautions of
    `diagnostics.waic`, as `hmc compare` does; `frame.attrs["severity"]` is then "warning".
    """
    frame, known, notes = _compared(fits, "WAIC")
    cautions = [
        f"{name}: {caution}"
        for name, fit in fits.items()
        for caution in waic_cautions(compute_waic(fit.log_likelihood))
    ]
    if known:
        printed = published()
        exact = {name: _exact_row(name, frame.index[0]) for name in frame.index}
        for column in ("WAIC", "SE", "dWAIC", "dSE", "pWAIC"):
            frame[f"exact {column}"] = [exact[name][column] for name in frame.index]
        for column in ("WAIC", "SE", "dWAIC", "dSE", "pWAIC", "weight"):
            found = [printed["compare"][name][column] for name in frame.index]
            frame[f"published {column}"] = np.array(found, dtype=float)
        notes += [_against_exact(fits, frame, printed), *_published_against_exact(frame, printed)]
    frame.attrs = {"notes": [*notes, *cautions, SE_NOTE], "severity": "warning" if cautions else None}
    return frame


def comparison_by_psis(fits: Mapping[str, Any], refits: Mapping[str, LooRefit]) -> pd.DataFrame:
    """`diagnostics.compare` by PSIS of {"mST": fit, "mSTP": fit}, and exact leave-one-out beside both, a DataFrame.

    `refits`: by the same names, a `diagnostics.loo_refit.LooRefit`: `refitted looic`, its difference to the first row,
    the standard error of this difference over tanks (dSE), and the Monte Carlo standard error of looic. For fits of the
    bundled data also by quadrature: `exact looic`, `exact dlooic`, `exact dSE`. The notes, `frame.attrs["notes"]`,
    report k-hats, the convergence of the refits, and where the criteria disagree.
    """
    frame, known, notes = _compared(fits, "PSIS")
    best = frame.index[0]
    looic = np.array([refits[name].looic for name in frame.index])
    frame["refitted looic"], frame["refitted dlooic"] = looic, looic - looic[0]
    frame["refitted dSE"] = [
        np.nan if name == best else _se_between(refits[name], refits[best]) for name in frame.index
    ]
    frame["refitted MCSE"] = [2.0 * refits[name].mcse for name in frame.index]
    if known:
        exact = [_exact_row(name, best) for name in frame.index]
        for column, key in (("looic", "looic"), ("dlooic", "dLOOIC"), ("dSE", "dSE_LOOIC")):
            frame[f"exact {column}"] = [row[key] for row in exact]
    notes += [_psis_fails(fits[name], refits[name], name) for name in frame.index]
    notes += [_disagreement(fits, refits, known), _how_refits_went(refits)]
    if known:
        scores = {name: (frame.loc[name, "refitted looic"] - frame.loc[name, "exact looic"]) for name in frame.index}
        scores = {name: error / frame.loc[name, "refitted MCSE"] for name, error in scores.items()}
        notes.append(agreement("The refitted looic", scores, _draws(fits)))
    cautions = any(loo_cautions(compute_psis_loo(fit.log_likelihood)) for fit in fits.values())  # the notes have them
    frame.attrs = {"notes": notes, "severity": "warning" if cautions else None}
    return frame


def _compared(fits: Mapping[str, Any], criterion: str) -> tuple[pd.DataFrame, bool, list[str]]:
    """(the table, whether the exact values are of these fits, [its note])."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the notes say the same
        frame = compare(fits, criterion=criterion)
    note = frame.attrs["note"] + _how_sure(frame)
    # The lecture's table has no such columns: the note says it.
    frame = frame.drop(columns=[column for column in ("p_worse", "diag_diff", "diag_elpd") if column in frame])
    known = all(exact_criteria(name) and is_of_bundled_data(fit, name) for name, fit in fits.items())
    return frame, known, [note]


def _how_sure(frame: pd.DataFrame) -> str:
    """A sentence on each model but the best: how probably it is worse, and whether that probability is calibrated."""
    best, *others = frame.index
    sentences = []
    for name in others:
        why = frame["diag_diff"][name]
        caution = f" (not calibrated, since {why}; likely too large)" if why else ""
        sentences.append(
            f" If the error of the difference were normal, {name} would be worse than {best} with probability "
            f"{frame['p_worse'][name]:.2f}{caution}."
        )
    return "".join(sentences)


def _exact_row(name: str, best: str) -> dict[str, float]:
    """The row that `compare` would give without Monte Carlo error, if `best` is the best model."""
    difference = exact_difference(name, best) or {"dWAIC": 0.0, "dSE_WAIC": np.nan, "dLOOIC": 0.0, "dSE_LOOIC": np.nan}
    return (exact_criteria(name) or {}) | difference | {"dSE": difference["dSE_WAIC"]}


def _scores(
    frame: pd.DataFrame,
    found: str,
    printed: Mapping[str, Any],
    slack: Callable[[Iterable[float]], float],
    draws: int,
) -> dict[str, float]:
    """{"WAIC of mST": z, ...} of the numbers in the columns `found.format(column)`; `slack`: the error by rounding."""
    scores = {}
    for name in frame.index:
        for column, (_, scatter) in printed["scatter"][name].items():
            error = abs(frame.loc[name, found.format(column)] - frame.loc[name, f"exact {column}"])
            sd = scatter * np.sqrt(printed["draws"] / draws)
            if np.isfinite(error):
                scores[f"{column} of {name}"] = max(error - slack(frame[found.format(column)]), 0.0) / sd
    return scores


def _against_exact(fits: Mapping[str, Any], frame: pd.DataFrame, printed: Mapping[str, Any]) -> str:
    scores = _scores(frame, "{}", printed, lambda _: 0.0, _draws(fits))
    return agreement("Our numbers", scores, _draws(fits), "standard deviations between runs")


def _draws(fits: Mapping[str, Any]) -> int:
    return min(fit.log_likelihood[..., 0].size for fit in fits.values())


def _published_against_exact(frame: pd.DataFrame, printed: Mapping[str, Any]) -> list[str]:
    scores = _scores(frame, "published {}", printed, _half_a_digit, printed["draws"])
    text, by_chance = judged(scores, "standard deviations between runs")
    differences = [
        f"{what}: published {frame[f'published {column}'][name]:g}, exact {frame[f'exact {column}'][name]:.2f}"
        for what in scores
        for column, name in [what.split(" of ")]
    ]
    verdict = "no more" if by_chance else "more"
    return [
        f"The published numbers differ from the exact ones by {verdict} than rounding and the Monte Carlo error of "
        f"{printed['draws']:,} draws explain: {text}.",
        f"Differences from the published table: {'; '.join(differences)}.",
    ]


def _half_a_digit(printed: Iterable[float]) -> float:
    """Half a unit of the last decimal place of a column: 0.005 for 7.52 and 7.8."""
    decimals = max(len(f"{number:g}".partition(".")[2]) for number in printed)
    return 0.5 * 10.0**-decimals


def _psis_fails(fit: Any, refit: LooRefit, name: str) -> str:
    by_psis = compute_psis_loo(fit.log_likelihood)
    advice = " ".join(map(str, loo_cautions(by_psis)))
    if not advice:
        return f"{name}: no k-hat is over {by_psis.k_threshold:.2f}."
    gap = refit.looic - by_psis.looic
    return f"{name}: {advice} Here it is too {'optimistic' if gap > 0 else 'pessimistic'} by {abs(gap):.0f}."


def _se_between(refit: LooRefit, other: LooRefit) -> float:
    """Standard error over tanks of the difference of two looic."""
    return standard_error_of_sum(refit.pointwise.looic - other.pointwise.looic)


def _disagreement(fits: Mapping[str, Any], refits: Mapping[str, LooRefit], known: bool) -> str:
    """The difference of the second model to the first, by WAIC and by leaving out whole tanks."""
    first, second = fits
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        by_waic = compare(fits, criterion="WAIC")
    waic = by_waic["WAIC"][second] - by_waic["WAIC"][first]
    loo, between = refits[second].looic - refits[first].looic, _se_between(refits[second], refits[first])
    error = 2.0 * np.hypot(refits[first].mcse, refits[second].mcse)
    exact = exact_difference(second, first) if known else None
    of_waic = f"; exactly {exact['dWAIC']:.1f}" if exact else ""
    of_loo = f"; by quadrature {exact['dLOOIC']:.1f}" if exact else ""
    return (
        f"{second} minus {first}: by WAIC {waic:.1f} (standard error over tanks {by_waic['dSE'].max():.1f}"
        f"{of_waic}), which scores tanks whose own intercepts are known; by exact leave-one-out {loo:.1f} (standard "
        f"error over tanks {between:.1f}, Monte Carlo error {error:.1f}{of_loo}), which predicts tanks that were never "
        "seen. Lower is better."
    )


def _how_refits_went(refits: Mapping[str, LooRefit]) -> str:
    rhat = np.concatenate([refit.pointwise.rhat for refit in refits.values()])
    divergences = sum(int(refit.pointwise.divergences.sum()) for refit in refits.values())
    return f"The largest Rhat of {rhat.size} refits is {rhat.max():.3f}; {divergences} transitions diverged."
