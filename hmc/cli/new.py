"""`hmc new NAME`: a first model file, runnable as it stands and made to be changed."""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def add(subparsers: Any) -> None:
    command = subparsers.add_parser("new", help="write a model file that runs as it stands, to change into your own")
    command.add_argument("name", metavar="NAME", help="name of the model; the file is NAME.py")
    command.add_argument("--out", metavar="DIR", default=".", help="folder to write to (default: this one)")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    path = write_template(options.name, options.out)
    print(f"{path}: now `hmc check {path}:{options.name}` and `hmc fit {path}:{options.name}`")


_TEXT = '''"""NAME: y[i] ~ Normal(a[group[i]], 1), and groups differ: a[j] ~ Normal(a_bar, tau).

hmc check NAME.py:NAME    is the gradient that of the density?
hmc fit NAME.py:NAME      the posterior; --depth 2 shows every a[j], --data FILE.csv takes your data
"""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.transforms import constrain_positive
from models.densities import exponential, normal, normal_group

MADE_UP = [1.1, 0.4, 4.2, 3.1, -1.5, -2.2, 5.8, 4.9, 0.2, -0.6, 2.3, 3.4, -0.4, 0.9, 3.8, 2.6]  # two of each group


class Data(NamedTuple):
    y: np.ndarray  # a number for each observation
    group: np.ndarray  # which group it is of: 0, 1, ...


def log_density(position, data, gradient):
    a, a_bar, log_tau = position[:-2], position[-2], position[-1]  # the sampler moves log(tau), which may be any number
    tau = constrain_positive(log_tau)
    of_a_bar, d_a_bar, _, _ = normal(a_bar, 0.0, 2.0)  # a_bar ~ Normal(0, 2)
    of_tau, d_tau, _ = exponential(tau, 1.0)  # tau ~ Exponential(1)
    of_a, d_mean, d_sd = normal_group(a, a_bar, tau, gradient[:-2])  # a[j] ~ Normal(a_bar, tau); writes d/da[j]
    gradient[-2] = d_a_bar + d_mean
    gradient[-1] = (d_tau + d_sd) * tau + 1.0  # tau = exp(log_tau): the chain rule, and the Jacobian's derivative
    log_density = of_a_bar + of_tau + of_a + log_tau  # log_tau is the Jacobian
    for i in range(data.y.size):
        of_y, _, d_a, _ = normal(data.y[i], a[data.group[i]], 1.0)  # y[i] ~ Normal(a[group[i]], 1)
        log_density += of_y
        gradient[data.group[i]] += d_a
    return log_density


def NAME(data=None):
    """The model. `data`: a CSV file with a header line and two columns, y and group; None for the made-up numbers."""
    y, group = np.array(MADE_UP), np.arange(len(MADE_UP)) // 2
    if data is not None:
        y, group = np.loadtxt(data, delimiter=",", skiprows=1, usecols=(0, 1), unpack=True, ndmin=2)
    a, tau = hmc.Parameter("a", (int(group.max()) + 1,)), hmc.Parameter("tau", constraint=hmc.positive)
    data = Data(y, group.astype(np.int64))
    return hmc.Model(log_density, data, [a, hmc.Parameter("a_bar"), tau], name="NAME")
'''

# Names that the file means something else by, at its top level.
_TAKEN = (
    "Data", "MADE_UP", "NamedTuple", "constrain_positive", "exponential", "hmc", "int", "len", "log_density", "normal",
    "normal_group", "np", "range",
)  # fmt: skip


def template(name: str) -> str:
    """The text of a model file with a small hierarchical model called `name`.

    ValueError where that can be no function's name, or is a name that the file uses for something else.
    """
    if not (isinstance(name, str) and name.isidentifier() and name.isascii()):
        raise ValueError(f"{name!r} cannot be the name of a model: it needs letters, digits and _, and no digit first")
    if keyword.iskeyword(name):
        raise ValueError(f"{name!r} cannot be the name of a model: it is a word of Python")
    if name in _TAKEN:
        raise ValueError(f"{name!r} cannot be the name of a model: the file uses it for something else")
    return _TEXT.replace("NAME", name)


def write_template(name: str, folder: str | os.PathLike[str] = ".") -> Path:
    """Write `template(name)` to the file NAME.py in a folder, and return its path.

    ValueError for a name that cannot be, or is that of another Python module, which would be imported in place of the
    file; or where the file is there already. OSError where it cannot be written.
    """
    from pathlib import Path

    from hmc.files import write_whole
    from hmc.running.model_file import is_loaded

    text = template(name)
    path = Path(folder) / f"{name}.py"
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: there is no such folder")
    if os.path.lexists(path):
        raise ValueError(f"{path} is there already; it is left as it is")
    if not is_loaded(name) and importlib.util.find_spec(name) is not None:
        raise ValueError(f"{name!r} cannot be the name of a model: there is a Python module of that name")
    write_whole(path, lambda file: file.write(text.encode()))
    return path
