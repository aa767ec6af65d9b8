"""What docs/clusters.md shows is true: script and commands run as they stand, and its numbers are the code's."""

import re
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hmc import cli
from hmc.running import batches, cluster
from tests.hmc.helpers import running

distributed = pytest.importorskip("distributed")

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_script_for_dask_runs_as_it_stands_and_leaves_nothing_behind(tmp_path):
    (script,) = [script for script in SCRIPTS if "LocalCluster" in script]
    done = running.python(tmp_path, script)
    assert done.stderr == ""
    assert re.match(r"mST: 200 replications in .* s, ranks of 52 of 52 quantities uniform: calibrated\n", done.stdout)


@pytest.fixture
def commands(tmp_path):
    """(the page's three commands, as lists of words, on a port that is free; a function that starts one).

    What is started ends with the test, and leaves nothing behind.
    """
    (text,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
    modules = {"dask": "dask", "hmc": "hmc.cli"}
    environ = running.environment(tmp_path)
    started = []

    def start(words):
        program, *arguments = words
        command = [sys.executable, "-m", modules[program], *arguments]
        with (tmp_path / f"{arguments[0]}.log").open("w") as log:
            started.append(subprocess.Popen(command, cwd=tmp_path, env=environ, text=True, stdout=log, stderr=log))
        return started[-1]

    try:
        yield [shlex.split(line.replace("8786", port), comments=True) for line in text.splitlines()], start
    finally:
        for program in reversed(started):  # a worker whose scheduler has gone waits for it
            program.terminate()
            program.wait(running.HANGS)
    assert running.orphans(environ["HMC_TEST_TOKEN"]) == []


def test_the_commands_for_dask_run_as_they_stand(commands, tmp_path):
    (scheduler, worker, calibrate), start = commands
    start(scheduler)
    workers = start(worker)
    with distributed.Client(worker[2], timeout=running.HANGS, set_as_default=False) as client:
        while len(client.nthreads()) < 2:
            assert workers.poll() is None, (tmp_path / "worker.log").read_text()
            time.sleep(0.05)
        assert list(client.nthreads().values()) == [1, 1]  # "a process per core"
        status, said = start(calibrate).wait(running.HANGS), (tmp_path / "calibrate.log").read_text()
        assert status == 0, said
        assert said.startswith("mST: 200 replications in "), said
        assert all(client.run(lambda: "models.reedfrogs.centred" in sys.modules).values())  # it was they who worked


def test_the_script_for_mpi_is_that_for_dask_with_another_executor():
    for_dask, for_mpi = SCRIPTS
    lines = [[line for line in text.splitlines() if "Client" not in line and "MPI" not in line] for text in SCRIPTS]
    same = [[re.sub(r"executor=.*\)\)", "", line).split("  #")[0].strip() for line in script] for script in lines]
    assert same[0] == same[1]
    assert compile(for_mpi, "many.py", "exec") != compile(for_dask, "many.py", "exec")


def test_the_commands_that_both_pages_name_have_the_option_and_no_others(capsys):
    commands = re.findall(r"^\| `hmc (\w+)", README, re.MULTILINE)
    assert len(commands) == 13
    having = set()
    for command in commands:
        with pytest.raises(SystemExit) as end:
            cli.main([command, "--help"])
        assert end.value.code == 0
        if "--dask ADDRESS" in capsys.readouterr().out:
            having.add(command)
    assert set(re.findall(r"`(\w+)`", re.search(r"`--dask` is an option of (.*?)\. ", PAGE).group(1))) == having
    assert (
        set(re.findall(r"`(\w+)`", re.search(r"\. ([^.]*) take `--dask tcp", " ".join(README.split())).group(1)))
        == having
    )


def test_the_numbers_of_the_page_are_those_of_the_code():
    text = " ".join(PAGE.split())
    assert re.findall(r"at most (\d+) fits", text) == [str(batches._LARGEST_BATCH)]
    assert re.findall(r"\(\d+ s; (\d+) s for `--dask`\)", text) == [str(cluster._ANSWER_SECONDS)]
    assert re.findall(r"the run waits (\d+) s for another", text) == [f"{cluster._NO_WORKER_SECONDS:g}"]
