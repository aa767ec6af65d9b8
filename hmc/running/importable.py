"""What can be sent to worker processes, and why not: a worker imports the main script, and code by its name."""

import ast
import multiprocessing
import os
import pickle
import sys
import threading

from hmc.jit.kernel import jit_is_disabled

_owner = os.getpid()


def why_not_processes(model=None):
    """Why chains of a model cannot run in worker processes, in words; None if they can."""
    if multiprocessing.parent_process() is not None:
        return "this is a worker process itself"
    if os.getpid() != _owner:
        return "this process was forked from one that may have workers"
    reason = _why_main_cannot_be_imported()
    if reason is not None:
        return reason
    if model is not None:
        if not _is_importable(model):
            return f"{model.name} is made of what a worker process cannot import"
        is_stored = model.density_is_stored() and not jit_is_disabled()  # code that cannot be known never is
        unknown = None if is_stored else model.unknown_code()
        if unknown is not None:  # then a worker's code cannot be compared with it
            return f"the log density of {model.name} reaches {unknown}, which may be another in a worker process"
        if not model.density_is_stored():
            return f"the compiled log density of {model.name} is not on disk for a worker process to load"
    return None


def why_not_imported(functions):
    """Why a worker process cannot have these functions (or partials of functions), in words; None if it can."""
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
            return f"{getattr(innermost, '__qualname__', innermost)} is what a worker process cannot import"
    return None


def _is_importable(model):
    """Whether the model survives the way to a worker, which imports functions and classes by name."""
    main = sys.modules.get("__main__")
    if not hasattr(main, "__file__") and any(_module(item) == "__main__" for item in vars(model).values()):
        return False  # typed into a notebook or standard input
    # Of the data, which may be large, the classes of their tuples: arrays and numbers survive.
    parts = {name: item for name, item in vars(model).items() if name not in ("data", "_packed")}
    try:
        pickle.loads(pickle.dumps((type(model), parts, list(_tuple_classes(model.data)))))
    except Exception:  # pickling runs the code of whatever the model holds
        return False
    return True


def _tuple_classes(data):
    yield type(data)
    for item in data:
        if isinstance(item, tuple):
            yield from _tuple_classes(item)


def _module(item):
    return getattr(item, "__module__", None) or type(item).__module__


def _why_main_cannot_be_imported():
    """Why a worker must not import the main script: it would do the work of the script again. None if it may.

    It may where there is no script (a notebook, `python -c`), and where the statement of the script that is running
    now stands under an `if` about `__name__`.
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
    if any(line is None or s.lineno <= line <= s.end_lineno for s in guarded):
        return None
    return "the script that runs has no `if __name__ == '__main__':` around its work, so a worker would run it again"


def _line_running_in(main):
    """The line of the main script's top level that is being run, or None where it is not on the stack."""
    frame = sys._current_frames().get(threading.main_thread().ident)
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals is main.__dict__:
            return frame.f_lineno
        frame = frame.f_back
    return None
