"""Claims about necks, in which samplers fail: NUTS and WALNUTS in that of a funnel, and eight schools."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

import hmc
from diagnostics import ebfmi, ess_bulk
from figures.sampler import schools, toys


def _start_alike(shown):
    nuts, walnuts = toys.neck_trajectories()
    starts = [np.concatenate([path.leaves[0].position, path.leaves[0].momentum]) for path in (nuts, walnuts)]
    return (
        (nuts.algorithm, walnuts.algorithm) == ("nuts", "walnuts")
        and nuts.step_size == walnuts.step_size
        and (np.array_equal(*starts))
    )


def _steps_are_wider_than_the_neck(shown):
    """In the sd of x at the v that the last leaf but one has reached."""
    *_, before, last = toys.neck_trajectories()[0].leaves
    return abs(last.position[0] - before.position[0]) > 2.0 * math.exp(0.5 * before.position[1])


def _is_thrown_away(shown):
    leaves = toys.neck_trajectories()[0].leaves
    return leaves[-1].energy_error > 1000.0 and all(leaf.energy_error < 1000.0 for leaf in leaves[:-1])


def _takes_finer_steps(shown):
    levels = {leaf.way.level for leaf in toys.neck_trajectories()[1].leaves if leaf.way}
    return levels >= {0, 1, 2}


def _shares_below(shown):
    """Of the funnel's draws, in percent: of NUTS, of WALNUTS, and exactly."""
    fits = [hmc.sample(toys.funnel(), draws=2500, algorithm=a, workers=1, progress=False) for a in ("nuts", "walnuts")]
    shares = [round(100.0 * float((fit["v"] < -5.0).mean()), 1) for fit in fits]
    exact = 100.0 * NormalDist(0.0, toys.normals.FUNNEL_SD).cdf(-5.0)
    return fits[0]["v"].size == 10_000 and [*shares, round(exact, 1)] == [1.1, 4.7, 4.8]


def _centred(shown):
    return shown["schools"][0]


def _noncentred(shown):
    return shown["schools_nc"][1]


def _no_draw_is_deep(shown):
    deepest = {fit.name: np.log(fit["tau"]).min() for fit in (_centred(shown), _noncentred(shown))}
    return deepest["schools"] > -2.0 and deepest["schools_nc"] < -4.0


def _crosses_are_in_the_neck(shown):
    fit = _centred(shown)
    log_tau, at = np.log(fit["tau"]), np.asarray(fit.stats["diverging"], dtype=bool)
    return at.any() and np.median(log_tau[at]) < np.quantile(log_tau, 0.15)


def _shares_of_the_neck(shown):
    """(exact, of the non-centred draws, of the centred ones)."""
    return schools.exact_share(), schools.share(_noncentred(shown)), schools.share(_centred(shown))


def _centred_miss_half(shown):
    exact, noncentred, centred = _shares_of_the_neck(shown)
    return abs(exact - 0.20) < 0.005 and abs(noncentred - exact) < 0.03 and 0.4 * exact < centred < 0.62 * exact


def _correlations(fit):
    """Of successive draws of log tau, chain by chain."""
    return np.array([np.corrcoef(chain[1:], chain[:-1])[0, 1] for chain in np.log(fit["tau"])])


def _centred_chains_stick(shown):
    """For over two dozen draws a chain moves by less than a tenth, in the lowest quarter of log tau."""
    log_tau = np.log(_centred(shown)["tau"])
    windows = np.lib.stride_tricks.sliding_window_view(log_tau, 25, axis=1)
    still = np.ptp(windows, axis=-1) < 0.1
    return still.any() and windows[still].mean() < np.quantile(log_tau, 0.25)


def _divergences(shown, place):
    return [np.sum(shown[name][place].stats["diverging"]) for name in ("schools", "schools_nc")]


def _energies(fit):
    return np.asarray(ebfmi(fit.stats["energy"]))


def _effective(fit):
    return float(ess_bulk(np.log(fit["tau"])))


def _at_every_target(claim):
    """Of the pair of fits, centred and not, at each target."""
    return lambda shown: all(
        claim(centred, noncentred) for centred, noncentred in zip(shown["schools"], shown["schools_nc"], strict=True)
    )


CLAIMS = {
    "neck": {
        "entering the same neck: the same start, the same momentum, the same step size": _start_alike,
        "the steps of NUTS are wider than the neck": _steps_are_wider_than_the_neck,
        "is thrown far away, with an energy error over 1,000": _is_thrown_away,
        "covers the same time with each step": "what a macro step is, which tests of the sampler hold",
        "would change the energy too much": "the meaning of the tolerance",
        "it takes two steps, four or more": _takes_finer_steps,
        "Of 10,000 draws of this funnel (seed 12), NUTS has 1.1% below v = -5 and WALNUTS 4.7%, where 4.8% should be": (
            _shares_below
        ),
        "where no other coordinates help": "advice",
    },
    "schools_neck": {
        "the smaller tau, the closer the effects must be to mu": "the prior, theta ~ Normal(mu, tau)",
        "Trajectories diverge there (crosses)": _crosses_are_in_the_neck,
        "no draw has log tau below -2": _no_draw_is_deep,
        "with target_accept 0.9: they go further down, and none diverges": lambda shown: (
            _no_draw_is_deep(shown)
            and not np.any(_noncentred(shown).stats["diverging"])
            and _noncentred(shown).settings["target_accept"] == 0.9
        ),
        "Exactly, 20% of it is below 0 (dashed); the non-centred draws agree, the centred ones have little more than "
        "half as many there": _centred_miss_half,
        "eight schools": lambda shown: _centred(shown)["theta"].shape[2] == 8,
    },
    "schools_traces": {
        "eight schools": lambda shown: _centred(shown)["theta"].shape[2] == 8,
        "stick at the neck for dozens of draws": _centred_chains_stick,
        "a correlation over 0.7 in every chain": lambda shown: _correlations(_centred(shown)).min() > 0.7,
        "in the lower one, under 0.5": lambda shown: _correlations(_noncentred(shown)).max() < 0.5,
        "E-BFMI is under 0.3 for the centred chains": lambda shown: _energies(_centred(shown)).max() < 0.3,
        "by too little": "the meaning of a low E-BFMI",
        "non-centred, it is near 1": lambda shown: np.abs(_energies(_noncentred(shown)) - 1.0).max() < 0.2,
    },
    "schools_remedies": {
        "a higher target acceptance rate mends, and what only other coordinates mend: eight schools at four targets": (
            lambda shown: [fit.settings["target_accept"] for fit in shown["schools"]] == [0.8, 0.9, 0.95, 0.99]
        ),
        "Smaller steps mend divergences: the highest target has none in either form, though 0.8 has some in both": (
            lambda shown: min(_divergences(shown, 0)) > 0 and max(_divergences(shown, -1)) == 0
        ),
        "the centred chains change their energy too slowly (E-BFMI under 0.3)": _at_every_target(
            lambda centred, _: _energies(centred).min() < 0.3
        ),
        "less than a quarter of the effective draws of the non-centred ones": _at_every_target(
            lambda centred, noncentred: _effective(centred) < 0.25 * _effective(noncentred)
        ),
        "need more leapfrog steps": _at_every_target(
            lambda centred, noncentred: np.mean(centred.stats["n_steps"]) > np.mean(noncentred.stats["n_steps"])
        ),
        "only other coordinates mend that": _at_every_target(
            lambda centred, noncentred: _energies(centred).min() < 0.3 < _energies(noncentred).min()
        ),
        "the data say much": "shown by `funnel`, which is named",
    },
}
