"""The imports that the fork server makes once for all worker processes, with the compiled sampler."""

import gc

import hmc.model  # noqa: F401 (models arrive pickled; the modules of their parts should be here)
from hmc.running.search_path import forget_safe_start
from hmc.sampler.machine_code import compiled_advance, sampler_is_stored

forget_safe_start()
if sampler_is_stored():
    compiled_advance()
gc.freeze()  # workers do not look through what is loaded here for garbage
