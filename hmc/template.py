"""A first model file: what `hmc new NAME` writes, runnable as it stands and made to be changed."""

import importlib.util
import keyword
import os
from pathlib import Path

from hmc.files import write_whole

_TEXT = '''"""NAME: groups that differ: y ~ Normal(a[group], 1), a[j] ~ Normal(a_bar, tau).

hmc check NAME.py:NAME    is the gradient that of the density?
hmc fit NAME.py:NAME      the posterior; --depth 2 shows every a[j], --data FILE.csv takes your data
"""

from typing import NamedTuple

import numpy as np

import hmc
from hmc.transforms import constrain_positive
from models.densities import exponential, normal, normal_group


class Data(NamedTuple):
    y: np.ndarray  # a number for each observation
    group: np.ndarray  # which group it is of: 0, 1, ...


def log_density(position, data, gradient):
    n = position.size - 2
    a, a_bar, log_tau = position[:n], position[n], position[n + 1]  # unconstrained: tau = exp(log_tau)
    tau = constrain_positive(log_tau)
    log_density, d_a_bar, _, _ = normal(a_bar, 0.0, 2.0)  # a_bar ~ Normal(0, 2)
    term, d_tau, _ = exponential(tau, 1.0)
    log_density += term + log_tau  # tau ~ Exponential(1), and the Jacobian of exp
    term, d_mean, d_sd = normal_group(a, a_bar, tau, gradient[:n])  # writes d/da[j] into the gradient
    log_density += term  # a[j] ~ Normal(a_bar, tau)
    for i in range(data.y.size):
        j = data.group[i]
        term, _, d_a, _ = normal(data.y[i], a[j], 1.0)
        log_density += term  # y[i] ~ Normal(a[group[i]], 1)
        gradient[j] += d_a
    gradient[n] = d_a_bar + d_mean
    gradient[n + 1] = (d_tau + d_sd) * tau + 1.0  # the chain rule of exp, and its Jacobian's derivative
    return log_density


def NAME(data=None):
    """The model. `data`: a CSV file with a header line and two columns, y and group."""
    if data is None:  # made up: put your own here
        y = np.array([1.1, 0.4, 2.0, 3.2, 2.7, 3.9, -0.5, 0.3, -1.2, 1.8, 2.2, 0.9])
        group = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
    else:
        y, group = np.loadtxt(data, delimiter=",", skiprows=1, usecols=(0, 1), unpack=True)
        group = group.astype(np.int64)
    parameters = [
        hmc.Parameter("a", (int(group.max()) + 1,)),
        hmc.Parameter("a_bar"),
        hmc.Parameter("tau", constraint=hmc.positive),
    ]
    return hmc.Model(log_density, Data(np.ascontiguousarray(y), group), parameters, name="NAME")
'''

# Names that the file means something else by, at its top level.
_TAKEN = (
    "Data", "NamedTuple", "constrain_positive", "exponential", "hmc", "int", "log_density", "normal", "normal_group",
    "np", "range",
)  # fmt: skip


def template(name):
    """The text of a model file with a small hierarchical model called `name`.

    ValueError where that can be no function's name, or is a name that the file uses for something else.
    """
    if not (isinstance(name, str) and name.isidentifier() and name.isascii()):
        raise ValueError(f"{name!r} is no name for a model: it needs letters, digits and _, and no digit first")
    if keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no name for a model: it is a word of Python")
    if name in _TAKEN:
        raise ValueError(f"{name!r} is no name for a model: the file uses it for something else")
    return _TEXT.replace("NAME", name)


def write_template(name, folder="."):
    """Write `template(name)` to the file NAME.py in a folder, and return its path.

    ValueError for a name that cannot be, or is that of another Python module, which would be imported in place of the
    file; or where the file is there already. OSError where it cannot be written.
    """
    text = template(name)
    path = Path(folder) / f"{name}.py"
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path.parent}: there is no such folder")
    if os.path.lexists(path):
        raise ValueError(f"{path} is there already; it is left as it is")
    if importlib.util.find_spec(name) is not None:
        raise ValueError(f"{name!r} is no name for a model: there is a Python module of that name")
    write_whole(path, lambda file: file.write(text.encode()))
    return path
