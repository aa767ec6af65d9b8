"""The page's content, from what is kept in a folder: all that the chosen parts name, in the lecture's order."""

import pandas as pd

import figures
import models
from figures.lecture import contents
from figures.lecture.page import view
from figures.lecture.page.listing import file_of, source_of
from figures.lecture.tables import TABLES
from figures.lecture.work.loading import build

# What is the same for all fits of the lecture, or of static HMC alone, is not shown.
SETTINGS = ("chains", "warmup", "draws", "seed", "algorithm", "metric", "target_accept")


class Filling:
    """Fills in what `contents` names from the items of a `plan`, as far as they are `done` (their names) in `kept`."""

    def __init__(self, plan, kept, done):
        self._plan, self._kept, self._done = plan, kept, done

    def parts(self, parts):
        """The `view.Section` of each part; what could not be made is left out of it."""
        return tuple(
            view.Section(part.name, part.title, part.text, tuple(filter(None, map(self._of, part.contents))))
            for part in parts
        )

    def _of(self, content):
        item = self._plan.of(content)
        if item.name not in self._done:
            return None
        if isinstance(content, contents.ShownModel):
            return self._card(content, item)
        if isinstance(content, contents.ShownTable):
            return self._table(item, content.name, TABLES[content.name].title, TABLES[content.name].caption)
        return self._picture(content.name, item)

    def _card(self, model, item):
        fit = self._plan.fit(model.name, model.nth)
        facts, judged = self._kept.facts(fit.name), self._kept.facts(item.name)
        built, described = build(fit.arguments), models.describe(model.name)
        plots = [(f"{plot}:{model.name}", self._plan.plot(model, plot)) for plot in model.plots]
        option = "".join(
            f", {name} = {value:.3g}" for name, value in fit.arguments["options"].items() if name != "data"
        )
        return view.Card(
            name=facts["name"] + option,
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
            pictures=tuple(self._picture(name, plot) for name, plot in plots if plot.name in self._done),
        )

    def _table(self, item, name, title, caption):
        path, facts = self._kept.folder / item.files[0], self._kept.facts(item.name)
        frame = pd.read_csv(path, index_col=list(range(facts["levels"])))
        notes = [*([caption] if caption else []), *facts["notes"]]
        return view.PageTable(name, title, frame, tuple(notes), path)

    def _picture(self, name, item):
        title, caption = figures.caption(name)
        path, still = self._kept.folder / item.files[0], None
        if item.kind == "film":
            item = self._plan.of(contents.ShownFigure(figures.still(name)))
            still = self._kept.folder / item.files[0]
            if item.name not in self._done:
                return None
        return view.Picture(name, title, caption, figures.describe(name), path, still)
