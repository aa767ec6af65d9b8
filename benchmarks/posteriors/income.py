"""A regression as a newcomer writes it: income in dollars on height in cm and age in years, nothing centred or scaled.

    income[i] ~ Normal(alpha + beta_height height[i] + beta_age age[i], sigma)
    alpha ~ Normal(0, 200000),  beta_height ~ Normal(0, 2000),  beta_age ~ Normal(0, 2000)
    sigma ~ Exponential(1 / 30000)

As heights are far from 0, the intercept and the slope of height are correlated almost perfectly.
"""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.transforms import constrain_positive
from models.densities import exponential, normal


class People(NamedTuple):
    height: np.ndarray  # cm
    age: np.ndarray  # years
    income: np.ndarray  # dollars a year


def log_density(position, data, gradient):
    alpha, beta_height, beta_age, log_sigma = position[0], position[1], position[2], position[3]
    sigma = constrain_positive(log_sigma)
    value, d_alpha, _, _ = normal(alpha, 0.0, 200_000.0)
    term, d_height, _, _ = normal(beta_height, 0.0, 2000.0)
    value += term
    term, d_age, _, _ = normal(beta_age, 0.0, 2000.0)
    value += term
    term, d_sigma, _ = exponential(sigma, 1.0 / 30_000.0)
    value += term + log_sigma  # the Jacobian of sigma = exp(log_sigma)
    for i in range(data.income.size):
        mean = alpha + beta_height * data.height[i] + beta_age * data.age[i]
        term, _, d_mean, d_sd = normal(data.income[i], mean, sigma)
        value += term
        d_alpha += d_mean
        d_height += d_mean * data.height[i]
        d_age += d_mean * data.age[i]
        d_sigma += d_sd
    gradient[0], gradient[1], gradient[2] = d_alpha, d_height, d_age
    gradient[3] = d_sigma * sigma + 1.0
    return value


def simulated(people=200, seed=1):
    """Adults whose income rises by 400 dollars a cm and 500 a year of age."""
    rng = np.random.default_rng(seed)
    height = np.round(rng.normal(171.0, 9.0, people), 1)
    age = np.round(rng.uniform(20.0, 65.0, people))
    income = np.round(-50_000.0 + 400.0 * height + 500.0 * age + 12_000.0 * rng.standard_normal(people))
    return People(height, age, income)


def income():
    """The model of 200 simulated people."""
    reals = [hmc.Parameter(name) for name in ("alpha", "beta_height", "beta_age")]
    return hmc.Model(log_density, simulated(), [*reals, hmc.Parameter("sigma", constraint=hmc.positive)], name="income")
