"""Data that a model predicts: replicates of what was observed, given draws of the posterior or of the prior."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from hmc.author_errors import told_with_line
from hmc.display import NamedArrays
from hmc.model import check_has, check_model
from hmc.model_data import copied
from hmc.results.derived import derived_draws
from hmc.settings import check_whole
from hmc.unmasked import unmasked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hmc.model import Model

# Streams of a seed, apart from those of chains (chain,) and of replications (number, 0) and (number, 1).
_POSTERIOR, _PRIOR = 2, 3
_SEED = 12


class PriorPredictive(NamedTuple):
    """Draws of a model before it has seen data. Arrays are (draws, ...)."""

    prior: dict[str, NDArray[Any]]  # parameters on the constrained scale, and derived quantities
    predictive: dict[str, NDArray[Any]]  # what would be observed, given each draw

    def __repr__(self) -> str:
        draws = len(next(iter(self.prior.values()), ()))
        prior, predictive = ", ".join(self.prior), ", ".join(self.predictive)
        return f"<PriorPredictive of {draws} draws; prior: {prior}; predictive: {predictive}>"


def prior_predictive(model: Model, draws: int = 1000, seed: int = _SEED) -> PriorPredictive:
    """Draws from a model's prior, each with the data that it predicts: `PriorPredictive`.

    Position by `simulate`, data by `simulate_data`, named as by `Fit.predict`. The same seed gives the same draws; more
    draws begin with the same ones. ValueError, which names the model, for a model that lacks one of the two functions,
    or whose function fails.
    """
    check_whole("draws", draws, least=1)
    _check_seed(seed)
    check_model(model, "hmc.prior_predictive")
    check_has(model, "simulate", "simulate_data", need="predictive draws need")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, _PRIOR)))
    draw_data = model.data_drawer(draws)
    positions, drawn = np.empty((draws, model.dimension)), []
    for i in range(draws):
        positions[i] = _simulated(model, rng)
        drawn.append(_data(model, draw_data, positions[i], rng))
    rows = positions[None]
    prior = model.constrain(rows) | derived_draws(model, rows)
    named = ((name, values[0]) for name, values in prior.items())
    return PriorPredictive(NamedArrays(named), NamedArrays(_stacked(model, drawn)))


def posterior_predictive(
    model: Model, positions: NDArray[np.float64], chains: Iterable[int], seed: int
) -> dict[str, NDArray[Any]]:
    """Replicated data {name: (chains, draws, ...)} of unconstrained positions (chains, draws, dimension).

    `chains`: their numbers. A chain's data do not depend on how many others there are. Else as `Fit.predict`.
    """
    check_has(model, "simulate_data", need="predictive draws need")
    _check_seed(seed)
    draw_data, drawn = model.data_drawer(positions.shape[0] * positions.shape[1]), []
    for chain, rows in zip(chains, positions, strict=True):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(chain, _POSTERIOR)))
        drawn += [_data(model, draw_data, row, rng) for row in rows]
    values = _stacked(model, drawn)
    return NamedArrays((name, array.reshape(*positions.shape[:2], *array.shape[1:])) for name, array in values.items())


def outcome_of(model: Model, data: Any) -> dict[str, NDArray[Any]]:
    """The observations in these data: by the model's `outcome`, or all their fields."""
    if model.outcome is None:
        return {name: np.asarray(unmasked(f"{model.name}: {name}", value)) for name, value in data._asdict().items()}
    outcome = _called(model, "outcome", data)
    if not isinstance(outcome, Mapping):
        raise ValueError(f"{model.name}: outcome gives a {type(outcome).__name__}, not a dict of arrays by name")
    return {name: np.asarray(unmasked(f"{model.name}: {name}", value)) for name, value in outcome.items()}


def _check_seed(seed: Any) -> None:
    if seed is not None:
        check_whole("seed", seed, least=0)


def _called(model: Model, role: str, *arguments: Any) -> Any:
    try:
        with np.errstate(all="ignore"):
            return getattr(model, role)(*arguments)
    except Exception as error:  # whatever the author's function does wrong
        raise ValueError(f"{model.name}: {role} fails: {told_with_line(error, getattr(model, role))}") from None


def _simulated(model: Model, rng: np.random.Generator) -> NDArray[np.float64]:
    """A position drawn from the prior."""
    given = _called(model, "simulate", rng, copied(model.data))
    try:
        position = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{model.name}: simulate gives {given!r}, not a position") from None
    if position.shape != (model.dimension,) or not np.isfinite(position).all():
        raise ValueError(f"{model.name}: simulate gives {given!r}, not {model.dimension} finite numbers")
    return position


def _data(
    model: Model, draw_data: Any, position: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """The observations in data drawn given a position."""
    try:
        with np.errstate(all="ignore"):
            data = draw_data(position, rng)
    except Exception as error:
        values = ", ".join(f"{name} = {value}" for name, value in model.constrain(position).items() if value.ndim == 0)
        said = told_with_line(error, model.simulate_data)
        raise ValueError(f"{model.name}: simulate_data fails at {values or position}: {said}") from None
    if getattr(data, "_fields", None) != model.data._fields:
        wanted = type(model.data).__name__
        raise ValueError(f"{model.name}: simulate_data gives a {type(data).__name__}, not a {wanted} as the data are")
    return outcome_of(model, data)


def _stacked(model: Model, drawn: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """{name: (draws, ...)}; without `outcome`, of the fields that differ from the model's own in some draw."""
    stacked: dict[str, NDArray[Any]] = {}
    own = outcome_of(model, model.data)
    for name in drawn[0]:
        values = [data[name] for data in drawn]
        if any(value.shape != values[0].shape for value in values):
            shapes = " and ".join(map(str, sorted({value.shape for value in values})[:2]))
            raise ValueError(f"{model.name}: simulate_data gives {name} of the shapes {shapes}")
        is_drawn = model.outcome is not None or any(not np.array_equal(value, own[name]) for value in values)
        if is_drawn and values[0].dtype != object:
            stacked[name] = np.stack(values)
    return stacked
