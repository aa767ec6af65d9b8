"""One name, one thing: a class of the project has its name to itself."""

import ast
from collections import defaultdict
from pathlib import Path

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
