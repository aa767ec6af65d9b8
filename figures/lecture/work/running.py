"""Items of the lecture side by side: each is sent to a worker once the items that it needs are finished, then kept."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from figures.lecture.work.items import Item
from figures.lecture.work.kept import Kept
from figures.lecture.work.tasks import Arguments, Facts, Inputs
from hmc.errors import told
from hmc.running import Execution, Task, is_lost

# The kinds to begin with: fits, since other items wait for them; then whatever takes longest.
ORDER = ("fit", "module", "film", "refit", "study", "card", "figure", "plot", "table")


def run(
    items: Mapping[str, Item], kept: Kept, chosen: Any, tell: Callable[[str], object] = lambda name: None
) -> tuple[list[str], dict[str, str]]:
    """Make those of `items` (by name) that `kept` does not have, and keep them.

    chosen: the executor, from `hmc.running.for_packages`; its workers see the folder of `kept`. `tell(name)` is called
    for each item that is made. If an item fails, the items that need it are not made, and the others are. If its worker
    dies, it is sent out once more. OSError, such as for a full disk, ends the run: all other items would fail too.

    Returns (names of the items that were made now, {name: reason} of those that failed). After Ctrl-C, items under way
    are finished and kept before KeyboardInterrupt is raised; a second Ctrl-C does not wait, and its KeyboardInterrupt
    says `hmc.running.AT_ONCE`.
    """
    done = {name for name, item in items.items() if kept.has(item)}
    waiting = sorted(items.keys() - done, key=lambda name: (ORDER.index(items[name].kind), list(items).index(name)))
    made: list[str] = []
    failures: dict[str, str] = {}
    fatal: list[OSError] = []
    with Execution(chosen, (1, 1), "finishing what is under way (Ctrl-C again: stop at once)") as execution:

        def ended(item: Item, result: Any, error: BaseException | None, may_run_again: bool) -> str | None:
            if error is not None and is_lost(error) and may_run_again:
                return f"{item.name} is made again: {told(error)}"
            if error is None:
                try:
                    kept.keep(item, *result)
                except Exception as failed:
                    error = failed
            if isinstance(error, OSError):
                fatal.append(error)
                execution.stop()
            elif error is None:
                done.add(item.name)
                made.append(item.name)
                tell(item.name)
            elif not isinstance(error, KeyboardInterrupt):  # any error in a fit or in a figure
                failures[item.name] = told(error)
            send()
            return None

        def send() -> None:
            """Send out the items whose inputs are finished, as many as the executor takes."""
            while not execution.is_stopped and (chosen.at_once is None or execution.under_way < chosen.at_once):
                name = next((name for name in waiting if all(n.name in done for n in items[name].needs)), None)
                if name is None:
                    return
                waiting.remove(name)
                item = items[name]
                stem = (kept.folder / name).absolute()
                stem.parent.mkdir(exist_ok=True)
                arguments = (item.task, item.arguments, item.sources(kept.folder), str(stem))
                execution.submit(Task(timed, partial(_same, arguments), partial(ended, item)))

        send()
        execution.watch()
        is_interrupted = execution.is_stopped and not fatal
    if fatal:
        raise fatal[0]
    if is_interrupted:
        raise KeyboardInterrupt
    return made, failures


def _same(arguments: tuple[object, ...]) -> tuple[object, ...]:
    return arguments


def timed(
    task: Callable[[Arguments, Inputs, str], Facts], arguments: Arguments, inputs: Inputs, stem: str
) -> tuple[Facts, float]:
    """(the facts that a task returns, how many seconds it took); run by a worker."""
    started = time.perf_counter()
    facts = task(arguments, inputs, stem)
    return facts, time.perf_counter() - started
