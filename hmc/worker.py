"""What the fork server imports once for all worker processes: all that a chain needs, the compiled sampler included."""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that called `hmc.sample`, from now on

import hmc.model  # noqa: E402, F401 (models arrive pickled; what they are made of should be here)
from hmc.run import compiled_advance, sampler_is_stored  # noqa: E402

if sampler_is_stored():
    compiled_advance()
