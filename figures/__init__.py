"""The figures of the lecture, by name.

`figures.draw("tanks", {"mST": fit})` is a matplotlib Figure, `figures.names()` lists them all, `figures.needs("tanks")`
says which models to fit for one, and `figures.SERIES` which of these to fit at several values of an option. A figure
is a function of fits, in the module of its part of the lecture; it fits nothing itself. It is listed by one line of
`_ENTRIES`. matplotlib is imported when something is drawn.

Not listed, as they are of any fit, of something else than fits, or films: `convergence.traces`, `ranks`, `energies`;
`tadpoles.pooling`; `confounds_coverage.coverage`; `cafes_animation`, `sweep.sigma_sweep_animation`,
`internals_animation.nuts_animation`.
"""

import importlib
import inspect
from typing import NamedTuple

__all__ = ["SERIES", "describe", "draw", "names", "needs"]


class _Entry(NamedTuple):
    home: str  # the module; the function has the figure's name, and takes the fits, then options
    needs: tuple  # models, in the order of the function's arguments
    summary: str


# Models of which a figure needs several fits: the option, and its values. The figure is given a list, in their order.
SERIES = {
    "cafes": ("visits", tuple(range(21))),
    "mST_fixed": ("sigma", tuple(0.1 * 50.0 ** (k / 19) for k in range(20))),  # from 0.1 to 5, even in log(sigma)
}

_ESTIMATORS = ("m0", "mf", "mr", "mrx", "mru")
_ENTRIES = {
    "story_responses": _Entry("trolley", (), "mean response to each story, and the middle half of its responses"),
    "participant_responses": _Entry("trolley", (), "mean response of each participant, and the middle half"),
    "story_effects": _Entry("trolley", ("mRS",), "the effects of the stories in mRS, with intervals"),
    "cafes_sheet": _Entry("cafes", ("cafes",), "the population and five cafes, after more and more visits"),
    "raw_survival": _Entry("tadpoles", (), "the proportion that survived in each tank"),
    "tank_priors": _Entry("tadpoles", (), "the priors of a_bar and sigma, and what they imply for a tank"),
    "tanks": _Entry(
        "reedfrogs", ("mST",), "survival in each tank: raw proportion, posterior mean and interval, and the population"
    ),
    "sigma_sweep": _Entry("sweep", ("mST_fixed", "mST"), "PSIS against sigma, and the sigma that is learned"),
    "tanks_by_predation": _Entry("tadpoles", ("mST",), "the tank plot of mST, with and without predators"),
    "shrinkage": _Entry("tadpoles", ("mST",), "distance from raw proportion to estimate, by size of tank"),
    "predation_slope": _Entry("tadpoles_predictors", ("mSTP",), "prior and posterior of what predators do"),
    "predictions": _Entry("tadpoles_predictors", ("mST", "mSTP"), "survival by mST against mSTP, near the diagonal"),
    "spreads": _Entry("tadpoles_predictors", ("mST", "mSTP"), "sigma with and without predators in the model"),
    "slopes": _Entry("tadpoles_predictors", ("mSTD", "mSTG", "mSTPDG"), "the homework's slopes, with intervals"),
    "dag_tadpoles": _Entry("dags", (), "what may move the survival of tadpoles"),
    "dag_confounds": _Entry("dags", (), "how a group confounds the effect of X on Y"),
    "group_sizes": _Entry("confounds", (), "how many individuals there are of each group"),
    "bxy": _Entry("confounds", _ESTIMATORS, "the effect of X by five estimators, and the truth"),
    "bzy": _Entry("confounds", _ESTIMATORS, "the effect of Z by five estimators, and the truth"),
    "intercepts": _Entry("confounds_groups", ("mf", "mr"), "the groups' intercepts by two estimators, and the truth"),
    "contrasts": _Entry("confounds_groups", _ESTIMATORS, "the effect of X on the chance of Y, group by group"),
    "cluster_effects": _Entry("trolley", ("mRXma2",), "varying intercepts of stories and of participants"),
    "leapfrog": _Entry("internals_paths", (), "leapfrog paths with three step sizes, and how their energy strays"),
    "static_paths": _Entry("internals_paths", (), "static HMC with paths too short, about right, and too long"),
    "nuts_trajectory": _Entry("internals", (), "a NUTS trajectory: its doublings, its U-turn and its draw"),
    "nuts_tree": _Entry("internals_tree", (), "the same NUTS trajectory as the binary tree that it is"),
    "divergence": _Entry("internals_paths", (), "a trajectory that diverges in the neck of a funnel"),
    "warmup": _Entry("internals_warmup", ("mST",), "step size and acceptance rate over warm-up"),
    "metric": _Entry("internals_warmup", ("mST",), "the metric before and after warm-up, against the posterior"),
    "funnel": _Entry("funnel", ("mST", "mSTnc"), "centred against non-centred draws, and where divergences fall"),
}


def names():
    """The names of all figures, in the order of the lecture."""
    return list(_ENTRIES)


def describe(name):
    """What the figure shows, in a line; ValueError for an unknown name."""
    return _entry(name).summary


def needs(name):
    """The names of the models whose fits the figure shows; ValueError for an unknown name."""
    return list(_entry(name).needs)


def draw(name, fits, **options):
    """The figure called `name`, a matplotlib Figure, from `fits`: a dict by name of the model, of a fit or, for a model
    in SERIES, a list of fits.

    `options` are the figure's own, such as `data`. Fits that it does not need are left alone. ValueError for an unknown
    name or option, a fit that is missing, or one that the figure cannot be drawn from.
    """
    entry = _entry(name)
    missing = [model for model in entry.needs if model not in fits]
    if missing:
        raise ValueError(f"{name} needs a fit of {missing[0]}; given: {', '.join(fits) or 'none'}")
    function = getattr(importlib.import_module(f"figures.{entry.home}"), name)
    known = list(inspect.signature(function).parameters)[len(entry.needs) :]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise ValueError(f"{name} has no option {unknown[0]}; its options are {', '.join(known) or 'none'}")
    return function(*[fits[model] for model in entry.needs], **options)


def _entry(name):
    if name not in _ENTRIES:
        raise ValueError(f"no figure is called {name}; known: {', '.join(_ENTRIES)}")
    return _ENTRIES[name]
