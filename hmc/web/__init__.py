"""The production sampler in a browser: a model becomes a WebAssembly module that imports nothing.

building     `module`: the bytes of a model's module, compiled once
process      the process in which its code is made, and why it needs one of its own
lowering     Numba's functions as LLVM's intermediate code
driver       the entry of a chain: the sampler's `advance`, with its arguments in memory
recording    the sampler's transition that notes its leaves and joins, as `hmc.record` does
runtime      the random generator and the memory of arrays, as intermediate code
object_code  LLVM optimises these and compiles them: an object file of the sampler, and one of the density
linking      the object files become one module
checked      `verify`: a module gives the draws of the native sampler
wasm_format  the binary format of WebAssembly
layout       a model's data in memory, and the description of a chain's arguments
js/          hmc.mjs: `load` a module, `sample` from it, with the draws of `hmc.sample`, and `record` it
"""

from hmc.web.building import module
from hmc.web.checked import verify

__all__ = ["module", "verify"]
