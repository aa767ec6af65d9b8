"""Comparison of a worker's code with that of this process: a worker with other code refuses a task.

Workers of a cluster live long, on machines of their own. A worker that has loaded an older version of the sampler or of
a model would give other numbers, and nobody would notice.
"""

import platform
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from hmc.errors import StaleWorkerError
from hmc.files import sources_hash

if TYPE_CHECKING:
    from hmc.model import Model

ROOT = Path(__file__).parents[2]
PACKAGES = ("hmc", "models", "diagnostics", "figures")


class Code(NamedTuple):
    """The code that the results of a task depend on."""

    versions: dict[str, str]  # by library
    sources: dict[str, str | None]  # by package: a hash of its files; None if it is not installed
    density: str | None  # `Model.density_key`; None: there is no model


def code_here(model: "Model | None" = None, packages: tuple[str, ...] = ("hmc",)) -> Code:
    """The code of this process, for tasks that need these packages, and the model if there is one."""
    sources = {package: _SOURCES[package] for package in packages}
    return Code(_VERSIONS, sources, None if model is None else model.density_key())


def checked(code: Code, function: Callable[..., Any], *arguments: Any) -> Any:
    """In a worker: `function(*arguments)`; StaleWorkerError, with the difference, if the worker has other code.

    If `code` has a density, the first argument is the model.
    """
    for library, version in code.versions.items():
        if _VERSIONS[library] != version:
            raise StaleWorkerError(f"a worker has {library} {_VERSIONS[library]}, and this process {version}")
    for package, sources in code.sources.items():
        if _SOURCES[package] != sources:
            found = "no package" if _SOURCES[package] is None else "other code of the package"
            raise StaleWorkerError(f"a worker has {found} {package}: install the same there, and start it again")
    if code.density is not None and arguments[0].density_key() != code.density:
        raise StaleWorkerError(f"a worker has other code of the model {arguments[0].name}: start it again")
    return function(*arguments)


def _hash_of(package: str) -> str | None:
    """A hash of the source files of one of our packages, as they are now; None where it is not installed."""
    folder = ROOT / package  # a user's folder, which `import` may find first, can have the same name
    return sources_hash(folder, "**/*.py") if folder.is_dir() else None


# Taken when a worker imports this module, before it imports any other for its first task: it does not run the code of
# files that change later.
_SOURCES = {package: _hash_of(package) for package in PACKAGES}
_VERSIONS = {
    "Python": ".".join(platform.python_version_tuple()[:2]),
    "NumPy": np.__version__,
    "Numba": numba.__version__,
}
