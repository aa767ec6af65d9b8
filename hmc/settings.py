"""The settings of a run: what `hmc.sample` was asked for, checked, and kept with the fit."""

import math
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

MOST_CHAINS = 100_000  # far beyond, a wrong number would keep the machine busy for long before anything is said
ALGORITHMS = ("nuts", "walnuts", "hmc")
METRICS = ("auto", "diag", "dense", "low_rank", "unit")
ADAPTATIONS = ("gradients", "windows")

# A quarter of the period of whitened normal dynamics: the end of the path knows nothing of its start.
QUARTER_PERIOD = math.pi / 2

# Of the energies along a macro step of WALNUTS: a single leapfrog step rarely exceeds it where NUTS does well.
TOLERANCE = 3.0


class Settings(NamedTuple):
    """All that draws depend on, besides model and data; the defaults are those of `hmc.sample`."""

    chains: int = 4
    warmup: int = 400
    draws: int = 1000
    seed: int = 12
    target_accept: float = 0.8
    max_depth: int = 10
    algorithm: str = "nuts"
    path_length: Any = None  # a number, once it is checked
    tolerance: Any = None  # likewise
    metric: str = "auto"
    adaptation: str = "gradients"
    initial: Any = None  # kept as given
    keep_warmup: bool = False


def check_settings(**given: Any) -> Settings:
    """`Settings` from the arguments of `hmc.sample`; ValueError names the first that is wrong, and its value."""
    settings = Settings(**given)
    check_whole("chains", settings.chains, least=1, most=MOST_CHAINS)
    check_whole("warmup", settings.warmup, least=0)
    check_whole("draws", settings.draws, least=1)
    check_whole("max_depth", settings.max_depth, least=1, most=20)
    if settings.seed is not None:
        check_whole("seed", settings.seed, least=0)
    for name, known in (("algorithm", ALGORITHMS), ("metric", METRICS), ("adaptation", ADAPTATIONS)):
        if getattr(settings, name) not in known:
            raise ValueError(f"{name} = {getattr(settings, name)!r} is none of {', '.join(known)}")
    if settings.metric == "low_rank" and settings.adaptation == "windows":
        raise ValueError(
            'metric = "low_rank" is fitted to draws and gradients: adaptation = "windows" knows no gradients'
        )
    _number("target_accept", settings.target_accept, 0.0, 1.0)
    if settings.path_length is None:
        settings = settings._replace(path_length=QUARTER_PERIOD)
    elif settings.algorithm != "hmc":
        raise ValueError(f'path_length is for algorithm="hmc"; {settings.algorithm.upper()} finds its own')
    _number("path_length", settings.path_length, 0.0, math.inf)
    if settings.tolerance is None:
        settings = settings._replace(tolerance=TOLERANCE)
    elif settings.algorithm != "walnuts":
        raise ValueError(f'tolerance = {settings.tolerance!r} is for algorithm="walnuts", whose steps adapt to it')
    _number("tolerance", settings.tolerance, 0.0, math.inf)
    if not isinstance(settings.keep_warmup, (bool, np.bool_)):
        raise ValueError(f"keep_warmup = {settings.keep_warmup!r} is neither True nor False")
    seed = secrets.randbits(64) if settings.seed is None else int(settings.seed)
    whole: dict[str, Any] = {name: int(getattr(settings, name)) for name in ("chains", "warmup", "draws", "max_depth")}
    reals = ("target_accept", "path_length", "tolerance")
    floats: dict[str, Any] = {name: float(getattr(settings, name)) for name in reals}
    return settings._replace(seed=seed, keep_warmup=bool(settings.keep_warmup), **whole, **floats)


def settings_of(kept: Mapping[str, Any]) -> Settings:
    """The `Settings` in `fit.settings`, which has other facts of the run besides."""
    return Settings(**{name: kept[name] for name in Settings._fields})


def is_whole(value: object) -> bool:
    """Whether a value is a whole number, Python's or NumPy's; True and False are none."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """The value as an int; ValueError, with name and value, if this is not a whole number from `least` to `most`."""
    if not is_whole(value) or value < least or (most is not None and value > most):
        range_in_words = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} = {value!r} is not a whole number {range_in_words}")
    return int(value)


def _number(name: str, value: Any, above: float, below: float) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, np.integer, np.floating))
        or not above < value < below
    ):
        raise ValueError(f"{name} = {value!r} is not a number between {above:g} and {below:g}")
