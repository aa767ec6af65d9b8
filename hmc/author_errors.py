"""Errors in an author's function, told with the line of the author's file."""

import linecache
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from hmc.errors import told


def told_with_line(error: BaseException, function: Callable[..., Any]) -> str:
    """The error in words, and the line of the author's function that led there, as of `line_of`."""
    where = line_of(error, function)
    return told(error) + (f" ({where})" if where else "")


def line_of(error: BaseException, function: Callable[..., Any]) -> str:
    """The line of an author's function that raised an error, as `code_line` writes it; or "".

    If the error arose in another file, this is the line that led there.
    """
    code = getattr(getattr(function, "py_func", function), "__code__", None)
    file = getattr(code, "co_filename", None)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == file:
            return code_line(frame.filename, frame.lineno or 0)
    return ""


def code_line(path: str, number: int) -> str:
    """A line of code, by its place: `heights.py, line 31: gradient[3] = 1.0`, in a notebook `Cell In[7], line 3: ...`.

    Without the code where that cannot be read.
    """
    names = [path, os.path.abspath(path)]  # Numba writes paths relative to the working directory
    code = next(filter(None, (linecache.getline(name, number).strip() for name in names)), "")
    cell = next(filter(None, map(_cell, names)), None)
    return f"{cell or os.path.basename(path)}, line {number}" + (f": {code}" if code else "")


def _cell(path: str) -> str | None:
    """The notebook's cell whose code has this path, as IPython's tracebacks call it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    name_of = getattr(getattr(shell, "compile", None), "format_code_name", lambda path: None)
    return " ".join(name_of(path) or ()) or None
