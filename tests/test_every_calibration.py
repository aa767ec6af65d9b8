"""Simulation-based calibration of every model of up to 100 parameters: 200 replications each, of short chains.

Its negative twins, of the same chains, are in tests/test_calibration.py.
"""

import pytest

import models
from diagnostics import calibrate
from tests.helpers.calibrating import SHORT_CHAINS

SMALL = [name for name in models.names() if not name.startswith("mRXma")]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_ranks_are_uniform(name):
    model = models.build(name, **({"sigma": 0.7} if name == "mST_fixed" else {}))
    assert model.dimension <= 100
    found = calibrate(model, 200, progress=False, **SHORT_CHAINS)
    print(found)
    assert found.passed, found
