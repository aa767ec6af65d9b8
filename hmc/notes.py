"""What the sampler says while it works, on standard error."""

import contextlib
import sys


def say(text):
    """Print "hmc: ..." on standard error. Where nothing can be written there, no run is lost for it."""
    with contextlib.suppress(OSError, ValueError):  # a full disk; a file that is closed
        if sys.stderr is not None:
            print(f"hmc: {text}", file=sys.stderr)
