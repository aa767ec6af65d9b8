"""Ctrl-C ends a run within a second or one gradient, and loses no complete draw. Signals are real, processes too."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.hmc.helpers import running

# The promise is one second; a loaded machine of two cores may need longer to wake a process up.
SOON = 3.0

SCRIPT = """
import json, signal, sys
import numpy as np
import author, hmc

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started with it ignored

if __name__ == "__main__":
    making, options = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    how = {key: options[key] for key in ("workers", "executor") if key in options}
    hmc.sample(author.model(), warmup=1, draws=1, max_depth=1, **how)  # all is loaded, the workers are there
    model = author.model(**making)
    print("sampling", flush=True)
    try:
        fit = hmc.sample(model, **options)
    except KeyboardInterrupt:
        print("ended", flush=True)
        print(json.dumps("KeyboardInterrupt"))
        sys.exit()
    print("ended", flush=True)
    whole = {c: fit.unconstrained[i] for i, c in enumerate(fit.chains)}
    energy = {c: fit.stats["energy"][i] for i, c in enumerate(fit.chains)}
    for chain, tail in fit.ragged.items():
        whole[chain] = np.concatenate([whole[chain], tail["unconstrained"]])
        energy[chain] = np.concatenate([energy[chain], tail["stats"]["energy"]])
    # Another run, a little into the tails: chains may differ in speed so much that all of them would take long.
    draws = min(max(map(len, whole.values())), fit.unconstrained.shape[1] + 20)
    again = hmc.sample(model, **options | {"draws": draws})
    same = all((whole[c][:draws] == again.unconstrained[c, : len(whole[c])]).all() for c in whole)
    same &= all((energy[c][:draws] == again.stats["energy"][c, : len(energy[c])]).all() for c in whole)
    print(json.dumps({
        "interrupted": fit.interrupted, "chains": fit.chains, "shape": fit.unconstrained.shape, "same": bool(same),
        "lengths": [len(whole[c]) for c in fit.chains], "ragged": sorted(fit.ragged),
        "failures": [[f.chain, f.reason] for f in fit.failures], "again": again.interrupted,
    }))
"""


def interrupted(folder, making, after, signals=1, group=False, jit=True, **options):
    """(seconds from the last signal to the end of `sample`, what the script reports)."""
    running.write_author(folder)
    (folder / "script.py").write_text(SCRIPT)
    environ = running.environment(folder, NUMBA_DISABLE_JIT=None if jit else "1")
    command = [sys.executable, "script.py", json.dumps(making), json.dumps(options)]
    process = subprocess.Popen(
        command, cwd=folder, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "sampling\n", process.stderr.read()
        time.sleep(after)
        for _ in range(signals):
            time.sleep(0.05)
            (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
        started = time.monotonic()
        assert process.stdout.readline() == "ended\n", process.stderr.read()
        seconds = time.monotonic() - started
        report, errors = process.stdout.read(), process.stderr.read()
        assert process.wait(running.HANGS) == 0, errors
        assert "Traceback" not in errors
    finally:
        process.kill()  # nothing, where it has ended
        process.wait()
        process.stdout.close()
        process.stderr.close()
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []
    return seconds, json.loads(report)


WAYS = {
    "in this process": {"workers": 1},
    "threads": {"workers": 2, "executor": "threads"},
    "processes": {"workers": 2, "executor": "processes"},
    "processes, signal to all": {"workers": 2, "executor": "processes", "group": True},
    "Python, in the calling thread": {"workers": 1, "jit": False},
    "Python, in threads": {"workers": 2, "jit": False},
}


@pytest.mark.parametrize("way", WAYS)
def test_interrupt_gives_the_complete_draws_at_once(tmp_path, way):
    # More draws than any way can make in the second before the signal, few enough to have room in memory.
    work = 0 if "Python" in way else 2000
    seconds, report = interrupted(tmp_path, {"work": work}, 1.0, chains=2, warmup=20, draws=500_000, **WAYS[way])
    assert seconds < SOON
    assert report["interrupted"]
    assert not report["again"]  # the next run is not stopped by the signal before
    assert report["same"]
    assert 0 < report["shape"][1] == min(report["lengths"]) < 500_000
    chains = report["chains"]
    assert report["ragged"] == [c for c, n in zip(chains, report["lengths"], strict=True) if n > min(report["lengths"])]


def test_chains_without_draws_are_left_out_and_named(tmp_path):
    _, report = interrupted(tmp_path, {"work": 2000}, 1.0, chains=4, warmup=20, draws=300_000, workers=1)
    started = len(report["chains"])
    assert report["chains"] == list(range(started))
    assert 1 <= started < 4  # one chain would take 10 s or more, and only one runs at a time
    assert report["failures"] == [[c, "interrupted before its first draw"] for c in range(started, 4)]
    assert report["same"]


# Scales of 1 and 1e-4: from a warm-up that has learned nothing, trajectories have all their 2^10 steps.
LONG = {"centre": [0.0, 0.0], "steepness": [1.0, 1e8], "work": 20_000}


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_interrupt_comes_through_within_a_long_transition(tmp_path, executor):
    options = {"warmup": 0, "draws": 1000, "adaptation": "windows", "max_depth": 10, "initial": [0.1, 0.0]}
    seconds, report = interrupted(tmp_path, LONG, 1.0, chains=2, workers=2, executor=executor, **options)
    assert seconds < SOON
    assert report == "KeyboardInterrupt" or (report["interrupted"] and report["same"])


def test_interrupt_without_any_draw_is_a_keyboard_interrupt(tmp_path):
    seconds, report = interrupted(tmp_path, {"work": 2000}, 0.3, chains=2, warmup=10**6, draws=1, workers=2)
    assert seconds < SOON
    assert report == "KeyboardInterrupt"


# A gradient of about 0.15 s.
SLOW = {"centre": [0.0, 0.0], "steepness": [1e30, 1e30], "work": 15_000_000}


def test_interrupt_comes_through_while_a_step_size_is_sought(tmp_path):
    """From 1 down to 1e-15 it is halved 50 times: 5 s and more at a tenth of a second a gradient."""
    seconds, report = interrupted(
        tmp_path, SLOW, 1.0, chains=1, warmup=100, draws=10, adaptation="windows", initial=[0.0, 0.0], workers=1
    )
    assert report == "KeyboardInterrupt"
    assert seconds < SOON


def test_interrupt_comes_through_while_a_starting_point_is_sought(tmp_path):
    nowhere = SLOW | {"steepness": [float("inf")] * 2}  # 100 tries: 10 s and more
    seconds, report = interrupted(tmp_path, nowhere, 1.0, chains=1, warmup=100, draws=10, workers=1)
    assert report == "KeyboardInterrupt"
    assert seconds < SOON


def test_second_interrupt_ends_too(tmp_path):
    """A gradient takes a second here, so the second signal comes while chains are still ending."""
    making = {"work": 300_000_000}
    seconds, report = interrupted(tmp_path, making, 1.0, signals=2, chains=2, warmup=100, draws=10, workers=2)
    assert seconds < SOON
    assert report == "KeyboardInterrupt"
