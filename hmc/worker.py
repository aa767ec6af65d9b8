"""What a worker process imports before its first chain; the fork server imports it once for all of them."""

import signal

import hmc.model  # noqa: F401 (models arrive pickled; what they are made of should be here)
from hmc.run import compiled_advance, sampler_is_stored

if sampler_is_stored():
    compiled_advance()


def ignore_interrupts():
    """Ctrl-C goes to every process of the terminal; the process that called `hmc.sample` decides what it means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
