"""Other data in a module that is there already: what `hmc.sample` draws of a model made of them."""

from typing import NamedTuple

import numpy as np
import pytest

import hmc
import hmc.web
import models
from tests.hmc.helpers import node, running

SETTINGS = {"chains": 2, "warmup": 60, "draws": 40, "seed": 4}


class Inner(NamedTuple):
    scale: float
    flags: np.ndarray  # bool


class Outer(NamedTuple):
    """Of every kind that data may be."""

    table: np.ndarray  # float64, two dimensions
    counts: np.ndarray  # int16
    words: np.ndarray  # uint32
    light: np.ndarray  # float32
    inner: Inner
    pair: tuple[int, bool]


def log_density(position, data, gradient):
    precision = data.inner.scale
    for i in range(data.table.shape[0]):
        for j in range(data.table.shape[1]):
            precision += data.table[i, j] * data.counts[i]
    for k in range(data.words.shape[0]):
        precision += data.words[k] + data.light[k] * (1.0 if data.inner.flags[k] else 2.0)
    if data.pair[1]:
        precision *= data.pair[0]
    value = 0.0
    for i in range(position.shape[0]):
        value -= 0.5 * precision * position[i] * position[i]
        gradient[i] = -precision * position[i]
    return value


def outer(rows, columns, words, pair, dimension):
    data = Outer(
        table=np.linspace(0.0, 1.0, rows * columns).reshape(rows, columns),
        counts=np.arange(rows, dtype=np.int16),
        words=np.arange(words, dtype=np.uint32),
        light=np.linspace(0.1, 0.7, words).astype(np.float32),
        inner=Inner(1.5, np.arange(words) % 2 == 0),
        pair=pair,
    )
    return hmc.Model(log_density, data, [hmc.Parameter("x", (dimension,))], name="kinds")


def as_asked(data):
    """Data as a page gives them."""
    return {
        "table": {"shape": list(data.table.shape), "values": data.table.ravel().tolist()},
        "counts": data.counts.tolist(),
        "words": data.words.tolist(),
        "light": data.light.tolist(),
        "inner.scale": data.inner.scale,
        "inner.flags": [int(flag) for flag in data.inner.flags],
        "pair.0": data.pair[0],
        "pair.1": int(data.pair[1]),
    }


def drawn(module, states):
    answers = node.of_module("sampleWith", module, states=states)
    return [(answer["position"].reshape(answer["shape"]), answer["density"]) for answer in answers]


@pytest.fixture(scope="module")
def module():
    node.require()
    return hmc.web.module(outer(2, 3, 4, (3, True), 2))


SHAPES = [(2, 3, 4, (3, True), 2), (5, 1, 40, (2, False), 7), (0, 4, 0, (9, True), 1), (60, 60, 1000, (-1, False), 30)]


def test_data_of_every_kind_and_length_give_the_draws_of_sample(module):
    given = [outer(*shape) for shape in SHAPES]
    states = [
        {"data": as_asked(model._packed.data), "dimension": model.dimension, "settings": SETTINGS} for model in given
    ]
    for model, (position, density) in zip(given, drawn(module, states), strict=True):
        fit = hmc.sample(model, **SETTINGS, progress=False)
        assert running.equal_bits(position, fit.unconstrained)
        assert density == 0.0


def test_one_other_number_gives_other_draws(module):
    """The negative twin."""
    model = outer(*SHAPES[1])
    data = as_asked(model._packed.data)
    fit = hmc.sample(model, **SETTINGS, progress=False)
    states = [
        {"data": {**data, name: value}, "dimension": model.dimension, "settings": SETTINGS}
        for name, value in (("inner.scale", 1.6), ("words", [1, *data["words"][1:]]), ("inner.flags", [1] * 40))
    ]
    for position, _ in drawn(module, states):
        assert not running.equal_bits(position, fit.unconstrained)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inner.scale": "wide"}, "kinds: inner.scale = wide is not a number"),
        ({"pair.0": 1.5}, "kinds: pair.0 = 1.5 is not a whole number"),
        ({"more": 1}, "kinds: more is none of its data, table, counts, words, light, inner.scale, inner.flags"),
        ({"table": [1.0]}, "kinds: table has 1 numbers in the shape 1, not 2 dimensions"),
        (
            {"table": {"shape": [2, 2], "values": [1.0]}},
            "kinds: table has 1 numbers in the shape 2,2, not 2 dimensions",
        ),
        ({"counts": None}, "kinds: the data have no counts"),
    ],
)
def test_data_that_do_not_fit_are_named(module, change, message):
    data = {k: v for k, v in {**as_asked(outer(*SHAPES[0])._packed.data), **change}.items() if v is not None}
    [said] = node.of_module("refusedData", module, states=[{"data": data, "dimension": 2}])
    assert said.startswith(message)


def test_a_dimension_that_is_none_is_named(module):
    data = as_asked(outer(*SHAPES[0])._packed.data)
    [said] = node.of_module("refusedData", module, states=[{"data": data, "dimension": 0}])
    assert said == "dimension = 0 is not a whole number of at least 1"


def test_a_models_own_data_are_as_described():
    """The names and kinds of a model of the lecture, which pages count on."""
    described = hmc.web.layout.fields_of(models.cafes(visits=3)._packed.data)
    assert [field[:2] for field in described] == [
        ["cafe", "<i8"],
        ["wait", "<f8"],
        ["log_factorial", "<f8"],
        ["weight", "<f8"],
        ["cafes", "<i8"],
    ]
    assert [field[2] for field in described] == [[3], [3], [3], [3], None]
