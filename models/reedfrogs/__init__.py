"""Tadpole survival in 48 tanks: one intercept for each, learned together (with memory) or apart (without).

McElreath, Statistical Rethinking 2023, lecture 12, "Multilevel Models"; data of Vonesh & Bolker (2005), Ecology 86.
The models' functions are in `centred` and `noncentred`; `tanks` has their common parts.
"""

# ruff: noqa: N802 (functions carry the lecture's names)

from types import ModuleType

import hmc
from models.reedfrogs import centred as centred
from models.reedfrogs import noncentred as noncentred
from models.reedfrogs.tanks import TANKS, Tanks, TanksOfKnownSpread, outcome, read_tanks
from models.tables import TableData
from models.tables.options import positive

__all__ = ["TANKS", "mST", "mSTD", "mSTG", "mSTP", "mSTPDG", "mSTPnc", "mST_fixed", "mSTnc", "mSTnomem"]


def mST(data: TableData = None) -> hmc.Model:
    """The lecture's multilevel model of tadpole survival.

        S ~ Binomial(D, p),  logit(p) = a[T]
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)

    `data`: a DataFrame or the path of a CSV file with columns density, pred, size, surv; None for the bundled one.
    Raises ValueError for wrong data.
    """
    return _centred("mST", data)


def mSTnomem(data: TableData = None) -> hmc.Model:
    """The lecture's model without memory: `mST` with sigma = 1, so that no tank informs how much tanks vary.

        S ~ Binomial(D, p),  logit(p) = a[T]
        a[j] ~ Normal(a_bar, 1)
        a_bar ~ Normal(0, 1.5)

    `data` and errors as in `mST`.
    """
    return _known_spread("mSTnomem", 1.0, data)


def mST_fixed(sigma: float, data: TableData = None) -> hmc.Model:
    """`mST` with its sigma given, from near complete pooling (0.1) to near none (5).

        S ~ Binomial(D, p),  logit(p) = a[T]
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)

    Every sigma runs on the same compiled code. Raises ValueError unless sigma is a number from
    1e-100 to 1e100.
    """
    return _known_spread("mST_fixed", positive("mST_fixed", "sigma", sigma), data)


def mSTP(data: TableData = None) -> hmc.Model:
    """The lecture's model of tadpole survival with predators: `mST` and a slope of their presence.

        S ~ Binomial(D, p),  logit(p) = a[T] + bP P
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)
        bP ~ Normal(0, 0.5)

    P is 1 where pred is "pred", else 0. `data` and errors as in `mST`; ValueError too where pred does not vary.
    """
    return _centred("mSTP", data, "bP")


def mSTD(data: TableData = None) -> hmc.Model:
    """Tadpole survival and crowding: `mST` and a slope of the density, standardised.

        S ~ Binomial(D, p),  logit(p) = a[T] + bD Z,  Z = (D - mean(D)) / sd(D)
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)
        bD ~ Normal(0, 0.5)

    Mean and sd (with divisor n - 1) are over the tanks. `data` and errors as in `mST`; ValueError too where density
    does not vary.
    """
    return _centred("mSTD", data, "bD")


def mSTG(data: TableData = None) -> hmc.Model:
    """Tadpole survival and growth: `mST` and a slope of the tadpoles' size.

        S ~ Binomial(D, p),  logit(p) = a[T] + bG G
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)
        bG ~ Normal(0, 0.5)

    G is 1 where size is "big", 0 where it is "small". `data` and errors as in `mST`; ValueError too where size does not
    vary.
    """
    return _centred("mSTG", data, "bG")


def mSTPDG(data: TableData = None) -> hmc.Model:
    """Tadpole survival with predators, density and size, and a slope of predators for big tadpoles alone.

        S ~ Binomial(D, p),  logit(p) = a[T] + bP P + bD Z + bG G + bPG P G,  Z = (D - mean(D)) / sd(D)
        a[j] ~ Normal(a_bar, sigma)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)
        bP, bD, bG, bPG ~ Normal(0, 0.5)

    P, Z and G as in `mSTP`, `mSTD` and `mSTG`, and so are `data` and errors; ValueError too where P G does not vary.
    """
    return _centred("mSTPDG", data, "bP", "bD", "bG", "bPG")


def mSTnc(data: TableData = None) -> hmc.Model:
    """`mST` in other coordinates, non-centred: the same posterior, sampled in units of sigma from a_bar.

        S ~ Binomial(D, p),  logit(p) = a[T]
        a[j] = a_bar + z[j] sigma,  z[j] ~ Normal(0, 1)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)

    `a` is a derived quantity. `data` and errors as in `mST`.
    """
    return _noncentred("mSTnc", data)


def mSTPnc(data: TableData = None) -> hmc.Model:
    """`mSTP` in other coordinates, non-centred: the same posterior, sampled in units of sigma from a_bar.

        S ~ Binomial(D, p),  logit(p) = a[T] + bP P
        a[j] = a_bar + z[j] sigma,  z[j] ~ Normal(0, 1)
        a_bar ~ Normal(0, 1.5)
        sigma ~ Exponential(1)
        bP ~ Normal(0, 0.5)

    `a` is a derived quantity. `data` and errors as in `mSTP`.
    """
    return _noncentred("mSTPnc", data, "bP")


def _centred(name: str, data: TableData, *slopes: str) -> hmc.Model:
    return _of_unknown_spread(name, centred, "a", read_tanks(data, slopes), slopes)


def _noncentred(name: str, data: TableData, *slopes: str) -> hmc.Model:
    return _of_unknown_spread(name, noncentred, "z", read_tanks(data, slopes), slopes)


def _of_unknown_spread(
    name: str, functions: ModuleType, intercepts: str, tanks: Tanks, slopes: tuple[str, ...]
) -> hmc.Model:
    return hmc.Model(
        functions.log_density,
        tanks,
        _parameters(intercepts, tanks, "sigma", *slopes),
        name=name,
        log_likelihood=functions.log_likelihood,
        link=functions.p,
        simulate=functions.simulate,
        simulate_data=functions.simulate_data,
        derived=getattr(functions, "derived", None),
        outcome=outcome,
    )


def _known_spread(name: str, sigma: float, data: TableData) -> hmc.Model:
    tanks = TanksOfKnownSpread(*read_tanks(data), sigma)
    return hmc.Model(
        centred.known_spread_log_density,
        tanks,
        _parameters("a", tanks),
        name=name,
        log_likelihood=centred.log_likelihood,
        link=centred.p,
        simulate=centred.known_spread_simulate,
        simulate_data=centred.known_spread_simulate_data,
        outcome=outcome,
    )


def _parameters(intercepts: str, tanks: Tanks | TanksOfKnownSpread, *more: str) -> list[hmc.Parameter]:
    """The intercepts (a, or z for them); a_bar; and `more` single numbers: sigma, slopes."""
    numbers = (hmc.Parameter(name, constraint=hmc.positive if name == "sigma" else hmc.real) for name in more)
    return [hmc.Parameter(intercepts, (tanks.survived.size,)), hmc.Parameter("a_bar"), *numbers]
