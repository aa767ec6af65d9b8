"""What the README shows is true: its tour gives what it says, its commands exist, its Python runs."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import models
from hmc.record import record
from hmc.record.narrate import narrate

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODELS = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLE = next(block for block in PYTHON.findall(MODELS) if "def heights()" in block)
USAGE = next(block for block in PYTHON.findall(README) if "import hmc, models" in block)
COMMANDS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
TABLE, WATCHED, CHECKED = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
NUMBER = re.compile(r"-?\d[\d.]*(?:e[-+]?\d+)?")


def hmc(*arguments, folder):
    return python("-m", "hmc.cli", *arguments, folder=folder)


def python(*arguments, folder):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_first_command_installs_and_makes_the_lecture():
    first = [shlex.split(command) for command in COMMANDS[0].split("&&")]
    assert first[0] == ["python3", "-m", "venv", ".venv"]
    assert first[-1] == [".venv/bin/hmc", "lecture"]


def test_one_line_is_the_test_command():
    assert len([line for line in README.splitlines() if "-m pytest" in line]) == 1  # .ci/run runs it


def differences(shown, printed):
    """Where the table that is shown is not the one that is printed, but for what another processor may round."""
    lines, expected = shown.splitlines(), printed.splitlines()
    yield from [(a, b) for a, b in zip(lines, expected, strict=True) if NUMBER.sub("#", a) != NUMBER.sub("#", b)]
    for a, b in zip(lines[1:3], expected[1:3], strict=True):
        (*of_a, n_a, rhat_a), (*of_b, n_b, rhat_b) = ([float(x) for x in row.split()[1:]] for row in (a, b))
        # Means, sds and the ends of intervals: their Monte Carlo errors are under 0.02, twice rounded.
        is_near = max(abs(x - y) for x, y in zip(of_a, of_b, strict=True)) < 0.09
        if not (is_near and 0.7 < n_a / n_b < 1.4 and abs(rhat_a - rhat_b) < 0.02):
            yield a, b


def test_the_tours_table_is_what_the_command_prints(tmp_path):
    result = hmc("fit", "mST", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert list(differences(TABLE, result.stdout)) == []
    assert list(differences(TABLE.replace("1.621", "1.521"), result.stdout)) != []  # another posterior
    assert list(differences(TABLE.replace("n_eff", "ESS"), result.stdout)) != []  # other words


def forms(lines):
    """Lines without their numbers, singular or plural."""
    return {re.sub(r"\bleapfrog steps?\b", "leapfrog step", NUMBER.sub("#", line.strip())) for line in lines}


def shown(watched):
    """The lines of a narration that was wrapped, without the mark of what is left out."""
    unwrapped = re.sub(r"\n {4,}(?=\S)(?!  )", " ", watched.replace("\n      ", " "))
    return [line for line in unwrapped.splitlines() if line != "..."]


def test_the_tours_transition_is_told_in_the_words_of_the_command():
    # Which of its sentences a transition takes may differ on another processor: 40 transitions use all common ones.
    told = forms(line for one in record(models.mST(), transitions=40) for line in narrate(one).splitlines())
    assert forms(shown(WATCHED)) <= told
    assert len(shown(WATCHED)) == 6
    assert not forms(shown(WATCHED.replace("the chain's previous draw", "where the chain was"))) <= told


def test_the_tours_own_model_is_written_checked_and_fitted(tmp_path):
    (command,) = [command for command in COMMANDS if "hmc new" in command]
    said = ""
    for program, *arguments in map(shlex.split, command.split("&&")):
        assert program == "hmc"
        result = hmc(*arguments, folder=tmp_path)
        assert (result.returncode, result.stderr) == (0, "")
        said += result.stdout
    assert CHECKED in said
    assert said.endswith(": converged\n")


def test_the_tours_picture_is_drawn(tmp_path):
    name, *files = re.search(r"`hmc figures (\w+)` writes the first .*?`(\S+)` and `(\S+)`", README, re.DOTALL).groups()
    assert hmc("figures", name, folder=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert f"(docs/{files[0]})" in README


@pytest.fixture
def example(tmp_path):
    (tmp_path / "heights.py").write_text(EXAMPLE)
    return tmp_path


def test_the_example_model_passes_its_check(example):
    result = hmc("check", "heights.py:heights", folder=example)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_check_fails_when_a_term_of_the_example_gradient_is_left_out(example):
    (example / "heights.py").write_text(EXAMPLE.replace("d_sigma * sigma + 1.0", "d_sigma * sigma"))
    result = hmc("check", "heights.py:heights", folder=example)
    assert result.returncode == 1
    assert "the gradient of sigma (component 1)" in result.stdout


def test_the_example_model_is_sampled_to_the_mean_of_its_data(example):
    result = hmc("fit", "heights.py:heights", folder=example)
    assert result.returncode == 0, result.stderr
    mu = next(line.split() for line in result.stdout.splitlines() if line.startswith("mu"))
    # The data's mean is 152.5 with a standard error of 3.3; the prior pulls it up by under one unit.
    assert 151.5 < float(mu[1]) < 154.0


def test_the_example_is_about_30_lines_of_code():
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 35


def test_the_readmes_use_of_python_runs_as_it_stands(tmp_path):
    (tmp_path / "usage.py").write_text(USAGE)
    result = python("usage.py", folder=tmp_path)
    assert result.returncode == 0, result.stderr
    assert re.search(r"^sigma +1\.6", result.stdout, re.MULTILINE)
    assert re.search(r"^mSTnomem +21\d\.", result.stdout, re.MULTILINE)  # WAIC, exactly 218.05
    assert 268 < float(result.stdout.split()[-1]) < 272  # looic, exactly 269.8
    assert (tmp_path / "mST.fit").exists()


def test_every_command_in_the_readme_exists(tmp_path):
    for command in set(re.findall(r"`hmc ([a-z]+)", README)):
        assert hmc(command, "--help", folder=tmp_path).returncode == 0, command
