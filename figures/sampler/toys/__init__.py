"""Toys: densities small enough to draw whole, or to know exactly. They are ordinary models that pass `hmc check`.

normals   a line, a plane, Neal's funnel, two modes
curved    a banana and a donut
schools   eight schools, centred and not
exact     what their marginal densities are written with
shown     the transitions that the figures of the sampler show by default

`TOYS` are all of them, by name, with their exact marginal densities.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import hmc
from figures.sampler.toys.curved import banana, banana_marginals, donut, donut_marginals
from figures.sampler.toys.exact import Marginals
from figures.sampler.toys.normals import (
    CORRELATION,
    Funnel,
    Plane,
    funnel,
    funnel_marginals,
    line,
    line_marginals,
    neals_funnel,
    plane,
    plane_marginals,
    two_modes,
    two_modes_marginals,
)
from figures.sampler.toys.schools import schools_centred, schools_marginals, schools_noncentred
from figures.sampler.toys.shown import (
    PATH_LENGTHS,
    STEP_SIZES,
    doubling_trajectory,
    funnel_trajectories,
    leapfrog_paths,
    neck_trajectories,
    nuts_chain,
    static_chains,
)


class Toy(NamedTuple):
    """A model and the exact marginal densities of its parameters, on their own scale; of those that are known."""

    model: Callable[[], hmc.Model]
    marginals: Callable[[], Marginals]
    # Values of parameters below which the density is a narrow neck: a chain that keeps out of it is there too seldom.
    necks: Mapping[str, float] = MappingProxyType({})


TOYS = {
    "line": Toy(line, line_marginals),
    "plane": Toy(plane, plane_marginals),
    "banana": Toy(banana, banana_marginals),
    "donut": Toy(donut, donut_marginals),
    "two_modes": Toy(two_modes, two_modes_marginals),
    "funnel": Toy(funnel, funnel_marginals, {"v": -5.0}),
    "neals_funnel": Toy(neals_funnel, funnel_marginals, {"v": -5.0}),
    "schools_centred": Toy(schools_centred, schools_marginals, {"tau": 1.0}),
    "schools_noncentred": Toy(schools_noncentred, schools_marginals, {"tau": 1.0}),
}

__all__ = [
    "CORRELATION",
    "PATH_LENGTHS",
    "STEP_SIZES",
    "TOYS",
    "Funnel",
    "Marginals",
    "Plane",
    "Toy",
    "banana",
    "donut",
    "doubling_trajectory",
    "funnel",
    "funnel_trajectories",
    "leapfrog_paths",
    "line",
    "neals_funnel",
    "neck_trajectories",
    "nuts_chain",
    "plane",
    "schools_centred",
    "schools_noncentred",
    "static_chains",
    "two_modes",
]
