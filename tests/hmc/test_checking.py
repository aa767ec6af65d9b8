"""hmc.check: a zoo of models that each have one fault, and their twins that have none."""

import importlib.util
import math
import sys
from typing import NamedTuple

import numba
import numpy as np
import pytest

import hmc
from hmc.checking import KINDS
from hmc.checking_bounds import bounds_checked, in_python
from hmc.checking_contract import contract_findings
from hmc.checking_probe import Probe
from hmc.cli import main
from hmc.kernel import inlined, jit_is_disabled
from hmc.numerics import exp, log
from hmc.transforms import (
    constrain_ordered,
    constrain_simplex,
    ordered_log_jacobian,
    ordered_pullback,
    simplex_log_jacobian,
    simplex_pullback,
)

# A correct model with a bit of everything: y ~ Normal(a[group], 1), a[j] ~ Normal(a_bar, tau), a_bar ~ Normal(0, 1),
# tau ~ Exponential(1), z ~ Normal(p, 1), p ~ Beta(2, 2) in (0, 1). A fault is a replacement in this text.
RIGHT = """
import math
import sys
from typing import NamedTuple
import numpy as np
import hmc
from hmc.numerics import exp, log
from hmc.transforms import constrain_interval, interval_log_jacobian, interval_pullback

class Data(NamedTuple):
    y: np.ndarray
    group: np.ndarray
    weight: np.ndarray
    z: float

def log_density(position, data, gradient):
    a, a_bar, tau = position[:3], position[3], exp(position[4])
    p = constrain_interval(position[5], 0.0, 1.0)
    total = -a_bar * a_bar / 2.0 - 0.5 * math.log(2.0 * math.pi)
    gradient[3] = -a_bar
    total += position[4] - tau
    gradient[4] = 1.0 - tau
    for j in range(3):
        s = (a[j] - a_bar) / tau
        total += -0.5 * s * s - position[4] - 0.5 * math.log(2.0 * math.pi)
        gradient[j] = -s / tau
        gradient[3] += s / tau
        gradient[4] += s * s - 1.0
    for i in range(data.y.size):
        r = data.y[i] - a[data.group[i]]
        total += data.weight[i] * (-0.5 * r * r - 0.5 * math.log(2.0 * math.pi))
        gradient[data.group[i]] += data.weight[i] * r
    total += log(6.0 * p) + log(1.0 - p) if 0.0 < p < 1.0 else -math.inf
    d_p = 1.0 / p - 1.0 / (1.0 - p) + (data.z - p)
    total += -0.5 * (data.z - p) ** 2 + interval_log_jacobian(position[5], 0.0, 1.0)
    gradient[5] = interval_pullback(position[5], 0.0, 1.0, d_p)
    return total

def log_likelihood(position, data, out):
    for i in range(data.y.size):
        out[i] = -0.5 * (data.y[i] - position[data.group[i]]) ** 2 - 0.5 * math.log(2.0 * math.pi)

def mu(position, data, out):
    for i in range(data.y.size):
        out[i] = position[data.group[i]]

def derived(position, data):
    return {"spread": position[:3] - position[3]}

def simulate(rng, data):
    position = np.empty(6)
    position[3] = rng.standard_normal()
    position[4] = log(rng.standard_exponential())
    position[:3] = position[3] + exp(position[4]) * rng.standard_normal(3)
    p = rng.beta(2.0, 2.0)
    position[5] = log(p / (1.0 - p))
    return position

def simulate_data(position, data, rng):
    p = constrain_interval(position[5], 0.0, 1.0)
    y = position[data.group] + rng.standard_normal(data.y.size)
    return Data(y, data.group, data.weight, p + rng.standard_normal())

def factory():
    group = np.array([0, 0, 1, 1, 2])
    parameters = [
        hmc.Parameter("a", (3,)), hmc.Parameter("a_bar"), hmc.Parameter("tau", constraint=hmc.positive),
        hmc.Parameter("p", constraint=hmc.interval(0.0, 1.0)),
    ]
    return hmc.Model(
        log_density, Data(np.array([0.3, -0.2, 1.1, 0.8, -1.0]), group, np.ones(5), 0.4), parameters, name="zoo",
        log_likelihood=log_likelihood, link=mu, derived=derived, simulate=simulate, simulate_data=simulate_data,
    )
"""


@pytest.fixture
def build(tmp_path):
    """The model of RIGHT with replacements [(old, new), ...]."""

    def build(*replacements):
        text = RIGHT
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "zoo.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("zoo", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.factory()

    return build


@pytest.mark.parametrize("seed", [12, 3])
def test_nothing_is_found_in_a_right_model(build, seed):
    assert hmc.check(build(), seed=seed) == []
    assert hmc.check(build(), points=2, seed=seed, bounds=True) == []


NO_SIMULATION = ("derived=derived, simulate=simulate, simulate_data=simulate_data", "derived=derived")
RETURN = "    return total\n"
FAULTS = {
    # The gradient.
    "sign": ([("gradient[j] = -s / tau", "gradient[j] = s / tau")], "gradient", "a[1]", "density changes by"),
    "sign of all": ([(RETURN, "    gradient[3] *= -1.0\n" + RETURN)], "gradient", "a_bar", "the sign is wrong"),
    "factor 2": ([(RETURN, "    gradient[1] *= 2.0\n" + RETURN)], "gradient", "a[2]", "it is 2 times that, everywhere"),
    "constant": ([(RETURN, "    gradient[1] += 0.25\n" + RETURN)], "gradient", "a[2]", "it is +0.25 off, everywhere"),
    "zero": ([(RETURN, "    gradient[1] = 0.0\n" + RETURN)], "gradient", "a[2]", "it is 0 everywhere"),
    "chain rule": (
        [(RETURN, "    gradient[4] = (gradient[4] - 1.0) / tau + 1.0\n" + RETURN)],
        "gradient",
        "tau",
        "the chain rule's factor is missing",
    ),
    "mixed up": (
        [(RETURN, "    gradient[0], gradient[1] = gradient[1], gradient[0]\n" + RETURN)],
        "gradient",
        "a[1]",
        "it is the slope along a[2] (component 1)",
    ),
    "jacobian's slope": (
        [("gradient[4] = 1.0 - tau", "gradient[4] = -tau")],
        "gradient",
        "tau",
        "the Jacobian's derivative is missing",
    ),
    "jacobian in the gradient alone": (
        [("total += position[4] - tau", "total += -tau")],
        "gradient",
        "tau",
        "the log Jacobian is in the gradient and not in the density",
    ),
    "jacobian of an interval in the gradient alone": (
        [(" + interval_log_jacobian(position[5], 0.0, 1.0)", "")],
        "gradient",
        "p",
        "Add the log Jacobian of interval(0, 1)",
    ),
    "only far along": (
        [("gradient[4] = 1.0 - tau", "gradient[4] = 1.0 - tau + (0.01 if position[0] > 1.0 else 0.0)")],
        "gradient",
        "tau",
        "(component 4) is",
    ),
    "nan": ([(RETURN, "    gradient[2] += 0.0 * log(-1.0)\n" + RETURN)], "gradient", "a[3]", "is not finite: nan"),
    # The buffers.
    "not written": ([("gradient[5] = ", "unused = ")], "unwritten", "p", "(component 5) is not written"),
    "added to": (
        [("gradient[3] = -a_bar", "gradient[3] += -a_bar")],
        "unwritten",
        "a_bar",
        "stood in the buffer before",
    ),
    "writes too far": ([("gradient[5] = ", "gradient[6] = ")], "outside", "", "gradient[6] = interval_pullback"),
    "reads too far": (
        [("gradient[4] = 1.0 - tau", "gradient[4] = 1.0 - tau + position[6]")],
        "outside",
        "",
        "index 6 is",
    ),
    "group of -1": (
        [("np.array([0, 0, 1, 1, 2])", "np.array([-1, 0, 1, 1, 2])")],
        "outside",
        "",
        "index -1, from the data, counts from the end of 3",
    ),
    "data too short": (
        [("range(data.y.size):\n        r", "range(data.y.size + 1):\n        r")],
        "outside",
        "",
        "size 5",
    ),
    "shape too large": ([('"a", (3,)', '"a", (4,)'), NO_SIMULATION], "unwritten", "p", "(component 6) is not written"),
    "shape too small": ([('"a", (3,)', '"a", (2,)'), NO_SIMULATION], "outside", "", "5 numbers in all"),
    "changes position": ([(RETURN, "    position[0] = 0.0\n" + RETURN)], "changes", "", "changes the position"),
    "changes data": ([(RETURN, "    data.y[0] += 1.0\n" + RETURN)], "changes", "", "changes data.y"),
    "random": ([(RETURN, "    total += np.random.random()\n" + RETURN)], "state", "", "for the same arguments"),
    # The density.
    "nan in places": (
        [("total += position[4] - tau", "total += position[4] - tau + 0.0 * log(position[0] + 1.5)")],
        "value",
        "",
        "the log density is nan at",
    ),
    "+inf in places": (
        [(RETURN, "    total += math.inf if a_bar > 1.9 else 0.0\n" + RETURN)],
        "value",
        "",
        "the log density is inf at",
    ),
    "overflow": (
        [(RETURN, "    total += exp(2.0 * a_bar) - exp(2.0 * a_bar)\n" + RETURN)],
        "value",
        "a_bar",
        "the log density is nan where a_bar (component 3) is 700",
    ),
    "raw positive": (
        [
            ("exp(position[4])", "position[4]"),
            ("total += position[4] - tau", "total -= tau + 0.0 * log(tau)"),
            ("- position[4]", "- log(tau)"),
        ],
        "constraint",
        "tau",
        "though tau is declared positive",
    ),
    "undeclared positive": (
        [
            ("exp(position[4])", "position[4]"),
            ("- position[4]", "- log(tau)"),
            ("total += position[4] - tau", "total -= tau"),
            (", constraint=hmc.positive", ""),
        ],
        "constraint",
        "tau",
        "the log density is nan wherever position[4] (tau) is below 0",
    ),
    "nowhere": (
        [(RETURN, "    return total if position[0] > 50.0 else -math.inf\n")],
        "nowhere",
        "",
        "none of 20 points",
    ),
    "jump": (
        [(RETURN, "    total += 0.5 if a_bar > 0.3 else 0.0\n" + RETURN)],
        "jump",
        "a_bar",
        "jumps by 0.5 at a_bar (component 3) = 0.3",
    ),
    "jump of a sum": (
        [(RETURN, "    total += 0.5 if a_bar + 0.3 * a[0] > 0.3 else 0.0\n" + RETURN)],
        "jump",
        "a",
        "the log density jumps by 0.5",
    ),
    "jump far out": (
        [(RETURN, "    total += 0.5 if a_bar > 4.0 else 0.0\n" + RETURN)],
        "jump",
        "a_bar",
        "jumps by 0.5 at a_bar (component 3) = 4,",
    ),
    "end": (
        [(RETURN, "    return total if a_bar > -1.0 else -math.inf\n")],
        "jump",
        "a_bar",
        "up to there, at a_bar (component 3) = -1,",
    ),
    "+inf at 0": (
        [(RETURN, "    total += math.inf if a_bar == 0.0 else 0.0\n" + RETURN)],
        "value",
        "",
        "is inf at 1 of 400 points tried: a[1] = 0, ",
    ),
    "energy": (
        [(RETURN, "    gradient[:] = -gradient\n    return -total\n"), NO_SIMULATION],
        "improper",
        "",
        "it is the energy",
    ),
    "energy with the density's gradient": (
        [(RETURN, "    return -total\n"), NO_SIMULATION],
        "gradient",
        "",
        "the gradient has the wrong sign, in all components",
    ),
    # The posterior.
    "flat prior": (
        [
            ("total = -a_bar * a_bar / 2.0", "total = 0.0"),
            ("gradient[3] = -a_bar", "gradient[3] = 0.0"),
            ("range(data.y.size):\n        r", "range(0):\n        r"),
            NO_SIMULATION,
        ],
        "improper",
        "a",
        "change as these move together: +a",
    ),
    "no jacobian": (
        [("total += position[4] - tau", "total -= tau"), ("gradient[4] = 1.0 - tau", "gradient[4] = -tau")],
        "prior",
        "tau",
        "without the log Jacobian of positive",
    ),
    "no jacobian of an interval": (
        [
            (" + interval_log_jacobian(position[5], 0.0, 1.0)", ""),
            (RETURN, "    gradient[5] -= 1.0 - 2.0 * p\n" + RETURN),
            ("log(6.0 * p) + log(1.0 - p)", "0.0"),
            ("1.0 / p - 1.0 / (1.0 - p) + ", ""),
        ],
        "improper",
        "p",
        "the position of p -> -inf (the value -> 0)",
    ),
    "not used": (
        [
            ("total = -a_bar * a_bar / 2.0", "total = 0.0"),
            ("gradient[3] = -a_bar", "gradient[3] = 0.0"),
            ("(a[j] - a_bar)", "a[j]"),
            ("gradient[3] += s / tau\n", "gradient[3] += 0.0\n"),
        ],
        "unused",
        "a_bar",
        "does not depend on a_bar (component 3)",
    ),
    "other prior": (
        [("gradient[3] = -a_bar", "gradient[3] = -4.0 * a_bar"), ("a_bar / 2.0", "a_bar * 2.0")],
        "prior",
        "a_bar",
        "the density is not that of what the model simulates",
    ),
    "other likelihood": ([("position[data.group] + rng", "position[data.group] + 1.0 + rng")], "prior", "a", ""),
    # What is declared.
    "other bounds": (
        [("hmc.interval(0.0, 1.0)", "hmc.interval(0.0, 2.0)")],
        "constraint",
        "p",
        "but as declared, interval(0, 2), it is",
    ),
    "not declared": (
        [(', hmc.Parameter("tau", constraint=hmc.positive)', ', hmc.Parameter("tau")')],
        "constraint",
        "tau",
        "exp(position[4]), at",
    ),
    "lower bound": (
        [('"tau", constraint=hmc.positive', '"tau", constraint=hmc.lower(2.0)')],
        "constraint",
        "tau",
        "as declared, lower(2), it is",
    ),
    "other order": (
        [
            ('hmc.Parameter("a_bar"), hmc.Parameter("tau"', 'hmc.Parameter("tau"'),
            ("positive),", 'positive), hmc.Parameter("a_bar"),'),
        ],
        "constraint",
        "a_bar",
        "of position[3], which is that of tau",
    ),
    # Python.
    "raises": (
        [
            (
                "    p = constrain_interval(position[5], 0.0, 1.0)\n    total",
                "    p = 0.5\n    if tau > 1.0:\n        raise ValueError('too far')\n    total",
            )
        ],
        "raises",
        "",
        "log_density raises ValueError: too far at",
    ),
    "no such field": ([("data.z - p)\n", "data.zz - p)\n")], "raises", "", "has no attribute 'zz'"),
    "returns nothing": ([(RETURN, "")], "compile", "", "log_density returns None, not a float"),
    "not for Numba": (
        [(RETURN, "    return total + len({p: 'one', tau: 2}) * 0.0\n")],
        "compile",
        "",
        "does not compile",
    ),
    # Names and other functions.
    "link's name": (
        [("def mu(", "def tau("), ("link=mu", "link=tau")],
        "name",
        "tau",
        "fit['tau'] gives the parameter",
    ),
    "derived's name": ([('{"spread"', '{"a"')], "name", "a", "both a parameter and a derived quantity"),
    "derived's shape": (
        [("position[:3] - position[3]}", "position[: 1 + int(position[0] > 0.0)]}")],
        "function",
        "",
        "derived gives {'spread': (1,)} and then {'spread': (2,)}",
    ),
    "derived's nan": ([("position[:3] - position[3]}", "math.nan}")], "function", "", "derived gives nan for spread"),
    "derived at random": (
        [("position[:3] - position[3]}", "np.random.normal()}")],
        "state",
        "",
        "derived gives another spread when it is called again",
    ),
    "derived changes position": (
        [('    return {"spread"', '    position[0] = 0.0\n    return {"spread"')],
        "changes",
        "",
        "derived changes the position",
    ),
    "derived's list": (
        [('{"spread": position[:3] - position[3]}', "[1.0]")],
        "raises",
        "",
        "derived(position, data) must return a dict",
    ),
    "name for files": ([('"a_bar"', '"a/b"')], "name", "a/b", "'a/b' cannot be the name of a variable"),
    "link's nan": (
        [("out[i] = position[data.group[i]]", "out[i] = log(position[data.group[i]])")],
        "function",
        "",
        "link is nan for observation",
    ),
    "pointwise nan": (
        [("out[i] = -0.5", "out[i] = log(position[0]) - 0.5")],
        "function",
        "",
        "log_likelihood is nan for",
    ),
    "pointwise gap": (
        [("out[i] = position[data.group[i]]", "if i != 1 or position[0] > 0.0:\n            out[i] = 1.0")],
        "unwritten",
        "",
        "link does not write out[1]",
    ),
    "pointwise too far": (
        [
            (
                "out[i] = position[data.group[i]]",
                "out[i] = 1.0\n        if position[0] * position[0] > 1.2:\n            out[5] = 1.0",
            )
        ],
        "outside",
        "",
        "link ",
    ),
    "other likelihood pointwise": (
        [("out[i] = -0.5 * ", "out[i] = -0.4 * ")],
        "function",
        "",
        "log_likelihood sums to",
    ),
    "simulate's length": (
        [("position = np.empty(6)", "position = np.zeros(7)")],
        "function",
        "",
        "simulate gives an array of",
    ),
    "simulates the value": (
        [("position[4] = log(rng.standard_exponential())", "position[4] = rng.standard_exponential()")],
        "prior",
        "tau",
        "is that positive, returned unconstrained?",
    ),
    "simulates 0": (
        [("log(rng.standard_exponential())", "log(0.0)"), ("exp(position[4]) * rng", "rng")],
        "function",
        "tau",
        "simulate draws -inf for tau (component 4)",
    ),
    "simulates a list": (
        [("    return position\n", "    return list(position)\n")],
        "function",
        "",
        "gives a list, not",
    ),
    "simulates fewer data": (
        [("Data(y, data.group, data", "Data(y[:3], data.group, data")],
        "function",
        "",
        "data.y has the shape (3,), and (5,) in the model's",
    ),
    "simulates in place": (
        [("return Data(y, data.group", "data.y[:] = y\n    return Data(y, data.group")],
        "changes",
        "",
        "changes data.y, which all chains share",
    ),
    "own generator": (
        [("position[3] = rng.standard_normal()", "position[3] = np.random.default_rng().normal()")],
        "function",
        "",
        "simulate gives other draws for the same seed",
    ),
    "simulates other data": (
        [("data.weight, p + rng.standard_normal()", "data.weight, 1")],
        "function",
        "",
        "of other types",
    ),
    "simulate raises": ([("p = rng.beta(2.0, 2.0)", "p = 1 / 0")], "raises", "", "simulate raises ZeroDivisionError"),
}


# The first of each kind is compiled, which takes half a second; the others are checked in Python, as are all of them
# where the JIT is disabled. What is particular to compiled code is compiled.
COMPILED = {kind: fault for fault, (_, kind, _, _) in reversed(FAULTS.items())}
COMPILED = {
    *COMPILED.values(),
    "not for Numba",
    "no such field",
    "shape too large",
    "pointwise too far",
    "changes data",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_found_and_named(build, fault, monkeypatch):
    replacements, kind, component, words = FAULTS[fault]
    if fault not in COMPILED:
        monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    elif fault == "not for Numba" and jit_is_disabled():
        pytest.skip("it is Python then")
    findings = hmc.check(build(*replacements))
    found = [f for f in findings if f.kind == kind and f.component.startswith(component)]
    assert found, findings
    assert any(words in f.message + f.advice for f in found), findings
    assert all("\n" not in str(f) and f.advice[-1] in ".?" for f in findings)


class Numbers(NamedTuple):
    y: np.ndarray


def check(density, *parameters, y=(0.5, -0.3), **options):
    """What is found of a small model."""
    model = hmc.Model(density, Numbers(np.array(y, dtype=np.float64)), parameters, name="small")
    return hmc.check(model, points=6, **options)


def cauchy(position, data, gradient):
    total = 0.0
    for i in range(position.size):
        total -= log(1.0 + position[i] * position[i])
        gradient[i] = -2.0 * position[i] / (1.0 + position[i] * position[i])
    return total


def wide_normal(position, data, gradient):
    gradient[:] = -position / 1e12
    return -0.5 * np.sum(position * position) / 1e12


def wide_sum(position, data, gradient):
    """Only the sum of two parameters is known but for their wide, proper priors."""
    residual = data.y[0] - position[0] - position[1]
    total = -0.5 * residual * residual
    for i in range(2):
        total -= 0.5 * position[i] * position[i] / 1e12
        gradient[i] = residual - position[i] / 1e12
    return total


def flat_curve(position, data, gradient):
    """a and b have flat priors, and the data know a + 2 b c."""
    residual = data.y[0] - position[0] - 2.0 * position[1] * position[2]
    gradient[0] = residual
    gradient[1] = 2.0 * residual * position[2]
    gradient[2] = 2.0 * residual * position[1] - position[2]
    return -0.5 * residual * residual - 0.5 * position[2] * position[2]


def truncated(position, data, gradient):
    """A half-normal, on its own scale: the density ends at 0, where it is highest."""
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0] if position[0] > 0.0 else -math.inf


def laplace(position, data, gradient):
    """A kink at 0.3 is no jump."""
    gradient[0] = -1.0 if position[0] > 0.3 else 1.0
    return -abs(position[0] - 0.3)


def pole(position, data, gradient):
    """x^2 exp(-x^2): 0 at 0, with no jump."""
    x = position[0]
    gradient[0] = (2.0 / x if x != 0.0 else 0.0) - 2.0 * x
    return 2.0 * log(abs(x)) - x * x


def gamma(position, data, gradient):
    """tau ~ Gamma(0.001, 0.001): proper, and hardly so as log tau -> -inf."""
    tau = exp(position[0])
    gradient[0] = 0.001 - 0.001 * tau
    return 0.001 * position[0] - 0.001 * tau


def raw_gamma(position, data, gradient):
    """As `gamma`, with the Jacobian forgotten: the integral of 1 / tau^0.999 in log tau."""
    tau = exp(position[0])
    gradient[0] = -0.001 * tau
    return -0.001 * tau


def ordered_normal(position, data, gradient):
    value, d = np.empty(3), np.empty(3)
    constrain_ordered(position, value)
    total = ordered_log_jacobian(position)
    for k in range(3):
        total -= 0.5 * value[k] * value[k]
        d[k] = -value[k]
    ordered_pullback(position, d, gradient)
    return total


def flat_simplex(position, data, gradient):
    value, d = np.empty(4), np.zeros(4)
    constrain_simplex(position, value)
    simplex_pullback(position, value, d, gradient)
    return simplex_log_jacobian(position)


def no_jacobian(position, data, gradient):
    gradient[:] = 0.0
    return 0.0


POSITIVE = hmc.Parameter("tau", constraint=hmc.positive)


def reuses_names(position, data, gradient):
    """A variable may have a parameter's name and be something else by the end, or its logarithm."""
    tau, sigma = exp(position[0]), position[1]
    total = position[0] - tau + sigma - math.exp(sigma)
    gradient[0], gradient[1] = 1.0 - tau, 1.0 - math.exp(sigma)
    tau = 2.0 * tau
    x = 3.0 * position[2]
    gradient[2] = -position[2]
    return total - x * x / 18.0 + 0.0 * tau


RIGHT_ONES = {
    "names used again": (reuses_names, POSITIVE, hmc.Parameter("sigma", (), hmc.positive), hmc.Parameter("x")),
    "heavy tails": (cauchy, hmc.Parameter("x")),
    "200 heavy tails": (cauchy, hmc.Parameter("x", (200,))),
    "wide": (wide_normal, hmc.Parameter("x", (3,))),
    "wide and correlated": (wide_sum, hmc.Parameter("a"), hmc.Parameter("b")),
    "kink": (laplace, hmc.Parameter("x")),
    "pole": (pole, hmc.Parameter("x")),
    "nearly improper": (gamma, POSITIVE),
    "ordered": (ordered_normal, hmc.Parameter("c", (3,), hmc.ordered)),
    "flat simplex": (flat_simplex, hmc.Parameter("s", (4,), hmc.simplex)),
}


@pytest.mark.parametrize("name", RIGHT_ONES)
def test_nothing_is_found_in_right_models_at_the_edge(name):
    if name.startswith("200") and jit_is_disabled():
        pytest.skip("it takes Python 15 seconds")
    assert [check(*RIGHT_ONES[name], seed=seed) for seed in (12, 5)] == [[], []]


def _steps(position, data, gradient):
    total = 0.0
    for k in range(3):
        c = position[k]
        total -= 0.5 * c * c
        gradient[k] = -c
    return total


WRONG_ONES = {
    "ordered, taken as it is": (_steps, "constraint", hmc.Parameter("c", (3,), hmc.ordered)),
    "a simplex, taken as it is": (_steps, "constraint", hmc.Parameter("c", (4,), hmc.simplex)),
    "flat near 0": (raw_gamma, "improper", POSITIVE),
    "ordered": (no_jacobian, "unused", hmc.Parameter("c", (3,), hmc.ordered)),
    "simplex": (no_jacobian, "unused", hmc.Parameter("s", (4,), hmc.simplex)),
    "truncated and not declared": (truncated, "jump", hmc.Parameter("x")),
    "truncated though positive": (truncated, "constraint", POSITIVE),
    "truncated though bounded": (truncated, "constraint", hmc.Parameter("x", (), hmc.lower(0.0))),
}


@pytest.mark.parametrize("name", WRONG_ONES)
def test_their_twins_that_are_wrong_are_found(name):
    density, kind, *parameters = WRONG_ONES[name]
    assert [finding.kind for finding in check(density, *parameters)] == [kind]


def test_an_improper_posterior_that_is_flat_along_a_curve_is_not_found():
    """As the docstring says of it; who finds a way to see it may turn this around."""
    assert check(flat_curve, hmc.Parameter("a"), hmc.Parameter("b"), hmc.Parameter("c")) == []


def out_of_bounds_somewhere(position, data, gradient):
    gradient[0] = -position[0]
    far = data.y[int(abs(position[0]) * 2.0)]  # y has 3 numbers
    return -0.5 * position[0] * position[0] + 0.0 * far


def test_bounds_shows_an_index_that_is_seldom_wrong():
    """With this seed the run in Python is at 0.997, where the index is right."""
    found = check(out_of_bounds_somewhere, hmc.Parameter("x"), y=[1.0, 2.0, 3.0], seed=12, bounds=True)
    assert ["index" in finding.message for finding in found if finding.kind == "outside"] == [True]
    assert "data.y[int(abs(position[0]) * 2.0)]" in found[0].message


@inlined
def _helper(values, i):
    return values[i]


@numba.njit
def _jitted_helper(values, i):
    return values[i]


@pytest.mark.parametrize("helper", [_helper, _jitted_helper])
def test_an_index_is_looked_at_in_all_that_is_called(helper):
    def density(position, data, gradient):
        return helper(position, data)

    for copied in (in_python(density), bounds_checked(density)):
        assert copied(np.arange(3.0), 2, None) == 2.0
        with pytest.raises(IndexError):
            copied(np.arange(3.0), 3, None)


def writes_far(position, data, gradient):
    _writes_far(gradient, position.size)
    return -0.5 * position[0] * position[0]


@numba.njit
def _writes_far(gradient, n):
    gradient[0] = 0.0
    for i in (-n - 2, n + 40):
        gradient[i] = 1.0


@pytest.mark.skipif(jit_is_disabled(), reason="Python looks at indices itself")
def test_walls_show_what_is_written_before_and_behind():
    probe = Probe(hmc.Model(writes_far, Numbers(np.zeros(1)), [hmc.Parameter("x")], name="far"))
    findings = contract_findings(probe, [np.ones(1)])
    assert "writes gradient[-2], gradient[41] at x = 1, but there are 1 numbers" in findings[0].message


def test_data_are_put_back(build):
    model = build(*FAULTS["changes data"][0])
    before = model.data.y.copy()
    hmc.check(model)
    assert np.array_equal(model.data.y, before)


def test_elements_of_the_same_name_are_found():
    found = check(cauchy, hmc.Parameter("a", (2,)), hmc.Parameter("a[1]"), hmc.Parameter("b"))
    assert [(finding.kind, finding.component) for finding in found] == [("name", "a[1]")]


def test_elements_of_which_the_same_is_said_are_told_once(build):
    (finding,) = hmc.check(build((RETURN, "    gradient[:3] *= 2.0\n" + RETURN)))
    assert finding.component == "a[1]"
    assert finding.message.endswith(": it is 2 times that, everywhere; likewise 2 more of a")


def test_a_slow_density_is_looked_at_in_fewer_places(build):
    probe = Probe(build())
    assert probe.fewer(1000) == 1000
    probe._share = 0.01
    assert probe.fewer(1000) == 50
    assert probe.fewer(3) == 1


def test_a_check_is_the_same_when_it_is_done_again(build):
    model = build(*FAULTS["only far along"][0])
    assert hmc.check(model) == hmc.check(model) != []


def test_every_kind_of_finding_has_an_animal_in_the_zoo():
    kinds = {kind for _, kind, _, _ in FAULTS.values()}
    assert kinds == set(KINDS)


@pytest.mark.parametrize(("fault", "status"), [(None, 0), ("factor 2", 1), ("data too short", 1)])
def test_the_command_tells_what_was_found_or_what_was_checked(build, tmp_path, capsys, monkeypatch, fault, status):
    build(*(FAULTS[fault][0] if fault else ()))
    name = "zoo_" + (fault or "right").replace(" ", "_")
    (tmp_path / "zoo.py").rename(tmp_path / f"{name}.py")
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert main(["check", f"{tmp_path / name}.py:factory", "--points", "4", "--bounds"]) == status
    said = capsys.readouterr().out.splitlines()
    assert all(line.startswith("zoo: ") for line in said)
    if fault:
        assert FAULTS[fault][3] in said[0]
    else:
        assert said[0] == "zoo: the gradient agrees with the density, all 6 components at 4 points"
        assert said[-1] == "zoo: the density has the slopes on average that its simulated prior asks for"
