"""Processes that are really killed, and signals at any moment: what was finished is kept, nothing else stays behind.

`HMC_FAULT_TRIES=1000 .venv/bin/python -m pytest -q tests/hmc/running/test_faults.py` tries the signals a thousand times
instead of fourteen times: each kind in turn. The order and the moments are drawn anew in each run; `HMC_FAULT_SEED`
repeats the seed that a failure names.
"""

import itertools
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import hmc
from hmc.results import checkpoint
from hmc.settings import settings_of
from tests.hmc.helpers import running

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks processes up in /proc")

TRIES = int(os.environ.get("HMC_FAULT_TRIES", "6"))
SEED = int(os.environ.get("HMC_FAULT_SEED") or secrets.randbits(32))
CHAINS, WARMUP, DRAWS = 3, 200, 1000
END = [WARMUP + DRAWS] * CHAINS
FIT = ["fit", "author.py:model", "--set", "work=1000", "--chains", str(CHAINS), "--warmup", str(WARMUP)]
FIT += ["--draws", str(DRAWS), "--workers", "2"]


def command(*arguments):
    return [sys.executable, "-m", "hmc.cli", *FIT, *arguments]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where an author's model is, and `whole.fit`, a run of it that nothing disturbed."""
    folder = tmp_path_factory.mktemp("author")
    running.write_author(folder)
    running.finished(command("--out", "whole.fit"), folder)
    return folder


@pytest.fixture(scope="module")
def whole(folder):
    return hmc.load(folder / "whole.fit")


def started(folder, *arguments, **options):
    """(a running command, its token)."""
    environ = running.environment(folder)
    process = subprocess.Popen(
        command(*arguments), cwd=folder, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, **options,
    )  # fmt: skip
    return process, environ["HMC_TEST_TOKEN"]


def status(pid, field):
    """A line of /proc/PID/status; None where the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{field}:")), None)


def wait_for_handlers(process):
    """Until the command has taken over SIGTERM; before, Python itself is being started."""
    while process.poll() is None:
        caught = status(process.pid, "SigCgt")
        if caught and int(caught, 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.01)


def workers_of(process, token):
    """Worker processes: those that the fork server started, which is a child of the command."""
    mine = [int(p) for p in os.listdir("/proc") if p.isdigit() and has_token(p, token)]
    return [pid for pid in mine if pid != process.pid and status(pid, "PPid") not in (None, str(process.pid))]


def has_token(pid, token):
    try:
        return token.encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def hit(kind, process, token, rng):
    """Do one thing to a running command, or to its workers or its whole group; whether it was still there."""
    name, whom = kind
    number = signal.Signals[name]
    if whom == "worker":
        workers = workers_of(process, token)
        if not workers:
            return False
        try:
            os.kill(rng.choice(workers), number)
        except ProcessLookupError:
            return False
        return True
    if process.poll() is not None:
        return False
    (os.killpg if whom == "group" else os.kill)(process.pid, number)
    return True


def chains_in(path, whole):
    """The chains of a checkpoint; each must be the beginning of the undisturbed run's, bit for bit."""
    if not path.exists():
        return [0] * CHAINS
    entries, _, _ = checkpoint._entries(path.read_bytes(), path)
    chains = checkpoint._chains(entries[1:], settings_of(whole.settings))
    for number, (records, snapshot, _) in enumerate(chains):
        if records:
            lp = np.concatenate([record.lp for record in records])
            positions = np.concatenate([record.position for record in records])
            expected = np.concatenate([whole.warmup_stats["lp"][number], whole.stats["lp"][number]])
            assert running.equal_bits(lp, expected[: len(lp)])
            assert running.equal_bits(positions, whole.unconstrained[number][: len(positions)])
            assert len(lp) == snapshot.state.iteration
    return [chain.snapshot.state.iteration if chain.snapshot else 0 for chain in chains]


KINDS = [("SIGINT", "one"), ("SIGTERM", "one"), ("SIGKILL", "one"), ("SIGINT", "group"), ("SIGTERM", "group")]
KINDS += [("SIGKILL", "worker"), ("SIGKILL", "group")]


def expected_end(kind, process, said, is_complete, is_begun):
    """Whether a command that was hit ended as it may."""
    if is_complete and process.returncode == 0:
        return kind == ("SIGKILL", "worker") or said == ""
    if kind[0] == "SIGKILL":
        return process.returncode == -signal.SIGKILL
    if is_complete and process.returncode == -signal.Signals[kind[0]]:
        return said == ""  # all was written, and Python was shutting down
    lines = said.splitlines()
    clear = all(line.startswith("hmc: ") for line in lines)
    kept = not is_begun or sum("the same command goes on" in line for line in lines) == 1
    # Python itself ends by SIGINT where the signal came while it ran the text of a named tuple, say, in an import.
    return clear and ((process.returncode in (1, 130, -signal.SIGINT) and kept) or process.returncode == 0)


def test_signals_at_any_moment_lose_no_finished_draw_and_leave_nothing_behind(folder, whole, tmp_path):
    rng, path, before, hits, runs = random.Random(SEED), tmp_path / "run.ckpt", [0] * CHAINS, 0, 0
    seen, kinds = set(), itertools.cycle(rng.sample(KINDS, len(KINDS)))
    while hits < TRIES:
        kind = next(kinds)
        where = f"HMC_FAULT_SEED={SEED}, try {hits}, {kind}"
        process, token = started(folder, "--checkpoint", str(path), "--out", str(tmp_path / "run.fit"))
        if kind[0] != "SIGKILL" or kind[1] == "worker":
            wait_for_handlers(process)
        time.sleep(rng.uniform(0.0, 1.3))
        was_there = hit(kind, process, token, rng)
        try:
            _, said = process.communicate(timeout=running.HANGS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            pytest.fail(f"hangs: {where}")
        assert running.orphans(token) == [], where
        after = chains_in(path, whole)
        assert all(a >= b for a, b in zip(after, before, strict=True)), where
        left = {file.name for file in tmp_path.iterdir()} - {"run.ckpt", "run.fit"}
        assert all(name.endswith(".part") and kind[0] == "SIGKILL" for name in left), (where, left)
        for name in left:  # of a file that was being replaced in the very moment
            (tmp_path / name).unlink()
        if was_there:
            hits += 1
            seen.add(kind)
            told = f"{where}: ended with {process.returncode} and said\n{said}"
            assert expected_end(kind, process, said, after == END, path.exists()), told
        else:
            assert process.returncode == 0, f"{where}: {said}"
        before = after
        if process.returncode == 0:
            assert after == END, where
            assert running.same_run(hmc.load(tmp_path / "run.fit"), whole), where
            path.unlink()
            before, runs = [0] * CHAINS, runs + 1
    done = running.finished(command("--checkpoint", str(path), "--out", str(tmp_path / "run.fit")), folder)
    assert running.same_run(hmc.load(tmp_path / "run.fit"), whole), done.stderr
    assert TRIES < 14 or len(seen) > 3


def test_a_worker_that_is_killed_is_noticed_within_two_seconds(folder, whole, tmp_path):
    process, token = started(folder, "--draws", "30000", "--out", str(tmp_path / "run.fit"))
    while not workers_of(process, token):
        time.sleep(0.01)
    time.sleep(0.3)
    (killed, *_) = workers_of(process, token)
    os.kill(killed, signal.SIGKILL)
    moment = time.monotonic()
    line = process.stderr.readline()
    assert time.monotonic() - moment < 2.0
    assert "is run again from transition 0: its worker process died, killed or out of memory" in line
    _, said = process.communicate(timeout=running.HANGS)
    assert (process.returncode, said) == (0, "")
    longer = hmc.load(tmp_path / "run.fit")
    assert running.equal_bits(longer.unconstrained[:, :DRAWS], whole.unconstrained)
    assert running.orphans(token) == []


def limit_files_to(size):
    """What a child process calls before it becomes the command."""
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_disk_that_is_full_ends_the_run_in_one_line_and_keeps_what_was_written(folder, whole, tmp_path):
    path = tmp_path / "run.ckpt"
    environ = running.environment(folder)
    done = subprocess.run(
        command("--checkpoint", str(path)), cwd=folder, env=environ, text=True, capture_output=True,
        preexec_fn=limit_files_to(150_000), timeout=running.HANGS, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"hmc: {path}: File too large\n"
    assert done.stdout == ""
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []
    assert 0 < path.stat().st_size <= 150_000
    assert sum(chains_in(path, whole)) > 0
    running.finished(command("--checkpoint", str(path), "--out", str(tmp_path / "run.fit")), folder)
    assert running.same_run(hmc.load(tmp_path / "run.fit"), whole)


POOL = """
import concurrent.futures, os, signal, sys, threading, time
import author, hmc
from hmc.running.shared_cells import SharedControl
import hmc.running.execution

class Watched(SharedControl):
    def __init__(self, size):
        super().__init__(size)
        threading.Thread(target=self.kill_when_a_chain_has_moved).start()

    def kill_when_a_chain_has_moved(self):
        while not self.cells[1:].any():
            time.sleep(0.001)
        os.kill(victim, signal.SIGKILL)

if __name__ == "__main__":
    how = dict(chains=3, warmup=200, draws=1000)
    hmc.running.execution.SharedControl = Watched
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        victim = pool.submit(os.getpid).result()
        fit = hmc.sample(author.model(work=5000), executor=pool, **how)  # slow, with the draws of any other
    fit.save(sys.argv[1])
"""


def test_a_pool_that_is_broken_by_the_death_of_a_worker_costs_no_chain(folder, whole, tmp_path):
    done = running.python(folder, POOL, str(tmp_path / "run.fit"), name="pool.py")
    assert running.same_run(hmc.load(tmp_path / "run.fit"), whole)
    assert "hmc: the executor takes no more tasks, and the rest runs in one of our own" in done.stderr
    assert "is run again from transition 0: its worker process died" in done.stderr


def test_what_cannot_be_sent_to_a_pool_is_told_for_every_chain(folder):
    script = """
import concurrent.futures
import hmc, author

if __name__ == "__main__":
    def model():
        def log_density(position, data, gradient):
            gradient[0] = -position[0]
            return -0.5 * position[0] ** 2
        return hmc.Model(log_density, author.model().data, [hmc.Parameter("x")], name="local")
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        try:
            hmc.sample(model(), chains=2, warmup=10, draws=10, executor=pool)
        except hmc.ChainError as error:
            print(error)
"""
    said = running.python(folder, script, name="local.py").stdout
    assert said.startswith("local: no chain gave draws; chain 1 failed after 0 transitions: ")
    assert "pickle" in said
    assert said.count("\n") == 1


HANGING = """
from typing import NamedTuple
import hmc

class Nothing(NamedTuple):
    k: int

def log_density(position, data, gradient):
    waste = 0.0
    while position[0] < 10.0 or waste < 1.0:  # for ever, from any start
        if waste == 0.0:
            print("inside")
        waste += 1e-300
    return waste

def model():
    return hmc.Model(log_density, Nothing(1), [hmc.Parameter("x")], name="hanging")
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_density_that_hangs_is_left_when_asked_twice(tmp_path, workers):
    (tmp_path / "hanging.py").write_text(HANGING)
    environ = running.environment(tmp_path, PYTHONUNBUFFERED="1")
    process = subprocess.Popen(
        [sys.executable, "-m", "hmc.cli", "fit", "hanging.py:model", "--workers", workers], cwd=tmp_path, env=environ,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    watchdog = threading.Timer(running.HANGS, process.kill)
    watchdog.start()
    try:
        assert process.stdout.read(len("inside")) == "inside", process.stderr.read()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):  # it is still in the density
            process.wait(1.0)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert said.splitlines()[0] == "hmc: interrupted"
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []
