"""Claims about the five estimators: on the bundled study, and over many."""

from __future__ import annotations

import numpy as np

from diagnostics import rhat
from figures.claims.draws import interval, mean, sd, width
from figures.confounds.effects import ESTIMATORS, LECTURE
from figures.confounds.groups import _contrasts, _intercepts, _study_and_truth
from models.confounds.study import read_study
from models.coverage import known_studies

TRUTH = {"bxy": LECTURE["bXY"], "bzy": LECTURE["bZY"]}
MUNDLAK = ("mrx", "mru")


def _tables(shown):
    return shown.get("individuals"), shown.get("groups")


def _members(shown):
    return read_study(0, *_tables(shown)).members


def _error(shown, name, parameter):
    return mean(shown[name], parameter) - TRUTH[parameter]


def _too_high(*names):
    """The posterior mean of bxy is above the truth by over a posterior standard deviation."""
    return lambda shown: all(_error(shown, name, "bxy") > sd(shown[name], "bxy") for name in names)


def _fixed_effects_are_wide_and_high(shown):
    widths = {name: width(shown[name], "bxy") for name in ESTIMATORS}
    return _too_high("mf")(shown) and max(widths, key=widths.get) == "mf"


def _mundlak_are_nearest(shown):
    errors = {name: abs(_error(shown, name, "bxy")) for name in ESTIMATORS}
    return {*sorted(errors, key=errors.get)[:2]} == {*MUNDLAK}


def _others_know_bzy(shown):
    return all(abs(sd(shown[name], "bzy") - 0.25) < 0.06 for name in ESTIMATORS if name != "mf")


def _are_beyond_the_truth(shown):
    return all(_error(shown, name, "bzy") < 0 for name in ESTIMATORS if name != "mf")


def _mru_misses_bzy(shown):
    lower, upper = interval(shown["mru"], "bzy")
    return not lower <= TRUTH["bzy"] <= upper


def _level(shown, name):
    """(draws, groups) intercepts, and the truth."""
    study, u = _study_and_truth(*_tables(shown))
    return _intercepts("intercepts", name, shown[name], study, with_u=False), LECTURE["a0"] + u


def _same_outcome(shown):
    """Which groups have one outcome for all members."""
    study = read_study(0, *_tables(shown))
    groups = [study.Y[study.group == g] for g in range(study.Z.size)]
    return np.array([outcomes.size > 0 and np.ptp(outcomes) == 0 for outcomes in groups])


def _fixed_effects_run_off(shown):
    level, same = np.abs(_level(shown, "mf")[0].mean(axis=0)), _same_outcome(shown)
    return level[same].min() > level[~same].max()


def _multilevel_stays_near(shown):
    level, same = _level(shown, "mr")[0].mean(axis=0), _same_outcome(shown)
    return np.abs(level[same] - level.mean()).max() < 3.0


def _intercepts_are_too_low(shown):
    level, truth = _level(shown, "mr")
    return np.mean(level.mean(axis=0) - truth) < -0.5


def _found(shown):
    study, u = _study_and_truth(*_tables(shown))
    fits = {name: shown[name] for name in ESTIMATORS}
    return _contrasts(fits, study, LECTURE["a0"] + u, LECTURE["bXY"])


def _contrasts_differ(shown):
    found = _found(shown)
    spread = {name: np.ptp(values) for name, values in found.estimate.items()}
    return spread.pop("m0") == 0.0 and min(spread.values()) > 0.03


def _scores_are_ordered(shown):
    found = _found(shown)
    scores = {name: found.squared_error(name) for name in ESTIMATORS}
    order = sorted(scores, key=scores.get)
    return {*order[:2]} == {*MUNDLAK} and order[-1] == "mf"


def _mirrored(model, position):
    """The position with u, bux and buy of the other sign."""
    flipped, at = position.copy(), 0
    for parameter in model.parameters:
        size = int(np.prod(parameter.shape, dtype=int))
        if parameter.name in ("u", "bux", "buy"):
            flipped[at : at + size] *= -1.0
        at += size
    return flipped


def _mirrored_density_is_the_same(shown):
    model, draws = shown["mru_normal"].model, shown["mru_normal"].unconstrained[0, :5]
    pairs = [[model.evaluate(q)[0] for q in (draw, _mirrored(model, draw))] for draw in draws]
    return bool(np.allclose(*np.transpose(pairs), atol=1e-9))


def _modes_are_mirrors(shown):
    means = shown["mru_normal"]["bux"].mean(axis=1)
    return means.min() < 0 < means.max() and np.ptp(np.abs(means)) < 0.1


def _bxy_agrees(shown):
    by_chain = shown["mru_normal"]["bxy"]
    return rhat(by_chain) < 1.02 and abs(by_chain.mean() - mean(shown["mru"], "bxy")) < 0.1 * sd(shown["mru"], "bxy")


def _of(estimator, size="lecture", coefficient="bxy"):
    """A row of the stored studies."""
    return known_studies(size).loc[estimator, coefficient]


def _fixed_effects_know_no_trait(shown):
    def is_wide(size):
        widths = known_studies(size).xs("bzy", level="coefficient")["width"]
        return widths["mf"] > 3.0 * widths.drop("mf").max()

    return is_wide("lecture") and is_wide("large groups")


def _mean_of_x_helps(shown):
    mr, mrx = _of("mr"), _of("mrx")
    knows_z = _of("mrx", coefficient="bzy")["width"] < 1.1 * _of("mr", coefficient="bzy")["width"]
    return round(mr["bias"], 2) == 0.36 and round(mrx["bias"], 2) == 0.06 and mrx["coverage"] >= 0.89 and knows_z


CLAIMS = {
    "group_sizes": {
        "from the smallest group to the largest": "the order of the bars",
        "200 individuals fell into 30 groups": lambda shown: (_members(shown).sum(), _members(shown).size) == (200, 30),
        "the smallest groups have 3 and the largest 11": lambda shown: (
            (_members(shown).min(), _members(shown).max()) == (3, 11)
        ),
    },
    "bxy": {
        "the naive and the multilevel estimator take part of its effect for the effect of X and are too high": (
            _too_high("m0", "mr")
        ),
        "Fixed effects leave no room for U": "an intercept for each group absorbs whatever the group does",
        "in groups this small they are too high as well, and have the widest interval": (
            _fixed_effects_are_wide_and_high
        ),
        "The two Mundlak machines, which give U a place, are nearest to the truth": _mundlak_are_nearest,
    },
    "bzy": {
        "their curve is almost the prior, Normal(0, 1), with over three quarters of its standard deviation": (
            lambda shown: 0.75 < sd(shown["mf"], "bzy") < 1.0
        ),
        "The others know bzy to about 0.25": _others_know_bzy,
        "all four of these are on the far side of the truth": _are_beyond_the_truth,
        "mru misses it by more than its 89% interval": _mru_misses_bzy,
    },
    "intercepts": {
        "a0 + U[g]": "the formula of the simulation",
        "from the smallest to the largest": "the order of the groups",
        "all members of a group have the same outcome, the likelihood sets no bound to the group's own intercept": (
            "its maximum is at infinity"
        ),
        "further than in any other group": _fixed_effects_run_off,
        "keeps the group near the others": _multilevel_stays_near,
        "On the whole its intercepts are too low": _intercepts_are_too_low,
    },
    "contrasts": {
        "X = 1 against X = 0 on the chance that Y is 1, by group at Z = 0: five estimates": (
            "the definition of the contrast"
        ),
        "p(X=1) - p(X=0)": "the definition of the contrast",
        "on the dashed line, they are equal": "the line is drawn where they are",
        "the same bxy gives different contrasts in different groups; the naive estimator has the same contrast for "
        "all": _contrasts_differ,
        "it is smallest for the two Mundlak machines, and largest for fixed effects": _scores_are_ordered,
    },
    "closing_questions": {
        "200 studies of the lecture's size (about 7 individuals a group) and 100 studies of ten times as many "
        "individuals in the same 30 groups": lambda shown: (
            (_of("mf")["studies"], _of("mf", "large groups")["studies"]) == (200, 100)
        ),
        "The lecture's closing questions, answered": "below",
        "with groups of 7 they overstate bxy by 0.47, more than the naive estimator does": lambda shown: (
            abs(_of("mf")["bias"] - 0.47) < 0.005 and _of("mf")["bias"] > _of("m0")["bias"]
        ),
        "only 48% of their 89% intervals contain the truth": lambda shown: abs(_of("mf")["coverage"] - 0.48) < 0.005,
        "With ten times as many individuals their bias is under 0.05 and their coverage near 0.89": lambda shown: (
            abs(_of("mf", "large groups")["bias"]) < 0.05 and abs(_of("mf", "large groups")["coverage"] - 0.89) < 0.03
        ),
        "they say almost nothing of Z: the interval of bzy is more than three times as wide as that of any other "
        "estimator": _fixed_effects_know_no_trait,
        "it takes the bias of the multilevel estimator from 0.36 to 0.06, costs no coverage, and keeps the "
        "effect of Z": (_mean_of_x_helps),
        "does about as well here": lambda shown: abs(_of("mru")["rmse"] - _of("mrx")["rmse"]) < 0.02,
        "Large groups make the multilevel estimator less biased too, but its coverage stays far below 0.89": (
            lambda shown: (
                _of("mr", "large groups")["bias"] < 0.5 * _of("mr")["bias"]
                and _of("mr", "large groups")["coverage"] < 0.89 - 4 * _of("mr", "large groups")["coverage_se"]
            )
        ),
    },
    "mirror": {
        "on both sides of 0": "the prior of mru_normal",
        "no sign of its own: the densities of X and Y have only bux u and buy u": _mirrored_density_is_the_same,
        "Normal(0, 1) the posterior has two modes, each the mirror of the other": _modes_are_mirrors,
        "changes nothing": _mirrored_density_is_the_same,
        "Rhat of bux is over 1.5": lambda shown: rhat(shown["mru_normal"]["bux"]) > 1.5,
        "longer chains do not help": lambda shown: not np.any(np.diff(np.sign(shown["mru_normal"]["bux"]), axis=1)),
        "Exponential(1), allows one sign": lambda shown: np.min(shown["mru"]["bux"]) > 0.0,
        "then all chains agree": lambda shown: rhat(shown["mru"]["bux"]) < 1.01,
        "no part in the symmetry, and is the same in both modes, but for chance": _bxy_agrees,
    },
    "coverage": {
        "89% intervals": "what models.coverage counts",
        "Bars are two Monte Carlo standard errors": "drawn so",
        "95% interval of a proportion (Wilson's), which stays between 0 and 1": "by its formula",
        "may be 0 and its coverage 0.89": "ideal values",
    },
}
