"""Helpers that several tests share. Tests are imported one by one (importmode importlib), so they come as fixtures."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def agreement():
    """Draws of a whole model against known values: the functions of tests/agreement.py."""
    spec = importlib.util.spec_from_file_location("tests_agreement", Path(__file__).with_name("agreement.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
