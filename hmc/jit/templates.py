"""Code that a user has told Numba to compile in place of functions and attributes: templates of `numba.extending`."""

import functools
import types
from typing import Any

from numba.core.typing.templates import _OverloadAttributeTemplate, _OverloadFunctionTemplate, builtin_registry


def overloads_of(function: object) -> list:
    """Functions that compiled code runs in place of a function: templates of `overload` and `register_jitable`."""
    return _by_function(len(builtin_registry.globals)).get(id(function), [])


def overloads_of_attributes(code: types.CodeType) -> list:
    """Templates of `overload_method` and `overload_attribute` for names that the code, or code within it, mentions."""
    by_name = _by_attribute(len(builtin_registry.attributes))
    found = [template for name in code.co_names for template in by_name.get(name, ())]
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found += overloads_of_attributes(constant)
    return found


# A number of templates are registered, and none is ever removed. Not `issubclass`, which asks the subclasses of an
# abstract class, 700 of them, and takes 0.3 s in all.


@functools.lru_cache(maxsize=1)
def _by_function(number: int) -> dict[int, list]:
    found: dict[int, list] = {}
    for function, numba_type in builtin_registry.globals:
        templates = [t for t in getattr(numba_type, "templates", ()) if _OverloadFunctionTemplate in t.__mro__]
        found.setdefault(id(function), []).extend(templates)
    return found


@functools.lru_cache(maxsize=1)
def _by_attribute(number: int) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for template in builtin_registry.attributes:
        if _OverloadAttributeTemplate in template.__mro__:
            found.setdefault(template._attr, []).append(template)
    return found
