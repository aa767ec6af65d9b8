"""Three superstitions about varying effects, each tried: on simulated tanks, and on few of the real ones.

The posterior of `models.mST` is computed by quadrature: given (a_bar, sigma) the tanks are independent integrals over
one number, z.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from figures.drawing import style
from figures.drawing.draws import PROBABILITY
from figures.tadpoles.tanks import inverse_logit
from models.reedfrogs import TANKS
from models.tables import read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

A_BAR = np.linspace(-4.0, 6.0, 51)
LOG_SIGMA = np.linspace(np.log(0.01), np.log(10.0), 181)
Z = np.linspace(-6.0, 6.0, 49)
FEW = (3, 5, 10, 48)  # tanks
PER_TANK = 10  # tadpoles in a simulated tank
N_TANKS, STUDIES = 30, 40
MIXTURE = (-1.5, 2.5)  # logits of the two kinds of tanks


class TankPosterior(NamedTuple):
    """The posterior of `mST`: of sigma, and of the tanks' chances of survival."""

    density: Floats  # of log sigma, at each of LOG_SIGMA
    survival: Floats  # (tanks,) posterior means of inverse_logit(a)

    def interval(self) -> tuple[float, float]:
        """The central interval of sigma."""
        below = (np.cumsum(self.density) - 0.5 * self.density) / self.density.sum()
        tail = (1.0 - PROBABILITY) / 2.0
        lower, upper = np.exp(np.interp([tail, 1.0 - tail], below, LOG_SIGMA))
        return float(lower), float(upper)


def posterior(survived: NDArray[np.int64], density: NDArray[np.int64]) -> TankPosterior:
    """The `TankPosterior` of these tanks; equal tanks are integrated once."""
    tanks, which, times = np.unique(np.stack([survived, density]), axis=1, return_inverse=True, return_counts=True)
    # The priors, with the Jacobian of log sigma.
    log_hyper = -0.5 * (A_BAR[:, None] / 1.5) ** 2 - np.exp(LOG_SIGMA) + LOG_SIGMA
    found = [_tank(int(k), int(n)) for k, n in tanks.T]
    for (log_marginal, _), count in zip(found, times, strict=True):
        log_hyper = log_hyper + count * log_marginal
    hyper = np.exp(log_hyper - log_hyper.max())
    hyper /= hyper.sum()
    survival = np.array([(hyper * mean).sum() for _, mean in found])
    return TankPosterior(hyper.sum(axis=0) / (LOG_SIGMA[1] - LOG_SIGMA[0]), survival[which.ravel()])


@functools.cache
def _tank(k: int, n: int) -> tuple[Floats, Floats]:
    """Of a tank with k survivors of n, at each (A_BAR, LOG_SIGMA): (log marginal likelihood, but for a constant, and
    the posterior mean of its chance of survival).
    """
    logit = A_BAR[:, None, None] + np.exp(LOG_SIGMA)[:, None] * Z
    terms = np.exp(-k * np.logaddexp(0.0, -logit) - (n - k) * np.logaddexp(0.0, logit) - 0.5 * Z**2)
    marginal = terms.sum(axis=2)
    return np.log(marginal), (terms * inverse_logit(logit)).sum(axis=2) / marginal


def few_tanks() -> dict[int, TankPosterior]:
    """By number of tanks, the posterior from so many of the real ones, evenly spaced over the table."""
    table = read(TANKS, None)
    places = {n: np.linspace(0, table["surv"].size - 1, n).round().astype(int) for n in FEW}
    return {n: posterior(table["surv"][at].astype(int), table["density"][at].astype(int)) for n, at in places.items()}


class TankStudy(NamedTuple):
    """Simulated tanks, arrays (tanks,)."""

    truth: Floats
    raw: Floats
    estimate: Floats


def _study(logits: Floats, rng: np.random.Generator) -> TankStudy:
    truth = inverse_logit(logits)
    survived = rng.binomial(PER_TANK, truth)
    return TankStudy(truth, survived / PER_TANK, posterior(survived, np.full(truth.size, PER_TANK)).survival)


@functools.cache
def studies(kind: str, seed: int = 12) -> TankStudy:
    """`STUDIES` studies of `N_TANKS` tanks each, together: "random", "chosen" or "mixture"."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(STUDIES):
        if kind == "mixture":
            logits = rng.choice(MIXTURE, N_TANKS) + 0.3 * rng.standard_normal(N_TANKS)
        else:
            population = 1.0 + 1.5 * rng.standard_normal(4 * N_TANKS)
            # Chosen on purpose: the tanks that will do best.
            logits = np.sort(population)[-N_TANKS:] if kind == "chosen" else population[:N_TANKS]
        found.append(_study(logits, rng))
    return TankStudy(*map(np.concatenate, zip(*found, strict=True)))


def errors(kind: str) -> tuple[float, float]:
    """Root mean square errors over all tanks of a kind of study: (of raw proportions, of the estimates)."""
    study = studies(kind)
    return tuple(float(np.sqrt(np.mean((x - study.truth) ** 2))) for x in (study.raw, study.estimate))  # type: ignore


def superstitions() -> Figure:
    """Superstitions about varying effects, each tried: that units must be random, many, and from a normal population.

    Left, simulated studies of 30 tanks: a random sample, and the best quarter of a larger population, chosen on
    purpose. Partial pooling has a smaller error than the raw proportions in both. In the middle, sigma from 3, 5, 10
    and all 48 of the real tanks: the 89% interval from 3 tanks is more than three times as wide as that from all, and
    every one contains the mean of sigma from all tanks. So few units are no reason for another model: its answer is
    vaguer, and says so.

    Right, tanks of two kinds, so that the population is far from normal. The prior Normal(a_bar, sigma) does not force
    the estimates into one hump: fewer estimates than in either half are in the middle, and their error is smaller than
    that of the raw proportions.
    """
    with style.applied():
        figure = style.blank()
        figure.suptitle("Three superstitions about varying effects", x=0.015, ha="left")
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.2, 1.2))
        _draw_errors(left)
        _draw_sigmas(middle)
        _draw_mixture(right)
        return style.settled(figure)


def _draw_errors(axes):
    for place, kind in enumerate(("random", "chosen")):
        for shift, error, colour in zip((-0.2, 0.2), errors(kind), (style.GUIDE, style.BLUE), strict=True):
            axes.bar(place + shift, error, width=0.36, color=colour, gid=f"{kind} {shift}")
    axes.set_xticks((0, 1), ("random", "chosen"))
    axes.set(ylabel="Root mean square error", ylim=(0, 0.2))
    axes.text(0.02, 0.98, "grey: raw\nblue: pooled", transform=axes.transAxes, va="top")
    axes.set_title("Sampled at random?", loc="left")


def _draw_sigmas(axes):
    shades = (style.ORANGE, style.VERMILLION, style.WINE, style.BLUE)
    for place, ((n, found), colour) in enumerate(zip(few_tanks().items(), shades, strict=True)):
        axes.plot(np.exp(LOG_SIGMA), found.density / np.exp(LOG_SIGMA), color=colour, label=f"{n} tanks", gid=f"{n}")
        axes.hlines(-0.09 * (place + 1), *found.interval(), color=colour, linewidth=4, alpha=0.5)
    axes.set(xlim=(0, 5), xlabel="sigma", ylabel="Density", ylim=(-0.45, None))
    axes.set_yticks([tick for tick in axes.get_yticks() if tick >= 0])
    axes.legend(loc="upper right")
    axes.set_title("Many units?", loc="left")


def _draw_mixture(axes):
    study = studies("mixture")
    bins = np.linspace(0.0, 1.0, 12)
    axes.hist(study.truth, bins, density=True, color=style.GUIDE, alpha=0.35, label="truth", gid="truth")
    density, _ = np.histogram(study.estimate, bins, density=True)
    axes.stairs(density, bins, color=style.BLUE, linewidth=2.2, label="estimates", gid="estimates")
    axes.set(xlabel="Probability of survival", ylabel="Density", xlim=(-0.08, 1.08), xticks=(0.0, 0.5, 1.0))
    axes.legend(loc="upper center")
    axes.set_title("A normal population?", loc="left")
