"""Trolley problems: how permissible people find an action, from 1 (not at all) to 7, by story and participant.

McElreath, Statistical Rethinking 2023, lecture 12, "Multilevel Models"; data of Cushman, Young & Hauser (2006).
`mRXma` and `mRXma2` answer the lecture's closing question: how to use more than one cluster type at once.
"""

# ruff: noqa: N802 (functions carry the lecture's names)

from types import ModuleType

import hmc
from models.tables import TableData, shown
from models.trolley import centred, partly_centred, stories
from models.trolley.data import SOURCE, Answers, answers_of, outcome, read_answers, read_story_responses
from models.trolley.everything import GENDERS, STEPS
from models.trolley.ordered_logit import CUTPOINTS
from models.trolley.study import simulate_study

__all__ = ["SOURCE", "mRS", "mRXma", "mRXma2", "simulate_study"]


def mRS(data: TableData = None) -> hmc.Model:
    """The lecture's model with amnesia: an intercept for each story, none informed by the others.

        R ~ OrderedLogit(phi, alpha),  phi = b[S]
        b[j] ~ Normal(0, 1)
        alpha[k] ~ Normal(0, 1), in order

    The slides give the likelihood; the priors are ours, after lecture 11. As in Stan, the prior of ordered cutpoints is
    not renormalised. `data`: a DataFrame or the path of a CSV file with columns story, response, count, or with one row
    per response (story, response, as published), which gives the same density; None for the
    bundled counts of 9,930 responses. `log_likelihood` and `phi` are of each response, in the order of the rows or of
    the counts; as the density uses counts alone, `Model.without` cannot leave out single ones. Raises ValueError for
    wrong data.
    """
    responses = read_story_responses(data)
    return hmc.Model(
        stories.log_density,
        responses,
        [hmc.Parameter("alpha", (CUTPOINTS,), hmc.ordered), hmc.Parameter("b", (responses.counts.shape[1],))],
        name="mRS",
        log_likelihood=stories.log_likelihood,
        link=stories.phi,
        simulate=stories.simulate,
        simulate_data=stories.simulate_data,
        outcome=stories.outcome,
    )


def mRXma(data: TableData = None, *, participants: int | None = None, seed: int | None = None) -> hmc.Model:
    """The model "with everything", centred: treatment, schooling and age by gender, and two kinds of clusters.

        R ~ OrderedLogit(phi, alpha)
        phi = bE[G] * sum(delta_j[G], j = 0..E-1) + bA[G] A + bI[G] I + bC[G] C + bY[G] Y + as[S] + au[U]
        as[j] ~ Normal(0, sigmaS),  au[j] ~ Normal(0, sigmaU)
        sigmaS, sigmaU ~ Exponential(1)
        bA[g], bI[g], bC[g], bE[g], bY[g] ~ Normal(0, 0.5)
        delta_1..7[g] ~ Dirichlet(2), a simplex of 7;  delta_0[g] = 0
        alpha[k] ~ Normal(0, 1), in order

    A, I, C are action, intention, contact; G = 1 is female, 2 male; Y is age, standardised over the responses; E is
    education from Elementary School, which adds nothing, to Graduate Degree in 8 levels. Stories S and participants U
    are numbered in the order of their labels. As in Stan, the prior of ordered cutpoints is not renormalised.

    `data`: the path of the published Trolley.csv, or a DataFrame with its columns. None: a simulated study with known
    truth (`models.trolley.simulate_study`) of `participants` people (60) from a `seed` (2023), and the model's name
    says so. `log_likelihood` and `phi` are of each response, in the order of the rows. Raises ValueError for wrong
    data, and where action, intention, contact, education or age does not vary: a constant has no slope.
    """
    return _with_everything("mRXma", centred, ("as", "au"), _study(data, participants, seed))


def mRXma2(data: TableData = None, *, participants: int | None = None, seed: int | None = None) -> hmc.Model:
    """The model "with everything", people non-centred, and half-normal priors for the spreads of stories and people.

        R ~ OrderedLogit(phi, alpha)
        phi = bE[G] * sum(delta_j[G], j = 0..E-1) + bA[G] A + bI[G] I + bC[G] C + bY[G] Y + as[S] + au[U]
        as[j] ~ Normal(0, sigmaS)
        au[j] = zu[j] * sigmaU,  zu[j] ~ Normal(0, 1)
        sigmaS, sigmaU ~ half-Normal(0, 1)
        bA[g], bI[g], bC[g], bE[g], bY[g] ~ Normal(0, 0.5)
        delta_1..7[g] ~ Dirichlet(2), a simplex of 7;  delta_0[g] = 0
        alpha[k] ~ Normal(0, 1), in order

    Stories are centred, since the data say far more about their effects than the spread does: the published file has
    over 800 responses to each. In units of sigmaS the effects would be known the more closely the larger sigmaS is, and
    since 12 stories leave sigmaS uncertain, chains diverge there (`hmc figures centring:mRXma2`). 331 participants say
    what sigmaU is, so that either form does for them; the centred one, as in `mRXma`, is sampled more easily. Variables
    and arguments as in `mRXma`, whose sigmaS and sigmaU are Exponential(1), a different prior, as in the lecture's
    script. `au` is a derived quantity.
    """
    return _with_everything("mRXma2", partly_centred, ("as", "zu"), _study(data, participants, seed))


def _study(data: TableData, participants: int | None, seed: int | None) -> tuple[Answers, bool]:
    """(answers, whether they are simulated)."""
    if data is None:
        given = {"participants": participants, "seed": seed}
        study = simulate_study(**{name: value for name, value in given.items() if value is not None})
        return answers_of(study.columns), True
    for name, value in (("participants", participants), ("seed", seed)):
        if value is not None:
            raise ValueError(f"trolley: {name} = {shown(value)} is for simulated data, and data are given")
    return read_answers(data), False


def _with_everything(
    name: str, functions: ModuleType, effects: tuple[str, str], study: tuple[Answers, bool]
) -> hmc.Model:
    answers, is_simulated = study
    of_stories, of_participants = effects
    slopes = [hmc.Parameter(slope, (GENDERS,)) for slope in ("bA", "bI", "bC", "bE", "bY")]
    return hmc.Model(
        functions.log_density,
        answers,
        [
            hmc.Parameter("alpha", (CUTPOINTS,), hmc.ordered),
            hmc.Parameter(of_stories, (answers.stories,)),
            hmc.Parameter(of_participants, (answers.gender.size,)),
            *slopes,
            hmc.Parameter("delta", (GENDERS, STEPS), hmc.simplex),
            hmc.Parameter("sigmaS", constraint=hmc.positive),
            hmc.Parameter("sigmaU", constraint=hmc.positive),
        ],
        name=f"{name} (simulated data)" if is_simulated else name,
        log_likelihood=functions.log_likelihood,
        link=functions.phi,
        simulate=functions.simulate,
        simulate_data=functions.simulate_data,
        derived=getattr(functions, "derived", None),
        outcome=outcome,
    )
