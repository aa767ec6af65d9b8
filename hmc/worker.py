"""What the fork server imports once for all worker processes: all that a chain needs, the compiled sampler included."""

from hmc.workers import ignore_signals

ignore_signals()  # from now on, while the rest is imported

import hmc.model  # noqa: E402, F401 (models arrive pickled; what they are made of should be here)
from hmc.run import compiled_advance, sampler_is_stored  # noqa: E402

if sampler_is_stored():
    compiled_advance()
