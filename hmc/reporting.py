"""Messages of the sampler while it works, on standard error."""

import contextlib
import sys
import warnings
from typing import Any


def say(text: str) -> None:
    """Print "hmc: ..." on standard error. Where nothing can be written there, no run is lost for it."""
    # A full disk; a file that is closed; a signal in the midst of another line.
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        if sys.stderr is not None:
            print(f"hmc: {text}", file=sys.stderr)


def progress_bar(total: int, unit: str) -> Any:
    """A bar on standard error, or in a notebook's cell; None where standard error is neither."""
    if is_notebook():
        from tqdm import TqdmWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TqdmWarning)  # without ipywidgets the bar is text, which is fine
            from tqdm.auto import tqdm
    elif sys.stderr is None or not sys.stderr.isatty():
        return None
    else:
        from tqdm import tqdm
    return tqdm(total=total, unit=f" {unit}", leave=False)


def is_notebook() -> bool:
    """Whether standard error goes to a notebook: to a stream of Jupyter's kernel."""
    return type(sys.stderr).__module__.partition(".")[0] == "ipykernel"
