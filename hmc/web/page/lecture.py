"""The lecture's explorables: moments of the lecture as things one does, on its data, sampled again in the browser.

hmc knows none of the models of the lecture, so that whoever makes the page hands them over, with their tables.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from hmc.web.page.building import Play, Target, filled_page

_PLAY = Play(
    "Multilevel Models, to play with",
    "Multilevel Models",
    "to play with",
    "Change the data, and the sampler of this project runs again, in your browser. Its draws are those of hmc.sample, "
    "bit for bit.",
    "lecture",
    ("page.css", "play.css", "lecture.css"),
)


class Tables(NamedTuple):
    """The data of the lecture."""

    visits: Sequence[tuple[int, int]]  # (cafe, wait) of each visit, in order
    tanks: Sequence[tuple[int, str, str, int]]  # (density, pred, size, surv) of each tank
    log_factorial: Sequence[float]  # of 0, 1, ... as the models have it, to the last bit


def lecture_page(targets: Sequence[Target], tables: Tables) -> str:
    """The HTML of the page. `targets`: cafes, the tadpoles' models and both of the eight schools.

    ValueError and HMCError as `hmc.web.page.page`.
    """
    told: dict[str, Any] = {
        "visits": tables.visits,
        "tanks": tables.tanks,
        "logFactorial": tables.log_factorial,
    }
    return filled_page(_PLAY, targets, {"tables": told})
