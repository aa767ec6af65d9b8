"""What a function reaches by name, read off its bytecode, and copies of functions that reach something else.

`hmc.jit.fingerprint` hashes what is reached; the recorder (`hmc/record/`) replaces kernels by ones that take notes; the
check of indices (`hmc/checking/bounds.py`) takes the compiled functions for plain ones. All of them read bytecode and
copy functions here.
"""

import builtins
import dis
import functools
import types

import numba

from hmc.jit.kernel import is_kernel


def is_compiled(item):
    """Whether an object is a function that Numba compiles: jitted, or a kernel."""
    return is_kernel(item) or isinstance(item, numba.core.dispatcher.Dispatcher)


def python_of(function):
    """The plain Python function of one that may be jitted, or a partial."""
    function = getattr(function, "func", function)
    return getattr(function, "py_func", function)


@functools.cache  # reading the bytecode takes a hundred times as long as what it is read for
def global_loads(code):
    """((name, attributes), ...) of each global that the code, or code within it, loads, in order: `math.sqrt` is
    ("math", ("sqrt",)).
    """
    instructions = [i for i in dis.get_instructions(code) if i.opname not in ("EXTENDED_ARG", "CACHE")]
    loads = []
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


def reached_globals(function):
    """(dotted name, object) for each global that a function loads; attributes of modules are followed."""
    for name, attributes in global_loads(function.__code__):
        path, item = [name], function.__globals__.get(name, getattr(builtins, name, None))
        for attribute in attributes:
            if not isinstance(item, types.ModuleType):
                break
            path.append(attribute)
            item = getattr(item, attribute, None)
        yield ".".join(path), item


def cell_contents(function):
    """What a function's closure holds; an empty cell counts as an object that cannot be known."""
    contents = []
    for cell in function.__closure__ or ():
        try:
            contents.append(cell.cell_contents)
        except ValueError:
            contents.append(object())
    return contents


def copied(function, follows, *, wrap=lambda copy: copy, replacements=types.MappingProxyType({}), done=None):
    """A copy of a function, and of all functions it reaches by a name or a closure that `follows(item)` accepts.

    Each copy is passed through `wrap`. Where a global's name is in `replacements`, the copies call that one instead.
    What is reached as an attribute of a module (`helpers.term`), or in a container, stays as it is. `done` holds the
    copies made so far, by original.
    """
    function, done = getattr(function, "py_func", function), {} if done is None else done
    if function in done:
        return done[function]
    namespace, cells = dict(function.__globals__), tuple(types.CellType() for _ in function.__closure__ or ())
    copy = types.FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, cells or None)
    copy.__kwdefaults__, copy.__qualname__, copy.__module__ = (
        function.__kwdefaults__, function.__qualname__, function.__module__
    )  # fmt: skip
    wrapped = done[function] = wrap(copy)  # before what it calls, which may call it back
    again = functools.partial(copied, follows=follows, wrap=wrap, replacements=replacements, done=done)
    for name in {name for name, _ in global_loads(function.__code__)}:
        if follows(namespace.get(name)):
            callee = again(namespace[name])
            namespace[name] = replacements.get(name, callee)
    for cell, content in zip(cells, cell_contents(function), strict=True):
        cell.cell_contents = again(content) if follows(content) else content
    return wrapped


def substituted(function, **replacements):
    """A copy of a kernel, and of all kernels it reaches, that calls `replacements` in place of those of their names.

    It is Python: `substituted(nuts.transition, leapfrog=watch)` is the sampler's transition with every leapfrog step
    watched. ValueError for a name that no kernel is reached by.
    """
    done = {}
    copy = copied(function, is_kernel, replacements=replacements, done=done)
    reached = {name for original in done for name, item in reached_globals(original) if is_kernel(item)}
    for name in replacements:
        if name not in reached:
            raise ValueError(f"{function.__qualname__} reaches no kernel by the name {name}")
    return copy
