"""Files that appear whole or not at all."""

import os
import uuid
from pathlib import Path


def write_whole(path, write):
    """Have `write(file)` fill a binary file, and put it at `path` when it is complete.

    Nothing stays behind where writing fails or is interrupted, and an older file at `path` is then left as it was.
    OSError where the folder cannot be written to.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open(unfinished, "xb") as file:
            write(file)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
