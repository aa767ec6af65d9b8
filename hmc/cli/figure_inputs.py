"""The plan of `hmc figures`: which models to fit to which data, the inputs of each figure, and its files.

Wrong names and options are found here, before anything is sampled.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import figures
import models
from hmc.cli.model_argument import build, parsed_settings
from hmc.cli.shared import OF_RUNS, OF_SAMPLING

OF_DATA = ("data", "individuals", "groups")  # options of models that their figures take as well
OF_TOYS = ("seed", "step_size")  # of figures of the sampler at work, which need no fit
STUDIES = 20  # simulated, for the figure of coverage


class Inputs(NamedTuple):
    """The models to fit, and the figures to draw."""

    models: dict[str, Any]  # {name: a hmc.Model, or a list of them for a model whose figures need several fits}
    others: tuple[str, ...]  # names of the further inputs; see `figures.is_fit`
    options: dict[str, dict[str, Any]]  # {name of the still or film: {its options}}

    @property
    def uses(self) -> tuple[str, ...]:
        """Names of the sampling options on which the figures depend."""
        of_toys = {option for options in self.options.values() for option in options if option in OF_TOYS}
        if self.models:
            return (*OF_SAMPLING, *of_toys)
        return ("seed", *OF_RUNS, *of_toys) if self.others else tuple(of_toys)

    @property
    def varied(self) -> list[str]:
        """Names of the models, if they are all shown at several values of an option of the sampler."""
        are_varied = [isinstance(model, list) and _is_of_sampler(name) for name, model in self.models.items()]
        return list(self.models) if self.models and all(are_varied) else []

    @property
    def stills(self) -> list[str]:
        """Names of the figures that are not films."""
        return [name for name in self.options if name not in figures.films()]


def plan(
    names: Sequence[str],
    *,
    data: str | None = None,
    settings: Sequence[str] = (),
    of_toys: Mapping[str, Any] = MappingProxyType({}),
) -> Inputs:
    """The `Inputs` of these stills and films; none are all.

    `data` and `settings`: a path, and texts NAME=VALUE, which go to the models and figures that have such an option.
    `of_toys`: values of OF_TOYS, for the figures that have them. ValueError for an unknown figure, model or option, and
    for an option that none of them takes.
    """
    chosen = list(dict.fromkeys(names or [*figures.names(), *figures.films()]))
    needed = {name: figures.needs(name) for name in chosen}
    given = parsed_settings(settings) | ({} if data is None else {"data": data})
    if given and not names:
        raise ValueError("--data and --set need names of figures, since parts of the lecture have different data")
    inputs = dict.fromkeys(name for needs in needed.values() for name in needs)
    of_lecture = {name for figure, needs in needed.items() if ":" not in figure for name in needs}
    several = of_lecture & set(figures.SERIES)
    taken = {name: _taken(name, given, several) for name in inputs if figures.is_fit(name)}
    options = {name: _of_figure(name, given, of_toys) for name in chosen}
    unused = [o for o in given if not any(o in takes for takes in [*taken.values(), *options.values()])]
    if unused:
        text = "--data" if unused[0] == "data" else f"--set {unused[0]}"
        raise ValueError(f"{text}: nothing in {', '.join(chosen)} has an option {unused[0]}")
    others = tuple(name for name in inputs if not figures.is_fit(name))
    return Inputs({name: _built(name, takes, settings, several) for name, takes in taken.items()}, others, options)


def _of_figure(name: str, given: Mapping[str, Any], of_toys: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a figure, of those that are given."""
    known = figures.options_of(name)
    of_data = {option: given[option] for option in known if option in OF_DATA and option in given}
    return of_data | {option: value for option, value in of_toys.items() if option in known}


def _is_of_sampler(name: str) -> bool:
    """Whether fits of this model differ by an option of the sampler."""
    return figures.SERIES.get(name, ("", ()))[0] in figures.OF_SAMPLER


def of_sampler(name: str, number: int) -> list[dict[str, Any]]:
    """For each of so many fits of the model called `name`, the arguments of `hmc.sample` that its series sets."""
    option, values = figures.SERIES.get(name, ("", ()))
    is_series = _is_of_sampler(name) and number == len(values)
    return [{option: value} for value in values] if is_series else [{}] * number


def other_input(
    name: str, fits: dict[str, Any], *, seed: int, workers: int | None, executor: Any = None, **sampling: Any
) -> Any:
    """The input `name`, of which `figures.is_fit` is False; other metrics need the fit that is done.

    `sampling`: further arguments of `hmc.sample`, for other metrics. Studies have settings of their own; a warning
    names those that fail. KeyboardInterrupt where they are interrupted.
    """
    if name == "coverage":
        return _studies(seed, workers, executor)
    fit = fits[name.removeprefix(figures.METRICS_OF)]
    sampling |= {"seed": seed, "workers": workers, "executor": executor}
    return _other_metrics(fit[-1] if isinstance(fit, list) else fit, **sampling)


def written(name: str, inputs: dict[str, Any], folder: str, formats: Sequence[str], **options: Any) -> list[Any]:
    """Draw a still in each of these formats, or a film, into a folder; the paths. ValueError where that fails."""
    from figures.drawing.film import has_ffmpeg
    from figures.drawing.style import save

    stem = Path(folder) / figures.file_stem(name)
    if name in figures.films():
        endings = (".gif", ".mp4") if has_ffmpeg() else (".gif",)
        return [figures.write_film(name, inputs, f"{stem}{ending}", **options) for ending in endings]
    figure = figures.draw(name, inputs, **options)
    return [save(figure, f"{stem}.{ending}") for ending in dict.fromkeys(formats)]


def _other_metrics(fit: Any, *, metric: str, **sampling: Any) -> list[Any]:
    """Fits of the same model with every metric that the adaptation knows but `metric`, which is the fit's own."""
    import hmc
    from hmc.settings import METRICS

    known = [name for name in METRICS if (name, sampling["adaptation"]) != ("low_rank", "windows")]
    return [hmc.sample(fit.model, metric=name, **sampling) for name in known if name != metric]


def _studies(seed: int, workers: int | None, executor: Any) -> Any:
    from models.coverage import coverage

    table = coverage(STUDIES, seed=seed, workers=workers, executor=executor)
    if table.attrs["interrupted"]:
        raise KeyboardInterrupt("interrupted between studies")
    for failure in table.attrs["failures"]:
        warnings.warn(f"coverage: {failure}", stacklevel=3)
    return table


def _taken(model: str, given: dict[str, Any], several: set[str]) -> dict[str, Any]:
    """The options in `given` that the model takes; a model of an author takes all."""
    taken = given if ":" in model else {o: v for o, v in given.items() if o in models.describe(model).options}
    if model in several and figures.SERIES[model][0] in taken:
        option = figures.SERIES[model][0]
        raise ValueError(f"--set {option}: the figures show {model} at values of {option} of their own")
    return taken


def _built(model: str, taken: dict[str, Any], settings: Iterable[str], several: set[str]) -> Any:
    """The model, or all models of a series, with the options that it takes."""
    texts = [text for text in settings if text.partition("=")[0] in taken]
    if model not in several:
        return build(model, taken.get("data"), texts)
    option, values = figures.SERIES[model]
    if option in figures.OF_SAMPLER:
        return [build(model, taken.get("data"), texts) for _ in values]
    return [build(model, taken.get("data"), [*texts, f"{option}={value!r}"]) for value in values]
