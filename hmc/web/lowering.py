"""Numba's functions as LLVM's intermediate code, as it is before anything is optimised for a machine.

For WebAssembly that matters: code that was optimised for a 64-bit host holds byte offsets into structures that have
pointers, and would read the wrong bytes in silence where a pointer takes four. So this runs in a process of its own
that has compiled nothing else (`hmc/web/process.py`), with Numba's optimisation off.
"""

from collections.abc import Callable
from typing import Any

import numba

from hmc.jit.compiled import DENSITY, guarded_density
from hmc.jit.linking import LinkedCompiler, whole
from hmc.jit.packing import loader
from hmc.model import Model
from hmc.web.driver import chain_entry, vector
from hmc.web.layout import example

_OPTIONS = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": LinkedCompiler,
}


def lowered(function: Callable[..., Any], *argument_types: Any, **options: Any) -> tuple[str, str]:
    """(intermediate code of a function and all that it calls, the function's name in it)."""
    dispatcher = numba.njit(**_OPTIONS, **options)(function)
    dispatcher.compile(argument_types)
    result = dispatcher.overloads[argument_types]
    return str(whole(result.library)), result.fndesc.llvm_func_name


def sampler_code() -> list[str]:
    """The sampler, which calls `hmc_density`, under the names `run` and, for the density alone, `log_density`."""
    entry = chain_entry(loader(numba.typeof(example())))
    code, name = lowered(entry, numba.types.intp, numba.types.uintp, numba.types.intp, _nrt=False)
    return [code, _EXPORT.format(name=name)]


def density_code(model: Model) -> list[str]:
    """A model's log density, nan where it raises an exception, under the name `hmc_density`."""
    adapter = numba.njit(**_OPTIONS)(guarded_density(model.log_density, model._packed.type))
    adapter.compile(DENSITY.signature.args)  # a caller compiles it as itself: without references

    def density(position, length, address, gradient):
        return adapter(vector(position, length), address, vector(gradient, length))

    code, name = lowered(density, *[numba.types.intp] * 4)
    return [code, _DENSITY.format(name=name)]


# Numba's functions return a status, and the result through a pointer.
_EXPORT = """
declare i32 @"{name}"(ptr, ptr, i64, i64, i64)
define i32 @run(i32 %arguments, i32 %generator, i32 %how) {{
  %result = alloca i64
  %exception = alloca ptr
  %a = zext i32 %arguments to i64
  %g = zext i32 %generator to i64
  %h = zext i32 %how to i64
  %status = call i32 @"{name}"(ptr %result, ptr %exception, i64 %a, i64 %g, i64 %h)
  ret i32 %status
}}
declare double @hmc_density(i64, i64, i64, i64)
define double @log_density(i32 %position, i32 %length, i32 %data, i32 %gradient) {{
  %p = zext i32 %position to i64
  %n = zext i32 %length to i64
  %d = zext i32 %data to i64
  %g = zext i32 %gradient to i64
  %value = call double @hmc_density(i64 %p, i64 %n, i64 %d, i64 %g)
  ret double %value
}}
"""
_DENSITY = """
declare void @hmc_anew()
declare i32 @"{name}"(ptr, ptr, i64, i64, i64, i64)
define double @hmc_density(i64 %p, i64 %n, i64 %a, i64 %g) {{
  %result = alloca double
  %exception = alloca ptr
  call void @hmc_anew()
  %status = call i32 @"{name}"(ptr %result, ptr %exception, i64 %p, i64 %n, i64 %a, i64 %g)
  %value = load double, ptr %result
  ret double %value
}}
"""
