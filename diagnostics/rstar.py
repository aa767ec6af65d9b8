"""R*: can a classifier tell which chain a draw is from?

Chains that have converged are alike, so that no classifier does better than chance: R* is 1. It looks at all
parameters together, so it sees what no Rhat of one parameter does, such as chains of different correlations.

Lambert & Vehtari (2022), "R*: A robust MCMC convergence diagnostic with uncertainty using decision tree classifiers",
Bayesian Analysis 17(2). The defaults are those of R's posterior 1.7; its classifiers are R's, so that numbers agree in
distribution only. Needs scikit-learn (`pip install -e '.[rstar]'`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import as_draws, pooled
from .protocols import Floats, Ints
from .rank import average_ranks, split_chains

METHODS = ("rf", "gbm")


def rstar(
    x: ArrayLike, method: Any = "rf", *, split: bool = True, training_proportion: float = 0.7, seed: int = 12
) -> float:
    """R* of draws (chains, draws, ...): the share of draws whose chain is told right, over that of guesses.

    1 where chains are alike; at most the number of chains, halves counted as chains of their own.

    method      "rf", a random forest, better from about four parameters on; "gbm", gradient-boosted trees, better for
                fewer; or any classifier of scikit-learn, for other settings
    split       whether each chain counts as two, so that a chain that drifts is noticed
    training_proportion     the share of draws that the classifier learns from; it is judged by the others
    seed        of the choice of these draws and of "rf" and "gbm": the same seed gives the same number

    The number varies with the seed, by about sqrt((chains - 1) / draws that are judged): see `rstar_distribution`.
    The classifier is given ranks of the draws, so that the unit of a parameter does not matter. Draws that follow each
    other are alike, so that autocorrelated chains give more than 1: thin them first. NaN where a
    draw is not finite. ImportError without scikit-learn; ValueError for a single chain that is not split, fewer than 4
    draws of a chain, or an unknown method.
    """
    x = as_draws(x)
    _check(x, method, split, training_proportion)
    if not np.isfinite(x).all():
        return float("nan")
    fitted, tested, labels = _trained(x, method, split, training_proportion, np.random.default_rng(seed))
    return float((fitted.predict(tested) == labels).mean() * len(np.unique(labels)))


def rstar_distribution(
    x: ArrayLike,
    method: Any = "rf",
    *,
    split: bool = True,
    training_proportion: float = 0.7,
    nsimulations: int = 1000,
    seed: int = 12,
) -> Floats:
    """How sure R* is: values (nsimulations,), where chains are guessed with the probabilities of the classifier.

    Those of chains that are alike lie around 1. The arguments are those of `rstar`; this is posterior's
    `rstar(uncertainty = TRUE)`, whose mean is mostly lower than `rstar`. All NaN where a draw is not finite.
    """
    x = as_draws(x)
    _check(x, method, split, training_proportion)
    if nsimulations < 1:
        raise ValueError(f"nsimulations = {nsimulations} is not 1 or more")
    if not np.isfinite(x).all():
        return np.full(nsimulations, np.nan)
    rng = np.random.default_rng(seed)
    fitted, tested, labels = _trained(x, method, split, training_proportion, rng)
    of_class = dict(zip(fitted.classes_.tolist(), fitted.predict_proba(tested).T, strict=True))
    # A guess is right with the probability of the draw's own chain; 0 if the classifier never saw that chain.
    right = np.array([of_class[label][i] if label in of_class else 0.0 for i, label in enumerate(labels.tolist())])
    return np.array([(rng.random(len(right)) < right).mean() for _ in range(nsimulations)]) * len(np.unique(labels))


def _check(x: Floats, method: Any, split: bool, training_proportion: float) -> None:
    """ValueError for what gives no R*."""
    if isinstance(method, str) and method not in METHODS:
        raise ValueError(f"R* has the methods {' and '.join(METHODS)}, or a classifier of scikit-learn, not {method!r}")
    if not 0 < training_proportion < 1:
        raise ValueError(f"training_proportion = {training_proportion} is not between 0 and 1")
    if len(x) == 1 and not split:
        raise ValueError("R* of a single chain needs split=True")
    if x.shape[1] < 4:
        raise ValueError(f"R* needs 4 draws of each chain, not {x.shape[1]}")


def _trained(
    x: Floats, method: Any, split: bool, training_proportion: float, rng: np.random.Generator
) -> tuple[Any, Floats, Ints]:
    """A classifier that has learned, the draws (draws, parameters) it is to be judged by, and their chains."""
    x = split_chains(x) if split else x
    # Ranks: scikit-learn's trees have single precision, in which 1e300 is infinite, and 1e8 and 1e8 + 1 are the same.
    draws = pooled(average_ranks(x)).reshape(x.shape[0] * x.shape[1], -1)
    if draws.shape[1] == 1:  # as posterior: a forest needs a choice
        draws = np.hstack([draws, rng.standard_normal((len(draws), 1))])
    labels = np.repeat(np.arange(len(x)), x.shape[1])
    order = rng.permutation(len(draws))
    learned, judged = np.split(order, [int(training_proportion * len(draws))])
    fitted = _classifier(method, int(rng.integers(2**31))).fit(draws[learned], labels[learned])
    return fitted, draws[judged], labels[judged]


def _classifier(method: Any, seed: int) -> Any:
    """An untrained classifier; ImportError where scikit-learn is missing."""
    try:
        from sklearn.base import clone
        from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    except ImportError:
        raise ImportError("R* needs scikit-learn: pip install -e '.[rstar]'") from None
    if method == "rf":  # R's randomForest: 500 trees that are grown in full, of sqrt(parameters) at each split
        return RandomForestClassifier(500, max_features="sqrt", random_state=seed)
    if method == "gbm":  # of caret's gbm, by posterior: depth 3, 50 trees, shrinkage 0.1, leaves of 10, half the draws
        trees = {"n_estimators": 50, "learning_rate": 0.1, "max_depth": 3, "min_samples_leaf": 10, "subsample": 0.5}
        return GradientBoostingClassifier(**trees, random_state=seed)
    return clone(method)
