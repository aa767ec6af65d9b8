"""hmc.check: faults of what is declared of a model and of its other functions, one in each model of the zoo."""

import importlib.util
import sys
from pathlib import Path

import pytest

from hmc.checking import KINDS

_spec = importlib.util.spec_from_file_location("checking_zoo", Path(__file__).with_name("zoo.py"))
zoo = sys.modules.setdefault("checking_zoo", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(zoo)


@pytest.mark.parametrize("fault", zoo.MODEL)
def test_every_fault_is_found_and_named(fault, tmp_path, monkeypatch):
    zoo.assert_is_found(fault, tmp_path, monkeypatch)


def test_every_kind_of_finding_has_an_animal_in_the_zoo():
    kinds = {kind for _, kind, _, _ in zoo.FAULTS.values()}
    assert kinds == set(KINDS)
