"""A calibration as it is run: the same wherever it runs; what fails is told, and Ctrl-C loses nothing."""

import concurrent.futures
import itertools
import math
import signal
import threading
import time
from typing import NamedTuple

import numpy as np
import pytest

import hmc
import models
from diagnostics import calibrate
from diagnostics.calibration import Truth, through_the_truth
from hmc.replication import ReplicationFailure
from hmc.running.executors import InlineExecutor
from hmc.sampler import chain_through
from hmc.settings import check_settings

QUICK = {"workers": 1, "progress": False}


class Measurement(NamedTuple):
    """Data: one number, and the bounds that the mean must keep, which only the density knows of."""

    y: float
    bound: float


def log_density(position, data, gradient):
    """y ~ Normal(mean, 1), mean ~ Normal(0, 1) within the bounds."""
    mean = position[0]
    gradient[0] = data.y - 2.0 * mean
    return -0.5 * mean * mean - 0.5 * (data.y - mean) ** 2 if abs(mean) < data.bound else -math.inf


def simulate(rng, data):
    return rng.standard_normal(1)


def simulate_data(position, data, rng):
    return data._replace(y=position[0] + rng.standard_normal())


def conjugate(bound=30.0, **changes):
    functions = {"simulate": simulate, "simulate_data": simulate_data} | changes
    return hmc.Model(log_density, Measurement(0.0, bound), [hmc.Parameter("mean")], name="conjugate", **functions)


def test_results_do_not_depend_on_workers_or_executor():
    reference = calibrate(models.mST(), 30, **QUICK)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ways = [{"workers": 2}, {"executor": "processes"}, {"workers": 2, "executor": "threads"}, {"executor": pool}]
        ways += [{"executor": InlineExecutor()}]
        for way in ways:
            found = calibrate(models.mST(), 30, progress=False, **way)
            assert found.ranks.tolist() == reference.ranks.tolist()
            assert found.effective.tolist() == reference.effective.tolist()
    assert calibrate(models.mST(), 30, seed=13, **QUICK).ranks.tolist() != reference.ranks.tolist()


def sometimes_impossible(position, data, rng):
    if position[0] > 1.5:
        raise RuntimeError("a rate beyond all bounds")
    return simulate_data(position, data, rng)


def often_impossible(position, data, rng):
    if position[0] > 0.5:
        raise RuntimeError("a rate beyond all bounds")
    return simulate_data(position, data, rng)


def test_failures_are_told_and_many_are_a_fault():
    some = calibrate(conjugate(simulate_data=sometimes_impossible), 60, **QUICK)
    assert 1 <= len(some.failures) <= 3
    assert some.verdict.worst == "warning"
    assert "RuntimeError: a rate beyond all bounds" in str(some)
    many = calibrate(conjugate(simulate_data=often_impossible), 60, **QUICK)
    assert not many.passed
    assert len(many.numbers) + len(many.failures) == 60


def test_an_error_behind_a_note_is_an_error():
    found = calibrate(conjugate(), 40, **QUICK)
    assert found.passed
    idle = np.where(np.arange(40) < 4, 1.0, 100.0)  # a tenth: a note
    lost = tuple(ReplicationFailure(number, "LostTaskError") for number in range(40, 80))  # a half: an error
    worse = found._replace(effective=idle, failures=lost)
    assert [finding.severity for finding in worse.verdict] == ["error", "note", "note"]
    assert not worse.passed


def never(rng, data):
    return np.array([np.nan])


def test_a_model_that_never_works_does_not_pass():
    found = calibrate(conjugate(simulate=never), 20, **QUICK)
    assert not found.passed
    assert found.ranks.shape == (0, 2)
    assert found.outside == ()
    assert "No replication has ranks." in str(found)
    assert "20 of 20 replications failed" in str(found)
    assert "data.y is nan" in str(found)


def test_truths_that_the_density_excludes_are_a_fault():
    found = calibrate(conjugate(bound=1.0), 100, **QUICK)
    assert not found.passed
    assert "the log density is -inf at the position to go through" in str(found)


def test_ctrl_c_judges_what_is_finished():
    def from_a_terminal():
        signal.raise_signal(signal.SIGINT)

    calibrate(conjugate(), 2, **QUICK)  # all is loaded
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(1.0, from_a_terminal)
    try:
        timer.start()
        found = calibrate(conjugate(), 100_000, **QUICK)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, previous)
    assert found.interrupted
    assert 0 < len(found.numbers) < 100_000
    assert "The run was stopped early" in str(found)


@pytest.mark.parametrize("stopped_at", [1, 2, 3])  # the warm-up, before the truth, after it
def test_a_chain_that_is_stopped_late_has_no_ranks(stopped_at, monkeypatch):
    """Its record holds rows of zeros, which are no draws."""
    cells, calls, compiled = np.zeros(2, np.int64), itertools.count(1), chain_through.compiled_advance

    def stopping(algorithm):
        cells[0] = next(calls) == stopped_at
        return compiled(algorithm)

    monkeypatch.setattr(chain_through, "compiled_advance", stopping)
    model = conjugate()
    truth = Truth(np.array([0.3]), place=5, order=0.5)
    settings = check_settings(
        chains=1,
        warmup=50,
        draws=40,
        seed=1,
        initial=None,
        keep_warmup=False,
        target_accept=0.8,
        max_depth=10,
        algorithm="nuts",
        path_length=None,
        metric="diag",
        adaptation="gradients",
    )
    with pytest.raises(KeyboardInterrupt):
        through_the_truth(truth, model, settings, cells, spacing=4)


def test_the_time_that_a_calibration_says_it_took_is_what_it_took():
    start = time.perf_counter()
    found = calibrate(conjugate(), 3, **QUICK)
    assert 0.0 < found.seconds <= time.perf_counter() - start


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"replications": 0}, "replications = 0"),
        ({"thinned": 0}, "thinned = 0"),
        ({"spacing": 1.5}, "spacing = 1.5"),
        ({"warmup": 0}, "warmup = 0"),
        ({"level": 1.0}, "level = 1.0"),
        ({"workers": 0}, "workers = 0"),
        ({"target_accept": 1.0}, "target_accept = 1.0"),
    ],
)
def test_wrong_arguments_are_named(options, shown):
    with pytest.raises(ValueError, match=shown):
        calibrate(conjugate(), **options)


def test_a_model_that_cannot_simulate_is_refused():
    with pytest.raises(ValueError, match="conjugate has no simulate_data function"):
        calibrate(conjugate(simulate_data=None))
