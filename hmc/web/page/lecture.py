"""The lecture's explorables: moments of the lecture as things one does, on its data, sampled again in the browser.

hmc knows none of the models of the lecture, so that whoever makes the page hands them over, with their tables.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmc.web.page.building import Parts, Play, Target, filled_page, made_parts, style_of

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
    study: Mapping[str, Sequence[float]]  # the bundled one: "group" from 0, "X", "Y" of individuals, "Z" of groups
    # Of studies that can be simulated, by "groups individuals": what is random in each, the groups from 0, and the
    # numbers of U, X, Z and Y one after another.
    noise: Mapping[str, Sequence[tuple[Sequence[int], NDArray[np.float64]]]]
    log_factorial: Sequence[float]  # of 0, 1, ... as the models have it, to the last bit


def lecture_page(targets: Sequence[Target], tables: Tables) -> str:
    """The HTML of the page. `targets`: cafes, the tadpoles' models, the five estimators and both of the
    eight schools.

    ValueError and HMCError as `hmc.web.page.page`.
    """
    return filled_page(_PLAY, targets, {"tables": as_json(tables)})


def lecture_parts(targets: Sequence[Target], modules: Sequence[bytes], tables: Tables) -> Parts:
    """The same explorables for another page, in which they take the place of elements with an attribute `data-play`:
    its value is "cafes", "pooling", "confounds" or "schools". `modules`: of the targets, by `verified_module`.
    """
    more = {"tables": as_json(tables), "style": style_of(_PLAY)}
    return made_parts(_PLAY.folder, "embedded.mjs", targets, modules, more)


def as_json(tables: Tables) -> dict[str, Any]:
    """The tables, as the page's script reads them."""
    return {
        "visits": tables.visits,
        "tanks": tables.tanks,
        "study": tables.study,
        "noise": {
            size: [[group, base64.b64encode(numbers.astype("<f8").tobytes()).decode()] for group, numbers in studies]
            for size, studies in tables.noise.items()
        },
        "logFactorial": tables.log_factorial,
    }
