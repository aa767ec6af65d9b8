"""hmc.check: faults of what is declared of a model and of its other functions, one in each model of the zoo."""

import pytest

from hmc.checking import KINDS
from tests.hmc.helpers import zoo


@pytest.mark.parametrize("fault", zoo.MODEL)
def test_every_fault_is_found_and_named(fault, tmp_path, monkeypatch):
    zoo.assert_is_found(fault, tmp_path, monkeypatch)


def test_every_kind_of_finding_has_an_animal_in_the_zoo():
    kinds = {kind for _, kind, _, _ in zoo.FAULTS.values()}
    assert kinds == set(KINDS)
