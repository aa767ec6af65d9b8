"""hmc.check: faults of a log density and its gradient, one in each model of the zoo."""

import pytest

from tests.hmc.helpers import zoo


@pytest.mark.parametrize("fault", zoo.GRADIENT | zoo.DENSITY)
def test_every_fault_is_found_and_named(fault, tmp_path, monkeypatch):
    zoo.assert_is_found(fault, tmp_path, monkeypatch)
