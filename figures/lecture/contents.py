"""The contents of the lecture in its order: parts, and in each the models, tables, figures and films, by name.

Nothing is made here. `figures.lecture.work.items` turns these names into items to make,
`figures.lecture.page.filling` turns them into a page.
"""

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

# Transitions of warm-up of the lecture's fits: as long as everybody's were when it was given.
WARMUP = 1000
# A chain's draws in a fit without a tank. With 48 such fits, a deviance then has a Monte Carlo error of about 1.
REFIT_DRAWS = 500


class ShownModel(NamedTuple):
    """A model, shown as a card: its formula, its table, and the verdict on its chains."""

    name: str
    matters: str  # the one line to remember of it
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


class ShownCode(NamedTuple):
    """The source of a function of the project, "module:function"."""

    name: str
    title: str
    function: str


Content: TypeAlias = ShownModel | ShownFigure | ShownFilm | ShownTable | ShownCode


class Part(NamedTuple):
    """A part of the lecture. It opens with its question and the first of its contents, a figure or film."""

    name: str
    title: str
    question: str
    text: tuple[str, ...]  # paragraphs
    contents: tuple[Content, ...]  # in order


PARTS = (
    Part(
        "trolley",
        "Stories: repeated measures",
        "Do stories differ, and does one story teach anything about the next?",
        (
            "People read stories about trolleys and say, on a scale from 1 to 7, how permissible an action in the "
            "story is. Each of the 12 stories was read hundreds of times (see `stories`). A model may give every story "
            "an intercept of its own. This model has amnesia: it forgets what it learned from one story before the "
            "next.",
        ),
        (
            ShownFigure("story_responses"),
            ShownTable("stories"),
            ShownModel("mRS", "An intercept for each story, by a model with amnesia."),
            ShownFigure("story_effects"),
        ),
    ),
    Part(
        "participants",
        "Stories and people at once",
        "How can a response depend on the story and on the person at once?",
        (
            "Each participant answered 30 scenes, so answers cluster by story and by participant (see `participants`). "
            "Varying intercepts of both kinds separate the effect of the story from the effect of the person.",
            "The published file is not part of this project. Without it (`hmc lecture --trolley Trolley.csv`), the "
            "models are fitted to a simulated study, and everything made from it says so.",
        ),
        (
            ShownFigure("participant_responses"),
            ShownTable("participants"),
            ShownModel("mRXma", "Stories and people as clusters, beside treatment, education and age."),
            ShownModel("mRXma2", "The same with half-normal priors, stories centred and people non-centred."),
            ShownFigure("cluster_effects"),
        ),
    ),
    Part(
        "cafes",
        "Cafes: a model with memory",
        "What does a wait at one cafe teach about all the others?",
        (
            "A robot waits for coffee in five cafes. It has an expectation for each cafe and one for cafes in general: "
            "models within models. Every visit changes all of them, through what cafes have in common. That is memory: "
            "the robot knows something about a new cafe in advance.",
            "There are two perspectives on memory. It learns faster, since every cafe teaches about the next: see "
            "`learning_curves`. And it resists overfitting, since the other clusters say how far an estimate may "
            "follow its own data: see `overfitting`.",
        ),
        (
            ShownFilm("cafes_film"),
            ShownFigure("cafes_sheet"),
            ShownModel("cafes", "Expectations for cafes and for the population of cafes, learned together."),
            ShownFigure("learning_curves"),
        ),
    ),
    Part(
        "tadpoles",
        "Tadpoles: how much to pool",
        "How much should one tank learn from the other tanks?",
        (
            "We know how many tadpoles went into each of 48 tanks and how many survived. Sigma, the spread of the "
            "tanks, decides how much a tank's estimate learns from the other tanks, and sigma can itself be learned.",
        ),
        (
            ShownFigure("tanks"),
            ShownFigure("raw_survival"),
            ShownFigure("dag_tadpoles"),
            ShownFigure("tank_priors"),
            ShownModel(
                "mST",
                "Sigma is learned, and so is how much to pool.",
                plots=("traces", "ranks", "energies"),
            ),
            ShownModel("mSTnomem", "Sigma is given as 1: no tank teaches how much tanks differ."),
            ShownTable("mST_mSTnomem_WAIC"),
            ShownTable("penalties"),
            ShownFigure("pooling"),
            ShownModel("mST_fixed", "Sigma is given, here 5, and tanks are hardly pooled: see `pooling`."),
            ShownFilm("sweep_film"),
            ShownFigure("sigma_sweep"),
            ShownFigure("overfitting"),
            ShownFigure("shrinkage"),
            ShownFigure("superstitions"),
            ShownFigure("tanks_by_predation"),
            ShownModel("mSTP", "Predators are a predictor, and sigma is what they leave."),
            ShownFigure("predation_slope"),
            ShownFigure("predictions"),
            ShownFigure("spreads"),
            ShownTable("mST_mSTP_PSIS"),
            ShownModel("mSTD", "Density is the predictor."),
            ShownModel("mSTG", "The tadpoles' size is the predictor."),
            ShownModel("mSTPDG", "Predators, density and size, and predators of big tadpoles."),
            ShownFigure("slopes"),
        ),
    ),
    Part(
        "confounds",
        "Confounds of a group",
        "What is the effect of X on Y, if the group causes both?",
        (
            "The estimand is p(Y | do(X)): what would happen to Y if we set X. The backdoor path from X through the "
            "group G to Y has to be closed, without closing the effect of Z. Five estimators try: `m0` ignores groups, "
            "`mf` gives each group a separate intercept, `mr` gives them varying intercepts, `mrx` adds each group's "
            "mean of X to these, and `mru` infers the confound itself from X and Y. The study is simulated, so we know "
            "the truth.",
        ),
        (
            ShownFigure("dag_confounds"),
            ShownCode("simulation", "The simulation, as code", "models.confounds.study:simulate_study"),
            ShownFigure("group_sizes"),
            ShownModel("m0", "No groups: the backdoor is open."),
            ShownModel("mf", "An intercept for each group: the backdoor is closed, and so is the effect of Z."),
            ShownModel("mr", "Varying intercepts: the backdoor is half closed."),
            ShownModel("mrx", "The group's mean of X stands in for the confound."),
            ShownModel("mru", "The confound is a parameter, which X and Y inform."),
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
        "Fixed effects? And should the mean of X be included?",
        (
            "One study can flatter a bad estimator. Many studies, simulated with the same truth, show how far off each "
            "estimator is on average, and how often its interval contains the truth. The first figure is of stored "
            "studies, which take minutes (`hmc coverage --replications 200`); the others are of studies of this run.",
        ),
        (ShownFigure("closing_questions"), ShownTable("coverage"), ShownFigure("coverage")),
    ),
    Part(
        "sampler",
        "Inside the sampler",
        "Where do these numbers come from?",
        (
            "Hamiltonian Monte Carlo drew all posteriors of models above. These pictures show the transitions that the "
            "sampler really makes, leapfrog step by leapfrog step. `hmc watch MODEL` describes one in words.",
        ),
        (
            ShownFilm("nuts_film"),
            ShownFigure("leapfrog"),
            ShownFigure("static_paths"),
            ShownFigure("nuts_trajectory"),
            ShownFigure("nuts_tree"),
            ShownFigure("warmup"),
            ShownFigure("metric"),
            ShownFigure("divergence"),
        ),
    ),
    Part(
        "failing",
        "Models that fail",
        "How does one see that a sampler fails, and what mends it?",
        (
            "The models of the lecture do not fail, so these are others. Each can be tried: `hmc fit schools`. The "
            "diagnostics say that something is wrong; the pictures say what. What mends a neck are other coordinates, "
            "or a sampler whose steps fit the place: WALNUTS.",
        ),
        (
            ShownFigure("schools_neck"),
            ShownModel(
                "schools", "Centred, with data that say little: a funnel.", nth=0, plots=("traces", "ranks", "energies")
            ),
            ShownFigure("schools_traces"),
            ShownModel("schools_nc", "The same posterior, in coordinates without a funnel.", nth=1),
            ShownFigure("schools_remedies"),
            ShownFigure("neck"),
            ShownModel("mSTnc", "Non-centred, with data that say much.", plots=("ranks", "energies")),
            ShownModel("mSTPnc", "Non-centred, with predators.", plots=("ranks", "energies")),
            ShownFigure("funnel"),
            ShownModel("mru_normal", "A prior of both signs, and two mirror modes.", plots=("traces", "ranks")),
            ShownFigure("mirror"),
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
