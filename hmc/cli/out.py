"""`hmc fit --out FILE`: its faults are found before anything is sampled, and no draws are lost where writing fails."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hmc.cli.model_argument import file_of, parsed_settings
from hmc.cli.shared import check_out_file
from hmc.errors import told
from hmc.running.interrupts import finishing_first

if TYPE_CHECKING:
    import numpy as np

    from hmc.model import Model
    from hmc.results.fit import Fit

_NUMBER_IN_CSV = 17  # bytes, with its comma


def check_out(options: argparse.Namespace) -> None:
    """ValueError where --out cannot be written to, is read as well, or needs a package that is not installed."""
    from hmc.results.export import check_path

    path = options.out
    read = {"MODEL": file_of(options.model)}
    read |= {f"--{name}": getattr(options, name) for name in ("checkpoint", "data", "initial")}
    read |= {f"--set {name}": value for name, value in parsed_settings(options.set).items() if isinstance(value, str)}
    for option, other in read.items():
        if other and os.path.realpath(other) == os.path.realpath(path):
            raise ValueError(f"--out {path} is the file of {option}")
    check_path(path)
    check_out_file(path)


def check_fit_fits(model: Model, options: argparse.Namespace) -> None:
    """ValueError where the file's format cannot hold a fit of the model, or the disk not so many draws.

    A fit of two draws that nobody sampled is written beside the file, and removed. Functions of an author run at a draw
    of the prior alone.
    """
    needed, free = _bytes_of_file(model, options), shutil.disk_usage(os.path.dirname(os.path.abspath(options.out))).free
    if needed > free:
        raise ValueError(
            f"--out {options.out}: there is too little room: about {needed / 1e6:.3g} MB are needed, and "
            f"{free / 1e6:.3g} MB are free"
        )
    from hmc.results.export import write

    trial = Path(options.out).with_name(f".{uuid.uuid4().hex}{os.path.splitext(options.out)[1]}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the fit itself will warn
            write(_made_up(model), trial, log_likelihood=False)
    except OSError as error:
        raise ValueError(f"--out {options.out}: {error.strerror or told(error)}") from error
    except Exception as error:  # a format may raise anything for names and data
        raise ValueError(f"--out {options.out} cannot hold a fit of {model.name}: {told(error)}") from error
    finally:
        trial.unlink(missing_ok=True)


def with_derived(fit: Fit) -> tuple[Fit, bool]:
    """(the fit, True); where the model's `derived` fails, which is told, one without derived quantities, and False: the
    draws are good.
    """
    try:
        fit.keys()
    except ValueError as error:
        print(f"hmc: {error}; what follows is without derived quantities", file=sys.stderr)
        return fit.without_derived(), False
    return fit, True


def write_out(fit: Fit, path: str) -> tuple[Fit, bool]:
    """Write the fit of `with_derived(fit)` as `hmc.results.export.write` does, and return the same; Ctrl-C is heeded
    after it.

    Draws are not lost to what else is computed from them by functions of an author, which may fail, or take long (a
    second Ctrl-C does not wait), nor to a file that cannot be written: they are saved elsewhere then, which is told.
    """
    with finishing_first() as interrupts:
        fit, is_whole = with_derived(fit)
        place, why = _written(fit, path)
        if why:
            print(f"hmc: {why}", file=sys.stderr)
    if interrupts:
        if place:
            print(f"hmc: the fit is in {place}", file=sys.stderr)
        raise KeyboardInterrupt
    return fit, is_whole and not why


def _written(fit: Fit, path: str) -> tuple[str, str]:
    """(where the fit is, or "", what went wrong, or "")."""
    from hmc.results.export import write

    try:
        write(fit, path)
        return path, ""
    except OSError as error:
        return _saved_elsewhere(fit, path, error)
    except Exception as error:  # the author's log_likelihood may raise anything
        reason = error
    try:
        write(fit, path, log_likelihood=False)  # if it is that
    except Exception as error:
        return _saved_elsewhere(fit, path, error)
    why = reason if isinstance(reason, ValueError) else f"{fit.name}: log_likelihood fails: {told(reason)}"
    return path, f"{why}; {path} is without log likelihoods"


def _saved_elsewhere(fit: Fit, path: str, error: Exception) -> tuple[str, str]:
    """Save the draws in the first folder that takes them, under a name of their own."""
    what = f"{path}: {error.strerror}" if isinstance(error, OSError) and error.strerror else f"{path}: {told(error)}"
    name = f"{Path(path).stem}-{uuid.uuid4().hex[:8]}.fit"
    own = os.path.dirname(os.path.abspath(path))
    for folder in dict.fromkeys((own, os.getcwd(), os.path.expanduser("~"), tempfile.gettempdir())):
        place = os.path.join(folder, name)
        try:
            fit.save(place, log_likelihood=False)
        except Exception:  # there is the next one
            continue
        return place, f"{what}; the draws are saved in {place}, for hmc.load"
    return "", f"{what}; and there is no folder to save the draws in"


def _bytes_of_file(model: Model, options: argparse.Namespace) -> float:
    """About how large the file will be."""
    from hmc.memory import STATISTICS
    from hmc.transforms import REAL

    values, free = (sum(getattr(parameter, size) for parameter in model.parameters) for size in ("size", "free"))
    derived, log_likelihoods = _further_numbers(model, options.chains * options.draws)
    draws, warmup = options.chains * options.draws, options.chains * options.warmup
    ending = os.path.splitext(options.out)[1].lower()
    if ending == ".csv":
        return _NUMBER_IN_CSV * draws * (values + derived + STATISTICS)
    if ending == ".nc":  # with the unconstrained numbers of parameters that have a constraint
        bounded = sum(parameter.free for parameter in model.parameters if parameter.constraint.kind != REAL)
        return 8 * draws * (values + bounded + derived + log_likelihoods + STATISTICS)
    return 8 * (draws * (free + derived + log_likelihoods + STATISTICS) + warmup * STATISTICS)


def _further_numbers(model: Model, draws: int) -> tuple[int, int]:
    """(derived quantities, log likelihoods) that are written of each draw, as a draw of the prior shows.

    0 where that cannot be known before: the model has no `simulate`, or a function fails, as is told when it matters.
    """
    import numpy as np

    from hmc.results.archive import is_written_unasked
    from hmc.results.derived import derived_draws

    def counted(count: Callable[[np.ndarray], int]) -> int:
        with contextlib.suppress(Exception, SystemExit), warnings.catch_warnings():  # an author's functions do anything
            warnings.simplefilter("ignore")
            return count(np.asarray(model.simulate(np.random.default_rng(0), model.data), dtype=np.float64))
        return 0

    derived = counted(lambda draw: sum(values.size for values in derived_draws(model, draw[None, None]).values()))
    weight = getattr(model.data, "weight", None)
    if model.log_likelihood is None:
        return derived, 0
    written = np.size(weight) if weight is not None else counted(lambda x: model.pointwise("log_likelihood", x).size)
    return derived, written if is_written_unasked(draws * written) else 0


def _made_up(model: Model) -> Fit:
    """A fit of two draws, all 0 and without derived quantities."""
    import numpy as np

    from hmc.results.gathering import gather
    from hmc.results.identity import identity_of
    from hmc.running.tasks import ChainResult
    from hmc.sampler.chain import make_record
    from hmc.sampling import settings_from

    settings = settings_from(model, chains=1, warmup=0, draws=2)
    chain = ChainResult(0, make_record(2, 2, model.dimension), np.ones(model.dimension), None, None)
    run: dict[str, Any] = {"identity": identity_of(model), "interrupted": False, "seconds": 0.0}
    return gather(model, settings, [chain], [], **run).without_derived()
