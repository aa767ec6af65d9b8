"""One name, one thing: a class of the project has its name to itself, and every error is an HMCError."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from diagnostics.precis import element_labels
from hmc.parameters import element_names

ROOT = Path(__file__).parents[1]
PACKAGES = ("hmc", "models", "diagnostics", "figures")


def classes(root):
    """{name without leading underscores: the modules that define such a class at their top level}."""
    found = defaultdict(list)
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*.py")):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef):
                found[node.name.lstrip("_")].append(path.relative_to(root).as_posix())
    return found


def defined_twice(root):
    return {name: modules for name, modules in classes(root).items() if len(modules) > 1}


def test_every_class_has_its_name_to_itself():
    assert len(classes(ROOT)) > 100
    assert defined_twice(ROOT) == {}


def test_a_class_whose_name_is_taken_is_found(tmp_path):
    """The negative twin: also below another folder, and with an underscore more."""
    sources = {
        "hmc/settings.py": "class Settings:\n    class Inner: ...\n",
        "figures/lecture/items.py": "class _Settings: ...\nclass Inner: ...\n",
        "models/tables.py": "class Table: ...\n",
        "tests/test_tables.py": "class Table: ...\n",
    }
    for name, source in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source)
    assert defined_twice(tmp_path) == {"Settings": ["figures/lecture/items.py", "hmc/settings.py"]}


def foreign_errors(root):
    """Error classes of the packages that are not an HMCError."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for path in (path for package in PACKAGES for path in (root / package).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Exception"))
    }
    return sorted(name for name in bases if name != "HMCError" and "HMCError" not in bases[name])


def test_every_error_is_an_hmc_error():
    assert foreign_errors(ROOT) == []


def test_an_error_of_another_kind_is_found(tmp_path):
    (tmp_path / "hmc").mkdir()
    (tmp_path / "hmc" / "errors.py").write_text("class HMCError(Exception): ...\nclass RoomError(ValueError): ...\n")
    assert foreign_errors(tmp_path) == ["RoomError"]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2)])
def test_tables_and_files_give_an_element_the_same_name(shape):
    """diagnostics imports nothing of hmc, so there are two functions."""
    assert element_labels("b", shape) == element_names("b", shape)
