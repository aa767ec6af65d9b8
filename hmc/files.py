"""Files that appear whole or not at all; a hash of a folder's Python files."""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO


def sources_hash(folder: Path, pattern: str = "*.py") -> str:
    """A hash of the names and bytes of a folder's files of that pattern, as they are: `**/*.py` for all below it."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob(pattern), key=lambda path: path.relative_to(folder).parts):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def put_new(temporary: Path, path: Path) -> None:
    """Put a finished file at a path where there must be none; FileExistsError if there is.

    On a file system without hard links, as those of memory sticks, it replaces what is there.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        os.replace(temporary, path)


def write_whole(
    path: str | os.PathLike[str], write: Callable[[BinaryIO], object], put: Callable[[Path, Path], None] = os.replace
) -> None:
    """Have `write(file)` fill a binary file, and put it at `path` when it is complete; see `unfinished`.

    OSError where there can be no file. `put`: os.replace or `put_new`.
    """
    with unfinished(path, put) as temporary, open(temporary, "xb") as file:
        write(file)


def check_writable(path: str | os.PathLike[str]) -> None:
    """OSError where `write_whole` could put no file at `path`. A file there before is left as it is."""
    with unfinished(path, put=lambda temporary, target: None) as temporary, open(temporary, "xb"):
        pass


def check_room(path: Path, size: int) -> None:
    """OSError if a file of `size` bytes cannot be at `path`, where there is none. For writers that end the process, as
    HDF5 does, where the disk is full.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)  # a file that is there stays there
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        elif shutil.disk_usage(path.parent).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)
        path.unlink()


@contextlib.contextmanager
def folder_to_fill(path: str | os.PathLike[str]) -> Iterator[None]:
    """Make a folder to put files into, for a `with`; at its end, what was made and stayed empty is gone again.

    OSError at once, which names the folder, where no file can be put there.
    """
    made = [folder for folder in (Path(path), *Path(path).parents) if not os.path.lexists(folder)]  # innermost first
    try:
        os.makedirs(path, exist_ok=True)
        try:
            check_writable(Path(path) / "file")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        yield
    finally:
        for folder in made:
            with contextlib.suppress(OSError):  # it has files
                folder.rmdir()


@contextlib.contextmanager
def unfinished(path: str | os.PathLike[str], put: Callable[[Path, Path], None] = os.replace) -> Iterator[Path]:
    """A path beside `path` to write to, for a `with`: at its end what is there is put at `path`.

    A link is followed: what it leads to is written. Nothing stays behind where writing fails or is interrupted, and an
    older file at `path` is then left as it was. An OSError, as of a full disk, names `path`; at once where it is a
    folder, or a device or pipe, which a file would take the place of.
    """
    temporary = None
    try:
        _refuse_what_is_no_file(path)
        target = Path(os.path.realpath(path))
        temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
        yield temporary
        put(temporary, target)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def _refuse_what_is_no_file(path: str | os.PathLike[str]) -> None:
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a device or a pipe, no ordinary file")
