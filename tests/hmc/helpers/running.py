"""What the tests of running share: an author's model, Python in a process of its own, and equality bit for bit."""

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np

import hmc

ROOT = Path(__file__).parents[3]

# Compiling the sampler takes 14 s on an idle core, once; beyond this a process counts as hanging.
HANGS = 180


class Rows(NamedTuple):
    """Data of several kinds, so that all of them are on the way to compiled code."""

    y: np.ndarray
    group: np.ndarray
    scale: float
    count: int


def log_density(position, data, gradient):
    """y[i] ~ Normal(a[group[i]], scale), a[j] ~ Normal(0, tau), tau = exp(position[count]) ~ Exponential(1)."""
    log_tau = position[data.count]
    tau = 2.718281828459045**log_tau
    total = log_tau - tau
    gradient[data.count] = 1.0 - tau
    for j in range(data.count):
        z = position[j] / tau
        total -= 0.5 * z * z + log_tau
        gradient[j] = -z / tau
        gradient[data.count] += z * z - 1.0
    for i in range(data.y.shape[0]):
        z = (data.y[i] - position[data.group[i]]) / data.scale
        total -= 0.5 * z * z
        gradient[data.group[i]] += z / data.scale
    return total


def log_likelihood(position, data, out):
    """One number a row of the data."""
    for i in range(data.y.shape[0]):
        z = (data.y[i] - position[data.group[i]]) / data.scale
        out[i] = -0.5 * z * z - 0.9189385332046727


def derived(position, data):
    """Another quantity, for tables."""
    return {"total": float(position[: data.count].sum()), "pair": np.array([1.0, position[0]])}


def grouped_model(rows=12, **options):
    """A small hierarchical model of an author: a (3,) and tau > 0."""
    y = np.sin(np.arange(rows, dtype=float))
    data = Rows(y, np.arange(rows) % 3, 0.5, 3)
    parameters = [hmc.Parameter("a", (3,)), hmc.Parameter("tau", (), hmc.positive)]
    return hmc.Model(log_density, data, parameters, **{"name": "grouped", **options})


# A module as an author has it: the density in one file, a helper in another. `work` makes a gradient slow.
HELPER = """
import numba

WEIGHT = 1.0

@numba.njit
def bell(x, centre):
    return -0.5 * WEIGHT * (x - centre) ** 2, -WEIGHT * (x - centre)
"""

AUTHOR = """
from typing import NamedTuple

import numpy as np

import hmc
from helper import bell

class Data(NamedTuple):
    centre: np.ndarray
    steepness: np.ndarray
    work: int

def log_density(position, data, gradient):
    waste = 0.0
    for k in range(data.work):
        waste += 1.0 / (1.0 + k * waste)
    total = 0.0 if waste >= 0.0 else 1.0
    for i in range(position.shape[0]):
        value, slope = bell(position[i], data.centre[i])
        total += data.steepness[i] * value
        gradient[i] = data.steepness[i] * slope
    return total

def model(centre=(0.0, 1.0, 2.0), steepness=(1.0, 1.0, 1.0), work=0):
    data = Data(np.array(centre), np.array(steepness), work)
    return hmc.Model(log_density, data, [hmc.Parameter("x", (len(centre),))], name="author")
"""


def write_author(folder):
    """Write author.py and helper.py, the modules of an author, into a folder."""
    (folder / "helper.py").write_text(HELPER)
    (folder / "author.py").write_text(AUTHOR)


def environment(folder, **changes):
    """The environment of a process that imports from `folder` and from this checkout; None unsets a variable."""
    result = dict(os.environ) | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    result |= {"HMC_TEST_TOKEN": uuid.uuid4().hex}
    for name, value in {"NUMBA_DISABLE_JIT": None, **changes}.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = str(value)
    return result


def python(folder, source, *arguments, name="script.py", **changes):
    """Write `source` as a script in `folder` and run it there; the CompletedProcess, which must have succeeded."""
    (folder / name).write_text(source)
    return finished([sys.executable, name, *arguments], folder, **changes)


def finished(command, folder, stdin=None, **changes):
    """The CompletedProcess of a command that must succeed, and leave no process behind."""
    environ = environment(folder, **changes)
    done = subprocess.run(
        command, cwd=folder, env=environ, input=stdin, capture_output=True, text=True, timeout=HANGS, check=False
    )
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert orphans(environ["HMC_TEST_TOKEN"]) == []
    return done


def orphans(token, patience=10.0):
    """Processes that still carry a token in their environment once they have had the time to go."""
    deadline = time.monotonic() + patience
    while (left := _carriers(token)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _carriers(token):
    carriers = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if token.encode() in (entry / "environ").read_bytes():
                carriers.append((int(entry.name), (entry / "cmdline").read_bytes().decode()))
        except OSError:
            continue  # it has just ended
    return carriers


def cache_root():
    """Where compiled code is kept, as the documentation says."""
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(numba.config.CACHE_DIR or user) / "rethinking-hmc"


def equal_bits(left, right):
    """Whether two arrays, or tuples of arrays, are the same to the last bit, shape and type included."""
    if isinstance(left, tuple):
        return type(left) is type(right) and all(map(equal_bits, left, right))
    left, right = np.asarray(left), np.asarray(right)
    return left.shape == right.shape and left.dtype == right.dtype and left.tobytes() == right.tobytes()


def same_run(left, right):
    """Whether two fits have the same draws, statistics, warm-up and metric, bit for bit."""
    return (
        equal_bits(left.unconstrained, right.unconstrained)
        and equal_bits(left.inverse_metric, right.inverse_metric)
        and left.stats.keys() == right.stats.keys()
        and all(equal_bits(left.stats[name], right.stats[name]) for name in left.stats)
        and all(equal_bits(left.warmup_stats[name], right.warmup_stats[name]) for name in left.warmup_stats)
    )
