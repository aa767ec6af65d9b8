"""The figures of the lecture, by name: stills, films, and those of any fit.

`figures.draw("tanks", {"mST": fit})` returns a matplotlib Figure, and `figures.write_film("nuts_film", {}, path)`
writes a GIF. `names()` lists the stills, `films()` the films, and `of_any_fit()` the stills that take a model's name
after a colon, as in "ranks:mST". `needs(name)` lists the inputs of a figure: an input is a fit of the model of that
name, several fits for a model in SERIES, or an input of which `is_fit` is False. A figure is a function of its inputs,
in the module of its part of the lecture; it fits nothing itself. One line of `_STILLS`, `_FILMS` or `_OF_ANY_FIT` lists
it, and its docstring is its caption. matplotlib is imported at the first drawing.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "METRICS_OF", "OF_SAMPLER", "OTHER_INPUTS",
    "SERIES", "caption", "describe", "draw", "file_stem", "films", "home", "is_fit",
    "names", "needs", "of_any_fit", "options_of", "still", "write_film",
]  # fmt: skip


Need: TypeAlias = str | tuple[str, int]  # an input, or (model, place) for one fit of a series


class _Entry(NamedTuple):
    home: str  # the module
    needs: tuple[Need, ...]  # inputs, in the order of the function's arguments
    summary: str
    function: str = ""  # its name, if it is not the figure's
    still: str = ""  # of a film: the still that shows the same


# Models of which a figure needs several fits: the option and its values. The figure takes a list in their order.
SERIES = {
    "cafes": ("visits", tuple(range(21))),
    "mST_fixed": ("sigma", tuple(0.1 * 50.0 ** (k / 19) for k in range(20))),  # from 0.1 to 5, even in log(sigma)
    "schools": ("target_accept", (0.8, 0.9, 0.95, 0.99)),
    "schools_nc": ("target_accept", (0.8, 0.9, 0.95, 0.99)),
}
OF_SAMPLER = ("target_accept",)  # options in SERIES that are arguments of `hmc.sample`, and not of the model

# Inputs other than fits.
OTHER_INPUTS = {
    "coverage": "the table of models.coverage.coverage",
}
METRICS_OF = "other metrics of "  # before a model's name: a list of fits of it, each with another metric

_ESTIMATORS = ("m0", "mf", "mr", "mrx", "mru")
_STILLS = {
    "story_responses": _Entry("trolley", (), "mean response to each story, and the middle half of its responses"),
    "participant_responses": _Entry("trolley", (), "mean response of each participant, and the middle half"),
    "story_effects": _Entry("trolley", ("mRS",), "the effects of the stories in mRS, with intervals"),
    "cafes_sheet": _Entry("cafes.sheet", ("cafes",), "the population and five cafes, after more and more visits"),
    "learning_curves": _Entry("cafes.learning", (), "the error of a new cafe's estimate, with memory and without"),
    "raw_survival": _Entry("tadpoles.survival", (), "the proportion that survived in each tank"),
    "tank_priors": _Entry("tadpoles.survival", (), "the priors of a_bar and sigma, and what they imply for a tank"),
    "tanks": _Entry(
        "tadpoles.tanks",
        ("mST",),
        "survival in each tank: raw proportion, posterior mean and interval, and the population",
    ),
    "pooling": _Entry(
        "tadpoles.survival",
        (("mST_fixed", 0), ("mST_fixed", -1), "mST"),
        "the tanks by complete, no and partial pooling",
    ),
    "sigma_sweep": _Entry(
        "tadpoles.sweep", ("mST_fixed", "mST"), "scores against sigma, and the sigma that mST learns"
    ),
    "overfitting": _Entry(
        "tadpoles.overfitting",
        ("mST_fixed",),
        "fit to tanks seen and prediction of tanks unseen, by sigma",
    ),
    "superstitions": _Entry("tadpoles.superstitions", (), "random units, many units, a normal population: not needed"),
    "tanks_by_predation": _Entry("tadpoles.survival", ("mST",), "the tank plot of mST, with and without predators"),
    "shrinkage": _Entry("tadpoles.survival", ("mST",), "distance from raw proportion to estimate, by size of tank"),
    "predation_slope": _Entry("tadpoles.predictors", ("mSTP",), "prior and posterior of the effect of predators"),
    "predictions": _Entry("tadpoles.predictors", ("mST", "mSTP"), "survival by mST against mSTP, near the diagonal"),
    "spreads": _Entry("tadpoles.predictors", ("mST", "mSTP"), "sigma with and without predators in the model"),
    "slopes": _Entry("tadpoles.predictors", ("mSTD", "mSTG", "mSTPDG"), "the homework's slopes, with intervals"),
    "dag_tadpoles": _Entry("dags", (), "possible causes of the survival of tadpoles"),
    "dag_confounds": _Entry("dags", (), "how a group confounds the effect of X on Y"),
    "group_sizes": _Entry("confounds.effects", (), "how many individuals there are of each group"),
    "bxy": _Entry("confounds.effects", _ESTIMATORS, "the effect of X by five estimators, and the truth"),
    "bzy": _Entry("confounds.effects", _ESTIMATORS, "the effect of Z by five estimators, and the truth"),
    "intercepts": _Entry("confounds.groups", ("mf", "mr"), "the groups' intercepts by two estimators, and the truth"),
    "contrasts": _Entry("confounds.groups", _ESTIMATORS, "the effect of X on the chance of Y, group by group"),
    "coverage": _Entry("confounds.coverage", ("coverage",), "bias and coverage of the five estimators, over studies"),
    "closing_questions": _Entry(
        "confounds.coverage", (), "fixed effects? the mean of X? bias and coverage in small groups and in large ones"
    ),
    "mirror": _Entry(
        "confounds.mirror", ("mru_normal", "mru"), "two mirror modes, and the prior that leaves one of them"
    ),
    "cluster_effects": _Entry("trolley", ("mRXma2",), "varying intercepts of stories and of participants"),
    "leapfrog": _Entry("sampler.paths", (), "leapfrog paths with three step sizes, and their energy errors"),
    "static_paths": _Entry("sampler.paths", (), "static HMC with paths too short, about right, and too long"),
    "nuts_trajectory": _Entry("sampler.trajectory", (), "a NUTS trajectory: its doublings, its U-turn and its draw"),
    "nuts_tree": _Entry("sampler.tree", (), "the same NUTS trajectory as a binary tree"),
    "divergence": _Entry("sampler.paths", (), "a trajectory that diverges in the neck of a funnel"),
    "neck": _Entry("sampler.neck", (), "NUTS and WALNUTS entering the same neck of a funnel"),
    "warmup": _Entry("sampler.warmup", ("mST",), "step size and acceptance rate over warm-up"),
    "metric": _Entry("sampler.warmup", ("mST",), "the metric before and after warm-up, against the posterior"),
    "schools_neck": _Entry(
        "sampler.schools", (("schools", 0), ("schools_nc", 1)), "eight schools in the neck of a funnel, centred and not"
    ),
    "schools_traces": _Entry(
        "sampler.schools", (("schools", 0), ("schools_nc", 1)), "chains of eight schools that stick, and others"
    ),
    "schools_remedies": _Entry(
        "sampler.schools", ("schools", "schools_nc"), "what a higher target acceptance rate mends, and what it does not"
    ),
    "funnel": _Entry("sampler.funnel", ("mST", "mSTnc"), "tanks, where centred draws beat non-centred ones"),
}
_FILMS = {
    "cafes_film": _Entry(
        "cafes.film", ("cafes",), "the beliefs about five cafes, visit by visit", "cafes_animation",
        still="cafes_sheet",
    ),
    "sweep_film": _Entry(
        "tadpoles.sweep", ("mST_fixed",), "the tanks as sigma grows, and its score", "sigma_sweep_animation",
        still="sigma_sweep",
    ),
    "nuts_film": _Entry(
        "sampler.film", (), "NUTS transitions, leapfrog step by leapfrog step", "nuts_animation",
        still="nuts_trajectory",
    ),
}  # fmt: skip
_OF_ANY_FIT = {
    "traces": _Entry("convergence", (("MODEL", -1),), "draws, one after the other, of the quantities that mix worst"),
    "ranks": _Entry(
        "convergence",
        (("MODEL", -1),),
        "ranks of each chain's draws among those of all chains, of the quantities that mix worst",
    ),
    "energies": _Entry("convergence", (("MODEL", -1),), "energies, and their changes from draw to draw"),
    "centring": _Entry("centring", (("MODEL", -1),), "how much the data say of each varying effect"),
    "predictive": _Entry("predictive", (("MODEL", -1),), "the data, beside data that the fitted model predicts"),
    "metrics": _Entry(
        "sampler.metrics", (("MODEL", -1), f"{METRICS_OF}MODEL"), "the draws as each metric sees them, and its cost"
    ),
}


def names() -> list[str]:
    """The names of all stills of the lecture, in its order."""
    return list(_STILLS)


def films() -> list[str]:
    """The names of all films, in the order of the lecture."""
    return list(_FILMS)


def of_any_fit() -> list[str]:
    """The stills of a fit of any model; with the model's name after a colon, as in "traces:mST", one can be drawn."""
    return list(_OF_ANY_FIT)


def describe(name: str) -> str:
    """The still or film in one line; ValueError for an unknown name, here and in all functions below.

    A name of `of_any_fit()` may come without a model.
    """
    return _OF_ANY_FIT[name].summary if name in _OF_ANY_FIT else _entry(name).summary


def is_fit(name: str) -> bool:
    """Whether the input called `name` is a fit, or several, of the model of that name, and not another input."""
    return name not in OTHER_INPUTS and not name.startswith(METRICS_OF)


def needs(name: str) -> list[str]:
    """The names of the inputs that the still or film needs, such as models."""
    return list(dict.fromkeys(_input_of(need) for need in _entry(name).needs))


def still(name: str) -> str:
    """The name of the still that shows the same as the film `name`, for readers who prefer no motion."""
    if name not in _FILMS:
        raise ValueError(f"no film is called {name}; known: {', '.join(_FILMS)}")
    return _FILMS[name].still


def options_of(name: str) -> list[str]:
    """The names of the options that `draw` or `write_film` takes for this figure, such as `data`."""
    arguments = [argument for argument in inspect.signature(_function(name)).parameters if argument != "path"]
    return arguments[len(_entry(name).needs) :]


def caption(name: str) -> tuple[str, tuple[str, ...]]:
    """(title, paragraphs) of the still or film: what it shows and what it teaches, with `code` in backticks.

    They come from the docstring of its function. The title is the first line. The contract for callers is left out: all
    from the first paragraph that begins with an argument in backticks or names ValueError.
    """
    title, *paragraphs = (inspect.getdoc(_function(name)) or "").split("\n\n")
    contract = next((i for i, text in enumerate(paragraphs) if text.startswith("`") or "ValueError" in text), None)
    return title, tuple(" ".join(text.split()) for text in paragraphs[:contract])


def draw(name: str, inputs: Mapping[str, Any], **options: Any) -> Figure:
    """The still called `name`, a matplotlib Figure.

    `inputs`: a dict by name of the input: a fit, a list of fits for a model in SERIES, or as OTHER_INPUTS says. Other
    inputs are ignored. `options` are those of `options_of`. "traces:MODEL" and its like show the last of several fits.
    ValueError also for a film, an unknown option, a missing input, or one that does not fit the figure.
    """
    if name in _FILMS:
        raise ValueError(f"{name} is a film, which figures.write_film writes; the still {still(name)} shows the same")
    from figures.drawing.style import NoRoomError

    arguments = _arguments(name, inputs, options)
    try:
        return _function(name)(*arguments, **options)
    except NoRoomError as error:
        raise NoRoomError(f"{name}: {error}") from None


def write_film(name: str, inputs: Mapping[str, Any], path: str | Path, **options: Any) -> Path:
    """Write the film called `name` to `path` (.gif, or .mp4 where ffmpeg is), and return the path.

    Inputs, options and errors as for `draw`.
    """
    still(name)  # a film?
    return _function(name)(*_arguments(name, inputs, options), path=path, **options)


def home(name: str) -> str:
    """The name of the module that draws the still or film: "figures.tadpoles.tanks"."""
    return f"figures.{_entry(name).home}"


def file_stem(name: str) -> str:
    """The name of a file of the still or film, without its ending: valid on any file system."""
    _entry(name)
    return "".join(letter if letter.isalnum() or letter in "._" else "-" for letter in name)


def _entry(name: str) -> _Entry:
    kind, _, model = name.partition(":")
    if kind in _OF_ANY_FIT and model:
        entry = _OF_ANY_FIT[kind]
        needs = tuple(_of_model(need, model) for need in entry.needs)
        return entry._replace(needs=needs, summary=f"{model}: {entry.summary}", function=kind)
    if kind in _OF_ANY_FIT:
        raise ValueError(f"{name} is of a fit of any model: write {kind}:MODEL")
    if name not in _STILLS | _FILMS:
        close = difflib.get_close_matches(name, [*_STILLS, *_FILMS], n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        known = [*_STILLS, *_FILMS, *(f"{kind}:MODEL" for kind in _OF_ANY_FIT)]
        raise ValueError(f"no figure is called {name}; {hint}known: {', '.join(known)}")
    return (_STILLS | _FILMS)[name]


def _function(name: str) -> Callable[..., Any]:
    entry = _entry(name)
    return getattr(importlib.import_module(home(name)), entry.function or name)


def _of_model(need: Need, model: str) -> Need:
    """The need of a figure of any fit, for this model."""
    return need.replace("MODEL", model) if isinstance(need, str) else (need[0].replace("MODEL", model), need[1])


def _input_of(need: Need) -> str:
    return need if isinstance(need, str) else need[0]


def _arguments(name: str, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> list[Any]:
    """The inputs that the function takes, in their order. ValueError if one is missing, and for an unknown option."""
    for needed in needs(name):
        if needed not in inputs:
            raise ValueError(f"{name} needs {_in_words(needed)}; given: {', '.join(inputs) or 'none'}")
        if needed in SERIES and ":" not in name and not isinstance(inputs[needed], (list, tuple)):
            raise ValueError(f"{name} needs a list of fits of {needed}, one for each value of {SERIES[needed][0]}")
    known = options_of(name)
    unknown = [option for option in options if option not in known]
    if unknown:
        raise ValueError(f"{name} has no option {unknown[0]}; its options are {', '.join(known) or 'none'}")
    return [_chosen(inputs, need) for need in _entry(name).needs]


def _in_words(needed: str) -> str:
    if needed.startswith(METRICS_OF):
        return f"fits of {needed.removeprefix(METRICS_OF)} with other metrics"
    return OTHER_INPUTS.get(needed, f"a fit of {needed}")


def _chosen(inputs: Mapping[str, Any], need: Need) -> Any:
    """The input, or the fit at a place of its list; a single fit takes every place."""
    given = inputs[_input_of(need)]
    return given[need[1]] if isinstance(given, (list, tuple)) and not isinstance(need, str) else given
