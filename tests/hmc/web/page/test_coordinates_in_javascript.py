"""The page's constrained values are those of `Model.constrain`, and stand under the names of the same elements."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc.parameters import element_names
from hmc.web.page.coordinates import described
from tests.hmc.helpers import node
from tests.hmc.helpers.recorded import as_json, number

RUNNER = Path(__file__).with_name("run.mjs")
PARAMETERS = [
    hmc.Parameter("real", (2, 2)),
    hmc.Parameter("lower", (), hmc.lower(-2.0)),
    hmc.Parameter("upper", (3,), hmc.upper(4.0)),
    hmc.Parameter("interval", (2,), hmc.interval(-1.0, 3.0)),
    hmc.Parameter("own_bounds", (3,), hmc.interval([0.0, -1.0, 2.0], [1.0, 5.0, 2.5])),
    hmc.Parameter("own_lower", (2, 2), hmc.lower([[0.0, 1.0], [2.0, 3.0]])),
    hmc.Parameter("ordered", (4,), hmc.ordered),
    hmc.Parameter("ordered_rows", (2, 3), hmc.ordered),
    hmc.Parameter("positive_ordered", (2, 3), hmc.positive_ordered),
    hmc.Parameter("simplex", (4,), hmc.simplex),
    hmc.Parameter("simplexes", (3, 4), hmc.simplex),
    hmc.Parameter("unit_vector", (2, 3), hmc.unit_vector),
    hmc.Parameter("factor", (4, 4), hmc.cholesky_corr),
    hmc.Parameter("factors", (2, 3, 3), hmc.cholesky_corr),
    hmc.Parameter("last", (), hmc.positive),
]


class Data(NamedTuple):
    nothing: float


def no_density(position, data, gradient):
    return 0.0


def constrained_by_the_library(position):
    values = hmc.Model(no_density, Data(0.0), PARAMETERS, name="model").constrain(position)
    return {
        name: value
        for p in PARAMETERS
        for name, value in zip(element_names(p.name, p.shape), values[p.name].ravel(), strict=True)
    }


def test_constrained_values_of_every_kind_are_those_of_the_library():
    of_page = [described(parameter) for parameter in PARAMETERS]
    rng = np.random.default_rng(7)
    for _ in range(2):
        position = rng.normal(0.0, 1.5, sum(p.free for p in PARAMETERS))
        known = constrained_by_the_library(position)
        found = node.ask("constrained", runner=RUNNER, parameters=of_page, position=as_json(position))
        assert len({name for name, _, _ in found}) == len(found) == position.size
        for _, name, value in found:
            assert number(value) == pytest.approx(known[name], rel=1e-12, abs=1e-14), name


def test_of_a_simplex_all_but_the_last_value_are_shown_and_of_a_factor_those_below_its_diagonal():
    simplex, factor = (described(PARAMETERS[k]) for k in (9, 12))
    assert simplex["constrained"] == ["simplex[1]", "simplex[2]", "simplex[3]"]
    assert factor["constrained"] == [f"factor[{i},{j}]" for i in (2, 3, 4) for j in range(1, i)]
