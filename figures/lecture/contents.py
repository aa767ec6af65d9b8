"""What the lecture consists of, in its order: parts, and in each the models, tables, figures and films, by name.

Nothing is made here. `figures.lecture.work.items` turns these names into work, `figures.lecture.page.filling` into a
page.
"""

from typing import NamedTuple


class Model(NamedTuple):
    """A model: its card, with its formula, its table, and how its chains did."""

    name: str
    nth: int = -1  # which of its fits, where it has several (`figures.SERIES`); the last
    plots: tuple = ("ranks",)  # of `figures.of_any_fit()`


class Figure(NamedTuple):
    """A figure of the registry `figures`."""

    name: str


class Film(NamedTuple):
    """A film of the registry `figures`."""

    name: str


class Table(NamedTuple):
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
        (Figure("story_responses"), Model("mRS"), Figure("story_effects")),
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
        (Figure("participant_responses"), Model("mRXma"), Model("mRXma2"), Figure("cluster_effects")),
    ),
    Part(
        "cafes",
        "Cafes: a model with memory",
        (
            "A robot waits for coffee in five cafes. It has one expectation for each cafe and one for cafes in "
            "general, and every visit moves all of them: the visited one most, the others through what they have in "
            "common. That is memory: a new cafe is not met with an empty mind.",
        ),
        (Film("cafes_film"), Figure("cafes_sheet"), Model("cafes")),
    ),
    Part(
        "tadpoles",
        "Tadpoles: how much to pool",
        (
            "Of 48 tanks of tadpoles we know how many went in and how many survived. How much should one tank's "
            "estimate learn from the other tanks? Sigma, the spread of the tanks, says it, and can itself be learned.",
        ),
        (
            Figure("raw_survival"),
            Figure("dag_tadpoles"),
            Figure("tank_priors"),
            Model("mST", plots=("traces", "ranks", "energies")),
            Figure("tanks"),
            Model("mSTnomem"),
            Table("mST_mSTnomem_WAIC"),
            Figure("pooling"),
            Model("mST_fixed", nth=11),  # the sigma nearest to 1
            Film("sweep_film"),
            Figure("sigma_sweep"),
            Figure("tanks_by_predation"),
            Figure("shrinkage"),
            Model("mSTP"),
            Figure("predation_slope"),
            Figure("predictions"),
            Figure("spreads"),
            Table("mST_mSTP_PSIS"),
            Model("mSTD"),
            Model("mSTG"),
            Model("mSTPDG"),
            Figure("slopes"),
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
            Figure("dag_confounds"),
            Figure("group_sizes"),
            Model("m0"),
            Model("mf"),
            Model("mr"),
            Model("mrx"),
            Model("mru"),
            Table("estimators"),
            Figure("bxy"),
            Figure("bzy"),
            Figure("intercepts"),
            Figure("contrasts"),
        ),
    ),
    Part(
        "coverage",
        "Confounds, many times over",
        (
            "One study can flatter a bad estimator. Many studies, simulated with the same truth, tell how far off each "
            "estimator is on average, and how often its interval holds the truth.",
        ),
        (Table("coverage"), Figure("coverage")),
    ),
    Part(
        "sampler",
        "Inside the sampler",
        (
            "All the numbers above were drawn by Hamiltonian Monte Carlo. These pictures show the very transitions "
            "that the sampler makes, leapfrog step by leapfrog step: `hmc watch MODEL` tells one in words.",
        ),
        (
            Figure("leapfrog"),
            Figure("static_paths"),
            Figure("nuts_trajectory"),
            Figure("nuts_tree"),
            Film("nuts_film"),
            Figure("warmup"),
            Figure("metric"),
            Figure("divergence"),
            Model("mSTnc", plots=("ranks", "energies")),
            Model("mSTPnc", plots=("ranks", "energies")),
            Figure("funnel"),
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
