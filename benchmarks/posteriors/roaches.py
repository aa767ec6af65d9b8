"""A Poisson regression that single observations pull far: roaches in 262 apartments, after some were treated.

    y[i] ~ Poisson(exposure2[i] exp(intercept + x[i] . beta)),  x[i] = (sqrt(roach1), treatment, senior)
    beta[k] ~ Normal(0, 2.5),  intercept ~ Normal(0, 5)

The counts vary far more than Poisson counts do. It is the example of the vignette on moment matching of R's loo. Data:
Gelman & Hill (2007), section 6.2. They are not part of this project:

    R -e 'write.csv(rstanarm::roaches, "roaches.csv", row.names = FALSE)'
    hmc fit benchmarks/posteriors/roaches.py:roaches --data roaches.csv
"""

import os
from typing import NamedTuple

import numba
import numpy as np

import hmc
from models.densities import log_factorial, never_nan, normal, normal_group, poisson_log
from models.tables import Table, count, number, read

SOURCE = """R writes the file by write.csv(rstanarm::roaches, "roaches.csv", row.names = FALSE)"""
VARIABLE = "HMC_ROACHES_CSV"  # of the environment: the path of the file
SLOPES = ("roach1", "treatment", "senior")
SD_BETA, SD_INTERCEPT = 2.5, 5.0


class Apartments(NamedTuple):
    y: np.ndarray  # (apartments,) roaches that were caught
    x: np.ndarray  # (apartments, 3) the square root of those before treatment; treated?; only elderly residents?
    log_exposure: np.ndarray  # log(exposure2): how long traps stood
    log_factorial: np.ndarray  # log(y!)
    weight: np.ndarray  # 1, or 0 for an apartment that is left out (see hmc.Model.without)


@numba.njit(error_model="numpy")
def log_rate(position, data, i):
    """log of the count that is expected in apartment i."""
    total = position[len(SLOPES)] + data.log_exposure[i]
    for k in range(len(SLOPES)):
        total += position[k] * data.x[i, k]
    return total


def log_density(position, data, gradient):
    slopes = len(SLOPES)
    value, _, _ = normal_group(position[:slopes], 0.0, SD_BETA, gradient[:slopes])
    term, gradient[slopes], _, _ = normal(position[slopes], 0.0, SD_INTERCEPT)
    value += term
    for i in range(data.y.size):
        term, slope = poisson_log(data.y[i], data.log_factorial[i], log_rate(position, data, i))
        value += data.weight[i] * term
        slope *= data.weight[i]
        gradient[slopes] += slope
        for k in range(slopes):
            gradient[k] += slope * data.x[i, k]
    return never_nan(value)


def log_likelihood(position, data, out):
    for i in range(data.y.size):
        out[i], _ = poisson_log(data.y[i], data.log_factorial[i], log_rate(position, data, i))


def _not_negative(row):
    if row["roach1"] < 0:
        raise ValueError(f"roach1 = {row['roach1']:.15g} is negative")


def _exposed(row):
    if row["exposure2"] <= 0:
        raise ValueError(f"exposure2 = {row['exposure2']:.15g} is not positive")


TABLE = Table(
    "roaches",
    (count("y"), number("roach1"), count("treatment", 0, 1), count("senior", 0, 1), number("exposure2")),
    (_not_negative, _exposed),
    SOURCE,
)


def roaches(data=None):
    """The model of a CSV file or DataFrame; None: of the file that HMC_ROACHES_CSV names."""
    data = os.environ.get(VARIABLE) if data is None else data
    if data is None:
        raise ValueError(f"roaches: the data are not part of the project: set {VARIABLE} to their path; {SOURCE}")
    columns = read(TABLE, data)
    y, root = columns["y"], np.sqrt(columns["roach1"])
    x = np.ascontiguousarray(np.transpose([root, columns["treatment"], columns["senior"]]))
    log_factorials = np.array([log_factorial(roaches) for roaches in y])
    apartments = Apartments(y, x, np.log(columns["exposure2"]), log_factorials, np.ones(y.size))
    parameters = [hmc.Parameter("beta", (len(SLOPES),)), hmc.Parameter("intercept")]
    return hmc.Model(log_density, apartments, parameters, name="roaches", log_likelihood=log_likelihood)
