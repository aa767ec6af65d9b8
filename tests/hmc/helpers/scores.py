"""Estimates from draws against exact values, in Monte Carlo standard errors: the z-scores of a whole model at once.

Two levels. Under FAIL is a bug: a right sampler comes here once in a million runs. Under ALERT (once in a thousand)
is printed, which pytest shows with -rP, and is to be looked into with other seeds. Seeds are fixed, so that a run that
passes goes on passing until the code changes.

Estimated standard errors, correlated estimates of one chain, and the Bonferroni bound make these levels
approximate: the negative twins in `test_targets.py` show that they are sharp enough.
"""

from typing import NamedTuple

import numpy as np
from scipy import stats

import diagnostics

ALERT, FAIL = 1e-3, 1e-6


class Exact(NamedTuple):
    """What is known of a target; arrays (dimension,), or None where an estimate has no finite standard error."""

    mean: np.ndarray
    sd: np.ndarray
    quantiles: dict  # {probability: array}


def z_scores(draws, exact):
    """{statistic: z-scores (dimension,)} of draws (chains, draws, dimension)."""
    pooled = draws.reshape(-1, draws.shape[-1])
    scores = {}
    if exact.mean is not None:
        scores["mean"] = (pooled.mean(axis=0) - exact.mean) / diagnostics.mcse_mean(draws)
    if exact.sd is not None:
        scores["sd"] = (pooled.std(axis=0, ddof=1) - exact.sd) / diagnostics.mcse_sd(draws)
    for probability, quantile in exact.quantiles.items():
        error = diagnostics.mcse_quantile(draws, probability)
        scores[f"{probability:.1%}"] = (np.quantile(pooled, probability, axis=0) - quantile) / error
    return scores


def p_values(draws, exact, independent):
    """{check: p-value}. The largest |z| of all, against Bonferroni's bound; and, where the components of the draws are
    `independent` in the target, for each statistic the sum of squares against chi-square.
    """
    scores = z_scores(draws, exact)
    every = np.concatenate(list(scores.values()))
    if not np.isfinite(every).all():
        return {"an estimate or its standard error is not finite": 0.0}
    found = {"largest |z|": min(1.0, 2 * stats.norm.sf(np.abs(every).max()) * len(every))}
    if independent:
        found |= {f"sum of z^2 of {name}": stats.chi2.sf((z**2).sum(), len(z)) for name, z in scores.items()}
    return found


def disagreements(draws, exact, *, independent=False):
    """The checks at which draws and exact values disagree beyond chance; empty if the sampler is right."""
    found = p_values(draws, exact, independent)
    for name, p in found.items():
        if p < ALERT:
            print(f"alert: {name} has p = {p:.1e}")
    return {name: p for name, p in found.items() if p < FAIL}


def of_distribution(distribution, dimension, *, with_sd=True, probabilities=(0.05, 0.5, 0.95)):
    """`Exact` of independent components that all have this scipy.stats distribution."""
    ones = np.ones(dimension)
    return Exact(
        mean=ones * distribution.mean(),
        sd=ones * distribution.std() if with_sd else None,
        quantiles={p: ones * distribution.ppf(p) for p in probabilities},
    )
