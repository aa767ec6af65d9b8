"""Pieces of work side by side: each is sent out when all that it needs is finished, and kept when it is done."""

import concurrent.futures
import queue
import time
from typing import NamedTuple

from hmc.errors import told
from hmc.running.interrupts import finishing_first

# What to begin with when there is a choice: fits, since the others wait for them; then what takes longest.
ORDER = ("fit", "film", "refit", "study", "card", "figure", "table")


class Outcome(NamedTuple):
    """What became of a run."""

    made: list  # names of the items that were made now
    failures: dict  # by name of an item, why it could not be made; what needs such an item was not made either


def run(items, kept, executor, at_once=None, tell=lambda name: None):
    """Make those of `items` (by name) that `kept` does not have, and keep them; an `Outcome`.

    `executor` is any `concurrent.futures.Executor` whose workers see the folder of `kept`; it is given `at_once` items
    at a time (None: all that can be made). `tell(name)` is called for each that is made. An item that fails costs
    itself and what needs it, one whose worker dies is sent out again, once; but OSError, such as for a full disk, ends
    the run, for it would meet all others too.

    Ctrl-C lets what is under way finish, and keeps it, before KeyboardInterrupt is raised; a second one does not wait,
    and what it raises says `hmc.running.interrupts.AT_ONCE`.
    """
    done = {name for name, item in items.items() if kept.has(item)}
    waiting = sorted(items.keys() - done, key=lambda name: (ORDER.index(items[name].kind), list(items).index(name)))
    made, failures, lost, under_way, ended, fatal = [], {}, set(), {}, queue.SimpleQueue(), None
    with finishing_first() as interrupts:
        while True:
            while fatal is None and not interrupts and (at_once is None or len(under_way) < at_once):
                name = next((name for name in waiting if all(n.name in done for n in items[name].needs)), None)
                if name is None:
                    break
                waiting.remove(name)
                item = items[name]
                stem = (kept.folder / name).absolute()
                stem.parent.mkdir(exist_ok=True)
                under_way[name] = executor.submit(
                    timed, item.task, item.arguments, item.sources(kept.folder), str(stem)
                )
                under_way[name].add_done_callback(lambda _, name=name: ended.put(name))
            if not under_way:
                break  # everything is made, or it is to end, or the rest needs what failed
            name = ended.get()
            future = under_way.pop(name)
            try:
                kept.keep(items[name], *future.result())
            except OSError as error:
                fatal = fatal or error
            except Exception as error:  # whatever goes wrong in a fit or in a figure
                if isinstance(error, concurrent.futures.BrokenExecutor) and name not in lost:
                    lost.add(name)  # its worker was killed, or ran out of memory
                    waiting.insert(0, name)
                else:
                    failures[name] = told(error)
            else:
                done.add(name)
                made.append(name)
                tell(name)
    if fatal is not None:
        raise fatal
    if interrupts:
        raise KeyboardInterrupt
    return Outcome(made, failures)


def timed(task, arguments, inputs, stem):
    """What a task returns, and how many seconds it took; run by a worker."""
    started = time.perf_counter()
    facts = task(arguments, inputs, stem)
    return facts, time.perf_counter() - started
