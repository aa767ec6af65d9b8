"""Files that appear whole or not at all."""

import contextlib
import os
import uuid
from pathlib import Path


def put_new(temporary, path):
    """Put a finished file at a path where there must be none; FileExistsError if there is.

    On a file system without hard links, as those of memory sticks, it replaces what is there.
    """
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        os.replace(temporary, path)


def write_whole(path, write, put=os.replace):
    """Have `write(file)` fill a binary file, and put it at `path` when it is complete; see `unfinished`.

    OSError where the folder cannot be written to. `put`: os.replace or `put_new`.
    """
    with unfinished(path, put) as temporary, open(temporary, "xb") as file:
        write(file)


@contextlib.contextmanager
def unfinished(path, put=os.replace):
    """A path beside `path` to write to, for a `with`: at its end what is there is put at `path`.

    Nothing stays behind where writing fails or is interrupted, and an older file at `path` is then left as it was. An
    OSError, as of a full disk, names `path`.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield temporary
        put(temporary, path)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with contextlib.suppress(OSError):  # a name too long for any file, say: it has been told
            temporary.unlink()
