"""Replications: the same wherever and with whatever others they run; nothing is lost by failures and Ctrl-C."""

import concurrent.futures
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numba.core.event as event
import numpy as np
import pytest

import hmc
import models
from hmc.replicate import replicate
from hmc.workers import InlineExecutor

_spec = importlib.util.spec_from_file_location("running", Path(__file__).with_name("running.py"))
running = sys.modules.setdefault("running", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(running)

QUICK = {"seed": 3, "warmup": 30, "draws": 20, "progress": False}


def kept(truth, fitted, draws, stats):
    """Everything, so that equality means much."""
    return truth, fitted.data.survived, draws, stats["energy"]


def run(count=5, **options):
    return replicate(models.mST(), kept, count, **QUICK | {"workers": 1} | options)


def same(left, right):
    """Whether two runs have the same results, bit for bit."""
    pairs = zip(left.results, right.results, strict=True)
    equal = all(running.equal_bits(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))
    return equal and left.numbers == right.numbers


@pytest.fixture(scope="module")
def reference():
    return run()


def test_results_are_bit_identical_in_threads_and_in_the_calling_thread(reference):
    assert (reference.numbers, reference.failures, reference.interrupted) == ([0, 1, 2, 3, 4], [], False)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for executor in ("threads", InlineExecutor(), pool):
            assert same(run(workers=2, executor=executor), reference)


def test_a_replication_does_not_depend_on_how_many_others_there_are(reference):
    assert same(run(3), reference._replace(results=reference.results[:3], numbers=[0, 1, 2]))
    assert not same(run(5, seed=4), reference)


def test_truths_data_and_draws_differ_between_replications(reference):
    for column in zip(*reference.results, strict=True):
        assert len({values.tobytes() for values in column}) == 5


def test_chains_are_those_of_sample(reference):
    """The model of the data, sampled with the seed that belongs to the replication."""
    two_chains = run(2, chains=2)
    for number, (truth, survived, draws, energy) in enumerate(two_chains.results):
        assert running.equal_bits(truth, reference.results[number][0])
        rng = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(number, 0)))
        position = models.mST().simulate(rng, models.mST().data)
        fitted = models.mST().with_data(models.mST().simulate_data(position, models.mST().data, rng))
        assert running.equal_bits(fitted.data.survived, survived)
        seed = int(np.random.SeedSequence(3, spawn_key=(number, 1)).generate_state(1, np.uint64)[0])
        fit = hmc.sample(fitted, chains=2, warmup=30, draws=20, seed=seed, workers=1, progress=False)
        assert running.equal_bits(fit.unconstrained, draws)
        assert running.equal_bits(fit.stats["energy"], energy)


def test_seed_of_none_is_recorded_and_gives_the_run_again():
    first = run(2, seed=None)
    assert same(run(2, seed=first.settings["seed"]), first)
    assert not same(run(2, seed=None), first)


AUTHOR = """
from typing import NamedTuple

import numpy as np

import hmc

SCALE = 1.0

class Data(NamedTuple):
    y: np.ndarray
    work: int

def log_density(position, data, gradient):
    waste = 0.0
    for k in range(data.work):
        waste += 1.0 / (1.0 + k * waste)
    total, gradient[0] = (0.0 if waste >= 0.0 else 1.0) - 0.5 * position[0] ** 2, -position[0]
    for i in range(data.y.shape[0]):
        total -= 0.5 * (data.y[i] - position[0]) ** 2
        gradient[0] += data.y[i] - position[0]
    return total

def from_the_prior(rng):
    return SCALE * rng.standard_normal(1)

def simulate(rng, data):
    return from_the_prior(rng)

def simulate_data(position, data, rng):
    return Data(position[0] + rng.standard_normal(data.y.shape[0]), data.work)

def reduce(truth, fitted, draws, stats):
    return repr((float(truth[0]), float(draws.sum()), float(stats["lp"].sum())))

def model(work=0):
    return hmc.Model(log_density, Data(np.zeros(3), work), [hmc.Parameter("mean")], name="author",
                     simulate=simulate, simulate_data=simulate_data)
"""
PREAMBLE = """
import json, os, signal, sys, threading, time
import author, hmc
from hmc.replicate import replicate

def run(count=24, reduce=None, work=0, **options):
    options = {"warmup": 30, "draws": 20, "workers": 2, "progress": False} | options
    return replicate(author.model(work), reduce or author.reduce, count, **options)

if __name__ == "__main__":
"""


def script(folder, body, **changes):
    """What a guarded script prints whose `run` makes replications of a small model in a module of its own."""
    (folder / "author.py").write_text(AUTHOR)
    return running.python(folder, PREAMBLE + "    " + body.replace("\n", "\n    "), **changes)


def test_results_are_bit_identical_in_processes_and_without_the_jit(tmp_path):
    done = script(
        tmp_path,
        """import concurrent.futures, multiprocessing
reference = run(workers=1)
assert len(reference.results) == 24
assert run(executor="processes") == reference
assert run(workers=1, executor="processes") == reference
assert run() == reference
with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("forkserver")) as pool:
    assert run(executor=pool) == reference
print(run(5).results)""",
    )
    assert done.stderr == ""
    assert script(tmp_path, "print(run(5).results)", NUMBA_DISABLE_JIT=1).stdout == done.stdout


def test_functions_that_no_worker_can_import_run_in_threads_and_it_is_said(tmp_path):
    done = script(
        tmp_path,
        """reference = run(5)
assert run(5, reduce=lambda *replication: author.reduce(*replication)) == reference
try:
    run(5, reduce=lambda *replication: 1, executor="processes")
except ValueError as error:
    print(error)""",
    )
    note = "<lambda> is what a worker process cannot import"
    assert done.stderr == f"hmc: chains run in threads of this process: {note}\n"
    assert done.stdout == f'executor = "processes" is not possible: {note}\n'


def test_reloaded_functions_are_what_the_kept_workers_run(tmp_path):
    """The log density is the same; what has changed is reached from `simulate`."""
    done = script(
        tmp_path,
        """import importlib, pathlib
before = run()
path = pathlib.Path("author.py")
path.write_text(path.read_text().replace("return SCALE *", "return 3.0 *"))
importlib.reload(author)
assert run() == run(executor="threads") != before""",
    )
    assert done.stderr == ""


def test_replications_of_a_worker_that_dies_are_run_again(tmp_path):
    script(
        tmp_path,
        """import hmc.workers
expected = run(100, work=20_000)
in_process, killed = hmc.workers._in_process, []
def kill_one(process, model_key, payload):
    if len(killed) < 1:
        killed.append(process.submit(os.getpid).result())
        threading.Timer(0.05, lambda: os.kill(killed[0], signal.SIGKILL)).start()
    return in_process(process, model_key, payload)
hmc.workers._in_process = kill_one
assert run(100, work=20_000) == expected
assert killed""",
    )


INTERRUPTED = """signal.signal(signal.SIGINT, signal.default_int_handler)
how = json.loads(sys.argv[1])
run(4, **how)  # all is loaded, the workers are there
print("running", flush=True)
try:
    stopped = run(100_000, work=300, warmup=50, draws=50, **how)
except KeyboardInterrupt:
    print("ended", flush=True)
    print(json.dumps("KeyboardInterrupt"))
    sys.exit()
print("ended", flush=True)
again = run(20, work=300, warmup=50, draws=50, **how).results
found = dict(zip(stopped.numbers, stopped.results))
print(json.dumps({"interrupted": stopped.interrupted, "finished": len(stopped.results), "failures": stopped.failures,
                  "same": all(again[n] == found[n] for n in range(20) if n in found),
                  "in order": stopped.numbers == sorted(found)}))"""
WAYS = {
    "in this process": {"workers": 1},
    "threads": {"executor": "threads"},
    "processes": {"executor": "processes"},
    "Python, in the calling thread": {"NUMBA_DISABLE_JIT": "1"},
}


@pytest.mark.parametrize("way", WAYS)
def test_interrupt_gives_the_finished_replications_at_once(tmp_path, way):
    how = dict(WAYS[way])
    (tmp_path / "author.py").write_text(AUTHOR)
    (tmp_path / "script.py").write_text(PREAMBLE + "    " + INTERRUPTED.replace("\n", "\n    "))
    environ = running.environment(tmp_path, NUMBA_DISABLE_JIT=how.pop("NUMBA_DISABLE_JIT", None))
    process = subprocess.Popen(
        [sys.executable, "script.py", json.dumps(how)], cwd=tmp_path, env=environ, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "running\n", process.stderr.read()
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGINT)
        started = time.monotonic()
        assert process.stdout.readline() == "ended\n", process.stderr.read()
        # The promise is one second; a loaded machine of two cores may need longer to wake a process up.
        assert time.monotonic() - started < 3.0
        report, errors = json.loads(process.stdout.read()), process.stderr.read()
        assert process.wait(running.HANGS) == 0, errors
        assert errors == ""
    finally:
        process.kill()  # nothing, where it has ended
        process.wait()
        process.stdout.close()
        process.stderr.close()
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []
    assert 0 < report["finished"] < 100_000
    assert report == {
        "interrupted": True, "finished": report["finished"], "failures": [], "same": True, "in order": True,
    }  # fmt: skip


class Nothing(NamedTuple):
    """Data of models that misbehave."""

    limit: float


def bell(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0] if data.limit < 9.0 else np.nan


def simulate(rng, data):
    return rng.standard_normal(1)


def simulate_data(position, data, rng):
    if position[0] > 1.0:
        raise RuntimeError("no data")
    return Nothing(10.0 if position[0] < -1.0 else 0.0)


def bare(**functions):
    return hmc.Model(bell, Nothing(0.0), [hmc.Parameter("x")], name="bare", **functions)


def truth_of(truth, fitted, draws, stats):
    if abs(truth[0]) < 0.3:
        raise ZeroDivisionError("too small")
    return float(truth[0])


def test_what_fails_is_told_by_number_and_costs_itself_alone():
    model = bare(simulate=simulate, simulate_data=simulate_data)
    done = replicate(model, truth_of, 40, **QUICK, workers=2, executor="threads")
    truths = [np.random.default_rng(np.random.SeedSequence(3, spawn_key=(n, 0))).normal() for n in range(40)]
    reasons = {failure.replication: failure.reason for failure in done.failures}
    for number, truth in enumerate(truths):
        if truth > 1.0:
            assert reasons[number] == "RuntimeError: no data"
        elif truth < -1.0:
            assert reasons[number].startswith("InitializationError: bare: no starting point")
        elif abs(truth) < 0.3:
            assert reasons[number] == "ZeroDivisionError: too small"
        else:
            assert done.results[done.numbers.index(number)] == truth
    assert len(set(reasons.values())) >= 3
    assert sorted([*reasons, *done.numbers]) == list(range(40))
    assert not done.interrupted


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"warmup": -1}, "warmup"),
        ({"draws": 0}, "draws"),
        ({"chains": 0}, "chains"),
        ({"seed": -1}, "seed"),
        ({"workers": 0}, "workers"),
        ({"executor": "x"}, "executor"),
        ({"metric": "x"}, "metric"),
        ({"target_accept": 2}, "target_accept"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_compiled(options, shown):
    model = bare(simulate=simulate, simulate_data=simulate_data)
    with event.install_recorder("numba:compile") as recorder, pytest.raises(ValueError, match=shown):
        replicate(model, truth_of, 2, **QUICK | options)
    assert len(recorder.buffer) == 0


@pytest.mark.parametrize("count", [0, 1.5, True, "3"])
def test_what_is_no_number_of_replications_is_refused(count):
    with pytest.raises(ValueError, match="replications = "):
        run(count)


def test_settings_that_there_are_not_are_refused():
    with pytest.raises(TypeError, match="replicate has no setting 'keep_warmup'"):
        run(2, keep_warmup=True)
    with pytest.raises(ValueError, match=r"takes a hmc\.Model, not a str"):
        replicate("mST", kept, 2)


@pytest.mark.parametrize(("functions", "role"), [({}, "simulate"), ({"simulate": simulate}, "simulate_data")])
def test_a_model_that_cannot_simulate_is_refused(functions, role):
    with pytest.raises(ValueError, match=f"bare has no {role} function"):
        replicate(bare(**functions), truth_of, 2, **QUICK)


def test_a_design_of_ones_own_needs_no_simulate():
    def fixed(rng, model):
        return np.array([2.0]), model

    assert replicate(bare(), truth_of, 3, **QUICK, design=fixed, workers=1).results == [2.0] * 3


def test_with_data_changes_the_data_and_nothing_else():
    model = models.mST()
    halved = model.with_data(model.data._replace(weight=0.5 * model.data.weight))
    assert halved.data.weight.tolist() == [0.5] * 48
    assert model.data.weight.tolist() == [1.0] * 48
    assert (halved.name, halved.parameters, halved.density()[0]) == (model.name, model.parameters, model.density()[0])
    position = np.random.default_rng(1).normal(size=model.dimension)
    likelihood = model.pointwise("log_likelihood", position).sum()
    assert model.evaluate(position)[0] - halved.evaluate(position)[0] == pytest.approx(0.5 * likelihood, rel=1e-12)


def test_data_of_another_length_compile_nothing():
    model = running.grouped_model(12)
    model.evaluate(np.zeros(4))
    longer = model.with_data(running.grouped_model(30).data)
    with event.install_recorder("numba:compile") as recorder:
        value = longer.evaluate(np.zeros(4))[0]
    assert len(recorder.buffer) == 0
    assert value == running.grouped_model(30).evaluate(np.zeros(4))[0]


@pytest.mark.parametrize("data", [None, (1.0,), Nothing([1.0])])
def test_what_are_no_data_is_refused(data):
    with pytest.raises(ValueError, match="grouped: data"):
        running.grouped_model().with_data(data)
