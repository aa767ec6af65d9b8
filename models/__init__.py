"""The models of the lecture, under their lecture names.

`models.mST()` is a model; `models.names()` lists them all, `models.build("mST", ...)` builds one by name,
`models.describe("mST")` describes it, and `models.exact_posterior("mST")` gives its exact posterior. A model is
listed by one line of `_ENTRIES`; its formula is the indented part of its factory's docstring, and nowhere else.
"""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import hmc
from hmc.errors import did_you_mean
from models.cafes import cafes
from models.confounds import m0, mf, mr, mru, mru_normal, mrx
from models.exact import exact_posterior
from models.reedfrogs import mST, mST_fixed, mSTD, mSTG, mSTnc, mSTnomem, mSTP, mSTPDG, mSTPnc
from models.schools import schools, schools_nc
from models.trolley import SOURCE, mRS, mRXma, mRXma2

__all__ = [
    "build",
    "cafes",
    "counterexamples",
    "data_of",
    "describe",
    "exact_posterior",
    "example_options",
    "formula",
    "m0",
    "mRS",
    "mRXma",
    "mRXma2",
    "mST",
    "mSTD",
    "mSTG",
    "mSTP",
    "mSTPDG",
    "mSTPnc",
    "mST_fixed",
    "mSTnc",
    "mSTnomem",
    "mf",
    "mr",
    "mru",
    "mru_normal",
    "mrx",
    "names",
    "sampling",
    "schools",
    "schools_nc",
]


class Description(NamedTuple):
    """A model in words and numbers, to read before running it."""

    name: str
    summary: str  # one sentence
    formula: str  # several lines
    data: str  # the bundled data
    options: tuple[str, ...]  # names of the options that `build` takes
    dimension: int  # with the bundled data


class _Listed(NamedTuple):
    factory: Callable[..., hmc.Model]
    data: str
    required: dict[str, Any]  # an example of every option that has no default
    sampling: Mapping[str, Any] = MappingProxyType({})  # settings of `hmc.sample` other than its defaults


_STORIES = "trolley_counts: 9,930 responses to 12 stories, as 84 counts"
_CAFES = "cafes: 20 waiting times at 5 cafes"
_FROGS = "reedfrogs: tadpoles that survived, in 48 tanks"
_CONFOUNDS = "confounds: 200 individuals in 30 groups, simulated as in the lecture, with another seed than the slides"
_SIMULATED = f"simulated trolley study, by default of 60 participants; for the real one: --data Trolley.csv; {SOURCE}"
_ENTRIES = {
    "mRS": _Listed(mRS, _STORIES, {}),
    # Few waits leave sigma near 0 possible, and z uncertain: at 0.8 some numbers of visits have divergences.
    "cafes": _Listed(cafes, _CAFES, {}, {"target_accept": 0.95}),
    "mST": _Listed(mST, _FROGS, {}),
    "mSTnomem": _Listed(mSTnomem, _FROGS, {}),
    "mST_fixed": _Listed(mST_fixed, _FROGS, {"sigma": 1.0}),
    "mSTnc": _Listed(mSTnc, _FROGS, {}),
    "mSTP": _Listed(mSTP, _FROGS, {}),
    "mSTPnc": _Listed(mSTPnc, _FROGS, {}),
    "mSTD": _Listed(mSTD, _FROGS, {}),
    "mSTG": _Listed(mSTG, _FROGS, {}),
    "mSTPDG": _Listed(mSTPDG, _FROGS, {}),
    "m0": _Listed(m0, _CONFOUNDS, {}),
    "mf": _Listed(mf, _CONFOUNDS, {}),
    "mr": _Listed(mr, _CONFOUNDS, {}),
    "mrx": _Listed(mrx, _CONFOUNDS, {}),
    "mru": _Listed(mru, _CONFOUNDS, {}),
    "mRXma": _Listed(mRXma, _SIMULATED, {}),
    "mRXma2": _Listed(mRXma2, _SIMULATED, {}),
}
_SCHOOLS = "eight schools: estimates of one effect, with their standard errors (Rubin 1981)"
_COUNTEREXAMPLES = {
    "schools": _Listed(schools, _SCHOOLS, {}),
    "schools_nc": _Listed(schools_nc, _SCHOOLS, {}, {"target_accept": 0.9}),
    "mru_normal": _Listed(mru_normal, _CONFOUNDS, {}),
}
_EVERY = {**_ENTRIES, **_COUNTEREXAMPLES}


def names() -> list[str]:
    """The names of all models, in the order of the lecture."""
    return list(_ENTRIES)


def counterexamples() -> list[str]:
    """The names of further models, which show how models fail, and what mends them. `build`, `describe`, `data_of` and
    `sampling` know them too.
    """
    return list(_COUNTEREXAMPLES)


def build(name: str, /, **options: Any) -> hmc.Model:
    """The model called `name`; `options` are the arguments of its factory, such as `data` or `sigma`.

    Raises ValueError for an unknown name, an unknown option, or one that is needed and not given.
    """
    factory = _entry(name).factory
    known = inspect.signature(factory).parameters
    unknown = [option for option in options if option not in known]
    if unknown:
        raise ValueError(f"{name} has no option {unknown[0]}; its options are {', '.join(known)}")
    missing = [option for option in _entry(name).required if option not in options]
    if missing:
        raise ValueError(f"{name} needs the option {missing[0]}")
    return factory(**options)


def example_options(name: str) -> dict[str, Any]:
    """An example of every option that the model called `name` needs: {"sigma": 1.0}, or none; ValueError likewise."""
    return dict(_entry(name).required)


def describe(name: str) -> Description:
    """The `Description` of the model called `name`; ValueError for an unknown name."""
    entry = _entry(name)
    options = tuple(inspect.signature(entry.factory).parameters)
    dimension = build(name, **entry.required).dimension
    return Description(name, _lines(name)[0], formula(name), entry.data, options, dimension)


def formula(name: str) -> str:
    """The formula of the model called `name`, several lines; ValueError for an unknown name."""
    return "\n".join(line.strip() for line in _lines(name) if line.startswith("    "))


def data_of(name: str) -> str:
    """The data that the model called `name` has by default, in words; ValueError for an unknown name."""
    return _entry(name).data


def sampling(name: str) -> dict[str, Any]:
    """The settings with which the model called `name` is to be sampled, where they differ from the defaults of
    `hmc.sample`: `hmc.sample(models.cafes(), **models.sampling("cafes"))`. The lecture and the command line use them.
    It is empty for a model of another name.
    """
    listed = _EVERY.get(name)
    return dict(listed.sampling) if listed else {}


def _lines(name: str) -> list[str]:
    return (inspect.getdoc(_entry(name).factory) or "").splitlines()


def _entry(name: str) -> _Listed:
    if name in _EVERY:
        return _EVERY[name]
    raise ValueError(f"no model is called {name}; {did_you_mean(name, _EVERY)}known: {', '.join(_ENTRIES)}")


if not TYPE_CHECKING:  # to a type checker, a module with this function has every attribute

    def __getattr__(name: str) -> Any:
        raise AttributeError(
            f"module 'models' has no attribute {name!r}; {did_you_mean(name, _ENTRIES)}see models.names()"
        )
