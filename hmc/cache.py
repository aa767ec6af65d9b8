"""Compiled code kept on disk: one folder per state of our sources, one file per compiled function.

Numba's own cache checks one source file; ours must notice a change in any. So the folder is named by a hash of this
package's sources and of the versions that shape machine code, and the file by what the function itself reaches.
Only functions given to `enable` are kept here; the caches of other code in the process are not touched.
"""

import functools
import hashlib
import os
import pickle
import platform
import shutil
import tempfile
import warnings
from pathlib import Path

import llvmlite
import numba
import numpy as np
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

_KEPT_FOLDERS = 4  # as many versions of the sources (branches, environments) keep their compiled code


def enable(dispatcher, key):
    """Let `dispatcher` load what it compiles from disk, and save it there, as the entry `key` (a hash)."""
    dispatcher._cache = _KeyedCache(dispatcher.py_func.__name__, key)


def is_stored(dispatcher, argument_types):
    """Whether the code for these argument types lies on disk, so that loading it will not compile."""
    cache = dispatcher._cache
    context = dispatcher.targetctx
    context.refresh()
    return isinstance(cache, _KeyedCache) and cache.path(argument_types, context.codegen()).exists()


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
        target_context.refresh()
        try:
            content = self.path(_arguments(sig), target_context.codegen()).read_bytes()
        except OSError:
            return None
        checksum, payload = content[:32], content[32:]
        if hashlib.sha256(payload).digest() != checksum:
            return None
        return CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, sig, data):
        if data.library.has_dynamic_globals:  # addresses of this process in the code
            return
        payload = dumps(data._reduce())
        try:
            _write_atomically(self.path(_arguments(sig), data.codegen), hashlib.sha256(payload).digest() + payload)
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


def _write_atomically(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


@functools.cache
def _folder():
    """The folder of this state of the sources; older ones beside it are removed, the latest used few are kept."""
    root = Path(numba.config.CACHE_DIR or _user_cache_folder()) / "rethinking-hmc"
    folder = root / _sources_hash()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # the time of last use, by which others prune
        others = sorted((f for f in root.iterdir() if f.is_dir() and f != folder), key=lambda f: f.stat().st_mtime)
        for old in others[: -(_KEPT_FOLDERS - 1)]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        pass  # saving will say so, should it come to that
    return folder


def _user_cache_folder():
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@functools.cache
def _sources_hash():
    """A hash of this package's sources and of the versions that shape the machine code."""
    versions = (platform.python_version(), numba.__version__, llvmlite.__version__, np.__version__)
    digest = hashlib.sha256(repr(versions).encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def _warn_once(message):
    warnings.warn(message, RuntimeWarning, stacklevel=2)
