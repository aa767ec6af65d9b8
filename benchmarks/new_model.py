"""A model of about 50 lines that nobody has compiled; prints its lines and the seconds `hmc.sample` takes, all told.

A part of startup.py. Varying intercepts and slopes, written out as an author would who trusts no helper.
"""

import inspect
import math
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

import hmc
import models
from hmc.numerics import exp, log1p_exp


class Visits(NamedTuple):
    """Outcomes 0 or 1 of visits, a predictor, and the group of each, counted from 0."""

    outcome: np.ndarray
    x: np.ndarray
    group: np.ndarray
    groups: int


def log_density(position, data, gradient):
    """outcome ~ Bernoulli(inv_logit(a[group] + b[group] x)); a ~ Normal(mean_a, exp(log_sd_a)), b alike."""
    n, groups = data.outcome.size, data.groups
    mean_a, mean_b = position[2 * groups], position[2 * groups + 1]
    log_sd_a, log_sd_b = position[2 * groups + 2], position[2 * groups + 3]
    sd_a, sd_b = exp(log_sd_a), exp(log_sd_b)
    total = 0.0
    for i in range(position.size):
        gradient[i] = 0.0

    for i in range(n):
        j = data.group[i]
        eta = position[j] + position[groups + j] * data.x[i]
        total += data.outcome[i] * eta - log1p_exp(eta)
        slope = data.outcome[i] - 1.0 / (1.0 + exp(-eta))
        gradient[j] += slope
        gradient[groups + j] += slope * data.x[i]

    d_log_sd_a = 0.0
    for j in range(groups):
        z = (position[j] - mean_a) / sd_a
        total += -0.5 * z * z - log_sd_a - 0.5 * math.log(2.0 * math.pi)
        gradient[j] -= z / sd_a
        gradient[2 * groups] += z / sd_a
        d_log_sd_a += z * z - 1.0

    d_log_sd_b = 0.0
    for j in range(groups):
        z = (position[groups + j] - mean_b) / sd_b
        total += -0.5 * z * z - log_sd_b - 0.5 * math.log(2.0 * math.pi)
        gradient[groups + j] -= z / sd_b
        gradient[2 * groups + 1] += z / sd_b
        d_log_sd_b += z * z - 1.0

    # mean_a, mean_b ~ Normal(0, 1.5)
    total -= 0.5 * (mean_a / 1.5) ** 2 + 0.5 * (mean_b / 1.5) ** 2 + 2.0 * math.log(1.5 * math.sqrt(2.0 * math.pi))
    gradient[2 * groups] -= mean_a / 2.25
    gradient[2 * groups + 1] -= mean_b / 2.25

    # sd_a, sd_b ~ Exponential(1), with the Jacobians of their logs
    total += log_sd_a - sd_a + log_sd_b - sd_b
    gradient[2 * groups + 2] = d_log_sd_a + 1.0 - sd_a
    gradient[2 * groups + 3] = d_log_sd_b + 1.0 - sd_b
    return total


def new_model():
    """The model on simulated visits."""
    rng = np.random.default_rng(5)
    group, x = rng.integers(0, 10, 300), rng.normal(size=300)
    outcome = (rng.random(300) < 1 / (1 + np.exp(-x))).astype(float)
    parameters = [
        hmc.Parameter("a", (10,)),
        hmc.Parameter("b", (10,)),
        hmc.Parameter("mean_a"),
        hmc.Parameter("mean_b"),
    ]
    parameters += [hmc.Parameter(name, constraint=hmc.positive) for name in ("sd_a", "sd_b")]
    return hmc.Model(log_density, Visits(outcome, x, group, 10), parameters, name="new")


if __name__ == "__main__":
    model = new_model()
    hmc.sample(models.mST(), warmup=10, draws=10, workers=1)  # loads the sampler
    started = time.perf_counter()
    hmc.sample(model, warmup=10, draws=10, workers=1)
    print(len(inspect.getsource(log_density).splitlines()), time.perf_counter() - started)
