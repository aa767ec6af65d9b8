"""A model's named values and its unconstrained positions, there and back; and values that are refused."""

import math
import re
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc import transforms
from hmc.model import Model
from hmc.parameters import Parameter, blocks

BELOW, ABOVE = -1.5, 4.0


class Nothing(NamedTuple):
    n: int = 1


def flat(position, data, gradient):
    return 0.0


def model_of(*parameters):
    return Model(flat, Nothing(), parameters, name="toy")


ALL = [
    Parameter("r", (2,)),
    Parameter("p", constraint=hmc.positive),
    Parameter("l", (3,), hmc.lower(BELOW)),
    Parameter("u", (2, 2), hmc.upper(ABOVE)),
    Parameter("i", (4,), hmc.interval(BELOW, ABOVE)),
    Parameter("o", (2, 5), hmc.ordered),
    Parameter("s", (2, 7), hmc.simplex),
]


def test_blocks_follow_one_another_and_have_the_free_numbers_alone():
    parameters = [
        Parameter("s", (2, 3), hmc.simplex),
        Parameter("b"),
        Parameter("o", (3,), hmc.ordered),
        Parameter("a", (2, 2)),
    ]
    assert list(blocks(parameters)) == [
        *zip(parameters, (slice(0, 4), slice(4, 5), slice(5, 8), slice(8, 12)), strict=True)
    ]


def test_model_constrains_and_unconstrains_every_kind():
    model = model_of(*ALL)
    assert model.dimension == 2 + 1 + 3 + 4 + 4 + 10 + 2 * 6
    position = np.random.default_rng(1).normal(size=model.dimension)
    values = model.constrain(position)
    assert {name: value.shape for name, value in values.items()} == {p.name: p.shape for p in ALL}
    np.testing.assert_allclose(model.unconstrain(values), position, rtol=0, atol=1e-12)
    simplex, ordered = np.empty(7), np.empty(5)
    transforms.constrain_simplex(position[-6:], simplex)
    transforms.constrain_ordered(position[14:19], ordered)
    assert (values["s"][1] == simplex).all()
    assert (values["o"][0] == ordered).all()


@pytest.mark.parametrize("parameter", ALL, ids=[str(p.constraint) for p in ALL])
def test_model_constrains_draws_as_it_constrains_each(parameter):
    model = model_of(parameter)
    positions = np.random.default_rng(2).normal(size=(2, 3, model.dimension))
    together = model.constrain(positions)[parameter.name]
    assert together.shape == (2, 3, *parameter.shape)
    for i, j in np.ndindex(2, 3):
        assert (together[i, j] == model.constrain(positions[i, j])[parameter.name]).all()


@pytest.mark.parametrize(
    ("constraint", "shape", "value"),
    [
        (hmc.real, (), math.nan),
        (hmc.real, (), math.inf),
        (hmc.positive, (), 0.0),
        (hmc.positive, (), -1.0),
        (hmc.lower(2.0), (), 2.0),
        (hmc.upper(2.0), (), 2.5),
        (hmc.interval(0.0, 1.0), (), 1.0),
        (hmc.interval(0.0, 1.0), (), -0.5),
        (hmc.ordered, (3,), [1.0, 1.0, 2.0]),
        (hmc.ordered, (3,), [2.0, 1.0, 3.0]),
        (hmc.simplex, (3,), [0.5, 0.6, -0.1]),
        (hmc.simplex, (3,), [0.5, 0.3, 0.3]),
        (hmc.simplex, (3,), [0.5, 0.5, 0.0]),
        (hmc.simplex, (2, 2), [[0.5, 0.5], [0.5, 0.6]]),
    ],
)
def test_value_outside_its_constraint_is_refused_by_name(constraint, shape, value):
    with pytest.raises(ValueError, match=rf"(?s)toy: x = .* is not {re.escape(str(constraint))}"):
        model_of(Parameter("x", shape, constraint)).unconstrain({"x": value})


@pytest.mark.parametrize("values", [{}, {"x": 1.0, "y": 2.0}, {"y": 1.0}])
def test_names_too_many_or_too_few_are_refused(values):
    with pytest.raises(ValueError, match="toy: values are needed for x"):
        model_of(Parameter("x")).unconstrain(values)


def test_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"toy: x has shape \(3,\), not \(2,\)"):
        model_of(Parameter("x", (3,))).unconstrain({"x": [1.0, 2.0]})


@pytest.mark.parametrize("bounds", [(1.0, 1.0), (2.0, 1.0), (-math.inf, 1.0), (0.0, math.nan)])
def test_interval_needs_two_finite_bounds_in_order(bounds):
    with pytest.raises(ValueError, match="bound"):
        hmc.interval(*bounds)


@pytest.mark.parametrize("make", [hmc.lower, hmc.upper])
def test_bound_must_be_finite(make):
    with pytest.raises(ValueError, match="finite"):
        make(math.inf)


@pytest.mark.parametrize(
    ("constraint", "text"),
    [
        (hmc.real, "real"),
        (hmc.positive, "positive"),
        (hmc.lower(2.0), "lower(2)"),
        (hmc.interval(0.0, 1.5), "interval(0, 1.5)"),
    ],
)
def test_constraint_reads_as_it_was_written(constraint, text):
    assert str(constraint) == text
