"""The imports that the fork server makes once for all worker processes, with the compiled sampler."""

import hmc.model  # noqa: F401 (models arrive pickled; the modules of their parts should be here)
from hmc.sampler.machine_code import compiled_advance, sampler_is_stored

if sampler_is_stored():
    compiled_advance()
