"""What `hmc fit --out FILE` asks for: found to be wrong before anything is sampled, and written before all else."""

import os
import sys

from hmc.files import check_writable
from hmc.interrupts import finishing_first
from hmc.model_argument import file_of, parsed_settings


def check_out(options):
    """ValueError where --out cannot be written to, is read as well, or needs what is not installed."""
    from hmc.export import check_path

    path = options.out
    read = {"MODEL": file_of(options.model), "--checkpoint": options.checkpoint, "--data": options.data}
    read |= {f"--set {name}": value for name, value in parsed_settings(options.set).items() if isinstance(value, str)}
    for option, other in read.items():
        if other and os.path.realpath(other) == os.path.realpath(path):
            raise ValueError(f"--out {path} is the file of {option}")
    if not os.path.isdir(os.path.dirname(os.path.abspath(path))):
        raise ValueError(f"--out {path}: there is no such folder")
    if os.path.isdir(path):
        raise ValueError(f"--out {path} is a folder, not a file to write to")
    check_path(path)
    try:
        check_writable(path)
    except OSError as error:
        raise ValueError(f"--out {path}: no file can be written there: {error.strerror or error}") from None


def with_derived(fit):
    """The fit; where the model's `derived` fails, which is told, one without derived quantities: the draws are good."""
    try:
        fit.keys()
    except ValueError as error:
        print(f"hmc: {error}; what follows is without derived quantities", file=sys.stderr)
        return fit.without_derived()
    return fit


def write_out(fit, path):
    """Write `with_derived(fit)` as `hmc.export.write` does, and return it; Ctrl-C is heeded when it is written.

    What was sampled is not thrown away for the quantities that are derived from it, which may take long: a second
    Ctrl-C does that.
    """
    from hmc.export import write

    with finishing_first() as interrupts:
        fit = with_derived(fit)
        write(fit, path)
    if interrupts:
        print(f"hmc: the fit is in {path}", file=sys.stderr)
        raise KeyboardInterrupt
    return fit
