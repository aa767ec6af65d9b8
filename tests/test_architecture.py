"""Who may import whom: the table of docs/architecture.md, held against every import, those in functions included."""

import functools
import graphlib
import shutil
from pathlib import Path

import pytest

from figures.lecture.work import sources

ROOT = Path(__file__).parents[1]
PACKAGES = ("hmc", "models", "diagnostics", "figures")

GROUND = ("hmc.files", "hmc.errors", "hmc.settings", "hmc.reporting", "hmc.unmasked")
BELOW_RUNNING = (
    *(*GROUND, "hmc.author_errors", "hmc.jit", "hmc.numerics", "hmc.correlations", "hmc.transforms", "hmc.sampler"),
    *("hmc.parameters", "hmc.model_data", "hmc.pointwise", "hmc.model", "hmc.display"),
)
BELOW_SAMPLING = (*BELOW_RUNNING, "hmc.memory", "hmc.running", "hmc.results")

# What a room, or one of its modules, may import besides itself. "=hmc" is the package's own file alone.
MAY_IMPORT = {
    **dict.fromkeys(("hmc.hidden_packages", *GROUND), ()),
    "hmc": ("hmc.hidden_packages",),
    "hmc.display": ("=hmc", "hmc.errors"),
    "hmc.memory": ("hmc.settings",),
    "hmc.author_errors": ("hmc.errors",),
    "hmc.jit": ("hmc.files", "hmc.errors", "hmc.author_errors"),
    "hmc.numerics": ("hmc.jit",),
    "hmc.correlations": ("hmc.jit", "hmc.numerics"),
    "hmc.transforms": ("hmc.unmasked", "hmc.jit", "hmc.numerics", "hmc.correlations"),
    "hmc.sampler": ("hmc.jit", "hmc.numerics", "hmc.errors"),
    "hmc.parameters": ("hmc.settings", "hmc.unmasked", "hmc.jit", "hmc.transforms", "hmc.correlations"),
    "hmc.model_data": ("hmc.jit",),
    "hmc.pointwise": ("hmc.jit",),
    "hmc.model": (
        *("hmc.errors", "hmc.settings", "hmc.unmasked", "hmc.jit", "hmc.parameters"),
        *("hmc.model_data", "hmc.pointwise", "hmc.display"),
    ),
    "hmc.foreign": ("hmc.unmasked", "hmc.jit", "hmc.parameters", "hmc.model"),
    "hmc.running": BELOW_RUNNING,
    "hmc.results": (*BELOW_RUNNING, "=hmc"),
    "hmc.sampling": BELOW_SAMPLING,
    "hmc.replication": BELOW_SAMPLING,
    "hmc.web": (
        *("hmc.files", "hmc.errors", "hmc.settings", "hmc.jit", "hmc.numerics", "hmc.transforms"),
        *("hmc.sampler", "hmc.model", "hmc.parameters"),
        *("hmc.running.importable", "hmc.running.processes"),
    ),
    "hmc.record": (
        *("hmc.sampler", "hmc.sampling", "hmc.model", "hmc.jit", "hmc.settings", "hmc.unmasked", "hmc.display"),
    ),
    "hmc.checking": (
        *("hmc.errors", "hmc.model", "hmc.model_data", "hmc.pointwise", "hmc.parameters", "hmc.transforms", "hmc.jit"),
        *("hmc.author_errors", "hmc.sampler.chain", "hmc.results.coordinates", "hmc.display"),
    ),
    "hmc.cli": PACKAGES,
    "models": ("models", "=hmc", "hmc.errors", "hmc.numerics", "hmc.transforms", "hmc.correlations", "hmc.jit.kernel"),
    "models.coverage": ("models", "=hmc", "hmc.replication"),
    "diagnostics": ("diagnostics",),
    "diagnostics.refits": (
        "diagnostics",
        "hmc.model",
        "hmc.replication",
        "hmc.sampling",
        "hmc.settings",
        "=hmc.running",
    ),
    "diagnostics.calibration": (
        "diagnostics",
        "hmc.model",
        "hmc.replication",
        "hmc.settings",
        "hmc.sampler.chain_through",
    ),
    "figures": (
        *("models", "diagnostics", "=hmc", *BELOW_RUNNING, "hmc.results", "hmc.sampling", "hmc.record", "hmc.checking"),
        *("=hmc.running", "=hmc.web", "hmc.web.page"),
    ),
}


@functools.cache
def project():
    """{module: the modules of the project that it imports}."""
    paths = (path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
    names = sorted(".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths)
    return {name: sources.imports_of(name) for name in names}


def is_within(module, place):
    return f"={module}" == place or f"{module}.".startswith(f"{place}.")


def room_of(module):
    return max((room for room in MAY_IMPORT if is_within(module, room)), key=len)


def forbidden(imports):
    """(module, imported module) of each import that the table does not allow."""
    return [
        (module, imported)
        for module in imports
        for imported in imports[module]
        if room_of(imported) != room_of(module) or room_of(module) == "hmc"
        if not any(is_within(imported, place) for place in MAY_IMPORT[room_of(module)])
    ]


def test_every_import_is_allowed():
    assert len(project()) > 100
    assert forbidden(project()) == []


def test_no_module_is_imported_by_what_it_imports():
    graphlib.TopologicalSorter(project()).prepare()


@pytest.fixture
def with_line(tmp_path, monkeypatch):
    """The imports of the project if a file had one more line."""

    def changed(file, line):
        project()  # before files are looked for elsewhere
        for package in PACKAGES:
            shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "data"))
        monkeypatch.setattr(sources, "ROOT", tmp_path)
        sources.forget()
        path = tmp_path / file
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
        module = file.removesuffix(".py").replace("/", ".")
        return project() | {module: sources.imports_of(module)}

    yield changed
    monkeypatch.undo()
    sources.forget()


@pytest.mark.parametrize(
    ("file", "line", "imported"),
    [
        ("hmc/sampler/nuts.py", "from hmc.sampling import sample", "hmc.sampling"),
        ("hmc/running/tasks.py", "def f():\n    import hmc.results.fit", "hmc.results.fit"),
        ("hmc/results/fit.py", "from hmc.running import tasks", "hmc.running.tasks"),
        ("hmc/jit/cache.py", "from hmc import numerics", "hmc.numerics"),
        ("hmc/model.py", "import models.cafes", "models.cafes"),
        ("hmc/record/watcher.py", "from hmc.cli.main import program", "hmc.cli.main"),
        ("hmc/web/building.py", "from hmc.sampling import sample", "hmc.sampling"),
        ("models/cafes.py", "from hmc.jit.cache import enable", "hmc.jit.cache"),
        ("diagnostics/ess.py", "from hmc.settings import is_whole", "hmc.settings"),
        ("figures/dags.py", "from hmc.running.execution import Task", "hmc.running.execution"),
    ],
)
def test_a_forbidden_import_is_seen(with_line, file, line, imported):
    assert forbidden(with_line(file, line)) == [(file.removesuffix(".py").replace("/", "."), imported)]


def test_a_circle_is_seen(with_line):
    imports = with_line("diagnostics/arrays.py", "def f():\n    from .ess import ess_bulk")
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(imports).prepare()
