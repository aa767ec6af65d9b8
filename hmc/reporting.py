"""What the sampler says while it works, on standard error."""

import contextlib
import sys
from typing import Any


def say(text: str) -> None:
    """Print "hmc: ..." on standard error. Where nothing can be written there, no run is lost for it."""
    # A full disk; a file that is closed; a signal in the midst of another line.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        if sys.stderr is not None:
            print(f"hmc: {text}", file=sys.stderr)


def progress_bar(total: int, unit: str) -> Any:
    """A bar on standard error, or None where that is no terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    from tqdm import tqdm

    return tqdm(total=total, unit=f" {unit}", leave=False)
