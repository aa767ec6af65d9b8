"""Claims about the tanks: data, pooling, the sweep over sigma, and predictors."""

from __future__ import annotations

import functools

import numpy as np

import models
from diagnostics.psis import compute_psis_loo
from figures.claims.draws import interval, mean, pooled, rises, sd, width
from figures.tadpoles import overfitting, superstitions, survival, sweep, tanks
from models.reedfrogs import TANKS
from models.tables import read

SDS = {10: 0.18, 25: 0.30, 35: 0.30}  # of the raw proportions, by the number of tadpoles, as the caption says


def _table(shown):
    return read(TANKS, shown.get("data"))


def _sizes(table):
    """{number of tadpoles: which tanks}, from the smallest."""
    return {int(n): table["density"] == n for n in np.unique(table["density"])}


def _raw(shown):
    table = _table(shown)
    return table["surv"] / table["density"]


def _sd_of_proportions(shown):
    raw = _raw(shown)
    return {n: raw[at].std(ddof=1) for n, at in _sizes(_table(shown)).items()}


def _sd_by_chance(shown):
    raw = _raw(shown)
    return {n: np.sqrt(raw[at].mean() * (1.0 - raw[at].mean()) / n) for n, at in _sizes(_table(shown)).items()}


def _by_chance_small_tanks_scatter_most(shown):
    found, chance = _sd_of_proportions(shown), _sd_by_chance(shown)
    return max(chance, key=chance.get) == min(found) != max(found, key=found.get)


def _sds_are_as_said(shown):
    return all(abs(_sd_of_proportions(shown)[n] - said) < 0.005 for n, said in SDS.items())


def _large_tanks_differ(shown):
    found, chance = _sd_of_proportions(shown), _sd_by_chance(shown)
    return all(found[n] > 3.0 * chance[n] for n in sorted(found)[1:])


def _prior_is_nearly_even(shown):
    chance = np.linspace(0.05, 0.95, 91)
    density = survival._normal(np.log(chance / (1.0 - chance)), survival.A_BAR_SD) / (chance * (1.0 - chance))
    return density.max() < 1.5 * density.min()


def _ends_are_likelier(shown):
    logit = np.linspace(-60.0, 60.0, 24_001)
    beyond = np.abs(logit) > np.log(0.99 / 0.01)
    both = (survival.prior_of_a_tank(logit), survival._normal(logit, survival.A_BAR_SD))
    of_a_tank, of_the_average = (np.sum(density[beyond]) for density in both)
    return of_a_tank > 1.5 * of_the_average


def _shown(shown, name="mST"):
    return tanks.survival_of(shown[name], _table(shown))


def _shift(shown):
    found = _shown(shown)
    return np.abs(found.mean - found.raw)


def _all_are_nearer(shown):
    found = _shown(shown)
    return bool((np.abs(found.mean - found.population) < np.abs(found.raw - found.population)).all())


def _shift_falls_with_size(shown):
    return rises([-_shift(shown)[at].mean() for at in _sizes(_table(shown)).values()])


def _extremes_shift_more(shown):
    """Within each size, the shift goes up with the distance of the proportion from the population's mean."""
    found, shift = _shown(shown), _shift(shown)
    extreme = np.abs(found.raw - found.population)
    return all(np.corrcoef(extreme[at], shift[at])[0, 1] > 0.6 for at in _sizes(_table(shown)).values())


def _of_sigma(shown, nth):
    return tanks.survival_of(sorted(shown["mST_fixed"], key=sweep.sigma_of)[nth], _table(shown))


def _large_sigma_keeps_raw(shown):
    found = _of_sigma(shown, -1)
    return np.abs(found.mean - found.raw).max() < 0.02


def _groups(shown, name="mST"):
    """(with predators, without): means of a and of the chance of survival, and which tanks."""
    with_predators = _table(shown)["pred"] == "pred"
    return with_predators, mean(shown[name], "a")


def _groups_explain_sigma(shown):
    with_predators, a = _groups(shown)
    return max(a[with_predators].std(ddof=1), a[~with_predators].std(ddof=1)) < mean(shown["mST"], "sigma")


def _predators_lower_survival(shown):
    with_predators, found = _table(shown)["pred"] == "pred", _shown(shown).mean
    return found[with_predators].mean() < found[~with_predators].mean()


def _between_models(shown):
    """How far each tank's two estimates are from each other."""
    return np.abs(mean(shown["mST"], "p") - mean(shown["mSTP"], "p"))


def _exact_scores(shown):
    return sweep.exact_scores(shown["mST_fixed"])


def _best_is_learned(shown):
    sigma, exact = _exact_scores(shown)
    lower, upper = interval(shown["mST"], "sigma")
    return lower < sigma[exact.argmin()] < upper


def _score_falls_and_rises(shown):
    _, exact = _exact_scores(shown)
    best = exact.argmin()
    return 0 < best < exact.size - 1 and exact[0] > exact[best] + 50.0 and exact[-1] > exact[best] + 10.0


@functools.lru_cache(maxsize=5)
def _psis(fit):
    """Once for all claims, since it takes a while."""
    return compute_psis_loo(fit.log_likelihood)


def _of_large_sigmas(shown):
    """PSIS of the five fits with the largest sigmas, in ascending order."""
    return [_psis(fit) for fit in sorted(shown["mST_fixed"], key=sweep.sigma_of)[-5:]]


def _psis_is_too_low(shown):
    _, exact = _exact_scores(shown)
    return all(found.looic < score - 10.0 for found, score in zip(_of_large_sigmas(shown), exact[-5:], strict=True))


def _weights_are_uneven(shown):
    """At the largest sigmas the k-hats of most tanks are over the threshold."""
    return all(np.median(found.pointwise.pareto_k) > found.k_threshold for found in _of_large_sigmas(shown))


def _estimates_move_to_raw(shown):
    raw = _raw(shown)
    ends = [np.abs(_of_sigma(shown, nth).mean - raw).mean() for nth in (0, 10, -1)]
    return ends[0] > ends[1] > ends[2]


def _larger_sigma_fits_better(shown):
    within = overfitting.deviance_within(shown["mST_fixed"])
    return rises(-within[::3])  # neighbours may be in disorder by Monte Carlo error


def _pooling_beats_raw(*kinds):
    return lambda shown: all(np.subtract(*superstitions.errors(kind)) > 0 for kind in kinds)


def _few_tanks_are_vague(shown):
    found = {n: of_few.interval() for n, of_few in superstitions.few_tanks().items()}
    lower, upper = found[48]
    middle = 0.5 * (lower + upper)
    widths = {n: b - a for n, (a, b) in found.items()}
    holds = all(a < middle < b for a, b in found.values())
    return [*found] == [3, 5, 10, 48] and holds and widths[3] > 3.0 * widths[48] and widths[48] == min(widths.values())


def _both_humps_are_found(shown):
    estimate = superstitions.studies("mixture").estimate
    counts = [np.sum((low < estimate) & (estimate <= low + 0.2)) for low in (0.1, 0.4, 0.8)]
    return counts[1] < 0.5 * min(counts[0], counts[2])


_SIGMA_FALLS = {
    "the two 89% intervals (bars) do not overlap": lambda shown: (
        interval(shown["mSTP"], "sigma")[1] < interval(shown["mST"], "sigma")[0]
    ),
    "less variation is left: sigma is smaller": lambda shown: (
        mean(shown["mSTP"], "sigma") < mean(shown["mST"], "sigma")
    ),
    "the estimates hardly differ": lambda shown: _between_models(shown).mean() < 0.03,
}

CLAIMS = {
    "raw_survival": {
        "Chance alone would scatter the proportions of small tanks most. They do not": (
            _by_chance_small_tanks_scatter_most
        ),
        "0.18 where there are 10 tadpoles, and 0.30 where there are 25 or 35": _sds_are_as_said,
        "In the larger tanks that is more than three times what chance explains": _large_tanks_differ,
    },
    "tank_priors": {
        "the same prior as a probability": "a change of variables",
        "between 0.05 and 0.95 it is nearly even": _prior_is_nearly_even,
        "survival of nearly all or nearly none is likelier a priori than a_bar alone suggests": _ends_are_likelier,
    },
    "tanks": {
        "Every estimate is nearer to the population's mean (dashed) than the proportion is": _all_are_nearer,
        "The shift is larger on average for smaller tanks": _shift_falls_with_size,
        "within each size it is larger for tanks with more extreme proportions": _extremes_shift_more,
    },
    "pooling": {
        "Complete, no and partial pooling: the same tanks": "the names of the panels",
        "With a small sigma all estimates are nearly the same": lambda shown: np.ptp(_of_sigma(shown, 0).mean) < 0.1,
        "its estimate is its raw proportion, nearly": _large_sigma_keeps_raw,
        "small tanks on average by more than large ones": _shift_falls_with_size,
    },
    "tanks_by_predation": {
        "its estimates fall into two groups": _predators_lower_survival,
        "The mean estimate of tanks with predators (triangles) is lower than that of tanks without": (
            _predators_lower_survival
        ),
        "the learned sigma larger than the spread of the estimates within either group": _groups_explain_sigma,
    },
    "shrinkage": {
        "those with more extreme proportions are drawn in by more": _extremes_shift_more,
        "The mean distance (bars) becomes smaller from size to size": _shift_falls_with_size,
    },
    "predation_slope": {
        "centred at 0": lambda shown: "bP ~ Normal(0, 0.5)" in models.describe("mSTP").formula,
        "is below 0 in every draw: fewer tadpoles survive with predators": lambda shown: (
            pooled(shown["mSTP"], "bP").max() < 0.0
        ),
        "Its mean is more than three standard deviations of the prior away from the prior's centre": lambda shown: (
            abs(mean(shown["mSTP"], "bP")) > 3 * 0.5
        ),
    },
    "spreads": _SIGMA_FALLS,
    "predictions": {
        "Two models, nearly the same predictions": lambda shown: _between_models(shown).mean() < 0.03,
        "No point is further than 0.1 from the diagonal: knowing about predators hardly changes the estimates": (
            lambda shown: _between_models(shown).max() < 0.1
        ),
        "the small tanks by more than the large ones": lambda shown: rises(
            [-_between_models(shown)[at].mean() for at in _sizes(_table(shown)).values()]
        ),
    },
    "slopes": {
        "bD has a narrower interval than in `mSTD`": lambda shown: (
            width(shown["mSTPDG"], "bD") < width(shown["mSTD"], "bD")
        ),
        "The interval of bG includes 0": lambda shown: np.prod(interval(shown["mSTPDG"], "bG")) < 0,
        "that of bPG is below 0": lambda shown: interval(shown["mSTPDG"], "bPG")[1] < 0,
        "there are no predators, we cannot say whether size matters": lambda shown: (
            abs(mean(shown["mSTPDG"], "bG")) < sd(shown["mSTPDG"], "bG")
        ),
        "fewer big tadpoles than small ones survive": lambda shown: (
            np.mean(pooled(shown["mSTPDG"], "bG") + pooled(shown["mSTPDG"], "bPG") < 0) > 0.95
        ),
    },
    "overfitting": {
        "A larger sigma fits the observed tanks better (dots), up to the largest: an intercept is then freer": (
            _larger_sigma_fits_better
        ),
        "are predicted best by a sigma in between, beyond which a better fit is a worse prediction": (
            _score_falls_and_rises
        ),
        "would be the largest": _larger_sigma_fits_better,
        "finds the best region": "shown by `sigma_sweep`, which is named",
    },
    "superstitions": {
        "simulated studies of 30 tanks": lambda shown: superstitions.N_TANKS == 30,
        "the best quarter of a larger population": "drawn so, from four times as many",
        "Partial pooling has a smaller error than the raw proportions in both": _pooling_beats_raw("random", "chosen"),
        "sigma from 3, 5, 10 and all 48 of the real tanks: the 89% interval from 3 tanks is more than three times as "
        "wide as that from all": _few_tanks_are_vague,
        "few units are no reason for another model: its answer is vaguer": _few_tanks_are_vague,
        "tanks of two kinds, so that the population is far from normal": lambda shown: len(superstitions.MIXTURE) == 2,
        "fewer estimates than in either half are in the middle": _both_humps_are_found,
        "their error is smaller than that of the raw proportions": _pooling_beats_raw("mixture"),
    },
    "sigma_sweep": {
        "With a small sigma, the model takes all tanks for one and predicts them badly": _score_falls_and_rises,
        "no tank teaches anything about the next, and predictions are worse again": _score_falls_and_rises,
        "its 89% interval holds the sigma with the best exact score": _best_is_learned,
        "Only the tank itself informs its intercept, so leaving it out makes the weights too uneven": (
            _weights_are_uneven
        ),
        "at large sigmas the scores are too low": _psis_is_too_low,
    },
    "sweep_film": {
        "from too much pooling to too little": _score_falls_and_rises,
        "estimates (dots) move from the population's mean to the raw proportions": _estimates_move_to_raw,
        "The score falls at first": _score_falls_and_rises,
        "there is too little pooling, the exact score (line) rises again": _score_falls_and_rises,
        "PSIS (points) is too low there": _psis_is_too_low,
        "below, the scores of all sigmas": "a place in the figure",
    },
}
