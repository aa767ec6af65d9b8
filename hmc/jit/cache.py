"""Compiled code kept on disk: one folder per compiler, one file per compiled function.

Numba's own cache checks one source file; ours must notice a change in any. So a file is named by the fingerprint of
all that the function reaches (`hmc/jit/fingerprint.py`), and the folder by a hash of what else shapes machine code: the
versions of Python, Numba, LLVM and NumPy, and our own sources that compile. A change elsewhere compiles nothing.
Only functions given to `enable` are kept here; the caches of other code in the process are not touched.

Loading is unpickling, which runs whatever the file says. So folder and files are made for their user alone, and what
somebody else owns, or could have written, is not loaded.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
import pickle
import platform
import secrets
import shutil
import stat
import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import llvmlite
import numba
import numpy as np
from numba.core.bytecode import FunctionIdentity
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from hmc.files import sources_hash, write_whole

if TYPE_CHECKING:
    from numba.core.dispatcher import Dispatcher
    from numba.types import Type

_KEPT_FOLDERS = 4  # as many environments keep their compiled code
_KEPT_FILES = 500  # compiled functions, of 20 to 800 kB


def _count_functions_from_a_random_number() -> None:
    """Keep the symbols of code from different processes apart.

    Numba tells functions of one name apart by a number that counts from 1 in every process, and code from disk keeps
    the number of the process that compiled it. Two functions of one name, say the adapters of two densities, could so
    come to share a symbol, and one would be called in place of the other.
    """
    FunctionIdentity._unique_ids = itertools.count(secrets.randbits(48) << 15)


_count_functions_from_a_random_number()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_functions_from_a_random_number)


def enable(dispatcher: Dispatcher, key: str, is_unchanged: Callable[[], bool]) -> None:
    """Let `dispatcher` load what it compiles from disk, and save it there, as the entry `key` (a hash).

    is_unchanged(): whether `key` is still that of the function, asked before anything is saved.
    """
    dispatcher._cache = _KeyedCache(dispatcher.py_func.__name__, key, is_unchanged)


def is_stored(name: str, key: str, argument_types: Sequence[Type]) -> bool:
    """Whether the code of a function for these argument types lies on disk, so that loading it will not compile."""
    return _path(name, key, argument_types, cpu_target.target_context.codegen()).exists()


def prepare(dispatcher: Dispatcher, argument_types: Sequence[Type]) -> None:
    """Have Numba load all that compiling needs, if the code of `dispatcher` is not on disk, which is to be compiled."""
    kept = dispatcher._cache
    if not (isinstance(kept, _KeyedCache) and kept.holds(argument_types)):
        _load_numba()


@functools.cache
def _load_numba() -> None:
    # Numba loads these only once, and a Ctrl-C in their midst would leave it without some for good. It comes to the
    # main thread, and may end the waiting; whatever compiles next waits for the lock.
    def load() -> None:
        with global_compiler_lock:
            cpu_target.typing_context.refresh()
            cpu_target.target_context.refresh()

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()


def _path(name: str, key: str, argument_types: Sequence[Type], codegen: Any) -> Path:
    """The file of one signature on one kind of processor."""
    identity = (key, tuple(map(str, argument_types)), codegen.magic_tuple())
    return _folder() / f"{name}-{hashlib.sha256(repr(identity).encode()).hexdigest()[:32]}.bin"


class _KeyedCache(_Cache):
    """Numba's interface to a cache, over files named by a key: checksum, then the pickled compile result."""

    def __init__(self, name: str, key: str, is_unchanged: Callable[[], bool]) -> None:
        self._name, self._key, self._is_unchanged = name, key, is_unchanged

    def holds(self, argument_types: Sequence[Type]) -> bool:
        """Whether there is a file for these types."""
        return is_stored(self._name, self._key, argument_types)

    @property
    def cache_path(self) -> str:
        return str(_folder())

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        # All that loaded code needs of Numba. Numba's own caches load all that compiling needs, which takes 0.25 s.
        rtsys.initialize(target_context)
        payload = _read(_path(self._name, self._key, _arguments(sig), target_context.codegen()))
        if payload is None:
            return None
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(payload))
        except Exception:  # it names a module that this process cannot import: compile it here
            return None

    def save_overload(self, sig: Any, data: CompileResult) -> None:
        if data.library.has_dynamic_globals:  # addresses of this process in the code
            return
        payload = dumps(data._reduce())
        if self._is_unchanged():
            _write(_path(self._name, self._key, _arguments(sig), data.codegen), payload)

    def enable(self) -> None:
        pass

    def disable(self) -> None:
        pass

    def flush(self) -> None:
        pass


def kept(name: str, key: str) -> bytes | None:
    """What `keep` was given under a name and a key, a hash of all that it depends on; None if it is not there."""
    return _read(_plain_path(name, key))


def keep(name: str, key: str, content: bytes) -> None:
    """Keep compiled code that is not Numba's to load."""
    _write(_plain_path(name, key), content)


def _plain_path(name: str, key: str) -> Path:
    return _folder() / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:32]}.bin"


def _read(path: Path) -> bytes | None:
    """What `_write` put there; None where it is not there, not whole, or may be somebody else's."""
    content = _trusted_content(path)
    if content is None or hashlib.sha256(content[32:]).digest() != content[:32]:
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # the time of last use
    return content[32:]


def _write(path: Path, payload: bytes) -> None:
    """Put a file there for its user alone, behind its checksum; a warning where that cannot be."""
    if not _is_trusted(path.parent):
        return

    def write(file: BinaryIO) -> None:
        if hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)
        file.write(hashlib.sha256(payload).digest() + payload)

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, write)
    except OSError as error:
        _warn_once(f"compiled code cannot be kept in {_folder()} ({error.strerror}): it will be compiled again")


def _arguments(signature: Any) -> Sequence[Type]:
    return getattr(signature, "args", signature)


def _trusted_content(path: Path) -> bytes | None:
    """The content of a file that nobody but the user can have written; None where there is none."""
    if not _is_trusted(path.parent):
        return None
    try:
        with open(path, "rb") as file:
            if _says_that_others_wrote(path, os.fstat(file.fileno())):
                return None
            return file.read()
    except OSError:
        return None


@functools.cache
def _is_trusted(folder: Path) -> bool:
    """Whether nobody but the user can have put anything into the folder of today's code; it need not be there."""
    for place in (folder.parent, folder):
        try:
            if _says_that_others_wrote(place, os.stat(place)):
                return False
        except OSError:
            return True
    return True


def _says_that_others_wrote(path: Path, status: os.stat_result) -> bool:
    """Whether code that lies there may be another user's, who would have it run here. If so, it is said."""
    if not hasattr(os, "geteuid"):
        return False  # on Windows, the user's own folder is nobody else's
    mine, open_to_others = status.st_uid == os.geteuid(), status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if mine and not open_to_others:
        return False
    advice = f"chmod go-w {path}" if mine else "set NUMBA_CACHE_DIR to a folder of your own"
    what = "can be written by others" if mine else "belongs to somebody else"
    _warn_once(f"{path} {what}, so compiled code is not loaded from there: {advice}")
    return True


@functools.cache
def _folder() -> Path:
    """Today's folder, its user's alone. The least recently used of the folders beside it are removed, and of the files
    in it.
    """
    root = Path(numba.config.CACHE_DIR or _user_cache_folder()) / "rethinking-hmc"
    folder = root / _compiler_hash()
    with contextlib.suppress(OSError):  # saving will say so, should the folder be out of reach
        root.parent.mkdir(parents=True, exist_ok=True)
        for place in (root, folder):
            with contextlib.suppress(FileExistsError):
                place.mkdir(mode=0o700)
        if not _is_trusted(folder):
            return folder
        os.utime(folder)  # the time of last use
        for old in _least_recently_used(root, _KEPT_FOLDERS):
            shutil.rmtree(old, ignore_errors=True)
        for old in _least_recently_used(folder, _KEPT_FILES):
            old.unlink(missing_ok=True)
    return folder


def _least_recently_used(folder: Path, kept: int) -> list[Path]:
    """The entries of a folder but for the `kept` most recently used entries."""
    return sorted(folder.iterdir(), key=lambda entry: entry.stat().st_mtime, reverse=True)[kept:]


def _user_cache_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@functools.cache
def _compiler_hash() -> str:
    versions = (platform.python_version(), numba.__version__, llvmlite.__version__, np.__version__)
    switches = (numba.config.OPT, numba.config.LOOP_VECTORIZE, numba.config.SLP_VECTORIZE, numba.config.BOUNDSCHECK)
    return hashlib.sha256(repr((versions, switches, sources_hash(Path(__file__).parent))).encode()).hexdigest()[:16]


@functools.cache
def _warn_once(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=2)
