"""The lecture as items: what each is made from, and so which are made first.

A worker makes an `Item` by its task (see `figures.lecture.work.tasks`). Its key is a hash of all that its content
depends on: the code it runs, its arguments, the data, the versions of the libraries, and the keys of the items that it
reads. Equal keys, equal content.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import figures
import models
from figures import claims
from figures.lecture import contents, explorables
from figures.lecture.tables import TABLES
from figures.lecture.work import sources, tasks
from figures.lecture.work.loading import Stored
from models.coverage import ESTIMATORS

LIBRARIES = ("matplotlib", "numba", "numpy", "pandas", "pillow", "scipy")
SHOWS_TROLLEY_FILE = ("mRXma", "mRXma2", "participant_responses")  # the published file, if it is given

CLAIMS = (
    "figures.claims",
    "figures.claims.common",
    *(f"figures.claims.{room}" for room in claims.ROOMS if room != "lecture"),
)
OF_PICTURES = (*CLAIMS, "figures.drawing.small", "figures.drawing.film")
# The code that each kind of item runs, besides the module of its model or figure.
CODE: dict[str, tuple[str, ...]] = {
    "fit": ("hmc.sampling", "hmc.model"),
    "refit": ("hmc.sampling", "hmc.model", "diagnostics.loo_refit"),
    "study": ("models.coverage",),
    "card": ("diagnostics.verdict", "figures.lecture.tables", "figures.lecture.tables.estimates"),
    "table": ("figures.lecture.tables",),
    "figure": OF_PICTURES,
    "plot": OF_PICTURES,
    "film": OF_PICTURES,
    "module": ("hmc.web", "figures.lecture.explorables"),
}


class Request(NamedTuple):
    """The arguments of a run of the lecture."""

    seed: int
    trolley: str | None  # path of the published file
    replications: int  # studies of the coverage
    explorables: bool  # whether some figures can be played with
    sampling: dict[str, Any]  # further arguments of `hmc.sample`


Task: TypeAlias = Callable[[tasks.Arguments, tasks.Inputs, str], tasks.Facts]
Inputs: TypeAlias = "Mapping[str, Item | list[Item]]"  # by name of the input


class Item(NamedTuple):
    """A fit, refit, study, card, table, figure, plot of chains, film or WebAssembly module: the task that makes it,
    with all that the task needs.
    """

    name: str  # path of its files within the folder, without their endings: "fits/mST"
    kind: str  # one of CODE
    task: Task
    arguments: dict[str, Any]
    inputs: Inputs
    files: tuple[str, ...]  # its files, as paths within the folder
    key: str

    @property
    def needs(self) -> list[Item]:
        """The items that have to be finished first."""
        return [item for found in self.inputs.values() for item in (found if isinstance(found, list) else [found])]

    def sources(self, folder: str | Path) -> dict[str, Stored | list[Stored]]:
        """The inputs as the task gets them: by name, a `Stored` or a list of them."""

        def source(item: Item) -> Stored:
            return Stored(item.kind, item.arguments, str(Path(folder, item.name).absolute()))

        return {
            name: [source(item) for item in found] if isinstance(found, list) else source(found)
            for name, found in self.inputs.items()
        }


class Plan:
    """The items of some parts of the lecture: `items` by name, each after those it needs."""

    def __init__(self, parts: Iterable[contents.Part], settings: Request) -> None:
        self.items: dict[str, Item] = {}
        self._settings = settings
        path = settings.trolley
        self._trolley_digest = hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else None
        self._versions = [importlib.metadata.version(library) for library in LIBRARIES]
        for part in parts:
            for content in part.contents:
                if not isinstance(content, contents.ShownCode):  # nothing is made for it
                    self.of(content)
                if settings.explorables and content.name in explorables.PLACES:
                    self.modules(explorables.PLACES[content.name])

    def of(self, content: contents.Content) -> Item:
        """The item of an entry of `figures.lecture.contents`; for a model, that of its card."""
        if isinstance(content, contents.ShownModel):
            for plot in content.plots:
                self.plot(content, plot)
            return self._card(content)
        name = content.name
        if isinstance(content, contents.ShownTable):
            inputs = {needed: self._input(needed) for needed in TABLES[name].needs}
            return self._item("table", f"tables/{name}", tasks.table, {"table": name}, inputs)
        inputs = {needed: self._input(needed) for needed in figures.needs(name)}
        if isinstance(content, contents.ShownFilm):
            self.of(contents.ShownFigure(figures.still(name)))
            return self._item("film", f"figures/{name}", tasks.film, {"film": name}, inputs, figures.home(name))
        return self._figure(figures.file_stem(name), name, inputs)

    def fit(self, name: str, nth: int = -1) -> Item:
        """The item of a model's fit; the `nth` if it has several."""
        stem, options = self._options(name, nth)
        return self._sampled("fit", stem, tasks.fit, name, options, warmup=contents.WARMUP)

    def plot(self, model: contents.ShownModel, plot: str) -> Item:
        """The item of a figure of any fit, for a `contents.ShownModel`."""
        stem, _ = self._options(model.name, model.nth)
        name, inputs = f"{plot}:{model.name}", {model.name: self.fit(model.name, model.nth)}
        arguments = {"figure": name, "options": {}}
        return self._item("plot", f"figures/{plot}-{stem}", tasks.plot, arguments, inputs, figures.home(name))

    def modules(self, explorable: str) -> list[Item]:
        """The items of the modules of an explorable's models; the first of all makes the sampler's part for all."""
        return [self._module(name) for name in explorables.MODELS[explorable]]

    def _module(self, name: str) -> Item:
        first = next(iter(explorables.MODELS.values()))[0]
        inputs: Inputs = {} if name == first else {"first": self._module(first)}
        return self._item("module", f"modules/{name}", tasks.module, {"model": name}, inputs)

    def _card(self, model: contents.ShownModel) -> Item:
        fit = self.fit(model.name, model.nth)
        stem, _ = self._options(model.name, model.nth)
        return self._item("card", f"tables/{stem}", tasks.card, {"model": model.name}, {"fit": fit})

    def _figure(self, stem: str, name: str, inputs: Inputs) -> Item:
        options = {"data": self._settings.trolley} if self._settings.trolley and name in SHOWS_TROLLEY_FILE else {}
        arguments = {"figure": name, "options": options}
        return self._item("figure", f"figures/{stem}", tasks.figure, arguments, inputs, figures.home(name))

    def _input(self, name: str) -> Item | list[Item]:
        """The item or items of an input of figures and tables."""
        kind, _, of = name.rpartition(" ")
        if name == "coverage":
            return [self._study(estimator) for estimator in ESTIMATORS]
        if kind == "refit":
            return self._refit(of)
        if of in figures.SERIES:
            return [self.fit(of, nth) for nth in range(len(figures.SERIES[of][1]))]
        return self.fit(of)

    def _refit(self, name: str) -> Item:
        stem, options = self._options(name, -1)
        return self._sampled("refit", stem, tasks.refit, name, options, draws=contents.REFIT_DRAWS)

    def _study(self, estimator: str) -> Item:
        given = {"estimator": estimator, "replications": self._settings.replications, "seed": self._settings.seed}
        return self._item("study", f"studies/{estimator}", tasks.study, given, {})

    def _options(self, name: str, nth: int) -> tuple[str, dict[str, Any]]:
        """(stem of the fit's files, options of the model)."""
        if name in figures.SERIES:
            option, values = figures.SERIES[name]
            nth = range(len(values))[nth]
            return f"{name}-{nth:02d}", {option: values[nth]}
        if name in SHOWS_TROLLEY_FILE and self._settings.trolley:
            return name, {"data": self._settings.trolley}
        return name, {}

    def _sampled(self, kind: str, stem: str, task: Task, name: str, options: dict[str, Any], **defaults: Any) -> Item:
        module = getattr(models, name).__module__
        sampling = {**models.sampling(name), **defaults, **self._settings.sampling, "seed": self._settings.seed}
        sampling |= {option: value for option, value in options.items() if option in figures.OF_SAMPLER}
        of_model = {option: value for option, value in options.items() if option not in figures.OF_SAMPLER}
        arguments = {"factory": f"{module}:{name}", "options": of_model, "sampling": sampling}
        return self._item(kind, f"{kind}s/{stem}", task, arguments, {}, module)

    def _item(
        self,
        kind: str,
        name: str,
        task: Task,
        arguments: dict[str, Any],
        inputs: Inputs,
        *modules: str,
    ) -> Item:
        """The item of this name, created the first time that it is asked for."""
        if name not in self.items:
            endings = {
                "fit": [".fit"],
                "figure": [".webp", "-narrow.webp", ".png", ".svg"],
                "plot": [".webp", ".png", ".svg"],
                "film": [".webp", "-narrow.webp", ".gif"],
                "card": [".csv"],
                "table": [".csv"],
                "module": [".wasm"],
            }
            files = tuple(name + ending for ending in endings.get(kind, [".json"]))
            item = Item(name, kind, task, arguments, inputs, files, "")
            self.items[name] = item._replace(key=self._key(item, modules))
        return self.items[name]

    def _key(self, item: Item, modules: Iterable[str]) -> str:
        code = sources.digest(*CODE[item.kind], *modules, alone=(item.task.__module__, "figures.lecture.work.loading"))
        made_from = [item.name, item.arguments, code, self._versions, [needed.key for needed in item.needs]]
        text = json.dumps(made_from, sort_keys=True)
        if self._trolley_digest is not None:  # the content of the file counts, not its place
            text = text.replace(json.dumps(self._settings.trolley), self._trolley_digest)
        return hashlib.sha256(text.encode()).hexdigest()
