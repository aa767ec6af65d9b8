"""`hmc lecture`: the work planned, done on workers, kept, and shown on a page."""

import inspect
import time
from pathlib import Path
from typing import NamedTuple

import models
from figures.lecture import contents
from figures.lecture.page import render
from figures.lecture.page.filling import Filling
from figures.lecture.page.view import Lecture
from figures.lecture.work import sources
from figures.lecture.work.items import LIBRARIES, Plan, Request
from figures.lecture.work.kept import PAGE, Kept
from figures.lecture.work.running import run
from hmc import __version__
from hmc.files import write_whole
from hmc.reporting import progress_bar
from hmc.running import check_execution, compile_sampler, for_packages
from hmc.sampling import sample
from hmc.settings import Settings, check_settings, is_whole

# What the time goes into, by kind of work.
SPENT_ON = {
    "fitting": ("fit",),
    "leave-one-out": ("refit",),
    "coverage": ("study",),
    "drawing": ("figure",),
    "films": ("film",),
    "tables": ("card", "table"),
}
APART = {"fits/mRXma": "mRXma", "fits/mRXma2": "mRXma2"}  # of a real file they take longer than all other fits


class Made(NamedTuple):
    """What became of `make`."""

    page: Path
    made: list  # names of the pieces of work that were done now
    kept: list  # of those that were there already
    failures: dict  # by name, why a piece could not be made
    spent: dict  # seconds of work by what they went into: of all pieces, whenever they were made, and this page
    seconds: float  # of this run, on the wall's clock


def make(
    folder="lecture", *, seed=12, only=None, trolley=None, replications=20, workers=None, executor=None, **sampling
):
    """Fit the lecture's models, make its tables, figures and films, and write the page `folder/index.html`; a `Made`.

    What the folder has already, and would come out the same, is not made again: see `figures.lecture.work.kept`.

    only: names of parts, see `figures.lecture.contents`; None for all.
    trolley: path of the published Trolley.csv for the models of stories and participants; None: they see a simulated
        study, and say so.
    replications: simulated studies of the coverage; 0 leaves that part out.
    workers: pieces of work at a time; None: as many as there are processors. 1 stays in this process.
    executor: any `concurrent.futures.Executor` whose workers see the folder, under the same path, and have this code;
        None for worker processes of this machine.
    sampling: further arguments of `hmc.sample`, such as `draws`, for all fits but those of the coverage.

    ValueError for a wrong argument, before anything is made; OSError where the folder cannot be written to or the disk
    is full; KeyboardInterrupt for Ctrl-C: what was finished is kept then. A piece that fails costs itself and what is
    made from it, and is in `Made.failures`; the page has the rest.
    """
    started = time.perf_counter()
    parts, settings = _checked(seed, only, trolley, replications, sampling)
    check_execution(workers, executor)  # before the folder is made
    plan, kept = Plan(parts, settings), Kept(folder)
    missing = [name for name, item in plan.items.items() if not kept.has(item)]
    made, failures = _run(plan, kept, missing, workers, executor)
    done = plan.items.keys() - (set(missing) - set(made))

    page_started = time.perf_counter()
    spent = _spent(plan, kept, done)
    facts = _facts(settings, spent, plan.items.keys() - done, failures)
    text = render.render(Lecture(Filling(plan, kept, done).parts(parts), facts))
    write_whole(kept.folder / PAGE, lambda file: file.write(text.encode()))
    ended = time.perf_counter()
    spent["page"] = ended - page_started
    there = [name for name in plan.items if name not in missing]
    return Made(kept.folder / PAGE, made, there, failures, spent, ended - started)


def _checked(seed, only, trolley, replications, sampling):
    """(parts, `Request`); ValueError for what cannot be."""
    parts = contents.chosen(only)
    if not is_whole(replications) or replications < 0:
        raise ValueError(f"replications = {replications!r} is not a whole number of at least 0")
    if replications == 0:
        parts = [part for part in parts if part.name != "coverage"]
    if not parts:
        raise ValueError("replications = 0 leaves nothing of the part coverage")
    defaults = {name: inspect.signature(sample).parameters[name].default for name in Settings._fields}
    reserved = [name for name in sampling if name not in defaults or name in ("initial", "metric")]
    if reserved:
        raise ValueError(f"the lecture takes no argument {reserved[0]}")
    if seed is None:
        raise ValueError("the lecture needs a seed, so that what is there already can be told from what is not")
    check_settings(**defaults | sampling | {"seed": seed})
    if trolley is not None:
        models.mRXma2(trolley)  # a wrong file is found before anything is made
        trolley = str(Path(trolley).absolute())
    return parts, Request(seed, trolley, int(replications), sampling)


def _run(plan, kept, missing, workers, executor):
    """(names of the items made, {name: why} of those that could not be)."""
    if any(plan.items[name].kind in ("fit", "refit", "study") for name in missing):
        compile_sampler()  # once, and not in each worker
    chosen = for_packages(sources.PACKAGES, max(1, len(missing)), workers, executor)
    bar = progress_bar(len(missing), "pieces") if missing else None

    def tell(name):
        if bar is not None:
            bar.set_postfix_str(name, refresh=False)
            bar.update(1)

    try:
        return run(plan.items, kept, chosen, tell)
    finally:
        if bar is not None:
            bar.close()


def _spent(plan, kept, done):
    """Seconds of work on the items that are done, by what they went into, in the order of `SPENT_ON`."""
    spent = dict.fromkeys([*SPENT_ON, *APART.values()], 0.0)
    of_kind = {kind: on for on, kinds in SPENT_ON.items() for kind in kinds}
    for name in sorted(done):
        spent[APART.get(name, of_kind[plan.items[name].kind])] += kept.seconds(name)
    return {on: seconds for on, seconds in spent.items() if seconds > 0}


def _facts(settings, spent, absent, failures):
    """What the page says of itself."""
    import importlib.metadata

    versions = [f"{library} {importlib.metadata.version(library)}" for library in LIBRARIES]
    facts = {
        "Seed": f"{settings.seed}; the same seed gives the same draws",
        "Stories and participants": "the published file" if settings.trolley else "simulated, without `--trolley FILE`",
        "Versions": ", ".join([f"rethinking-hmc {__version__}", *versions]),
        "Time of work": ", ".join(f"{on} {render.duration(seconds)}" for on, seconds in spent.items()),
    }
    if absent:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failures.items())
        facts["Not made"] = f"{', '.join(sorted(absent))}. {reasons}"
    return facts
