"""Compiled code kept on disk: one folder per compiler, one file per compiled function.

Numba's own cache checks one source file; ours must notice a change in any. So a file is named by the fingerprint of
all that the function reaches (`hmc/jit/fingerprint.py`), and the folder by a hash of what else shapes machine code: the
versions of Python, Numba, LLVM and NumPy, and our own sources that compile. A change elsewhere compiles nothing.
Only functions given to `enable` are kept here; the caches of other code in the process are not touched.
"""

import contextlib
import functools
import hashlib
import itertools
import os
import pickle
import platform
import secrets
import shutil
import warnings
from pathlib import Path

import llvmlite
import numba
import numpy as np
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from hmc.files import write_whole

_KEPT_FOLDERS = 4  # as many environments keep their compiled code
_KEPT_FILES = 500  # compiled functions, of 20 to 800 kB


def _count_functions_from_a_random_number():
    """Keep the symbols of code from different processes apart.

    Numba tells functions of one name apart by a number that counts from 1 in every process, and code from disk keeps
    the number of the process that compiled it. Two functions of one name, say the adapters of two densities, could so
    come to share a symbol, and one would be called in place of the other.
    """
    FunctionIdentity._unique_ids = itertools.count(secrets.randbits(48) << 15)


_count_functions_from_a_random_number()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_functions_from_a_random_number)


def enable(dispatcher, key):
    """Let `dispatcher` load what it compiles from disk, and save it there, as the entry `key` (a hash)."""
    dispatcher._cache = _KeyedCache(dispatcher.py_func.__name__, key)


def is_stored(dispatcher, argument_types):
    """Whether the code for these argument types lies on disk, so that loading it will not compile."""
    cache = dispatcher._cache
    return isinstance(cache, _KeyedCache) and cache.path(argument_types, dispatcher.targetctx.codegen()).exists()


class _KeyedCache(_Cache):
    """Numba's interface to a cache, over files named by a key: checksum, then the pickled compile result."""

    def __init__(self, name, key):
        self._name = name
        self._key = key

    cache_path = property(lambda self: str(_folder()))

    def path(self, argument_types, codegen):
        """The file of one signature on one kind of processor."""
        identity = (self._key, tuple(map(str, argument_types)), codegen.magic_tuple())
        return _folder() / f"{self._name}-{hashlib.sha256(repr(identity).encode()).hexdigest()[:32]}.bin"

    def load_overload(self, sig, target_context):
        # All that loaded code needs of Numba. Numba's own caches load all that compiling needs, which takes 0.25 s.
        rtsys.initialize(target_context)
        path = self.path(_arguments(sig), target_context.codegen())
        try:
            content = path.read_bytes()
        except OSError:
            return None
        checksum, payload = content[:32], content[32:]
        if hashlib.sha256(payload).digest() != checksum:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the time of last use
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(payload))
        except Exception:  # it names a module that this process cannot import: compile it here
            return None

    def save_overload(self, sig, data):
        if data.library.has_dynamic_globals:  # addresses of this process in the code
            return
        payload = dumps(data._reduce())
        try:
            path = self.path(_arguments(sig), data.codegen)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, lambda file: file.write(hashlib.sha256(payload).digest() + payload))
        except OSError as error:
            _warn_once(f"compiled code cannot be kept in {_folder()} ({error.strerror}): it will be compiled again")

    def enable(self):
        pass

    def disable(self):
        pass

    def flush(self):
        pass


def _arguments(signature):
    return getattr(signature, "args", signature)


@functools.cache
def _folder():
    """Today's folder. The least recently used of the folders beside it are removed, and of the files in it."""
    root = Path(numba.config.CACHE_DIR or _user_cache_folder()) / "rethinking-hmc"
    folder = root / _compiler_hash()
    with contextlib.suppress(OSError):  # saving will say so, should the folder be out of reach
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # the time of last use
        for old in _least_recently_used(root, _KEPT_FOLDERS):
            shutil.rmtree(old, ignore_errors=True)
        for old in _least_recently_used(folder, _KEPT_FILES):
            old.unlink(missing_ok=True)
    return folder


def _least_recently_used(folder, kept):
    """What is in a folder but for the `kept` most recently used entries."""
    return sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)[kept:]


def _user_cache_folder():
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@functools.cache
def _compiler_hash():
    versions = (platform.python_version(), numba.__version__, llvmlite.__version__, np.__version__)
    switches = (numba.config.OPT, numba.config.LOOP_VECTORIZE, numba.config.SLP_VECTORIZE, numba.config.BOUNDSCHECK)
    digest = hashlib.sha256(repr((versions, switches)).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _warn_once(message):
    warnings.warn(message, RuntimeWarning, stacklevel=2)
