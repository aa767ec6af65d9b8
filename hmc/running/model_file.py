"""An author's model file as a module: imported from its path, under a name that hides no other module.

The file's folder comes last on the module search path: the file may import its neighbours, and no neighbour takes the
place of Python's modules or ours. Worker processes get the same names for the same files (`Known`).
"""

import ast
import contextlib
import hashlib
import importlib
import importlib.util
import os
import re
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_paths: dict[str, str] = {}  # {module name: path of its file}
_sources: dict[str, bytes] = {}  # {module name: the bytes that the module was made from}


def load(path: str) -> ModuleType:
    """The module of a file, whatever the file's name is. Whatever the file raises comes out."""
    name = name_of(path)
    with open(path, "rb") as file:
        source = file.read()
    if name not in sys.modules or _sources.get(name) != source:
        sys.modules.pop(name, None)
        importlib.invalidate_caches()
        module = importlib.import_module(name)
        _sources[name] = source
        return module
    return sys.modules[name]


def name_of(path: str) -> str:
    """The name of a file's module: that of the file where it can be one and no other module has it."""
    path = os.path.abspath(path)
    _put_last(os.path.dirname(path))
    for name, known_path in _paths.items():
        if known_path == path:
            return name
    stem = os.path.splitext(os.path.basename(path))[0]
    plain = re.sub(r"\W", "_", stem, flags=re.ASCII)
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    names = [stem] if stem.isidentifier() else []
    name = next(name for name in (*names, f"file_{plain}", f"file_{plain}_{digest}") if _is_free(name, path))
    register({name: path})
    return name


def is_loaded(name: str) -> bool:
    """Whether the module of that name is a model file that was loaded: another file may have its name, too."""
    return name in _paths


class Known:
    """All files that were loaded: where this is unpickled, they can be imported by their names."""

    def __reduce__(self) -> tuple[Any, ...]:
        return register, (dict(_paths),)


def register(paths: dict[str, str]) -> None:
    """Let files be imported by their names: {module name: path}."""
    if paths and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
    for name, path in paths.items():
        _paths[name] = path
        _put_last(os.path.dirname(path))


def hidden_imports(path: str) -> list[tuple[str, str, str]]:
    """Imports by the name of a neighbour that come from elsewhere: [(name, neighbour, where from)]."""
    folder = os.path.dirname(os.path.abspath(path))
    found = []
    for name in _imported_names(path):
        neighbours = [entry for entry in (f"{name}.py", name) if os.path.exists(os.path.join(folder, entry))]
        origin = getattr(sys.modules.get(name), "__file__", None) or "Python itself"
        if neighbours and name in sys.modules and not os.path.realpath(origin).startswith(os.path.realpath(folder)):
            found.append((name, neighbours[0], origin))
    return found


class _Finder:
    """Finds the registered files, before any other finder is asked."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in _paths:
            return None
        return importlib.util.spec_from_file_location(name, _paths[name])


def _is_free(name: str, path: str) -> bool:
    """Whether no module but that of the file itself has the name."""
    if name in _paths:
        return False
    if name in sys.modules:
        return os.path.abspath(getattr(sys.modules[name], "__file__", None) or "") == path
    if name in sys.stdlib_module_names:
        return False
    spec = None
    with contextlib.suppress(ImportError, ValueError):
        spec = PathFinder.find_spec(name)
    return spec is None or spec.origin is None or os.path.abspath(spec.origin) == path


def _put_last(folder: str) -> None:
    """Have the folder on the module search path, behind everything else where it is new."""
    if folder not in sys.path:
        sys.path.append(folder)


def _imported_names(path: str) -> list[str]:
    """The top-level names that a file imports, in functions too; none where it cannot be read."""
    try:
        with open(path, "rb") as file:
            nodes = list(ast.walk(ast.parse(file.read())))
    except (OSError, SyntaxError, ValueError):
        return []
    whole = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    parts = [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level]
    return list(dict.fromkeys(name.partition(".")[0] for name in (*whole, *parts)))
