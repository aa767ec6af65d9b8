"""Helpers that several tests share, as fixtures."""

import signal
import threading

import pytest

from tests.helpers import agreement as agreement_of_draws

# A shell starts jobs in the background with Ctrl-C ignored, and so are the processes that they start.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def agreement():
    """Draws of a whole model against known values: the functions of tests/helpers/agreement.py."""
    return agreement_of_draws
