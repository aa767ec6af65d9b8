"""Node, which runs the JavaScript of hmc/web: `ask` it for one of the calls of tests/hmc/web/run.mjs or another."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest

import hmc
from tests.hmc.helpers import running

RUNNER = Path(__file__).parents[1] / "web" / "run.mjs"
HANGS = 180  # seconds


def require():
    """Skip the test where there is no node; HMC_REQUIRE_NODE=1 in the environment says that there must be one."""
    if not shutil.which("node"):
        missing = "node, which runs WebAssembly, is not installed"
        pytest.fail(missing) if os.environ.get("HMC_REQUIRE_NODE") == "1" else pytest.skip(missing)


def ask(call, *, runner=RUNNER, **arguments):
    """The answer to a call of a runner; AssertionError, with what node said, where it throws."""
    require()
    done = subprocess.run(
        ["node", str(runner)],
        input=json.dumps({"call": call, **arguments}),
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return read(done.stdout)


def read(text):
    """JSON that JavaScript wrote, with exact.mjs or without."""
    return json.loads(text, object_hook=_exact, parse_int=_whole)


def _whole(digits):
    """JavaScript writes large floats without a point."""
    return int(digits) if len(digits) < 16 else float(digits)


def _exact(found):
    """An object of JSON; numbers that exact.mjs writes in its own way, as such."""
    if found.keys() == {"float64"}:
        return np.frombuffer(bytes.fromhex(found["float64"]))
    return float(found["number"]) if found.keys() == {"number"} else found


def sampled(module, runs):
    """[{"position" and the name of each statistic: float64 (chains, draws, ...)}] of a module's bytes and settings;
    those of the warm-up begin with "warmup_".
    """
    with _file_of(module) as path:
        answers = ask("sample", module=str(path), folder=str(path.parent), runs=runs)
        return [
            {name: _shaped(np.fromfile(path.parent / f"{number}.{name}"), name, answer) for name in answer["names"]}
            for number, answer in enumerate(answers)
        ]


def _shaped(values, name, answer):
    chains, _, dimension = answer["shape"]
    return values.reshape((chains, -1, dimension) if name.endswith("position") else (chains, -1))


def differences(model, module, settings):
    """[(settings, name)] of positions and statistics that are not those of `hmc.sample`."""
    found = []
    for each, run in zip(settings, sampled(module, settings), strict=True):
        found += [(each, name) for name in not_of_library(model, each, run)]
    return found


def not_of_library(model, settings, run):
    """Names of positions and statistics that are not those of `hmc.sample`, bit for bit."""
    fit = hmc.sample(model, **settings, workers=1, progress=False)
    expected = {"position": fit.unconstrained, **fit.stats}
    expected |= {f"warmup_{name}": values for name, values in fit.warmup_stats.items()}
    if fit.warmup is not None:
        expected["warmup_position"] = fit.warmup
    assert run.keys() == expected.keys()
    return [n for n in run if not running.equal_bits(np.ravel(run[n]), np.ravel(expected[n].astype(float)))]


def of_module(call, module, **arguments):
    """The answer to a call about a module's bytes."""
    with _file_of(module) as path:
        return ask(call, module=str(path), **arguments)


def sizes_of_memory(module, runs):
    """The bytes of memory of the largest instance, for each of the settings."""
    return of_module("memory", module, runs=runs)


@contextlib.contextmanager
def _file_of(module):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.wasm"
        path.write_bytes(module)
        yield path
