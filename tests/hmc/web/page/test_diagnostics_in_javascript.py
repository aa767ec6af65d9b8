"""The page's R-hat, ESS and errors are those of `diagnostics`."""

from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

import diagnostics
from diagnostics.arrays import mean, per_parameter, standard_deviation
from tests.hmc.helpers import node
from tests.hmc.helpers.recorded import as_json, number

RUNNER = Path(__file__).with_name("run.mjs")


def ask(call, **arguments):
    return node.ask(call, runner=RUNNER, **{name: as_json(value) for name, value in arguments.items()})


STATISTICS = {
    "mean": lambda x: per_parameter(mean, x),
    "sd": lambda x: per_parameter(standard_deviation, x),
    "mcse": diagnostics.mcse_mean,
    "rhat": diagnostics.rhat,
    "essBulk": diagnostics.ess_bulk,
    "essTail": diagnostics.ess_tail,
}


def walk(rng, chains, draws, memory):
    x = rng.standard_normal((chains, draws))
    for t in range(1, draws):
        x[:, t] = memory * x[:, t - 1] + np.sqrt(1 - memory**2) * x[:, t]
    return x


def cases():
    """{what they are: draws (chains, draws)}."""
    rng = np.random.default_rng(5)
    found = {
        f"{chains} x {draws}, memory {memory}": walk(rng, chains, draws, memory)
        for chains in (1, 2, 4)
        for draws in (1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 50, 501, 1000)
        for memory in (-0.7, 0.0, 0.95)
    }
    x = walk(rng, 4, 200, 0.5)
    found |= {f"unit {unit}": x * unit for unit in (1e-320, 1e-200, 1e-70, 1e70, 1e200, 1e307)}
    found["apart"] = x + np.arange(4)[:, None]
    found["offset"] = x + 1e6
    found["whole numbers"] = np.round(2 * x)
    found["two values"] = (x > 0.4).astype(float)
    found["heavy tails"] = rng.standard_cauchy((4, 300))
    found["constant"] = np.full((4, 100), 0.1)
    found["each chain constant"] = np.repeat([[1.0], [2.0], [3.0], [4.0]], 100, axis=1)
    found["one chain constant"] = np.where(np.arange(4)[:, None] == 2, 1.0, x)
    found["zeros"] = np.zeros((2, 10))
    for name, odd in (("nan", np.nan), ("inf", np.inf), ("minus inf", -np.inf)):
        for place in ((0, 0), (2, 100)):
            found[f"{name} at {place}"] = x.copy()
            found[f"{name} at {place}"][place] = odd
    found["nan in the middle"] = walk(rng, 2, 101, 0.5)
    found["nan in the middle"][1, 50] = np.nan
    return found


@pytest.fixture(scope="module")
def answers():
    arrays = cases()
    return arrays, dict(zip(arrays, ask("diagnose", arrays=list(arrays.values())), strict=True))


@pytest.mark.parametrize("name", STATISTICS)
def test_statistics_are_those_of_python(answers, name):
    arrays, given = answers
    for what, x in arrays.items():
        finite = x[np.isfinite(x)]
        tiny = 1e-10 * np.ptp(finite) if name == "mean" and finite.size else 0.0
        expected = float(STATISTICS[name](x))
        np.testing.assert_allclose(number(given[what][name]), expected, rtol=1e-10, atol=tiny, err_msg=what)


def test_a_single_other_draw_is_seen(answers):
    """The negative twin: of 4 x 501 draws, one moved by a standard deviation moves every statistic by more."""
    x = cases()["4 x 501, memory 0.0"]
    moved = x.copy()
    moved[1, 17] += 1.0
    (given,) = ask("diagnose", arrays=[moved])
    for name, statistic in STATISTICS.items():
        if name != "essTail":  # of shares, which one draw need not change
            assert abs(given[name] / float(statistic(x)) - 1) > 1e-8, name


def test_the_normal_quantile_is_python_s():
    chances = [*np.linspace(1e-4, 1 - 1e-4, 999), *10.0 ** -np.arange(1.0, 300.0), *(1 - 10.0 ** -np.arange(1.0, 16.0))]
    expected = [NormalDist().inv_cdf(float(p)) for p in chances]
    np.testing.assert_allclose(ask("quantiles", probabilities=chances), expected, rtol=1e-14, atol=1e-15)
