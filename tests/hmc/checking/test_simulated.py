"""hmc.check compares a density with what its model simulates, with and without a way to leave the observations out."""

import math
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc.checking import drawing, examine, summary
from hmc.checking.findings import component_constraints
from hmc.checking.pairs import IF_TWICE, Moves, averages, pair_row
from hmc.checking.prior import prior_findings
from hmc.checking.probe import Probe
from hmc.numerics import exp, log


class Data(NamedTuple):
    """Observations, and what is right (1) or wrong with the density: it is compiled once for all faults."""

    y: np.ndarray
    jacobian: float = 1.0  # times the log Jacobian of sigma
    rate: float = 1.0  # of sigma's exponential prior
    scale: float = 5.0  # of mu's normal prior
    times: float = 1.0  # that the likelihood counts
    wider: float = 1.0  # standard deviation of the observations, in sigmas


def log_density(position, data, gradient):
    mu, sigma = position[0], exp(position[1])
    n, z = data.y.size, mu / data.scale
    total = -0.5 * z * z - log(data.scale) + log(data.rate) - data.rate * sigma + data.jacobian * position[1]
    d_mu, d_log_sigma = 0.0, 0.0
    for y in data.y:
        r = (y - mu) / (sigma * data.wider)
        total += data.times * (-0.5 * r * r - position[1])
        d_mu += data.times * r / (sigma * data.wider)
        d_log_sigma += data.times * (r * r - 1.0)
    gradient[0] = d_mu - z / data.scale
    gradient[1] = d_log_sigma - data.rate * sigma + data.jacobian
    return total - 0.5 * n * data.times * math.log(2.0 * math.pi * data.wider**2)


def log_likelihood(position, data, out):
    for i in range(data.y.size):
        r = (data.y[i] - position[0]) / (exp(position[1]) * data.wider)
        out[i] = -0.5 * r * r - position[1] - 0.5 * math.log(2.0 * math.pi * data.wider**2)


def simulate(rng, data):
    return np.array([5.0 * rng.standard_normal(), np.log(rng.standard_exponential())])


def simulate_data(position, data, rng):
    return data._replace(y=position[0] + np.exp(position[1]) * rng.standard_normal(data.y.size))


def normal_model(observations, log_likelihood=None, simulates=True, **fault):
    y = np.random.default_rng(1).normal(1.0, 2.0, observations)
    functions = {"simulate": simulate, "simulate_data": simulate_data} if simulates else {}
    parameters = [hmc.Parameter("mu"), hmc.Parameter("sigma", constraint=hmc.positive)]
    return hmc.Model(
        log_density, Data(y, **fault), parameters, name="normal", log_likelihood=log_likelihood, **functions
    )


def compared(model, seed=12):
    return prior_findings(Probe(model), seed, component_constraints(model), model.log_likelihood is not None)


FAULTS = {
    "jacobian forgotten": ({"jacobian": 0.0}, "sigma"),
    "jacobian twice": ({"jacobian": 2.0}, "sigma"),
    "rate doubled": ({"rate": 2.0}, "sigma"),
    "likelihood twice": ({"times": 2.0}, ""),
    "likelihood half": ({"times": 0.5}, ""),
    "noise": ({"wider": 1.5}, "sigma"),
}


@pytest.mark.parametrize(
    ("fault", "observations"), [*((fault, 5) for fault in FAULTS), ("jacobian forgotten", 40), ("likelihood twice", 40)]
)
def test_a_density_that_is_not_of_its_simulators_is_found_though_its_data_have_no_weight(fault, observations):
    changes, component = FAULTS[fault]
    (finding,) = compared(normal_model(observations, **changes)).findings
    assert finding.kind == "prior"
    assert not component or finding.component == component


@pytest.mark.parametrize("fault", ["jacobian forgotten", "rate doubled", "wide prior"])
def test_of_many_observations_a_log_likelihood_lets_the_prior_be_seen_by_itself(fault):
    changes, component = {**FAULTS, "wide prior": ({"scale": 10.0}, "mu")}[fault]
    (finding,) = compared(normal_model(300, log_likelihood, **changes)).findings
    assert (finding.kind, finding.component) == ("prior", component)
    assert "its likelihood left out" in finding.message


@pytest.mark.parametrize("pointwise", [None, log_likelihood])
@pytest.mark.parametrize("observations", [0, 1, 40])
def test_nothing_is_found_where_they_agree(observations, pointwise):
    assert compared(normal_model(observations, pointwise)).findings == []


def test_what_cannot_be_seen_is_told_and_nobody_is_reassured():
    """Of 2000 observations a missing Jacobian is a thousandth of what the averages vary by."""
    for changes in ({}, {"jacobian": 0.0}):
        model = normal_model(2000, **changes)
        checked = examine(model, points=4)
        assert checked.findings == []
        assert "normal: not known: whether the prior and the Jacobian of mu, sigma are right" in summary(model, checked)


@pytest.mark.parametrize("lacking", [("simulate",), ("simulate_data",), ("simulate", "simulate_data")])
def test_a_model_that_does_not_simulate_is_not_called_right(lacking):
    model = normal_model(5)
    given = {role: getattr(model, role) for role in ("simulate", "simulate_data") if role not in lacking}
    model = hmc.Model(log_density, model.data, model.parameters, name="normal", **given)
    told = summary(model, examine(model, points=2)).splitlines()[-1]
    assert told == (
        "normal: not known: whether prior, likelihood and Jacobians are as intended: the model has no "
        f"{' and no '.join(lacking)} to compare them with"
    )
    assert "on average that of what the model simulates" not in told


def terms_of(log_density, draw, number=4000, seed=0):
    """(mean, standard error) of the terms of moves of one component."""
    rng = np.random.default_rng(seed)
    moves = Moves([np.arange(1)], np.zeros(1), np.ones(1))
    rows = []
    for k in range(number):
        position = np.array([draw(rng)])
        rows.append(pair_row(moves, lambda at: (log_density(at[0]), None), position, log_density(position[0]), k, rng))
    mean, error = averages(moves, np.array(rows))
    return mean[0], error[0]


BARKER = {
    "normal": (lambda x: -0.5 * x * x, lambda rng: rng.standard_normal()),
    "cauchy": (lambda x: -math.log(1.0 + x * x), lambda rng: rng.standard_cauchy()),
    "exponential": (lambda x: -x if x >= 0.0 else -math.inf, lambda rng: rng.standard_exponential()),
    "uniform": (lambda x: 0.0 if 0.0 <= x <= 1.0 else -math.inf, lambda rng: rng.random()),
}


@pytest.mark.parametrize("name", BARKER)
def test_barker_moves_balance_whatever_the_tails_and_ends_of_a_density(name):
    log_density, draw = BARKER[name]
    mean, error = terms_of(log_density, draw)
    tested = error[:IF_TWICE] > 0.0  # a uniform density is never sure of anything
    assert (np.abs(mean)[:IF_TWICE][tested] < 4.0 * error[:IF_TWICE][tested]).all()
    if name != "uniform":  # the twin: the draws of another scale
        mean, error = terms_of(log_density, lambda rng: 1.5 * draw(rng))
        assert np.max(np.abs(mean[:IF_TWICE]) / error[:IF_TWICE]) > 6.0


def test_what_a_density_that_counts_twice_would_show_is_known_beforehand():
    log_density, draw = BARKER["normal"]
    expected, error = terms_of(log_density, draw)
    found, found_error = terms_of(lambda x: 2.0 * log_density(x), draw, seed=1)
    error = math.hypot(error[IF_TWICE], found_error[IF_TWICE - 1])
    assert found[IF_TWICE - 1] == pytest.approx(expected[IF_TWICE], abs=4.0 * error)
    assert expected[IF_TWICE] > 10.0 * error


def simulate_data_from_sound_positions(position, data, rng):
    if position[0] == 0.0:
        raise ValueError("nobody drew this position")
    y = position[0] + np.exp(position[1]) * rng.standard_normal(data.y.size)
    return Data(y, data.jacobian, data.rate, data.scale, data.times, data.wider)


def test_data_are_simulated_by_compiled_code_that_has_not_been_called_before():
    model = normal_model(6000)
    model = hmc.Model(
        log_density,
        model.data,
        model.parameters,
        name="normal",
        simulate=simulate,
        simulate_data=simulate_data_from_sound_positions,
    )
    drawn = drawing._DataDrawn(model)
    assert drawn._draw.__name__ == "compiled"
    assert drawing._DataDrawn(normal_model(600))._draw.__name__ == "in_python"  # sooner done
    position = np.array([1.0, 0.5])
    expected = simulate_data(position, model.data, np.random.default_rng(3)).y
    np.testing.assert_allclose(drawn(position, np.random.default_rng(3)).y, expected, rtol=1e-14)
