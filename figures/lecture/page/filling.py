"""The content of the page, from the items that a folder keeps: all that the chosen parts name, in order."""

import importlib
import inspect
from collections.abc import Container, Iterable

import pandas as pd

import figures
import models
from figures.lecture import contents, explorables
from figures.lecture.page import view
from figures.lecture.page.listing import file_of, source_of
from figures.lecture.tables import TABLES
from figures.lecture.work.items import Item, Plan
from figures.lecture.work.kept import Kept
from figures.lecture.work.loading import build
from hmc.web.page import Parts, lecture_parts

# Settings that are the same for all fits of the lecture, or of static HMC alone, are not shown.
SETTINGS = ("chains", "warmup", "draws", "seed", "algorithm", "metric", "target_accept")


class Filling:
    """Fills in the contents from those items of a `plan` that are in `done` (their names); `kept` has their files."""

    def __init__(self, plan: Plan, kept: Kept, done: Container[str]) -> None:
        self._plan, self._kept, self._done = plan, kept, done

    def parts(self, parts: Iterable[contents.Part]) -> tuple[view.Section, ...]:
        """The `view.Section` of each part, without the contents that could not be made."""
        return tuple(
            view.Section(
                part.name, part.title, part.question, part.text, tuple(filter(None, map(self._of, part.contents)))
            )
            for part in parts
        )

    def play(self) -> Parts | None:
        """What runs the explorables that are there; None for none of them."""
        names = [name for name in explorables.MODELS if self._is_playable(name)]
        if not names:
            return None
        items = [item for name in names for item in self._plan.modules(name)]
        targets = [explorables.target(model) for name in names for model in explorables.MODELS[name]]
        modules = [(self._kept.folder / item.files[0]).read_bytes() for item in items]
        return lecture_parts(targets, modules, explorables.tables())

    def _is_playable(self, explorable: str) -> bool:
        names = [f"modules/{model}" for model in explorables.MODELS[explorable]]
        return all(name in self._plan.items and name in self._done for name in names)

    def _of(self, content: contents.Content) -> view.Content | None:
        if isinstance(content, contents.ShownCode):
            return _code(content)
        item = self._plan.of(content)
        if item.name not in self._done:
            return None
        if isinstance(content, contents.ShownModel):
            return self._card(content, item)
        if isinstance(content, contents.ShownTable):
            return self._table(item, content.name, TABLES[content.name].title, TABLES[content.name].caption)
        return self._picture(content.name, item)

    def _card(self, model: contents.ShownModel, item: Item) -> view.Card:
        fit = self._plan.fit(model.name, model.nth)
        facts, judged = self._kept.facts(fit.name), self._kept.facts(item.name)
        built, described = build(fit.arguments), models.describe(model.name)
        plots = [(f"{plot}:{model.name}", self._plan.plot(model, plot)) for plot in model.plots]
        option = "".join(
            f", {name} = {value:.3g}" for name, value in fit.arguments["options"].items() if name != "data"
        )
        return view.Card(
            name=facts["name"] + option,
            matters=model.matters,
            summary=described.summary,
            formula=described.formula,
            source=source_of(built),
            file=file_of(built),
            data=described.data,
            settings={name: facts["settings"][name] for name in SETTINGS},
            verdict=judged["verdict"],
            severity=judged["severity"],
            seconds=facts["seconds"],
            table=self._table(item, model.name, f"Estimates of {facts['name']}", None),
            pictures=tuple(filter(None, (self._picture(*plot) for plot in plots if plot[1].name in self._done))),
        )

    def _table(self, item: Item, name: str, title: str, caption: str | None) -> view.PageTable:
        path, facts = self._kept.folder / item.files[0], self._kept.facts(item.name)
        frame = pd.read_csv(path, index_col=list(range(facts["levels"])))
        notes = [*([caption] if caption else []), *facts["notes"]]
        return view.PageTable(name, title, frame, tuple(notes), path, facts["caution"])

    def _picture(self, name: str, item: Item) -> view.Picture | None:
        title, caption = figures.caption(name)
        untrue = self._kept.facts(item.name)["untrue"]
        if untrue:  # a run with another seed, or with other data
            listed = "; ".join(
                f"\N{LEFT DOUBLE QUOTATION MARK}{phrase}\N{RIGHT DOUBLE QUOTATION MARK}" for phrase in untrue
            )
            caption = (*caption, f"Not true of this run: {listed}.")
        still = None
        if item.kind == "film":
            shown = self._plan.of(contents.ShownFigure(figures.still(name)))
            if shown.name not in self._done:
                return None
            still = self._picture(figures.still(name), shown)
        webps = [self._kept.folder / file for file in item.files if file.endswith(".webp")]
        is_of_one_size = len(webps) == 1 or webps[0].read_bytes() == webps[1].read_bytes()
        narrow = None if is_of_one_size else webps[1]
        links = [file for file in (*item.files, f"{item.name}.mp4") if not file.endswith(".webp")]
        there = tuple(file for file in links if (self._kept.folder / file).exists())
        explorable = explorables.PLACES.get(name)
        play = explorable if explorable is not None and self._is_playable(explorable) else None
        return view.Picture(name, title, caption, figures.describe(name), webps[0], narrow, still, there, play)


def _code(content: contents.ShownCode) -> view.CodeListing:
    module, _, name = content.function.partition(":")
    function = getattr(importlib.import_module(module), name)
    return view.CodeListing(content.name, content.title, inspect.getsource(function), f"{module.replace('.', '/')}.py")
