"""Waiting at five cafes: what one cafe teaches about the others, visit by visit.

McElreath, Statistical Rethinking 2023, lecture 12, "Multilevel Models". A non-centred model, for a robot with memory:
before any visit (`visits=0`) its posterior is the prior, and cafes not yet visited are learned about from those that
were. The likelihood of a cafe needs only the number of its visits and the sum of their waits: one exponential a cafe.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import hmc
from hmc.jit.kernel import inlined
from hmc.numerics import dot, exp, log
from hmc.transforms import constrain_positive
from models.densities import exponential, log_factorial, never_nan, normal, normal_group, poisson_log
from models.tables import Columns, Table, TableData, count, read
from models.tables.options import whole

CAFES = Table("cafes", columns=(count("visit", least=1), count("cafe", least=1), count("wait")))


class Visits(NamedTuple):
    """Visits to cafes, in order."""

    cafe: NDArray[np.int64]  # from 0
    wait: NDArray[np.float64]  # whole minutes
    log_factorial: NDArray[np.float64]  # log(wait!)
    weight: NDArray[np.float64]  # 1, or 0 for a visit that is left out (see hmc.Model.without)
    cafes: int  # how many there are, visited yet or not


class _AllVisits(int):
    """The default number of visits: the 20 of the lecture's table, and all of any other."""


_ALL_VISITS = _AllVisits(20)


def cafes(data: TableData = None, visits: int = _ALL_VISITS) -> hmc.Model:
    """The lecture's robot waiting at cafes, which learns from each visit about that cafe and all others.

        wait ~ Poisson(lambda),  log(lambda) = a[cafe]
        a[j] = a_bar + z[j] sigma,  z[j] ~ Normal(0, 1)
        a_bar ~ Normal(2, 0.5)
        sigma ~ Exponential(10)

    `data`: a DataFrame or the path of a CSV file with columns visit (1, 2, ... in order), cafe (1, 2, ... without a
    gap), wait (whole minutes); None for the bundled 20 visits to 5 cafes. `visits`: the number of
    first rows that the robot has seen; 0 leaves the prior. By default all: 20 in the lecture, every row of a table of
    your own. There are as many cafes as in the whole table. `a` is a derived quantity. Any number of visits runs on
    the same compiled code. Sample it with `target_accept=0.95`, as `models.sampling("cafes")` says.

    Raises ValueError for wrong data, or for a number of visits that the table does not have.
    """
    table = _read(data)
    seen = _number_of_visits(visits, table["visit"].size)
    wait = table["wait"][:seen]
    observed = Visits(
        cafe=table["cafe"][:seen].astype(np.int64) - 1,
        wait=wait,
        log_factorial=np.array([log_factorial(minutes) for minutes in wait], dtype=np.float64),
        weight=np.ones(seen),
        cafes=int(table["cafe"].max()),
    )
    return hmc.Model(
        log_density,
        observed,
        [
            hmc.Parameter("z", (observed.cafes,)),
            hmc.Parameter("a_bar"),
            hmc.Parameter("sigma", constraint=hmc.positive),
        ],
        name="cafes",
        log_likelihood=log_likelihood,
        link=lambda_,
        simulate=simulate,
        simulate_data=simulate_data,
        derived=derived,
        outcome=outcome,
    )


def _read(data: TableData) -> Columns:
    """The table's columns; ValueError where visits are out of order or a cafe's number is skipped."""
    table = read(CAFES, data)
    for row, visit in enumerate(table["visit"], start=1):
        if visit != row:
            raise ValueError(f"cafes: row {row}: visit = {visit:.15g}, but visits are numbered 1, 2, ... in order")
    for number, cafe in enumerate(np.unique(table["cafe"]), start=1):
        if cafe != number:
            raise ValueError(f"cafes: no row has cafe = {number}, though one has cafe = {cafe:.15g}")
    return table


def _number_of_visits(visits: int, rows: int) -> int:
    """`visits` as an int; ValueError unless it is a whole number from 0 to `rows`."""
    if visits is _ALL_VISITS:
        return rows
    return whole("cafes", "visits", visits, 0, rows, ", the rows of the table")


def log_density(position, data, gradient):
    """Log posterior density, unnormalised, at (z, a_bar, log sigma); -inf where sigma or an expected wait overflows."""
    n = data.cafes
    z, a_bar, log_sigma = position[:n], position[n], position[n + 1]
    sigma = constrain_positive(log_sigma)
    log_density, _, _ = normal_group(z, 0.0, 1.0, gradient[:n])  # z[j] ~ Normal(0, 1)
    term, d_a_bar, _, _ = normal(a_bar, 2.0, 0.5)
    log_density += term  # a_bar ~ Normal(2, 0.5)
    term, d_sigma, _ = exponential(sigma, 10.0)
    log_density += term + log_sigma  # sigma ~ Exponential(10); Jacobian of sigma = exp(log_sigma)

    room = np.zeros((3, n))
    seen, waited, expected = room[0], room[1], room[2]  # visits of each cafe, the sum of their waits, that expected
    for i in range(data.cafe.size):
        seen[data.cafe[i]] += data.weight[i]
        waited[data.cafe[i]] += data.weight[i] * data.wait[i]
    log_density -= dot(data.weight, data.log_factorial)
    for j in range(n):  # vectorised, as the sums are not
        # A cafe without visits adds nothing, even where its rate is infinite.
        expected[j] = seen[j] * exp(a_bar + z[j] * sigma) if seen[j] > 0.0 else 0.0
    for j in range(n):
        log_density += waited[j] * (a_bar + z[j] * sigma) - expected[j]  # wait ~ Poisson(exp(a[cafe]))
        d_a = waited[j] - expected[j]
        gradient[j] += d_a * sigma
        d_a_bar += d_a
        d_sigma += d_a * z[j]
    gradient[n] = d_a_bar
    gradient[n + 1] = d_sigma * sigma + 1.0
    return never_nan(log_density)


@inlined
def log_rate(position, data, sigma, i):
    """a of the cafe of visit i."""
    return position[data.cafes] + position[data.cafe[i]] * sigma


def log_likelihood(position, data, out):
    """Pointwise: the wait of each visit ~ Poisson(exp(a[cafe]))."""
    sigma = constrain_positive(position[data.cafes + 1])
    for i in range(data.cafe.size):
        out[i], _ = poisson_log(data.wait[i], data.log_factorial[i], log_rate(position, data, sigma, i))


def lambda_(position, data, out):
    """The expected wait at each visit."""
    sigma = constrain_positive(position[data.cafes + 1])
    for i in range(data.cafe.size):
        out[i] = exp(log_rate(position, data, sigma, i))


def derived(position, data):
    """The cafes' log mean waits: a[j] = a_bar + z[j] sigma."""
    n = data.cafes
    return {"a": position[n] + position[:n] * constrain_positive(position[n + 1])}


def simulate(rng, data):
    """A draw from the prior: position (z, a_bar, log sigma)."""
    n = data.cafes
    position = np.empty(n + 2)
    for j in range(n):
        position[j] = rng.standard_normal()
    position[n] = 2.0 + 0.5 * rng.standard_normal()
    position[n + 1] = log(0.1 * rng.standard_exponential())
    return position


def simulate_data(position, data, rng):
    """Waits at the same visits, given the parameters."""
    sigma = constrain_positive(position[data.cafes + 1])
    wait, log_factorials = np.empty(data.cafe.size), np.empty(data.cafe.size)
    for i in range(data.cafe.size):
        wait[i] = rng.poisson(exp(log_rate(position, data, sigma, i)))
        log_factorials[i] = log_factorial(wait[i])
    return Visits(data.cafe, wait, log_factorials, data.weight, data.cafes)


def outcome(data):
    """The waits, in minutes."""
    return {"wait": data.wait}
