"""Objects that a function reaches by name, read off its bytecode, and copies of functions that reach something else.

`hmc.jit.fingerprint` hashes what is reached, and `hmc.jit.reach` compares it with what it was; the recorder
(`hmc/record/`) replaces kernels by ones that take notes; the check of indices (`hmc/checking/bounds.py`) takes the
compiled functions for plain ones. All of them read bytecode and copy functions here.
"""

import builtins
import dis
import functools
import operator
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numba
from numba.np.ufunc.dufunc import DUFunc

from hmc.jit.kernel import is_kernel, marked


def is_compiled(item: object) -> bool:
    """Whether an object is a function that Numba compiles: jitted, or a kernel."""
    return is_kernel(item) or isinstance(item, numba.core.dispatcher.Dispatcher)


def python_of(function: Any) -> Any:
    """The plain Python function of one that may be jitted, vectorized, or a partial."""
    if isinstance(function, DUFunc):
        return function._dispatcher.py_func
    function = getattr(function, "func", function)
    return getattr(function, "py_func", function)


@functools.cache  # reading the bytecode takes a hundred times as long as what it is read for
def global_loads(code: types.CodeType) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """((name, attributes), ...) of each global that the code, or code within it, loads, in order: `math.sqrt` is
    ("math", ("sqrt",)).
    """
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE")]
    loads: list[tuple[str, tuple[str, ...]]] = []
    for place, instruction in enumerate(instructions):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            attributes = []
            for following in instructions[place + 1 :]:
                if following.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                    break
                attributes.append(following.argval)
            loads.append((instruction.argval, tuple(attributes)))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            loads += global_loads(constant)
    return tuple(loads)


@functools.cache
def mentioned(code: types.CodeType) -> frozenset[str]:
    """All names and strings in the code, or code within it: those of the attributes that it may load."""
    found = {*code.co_names}
    waiting = list(code.co_consts)
    for constant in waiting:  # which grows meanwhile
        if isinstance(constant, types.CodeType):
            found |= mentioned(constant)
        elif isinstance(constant, (tuple, frozenset)):
            waiting += constant
        elif isinstance(constant, str):
            found.add(constant)
    return frozenset(found)


def resolved(names: Mapping[str, Any], name: str, attributes: tuple[str, ...]) -> Any:
    """The object that a load of `global_loads` finds in these globals; attributes of modules are followed. None: there
    is none.
    """
    return _followed(names, name, attributes)[1]


def reached_globals(function: types.FunctionType) -> list[tuple[str, Any]]:
    """(dotted name, object) for each global that a function loads; attributes of modules are followed."""
    return [_followed(function.__globals__, *load) for load in global_loads(function.__code__)]


def _followed(names: Mapping[str, Any], name: str, attributes: tuple[str, ...]) -> tuple[str, Any]:
    path, item = name, names.get(name, getattr(builtins, name, None))
    for attribute in attributes:
        if not isinstance(item, types.ModuleType):
            break
        path, item = f"{path}.{attribute}", getattr(item, attribute, None)
    return path, item


def cell_contents(function: types.FunctionType) -> list[Any]:
    """The contents of a function's closure; an empty cell counts as an object that cannot be known."""
    contents = []
    for cell in function.__closure__ or ():
        try:
            contents.append(cell.cell_contents)
        except ValueError:
            contents.append(object())
    return contents


def copied(
    function: Any,
    follows: Callable[[Any], bool],
    *,
    wrap: Callable[[types.FunctionType, Any], Any] = lambda copy, item: copy,
    replacements: Mapping[str, Callable[..., Any]] = types.MappingProxyType({}),
    done: dict[Any, Any] | None = None,
) -> Any:
    """A copy of a function, and of all functions it reaches that `follows(item)` accepts: by a name, an attribute of a
    module, a closure, a default, or in a tuple of these. A module that it accepts is copied too, with all in it.

    Each copy is passed through `wrap(copy, original)`, before what it calls is copied, which may call it back. Where a
    global's name is in `replacements`, the copies call that one instead. `done` holds the copies made so far, by the
    Python function of the original.
    """
    done = {} if done is None else done
    again = functools.partial(copied, follows=follows, wrap=wrap, replacements=replacements, done=done)
    if isinstance(function, types.ModuleType):
        return done[function] if function in done else _copied_module(function, follows, again, done)
    item, function = function, python_of(function)
    if function in done:
        return done[function]
    namespace, cells = dict(function.__globals__), tuple(types.CellType() for _ in function.__closure__ or ())
    copy = types.FunctionType(function.__code__, namespace, function.__name__, None, cells or None)
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    copy.__defaults__ = _with_copies(function.__defaults__, follows, again)
    keywords = function.__kwdefaults__
    copy.__kwdefaults__ = keywords and {name: _with_copies(keywords[name], follows, again) for name in keywords}
    wrapped = done[function] = wrap(copy, item)
    loads: dict[str, list[tuple[str, ...]]] = {}
    for name, attributes in global_loads(function.__code__):
        loads.setdefault(name, []).append(attributes)
    for name in loads.keys() & namespace.keys():
        kept = namespace[name]
        namespace[name] = _with_copies(kept, follows, again, loads[name])
        if namespace[name] is not kept:
            namespace[name] = replacements.get(name, namespace[name])
    for cell, content in zip(cells, cell_contents(function), strict=True):
        cell.cell_contents = _with_copies(content, follows, again)
    return wrapped


def _copied_module(
    module: types.ModuleType, follows: Callable[[Any], bool], again: Callable[[Any], Any], done: dict[Any, Any]
) -> types.ModuleType:
    copy = done[module] = types.ModuleType(module.__name__)
    copy.__dict__.update(vars(module))
    copy.__dict__.update({name: _with_copies(item, follows, again) for name, item in vars(module).items()})
    return copy


def _with_copies(
    item: Any, follows: Callable[[Any], bool], again: Callable[[Any], Any], paths: Iterable[tuple[str, ...]] = ()
) -> Any:
    """`item`, or what takes its place in a copy: a copy, a tuple of copies, a module that has copies at these paths."""
    if follows(item):
        return again(item)
    if isinstance(item, tuple):
        elements = [_with_copies(element, follows, again) for element in item]
        if all(map(operator.is_, elements, item)):
            return item
        return type(item)(*elements) if hasattr(item, "_fields") else tuple(elements)
    if isinstance(item, types.ModuleType):
        changed = {}
        for name in {path[0] for path in paths if path}:
            attribute, rest = getattr(item, name, None), [path[1:] for path in paths if path[:1] == (name,)]
            changed[name] = _with_copies(attribute, follows, again, rest)
        if any(changed[name] is not getattr(item, name, None) for name in changed):
            module = types.ModuleType(item.__name__)
            module.__dict__.update(vars(item) | changed)
            return module
    return item


def substituted(function: Callable[..., Any], **replacements: Callable[..., Any]) -> Any:
    """A copy of a kernel, and of all kernels it reaches, that calls `replacements` in place of those of their names.

    It is Python: `substituted(nuts.transition, leapfrog=watch)` is the sampler's transition with every leapfrog step
    watched. ValueError for a name that no kernel is reached by.
    """
    done: dict[Any, Any] = {}
    copy = copied(function, is_kernel, replacements=replacements, done=done)
    _refuse_unreached(function, done, replacements)
    return copy


def substituted_kernel(function: Callable[..., Any], **replacements: Callable[..., Any]) -> Any:
    """`substituted` for compiled code: the copy is a kernel, and so are the replacements.

    Kernels that reach nothing to replace are not copied, so they are compiled once. The names of copies end in
    `_substituted`. ValueError as there.
    """
    reached = {function: _kernels_of(function)}
    waiting = [function]
    for kernel in waiting:  # which grows meanwhile
        for _, item in reached[kernel]:
            if item not in reached:
                reached[item] = _kernels_of(item)
                waiting.append(item)
    _refuse_unreached(function, reached, replacements)
    changing = {item for loads in reached.values() for name, item in loads if name in replacements}
    while more := {k for k, loads in reached.items() if k not in changing and changing & {item for _, item in loads}}:
        changing |= more

    def follows(item: Any) -> bool:
        return is_kernel(item) and item in changing

    def wrap(copy: types.FunctionType, original: Any) -> Any:
        copy.__name__ = copy.__qualname__ = f"{original.__name__}_substituted"
        return marked(copy, original.options)

    return copied(function, follows, wrap=wrap, replacements=replacements)


def _kernels_of(function: Any) -> list[tuple[str, Any]]:
    """(name, kernel) of each kernel that a kernel loads."""
    return [(name, item) for name, item in reached_globals(function) if is_kernel(item)]


def _refuse_unreached(
    function: Callable[..., Any], kernels: Iterable[Any], replacements: Mapping[str, Callable[..., Any]]
) -> None:
    reached = {name for kernel in kernels for name, _ in _kernels_of(kernel)}
    for name in replacements:
        if name not in reached:
            raise ValueError(f"{function.__qualname__} reaches no kernel by the name {name}")
