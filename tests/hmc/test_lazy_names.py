"""Names that are imported when they are first used are declared to type checkers too, from the same modules."""

import ast
from pathlib import Path

import pytest

import hmc
import hmc.running

PACKAGES = {"hmc": hmc, "hmc.running": hmc.running}


def declared(package, source):
    """{name: module, within the package} of the imports under `if TYPE_CHECKING:`."""
    blocks = [n for n in ast.parse(source).body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    imports = [node for block in blocks for node in block.body if node.module.startswith(f"{package}.")]
    return {a.asname: node.module.removeprefix(f"{package}.") for node in imports for a in node.names}


@pytest.mark.parametrize("package", PACKAGES)
def test_checkers_and_users_find_the_same_names(package):
    source = Path(PACKAGES[package].__file__).read_text(encoding="utf-8")
    assert declared(package, source) == PACKAGES[package]._HOMES
    for name in PACKAGES[package].__all__:
        assert getattr(PACKAGES[package], name) is not None


def test_a_name_that_is_left_out_or_of_another_module_is_seen():
    source = Path(hmc.__file__).read_text(encoding="utf-8")
    line = "    from hmc.sampling import sample as sample\n"
    assert line in source
    assert declared("hmc", source.replace(line, "")) != hmc._HOMES
    assert declared("hmc", source.replace(line, line.replace("sampling", "replication"))) != hmc._HOMES
