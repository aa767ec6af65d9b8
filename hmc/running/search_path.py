"""Where new processes look for modules: the user's folder comes last.

A file of the user may be called secrets.py, or models.py. Python looks into the folder of a script, or the current
folder, before its own library; a process that we start must not, or it would load the user's file in place of
Python's or ours.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator

_SAFE = "PYTHONSAFEPATH"  # of Python 3.11 and later: the current folder is not searched by `python -c`
_MARK = "hmc"  # its value where we have set it

_changing = threading.RLock()  # both things that change here belong to the whole process


@contextlib.contextmanager
def safe_start() -> Iterator[None]:
    """Processes that are started meanwhile find the library of Python, and ours, before the user's files."""
    with _changing:
        before = sys.path
        path = folders_last(before, user_folders())
        if not _leads_here(path):  # a checkout that is run without being installed
            yield
            return
        is_set = _SAFE in os.environ
        sys.path = path
        if not is_set:
            os.environ[_SAFE] = _MARK
        try:
            yield
        finally:
            sys.path = before
            if not is_set:
                os.environ.pop(_SAFE, None)


def user_folders() -> set[str]:
    """The folders that Python puts first on the search path: that of the main script, or the current one."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = {"", os.getcwd()}
    if script is not None:
        folders |= {os.path.dirname(os.path.abspath(script)), os.path.dirname(os.path.realpath(script))}
    return folders


def folders_last(path: list[str], folders: set[str]) -> list[str]:
    """The search path with its first entry moved to the end, if that is one of these folders."""
    return [*path[1:], path[0]] if path and path[0] in folders else list(path)


def _leads_here(path: list[str]) -> bool:
    """Whether `import hmc` finds this very package on a search path."""
    folders = (os.path.join(os.path.abspath(folder), "hmc") for folder in path)
    found = next((folder for folder in folders if os.path.exists(os.path.join(folder, "__init__.py"))), "")
    return os.path.realpath(found) == os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def forget_safe_start() -> None:
    """In a process that `safe_start` started: leave its environment, which others inherit, as the user's was."""
    if os.environ.get(_SAFE) == _MARK:
        del os.environ[_SAFE]
