"""Running an author's function so that an index outside of an array is an error, as it is not in compiled code.

Compiled code does not look: it reads and writes whatever memory lies there. A copy of the function, and of all that
it calls, does: in plain Python, slow but with the line of the file; or compiled with Numba's `boundscheck`, for a
model of so many observations that Python would take too long, or to be looked at in many places.
"""

import types

import numba

from hmc.kernel import is_kernel, jit_is_disabled


def in_python(function):
    """A copy of a function in which all that is compiled, itself included, is plain Python.

    What it reaches as an attribute of a module (`helpers.term`), or in a container, stays as it is.
    """
    return _copy(function, lambda copy: copy, {})


def bounds_checked(function):
    """A copy of a function, and of all it calls by name, that raises IndexError where compiled code would not look."""
    if jit_is_disabled():
        return in_python(function)
    return _copy(function, numba.njit(boundscheck=True, error_model="numpy"), {})


def _copy(function, wrap, done):
    function = getattr(function, "py_func", function)
    if function in done:
        return done[function]
    namespace, cells = dict(function.__globals__), tuple(types.CellType() for _ in function.__closure__ or ())
    copy = types.FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, cells or None)
    copy.__kwdefaults__, copy.__qualname__, copy.__module__ = (
        function.__kwdefaults__, function.__qualname__, function.__module__
    )  # fmt: skip
    wrapped = done[function] = wrap(copy)  # before what it calls, which may call it back
    for name in _names(function.__code__):
        if _is_compiled(namespace.get(name)):
            namespace[name] = _copy(namespace[name], wrap, done)
    for cell, original in zip(cells, function.__closure__ or (), strict=True):
        content = original.cell_contents
        cell.cell_contents = _copy(content, wrap, done) if _is_compiled(content) else content
    return wrapped


def _is_compiled(item):
    return is_kernel(item) or isinstance(item, numba.core.dispatcher.Dispatcher)


def _names(code):
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
