"""Where chains run: processes kept for the next call, threads where those are impossible; nothing hangs or is left."""

import os
import signal
import subprocess
import sys

import pytest

from tests.hmc.helpers import running

RUN = """
import author, hmc

fit = hmc.sample(author.model(), warmup=60, draws=20, workers=2)
print(fit.chains, repr(float(fit.unconstrained.sum())), fit.failures)
"""
GUARDED = RUN.replace("\nfit", "\nif __name__ == '__main__':\n    fit").replace("\nprint", "\n    print")
NOTE = "hmc: chains run in threads of this process: "


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("author")
    running.write_author(folder)
    running.python(folder, RUN)  # compiles, so that the runs below find everything on disk
    return folder


@pytest.fixture(scope="module")
def expected(folder):
    done = running.python(folder, GUARDED, name="guarded.py")
    assert done.stderr == ""
    assert done.stdout.startswith("[0, 1, 2, 3] ")
    return done.stdout


# The race of threads that load compiled code at the same time does not show in every run.
@pytest.mark.parametrize("attempt", range(4))
def test_script_without_a_guard_runs_all_chains_in_threads_and_says_so_in_one_line(folder, expected, attempt):
    done = running.python(folder, RUN, name=f"unguarded{attempt}.py")
    assert done.stdout == expected
    assert done.stderr.startswith(NOTE + "the script that runs has no `if __name__ == '__main__':`")
    assert done.stderr.count("\n") == 1, done.stderr


def test_program_on_standard_input_runs_in_threads(folder, expected):
    done = running.finished([sys.executable, "-"], folder, stdin=RUN)
    assert done.stdout == expected
    assert done.stderr.startswith(NOTE)
    assert done.stderr.count("\n") == 1, done.stderr


def test_command_line_program_runs_in_processes_where_the_model_can_be_imported(folder, expected):
    done = running.finished([sys.executable, "-c", RUN], folder)
    assert (done.stdout, done.stderr) == (expected, "")


TYPED = running.AUTHOR + RUN.replace("import author, hmc", "").replace("author.model", "model")


@pytest.mark.parametrize("way", ["stdin", "command", "script", "notebook"])
def test_model_typed_where_no_worker_can_import_it_runs_in_threads(folder, expected, way):
    if way == "stdin":
        done = running.finished([sys.executable, "-"], folder, stdin=TYPED)
    elif way == "command":
        done = running.finished([sys.executable, "-c", TYPED], folder)
    elif way == "script":
        done = running.python(folder, TYPED, name="typed.py")
    else:  # cells are compiled and executed in __main__, which has no file
        (folder / "cells.py").write_text(TYPED)
        kernel = (
            "import sys; exec(compile(open('cells.py').read(), '<cell>', 'exec'), sys.modules['__main__'].__dict__)"
        )
        done = running.finished([sys.executable, "-c", kernel], folder)
    assert done.stdout == expected
    assert done.stderr.startswith(NOTE)
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.slow
def test_model_of_a_guarded_script_runs_in_processes(folder, expected):
    guarded = TYPED.replace("\nfit", "\nif __name__ == '__main__':\n    fit").replace("\nprint", "\n    print")
    done = running.python(folder, guarded, name="own.py")
    assert (done.stdout, done.stderr) == (expected, "")


KEPT = """
import os, signal, sys, time
import author, hmc

def children():
    own = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline") as file, open(f"/proc/{name}/environ") as environ:
                    if os.environ["HMC_TEST_TOKEN"] in environ.read():
                        own.append(int(name))
            except OSError:
                pass
    return sorted(set(own) - {os.getpid()})

def sample():
    return hmc.sample(author.model(), warmup=60, draws=20, workers=2, executor="processes")

def workers():
    from multiprocessing import forkserver
    server = forkserver._forkserver._forkserver_pid
    ppid = {p: int(open(f"/proc/{p}/stat").read().rsplit(")", 1)[1].split()[1]) for p in children()}
    return [p for p in ppid if ppid[p] == server]

if __name__ == "__main__":
    reference = sample()
    BODY
"""


FORK_SERVER = """
import sys
from multiprocessing import forkserver
from hmc.cli import main

if __name__ == "__main__":
    main(["fit", "mSTnomem", "--chains", "2", "--warmup", "50", "--draws", "20", "--workers", "WORKERS"])
    print("fork server:", forkserver._forkserver._forkserver_pid is not None)
    print("pandas:", "pandas" in sys.modules)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no fork server")
@pytest.mark.parametrize(("workers", "starts"), [(1, False), (2, True)])
def test_the_fork_server_starts_only_where_chains_run_in_worker_processes(tmp_path, workers, starts):
    """And the command does not wait for pandas."""
    done = running.python(tmp_path, FORK_SERVER.replace("WORKERS", str(workers)))
    assert done.stdout.endswith(f"fork server: {starts}\npandas: False\n")


def with_kept_workers(folder, body):
    return running.python(folder, KEPT.replace("BODY", body.replace("\n", "\n    ")), name="kept.py")


def test_worker_processes_are_kept_for_the_next_call(folder):
    done = with_kept_workers(
        folder,
        """before = workers()
for _ in range(3):
    assert (sample().unconstrained == reference.unconstrained).all()
assert 1 <= len(before) <= 2, before
assert workers() == before, (before, workers())""",
    )
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="there is no fork server")
def test_workers_do_not_look_for_garbage_among_what_the_fork_server_loaded(folder):
    with_kept_workers(
        folder,
        """import gc
from hmc.running import processes
assert processes.ProcessExecutor(1).submit(gc.get_freeze_count).result() > 10_000
assert gc.get_freeze_count() == 0""",
    )


def test_worker_that_died_between_calls_costs_nothing(folder):
    with_kept_workers(
        folder,
        """os.kill(workers()[0], signal.SIGKILL)
time.sleep(0.5)
for _ in range(2):
    fit = sample()
    assert fit.failures == [], fit.failures
    assert (fit.unconstrained == reference.unconstrained).all()""",
    )


def test_chain_of_a_worker_that_dies_is_run_again_and_gives_the_same_draws(folder):
    with_kept_workers(
        folder,
        """import threading
long = dict(chains=3, warmup=60, draws=4000, workers=3, executor="processes")
model = author.model(work=5000)  # 10 to 50 microseconds a gradient, so a chain takes about a second
expected = hmc.sample(model, **long)
before = workers()
threading.Timer(0.3, lambda: os.kill(before[0], signal.SIGKILL)).start()
fit = hmc.sample(model, **long)
assert before[0] not in workers()
assert fit.failures == []
assert (fit.unconstrained == expected.unconstrained).all()""",
    )


def test_chain_whose_workers_die_twice_costs_itself_alone(folder):
    with_kept_workers(
        folder,
        """import hmc.running.processes
ask = hmc.running.processes.Worker.ask
def end_those_of_chain_1(worker, request):
    if request[2][2] == 1:
        request = (None, os._exit, (1,))
    return ask(worker, request)
hmc.running.processes.Worker.ask = end_those_of_chain_1
fit = sample()
(failure,) = fit.failures
assert failure.chain == 1 and "BrokenProcessPool" in failure.reason, failure
others = [chain for chain in range(len(reference.chains)) if chain != 1]
assert fit.chains == others
assert (fit.unconstrained == reference.unconstrained[others]).all()""",
    )


def test_workers_of_a_process_that_was_killed_end_too(folder):
    environ = running.environment(folder)
    source = KEPT.replace("BODY", 'print("sampled", flush=True)\n    time.sleep(600)')
    (folder / "killed.py").write_text(source)
    process = subprocess.Popen(
        [sys.executable, "killed.py"], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "sampled\n"
    process.kill()
    process.wait()
    process.stdout.close()
    left = running.orphans(environ["HMC_TEST_TOKEN"])
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def test_forked_child_of_a_process_with_workers_does_not_hang(folder):
    with_kept_workers(
        folder,
        """pid = os.fork()
if pid == 0:
    signal.alarm(60)  # a hang ends so
    fit = hmc.sample(author.model(), warmup=60, draws=20, workers=2)
    os._exit(0 if (fit.unconstrained == reference.unconstrained).all() else 3)
assert os.waitpid(pid, 0)[1] == 0""",
    )


def test_reloaded_module_is_what_the_kept_workers_run(folder, tmp_path):
    """As `importlib.reload` and a notebook's autoreload do: the worker imported the module before it changed."""
    running.write_author(tmp_path)
    running.python(
        tmp_path,
        KEPT.replace(
            "BODY",
            """import importlib, pathlib
    import helper
    path = pathlib.Path("helper.py")
    path.write_text(path.read_text().replace("WEIGHT = 1.0", "WEIGHT = 400.0"))
    importlib.reload(helper)
    importlib.reload(author)
    in_processes = hmc.sample(author.model(), warmup=60, draws=20, workers=2)
    in_threads = hmc.sample(author.model(), warmup=60, draws=20, workers=2, executor="threads")
    assert (in_threads.unconstrained != reference.unconstrained).any()
    assert (in_processes.unconstrained == in_threads.unconstrained).all()""",
        ),
    )


def test_model_imported_from_a_folder_added_later_runs(folder, tmp_path):
    (tmp_path / "late.py").write_text((folder / "author.py").read_text())
    with_kept_workers(
        folder,
        f"""sys.path.insert(0, {str(tmp_path)!r})
import late
fit = hmc.sample(late.model(), warmup=60, draws=20, workers=2)
assert fit.failures == [], fit.failures
assert (fit.unconstrained == reference.unconstrained).all()""",
    )


NESTED = """
import multiprocessing
import author, hmc

def work(_):
    return repr(float(hmc.sample(author.model(), warmup=60, draws=20, workers=2).unconstrained.sum()))

if __name__ == "__main__":
    with multiprocessing.get_context("METHOD").Pool(2) as pool:
        print(*pool.map(work, range(2)))
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_sampling_inside_a_worker_of_the_user_does_not_start_more_of_them(folder, expected, method):
    done = running.python(folder, NESTED.replace("METHOD", method), name="nested.py")
    assert done.stdout.split() == [expected.split("] ")[1].split()[0]] * 2
    assert done.stderr.count("this is a worker process itself") == 2


@pytest.mark.slow
def test_spawned_workers_give_the_same_draws(folder, expected):
    spawn = GUARDED.replace(
        "import author, hmc", "import author, hmc, hmc.running.processes\nhmc.running.processes._START_METHOD = 'spawn'"
    )
    assert running.python(folder, spawn, name="spawned.py").stdout == expected


def test_the_death_of_the_fork_server_costs_no_chain(folder):
    with_kept_workers(
        folder,
        """from multiprocessing import forkserver
for _ in range(5):
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)  # and its workers are lost
    fit = sample()
    assert fit.failures == [] and (fit.unconstrained == reference.unconstrained).all()""",
    )


def test_a_worker_that_nobody_waits_for_is_killed_where_its_work_is_cancelled(folder):
    with_kept_workers(
        folder,
        """import hmc.running.processes
executor = hmc.running.processes.ProcessExecutor(1)
future = executor.submit(time.sleep, 600)
while not executor._busy:
    time.sleep(0.01)
executor.shutdown(wait=False)
assert not future.done()
executor.shutdown(wait=False, cancel_futures=True)
assert "BrokenProcessPool" in repr(future.exception(60))""",
    )


HALF_A_RESULT = """
import os, signal, struct, sys
import hmc.running.processes

def half_a_result():
    frame = sys._getframe()
    while "pipe" not in frame.f_locals:
        frame = frame.f_back
    os.write(frame.f_locals["pipe"].fileno(), struct.pack("!i", 1000) + bytes(10))
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    print(repr(hmc.running.processes.ProcessExecutor(1).submit(half_a_result).exception()))
"""


def test_a_worker_that_is_killed_in_the_midst_of_its_result_is_not_waited_for(folder):
    """The caller must not hold the end of the pipe that the worker writes to: it would wait for the rest."""
    assert running.python(folder, HALF_A_RESULT, name="half.py").stdout.startswith("BrokenProcessPool(")


def test_tasks_that_have_not_begun_are_cancelled_and_the_one_under_way_is_not(folder):
    with_kept_workers(
        folder,
        """import hmc.running.processes
executor = hmc.running.processes.ProcessExecutor(1)
futures = [executor.submit(time.sleep, 0.5) for _ in range(3)]
while not executor._busy:
    time.sleep(0.01)
executor.shutdown(wait=True, cancel_futures=True)
assert [future.cancelled() for future in futures] == [False, True, True]
assert futures[0].result() is None""",
    )


def test_a_worker_that_cannot_be_started_twice_is_started_the_third_time(folder):
    done = with_kept_workers(
        folder,
        """import hmc.running.processes as processes
worker, failed = processes.Worker, []
def unlucky():
    if len(failed) < 2:
        failed.append(1)
        raise OSError("no room")
    return worker()
while not processes._idle.empty():
    processes._idle.get().end()
processes.Worker = unlucky
assert processes.ProcessExecutor(1).submit(os.getpid).result() != os.getpid()
assert len(failed) == 2""",
    )
    assert done.stderr == ""


def test_where_no_worker_can_be_started_the_work_is_done_here_and_that_is_said(folder):
    done = with_kept_workers(
        folder,
        """import hmc.running.processes as processes
def never():
    raise OSError("no room")
while not processes._idle.empty():
    processes._idle.get().end()
processes.Worker = never
assert processes.ProcessExecutor(1).submit(os.getpid).result() == os.getpid()""",
    )
    assert done.stderr.count("\n") == 1, done.stderr
    assert "no worker process can run it: OSError: no room" in done.stderr
