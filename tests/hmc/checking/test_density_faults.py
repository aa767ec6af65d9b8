"""hmc.check: faults of a log density and its gradient, one in each model of the zoo."""

import importlib.util
import sys
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("checking_zoo", Path(__file__).with_name("zoo.py"))
zoo = sys.modules.setdefault("checking_zoo", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(zoo)


@pytest.mark.parametrize("fault", zoo.GRADIENT | zoo.DENSITY)
def test_every_fault_is_found_and_named(fault, tmp_path, monkeypatch):
    zoo.assert_is_found(fault, tmp_path, monkeypatch)
