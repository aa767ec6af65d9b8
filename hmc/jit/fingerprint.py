"""One hash of all that a compiled function depends on: its bytecode and that of every function and constant it reaches.

Numba looks at the source file of the cached function alone, so a helper that changes in another file would leave
the old machine code in use. A fingerprint follows the names instead. Comments and line numbers do not count.
"""

import hashlib
import types
from collections.abc import Callable
from typing import Any, TypeAlias

import numba
import numpy as np

from hmc.errors import HMCError
from hmc.jit.copying import cell_contents, reached_globals
from hmc.jit.kernel import is_kernel, jit_is_disabled
from hmc.jit.templates import overloads_of, overloads_of_attributes

_LIBRARIES = ("numba", "numpy", "math", "builtins")  # their versions are part of the cache folder's name

_Write: TypeAlias = Callable[[bytes], object]
_Seen: TypeAlias = dict[int, tuple[int, Any]]  # {id: (number, object)}; the object is kept alive


class UndeterminableError(HMCError):
    """The function reaches something whose content cannot be read off: do not keep it on disk."""


def fingerprint(*objects: object) -> str:
    """A hexadecimal hash of all that `objects` (functions, jitted functions, constants, NamedTuple classes) reach.

    Raises UndeterminableError, naming the object, where that cannot be known: say a list, which may change later, or a
    function that is compiled by an extension of its own.
    """
    digest = hashlib.sha256()
    seen: _Seen = {}
    for item in objects:
        _describe(item, digest.update, seen)
    return digest.hexdigest()


def _describe(item: Any, write: _Write, seen: _Seen) -> None:
    """Write the content of `item`; what was seen before is written as its number."""
    function = getattr(item, "py_func", item)
    if id(function) in seen:
        write(b"seen %d;" % seen[id(function)][0])
    elif isinstance(function, types.FunctionType):
        seen[id(function)] = (len(seen), function)
        _describe_function(function, item, write, seen)
    elif isinstance(item, (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.generic)):
        write(f"{type(item).__name__} {item!r};".encode())
    elif isinstance(item, tuple):
        write(f"{type(item).__qualname__} {getattr(item, '_fields', len(item))};".encode())
        for element in item:
            _describe(element, write, seen)
    elif isinstance(item, frozenset):
        write(f"frozenset {sorted(map(repr, item))};".encode())
    elif isinstance(item, np.ndarray) and item.dtype.kind in "biufc":
        write(f"array {item.dtype.str} {item.shape};".encode() + item.tobytes())
    elif isinstance(item, types.CodeType):
        _describe_code(item, write, seen)
    elif isinstance(item, type) and issubclass(item, tuple) and hasattr(item, "_fields"):
        defaults = item._field_defaults  # type: ignore[attr-defined]
        write(f"class {_module_of(item)}.{item.__qualname__} {item._fields} {defaults};".encode())
    elif isinstance(item, _NAMED) and is_of_a_library(item):
        _require_the_librarys(item)
        write(f"library {_module_of(item)}.{_library_name(item)};".encode())
    else:
        raise UndeterminableError(f"{item!r} of type {type(item).__name__}")


# What of a library is known by its name: functions, classes, universal functions, Numba's types.
_NAMED = (type, types.BuiltinFunctionType, np.ufunc, type(np.sort), numba.types.Type)


def _describe_function(function: types.FunctionType, item: Any, write: _Write, seen: _Seen) -> None:
    if is_of_a_library(function):
        _require_the_librarys(function)
        write(f"library {function.__module__}.{function.__qualname__};".encode())
        return
    is_jitted = function is not item
    if not is_jitted and len(seen) > 1 and not is_kernel(function) and not jit_is_disabled():
        # A plain Python function reached from compiled code means an extension (an overload) stands behind it.
        raise UndeterminableError(f"the function {function.__qualname__}, which is not jitted")
    if is_jitted:
        if not isinstance(item, numba.core.dispatcher.Dispatcher):
            raise UndeterminableError(f"{item!r} of type {type(item).__name__}")
        explicit = () if item._can_compile else item.signatures
        write(f"jitted {sorted(item.targetoptions.items())} {item.locals} {explicit};".encode())
    _describe(function.__defaults__, write, seen)
    _describe(tuple(sorted((function.__kwdefaults__ or {}).items())), write, seen)
    _require_the_librarys(function.__code__)
    _describe_code(function.__code__, write, seen)
    for content in cell_contents(function):
        _describe(content, write, seen)
    for name, reached in reached_globals(function):
        write(f"global {name};".encode())
        _describe(reached, write, seen)


def _describe_code(code: types.CodeType, write: _Write, seen: _Seen) -> None:
    write(code.co_code + getattr(code, "co_exceptiontable", b""))
    write(f"{code.co_names} {code.co_varnames} {code.co_freevars} {code.co_argcount};".encode())
    for constant in code.co_consts:
        _describe(constant, write, seen)


def _require_the_librarys(item: Any) -> None:
    """UndeterminableError for a function of a library, or code, in which an author's overload stands behind a name."""
    for template in overloads_by_users(item):
        raise UndeterminableError(f"{template._overload_func.__qualname__}, an overload")


def overloads_by_users(item: Any) -> list[Any]:
    """Templates, of others than Numba's own, of a function, or of the attributes that code mentions.

    Those without a module are Numba's, made by exec for the operators of its classes.
    """
    templates = overloads_of_attributes(item) if isinstance(item, types.CodeType) else overloads_of(item)
    functions = [(template, template._overload_func) for template in templates]
    return [template for template, function in functions if function.__module__ and not is_of_a_library(function)]


def _module_of(item: object) -> str:
    """The module of a class or function, a module itself; the main module has another name in a worker."""
    if isinstance(item, types.ModuleType):
        return item.__name__
    module = getattr(item, "__module__", None)
    if module is None and not isinstance(item, types.FunctionType):
        module = type(item).__module__
    return "__main__" if module == "__mp_main__" else module or ""


def _library_name(item: object) -> str:
    for attribute in ("__qualname__", "__name__", "name"):  # a Numba type has a name only
        if isinstance(getattr(item, attribute, None), str):
            return getattr(item, attribute)
    raise UndeterminableError(f"{item!r} of type {type(item).__name__}")


def is_of_a_library(item: object) -> bool:
    """Whether an object comes with Python, Numba or NumPy, whose versions are known."""
    if isinstance(item, types.FunctionType) and _module_of(item).split(".")[0] == "builtins":
        return False  # made by exec, in a namespace without a name
    return _module_of(item).split(".")[0] in _LIBRARIES
