"""Helpers that several tests share. Tests are imported one by one (importmode importlib), so they come as fixtures."""

import importlib.util
import signal
import threading
from pathlib import Path

import pytest

# A shell starts jobs in the background with Ctrl-C ignored, and so are the processes that they start.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def agreement():
    """Draws of a whole model against known values: the functions of tests/agreement.py."""
    spec = importlib.util.spec_from_file_location("tests_agreement", Path(__file__).with_name("agreement.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
