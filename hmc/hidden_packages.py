"""A note where a script wants our models, diagnostics or figures, and its own folder has a file of that name.

Python searches the folder of a script first. The script then gets its neighbour, and an AttributeError that does not
say so.
"""

import ast
import os
import pkgutil
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
    """Names that a script takes from a package: models.NAME, from models import NAME, import models.NAME, and so on."""
    nodes = [node for statement in _statements(path) for node in ast.walk(statement)]
    imported = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    called = {package, *(alias.asname for alias in imported if alias.name == package)}
    dotted = [alias.name for alias in imported]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            dotted += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called:
            dotted.append(f"{package}.{node.attr}")
    return {name.split(".")[1] for name in dotted if name.startswith(f"{package}.")}


def _public_names(path: str) -> set[str]:
    """The names that a module defines, imports or lists at its top level; of a package, those of its modules too."""
    statements = _statements(path)
    names = {node.id for s in statements for node in ast.walk(s) if isinstance(node, ast.Name)}
    imports = [s for s in statements if isinstance(s, (ast.Import, ast.ImportFrom))]
    names |= {alias.asname or alias.name for s in imports for alias in s.names}
    if os.path.basename(path) == "__init__.py":
        names |= {module.name for module in pkgutil.iter_modules([os.path.dirname(path)])}
    return names | {s.name for s in statements if isinstance(s, (ast.FunctionDef, ast.ClassDef))}


def _statements(path: str) -> list[ast.stmt]:
    """Those of a file; none where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return ast.parse(file.read()).body
    except (OSError, SyntaxError, ValueError):
        return []
