"""What the fork server imports once for all worker processes: all that a chain needs, the compiled sampler included."""

import hmc.model  # noqa: F401 (models arrive pickled; what they are made of should be here)
from hmc.running.search_path import forget_safe_start
from hmc.sampler.machine_code import compiled_advance, sampler_is_stored

forget_safe_start()
if sampler_is_stored():
    compiled_advance()
