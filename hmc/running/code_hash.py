"""The Python code that a replication runs, as one hash: whether a worker that was kept has the same.

Compiled code has a fingerprint of its own (`hmc/jit/fingerprint.py`), which follows whatever a density reaches. Code
that simulates and reduces runs as Python, and may call anything; here it is followed within its own package.
"""

import hashlib
import types

from hmc.jit.fingerprint import fingerprint


def code_of(model, *functions):
    """A hash of the code that a replication runs besides the log density: that of these functions, of the model's, and
    of all functions they call that are of the same package, with the numbers and texts they name. A worker that was
    kept may have older code.
    """
    waiting, seen = [model.simulate, model.simulate_data, model.log_likelihood, *functions], set()
    digest = hashlib.sha256()
    while waiting:
        function = waiting.pop()
        function = getattr(function, "func", function)  # of a partial
        function = getattr(function, "py_func", function)
        if not isinstance(function, types.FunctionType) or function in seen:
            continue
        seen.add(function)
        named = {name: function.__globals__.get(name) for name in sorted(set(_names_in(function.__code__)))}
        values = [(name, item) for name, item in named.items() if _is_plain(item)]
        defaults = [item for item in function.__defaults__ or () if _is_plain(item)]
        digest.update(f"{fingerprint(function.__code__)} {defaults} {values}".encode())
        waiting += [item for item in named.values() if _package_of(item) == _package_of(function)]
    return digest.hexdigest()


def _is_plain(item):
    """Whether an object is a number, a text, or a tuple of such: what is written the same in every process."""
    return all(map(_is_plain, item)) if isinstance(item, tuple) else isinstance(item, (str, int, float))


def _package_of(item):
    """The package that a function is of; None for what is no function."""
    function = getattr(item, "py_func", item)
    return (function.__module__ or "").partition(".")[0] if isinstance(function, types.FunctionType) else None


def _names_in(code):
    """Names of the globals that the code, or code within it, may load."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)
