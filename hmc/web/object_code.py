"""Intermediate code becomes an object file for WebAssembly, by LLVM.

The sampler and a density become objects of their own, which `hmc/web/linking.py` joins: so the sampler, which takes ten
times as long, is compiled once for all models. A call of the density is all that a gradient costs more.
"""

import re
from collections.abc import Iterable
from typing import Any

import llvmlite.binding as llvm

TRIPLE = "wasm32-unknown-unknown"
LAYOUT = "e-m:e-p:32:32-p10:8:8-p20:8:8-i64:64-i128:128-n32:64-S128-ni:1:10:20"
FEATURES = "+simd128,+bulk-memory,+sign-ext,+nontrapping-fptoint,+mutable-globals"  # browsers of 2023 and later
SCALAR_FEATURES = FEATURES.removeprefix("+simd128,")
OPTIMISATION = 3
# In the names of functions that run seldom, or whose speed nobody notices: they are made small.
SMALL = ("recording", "_substituted", "start_search", "first_guess", "climbing", "set_from_covariance")
# Called, not inlined: an inlined function has Numba inline all that it calls, and a macro step calls these thrice.
_CALLED = re.compile(
    r"^(define [^\n]*(?:macro_step\d+walk(?:_substituted)?|recording\d+noted_walk)B[^\n]*\)) #\d+ \{$", re.MULTILINE
)


def optimised(codes: Iterable[str], exports: tuple[str, ...], *, simd: bool) -> bytes:
    """LLVM's bitcode of intermediate codes, optimised together; all but the exports private."""
    module = _joined(map(retargeted, codes))
    target = _target(simd)
    _keep_private(module, exports)
    _make_small(module)
    _optimise(module, target, 1, prune=True)  # inlines, which brings pairs of reference counts together
    _optimise(module, target, OPTIMISATION)
    _strip_names(module, target)
    return bytes(module.as_bitcode())


def object_of(code: bytes, *, simd: bool, late: str = "") -> bytes:
    """The object file of optimised code, joined to `late`, intermediate code that is not to be optimised."""
    module = llvm.parse_bitcode(code)
    module.link_in(llvm.parse_assembly(retargeted(late)))
    module.verify()
    return bytes(_target(simd).emit_object(module))


def _joined(codes: Iterable[str]) -> Any:
    first, *others = map(llvm.parse_assembly, codes)
    for other in others:
        first.link_in(other)
    return first


def _target(simd: bool) -> Any:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    target = llvm.Target.from_triple(TRIPLE)
    features = FEATURES if simd else SCALAR_FEATURES
    return target.create_target_machine(cpu="mvp", features=features, opt=OPTIMISATION)


def retargeted(code: str) -> str:
    """Intermediate code made for this machine as code for WebAssembly."""
    header = f'target datalayout = "{LAYOUT}"\ntarget triple = "{TRIPLE}"\n'
    code = re.sub(r'target (datalayout|triple) = ".*"\n', "", code)
    code = re.sub(r'"target-(cpu|features)"="[^"]*"', "", code)
    code = re.sub(r"= common (local_unnamed_addr )?global", "= internal global", code)  # wasm objects have none
    # One instruction; LLVM 20, that of Numba 0.65, else keeps the call for the sake of errno.
    code = re.sub(r"@sqrt\(", "@llvm.sqrt.f64(", code)
    return header + _CALLED.sub(r"\1 noinline {", code)


def _keep_private(module: Any, exports: tuple[str, ...]) -> None:
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "external" if function.name in exports else "internal"


def _make_small(module: Any) -> None:
    for function in module.functions:
        if not function.is_declaration and any(part in function.name for part in SMALL):
            function.add_function_attribute("minsize")
            function.add_function_attribute("optsize")


def _optimise(module: Any, target: Any, level: int, prune: bool = False) -> None:
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.slp_vectorization = level > 1
    builder = llvm.create_pass_builder(target, options)
    passes = builder.getModulePassManager()
    if prune:
        passes.add_refprune_pass()
    passes.run(module, builder)


def _strip_names(module: Any, target: Any) -> None:
    """Take away the names of what is private: Numba numbers functions, also across models."""
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    passes.add_strip_symbols_pass()
    passes.run(module, builder)
