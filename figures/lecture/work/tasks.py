"""The tasks that make items: sample, refit, simulate, draw, tabulate.

`task(arguments, inputs, stem)` reads its inputs, writes files whose paths begin with `stem`, and returns the facts
about them, as JSON. Chains run one after the other, since items are made side by side. Each task imports its modules
when it runs, so a worker that fits does not load matplotlib.
"""

import shutil
import tempfile
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from figures.lecture.work.loading import Stored, build, load, save_refit, save_study
from hmc.files import write_whole
from hmc.sampling import sample

if TYPE_CHECKING:
    import pandas as pd

Arguments: TypeAlias = Mapping[str, Any]
Inputs: TypeAlias = Mapping[str, Stored | list[Stored]]
Facts: TypeAlias = dict[str, Any]

# All threads of a process share matplotlib's settings, and an executor may run tasks in threads.
_drawing = threading.Lock()


def fit(arguments: Arguments, _inputs: Inputs, stem: str) -> Facts:
    """The fit of a model, saved without log likelihoods: computing them again is as fast as reading them."""
    fitted = sample(build(arguments), **arguments["sampling"], workers=1, progress=False)
    if fitted.failures:
        failure = fitted.failures[0]
        raise RuntimeError(f"{fitted.name}: chain {failure.chain + 1} failed: {failure.reason}")
    fitted.save(f"{stem}.fit", log_likelihood=False)
    settings = {name: value for name, value in fitted.settings.items() if name != "initial"}
    return {"name": fitted.name, "settings": settings, "seconds": fitted.seconds}


def refit(arguments: Arguments, _inputs: Inputs, stem: str) -> Facts:
    """Exact leave-one-out of a model."""
    from diagnostics.loo_refit import loo_refit

    result = loo_refit(build(arguments), **arguments["sampling"], workers=1, progress=False)
    save_refit(result, f"{stem}.json")
    return {"looic": result.looic, "mcse": 2.0 * result.mcse}


def study(arguments: Arguments, _inputs: Inputs, stem: str) -> Facts:
    """The coverage of one estimator of the confounds over many simulated studies."""
    from models.coverage import coverage

    table = coverage(
        arguments["replications"],
        seed=arguments["seed"],
        estimators=(arguments["estimator"],),
        workers=1,
        progress=False,
    )
    save_study(table, f"{stem}.json")
    return {"failures": table.attrs["failures"]}


def figure(arguments: Arguments, inputs: Inputs, stem: str) -> Facts:
    """A figure of the registry as .png and .svg, and for the page as .webp and -narrow.webp; and the claims of its
    caption that are not true of its inputs.
    """
    from figures import claims
    from figures.drawing import small, style

    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing:
        drawn = _written_still(_drawn(arguments, loaded), stem)
        narrow = f"{stem}-narrow.webp"
        try:
            with style.asked(style.NARROW):
                smaller = _drawn(arguments, loaded) if drawn.is_of_its_size else style.resettled(drawn)
                small.write_still(small.picture(smaller), narrow)
        except style.NoRoomError:  # it is shown as on wide screens
            shutil.copyfile(f"{stem}.webp", narrow)
    return {"untrue": claims.untrue(arguments["figure"], loaded, **arguments["options"])}


def plot(arguments: Arguments, inputs: Inputs, stem: str) -> Facts:
    """A figure of a model's chains, as `figure`, but of one size that is legible on all screens."""
    from figures import claims
    from figures.drawing import style

    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing, style.asked(style.NARROW):
        _written_still(_drawn(arguments, loaded), stem)
    return {"untrue": claims.untrue(arguments["figure"], loaded, **arguments["options"])}


def _drawn(arguments: Arguments, loaded: dict[str, Any]) -> Any:
    import figures

    return figures.draw(arguments["figure"], loaded, **arguments["options"])


def _written_still(drawn: Any, stem: str) -> Any:
    """Write a figure as .png, .svg and .webp, and return it."""
    from figures.drawing import small, style

    image = small.picture(drawn)
    small.write_png(image, f"{stem}.png")
    small.write_still(image, f"{stem}.webp")
    style.save(drawn, f"{stem}.svg")
    return drawn


def film(arguments: Arguments, inputs: Inputs, stem: str) -> Facts:
    """A film of the registry as .gif, for the page as .webp and -narrow.webp, and, where ffmpeg is, for slides as .mp4;
    and the claims of its caption that are not true of its inputs.
    """
    import figures
    from figures import claims
    from figures.drawing import small, style
    from figures.drawing.film import DOTS_PER_INCH, has_ffmpeg

    loaded = {name: load(source) for name, source in inputs.items()}
    with _drawing:
        figures.write_film(arguments["film"], loaded, f"{stem}.gif")
        small.write_moving(f"{stem}.gif", f"{stem}.webp", DOTS_PER_INCH)
        with style.asked(style.NARROW_FILM), tempfile.TemporaryDirectory() as folder:
            narrow = figures.write_film(arguments["film"], loaded, f"{folder}/narrow.gif")
            small.write_moving(narrow, f"{stem}-narrow.webp", style.dots_per_inch() or DOTS_PER_INCH)
        if has_ffmpeg():
            figures.write_film(arguments["film"], loaded, f"{stem}.mp4")
    return {"untrue": claims.untrue(arguments["film"], loaded)}


def card(arguments: Arguments, inputs: Inputs, stem: str) -> Facts:
    """The table of a model's estimates, and the verdict on its fit."""
    from diagnostics import verdict
    from figures.lecture.tables.estimates import estimates

    fit = load(inputs["fit"])
    table = estimates(fit, arguments["model"])
    found = verdict(fit)
    severity = found.findings[0].severity if found.findings else None
    metric = [f"Metric: {found.chosen_metric}."] if found.chosen_metric else []
    lines = [found.summary, *map(str, found.findings), *metric]
    return {**_written(table, stem), "verdict": "\n".join(lines), "severity": severity}


def table(arguments: Arguments, inputs: Inputs, stem: str) -> Facts:
    """A table of the registry `TABLES`."""
    from figures.lecture.tables import TABLES

    function = TABLES[arguments["table"]].function
    return _written(function({name: load(source) for name, source in inputs.items()}), stem)


def module(arguments: Arguments, _inputs: Inputs, stem: str) -> Facts:
    """A model of an explorable as a WebAssembly module, which gives the draws of `hmc.sample`."""
    from figures.lecture import explorables
    from hmc.web.page import verified_module

    made = verified_module(explorables.model(arguments["model"]))
    write_whole(f"{stem}.wasm", lambda file: file.write(made))
    return {"bytes": len(made)}


def _written(made: "pd.DataFrame", stem: str) -> Facts:
    """Write a table; returns its notes, how many columns of the file label the rows, and how far to trust it."""
    from figures.lecture.tables import as_csv

    write_whole(f"{stem}.csv", lambda file: file.write(as_csv(made).encode()))
    return {
        "notes": made.attrs["notes"],
        "levels": made.index.nlevels,
        "caution": made.attrs.get("severity"),
    }
