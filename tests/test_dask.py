"""On a Dask cluster everything is as in this process, to the last bit, though a worker is killed, or Ctrl-C comes."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

import hmc
import hmc.running.cluster
import hmc.running.execution
import models
from diagnostics import calibrate, loo_refit
from figures.lecture.work.making import make
from hmc import cli
from hmc.running.shared_cells import SharedControl
from models.coverage import coverage
from tests.hmc.helpers import running

distributed = pytest.importorskip("distributed")

SHORT = {"chains": 3, "warmup": 40, "draws": 30, "progress": False}
HERE = {"workers": 1}


@pytest.fixture(scope="module")
def client():
    """Of a cluster of two workers on this machine."""
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def executor(client):
    return client.get_executor()


def test_a_fit_has_the_draws_of_this_process(executor):
    here = hmc.sample(models.mST(), **SHORT, workers=1)
    assert running.same_run(hmc.sample(models.mST(), **SHORT, executor=executor), here)


def test_exact_leave_one_out_has_the_numbers_of_this_process(executor):
    groups = [[0], [46, 47], [3]]
    here = loo_refit(models.mST(), groups, **SHORT, workers=1)
    there = loo_refit(models.mST(), groups, **SHORT, executor=executor)
    for found, expected in zip(there.pointwise, here.pointwise, strict=True):
        assert running.equal_bits(found, expected)


def test_coverage_has_the_numbers_of_this_process(executor):
    run = {"estimators": ["m0"], "individuals": 50, "progress": False}
    assert coverage(3, **run, executor=executor).equals(coverage(3, **run, workers=1))


def test_the_lecture_has_the_tables_of_this_process(executor, tmp_path):
    run = {"only": ["coverage"], "replications": 2}
    made = [make(tmp_path / name, **run, **how) for name, how in (("there", {"executor": executor}), ("here", HERE))]
    assert [found.failures for found in made] == [{}, {}]
    studies = [sorted(found.page.parent.glob("studies/*.json")) for found in made]
    assert len(studies[0]) == 5
    assert [path.read_bytes() for path in studies[0]] == [path.read_bytes() for path in studies[1]]


def test_a_worker_that_is_killed_costs_nothing(client, executor):
    here = calibrate(models.mST(), 80, workers=1, progress=False)
    before = set(client.run(os.getpid).values())
    assert len(before) == 2
    killed = []

    def kill_a_worker_at_work():
        while not any(client.processing().values()):
            time.sleep(0.01)
        killed.append(before.copy().pop())
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_a_worker_at_work)
    killer.start()
    there = calibrate(models.mST(), 80, executor=executor, progress=False)
    killer.join()
    assert there.failures == ()
    assert there.ranks.tolist() == here.ranks.tolist()
    client.wait_for_workers(2, timeout=running.HANGS)  # its nanny starts another one
    assert killed[0] not in client.run(os.getpid).values()


class Elsewhere(SharedControl):
    """Cells as a worker on another machine finds them: not at all."""

    def __init__(self, size):
        super().__init__(size)
        self.address = self.address._replace(name="hmc_on_another_machine")


@pytest.mark.parametrize("machine", ["this machine", "another machine"])
def test_ctrl_c_gives_what_is_finished_and_nothing_goes_on(client, executor, monkeypatch, machine):
    if machine == "another machine":
        monkeypatch.setattr(hmc.running.execution, "SharedControl", Elsewhere)
    here = calibrate(models.mSTnomem(), 20, workers=1, progress=False)
    interrupt = threading.Timer(1.5, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    there = calibrate(models.mSTnomem(), 100_000, executor=executor, progress=False)
    assert there.interrupted
    assert there.failures == ()
    assert 0 < len(there.numbers) < 100_000
    first = there.numbers < 20
    assert there.ranks[first].tolist() == here.ranks[there.numbers[first]].tolist()
    deadline = time.monotonic() + 5
    while (under_way := any(client.processing().values())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not under_way


def test_workers_with_other_code_of_the_sampler_give_no_draws_and_it_is_said(client, executor):
    there = "import hmc.running.same_code; known = hmc.running.same_code._SOURCES; known['hmc'] = known['hmc'][::-1]"
    client.run(exec, there, {})
    try:
        with pytest.raises(hmc.ChainError, match="StaleWorkerError: a worker has other code of the package hmc"):
            hmc.sample(models.mST(), **SHORT, executor=executor)
        found = calibrate(models.mST(), 3, executor=executor, progress=False)
        assert [failure.reason.partition(":")[0] for failure in found.failures] == ["StaleWorkerError"] * 3
    finally:
        client.run(exec, there, {})


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """(the address of a scheduler, a function that starts a worker): programs of their own, as of a cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    environ = running.environment(folder)
    started = []

    def start(*arguments):
        log = (folder / f"{arguments[0]}.log").open("w")
        command = [sys.executable, "-m", "dask", *arguments, "--dashboard-address", ":0"]
        started.append(subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log))
        log.close()

    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", "scheduler.json")
    try:
        address = json.loads(waited_for(folder / "scheduler.json"))["address"]
        yield address, lambda: start("worker", address, "--nthreads", "1")
    finally:
        for program in reversed(started):
            program.terminate()
        for program in started:
            program.wait(running.HANGS)
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []


def waited_for(path):
    deadline = time.monotonic() + running.HANGS
    while not (path.exists() and path.read_text().endswith("}")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return path.read_text()


def command(capsys, *arguments):
    """(exit status, standard output, standard error) of a command line."""
    status = cli.main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def timeless(text):
    return re.sub(r"in \d+\.\d+ s", "in no time", text)


def test_a_scheduler_without_workers_is_told(programs, capsys):
    address, _ = programs
    status, out, err = command(capsys, "calibrate", "mST", "--dask", address)
    assert (status, out) == (1, "")
    assert err == f"hmc: --dask {address}: this scheduler has no workers; start one: dask worker {address}\n"


def test_the_command_calibrates_on_an_existing_cluster(programs, capsys):
    address, start_worker = programs
    start_worker()
    with distributed.Client(address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=running.HANGS)
    calibration = ("calibrate", "mST", "--replications", "12", "--thinned", "19")
    here, there = command(capsys, *calibration, "--workers", "1"), command(capsys, *calibration, "--dask", address)
    assert (here[0], timeless(here[1]), here[2]) == (there[0], timeless(there[1]), there[2])
    assert "mST: 12 replications" in there[1]


def test_a_model_of_ones_own_is_sent_to_the_cluster(programs, capsys, tmp_path, monkeypatch):
    address, _ = programs
    monkeypatch.setattr(sys, "path", list(sys.path))
    cli.main(["new", "parcels", "--out", str(tmp_path)])
    capsys.readouterr()
    fit = ("fit", f"{tmp_path / 'parcels.py'}:parcels", "--warmup", "200", "--draws", "200")
    status, out, err = command(capsys, *fit, "--dask", address)
    assert (status, err) == (0, "")
    assert timeless(out) == timeless(command(capsys, *fit, "--workers", "1")[1])


@pytest.mark.parametrize("address", ["nowhere", "tcp://127.0.0.1", "tcp://a b:1"])
def test_what_is_no_address_is_refused(capsys, address):
    status, out, err = command(capsys, "fit", "mST", "--dask", address)
    assert (status, out, err) == (1, "", f"hmc: --dask {address} is not of the form tcp://HOST:PORT\n")


def test_an_address_where_nobody_answers_is_told_soon(capsys, monkeypatch):
    monkeypatch.setattr(hmc.running.cluster, "_ANSWER_SECONDS", 0.3)
    status, _, err = command(capsys, "coverage", "--dask", "tcp://127.0.0.1:9")
    assert (status, err) == (1, "hmc: --dask tcp://127.0.0.1:9: no Dask scheduler answered there within 0.3 s\n")


def test_without_dask_it_is_said_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, _, err = command(capsys, "lecture", "--dask", "tcp://127.0.0.1:9")
    assert (status, err) == (1, "hmc: --dask needs Dask, which is not installed: pip install -e '.[dask]'\n")


CTRL_C = """
import logging, os, signal, sys
import models
from diagnostics import calibrate

signal.signal(signal.SIGINT, signal.default_int_handler)

if __name__ == "__main__":
    from distributed import Client, LocalCluster

    options = dict(n_workers=2, threads_per_worker=1, dashboard_address=":0")
    with LocalCluster(**options) as cluster, Client(cluster) as client:
        workers = client.run(os.getpid)
        calibrate(models.mST(), 2, executor=client.get_executor())
        print("running", flush=True)
        found = calibrate(models.mST(), 100_000, executor=client.get_executor())
        assert found.interrupted and len(found.numbers) and not found.failures
        assert client.run(os.getpid) == workers
        logging.getLogger("distributed.nanny").setLevel(logging.ERROR)  # says where ending its worker takes over 4 s
"""


def test_ctrl_c_at_a_terminal_reaches_all_processes_and_kills_no_worker(tmp_path):
    (tmp_path / "script.py").write_text(CTRL_C)
    environ = running.environment(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "script.py"], cwd=tmp_path, env=environ, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "running\n", process.stderr.read()
        time.sleep(1.0)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=running.HANGS)
    finally:
        process.kill()  # nothing, where it has ended
        process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []
