"""Helpers that several tests share, as fixtures."""

import pytest

from tests.hmc import helpers
from tests.hmc.helpers import quartic, scores, toy_line  # noqa: F401 (they are looked up below)


@pytest.fixture(scope="session")
def toy():
    """A line of sites in place of leapfrog dynamics, and exact transition probabilities on it."""
    return helpers.toy_line


@pytest.fixture(scope="session", name="quartic")
def _quartic():
    """A smooth density that is not normal, and its phase space."""
    return helpers.quartic


@pytest.fixture(scope="session", name="scores")
def _scores():
    """Estimates against exact values, in Monte Carlo standard errors."""
    return helpers.scores
