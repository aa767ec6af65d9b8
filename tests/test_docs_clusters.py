"""What docs/clusters.md shows is true: its script runs, its commands have the option, its numbers are the code's."""

import re
from pathlib import Path

import pytest

import running
from hmc import batches, cli, cluster

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "clusters.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_script_for_dask_runs_as_it_stands_and_leaves_nothing_behind(tmp_path):
    (script,) = [script for script in SCRIPTS if "LocalCluster" in script]
    done = running.python(tmp_path, script)
    assert done.stderr == ""
    assert re.match(r"mST: 200 replications in .* s, ranks of 52 of 52 quantities uniform: calibrated\n", done.stdout)


def test_the_script_for_mpi_is_that_for_dask_with_another_executor():
    for_dask, for_mpi = SCRIPTS
    lines = [[line for line in text.splitlines() if "Client" not in line and "MPI" not in line] for text in SCRIPTS]
    same = [[re.sub(r"executor=.*\)\)", "", line).split("  #")[0].strip() for line in script] for script in lines]
    assert same[0] == same[1]
    assert compile(for_mpi, "many.py", "exec") != compile(for_dask, "many.py", "exec")


def test_the_commands_that_both_pages_name_have_the_option_and_no_others(capsys):
    commands = re.findall(r"^\| `hmc (\w+)", README, re.MULTILINE)
    assert len(commands) == 10
    having = set()
    for command in commands:
        with pytest.raises(SystemExit) as end:
            cli.main([command, "--help"])
        assert end.value.code == 0
        if "--dask ADDRESS" in capsys.readouterr().out:
            having.add(command)
    assert set(re.findall(r"`(\w+)`", re.search(r"`--dask` is an option of (.*?)\. ", PAGE).group(1))) == having
    assert set(re.findall(r"`(\w+)`", re.search(r"^(.*) take `--dask tcp", README, re.MULTILINE).group(1))) == having


def test_the_numbers_of_the_page_are_those_of_the_code():
    text = " ".join(PAGE.split())
    assert re.findall(r"at most (\d+) fits", text) == [str(batches._LARGEST_BATCH)]
    assert re.findall(r"\(\d+ s; (\d+) s for `--dask`\)", text) == [str(cluster._SECONDS)]
