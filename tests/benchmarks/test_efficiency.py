"""benchmarks/efficiency.py: what it counts is what fits have, and ratios are to the better metric there."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import hmc
from benchmarks import efficiency, posteriors
from benchmarks.efficiency_runs import Worth
from diagnostics import ess_bulk
from hmc.settings import METRICS

ROOT = Path(__file__).parents[2]
LENGTH = ("--seeds", "2", "--chains", "2", "--warmup", "50", "--draws", "50")


def run(*arguments):
    command = [sys.executable, str(ROOT / "benchmarks" / "efficiency.py"), "--models", "hmm", *LENGTH, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """(path, content) of what --json wrote of two fits of a model with each metric."""
    path = tmp_path_factory.mktemp("efficiency") / "found.json"
    assert run("--json", str(path)).returncode == 0
    return path, json.loads(path.read_text(encoding="utf-8"))


def test_every_metric_but_unit_is_measured(written):
    assert set(written[1]["fits"]["hmm"]) == set(METRICS) - {"unit"}


@pytest.mark.parametrize("metric", ["diag", "dense"])
def test_counts_are_those_of_the_fits(written, metric):
    for seed, counted in enumerate(written[1]["fits"]["hmm"][metric], start=1):
        fit = hmc.sample(posteriors.build("hmm"), 2, 50, 50, seed, metric=metric, workers=1, progress=False)
        ess = ess_bulk(fit.unconstrained)
        expected = [ess.min(), np.median(ess), fit.stats["n_steps"].sum(), fit.warmup_stats["n_steps"].sum()]
        assert counted[:4] == pytest.approx(expected, rel=1e-12)


def test_the_same_fits_have_ratios_of_one(written):
    lines = run("--metrics", "diag", "dense", "--against", str(written[0])).stdout.splitlines()
    row = next(line for line in reversed(lines) if line.startswith("hmm"))
    assert row.split()[1:5] == ["1.00"] * 4


def test_fits_of_another_length_are_not_compared(written):
    done = run("--against", str(written[0]), "--draws", "60")
    assert done.returncode == 1
    assert "has draws = 50, not 60" in done.stderr


def test_of_a_comparison_the_other_checkouts_fits_are_taken(tmp_path):
    request = efficiency.Request(["mST"], ["auto"], 1, 4, 10, 10)
    (tmp_path / "f.json").write_text(
        json.dumps({"request": request._asdict(), "fits": {"mST": 1}, "there": {"mST": 2}})
    )
    assert efficiency.earlier(tmp_path / "f.json", request) == {"mST": 2}


def fits(ess, gradients=1000, seeds=3):
    """Fits of the same worth, of a metric that needs as many gradients for warm-up as for draws."""
    return [list(Worth(ess, 2 * ess, gradients, gradients, 0, 1.0))] * seeds


def test_ratios_are_of_the_best_to_the_better_of_two():
    here = {"mST": {"diag": fits(100), "auto": fits(300)}, "cafes": {"diag": fits(50)}, "mf": {"diag": fits(1)}}
    there = {"mST": {"diag": fits(100), "dense": fits(200)}, "cafes": {"diag": fits(50, 500)}, "mf": {}}
    assert efficiency.ratios(here, there) == {"mST": [1.5] * 4, "cafes": [0.5] * 4}


def test_nutpies_fits_are_told_from_ours():
    found = {"mST": {"diag": 1, "nutpie diag": 2, "nutpie low rank": 3}}
    assert efficiency.parted(found) == ({"mST": {"diag": 1}}, {"mST": {"nutpie diag": 2, "nutpie low rank": 3}})


def test_other_metrics_of_a_file_do_not_count(written, tmp_path):
    """Were 'best' the best of all there, a ratio would be of the new to itself."""
    content = written[1]
    content["fits"]["hmm"]["new"] = [[fit[0] * 1000, fit[1] * 1000, *fit[2:]] for fit in content["fits"]["hmm"]["diag"]]
    (tmp_path / "more.json").write_text(json.dumps(content), encoding="utf-8")
    lines = run("--metrics", "diag", "dense", "--against", str(tmp_path / "more.json")).stdout.splitlines()
    row = next(line for line in reversed(lines) if line.startswith("hmm"))
    assert row.split()[1:5] == ["1.00"] * 4


def test_chains_that_do_not_move_are_worth_nothing():
    assert efficiency.ratios({"mST": {"diag": fits(1.0)}}, {"mST": {"diag": fits(0.0)}}) == {"mST": [math.inf] * 4}


def test_warm_up_counts_in_its_columns_alone():
    """A warm-up of three times the gradients of the draws divides by four."""
    thrice = [list(Worth(80.0, 120.0, 1000, 3000, 0, 1.0))]
    values = [efficiency.best({"diag": thrice}, column)[0] for column in efficiency.COLUMNS]
    assert values == [80.0, 120.0, 20.0, 30.0]
