"""Claims about the inside of the sampler: on the toys that are drawn by default, and on fits."""

from __future__ import annotations

import numpy as np

from diagnostics import ess_bulk
from figures.claims.draws import pooled, rises
from figures.sampler import toys
from figures.sampler.warmup import _first_metric, _scales, of_chain
from hmc.record.narrate import distance_moved
from hmc.sampler.outcome import DIVERGENCE, MAX_ENERGY_ERROR, SUBTREE_U_TURN


def _errors(path):
    """The sizes of its energy errors, step by step."""
    return np.abs([leaf.energy_error for leaf in path.in_time()])


def _small_steps_stay_near(shown):
    """Over a period the largest error of the second half is at most that of the first, nearly."""
    errors = _errors(toys.leapfrog_paths()[0])
    half = errors.size // 2
    return errors.max() < 0.05 and errors[half:].max() < 1.2 * errors[:half].max()


def _errors_grow_with_the_square(shown):
    """Of the two stable step sizes."""
    small, large = toys.leapfrog_paths()[:2]
    ratio = _errors(large).max() / _errors(small).max()
    square = (large.step_size / small.step_size) ** 2
    return square / 1.5 < ratio < square * 1.5


def _beyond_the_limit(shown):
    return toys.STEP_SIZES[-1] > 2.0 > toys.STEP_SIZES[1] and rises(_errors(toys.leapfrog_paths()[-1]))


def _needs_fewer(shown):
    return rises([-path.outcome.n_steps for path in toys.leapfrog_paths()])


def _moved():
    """The mean distance that transitions move, and their steps, by the length of the path."""
    chains = toys.static_chains()
    moved = [np.mean([distance_moved(path) for path in chain]) for chain in chains]
    return moved, [chain[0].outcome.n_steps for chain in chains]


def _quarter_moves_furthest(shown):
    moved, _ = _moved()
    return np.argmax(moved) == 1


def _whole_period_gains_less(shown):
    moved, steps = _moved()
    return np.argmax(steps) == 2 and moved[2] < moved[0]


def _funnel(shown):
    """(the trajectory that passes, the one that diverges)."""
    passing, diverging = toys.funnel_trajectories()
    assert diverging.outcome.termination == DIVERGENCE
    return passing, diverging


def _mouth_is_safe(shown):
    return max(leaf.energy_error for leaf in _funnel(shown)[0].leaves) < 0.1


def _neck_diverges(shown):
    errors = [leaf.energy_error for leaf in _funnel(shown)[1].leaves]
    return rises(errors[-4:]) and errors[-1] > MAX_ENERGY_ERROR == 1000.0


def _last_doubling_is_not_drawn(shown):
    diverging = _funnel(shown)[1]
    last = diverging.doublings[-1]
    return last.final_join is None and diverging.chosen not in [leaf.number for leaf in last.leaves]


def _is_of_the_last_doubling(shown):
    recorded = toys.doubling_trajectory()
    return recorded.chosen in [leaf.number for leaf in recorded.doublings[-1].leaves]


def _doublings_are_as_long(shown):
    sizes = [len(doubling.leaves) for doubling in toys.doubling_trajectory().doublings]
    return sizes == [2**n for n in range(len(sizes))]


def _weights_are_near_1(shown):
    weights = [np.exp(-leaf.energy_error) for leaf in toys.doubling_trajectory().leaves]
    return min(weights) > 0.9 and max(weights) < 1.1


def _second_is_given_up(shown):
    chain = toys.nuts_chain()
    return len(chain) == 6 and [r.outcome.termination for r in chain].index(SUBTREE_U_TURN) == 1


def _changes_shrink(shown):
    changes = np.abs(np.diff(np.log(shown["mST"].warmup_stats["step_size"]), axis=1))
    return changes[:, :50].mean() > changes[:, -50:].mean()


def _steps_follow_the_rate(shown):
    """In the last fifty transitions, whose metric is fixed: rates over the target are followed by larger steps."""
    fit = shown["mST"]
    rates, steps = fit.warmup_stats["acceptance_rate"], np.log(fit.warmup_stats["step_size"])
    error = rates[:, -50:-1] - fit.settings["target_accept"]
    return np.corrcoef(error.ravel(), np.diff(steps[:, -50:], axis=1).ravel())[0, 1] > 0.3


def _rate_settles(shown):
    rates = shown["mST"].warmup_stats["acceptance_rate"]
    return abs(rates[:, rates.shape[1] // 2 :].mean() - shown["mST"].settings["target_accept"]) < 0.05


def _ratio_falls(shown):
    fit = shown["mST"]
    sd = fit.unconstrained.std(axis=(0, 1), ddof=1)
    ratios = [np.ptp(np.log(sd / _scales(m))) for m in (_first_metric(fit, 0), of_chain(fit.inverse_metric, 0))]
    return ratios[1] < ratios[0]


def _no_divergence_in_either(shown):
    return not any(np.any(shown[name].stats["diverging"]) for name in ("mST", "mSTnc"))


def _noncentring_costs(shown):
    fewest = {name: np.min(ess_bulk(shown[name].unconstrained)) for name in ("mST", "mSTnc")}
    steps = {name: np.sum(shown[name].stats["n_steps"]) for name in fewest}
    return fewest["mSTnc"] < fewest["mST"] and steps["mSTnc"] > 0.95 * steps["mST"]


def _z_follows_sigma(shown):
    """The z of some tank is correlated with sigma, more closely than the a of any tank is."""
    closest = []
    for name, effect in (("mST", "a"), ("mSTnc", "z")):
        draws, sigma = pooled(shown[name], effect), pooled(shown[name], "sigma")
        closest.append(max(abs(np.corrcoef(column, sigma)[0, 1]) for column in draws.T))
    return closest[1] > closest[0]


def _stays_far_from_the_neck(shown):
    """Sigma varies within a factor of 3 about its mean in all centred draws but one in a thousand."""
    log_sigma = np.log(np.ravel(shown["mST"]["sigma"]))
    return np.ptp(np.quantile(log_sigma, [0.0005, 0.9995])) < np.log(3.0)


_READING = "how to read the figure"

CLAIMS = {
    "leapfrog": {
        "Small leapfrog steps stay near it": _small_steps_stay_near,
        "does not grow with time": _small_steps_stay_near,
        "Larger steps have larger errors, about in proportion to the square of the step size": (
            _errors_grow_with_the_square
        ),
        "Beyond a limit, twice the standard deviation on a normal density, the path leaves for good, and its error "
        "grows from step to step": _beyond_the_limit,
        "So the best steps are as large as the error allows: a path then needs fewer of them": _needs_fewer,
    },
    "static_paths": {
        "moves the furthest on average": _quarter_moves_furthest,
        "nearly a whole period needs the most steps and comes back to its start: it gains less than the short one": (
            _whole_period_gains_less
        ),
        "a quarter of the period": lambda shown: np.isclose(toys.PATH_LENGTHS[1], np.pi / 2),
    },
    "divergence": {
        "the wide mouth of the funnel keeps its energy error below 0.1": _mouth_is_safe,
        "In the neck the density is narrower than a step: the error grows over the last steps, until it is "
        "over 1,000": (_neck_diverges),
        "none of its last doubling's points can be drawn": _last_doubling_is_not_drawn,
        "A smaller step size (a higher target acceptance rate) helps a little": ("shown by `schools_remedies`"),
    },
    "nuts_trajectory": {
        "adds as many leapfrog points as there are": _doublings_are_as_long,
        "is then twice as long": _doublings_are_as_long,
        "at its two ends (black arrows)": "a trajectory has two ends",
        "more steps would bring the ends together again": "the derivative of their squared distance is then negative",
        "Here it is a point of the last doubling": _is_of_the_last_doubling,
    },
    "nuts_tree": {
        "The same NUTS trajectory": "both are drawn from one record",
        "pairs in fours": "two times two",
        "from its two parts": "a join has two parts",
        "and favours the later part, which is taken with probability min(1, its weight / the earlier weight)": (
            "Betancourt's rule, which tests of the sampler hold"
        ),
        "all weights are between 0.9 and 1.1": _weights_are_near_1,
    },
    "nuts_film": {
        "one of its two ends": "a trajectory has two ends",
        "In the second of the six transitions the last doubling is given up": _second_is_given_up,
        "gives nothing": lambda shown: toys.nuts_chain()[1].doublings[-1].final_join is None,
    },
    "warmup": {
        "steps as large as accuracy allows": _READING,
        "an acceptance rate above the target makes the next step size larger, one below the target makes it smaller": (
            _steps_follow_the_rate
        ),
        "the changes are larger at first and then shrink": _changes_shrink,
        "which changes the best step size": "the step size is in units of the metric",
        "its average over the second half of warm-up is within 0.05 of the target": _rate_settles,
    },
    "metric": {
        "On the line the two agree": _READING,
        "The shortest parameter in those coordinates then dictates the step size, and the longest one": _READING,
        "the ratio of the two, which is smaller after warm-up": _ratio_falls,
    },
    "funnel": {
        "95% of them are between the dashed lines at 2 sigma on both sides": "1.96 standard deviations of a normal",
        "Right, the same intercept": "of the same cluster",
        "Non-centring only adds a correlation between z and sigma": _z_follows_sigma,
        "do not help here": _no_divergence_in_either,
        "far from its neck": _stays_far_from_the_neck,
        "no trajectory diverges in either form": _no_divergence_in_either,
        "with as many leapfrog steps, the fewest effective draws of any parameter are fewer in the non-centred model": (
            _noncentring_costs
        ),
    },
    "metrics": {
        "along the direction in which the draws vary most in the metric's coordinates (to the right) and the one in "
        "which they vary least (up)": "drawn so",
        "the shortest direction limits the step size, and the longest needs many steps": _READING,
        "from the largest to the smallest": "the order of the dots",
        "are near 1": _READING,
        "the effective draws for 1000 gradients, after warm-up, of the parameter that has the fewest": "its definition",
    },
}
