"""What `hmc fit --out FILE` asks for: found to be wrong before anything is sampled, and written before all else."""

import os
import sys

from hmc.cli.model_argument import file_of, parsed_settings
from hmc.errors import told
from hmc.files import check_writable
from hmc.running.interrupts import finishing_first


def check_out(options):
    """ValueError where --out cannot be written to, is read as well, or needs what is not installed."""
    from hmc.results.export import check_path

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
    """(the fit, True); where the model's `derived` fails, which is told, one without derived quantities, and False: the
    draws are good.
    """
    try:
        fit.keys()
    except ValueError as error:
        print(f"hmc: {error}; what follows is without derived quantities", file=sys.stderr)
        return fit.without_derived(), False
    return fit, True


def write_out(fit, path):
    """Write the fit of `with_derived(fit)` as `hmc.results.export.write` does, and return the same; Ctrl-C is heeded
    after it.

    What was sampled is not thrown away for what else is computed from it, by functions of an author, which may fail, or
    take long: a second Ctrl-C does that.
    """
    from hmc.results.export import write

    with finishing_first() as interrupts:
        fit, is_whole = with_derived(fit)
        try:
            write(fit, path)
        except OSError:
            raise
        except Exception as error:  # whatever the author's log_likelihood does wrong
            write(fit, path, log_likelihood=False)  # if it is that
            why = error if isinstance(error, ValueError) else f"{fit.name}: log_likelihood fails: {told(error)}"
            print(f"hmc: {why}; {path} is without log likelihoods", file=sys.stderr)
            is_whole = False
    if interrupts:
        print(f"hmc: the fit is in {path}", file=sys.stderr)
        raise KeyboardInterrupt
    return fit, is_whole
