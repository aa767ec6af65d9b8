"""`hmc lecture`: what is kept of a run that is killed, interrupted or meets a full disk, and what it says."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hmc import cli

ROOT = Path(__file__).parents[3]
HANGS = 180  # seconds


def command(folder, *arguments):
    return [sys.executable, "-m", "hmc.cli", "lecture", "--out", str(folder), "--workers", "2", *arguments]


def run(folder, *arguments, **options):
    given = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": HANGS}
    return subprocess.run(command(folder, *arguments), check=False, **given, **options)


def finished(folder):
    """The records of what is finished."""
    try:
        return json.loads((folder / "kept.json").read_text())["items"]
    except FileNotFoundError:
        return {}


def stopped(folder, number):
    """(process, what it said) of a run that was sent this signal as soon as an item was finished."""
    options = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command(folder, "--only", "trolley"), start_new_session=True, **options)
    started = time.monotonic()
    while not finished(folder):
        assert process.poll() is None
        assert time.monotonic() - started < HANGS
        time.sleep(0.01)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=HANGS)
    return process, said


def group_is_gone(process, within=10):
    """Whether no process of a session is left, soon."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path, number):
    process, said = stopped(tmp_path, number)
    assert process.returncode == (-number if number == signal.SIGKILL else 130)
    assert group_is_gone(process)
    if number != signal.SIGKILL:
        assert "the same command goes on" in said
    before = finished(tmp_path)
    times = {file: (tmp_path / file).stat().st_mtime_ns for record in before.values() for file in record["files"]}
    second = run(tmp_path, "--only", "trolley")
    assert second.returncode == 0, second.stderr
    assert f"{len(before)} kept" in second.stdout
    assert {file: (tmp_path / file).stat().st_mtime_ns for file in times} == times
    assert not list(tmp_path.rglob(".*.part"))
    assert {name: record["key"] for name, record in before.items()}.items() <= {
        name: record["key"] for name, record in finished(tmp_path).items()
    }.items()


def test_a_full_disk_is_told_in_a_line_and_what_was_finished_is_kept(tmp_path):
    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    ended = run(tmp_path, "--only", "trolley", preexec_fn=small_files_only)
    assert ended.returncode == 1
    (line,) = ended.stderr.strip().splitlines()
    assert line.startswith(f"hmc: {tmp_path}")
    assert line.endswith(": File too large")
    assert not list(tmp_path.rglob(".*.part"))


def test_wrong_input_is_told_in_a_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine")
    cases = [
        ((tmp_path / "file",), "file"),
        ((tmp_path / "mine",), "index.html is there already, and not of hmc lecture"),
        ((tmp_path / "new", "--only", "frogs"), "the lecture has no part frogs"),
        ((tmp_path / "new", "--trolley", str(tmp_path / "rows.csv")), "rows.csv"),
    ]
    for (folder, *arguments), message in cases:
        assert cli.main(["lecture", "--out", str(folder), "--workers", "2", *arguments]) == 1
        (line,) = capsys.readouterr().err.strip().splitlines()
        assert line.startswith("hmc: ")
        assert message in line
    assert (tmp_path / "mine" / "index.html").read_text() == "mine"
    assert not (tmp_path / "new").exists()
