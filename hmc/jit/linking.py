"""How kernels are compiled: as a part of what calls them, and not to machine code of their own.

Of each function that compiled code calls Numba makes optimised machine code, and then optimises the caller with all of
them linked in once more. But nothing else calls a kernel. Linked as it is, and optimised in the end alone, the sampler
is the same machine code in speed, and takes half the time to compile. It is linked in the end as well: each kernel
once, and not into each kernel on the way.
"""

from typing import Any

import llvmlite.binding as llvm
from numba import _dynfunc
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


@register_pass(mutates_CFG=True, analysis_only=False)
class _LoweringToLink(NativeLowering):
    """Numba's lowering, which leaves LLVM's intermediate code, ready to be linked."""

    _name = "lowering to link"

    def run_pass(self, state: Any) -> bool:
        target = state.targetctx
        library = state.library = target.codegen().create_library(state.func_id.func_qualname)

        def finish() -> None:
            library._finalize_dynamic_globals()
            library._reload_init.update(*(called._reload_init for called in library._linking_libraries))
            library._finalized = True

        def no_executable(library: Any, descriptor: Any, environment: Any) -> Any:
            library._ensure_finalized()
            module, name = descriptor.lookup_module(), descriptor.qualname
            return _dynfunc.make_function(module, name, "never called", 0, environment, (library,))

        library.finalize = finish
        library._get_module_for_linking = lambda: whole(library)
        target.get_executable = no_executable
        try:
            return super().run_pass(state)
        finally:
            del target.get_executable


def whole(library: Any) -> Any:
    """LLVM's module of a library that was lowered to link, and of all that it calls."""
    if library._shared_module is None:
        module, reached = library._final_module.clone(), [library]
        for each in reached:  # which grows meanwhile
            is_to_link = "finalize" in vars(each)  # else its module has all that it calls
            if each is not library:
                module.link_in(each._final_module if is_to_link else each._get_module_for_linking(), preserve=True)
            if is_to_link:
                reached += dict.fromkeys(called for called in each._linking_libraries if called not in reached)
        for function in module.functions:
            if not function.is_declaration and function.linkage == llvm.Linkage.external:
                function.linkage = "linkonce_odr"  # others may link it in as well
        library._shared_module = module
    return library._shared_module


class LinkedCompiler(CompilerBase):
    """Numba's compiler for functions that nothing but compiled code calls."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_LoweringToLink if step is NativeLowering else step, told) for step, told in passes.passes]
        passes.finalize()
        return [passes]
