"""The source code that an item runs, as one hash: the item is kept until the hash changes.

Imports between modules of the project are followed, wherever they are in a file. The registries, `models` and
`figures`, name their modules in tables, which are not followed: a caller that uses one adds the module it found there.
"""

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import figures

ROOT = Path(figures.__file__).parents[1]
PACKAGES = ("hmc", "models", "diagnostics", "figures")


@functools.cache
def digest(*modules: str, alone: tuple[str, ...] = ()) -> str:
    """A hash of the source files of these modules, by name, and of all modules of the project that they import,
    directly or indirectly; of the data files, if a module is of `models`; and of the modules `alone`, without their
    imports.
    """
    waiting, seen = list(modules), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += imports_of(name)
    files = [_file(name) for name in seen.union(alone)]
    if any(name.startswith("models.") for name in seen):
        files += [path for path in (ROOT / "models" / "data").iterdir() if path.is_file()]
    return _joint(files)


def digest_of_all() -> str:
    """A hash of all files of the project's packages: whatever is made from them is the same where it is."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if "__pycache__" not in path.parts]
    return _joint(path for path in files if path.is_file())


def forget() -> None:
    """Read the files anew from now on."""
    for cached in (digest, imports_of, _file_below, _file_digest):
        cached.cache_clear()


def _joint(files: Iterable[Path]) -> str:
    return hashlib.sha256("\n".join(map(_file_digest, sorted(files))).encode()).hexdigest()


@functools.cache
def imports_of(name: str) -> list[str]:
    """Names of the project's modules that the module `name` imports, sorted, without those for types alone."""
    path = _file(name)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set[str]()
    for node in _statements(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
            origin = ".".join(filter(None, [above if node.level else "", node.module]))
            # `from figures import style` imports a module, `from hmc.files import write_whole` names from one.
            submodules = [f"{origin}.{alias.name}" for alias in node.names]
            modules = [module for module in submodules if _is_ours(module)]
            found.update(modules if len(modules) == len(submodules) else [*modules, origin])
    return sorted(filter(_is_ours, found))


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """The statements of a module, at any depth, without those under `if TYPE_CHECKING:`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            for block in ("body", "orelse", "finalbody", "handlers", "cases"):
                waiting += getattr(node, block, ())


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES and _file(name).is_file()


def _file(name: str) -> Path:
    return _file_below(ROOT, name)


@functools.cache
def _file_below(root: Path, name: str) -> Path:
    path = root.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache
def _file_digest(path: Path) -> str:
    """The file's place in the project, and a hash of its bytes."""
    return f"{path.relative_to(ROOT).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}"
