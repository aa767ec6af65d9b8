"""Whether a model can be sent to worker processes, and the reason if not.

A worker imports the main script, and all code by its name.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import pickle
import sys
import threading
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hmc.jit.kernel import jit_is_disabled

if TYPE_CHECKING:
    from hmc.model import Model

_owner = os.getpid()


def why_not_processes(model: Model | None = None) -> str | None:
    """The reason why chains of a model cannot run in worker processes; None if they can."""
    if multiprocessing.parent_process() is not None:
        return "this is a worker process itself"
    if os.getpid() != _owner:
        return "this process was forked from one that may have workers"
    return why_not_in_a_new_process(model)


def why_not_in_a_new_process(model: Model | None = None) -> str | None:
    """The reason why a new process, perhaps one of a worker, cannot have a model; None if it can."""
    reason = _why_main_cannot_be_imported()
    if reason is not None:
        return reason
    if model is not None:
        if model.is_of_this_process:
            return f"the log density of {model.name} is at an address of this process"
        if not _is_importable(model):
            return f"a worker process cannot import all parts of {model.name}"
        is_stored = model.density_is_stored() and not jit_is_disabled()  # unknown code is never stored
        unknown = None if is_stored else model.unknown_code()
        if unknown is not None:  # a worker's code cannot be compared with it
            return f"the log density of {model.name} reaches {unknown}, which may be another in a worker process"
        if not model.density_is_stored():
            return f"the compiled log density of {model.name} is not on disk for a worker process to load"
    return None


def why_not_imported(functions: Iterable[Any]) -> str | None:
    """The reason why a worker process cannot import these functions (or partials of functions); None if it can."""
    has_file = hasattr(sys.modules.get("__main__"), "__file__")
    for function in functions:
        innermost = getattr(function, "func", function)
        try:
            pickle.loads(pickle.dumps(function))
        except Exception:  # pickling runs the code of whatever a partial holds
            is_importable = False
        else:
            is_importable = has_file or innermost.__module__ != "__main__"
        if not is_importable:
            return f"{getattr(innermost, '__qualname__', innermost)} cannot be imported by a worker process"
    return None


def _is_importable(model: Model) -> bool:
    """Whether the model can be sent to a worker, which imports functions and classes by name."""
    main = sys.modules.get("__main__")
    if not hasattr(main, "__file__") and any(_module(item) == "__main__" for item in vars(model).values()):
        return False  # typed into a notebook or standard input
    # The data may be large. Arrays and numbers can always be sent, so the classes of their tuples are enough.
    parts = {name: item for name, item in vars(model).items() if name not in ("data", "_packed")}
    try:
        pickle.loads(pickle.dumps((type(model), parts, list(_tuple_classes(model.data)))))
    except Exception:  # pickling runs the code of whatever the model holds
        return False
    return True


def _tuple_classes(data: tuple[Any, ...]) -> Iterator[type]:
    yield type(data)
    for item in data:
        if isinstance(item, tuple):
            yield from _tuple_classes(item)


def _module(item: Any) -> str:
    return getattr(item, "__module__", None) or type(item).__module__


def _why_main_cannot_be_imported() -> str | None:
    """The reason why a worker must not import the main script, whose work it would repeat; None if it may.

    It may if there is no script (a notebook, `python -c`), or if the statement of the script that is running now stands
    under an `if` about `__name__`.
    """
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    if path is None:
        return None
    if not hasattr(main, "__spec__"):
        return "a debugger has put its own main module in the script's place"
    try:
        with open(path, "rb") as file:
            statements = ast.parse(file.read()).body
    except (OSError, SyntaxError, ValueError):
        return f"the main program, {path}, is not a script that a worker could read"
    line = _line_running_in(main)
    guarded = [s for s in statements if isinstance(s, ast.If) and "__name__" in ast.dump(s.test)]
    if any(line is None or s.lineno <= line <= (s.end_lineno or s.lineno) for s in guarded):
        return None
    return "the script that runs has no `if __name__ == '__main__':` around its work, so a worker would run it again"


def _line_running_in(main: ModuleType | None) -> int | None:
    """The line of the main script's top level that is running, or None if it is not on the stack."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals is vars(main):
            return frame.f_lineno
        frame = frame.f_back
    return None
