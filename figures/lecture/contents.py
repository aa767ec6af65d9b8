"""The contents of the lecture in its order: parts, and in each the models, tables, figures and films, by name.

Nothing is made here. `figures.lecture.work.items` turns these names into items to make,
`figures.lecture.page.filling` turns them into a page.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

# Transitions of warm-up of the lecture's fits: as long as everybody's were when it was given.
WARMUP = 1000


class ShownModel(NamedTuple):
    """A model, shown as a card: its formula, its table, and the verdict on its chains."""

    name: str
    nth: int = -1  # which fit, if the model has several (`figures.SERIES`): the last by default
    plots: tuple[str, ...] = ("ranks",)  # of `figures.of_any_fit()`


class ShownFigure(NamedTuple):
    """A figure of the registry `figures`."""

    name: str


class ShownFilm(NamedTuple):
    """A film of the registry `figures`."""

    name: str


class ShownTable(NamedTuple):
    """A table of the registry `figures.lecture.tables.TABLES`."""

    name: str


Content: TypeAlias = ShownModel | ShownFigure | ShownFilm | ShownTable


class Part(NamedTuple):
    """A part of the lecture."""

    name: str
    title: str
    text: tuple[str, ...]  # paragraphs
    contents: tuple[Content, ...]  # in order


PARTS = (
    Part(
        "trolley",
        "Stories: repeated measures",
        (
            "People read stories about trolleys and say, on a scale from 1 to 7, how permissible an action in the "
            "story is. Each of twelve stories was read hundreds of times. A model may give every story an intercept of "
            "its own. This model has amnesia: it forgets what it learned from one story before the next.",
        ),
        (ShownFigure("story_responses"), ShownModel("mRS"), ShownFigure("story_effects")),
    ),
    Part(
        "participants",
        "Stories and people at once",
        (
            "Each participant answered thirty times, so answers cluster by story and by participant. Two kinds of "
            "varying intercepts separate the effect of the story from the effect of the person.",
            "The published file is not part of this project. Without it (`hmc lecture --trolley Trolley.csv`), the "
            "models are fitted to a simulated study, and everything made from it says so.",
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
            "general. Every visit changes all of them: most of all the expectation for the visited cafe, and the "
            "others through what cafes have in common. That is memory: the robot knows something about a new cafe in "
            "advance.",
        ),
        (ShownFilm("cafes_film"), ShownFigure("cafes_sheet"), ShownModel("cafes")),
    ),
    Part(
        "tadpoles",
        "Tadpoles: how much to pool",
        (
            "We know how many tadpoles went into each of 48 tanks and how many survived. How much should one tank's "
            "estimate learn from the other tanks? Sigma, the spread of the tanks, decides, and it can itself be "
            "learned.",
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
            "A group that causes both X and Y confounds the effect of X on Y. This part compares five estimators of "
            "the effect on a simulated study with known truth: one that ignores groups, one with a separate intercept "
            "for each group, one with varying intercepts, one that adds each group's mean of X to these, and one that "
            "infers the confound itself from X and Y.",
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
        "Confounds in many studies",
        (
            "One study can flatter a bad estimator. Many studies, simulated with the same truth, show how far off each "
            "estimator is on average, and how often its interval contains the truth.",
        ),
        (ShownTable("coverage"), ShownFigure("coverage")),
    ),
    Part(
        "sampler",
        "Inside the sampler",
        (
            "Hamiltonian Monte Carlo drew all the numbers above. These pictures show the transitions that the sampler "
            "really makes, leapfrog step by leapfrog step. `hmc watch MODEL` describes one transition in words.",
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


def chosen(only: Iterable[str] | None = None) -> list[Part]:
    """The parts called `only`, in the lecture's order; all for None. ValueError for an unknown one."""
    known, wanted = [part.name for part in PARTS], list(only or ())
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ValueError(f"the lecture has no part {unknown[0]}; its parts are {', '.join(known)}")
    return [part for part in PARTS if not wanted or part.name in wanted]
