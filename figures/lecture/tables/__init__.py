"""The tables of the lecture, by name: each is a function of fits and other inputs that returns a DataFrame.

Numbers are not rounded; `frame.attrs["notes"]` has the sentences to print below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from figures.lecture.tables.comparisons import comparison_by_psis, comparison_by_waic
from figures.lecture.tables.confounds import coverage_table, estimators
from figures.lecture.tables.counts import participants, penalties, stories

if TYPE_CHECKING:
    import pandas as pd


class LectureTable(NamedTuple):
    function: Callable[[Mapping[str, Any]], pd.DataFrame]  # of the inputs by name
    needs: tuple[str, ...]  # names of inputs: models, "refit MODEL" for exact leave-one-out, "coverage" for the studies
    title: str
    caption: str


def _by_psis(inputs: Mapping[str, Any]) -> pd.DataFrame:
    names = ("mST", "mSTP")
    return comparison_by_psis({n: inputs[n] for n in names}, {n: inputs[f"refit {n}"] for n in names})


TABLES = {
    "stories": LectureTable(
        stories,
        ("mRS",),
        "Repeated measures: responses to each story",
        "The stories repeat: each was read by many people, so responses to one story may resemble each other.",
    ),
    "participants": LectureTable(
        participants,
        ("mRXma2",),
        "Repeated measures: responses of each participant",
        "The participants repeat as well: each answered 30 scenes, so responses of one person may resemble each other.",
    ),
    "penalties": LectureTable(
        penalties,
        ("mST", "mSTnomem", "mSTP", "mSTPDG"),
        "Structure decides the penalty, not the number of parameters",
        "mST has more parameters than mSTnomem, and a smaller penalty pWAIC: sigma and the predictors leave each "
        "intercept less free. So it goes on: in this table, each further parameter comes with a smaller penalty.",
    ),
    "mST_mSTnomem_WAIC": LectureTable(
        comparison_by_waic,
        ("mST", "mSTnomem"),
        "With memory and without, by WAIC",
        "The value of memory: mSTnomem gives each tank an intercept of its own and learns nothing from the others. "
        "Its penalty pWAIC is larger, though it has one parameter less: learning from all tanks leaves each intercept "
        "less free.",
    ),
    "mST_mSTP_PSIS": LectureTable(
        _by_psis,
        ("mST", "mSTP", "refit mST", "refit mSTP"),
        "With predators and without, by PSIS and by exact leave-one-out",
        "PSIS reweights the draws of one fit as if it had not seen an observation. Here each tank has a parameter that "
        "only this tank informs: k-hat says that reweighting cannot work, and refitting without each tank shows by how "
        "much it fails.",
    ),
    "estimators": LectureTable(
        estimators,
        ("m0", "mf", "mr", "mrx", "mru"),
        "Five estimators of a confounded effect",
        "The estimates of each estimator from the same study: `bxy` is the effect of interest, `bzy` the effect of a "
        "trait of the group.",
    ),
    "coverage": LectureTable(
        lambda inputs: coverage_table(inputs["coverage"]),
        ("coverage",),
        "Five estimators over many studies",
        "Trust an estimator as far as its bias may be 0 and its intervals contain the truth as often as they claim.",
    ),
}


def as_csv(frame: pd.DataFrame) -> str:
    """The table as the text of a CSV file: each number has as few digits as give it back to the last bit."""
    return frame.to_csv(lineterminator="\n")
