"""Helpers that several tests share. Tests are imported one by one (importmode importlib), so they come as fixtures."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name):
    """The helper module `name` of this folder."""
    full_name = f"tests_hmc_{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, Path(__file__).with_name(f"{name}.py"))
        sys.modules[full_name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[full_name])
    return sys.modules[full_name]


@pytest.fixture(scope="session")
def toy():
    """A line of sites in place of leapfrog dynamics, and exact transition probabilities on it."""
    return _load("toy_line")


@pytest.fixture(scope="session")
def recursion():
    """The NUTS tree as the textbook's recursion."""
    return _load("recursion")


@pytest.fixture(scope="session")
def quartic():
    """A smooth density that is not normal, and its phase space."""
    return _load("quartic")


@pytest.fixture(scope="session")
def scores():
    """Estimates against exact values, in Monte Carlo standard errors."""
    return _load("scores")
