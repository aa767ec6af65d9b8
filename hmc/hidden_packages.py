"""A note where a script wants our models, diagnostics or figures, and its own folder has a file of that name.

Python searches the folder of a script first. The script then gets its neighbour, and an AttributeError that does not
say so.
"""

import ast
import os
import re
import sys
from importlib.machinery import PathFinder

PACKAGES = ("models", "diagnostics", "figures")
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def notes(script: str) -> list[str]:
    """A line for each of our packages that the script at this path uses by its names, and does not get."""
    found = []
    for package in PACKAGES:
        ours = os.path.join(_ROOT, package, "__init__.py")
        spec = PathFinder.find_spec(package)
        if spec is None or not spec.origin or os.path.realpath(spec.origin) == os.path.realpath(ours):
            continue
        used = _used_names(script, package) & _public_names(ours) - _public_names(spec.origin)
        if used:
            found.append(
                f"`import {package}` gives {spec.origin}, which hides the package {package} of rethinking-hmc "
                f"and has no {min(used)}: give that file another name"
            )
    return found


def tell() -> None:
    """Print the notes on the script that runs; nothing in a session without one."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    for note in notes(script) if script else ():
        print(f"hmc: note: {note}", file=sys.stderr)


def _used_names(path: str, package: str) -> set[str]:
    """Names that a script takes from a package: models.NAME, from models import NAME."""
    text = _text(path)
    lists = re.findall(rf"^\s*from {package} import ([\w, ]+)", text, re.MULTILINE)
    return {*re.findall(rf"\b{package}\.(\w+)", text), *(name for names in lists for name in re.findall(r"\w+", names))}


def _public_names(path: str) -> set[str]:
    """The names that a module defines, imports or lists at its top level."""
    try:
        statements = ast.parse(_text(path)).body
    except (SyntaxError, ValueError):
        return set()
    names = {node.id for s in statements for node in ast.walk(s) if isinstance(node, ast.Name)}
    imports = [s for s in statements if isinstance(s, (ast.Import, ast.ImportFrom))]
    names |= {alias.asname or alias.name for s in imports for alias in s.names}
    return names | {s.name for s in statements if isinstance(s, (ast.FunctionDef, ast.ClassDef))}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
