"""A zoo: a right model, replacements in its text that are one fault each, and what must be found of them."""

import importlib.util

import numba
import pytest

import hmc
from hmc.jit.kernel import jit_is_disabled

# A correct model with a bit of everything: y ~ Normal(a[group], 1), a[j] ~ Normal(a_bar, tau), a_bar ~ Normal(0, 1),
# tau ~ Exponential(1), z ~ Normal(p, 1), p ~ Beta(2, 2) in (0, 1). A fault is a replacement in this text.
RIGHT = """
import math
import sys
from typing import NamedTuple
import numpy as np
import hmc
from hmc.numerics import divide, exp, log
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
    d_p = divide(1.0, p) - divide(1.0, 1.0 - p) + (data.z - p)
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


def build(folder, *replacements):
    """The model of RIGHT with replacements (old, new), made from a file in `folder`."""
    text = RIGHT
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    path = folder / "zoo.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location("zoo", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.factory()


NO_SIMULATION = ("derived=derived, simulate=simulate, simulate_data=simulate_data", "derived=derived")
RETURN = "    return total\n"
NAN_AFTERWARDS = "    model.data.y[1] = model.data.y[3] = math.nan\n    return model\n"
GRADIENT = {
    # The gradient.
    "sign": ([("gradient[j] = -s / tau", "gradient[j] = s / tau")], "gradient", "a[1]", "density changes by"),
    "sign of all": ([(RETURN, "    gradient[3] *= -1.0\n" + RETURN)], "gradient", "a_bar", "the sign is wrong"),
    "factor 2": ([(RETURN, "    gradient[1] *= 2.0\n" + RETURN)], "gradient", "a[2]", "it is 2 times that, everywhere"),
    "constant": ([(RETURN, "    gradient[1] += 0.25\n" + RETURN)], "gradient", "a[2]", "it is +0.25 off, everywhere"),
    "constant at some points": (
        [(RETURN, "    gradient[1] += 0.25 if position[0] > 0.0 else 0.0\n" + RETURN)],
        "gradient",
        "a[2]",
        "it is +0.25 off, at ",
    ),
    "factor of nearly 1": (
        [(RETURN, "    gradient[1] *= 1.00001\n" + RETURN)],
        "gradient",
        "a[2]",
        "it is 1.00001 times that, everywhere",
    ),
    "zero": ([(RETURN, "    gradient[1] = 0.0\n" + RETURN)], "gradient", "a[2]", "it is 0, everywhere"),
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
}
DENSITY = {
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
    "too large for floats": (
        [(RETURN, "    return total + 1e16\n"), NO_SIMULATION],
        "size",
        "",
        "the nearest floats are 2 apart",
    ),
    "nan in the data": (
        [("    return hmc.Model(", "    model = hmc.Model("), ("data,\n    )\n", f"data,\n    )\n{NAN_AFTERWARDS}")],
        "data",
        "",
        "data.y[1] is nan, and 1 more of data.y",
    ),
    "ends smoothly": (
        [
            (
                "total = -a_bar * a_bar / 2.0",
                "total = -a_bar * a_bar / 2.0 + (log(a_bar) if a_bar > 0.0 else -math.inf)",
            ),
            ("gradient[3] = -a_bar", "gradient[3] = -a_bar + divide(1.0, a_bar)"),
            NO_SIMULATION,
        ],
        "constraint",
        "a_bar",
        "-inf wherever a_bar (component 3) is below 0, though a_bar is declared real",
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
        [(RETURN, "    for k in range(6):\n        gradient[k] = -gradient[k]\n    return -total\n"), NO_SIMULATION],
        "improper",
        "",
        "is probably the energy",
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
        "A missing log Jacobian of positive",
    ),
    "no jacobian of an interval": (
        [
            (" + interval_log_jacobian(position[5], 0.0, 1.0)", ""),
            (RETURN, "    gradient[5] -= 1.0 - 2.0 * p\n" + RETURN),
            ("log(6.0 * p) + log(1.0 - p)", "0.0"),
            ("divide(1.0, p) - divide(1.0, 1.0 - p) + ", ""),
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
}
MODEL = {
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
    "link's and derived's name": (
        [('{"spread"', '{"mu"')],
        "name",
        "mu",
        "the link function and a derived quantity are both called mu, so fit['mu'] gives the derived quantity",
    ),
    "derived's element": (
        [('{"spread": position[:3] - position[3]}', '{"b": position[:2], "a[3]": 1.0, "b[1]": 2.0}')],
        "name",
        "a[3]",
        "a and the derived quantity a[3] would both be called a[3] in tables",
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
        "derived gives a different spread when it is called again",
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
    "pointwise nothing": (
        [("        out[i] = -0.5", "        unused = -0.5")],
        "function",
        "",
        "log_likelihood writes nothing, though there are data",
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
        "simulate gives different draws for the same seed",
    ),
    "simulates other data": (
        [("data.weight, p + rng.standard_normal()", "data.weight, 1")],
        "function",
        "",
        "their types differ from the model's",
    ),
    "simulate raises": ([("p = rng.beta(2.0, 2.0)", "p = 1 / 0")], "raises", "", "simulate raises ZeroDivisionError"),
}
FAULTS = GRADIENT | DENSITY | MODEL

# Where a fault is found in another way, too: the further kinds, all of them, and why they are right.
ALSO = {
    "shape too large": {"constraint"},  # all parameters behind it stand in another place than declared
    "raw positive": {"value", "gradient"},  # below 0 it is nan, and the gradient is that of log tau
    "undeclared positive": {"value", "gradient"},  # likewise
    "energy": {"value", "function"},  # what went to -inf goes to +inf; the log likelihood has the other sign
    "energy with the density's gradient": {"value", "function"},  # likewise
    "flat prior": {"function"},  # the observations were left out of the density, and are in log_likelihood
}

# The first of each kind is compiled, which takes half a second (NumPy's expressions of arrays two); the others are
# checked in Python, as are all of them where the JIT is disabled. What is particular to compiled code is compiled.
COMPILED = {kind: fault for fault, (_, kind, _, _) in reversed(FAULTS.items())}
COMPILED = {
    *COMPILED.values(),
    "not for Numba",
    "no such field",
    "shape too large",
    "pointwise too far",
    "changes data",
}


def assert_is_found(fault, folder, monkeypatch):
    """A check finds the fault, in the component that has it, and nothing else, and says so in one line with advice."""
    replacements, kind, component, words = FAULTS[fault]
    if fault not in COMPILED:
        monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    elif fault == "not for Numba" and jit_is_disabled():
        pytest.skip("it is Python then")
    findings = hmc.check(build(folder, *replacements))
    found = [f for f in findings if f.kind == kind and f.component.startswith(component)]
    assert found, findings
    assert {f.kind for f in findings} == {kind} | ALSO.get(fault, set()), findings
    assert any(words in f.message + f.advice for f in found), findings
    assert all("\n" not in str(f) and f.advice[-1] in ".?" for f in findings)
