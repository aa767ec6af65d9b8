"""Simulation-based calibration of every model of up to 100 parameters: 200 replications each, of short chains.

Its negative twins, of the same chains, are in tests/test_calibration.py.
"""

import pandas as pd
import pytest

import models
from diagnostics import calibrate
from tests.helpers.calibrating import SHORT_CHAINS

SMALL = [name for name in models.names() if not name.startswith("mRXma")]


@pytest.fixture(scope="module")
def options():
    """{name: options} of the models that need some, or simulate slowly otherwise: mRS draws each of 9,930 responses."""
    counts = pd.read_csv(models.__path__[0] + "/data/trolley_counts.csv")
    return {"mST_fixed": {"sigma": 0.7}, "mRS": {"data": counts.assign(count=counts["count"] // 20 + 1)}}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_ranks_are_uniform(name, options):
    model = models.build(name, **options.get(name, {}))
    assert model.dimension <= 100
    found = calibrate(model, 200, progress=False, **SHORT_CHAINS)
    print(found)
    assert found.passed, found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mST", "cafes", "mr"])
def test_ranks_are_uniform_with_macro_steps(name):
    """A tolerance so small that many steps are taken in pieces, and some are irreversible."""
    found = calibrate(models.build(name), 200, algorithm="walnuts", tolerance=0.3, progress=False, **SHORT_CHAINS)
    print(found)
    assert found.passed, found
