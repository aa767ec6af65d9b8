"""The tables of the lecture, by name: each a function of fits, and of what else it needs, that gives a DataFrame.

Numbers are not rounded; sentences to print below stand in `frame.attrs["notes"]`.
"""

from typing import NamedTuple

from figures.lecture.tables.comparisons import comparison_by_psis, comparison_by_waic
from figures.lecture.tables.confounds import coverage_table, estimators
from figures.lecture.tables.estimates import estimates

__all__ = ["TABLES", "as_csv", "estimates"]


class LectureTable(NamedTuple):
    function: object  # of a dict of the inputs
    needs: tuple  # names of inputs: models, "refit MODEL" for exact leave-one-out, "coverage" for the studies
    title: str
    caption: str


def _by_psis(inputs):
    names = ("mST", "mSTP")
    return comparison_by_psis({n: inputs[n] for n in names}, {n: inputs[f"refit {n}"] for n in names})


TABLES = {
    "mST_mSTnomem_WAIC": LectureTable(
        comparison_by_waic,
        ("mST", "mSTnomem"),
        "With memory and without, by WAIC",
        "What memory is worth: mSTnomem gives each tank an intercept of its own and learns nothing from the others. "
        "Its penalty pWAIC is larger, though it has a parameter less: what is learned from all tanks makes each less "
        "free.",
    ),
    "mST_mSTP_PSIS": LectureTable(
        _by_psis,
        ("mST", "mSTP", "refit mST", "refit mSTP"),
        "With predators and without, by PSIS and by exact leave-one-out",
        "PSIS reweights the draws of one fit, as if an observation had not been seen. Here each tank has a parameter "
        "that only this tank informs: k-hat says that it cannot be done, and refitting without each tank shows by how "
        "much it fails.",
    ),
    "estimators": LectureTable(
        estimators,
        ("m0", "mf", "mr", "mrx", "mru"),
        "Five estimators of a confounded effect",
        "What each estimator says of the same study: `bxy` is the effect that is sought, `bzy` that of a trait of the "
        "group.",
    ),
    "coverage": LectureTable(
        lambda inputs: coverage_table(inputs["coverage"]),
        ("coverage",),
        "Five estimators over many studies",
        "An estimator is to be trusted if its bias is 0 and its intervals hold the truth as often as they say.",
    ),
}


def as_csv(frame):
    """The table as the text of a CSV file: each number as short as gives it back to the last bit."""
    return frame.to_csv(lineterminator="\n")
