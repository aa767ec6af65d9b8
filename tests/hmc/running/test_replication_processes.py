"""Replications in worker processes, and Ctrl-C: nothing depends on where they run, and nothing finished is lost."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.hmc.helpers import running

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
from hmc.replication import replicate

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
    note = "<lambda> cannot be imported by a worker process"
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


REACHED = {
    "number": ("C = 1.0", "C", "C = 9.0"),
    "array in place": ("C = np.ones(1)", "C[0]", "C[0] = 9.0"),
    "dict in place": ("C = {'sd': [1.0]}", "C['sd'][0]", "C['sd'][0] = 9.0"),
    "array in a tuple": ("C = (1, np.ones(2))", "C[1][1]", "C[1][1] = 9.0"),
    "attribute of a module": ("import constants", "constants.sd", "author.constants.sd = 9.0"),
    "function of a module": ("import constants", "constants.get()", "author.constants.get = lambda: 9.0"),
    "module in a closure": (
        "import constants\nf = (lambda s: lambda: s.closed)(constants)",
        "f()",
        "constants.closed = 9.0",
    ),
    "module under a local name": (
        "import constants\ndef f():\n  s = constants\n  return s.named",
        "f()",
        "constants.named = 9.0",
    ),
    "module that is passed on": ("import constants\ndef f(s): return s.given", "f(constants)", "constants.given = 9.0"),
    "attribute by getattr": ("import constants", "getattr(constants, 'got')", "constants.got = 9.0"),
    "default": ("def f(sd=1.0): return sd", "f()", "f.__defaults__ = (9.0,)"),
    "closure": ("f = (lambda sd: lambda: sd)(1.0)", "f()", "f.__closure__[0].cell_contents = 9.0"),
    "attribute of a class": ("class C: sd = 1.0", "C.sd", "C.sd = 9.0"),
    "attribute of an object": ("class C: pass\nC = C()\nC.sd = 1.0", "C.sd", "C.sd = 9.0"),
}


def test_whatever_a_simulator_reaches_a_worker_has_it_as_it_is_now(tmp_path):
    """The workers are kept, and import the author's files, which have not changed."""
    (tmp_path / "constants.py").write_text("sd = closed = named = given = got = 1.0\ndef get(): return 1.0\n")
    parts = {f"part_{i}": (label, *part) for i, (label, part) in enumerate(REACHED.items())}
    for name, (_, definition, term, _) in parts.items():
        (tmp_path / f"{name}.py").write_text(
            f"import numpy as np\n{definition}\nfrom author import *\ndef simulate(rng, data):\n"
            f"    return {term} * rng.standard_normal(1)\ndef model(work=0):\n    return hmc.Model(log_density, "
            "Data(np.zeros(3), work), [hmc.Parameter('mean')], name='author', simulate=simulate, "
            "simulate_data=simulate_data)\n"
        )
    body = f"""import importlib
for name, (label, _, _, change) in {parts!r}.items():
    author.model = importlib.import_module(name).model
    before = run(6)
    assert before == run(6, workers=1), label
    exec(change.replace("author.", ""), vars(sys.modules[name]))
    assert run(6) == run(6, workers=1) != before, label
    print(label)"""
    assert script(tmp_path, body).stdout.splitlines() == [*REACHED]


def test_replications_of_a_worker_that_dies_are_run_again(tmp_path):
    script(
        tmp_path,
        """import hmc.running.processes
expected = run(100, work=20_000)
ask, killed = hmc.running.processes.Worker.ask, []
def kill_one(worker, request):
    if len(killed) < 1:
        killed.append(worker)
        threading.Timer(0.05, worker.kill).start()
    return ask(worker, request)
hmc.running.processes.Worker.ask = kill_one
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
