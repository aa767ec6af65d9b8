"""A hash of functions that run as plain Python, and of all that they reach, as far as it can be read off.

A simulator may reach anything: constants, arrays, tables, helpers, closures, attributes of modules. A worker that was
kept, or that imports the author's file anew, may have others of them than the process that sends the task.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
import sysconfig
import types
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.np.ufunc.dufunc import DUFunc

from hmc.jit.copying import cell_contents, global_loads, mentioned, python_of, reached_globals
from hmc.jit.fingerprint import fingerprint
from hmc.running.same_code import PACKAGES, ROOT

if TYPE_CHECKING:
    from hmc.model import Model

_SCALARS = (bool, int, float, complex, str, bytes, type(None), np.generic)
_OURS = tuple(str(ROOT / package) + os.sep for package in PACKAGES)
_LIBRARIES = tuple({sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def code_of(model: Model, *functions: Callable[..., Any]) -> str:
    """A hash of the code that a replication runs besides the log density: these functions, and those of the model.

    It covers what they reach by name, closure, default or attribute of a module: functions, numbers, texts, arrays, and
    tuples, lists, dicts, sets and an author's objects of such. Of an author's module that is reached as an object, in a
    closure say, it covers the attributes by all names that an author's function mentions. Of other libraries' objects
    it covers the type alone.
    """
    digest = hashlib.sha256()
    waiting: list[Any] = [model.simulate, model.simulate_data, model.log_likelihood, *functions]
    seen: dict[int, tuple[int, Any]] = {}  # {id: (number, object)}; the object is kept alive
    names: set[str] = set()  # those that an author's function mentions
    modules: dict[types.ModuleType, set[str]] = {}  # an author's, and what was read of them
    while waiting:
        item = waiting.pop()
        item = python_of(item) if isinstance(item, (Dispatcher, DUFunc)) else item
        digest.update(f"{type(item).__qualname__} ".encode())
        if isinstance(item, _SCALARS):
            digest.update(f"{item!r};".encode())
            names |= {item} if isinstance(item, str) else set()  # it may be given to `getattr`
        elif id(item) in seen:
            digest.update(f"seen {seen[id(item)][0]};".encode())
        else:
            seen[id(item)] = len(seen), item
            waiting += _parts(item)
            if isinstance(item, types.FunctionType) and _is_authors(item):
                names |= mentioned(item.__code__)
            elif isinstance(item, types.ModuleType) and _is_authors(item):
                modules[item] = set()
        waiting = waiting or _attributes(modules, names)
    return digest.hexdigest()


def _attributes(modules: dict[types.ModuleType, set[str]], names: set[str]) -> list[Any]:
    """Names and attributes of modules that were not read yet, in an order that is the same in every process."""
    found: list[Any] = []
    for module, read in modules.items():
        new = sorted((names & vars(module).keys()) - read)
        read.update(new)
        found += [part for name in new for part in (name, vars(module)[name])]
    return found


def _parts(item: Any) -> list[Any]:
    """The parts of an object, in an order that is the same in every process."""
    if isinstance(item, np.ndarray):
        return [item.dtype.str, str(item.shape), *(item.ravel() if item.dtype.hasobject else [item.tobytes()])]
    if isinstance(item, (tuple, list, deque)):
        return [len(item), *item]
    if isinstance(item, dict):
        return [len(item), *item.keys(), *item.values()]
    if isinstance(item, (set, frozenset)):
        return sorted(map(repr, item))
    if isinstance(item, functools.partial):
        return [item.func, item.args, item.keywords]
    if isinstance(item, types.MethodType):
        return [item.__func__, item.__self__]
    if isinstance(item, types.FunctionType):
        return _parts_of_function(item)
    if isinstance(item, (types.ModuleType, types.BuiltinFunctionType)):
        return [item.__name__]
    if isinstance(item, type):
        return [item.__qualname__, *(_members(item) if _is_authors(item) else [])]
    return [vars(item)] if hasattr(item, "__dict__") and _is_authors(type(item)) else []


def _parts_of_function(function: types.FunctionType) -> list[Any]:
    """Of a library, which has caches of its own, the name; of ours, which do not change in a session, the code."""
    if not (_is_authors(function) or _is_ours(function)):
        return [function.__qualname__]
    parts = [fingerprint(function.__code__), function.__defaults__, function.__kwdefaults__]
    if _is_authors(function):
        return [*parts, *cell_contents(function), *(item for _, item in reached_globals(function))]
    named = [function.__globals__.get(name) for name in sorted({name for name, _ in global_loads(function.__code__)})]
    return [*parts, *(item for item in named if _is_plain(item) or _is_of_the_package(item, function))]


def _is_plain(item: Any) -> bool:
    return all(map(_is_plain, item)) if isinstance(item, tuple) else isinstance(item, (str, int, float))


def _is_of_the_package(item: Any, function: types.FunctionType) -> bool:
    item = python_of(item)
    return isinstance(item, types.FunctionType) and _top_of(item) == _top_of(function)


def _members(item: type) -> list[Any]:
    members = {
        name: member for name, member in vars(item).items() if name in ("__init__", "__call__") or name[:2] != "__"
    }
    functions = (staticmethod, classmethod, property)
    return [getattr(m, "__func__", getattr(m, "fget", m)) if isinstance(m, functions) else m for m in members.values()]


def _top_of(item: Any) -> str:
    return _module_of(item).partition(".")[0]


def _file_of(item: Any) -> str:
    """Of a module, or that of a function or class; empty where it has none."""
    return getattr(sys.modules.get(_module_of(item)), "__file__", None) or ""


def _module_of(item: Any) -> str:
    return (item.__name__ if isinstance(item, types.ModuleType) else item.__module__) or ""


def _is_ours(item: Any) -> bool:
    return _file_of(item).startswith(_OURS)


def _is_authors(item: Any) -> bool:
    """Whether a function, class or module is neither ours nor a library's."""
    file = _file_of(item)
    is_built_in = not file and _top_of(item) in (*sys.builtin_module_names, *sys.stdlib_module_names)
    return not (is_built_in or file.startswith(_OURS) or file.startswith(_LIBRARIES))
