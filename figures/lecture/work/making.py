"""`hmc lecture`: its items are planned, made by workers, kept, and shown on a page."""

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, NamedTuple

import models
from figures.lecture import contents
from figures.lecture.page.view import duration
from figures.lecture.work import sources
from figures.lecture.work.items import LIBRARIES, Plan, Request
from figures.lecture.work.kept import PAGE, Kept
from figures.lecture.work.running import run
from hmc import __version__
from hmc.reporting import progress_bar
from hmc.running import check_execution, compile_sampler, for_packages
from hmc.settings import Settings, check_settings, check_whole

# The words for what time was spent on, and their kinds of items.
SPENT_ON = {
    "fitting": ("fit",),
    "leave-one-out": ("refit",),
    "coverage": ("study",),
    "drawing": ("figure", "plot"),
    "films": ("film",),
    "tables": ("card", "table"),
    "explorables": ("module",),
}
APART = {
    "fits/mRXma": "mRXma",
    "fits/mRXma2": "mRXma2",
}  # with the published file they take longer than all other fits together


class Made(NamedTuple):
    """The outcome of `make`."""

    page: Path
    made: list[str]  # names of the items that were made now
    kept: list[str]  # names of the items that were there already
    failures: dict[str, str]  # by name, why an item could not be made
    spent: dict[str, float]  # seconds by what they were spent on: on all items, whenever made, and on this page
    seconds: float  # wall-clock time of this run


def make(
    folder: str | Path = "lecture",
    *,
    seed: int = 12,
    only: Iterable[str] | None = None,
    trolley: str | Path | None = None,
    replications: int = 20,
    explorables: bool = True,
    workers: int | None = None,
    executor: Executor | None = None,
    **sampling: Any,
) -> Made:
    """Fit the lecture's models, make its tables, figures and films, and write the page `folder/index.html`; a `Made`.

    An item that the folder has already, and that would come out the same, is kept: see `figures.lecture.work.kept`.

    only: names of parts, see `figures.lecture.contents`; None for all.
    trolley: path of the published Trolley.csv for the models of stories and participants; None for a
        simulated study, which is named as such.
    replications: number of simulated studies of the coverage; 0 leaves that part out.
    explorables: whether some figures can be played with, in browsers: these take modules of their models.
    workers: how many items are made at a time; None for the number of processors. 1 stays in this process.
    executor: any `concurrent.futures.Executor` whose workers see the folder, under the same path, and have this code;
        None for worker processes of this machine.
    sampling: further arguments of `hmc.sample`, such as `draws`, for all fits but those of the coverage.

    ValueError for a wrong argument, before anything is made; OSError if the folder cannot be written to or the disk
    is full; KeyboardInterrupt for Ctrl-C: finished items are kept. If an item fails, it and the items made from it are
    missing from the page, and `Made.failures` has the reason.
    """
    started = time.perf_counter()
    parts, settings = _checked(seed, only, trolley, replications, explorables, sampling)
    if isinstance(executor, str):
        raise ValueError(f"executor = {executor!r}: the lecture takes an Executor, or None for worker processes")
    check_execution(workers, executor)  # before the folder is made
    plan, kept = Plan(parts, settings), Kept(folder)
    missing = [name for name, item in plan.items.items() if not kept.has(item)]
    made, failures = _run(plan, kept, missing, workers, executor) if missing else ([], {})
    done = plan.items.keys() - (set(missing) - set(made))

    page_started = time.perf_counter()
    spent = _spent(plan, kept, done)
    facts = _facts(settings, spent, plan.items.keys() - done, failures)
    _write_page(parts, plan, kept, done, facts)
    ended = time.perf_counter()
    spent["page"] = ended - page_started
    there = [name for name in plan.items if name not in missing]
    return Made(kept.folder / PAGE, made, there, failures, spent, ended - started)


def _write_page(
    parts: Sequence[contents.Part], plan: Plan, kept: Kept, done: Collection[str], facts: dict[str, str]
) -> None:
    """Write the page, unless it is there already. Then nothing is loaded that only a page needs, such as pandas."""
    shown = [[name, plan.items[name].key] for name in sorted(done)]
    made_from = [sources.digest_of_all(), [part.name for part in parts], shown, facts]
    key = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
    if kept.has_page(key):
        return
    from figures.lecture.page import render
    from figures.lecture.page.filling import Filling
    from figures.lecture.page.view import Lecture

    filling = Filling(plan, kept, done)
    kept.keep_page(render.render(Lecture(filling.parts(parts), facts, filling.play())), key)


def _checked(
    seed: int | None,
    only: Iterable[str] | None,
    trolley: str | Path | None,
    replications: int,
    explorables: bool,
    sampling: dict[str, Any],
) -> tuple[list[contents.Part], Request]:
    """(parts, `Request`); ValueError for a wrong argument."""
    parts = contents.chosen(only)
    check_whole("replications", replications, least=0)
    if replications == 0:
        parts = [part for part in parts if part.name != "coverage"]
    if not parts:
        raise ValueError("replications = 0 leaves nothing of the part coverage")
    reserved = [name for name in sampling if name not in Settings._fields or name in ("initial", "metric")]
    if reserved:
        raise ValueError(f"the lecture takes no argument {reserved[0]}")
    if seed is None:
        raise ValueError("the lecture needs a seed, so that what is there already can be told from what is not")
    check_settings(**sampling | {"seed": seed})
    if trolley is not None:
        models.mRXma2(trolley)  # finds a wrong file before anything is made
    path = None if trolley is None else str(Path(trolley).absolute())
    return parts, Request(seed, path, int(replications), explorables, sampling)


def _run(
    plan: Plan, kept: Kept, missing: Sequence[str], workers: int | None, executor: Executor | None
) -> tuple[list[str], dict[str, str]]:
    """(names of the items made, {name: reason} of those that failed)."""
    if any(plan.items[name].kind in ("fit", "refit", "study") for name in missing):
        compile_sampler()  # once, and not in each worker
    chosen = for_packages(sources.PACKAGES, max(1, len(missing)), workers, executor)
    bar = progress_bar(len(missing), "items") if missing else None

    def tell(name: str) -> None:
        if bar is not None:
            bar.set_postfix_str(name, refresh=False)
            bar.update(1)

    try:
        return run(plan.items, kept, chosen, tell)
    finally:
        if bar is not None:
            bar.close()


def _spent(plan: Plan, kept: Kept, done: Iterable[str]) -> dict[str, float]:
    """{what it was spent on: seconds} of the work on the items that are done, in the order of `SPENT_ON`."""
    spent = dict.fromkeys([*SPENT_ON, *APART.values()], 0.0)
    of_kind = {kind: on for on, kinds in SPENT_ON.items() for kind in kinds}
    for name in sorted(done):
        spent[APART.get(name, of_kind[plan.items[name].kind])] += kept.seconds(name)
    return {on: seconds for on, seconds in spent.items() if seconds > 0}


def _facts(
    settings: Request, spent: Mapping[str, float], absent: Collection[str], failures: Mapping[str, str]
) -> dict[str, str]:
    """The facts about the run that the page shows."""
    import importlib.metadata

    versions = [f"{library} {importlib.metadata.version(library)}" for library in LIBRARIES]
    facts = {
        "Seed": f"{settings.seed}; the same seed gives the same draws",
        "Stories and participants": "the published file" if settings.trolley else "simulated, without `--trolley FILE`",
        "Versions": ", ".join([f"rethinking-hmc {__version__}", *versions]),
        "Time spent": ", ".join(f"{on} {duration(seconds)}" for on, seconds in spent.items()),
    }
    if absent:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failures.items())
        facts["Not made"] = f"{', '.join(sorted(absent))}. {reasons}"
    return facts
