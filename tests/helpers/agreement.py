"""Draws of a whole model against known values: z-scores over all parameters at once.

The level at which a check fails is a false alarm once in 10,000 runs of a right sampler, with seeds fixed.
"""

import numpy as np
from scipy import stats

from diagnostics import mcse_mean, mcse_quantile, mcse_sd

FALSE_ALARM = 1e-4


def named_draws(fit, known=None):
    """(names, draws (chains, draws, parameters)) of all scalars, elements counted from 1; or of those in `known`."""
    names, columns = [], []
    for name in fit:
        values = fit[name].reshape(*fit[name].shape[:2], -1)
        names += [name] if fit[name].ndim == 2 else [f"{name}[{i + 1}]" for i in range(values.shape[2])]
        columns.append(values)
    kept = [i for i, name in enumerate(names) if known is None or name in known]
    return [names[i] for i in kept], np.concatenate(columns, axis=2)[:, :, kept]


def z_scores(names, draws, truth, error_bound=0.0):
    """{statistic: z-scores} of estimates against known values, in Monte Carlo standard errors.

    `truth`: {name: {statistic: value}}; what error the values have themselves is in there (`mcse_mean`), or bounded.
    """
    pooled = draws.reshape(-1, draws.shape[2])
    lower, upper = np.quantile(pooled, [0.055, 0.945], axis=0)
    statistics = {
        "mean": (pooled.mean(axis=0), mcse_mean(draws)),
        "sd": (pooled.std(axis=0, ddof=1), mcse_sd(draws)),
        "q5_5": (lower, mcse_quantile(draws, 0.055)),
        "q94_5": (upper, mcse_quantile(draws, 0.945)),
    }
    return {
        s: (value - [truth[n][s] for n in names])
        / np.hypot(error, [truth[n].get(f"mcse_{s}", error_bound) for n in names])
        for s, (value, error) in statistics.items()
    }


def departures(scores, independent=True):
    """What in the z-scores is not as of standard normals; empty if nothing is.

    The largest of all |z| (Bonferroni). And, where the parameters are all but `independent` (as those of tanks are,
    given a_bar and sigma), for each statistic the sum of squares (chi-square, both tails): a common small shift or a
    wrong standard error shows there.
    """
    found = {}
    every = np.abs(np.concatenate(list(scores.values())))
    if 2 * stats.norm.sf(every.max()) * every.size < FALSE_ALARM:
        found["largest |z|"] = every.max()
    for statistic, z in scores.items() if independent else ():
        low, high = stats.chi2.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], z.size)
        if not low < (z**2).sum() < high:
            found[f"mean z^2 of {statistic}"] = (z**2).mean()
    return found
