"""How far the five estimators of the confounds can be trusted, over many simulated studies whose truth is known.

Every estimator sees the same studies. For each coefficient: the average error of its posterior mean (bias), its root
mean square error, and how often its 89% interval contains the truth (coverage).
"""

import functools
import inspect
import secrets
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import hmc
from hmc.replication import replicate
from models.confounds import m0, mf, mr, mru, mrx, simulate_study
from models.tables import BUNDLED

if TYPE_CHECKING:
    import pandas as pd

ESTIMATORS = {"m0": m0, "mf": mf, "mr": mr, "mrx": mrx, "mru": mru}
COEFFICIENTS = {"bxy": "bXY", "bzy": "bZY"}  # the parameter, and the argument of `simulate_study` that is its truth
TRUTH = {"bXY": 1.0, "bZY": -0.5}
PROB = 0.89
NORMAL_95 = 1.959963984540054  # standard deviations on both sides of a normal's mean that hold 95% of it


class Estimate(NamedTuple):
    """One coefficient, as estimated from one study."""

    truth: float
    mean: float
    sd: float
    lower: float  # of the interval
    upper: float


def coverage(
    replications: int = 100,
    *,
    seed: int | None = 12,
    estimators: str | Iterable[str] = tuple(ESTIMATORS),
    workers: int | None = None,
    executor: Executor | str | None = None,
    progress: bool = True,
    **truth: Any,
) -> "pd.DataFrame":
    """A table of the estimators over simulated studies, as a DataFrame with a row per estimator and coefficient.

    `workers`, `executor` and `progress` as for `hmc.sample`; the numbers do not depend on them. `truth`: arguments of
    `simulate_study` (groups, individuals, a0, ...), by default the lecture's. Columns: truth; mean (of posterior
    means); bias; rmse; coverage (of 89% intervals); width (of intervals, on average); sd (of the posterior, on
    average); each estimate followed by its Monte Carlo standard error over studies (`bias_se`, ...), that of coverage
    from `wilson`, so that it is not 0 where all intervals contain the truth; studies, how many were fitted;
    divergences, in all. A study that fails is left out and listed in `frame.attrs["failures"]`; Ctrl-C ends the run
    early, `frame.attrs["interrupted"]`; `frame.attrs["seed"]` repeats it. ValueError for a wrong argument, RuntimeError
    if every study fails, KeyboardInterrupt before the first is done.
    """
    import pandas as pd  # here, so that building a model does not load it

    estimators = (estimators,) if isinstance(estimators, str) else tuple(estimators)
    unknown = [name for name in estimators if name not in ESTIMATORS]
    if unknown:
        raise ValueError(f"coverage knows the estimators {', '.join(ESTIMATORS)}, not {unknown[0]}")
    unknown = [name for name in truth if name not in inspect.signature(simulate_study).parameters or name == "seed"]
    if unknown:
        raise ValueError(f"simulate_study has no argument {unknown[0]}")
    simulate_study(**truth)  # a wrong value is found here, before the first fit
    seed = secrets.randbits(64) if seed is None else seed  # one for all estimators
    rows: dict[tuple[str, str], dict[str, float]] = {}
    failures: list[str] = []
    interrupted = False
    for name in estimators:
        found = replicate(
            ESTIMATORS[name](),
            estimates,
            replications,
            seed=seed,
            design=functools.partial(simulated, name, truth),
            chains=2,
            warmup=500,
            draws=500,
            workers=workers,
            executor=executor,
            progress=progress,
        )
        failures += [f"{name}, study {failure.replication}: {failure.reason}" for failure in found.failures]
        interrupted |= found.interrupted
        for coefficient in COEFFICIENTS if found.results else ():
            rows[name, coefficient] = summary(
                [estimate[coefficient] for estimate, _ in found.results], sum(count for _, count in found.results)
            )
        if interrupted:
            break
    if not rows:
        if interrupted:
            raise KeyboardInterrupt("interrupted before any study was finished")
        raise RuntimeError(f"coverage: no study could be fitted; {failures[0]}")
    frame = pd.DataFrame(rows.values(), index=pd.MultiIndex.from_tuples(rows, names=["estimator", "coefficient"]))
    frame.attrs |= {"failures": failures, "interrupted": interrupted, "seed": seed}
    return frame


def known_studies(name: str) -> "pd.DataFrame":
    """A table of `coverage` that took minutes to make, and is stored: "lecture", 200 studies of the lecture's size; or
    "large groups", 100 studies of 2,000 individuals in 30 groups, without mru. `frame.attrs["command"]` makes it again.
    """
    import json

    import pandas as pd

    stored = json.loads((BUNDLED / "coverage_studies.json").read_text(encoding="utf-8"))[name]
    rows = stored["table"]["rows"]
    index = pd.MultiIndex.from_tuples([tuple(row[:2]) for row in rows], names=["estimator", "coefficient"])
    frame = pd.DataFrame([row[2] for row in rows], index=index)
    frame.attrs |= stored["table"]["attrs"] | {"command": stored["command"]}
    return frame


def simulated(
    name: str, truth: dict[str, Any], rng: np.random.Generator, model: hmc.Model
) -> tuple[dict[str, Any], hmc.Model]:
    """The truth, and the estimator `name` of a study with these arguments. The same rng, the same study."""
    return {**TRUTH, **truth}, ESTIMATORS[name](*simulate_study(int(rng.integers(2**63)), **truth))


def estimates(
    truth: dict[str, float], fitted: hmc.Model, draws: NDArray[np.float64], stats: dict[str, NDArray[Any]]
) -> tuple[dict[str, Estimate], int]:
    """({coefficient: Estimate}, divergences) of a fit."""
    values = fitted.constrain(draws)
    return {name: estimate(values[name], truth[true]) for name, true in COEFFICIENTS.items()}, int(
        stats["diverging"].sum()
    )


def estimate(draws: NDArray[np.float64], truth: float) -> Estimate:
    """The `Estimate` of draws (chains, draws) of a coefficient."""
    lower, upper = np.quantile(draws, [(1 - PROB) / 2, (1 + PROB) / 2])
    return Estimate(truth, draws.mean(), draws.std(ddof=1), lower, upper)


def summary(found: Sequence[Estimate], divergences: int) -> dict[str, float]:
    """A row of the table, from the estimates of all studies."""
    truth, mean, sd, lower, upper = (np.array(column) for column in zip(*found, strict=True))
    n = len(found)
    error = mean - truth
    rmse = np.sqrt((error**2).mean())
    covered = ((lower <= truth) & (truth <= upper)).astype(float)
    return {
        "truth": truth[0],
        "mean": mean.mean(),
        "bias": error.mean(),
        "bias_se": standard_error(error),
        "rmse": rmse,
        "rmse_se": standard_error(error**2) / (2.0 * rmse),  # to first order
        "coverage": covered.mean(),
        "coverage_se": np.diff(wilson(covered.mean(), n))[0] / (2.0 * NORMAL_95),
        "width": (upper - lower).mean(),
        "sd": sd.mean(),
        "studies": n,
        "divergences": divergences,
    }


def standard_error(values: NDArray[np.float64]) -> float:
    """Of the mean of `values`."""
    return values.std(ddof=1) / np.sqrt(values.size) if values.size > 1 else np.nan


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95% interval (lower, upper) of a probability, of which `n` independent trials gave this share.

    It stays within 0 and 1, and has a width even where all trials or none succeeded. Wilson (1927), "Probable
    inference, the law of succession, and statistical inference".
    """
    z2 = NORMAL_95**2 / n
    centre = (share + 0.5 * z2) / (1.0 + z2)
    half = NORMAL_95 * np.sqrt(share * (1.0 - share) / n + 0.25 * z2 / n) / (1.0 + z2)
    return max(0.0, centre - half), min(1.0, centre + half)
