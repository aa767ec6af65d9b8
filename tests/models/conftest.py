"""Checks that every model's tests share."""

import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "models"


@pytest.fixture
def golden():
    """Reads a JSON file of tests/golden/models."""
    return lambda name: json.loads((GOLDEN / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def positions():
    """100 positions of a model: half drawn from its prior, half uniform in (-2, 2) as starting points are."""

    def draw(model, seed=1):
        rng = np.random.default_rng(seed)
        prior = [model.simulate(rng, model.data) for _ in range(50)]
        return prior + [rng.uniform(-2.0, 2.0, model.dimension) for _ in range(50)]

    return draw


@pytest.fixture
def gradient_error():
    """The largest |gradient - central difference| of a model at a position, over 1 + max |gradient|."""

    def error(model, position):
        _, gradient = model.evaluate(position)
        differences = np.empty(model.dimension)
        for i in range(model.dimension):
            step = np.zeros(model.dimension)
            step[i] = 1e-5 * (1.0 + abs(position[i]))
            width = (position[i] + step[i]) - (position[i] - step[i])
            differences[i] = (model.evaluate(position + step)[0] - model.evaluate(position - step)[0]) / width
        return np.abs(gradient - differences).max() / (1.0 + np.abs(gradient).max())

    return error


@pytest.fixture(scope="session")
def extreme_positions():
    """Corners, single far coordinates, and mixtures, at 30 and at 1000 (or the sizes given)."""

    def positions(dimension, sizes=(30.0, 1e3)):
        rng = np.random.default_rng(7)
        for size in sizes:
            yield np.full(dimension, size)
            yield np.full(dimension, -size)
            for i in {0, dimension - 2, dimension - 1}:
                for sign in (1.0, -1.0):
                    yield np.where(np.arange(dimension) == i, sign * size, 0.0)
            for _ in range(10):
                yield rng.uniform(-size, size, dimension)
                yield rng.choice([-size, 0.0, size], dimension)

    return positions


@pytest.fixture(scope="session")
def evaluated_without_the_jit():
    """{expression: [(density, gradient)]} of {a Python expression that builds a model: positions}.

    They come from one process for all, which compiles nothing: its start takes longer than what it evaluates.
    """

    def evaluate(points):
        code = (
            "import pickle, sys, models\n"
            "results = {}\n"
            "for expression, positions in pickle.load(sys.stdin.buffer).items():\n"
            "    model = eval(expression)\n"
            "    results[expression] = [model.evaluate(p) for p in positions]\n"
            "sys.stdout.buffer.write(pickle.dumps(results))"
        )
        completed = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(points),
            env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        )
        return pickle.loads(completed.stdout)

    return evaluate


@pytest.fixture
def relative_error():
    """|value - exact| / |exact|; 0 where both are the same infinity."""

    def error(value, exact):
        if value == exact:
            return 0.0
        return abs(value - exact) / abs(exact) if math.isfinite(value) else math.inf

    return error


@pytest.fixture(scope="session")
def trolley_file():
    """The path of the published Trolley.csv, which is not part of the project; skips where it is not to be found."""
    path = Path(os.environ.get("HMC_TROLLEY_CSV", ROOT.parent / "shared" / "data" / "Trolley.csv"))
    if not path.is_file():
        pytest.skip("the published Trolley.csv is not here; set HMC_TROLLEY_CSV to its path")
    return path


@pytest.fixture(scope="session", name="fuzz")
def _fuzz():
    """Damaged tables, and an oracle of what they hold: tests/models/helpers/fuzz."""
    from tests.models.helpers import fuzz  # it imports tests of models, whose formulas it takes

    return fuzz
