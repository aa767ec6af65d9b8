"""How fast a robot learns about a new cafe, with memory of other cafes and without: by simulation, and exactly.

Cafes have log mean waits a ~ Normal(MEAN, SD). The robot knows `KNOWN` of them, by `VISITS` visits each, and comes to a
new one. Its beliefs are those of `models.cafes`: given (a_bar, sigma) the cafes are independent integrals over one
number, so they are computed by quadrature, for all simulated robots at once.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from figures.drawing import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

MEAN, SD = 1.5, 0.5  # of the true population: waits of 3 to 7 minutes are usual
KNOWN, VISITS = 10, 5
LONGEST = 10  # visits to the new cafe
ROBOTS = 200
NODES = 11  # of Gauss-Hermite quadrature over z


class Curves(NamedTuple):
    """Mean absolute errors of a new cafe's mean wait, minutes, over the robots; (LONGEST + 1,), by number of visits."""

    memory: Floats
    amnesia: Floats  # each cafe begins from the prior
    average: Floats  # the mean of the cafe's own waits; NaN without visits


@functools.cache
def curves(seed: int = 12) -> Curves:
    """The `Curves` of `ROBOTS` simulated robots."""
    rng = np.random.default_rng(seed)
    a = rng.normal(MEAN, SD, (ROBOTS, KNOWN + 1))
    known = rng.poisson(VISITS * np.exp(a[:, :KNOWN]))  # sums of waits
    waits = rng.poisson(np.exp(a[:, -1:]), (ROBOTS, LONGEST))
    sums = np.concatenate([np.zeros((ROBOTS, 1)), waits.cumsum(axis=1)], axis=1)
    level, log_prior, log_weight = _grid()
    # (robots, grid): the posterior of (a_bar, sigma) after the known cafes
    log_memory = log_prior + sum(_log_marginal(sums_of_one, VISITS, level, log_weight) for sums_of_one in known.T)
    truth = np.exp(a[:, -1])
    errors = np.empty((3, LONGEST + 1))
    for k in range(LONGEST + 1):
        for row, log_hyper in enumerate((log_memory, np.broadcast_to(log_prior, log_memory.shape))):
            mean_wait = _mean_wait(sums[:, k], k, level, log_weight, log_hyper)
            errors[row, k] = np.abs(mean_wait - truth).mean()
        errors[2, k] = np.abs(sums[:, k] / k - truth).mean() if k else np.nan
    return Curves(*errors)


def _grid() -> tuple[Floats, Floats, Floats]:
    """(a (hypers, nodes), log prior of each (a_bar, sigma), log weight of each node)."""
    a_bar, sigma = (x.ravel() for x in np.meshgrid(np.linspace(0.2, 3.6, 15), np.linspace(0.02, 1.2, 13)))
    z, weight = np.polynomial.hermite_e.hermegauss(NODES)
    log_prior = -0.5 * ((a_bar - 2.0) / 0.5) ** 2 - 10.0 * sigma  # Normal(2, 0.5), Exponential(10)
    return a_bar[:, None] + sigma[:, None] * z, log_prior, np.log(weight / weight.sum())


def _log_terms(sums: Floats, visits: int, level: Floats, log_weight: Floats) -> Floats:
    """(robots, hypers, nodes): log likelihoods of a cafe's waits, but for a constant, with the weights of nodes."""
    return sums[:, None, None] * level - visits * np.exp(level) + log_weight


def _log_marginal(sums: Floats, visits: int, level: Floats, log_weight: Floats) -> Floats:
    terms = _log_terms(sums, visits, level, log_weight)
    highest = terms.max(axis=2, keepdims=True)
    return highest[..., 0] + np.log(np.exp(terms - highest).sum(axis=2))


def _mean_wait(sums: Floats, visits: int, level: Floats, log_weight: Floats, log_hyper: Floats) -> Floats:
    """The posterior mean of exp(a) of a cafe with these waits, (robots,)."""
    terms = _log_terms(sums, visits, level, log_weight) + log_hyper[..., None]
    weight = np.exp(terms - terms.max(axis=(1, 2), keepdims=True))
    return (weight * np.exp(level)).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))


def learning_curves() -> Figure:
    """Memory learns faster: the error of a new cafe's estimated wait, visit by visit.

    Each of 200 simulated robots has made 5 visits to each of 10 cafes, and now comes to a new one. With memory, it
    begins with what the other cafes taught it about cafes; with amnesia, it begins from its prior. Memory has the
    smaller error before the first visit and after each of the first four, and it is worth most at the beginning. The
    mean of the cafe's own waits, without any model, has a larger error than memory there too. Later the cafe's own
    waits decide, and the curves meet.

    Beliefs are exact (by quadrature), so the curves differ in what the robots know and in nothing else.
    """
    found = curves()
    with style.applied():
        figure = style.blank()
        axes = figure.add_subplot()
        figure.suptitle("A new cafe: what memory is worth", x=0.015, ha="left")
        visits = np.arange(LONGEST + 1)
        lines = (
            ("memory", found.memory, {"color": style.BLUE, "marker": "o"}),
            ("amnesia", found.amnesia, {"color": style.VERMILLION, "marker": "s"}),
            ("average", found.average, {"color": style.GUIDE, "marker": "^", "linestyle": "--"}),
        )
        words = {"memory": "with memory", "amnesia": "with amnesia", "average": "the cafe's own mean, no model"}
        for gid, errors, looks in lines:
            axes.plot(visits, errors, **looks, markersize=7, label=words[gid], gid=gid)
        axes.set(xlabel="Visits to the new cafe", ylabel="Mean absolute error (min)", ylim=(0, None), xticks=visits)
        figure.legend(loc="outside lower center", ncols=3)
        return style.settled(figure)
