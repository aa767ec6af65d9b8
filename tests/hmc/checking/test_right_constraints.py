"""hmc.check finds nothing in right models, whatever their constraint; and something if its Jacobian is forgotten.

Run in Python: what is found does not depend on the compiler.
"""

import math
from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
from hmc import transforms
from hmc.correlations import cholesky_corr_log_jacobian, cholesky_corr_pullback, constrain_cholesky_corr
from hmc.parameters import blocks, unconstrained


class Observed(NamedTuple):
    y: float = 0.3


@pytest.fixture(autouse=True)
def in_python(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)


def bounded(constrain, log_jacobian, pullback):
    """(values, log Jacobian, slopes of the values -> of the position) of numbers each with bounds of their own."""

    def of(x, *bounds):
        value = np.array([constrain(*each) for each in zip(x, *bounds, strict=True)])
        total = sum(log_jacobian(*each) for each in zip(x, *bounds, strict=True))
        return value, total, lambda g: np.array([pullback(*each) for each in zip(x, *bounds, value, g, strict=True)])

    return of


def vector(constrain, log_jacobian, pullback, needs_value=True):
    """The same of a vector."""

    def of(x, size):
        value = np.empty(size)
        constrain(x, value)

        def back(slopes):
            out = np.empty(x.size)
            pullback(x, *([value] if needs_value else []), slopes, out)
            return out

        return value, log_jacobian(x), back

    return of


POSITIVE = bounded(transforms.constrain_positive, lambda x: x, lambda x, v, g: g * v + 1.0)
LOWER = bounded(transforms.constrain_lower, lambda x, b: x, lambda x, b, v, g: g * (v - b) + 1.0)
UPPER = bounded(transforms.constrain_upper, lambda x, a: x, lambda x, a, v, g: g * (v - a) + 1.0)
INTERVAL = bounded(
    transforms.constrain_interval,
    transforms.interval_log_jacobian,
    lambda x, b, a, v, g: transforms.interval_pullback(x, b, a, g),
)


def of_name(name, needs_value=True):
    functions = (f"constrain_{name}", f"{name}_log_jacobian", f"{name}_pullback")
    return vector(*(getattr(transforms, function) for function in functions), needs_value)


ORDERED, POSITIVE_ORDERED = of_name("ordered", False), of_name("positive_ordered", False)
SIMPLEX, UNIT_VECTOR = of_name("simplex"), of_name("unit_vector")
CHOLESKY_CORR = vector(constrain_cholesky_corr, cholesky_corr_log_jacobian, cholesky_corr_pullback)

STEPS, ENDS = np.array([0.0, -1.5, 2.0]), np.array([1.0, 0.0, 5.0])
EACH = {  # (parameter, its transform, the arguments behind x)
    "positive": (hmc.Parameter("s", (), hmc.positive), POSITIVE, ()),
    "positive numbers": (hmc.Parameter("s", (3,), hmc.positive), POSITIVE, ()),
    "lower": (hmc.Parameter("s", (), hmc.lower(2.0)), LOWER, ([2.0],)),
    "lower of each": (hmc.Parameter("s", (3,), hmc.lower(STEPS)), LOWER, (STEPS,)),
    "upper": (hmc.Parameter("s", (), hmc.upper(-1.0)), UPPER, ([-1.0],)),
    "upper of each": (hmc.Parameter("s", (3,), hmc.upper(STEPS)), UPPER, (STEPS,)),
    "interval": (hmc.Parameter("s", (), hmc.interval(-1.0, 3.0)), INTERVAL, ([-1.0], [3.0])),
    "interval of each": (hmc.Parameter("s", (3,), hmc.interval(STEPS, ENDS)), INTERVAL, (STEPS, ENDS)),
    "ordered": (hmc.Parameter("s", (3,), hmc.ordered), ORDERED, (3,)),
    "positive_ordered": (hmc.Parameter("s", (3,), hmc.positive_ordered), POSITIVE_ORDERED, (3,)),
    "simplex": (hmc.Parameter("s", (4,), hmc.simplex), SIMPLEX, (4,)),
    "unit_vector": (hmc.Parameter("s", (3,), hmc.unit_vector), UNIT_VECTOR, (3,)),
    "unit_vector of 2": (hmc.Parameter("s", (2,), hmc.unit_vector), UNIT_VECTOR, (2,)),
    "cholesky_corr": (hmc.Parameter("s", (3, 3), hmc.cholesky_corr), CHOLESKY_CORR, (9,)),
    "cholesky_corr of 2": (hmc.Parameter("s", (2, 2), hmc.cholesky_corr), CHOLESKY_CORR, (4,)),
}


def model_of(*names):
    """Normal(0.5, 1) values of each of these constraints, whose sum is known up to Normal(0, 1)."""
    parameters = [EACH[name][0]._replace(name=f"s{i}") for i, name in enumerate(names)]
    parts = [part for _, part in blocks(parameters)]

    def log_density(position, data, gradient):
        total, values, backs = 0.0, [], []
        for name, part in zip(names, parts, strict=True):
            value, log_jacobian, back = EACH[name][1](position[part], *EACH[name][2])
            values.append(value)
            backs.append(back)
            total += log_jacobian - 0.5 * np.sum((value - 0.5) ** 2)
        rest = data.y - sum(np.sum(value) for value in values)
        for value, back, part in zip(values, backs, parts, strict=True):
            gradient[part] = back(0.5 - value + rest)
        s0 = values[0].reshape(parameters[0].shape)
        return total - 0.5 * rest * rest + 0.0 * s0.sum()

    return hmc.Model(log_density, Observed(), parameters, name="small")


@pytest.mark.parametrize("name", EACH)
def test_nothing_is_found_in_a_right_model_of_each_constraint(name):
    assert hmc.check(model_of(name), points=12) == []


def test_nothing_is_found_in_a_right_model_of_several_constraints():
    names = ("positive", "interval", "ordered", "simplex", "unit_vector of 2", "cholesky_corr of 2")
    assert hmc.check(model_of(*names), points=6) == []


def ball(rng, size):
    """A point drawn uniformly from a ball."""
    direction = rng.standard_normal(size)
    return direction / np.linalg.norm(direction) * rng.uniform() ** (1.0 / size)


def flat_factor(rng, size):
    """A factor drawn so that the elements below its diagonal have a flat density."""
    factor = np.zeros((size, size))
    for i in range(size):
        factor[i, :i] = ball(rng, i) if i else 0.0
        factor[i, i] = math.sqrt(1.0 - np.sum(factor[i, :i] ** 2))
    return factor


FLAT = {
    "interval": lambda rng: rng.uniform(-1.0, 3.0),
    "interval of each": lambda rng: rng.uniform(STEPS, ENDS),
    "simplex": lambda rng: rng.dirichlet(np.ones(4)),
    "unit_vector": None,  # its position has a length too
    "unit_vector of 2": None,
    "cholesky_corr": lambda rng: flat_factor(rng, 3),
    "cholesky_corr of 2": lambda rng: flat_factor(rng, 2),
}


def simulating(name, jacobian=1.0):
    """A flat prior of one parameter, and a weighted sum of its values observed up to Normal(0, 1)."""
    parameter, transform, arguments = EACH[name]
    weights = np.arange(1.0, 1.0 + parameter.size)

    def log_density(position, data, gradient):
        value, log_jacobian, back = transform(position, *arguments)
        rest = data.y - weights @ value
        gradient[:] = back(rest * weights) - (1.0 - jacobian) * back(np.zeros(value.size))
        return jacobian * log_jacobian - 0.5 * rest * rest

    def simulate(rng, data):
        if FLAT[name] is None:
            return rng.standard_normal(parameter.free)
        return unconstrained("small", parameter, FLAT[name](rng))

    def simulate_data(position, data, rng):
        value, _, _ = transform(position, *arguments)
        return data._replace(y=weights @ value + rng.standard_normal())

    functions = {"simulate": simulate, "simulate_data": simulate_data}
    return hmc.Model(log_density, Observed(), [parameter], name="small", **functions)


@pytest.mark.parametrize("name", FLAT)
def test_a_right_model_that_simulates_agrees_with_its_density(name):
    assert hmc.check(simulating(name), points=12) == []


@pytest.mark.parametrize("name", FLAT)
def test_without_its_jacobian_it_does_not(name):
    kinds = {finding.kind for finding in hmc.check(simulating(name, jacobian=0.0), points=12)}
    assert kinds == {"improper"}
