"""Whether a compiled function is still the code that it was compiled from.

Numba freezes what a function reaches when it is compiled: constants, helpers, closures, arrays, defaults, attributes of
modules. A user of a notebook changes these, and expects the next call to follow, as it does in Python. So `Reached`
keeps what was reached, to be compared; and `renewed` gives a copy of a function in which nothing is compiled yet.
"""

import builtins
import functools
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.extending import overload
from numba.np.ufunc.dufunc import DUFunc
from numba.np.ufunc.gufunc import GUFunc
from numba.stencils.stencil import StencilFunc

from hmc.errors import HMCError
from hmc.jit.copying import copied, global_loads, mentioned, python_of, resolved
from hmc.jit.fingerprint import is_of_a_library, overloads_by_users
from hmc.jit.templates import overloads_of


class FrozenCodeError(HMCError):
    """The function reaches machine code that is out of date, and that cannot be made anew."""


class Reached:
    """All that a function reaches, as it is now. Arrays, which change in place, are kept by content, all else by
    identity: nearly always nothing has changed, and that is then known within a tenth of a millisecond.
    """

    def __init__(self, function: object) -> None:
        self.items: list = []  # the functions that are followed, as they are named: plain, jitted, vectorized
        self._functions: list = []  # (plain function, its code, its defaults, its defaults by keyword)
        self._cells: list = []  # (cell, content)
        self._names: dict = {}  # (number of the globals, name): (globals, name, object)
        self._attributes: dict = {}  # the same of attributes of modules: (globals, name, attributes, object)
        self._contents: list = []  # (array, its layout and bytes)
        # Modules that are reached as objects, in a closure or under a local name, say: {name: object} of each. Code may
        # pass a module on, so these are its attributes by all names that any of the functions mentions.
        self.modules: dict = {}
        self._mentioned: set = set()
        seen: dict = {}
        waiting: list = [function]
        while waiting:
            item = waiting.pop()
            if id(item) not in seen:
                seen[id(item)] = item  # kept alive, so that its number is not given again
                waiting += self._note(item)
            waiting = waiting or self._note_attributes()

    def is_unchanged(self) -> bool:
        """Whether the function reaches the same objects still, and arrays of the same bytes."""
        return (
            all(_global(names, name) is item for names, name, item in self._names.values())
            and all(resolved(*load) is item for *load, item in self._attributes.values())
            and all(_content(cell) is content for cell, content in self._cells)
            and all(_are_the_same(_own(function), own) for function, own in self._functions)
            and all(_layout_and_bytes(array) == content for array, content in self._contents)
            and all(vars(m).get(name, _NONE) is item for m, kept in self.modules.items() for name, item in kept.items())
        )

    def _note(self, item: Any) -> list:
        """Keep what an object is, and give what it reaches directly."""
        if isinstance(item, (np.ndarray, np.void)):
            self._contents.append((item, _layout_and_bytes(item)))
        elif isinstance(item, str):  # it may be given to `getattr`
            self._mentioned.add(item)
        elif isinstance(item, types.ModuleType):
            self.modules[item] = {}
        elif isinstance(item, (tuple, frozenset)):
            return list(item)
        elif isinstance(item, types.FunctionType) and not is_of_a_library(item):
            self.items.append(item)
            return [*self._note_function(item), *(template._overload_func for template in overloads_of(item))]
        elif (within := python_within(item)) is not None:
            self.items.append(item)
            return within
        return overloads_by_users(item) if callable(item) else []

    def _note_attributes(self) -> list:
        """Keep the attributes of modules that were not kept yet, and give them."""
        reached: list = []
        for module, kept in self.modules.items():
            new = {name: vars(module)[name] for name in self._mentioned - kept.keys() if name in vars(module)}
            kept.update(new)
            reached += new.values()
        return reached

    def _note_function(self, function: types.FunctionType) -> list:
        names, cells = function.__globals__, function.__closure__ or ()
        self._functions.append((function, _own(function)))
        self._mentioned |= mentioned(function.__code__)
        self._cells += [(cell, _content(cell)) for cell in cells]
        reached = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *map(_content, cells)]
        for name, attributes in global_loads(function.__code__):
            item = resolved(names, name, attributes)
            self._names[id(names), name] = names, name, _global(names, name)
            if attributes and isinstance(_global(names, name), types.ModuleType):
                self._attributes[id(names), name, attributes] = names, name, attributes, item
            reached.append(item)
        return reached + overloads_by_users(function.__code__)


def _own(function: types.FunctionType) -> list:
    """The objects that a function holds itself."""
    keywords = function.__kwdefaults__
    return [function.__code__, function.__defaults__, *(keywords.values() if keywords else ())]


def _are_the_same(now: list, then: list) -> bool:
    return len(now) == len(then) and all(map(operator.is_, now, then))


def _layout_and_bytes(array: Any) -> tuple:
    """Of an array: its shape, dtype and strides too can be set in place."""
    return array.shape, array.dtype, array.strides, array.tobytes()


def _global(names: dict, name: str) -> object:
    return names.get(name, _NONE) if name in names else getattr(builtins, name, _NONE)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return _NONE


_NONE = object()  # a name or a cell without content


def python_within(item: Any) -> list | None:
    """The Python functions that an object is machine code of; None where it is none of Numba's, or not known."""
    if isinstance(item, (Dispatcher, DUFunc)):
        return [python_of(item)]
    if isinstance(item, type) and hasattr(item, "_overload_func"):  # a template of `overload_method`, say
        return [item._overload_func]
    if isinstance(item, type):  # of numba.experimental.jitclass, if it has methods that are compiled
        methods = getattr(getattr(item, "class_type", None), "jit_methods", None)
        return methods and [python_of(method) for method in methods.values()]
    if isinstance(item, StencilFunc):
        return [item.kernel_ir.func_id.func]
    if isinstance(item, GUFunc):
        return [item.gufunc_builder.py_func]
    for name in ("_pyfunc", "_defn"):  # of numba.cfunc, of numba.extending.intrinsic
        if isinstance(getattr(item, name, None), types.FunctionType):
            return [getattr(item, name)]
    return None


@functools.cache
def _first_seen(item: object) -> Reached:
    """Its reach when a function that calls it was compiled first: Numba keeps that machine code for good."""
    return Reached(item)


def renewed(function: Callable, is_compiled: bool = True) -> Callable:
    """The function, or a copy of it, in which nothing that is out of date is compiled in.

    Jitted functions are always replaced by new ones of the same options, since nobody knows when they were compiled;
    kernels and functions with an overload only where something that they reach has changed. FrozenCodeError where that
    is so of Numba's callbacks, classes, stencils, generalized ufuncs and intrinsics, and of overloads of methods or of
    a library's functions: their machine code is made once. Modules that compiled code reaches as objects are replaced
    too: Numba keeps what it compiles for a module.
    is_compiled: whether the function is compiled itself, or called from Python.
    """
    reach = Reached(function)
    for item in reach.items:
        is_frozen = python_within(item) is not None and not isinstance(item, (Dispatcher, DUFunc))
        if is_frozen and not _first_seen(item).is_unchanged():
            raise FrozenCodeError(_out_of_date(item))
    plain = [item for item in reach.items if isinstance(item, types.FunctionType)]
    jitted = [item for item in reach.items if isinstance(item, (Dispatcher, DUFunc))]
    old = _replaced(function, reach, plain, jitted, is_compiled)
    if not old - {function} and not isinstance(function, Dispatcher):
        return function
    done: dict = {}
    again = functools.partial(copied, follows=functools.partial(_is_in, old), wrap=_like, done=done)
    copy = again(function)
    for item in plain:
        for template in overloads_of(item) if item in done else ():
            options = {"jit_options": template._jit_options, "strict": template._strict}
            options |= {"inline": template._inline._inline, "prefer_literal": template.prefer_literal}
            overload(done[item], **options)(again(template._overload_func))
    for item in sorted(jitted, key=lambda item: len(Reached(item).items)):  # what is called before what calls it
        _freeze_like(done.get(python_of(item)), item)
    return copy


def _replaced(function: Callable, reach: Reached, plain: list, jitted: list, is_compiled: bool) -> set:
    """Of all that a function reaches, what takes another's place in a copy: functions and modules."""
    overloaded = [item for item in plain if overloads_of(item)]
    old = {*jitted, *(item for item in overloaded if not _first_seen(item).is_unchanged())}
    if old:
        old |= {item for item in plain if not old.isdisjoint(Reached(item).items)}
    compiled = [function] if is_compiled else [*jitted, *overloaded]
    old |= {module for item in compiled for module in Reached(item).modules if not is_of_a_library(module)}
    while more := {m for m, kept in reach.modules.items() if m not in old and _is_within(old, tuple(kept.values()))}:
        old |= more
    return old


def _out_of_date(item: Any) -> str:
    name = (item if hasattr(item, "class_type") else (python_within(item) or [item])[0]).__name__
    advice = (
        "start Python again" if hasattr(item, "_overload_func") else "define it again"
    )  # a template stays registered
    return f"{name} reaches something that has changed since: {advice}"


def _is_in(items: set, item: object) -> bool:
    return isinstance(item, (types.FunctionType, types.ModuleType, Dispatcher, DUFunc)) and item in items


def _is_within(items: set, item: object) -> bool:
    """Whether an object, or one in a tuple, is one of the items."""
    return any(_is_within(items, element) for element in item) if isinstance(item, tuple) else _is_in(items, item)


def _like(copy: Callable, item: object) -> object:
    """A copy of an item's Python function, made what the item is."""
    if isinstance(item, Dispatcher):
        return type(item)(copy, item.locals, item.targetoptions, item._compiler.pipeline_class)
    if isinstance(item, DUFunc):
        return DUFunc(copy, identity=item.identity, targetoptions=item.targetoptions)
    return copy


def _freeze_like(copy: Any, item: Any) -> None:
    """Compile a copy for the signatures that its original was given, and for no others, where it was given some."""
    if isinstance(item, DUFunc) and item._frozen:
        for signature in item._dispatcher.overloads:
            copy.add(signature)
        copy.disable_compile()
    elif isinstance(item, Dispatcher) and not item._can_compile:
        for signature in item.nopython_signatures:
            copy.compile(signature)
        copy.disable_compile()
