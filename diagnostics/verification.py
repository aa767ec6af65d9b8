"""`verify`: draws of anybody's program against a posterior that is known exactly."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, as_reals, mean, quantile, quietly, standard_deviation
from .chi_square_sums import weighted_chi_square_tail
from .ess import ess_mean
from .mcse import mcse_sd
from .precis import element_labels
from .protocols import Bools, Floats, NamedDraws

# Right draws fail once in a thousand times.
FALSE_ALARM = 1e-3
PROBABILITIES = (0.055, 0.945)
STATISTICS = ("mean", "sd", "5.5%", "94.5%")
# With fewer effective draws, Monte Carlo errors are themselves too uncertain for the rate of false alarms to hold.
MIN_ESS = 400
SHOWN = 5


@dataclass(frozen=True)
class Verification:
    """How draws agree with an exact posterior; prints as a table of the worst parameters and a line that says it all.

    Columns of `z` and `departures` are mean, sd, 5.5% quantile and 94.5% quantile.
    """

    parameters: list[str]
    z: Floats  # (parameters, 4): departures in Monte Carlo standard errors, standard normal for right draws
    departures: Floats  # (parameters, 4): in sds of the exact posterior; of an sd, its ratio minus 1
    ess: Floats  # (parameters,): effective draws for the least known of the four
    p_value: float  # of all departures together
    missing: list[str]  # parameters of the exact posterior that the draws lack

    @property
    def consistent(self) -> bool:
        """Whether right draws would look like this; of right draws, one set in a thousand does not pass."""
        return self.p_value >= FALSE_ALARM

    def worst(self, count: int = SHOWN) -> list[tuple[str, str, float, float]]:
        """(parameter, statistic, z, departure) of the `count` largest |z|, one a parameter, the largest first."""
        column = np.abs(self.z).argmax(axis=1)
        row = np.arange(len(column))
        order = np.abs(self.z[row, column]).argsort(kind="stable")[::-1][:count]
        return [
            (self.parameters[i], STATISTICS[k], float(self.z[i, k]), float(self.departures[i, k]))
            for i, k in zip(order, column[order], strict=True)
        ]

    def __str__(self) -> str:
        names = {name: i for i, name in enumerate(self.parameters)}
        rows = [["", *(f"z {name}" for name in STATISTICS), "ESS"]]
        for name, *_ in self.worst():
            rows.append([name, *(f"{z:.2f}" for z in self.z[names[name]]), f"{self.ess[names[name]]:.0f}"])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([*lines, *self._notes(), self._conclusion()])

    def _notes(self) -> list[str]:
        notes = []
        if self.missing:
            listed = ", ".join(self.missing[:SHOWN]) + (", ..." if len(self.missing) > SHOWN else "")
            total = len(self.missing) + len(self.parameters)
            notes.append(f"Not in the draws: {len(self.missing)} of {total} parameters ({listed}).")
        least = int(self.ess.argmin())
        if self.ess[least] < MIN_ESS:
            notes.append(
                f"ESS is {self.ess[least]:.0f} for {self.parameters[least]}, under {MIN_ESS}: Monte Carlo errors are "
                "uncertain, and false alarms likelier than stated."
            )
        return notes

    def _conclusion(self) -> str:
        ((parameter, statistic, z, departure),) = self.worst(1)
        number = "1 parameter" if len(self.parameters) == 1 else f"{len(self.parameters)} parameters"
        facts = f"{number}, ESS at least {self.ess.min():.0f}, p = {self.p_value:.2g}"
        unit = "of itself" if statistic == "sd" else "sd"
        most = f"{parameter}'s {statistic} by {departure:+.3g} {unit} (z = {z:.1f})"
        if self.consistent:
            return f"consistent with the exact posterior: {facts}; most off is {most}"
        return f"off: {facts}; most is {most}"


@quietly
def verify(draws: NamedDraws, exact: Mapping[str, Sequence[float]]) -> Verification:
    """Whether `draws` are of the posterior whose moments are `exact`, as a `Verification`.

    draws: arrays (chains, draws, ...) by name, such as a fit. Elements are counted from 1, as in `a[1]`; an array
        may also bear an element's name.
    exact: {"a[1]": (mean, sd, 5.5% quantile, 94.5% quantile), ...}, such as `models.exact.exact_values("mST")`.

    Four departures of each parameter, in Monte Carlo standard errors: of the mean, by the exact sd and its ESS; of the
    sd, as a ratio, by `mcse_sd`; and of the share of draws at most the exact 5.5% and 94.5% quantile, as of a binomial
    number of the ESS as its size. (`mcse_quantile` is uncertain by a fifth at an ESS of 4,000: divided by it,
    departures of right draws are not normal.) Five p-values: of the largest departure of all (Sidak), and for each
    of the four statistics of the sum of squares over parameters, whose correlations are those of the means of
    consecutive draws. They are joined by Cauchy's combination, which holds the rate of false alarms however they depend
    on one another (Liu & Xie 2020, "Cauchy combination test", JASA 115).

    The rate of false alarms holds for tails up to those of an exponential distribution. A lognormal whose logarithm has
    the sd 1 fails in 24 of 1,000: the error of its sd is far from normal.

    ValueError where no name is in both, for exact values that are none, for draws that are not finite or all the same,
    and for two equal chains.
    """
    if not (isinstance(exact, Mapping) and exact):
        raise ValueError(f"exact values are by name, such as those of models.exact.exact_values, not {exact!r}")
    if not hasattr(draws, "keys"):
        raise ValueError(f"draws are by name, as in a fit or a dict, not in a {type(draws).__name__}")
    columns = {name: values for name, values in _elements(draws) if name in exact}
    if not columns:
        raise ValueError(_nothing_in_common(draws, exact))
    parameters = [name for name in exact if name in columns]
    x = np.stack([columns[name] for name in parameters], axis=2)
    truth = np.array([_known(name, exact[name]) for name in parameters])
    _refuse_unusable(parameters, x)
    functions = _functions(x, truth)
    sizes = _sizes(x, functions)
    z, departures = _scores(x, truth, functions, sizes)
    correlations = [_long_run_correlation(h, size) for h, size in zip(functions, sizes.T, strict=True)]
    return Verification(
        parameters=parameters,
        z=z,
        departures=departures,
        ess=sizes.min(axis=1),
        p_value=_joint_p_value(z, correlations),
        missing=[name for name in exact if name not in columns],
    )


def _elements(draws: NamedDraws) -> list[tuple[str, Floats]]:
    """(name, draws (chains, draws)) of every scalar; ValueError for arrays of different chains or draws."""
    found: list[tuple[str, Floats]] = []
    for name in list(draws.keys()):
        try:
            values = as_draws(draws[name])
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        labels = element_labels(name, values.shape[2:])
        found += zip(labels, np.moveaxis(values.reshape(*values.shape[:2], -1), 2, 0), strict=True)
    for name, values in found:
        if values.shape != found[0][1].shape:
            shapes = f"{found[0][1].shape} of {found[0][0]} and {values.shape} of {name}"
            raise ValueError(f"draws have one number of chains and draws, not {shapes}")
    return found


def _nothing_in_common(draws: NamedDraws, exact: Mapping[str, Sequence[float]]) -> str:
    names = [name for name, _ in _elements(draws)]
    close = difflib.get_close_matches(next(iter(exact)), names, n=1)
    hint = f" (is {close[0]} {next(iter(exact))}?)" if close else ""
    few = [", ".join(list(listed)[:SHOWN]) + (", ..." if len(listed) > SHOWN else "") for listed in (names, exact)]
    return f"draws of {few[0] or 'nothing'} have no parameter of the exact posterior, which has {few[1]}{hint}"


def _known(name: str, exact: Sequence[float]) -> list[float]:
    """The exact values of a parameter; ValueError where they are none."""
    try:
        values = [*map(float, exact)]
    except (TypeError, ValueError):
        values = []
    if len(values) != len(STATISTICS) or not np.isfinite(values).all():
        raise ValueError(f"exact values are (mean, sd, 5.5% quantile, 94.5% quantile); those of {name} are {exact!r}")
    if not (values[1] > 0 and values[2] < values[3]):
        raise ValueError(f"the exact sd and quantiles of {name} are {values[1:]}: not positive, or not in order")
    return values


def _refuse_unusable(parameters: list[str], x: Floats) -> None:
    if x.shape[1] < 2:
        raise ValueError(_too_few(x))
    for name, values in zip(parameters, np.moveaxis(x, 2, 0), strict=True):
        if not np.isfinite(values).all():
            chain, draw = np.argwhere(~np.isfinite(values))[0]
            raise ValueError(f"{name} is {values[chain, draw]} in draw {draw + 1} of chain {chain + 1}")
        if (values == values[0, 0]).all():
            raise ValueError(f"{name} is {values[0, 0]} in all draws: it has no Monte Carlo error")
    _refuse_copies(x)


def _too_few(x: Floats) -> str:
    each = "1 draw per chain is" if x.shape[1] == 1 else f"{x.shape[1]} draws per chain are"
    return f"{each} too few for a Monte Carlo error"


def _refuse_copies(x: Floats) -> None:
    """ValueError for two chains of the same draws: one of them says nothing, and the ESS would count both."""
    first: dict[bytes, int] = {}
    for chain, draws in enumerate(x):
        earlier = first.setdefault(draws.tobytes(), chain)
        if earlier != chain:
            raise ValueError(f"chains {earlier + 1} and {chain + 1} are the same, draw for draw: leave one out")


def _functions(x: Floats, truth: Floats) -> list[Floats]:
    """The functions of the draws whose means are tested, each (chains, draws, parameters)."""
    centre, _, *quantiles = truth.T
    return [x, (x - centre) ** 2, *((x <= value).astype(np.float64) for value in quantiles)]


def _sizes(x: Floats, functions: list[Floats]) -> Floats:
    """ESS of the means of `functions`, (parameters, 4). ValueError where draws are too few."""
    every = ess_mean(np.concatenate(functions, axis=2)).reshape(len(functions), -1).T
    if np.isnan(every[:, 0]).any():
        raise ValueError(_too_few(x))
    # Where no draw or all of them are below a quantile, that share has no ESS of its own.
    return np.where(np.isnan(every), every[:, :1], every)


def _scores(x: Floats, truth: Floats, functions: list[Floats], sizes: Floats) -> tuple[Floats, Floats]:
    """Departures in Monte Carlo standard errors, and in posterior sds, (parameters, 4) each."""
    centre, sd, *quantiles = truth.T
    off_mean = (mean(x) - centre) / sd
    spread = standard_deviation(x)
    z = [off_mean * np.sqrt(sizes[:, 0]), np.log(spread / sd) * spread / mcse_sd(x)]
    departures = [off_mean, spread / sd - 1]
    for k, prob in enumerate(PROBABILITIES):
        share = functions[2 + k].mean(axis=(0, 1))
        # More draws below the exact quantile: the quantile of the draws is smaller.
        z.append(-_binomial_score(share, prob, sizes[:, 2 + k]))
        departures.append((quantile(x, prob) - quantiles[k]) / sd)
    return np.stack(z, axis=1), np.stack(departures, axis=1)


def _binomial_score(share: Floats, prob: float, size: Floats) -> Floats:
    """The normal number as far out as `share` of `size` draws is among binomial numbers: by the mid-p-value."""
    from scipy.special import betainc, ndtri

    count = share * size
    is_none, is_all = count <= 0, count >= size
    inner = np.clip(count, 1e-9, size - 1e-9)
    at_most, below = betainc(size - inner, inner + 1, 1 - prob), betainc(size - inner + 1, inner, 1 - prob)
    at_least, above = betainc(inner, size - inner + 1, prob), betainc(inner + 1, size - inner, prob)
    lower = np.where(is_none, (1 - prob) ** size, at_most + np.where(is_none, 0, below)) / 2
    upper = np.where(is_all, prob**size, at_least + above) / 2
    score = np.where(share < prob, ndtri(lower), -ndtri(upper))
    # Beyond 38, where probabilities underflow, by the standard deviation of the share.
    return np.where(np.isfinite(score), score, (share - prob) / np.sqrt(prob * (1 - prob) / size))


def _long_run_correlation(h: Floats, size: Floats) -> Floats:
    """How the means of `h`, (chains, draws, parameters), are correlated: as those of batches of consecutive draws.

    Batches are four times as long as the longest autocorrelation time, and at least five a chain. Draws of one
    transition may be correlated otherwise than means are, where parameters mix at different speeds.
    """
    chains, draws, parameters = h.shape
    length = int(np.clip(np.ceil(4 * chains * draws / size.min()), 1, max(1, draws // 5)))
    batches = draws // length
    kept = h[:, draws - batches * length :].reshape(chains, batches, length, parameters)
    means = kept.mean(axis=2).reshape(-1, parameters)
    means -= means.mean(axis=0)
    spread = np.sqrt((means**2).sum(axis=0))
    correlation = means.T @ means / np.outer(spread, spread)
    is_known: Bools = np.isfinite(correlation)
    return np.where(is_known, correlation, np.eye(parameters))


def _joint_p_value(z: Floats, correlations: list[Floats]) -> float:
    from scipy.special import ndtr

    if not np.isfinite(z).all():  # draws so far off that arithmetic overflows
        return 0.0
    largest = 2 * ndtr(-np.abs(z).max())
    p_values = [-np.expm1(z.size * np.log1p(-largest)) if largest < 1 else 1.0]
    for scores, correlation in zip(z.T, correlations, strict=True):
        weights = np.linalg.eigvalsh(correlation).clip(0)
        p_values.append(weighted_chi_square_tail(float((scores**2).sum()), weights))
    return cauchy_combination(p_values)


def cauchy_combination(p_values: Sequence[float] | ArrayLike) -> float:
    """One p-value of several, (n,), which may depend on one another; they count alike.

    The mean of Cauchy numbers as far out as each is Cauchy again, in its tail whatever the dependence. Liu & Xie
    (2020). A p-value near 1 counts as 0.99, so that it cannot hide a small one.
    """
    p = np.minimum(as_reals(p_values, "p-values"), 0.99)
    if p.min() <= 1e-300:
        return 0.0
    total = (1 / np.tan(np.pi * p)).mean()
    return float(np.arctan2(1.0, total) / np.pi)
