"""What the lecture consists of, in its order: parts, and in each the models, tables, figures and films, by name.

Nothing is made here. `figures.lecture.work.items` turns these names into work, `figures.lecture.page.filling` into a
page.
"""

from typing import NamedTuple


class ShownModel(NamedTuple):
    """A model: its card, with its formula, its table, and how its chains did."""

    name: str
    nth: int = -1  # which of its fits, where it has several (`figures.SERIES`); the last
    plots: tuple = ("ranks",)  # of `figures.of_any_fit()`


class ShownFigure(NamedTuple):
    """A figure of the registry `figures`."""

    name: str


class ShownFilm(NamedTuple):
    """A film of the registry `figures`."""

    name: str


class ShownTable(NamedTuple):
    """A table of the registry `figures.lecture.tables.TABLES`."""

    name: str


class Part(NamedTuple):
    """A part of the lecture."""

    name: str
    title: str
    text: tuple  # paragraphs
    contents: tuple  # of what stands above, in order


PARTS = (
    Part(
        "trolley",
        "Stories: repeated measures of the same",
        (
            "People read stories about trolleys, and say on a scale from 1 to 7 how permissible it is what somebody "
            "does in them. Each of twelve stories was read hundreds of times. A model may give every story an "
            "intercept of its own; this one has amnesia: what it learns from one story it forgets before the next.",
        ),
        (ShownFigure("story_responses"), ShownModel("mRS"), ShownFigure("story_effects")),
    ),
    Part(
        "participants",
        "Stories and people at once",
        (
            "Each participant answered thirty times, so that answers cluster by story and by participant. Two kinds of "
            "varying intercepts tell them apart: what the story does, and what kind of person answers.",
            "The published file is not part of this project. Without it (`hmc lecture --trolley Trolley.csv`) the "
            "models see a simulated study, and everything made from it says so.",
        ),
        (
            ShownFigure("participant_responses"),
            ShownModel("mRXma"),
            ShownModel("mRXma2"),
            ShownFigure("cluster_effects"),
        ),
    ),
    Part(
        "cafes",
        "Cafes: a model with memory",
        (
            "A robot waits for coffee in five cafes. It has one expectation for each cafe and one for cafes in "
            "general, and every visit moves all of them: the visited one most, the others through what they have in "
            "common. That is memory: a new cafe is not met with an empty mind.",
        ),
        (ShownFilm("cafes_film"), ShownFigure("cafes_sheet"), ShownModel("cafes")),
    ),
    Part(
        "tadpoles",
        "Tadpoles: how much to pool",
        (
            "Of 48 tanks of tadpoles we know how many went in and how many survived. How much should one tank's "
            "estimate learn from the other tanks? Sigma, the spread of the tanks, says it, and can itself be learned.",
        ),
        (
            ShownFigure("raw_survival"),
            ShownFigure("dag_tadpoles"),
            ShownFigure("tank_priors"),
            ShownModel("mST", plots=("traces", "ranks", "energies")),
            ShownFigure("tanks"),
            ShownModel("mSTnomem"),
            ShownTable("mST_mSTnomem_WAIC"),
            ShownFigure("pooling"),
            ShownModel("mST_fixed", nth=11),  # the sigma nearest to 1
            ShownFilm("sweep_film"),
            ShownFigure("sigma_sweep"),
            ShownFigure("tanks_by_predation"),
            ShownFigure("shrinkage"),
            ShownModel("mSTP"),
            ShownFigure("predation_slope"),
            ShownFigure("predictions"),
            ShownFigure("spreads"),
            ShownTable("mST_mSTP_PSIS"),
            ShownModel("mSTD"),
            ShownModel("mSTG"),
            ShownModel("mSTPDG"),
            ShownFigure("slopes"),
        ),
    ),
    Part(
        "confounds",
        "Confounds of a group",
        (
            "A group that is a cause of both X and Y confounds the effect of X on Y. Here is a simulated study whose "
            "truth is known, and five estimators of the effect: with nothing about groups, with an intercept of its "
            "own for each, with varying intercepts, with each group's mean of X beside them, and with the confound "
            "itself inferred from X and Y.",
        ),
        (
            ShownFigure("dag_confounds"),
            ShownFigure("group_sizes"),
            ShownModel("m0"),
            ShownModel("mf"),
            ShownModel("mr"),
            ShownModel("mrx"),
            ShownModel("mru"),
            ShownTable("estimators"),
            ShownFigure("bxy"),
            ShownFigure("bzy"),
            ShownFigure("intercepts"),
            ShownFigure("contrasts"),
        ),
    ),
    Part(
        "coverage",
        "Confounds, many times over",
        (
            "One study can flatter a bad estimator. Many studies, simulated with the same truth, tell how far off each "
            "estimator is on average, and how often its interval holds the truth.",
        ),
        (ShownTable("coverage"), ShownFigure("coverage")),
    ),
    Part(
        "sampler",
        "Inside the sampler",
        (
            "All the numbers above were drawn by Hamiltonian Monte Carlo. These pictures show the very transitions "
            "that the sampler makes, leapfrog step by leapfrog step: `hmc watch MODEL` tells one in words.",
        ),
        (
            ShownFigure("leapfrog"),
            ShownFigure("static_paths"),
            ShownFigure("nuts_trajectory"),
            ShownFigure("nuts_tree"),
            ShownFilm("nuts_film"),
            ShownFigure("warmup"),
            ShownFigure("metric"),
            ShownFigure("divergence"),
            ShownModel("mSTnc", plots=("ranks", "energies")),
            ShownModel("mSTPnc", plots=("ranks", "energies")),
            ShownFigure("funnel"),
        ),
    ),
)


def chosen(only=None):
    """The parts called `only`, in the lecture's order; all for None. ValueError for an unknown one."""
    known = [part.name for part in PARTS]
    unknown = [name for name in only or () if name not in known]
    if unknown:
        raise ValueError(f"the lecture has no part {unknown[0]}; its parts are {', '.join(known)}")
    return [part for part in PARTS if not only or part.name in only]
