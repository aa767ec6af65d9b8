"""Where a chain begins: its random generator, its orders, and a position that can be gone on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hmc.errors import InitializationError
from hmc.sampler import adaptation
from hmc.sampler.chain import NUTS, STATIC, WALNUTS, ChainState, MacroOrders, Orders
from hmc.sampler.macro_step import LeapfrogSteps
from hmc.sampler.metric import DENSE, DIAGONAL, KIND, LOW_RANK, Metric, identity
from hmc.sampler.phase_space import PhasePoint
from hmc.sampler.step_size import restart

if TYPE_CHECKING:
    from hmc.model import Model
    from hmc.settings import Settings

INITIAL_TRIES = 100
# WALNUTS is NUTS for this share of the warm-up: in a metric that knows nothing yet, macro steps cost far more gradients
# than they are worth.
NUTS_SHARE = 0.3
_ALGORITHMS = {"nuts": NUTS, "hmc": STATIC, "walnuts": WALNUTS}
# Where "auto" learns correlations, its metric is dense up to this dimension, and low-rank beyond. A dense one has all
# correlations, those that hide within the cutoff too; but its products grow with the square of the dimension, those of
# a low rank with its rank.
LARGEST_DENSE = 40
MOST_DIRECTIONS = 800  # that a low-rank metric is sought in: those of the latest 400 draws and their gradients


def chain_rng(settings: Settings, chain: int) -> np.random.Generator:
    """The random generator of chain number `chain`: its own, whatever the others do."""
    return np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=(chain,)))


def make_orders(settings: Settings, stop: NDArray[np.int64], progress: NDArray[np.int64]) -> Orders:
    """The chain's orders in numbers, for compiled code."""
    by_gradients = settings.adaptation == "gradients" and settings.metric != "unit"
    has_macro_steps = settings.algorithm == "walnuts"
    macro = MacroOrders(settings.tolerance, int(NUTS_SHARE * settings.warmup)) if has_macro_steps else LeapfrogSteps()
    return Orders(
        algorithm=_ALGORITHMS[settings.algorithm],
        max_depth=settings.max_depth,
        path_length=settings.path_length,
        target_accept=settings.target_accept,
        estimator=adaptation.DRAWS_AND_GRADIENTS if by_gradients else adaptation.VARIANCE_OF_DRAWS,
        plan=plan_of(settings),
        first_kept=0 if settings.keep_warmup else settings.warmup,
        until=settings.warmup + settings.draws,
        stop=stop,
        progress=progress,
        macro=macro,
    )


def plan_of(settings: Settings) -> NDArray[np.int64]:
    """The actions of adaptation after each warm-up transition."""
    warmup = settings.warmup
    by_gradients = settings.adaptation == "gradients"
    plan = adaptation.plan_gradients(warmup) if by_gradients else adaptation.plan_windows(warmup)
    if settings.metric == "unit":  # only the step size is learned, and nothing is taken from a first gradient
        return plan & adaptation.RESTART
    if by_gradients and settings.metric != "diag":
        action = adaptation.FIT_IF_WORTH if settings.metric == "auto" else adaptation.FIT
        return plan | adaptation.plan_fits(warmup, action)
    return plan


def first_metric(settings: Settings, dimension: int) -> Metric:
    """The unit metric, with room for the metric that may be learned."""
    if settings.adaptation == "windows":
        return identity(dimension, DENSE if settings.metric == "dense" else DIAGONAL)
    if settings.metric in ("diag", "unit"):
        return identity(dimension)
    is_dense = settings.metric == "dense" or (settings.metric == "auto" and dimension <= LARGEST_DENSE)
    metric = identity(dimension, DENSE if is_dense else LOW_RANK, min(dimension, MOST_DIRECTIONS))
    if settings.metric == "auto":  # until correlations are found to be worth it
        metric.form[KIND] = DIAGONAL
    return metric


def start(
    model: Model,
    density: tuple[Any, Any],
    settings: Settings,
    chain: int,
    rng: np.random.Generator,
    stop: NDArray[np.int64],
) -> ChainState:
    """The state a chain starts from: `initial` if given, else a point uniform in (-2, 2) that can be gone on from.

    InitializationError, with the last point tried, where none of 100 has a finite log density and gradient.
    """
    function, data = density
    dimension = model.dimension
    point = PhasePoint(*(np.zeros(dimension) for _ in PhasePoint._fields))
    given = None if settings.initial is None else np.asarray(settings.initial)[chain]
    for _ in range(INITIAL_TRIES if given is None else 1):
        point.position[:] = rng.uniform(-2.0, 2.0, dimension) if given is None else given
        log_density = float(function(point.position, data, point.gradient))
        if stop[0] != 0:
            raise KeyboardInterrupt
        if np.isfinite(log_density) and np.isfinite(point.gradient).all():
            covariances = settings.metric == "dense" and settings.adaptation == "windows"
            moments = adaptation.make_moments(dimension, covariances, adaptation.most_kept(plan_of(settings)))
            return ChainState(0, log_density, restart(1.0), point, first_metric(settings, dimension), moments)
    raise InitializationError(_no_start(model, point, log_density, given is not None))


def _no_start(model: Model, point: PhasePoint, log_density: float, given: bool) -> str:
    """The message: where it was tried, what was found there, and which gradient component was at fault."""
    values = ", ".join(_brief(name, value) for name, value in model.constrain(point.position).items())
    where = "at the initial point given" if given else f"in {INITIAL_TRIES} tries; last"
    message = (
        f"{model.name}: no starting point with a finite log density {where}: {values}, log density = {log_density}"
    )
    if model.n_raised > 0:
        message += f"; log_density raises {model.last_raised()}"
    if np.isfinite(log_density):
        component = int(np.flatnonzero(~np.isfinite(point.gradient))[0])
        message += f", gradient[{component}] = {point.gradient[component]}"
    return message


def _brief(name: str, value: np.ndarray) -> str:
    flat = np.ravel(value)
    return f"{name} = {', '.join(f'{v:.2g}' for v in flat[:3])}{', ...' if flat.size > 3 else ''}"
