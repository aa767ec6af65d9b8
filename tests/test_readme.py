"""What the README shows is true: its model runs, its commands exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
EXAMPLE = next(block for block in BLOCKS if "def heights()" in block)
USAGE = next(block for block in BLOCKS if "import hmc, models" in block)


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


@pytest.fixture
def example(tmp_path):
    (tmp_path / "heights.py").write_text(EXAMPLE)
    return tmp_path


def test_the_readmes_model_passes_its_check(example):
    result = hmc("check", "heights.py:heights", folder=example)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_check_fails_when_a_term_of_the_readmes_gradient_is_left_out(example):
    (example / "heights.py").write_text(EXAMPLE.replace("d_sigma * sigma + 1.0", "d_sigma * sigma"))
    result = hmc("check", "heights.py:heights", folder=example)
    assert result.returncode == 1
    assert "the gradient of sigma (component 1)" in result.stdout


def test_the_readmes_model_is_sampled_to_the_mean_of_its_data(example):
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


def test_every_file_the_readme_links_to_exists():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
