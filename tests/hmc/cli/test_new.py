"""hmc.cli.new: the file that `hmc new` writes is a model that passes its check and can be fitted."""

import ast
import builtins
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hmc.cli import new as template
from hmc.cli.new import write_template
from hmc.running import model_file

ROOT = Path(__file__).parents[3]


def run_hmc(folder, *arguments):
    """The `hmc` command, run in a folder: its standard output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    run = [sys.executable, "-m", "hmc.cli", *arguments]
    completed = subprocess.run(
        run, cwd=folder, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


SHORT = ("--chains", "2", "--warmup", "150", "--draws", "150", "--workers", "1", "--depth", "2")


def test_the_file_as_it_stands_is_checked_and_fitted(tmp_path):
    path = write_template("herds", tmp_path)
    assert path == tmp_path / "herds.py"
    said = run_hmc(tmp_path, "check", "herds.py:herds")
    assert said.startswith("herds: the gradient agrees with the density, all 10 components at 26 points\n")
    table = run_hmc(tmp_path, "fit", "herds.py:herds", "--depth", "2")
    names = [f"a[{j}]" for j in range(1, 9)]
    assert [line.split()[0] for line in table.splitlines()[1:11]] == [*names, "a_bar", "tau"]
    assert table.splitlines()[-1].endswith(": converged")  # what a beginner sees first is no warning


def test_data_of_one_s_own_are_taken(tmp_path):
    write_template("herds", tmp_path)
    rows = "\n".join(f"{0.5 * i},{i % 2}" for i in range(9))
    (tmp_path / "mine.csv").write_text(f"y,group\n{rows}\n")
    table = run_hmc(tmp_path, "fit", "herds.py:herds", "--data", "mine.csv", *SHORT)
    assert [line.split()[0] for line in table.splitlines()[1:5]] == ["a[1]", "a[2]", "a_bar", "tau"]


def test_a_broken_copy_does_not_pass_the_check(tmp_path):
    """The negative twin."""
    path = write_template("herds", tmp_path)
    path.write_text(path.read_text().replace("gradient[data.group[i]] += d_a\n", "gradient[data.group[i]] -= d_a\n"))
    with pytest.raises(AssertionError):
        run_hmc(tmp_path, "check", "herds.py:herds")


def test_its_density_is_that_of_its_formula():
    from scipy import stats

    namespace = {}
    exec(compile(template.template("herds"), "herds.py", "exec"), namespace)
    model = namespace["herds"]()
    rng = np.random.default_rng(3)
    for _ in range(5):
        position = rng.normal(size=model.dimension)
        a, a_bar, tau = position[:8], position[8], np.exp(position[9])
        expected = stats.norm.logpdf(model.data.y, a[model.data.group], 1.0).sum()
        expected += stats.norm.logpdf(a, a_bar, tau).sum() + stats.norm.logpdf(a_bar, 0.0, 2.0)
        expected += stats.expon.logpdf(tau) + position[9]
        gradient = np.zeros(model.dimension)
        assert model.log_density(position, model.data, gradient) == pytest.approx(expected, rel=1e-10)


def test_it_is_short_and_has_the_name_in_its_places():
    text = template.template("my_model")
    assert "NAME" not in text
    assert text.count("my_model") == 7
    assert 'def my_model(data=None):\n    """The model.' in text
    assert max(map(len, text.splitlines())) <= 120
    assert len([line for line in text.splitlines() if line.strip()]) <= 35


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("3herds", "^'3herds' cannot be the name of a model: it needs letters, digits and _, and no digit first$"),
        ("my-herds", "^'my-herds' cannot be the name of a model: it needs"),
        ("", "^'' cannot be the name of a model: it needs"),
        ("../herds", "^'../herds' cannot be the name"),
        ("herds.py", "^'herds.py' cannot be the name"),
        (None, "^None cannot be the name"),
        ("Ärger", "^'Ärger' cannot be the name"),
        ("lambda", "^'lambda' cannot be the name of a model: it is a word of Python$"),
        ("np", "^'np' cannot be the name of a model: the file uses it for something else$"),
        ("log_density", "^'log_density' cannot be the name of a model: the file uses it for something else$"),
        ("random", "^'random' cannot be the name of a model: there is a Python module of that name$"),
        ("models", "^'models' cannot be the name of a model: there is a Python module of that name$"),
    ],
)
def test_names_that_cannot_be_are_refused_and_nothing_is_written(name, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        write_template(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_may_have_the_name_of_a_file_that_was_loaded(tmp_path):
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    first = write_template("shoals", tmp_path / "before")
    assert model_file.load(str(first)).__name__ == "shoals"
    second = write_template("shoals", tmp_path / "after")
    assert model_file.load(str(second)).__file__ == str(second)


def test_a_file_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "herds.py").write_text("mine")
    with pytest.raises(ValueError, match=r"herds\.py is there already; it is left as it is$"):
        write_template("herds", tmp_path)
    assert (tmp_path / "herds.py").read_text() == "mine"
    with pytest.raises(FileNotFoundError):
        write_template("herds", tmp_path / "nowhere")


def test_every_name_that_the_file_means_something_else_by_is_refused():
    tree = ast.parse(template._TEXT)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = {node.name for node in tree.body if hasattr(node, "name")} - {"NAME"}
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {alias.asname or alias.name for alias in node.names}
        if isinstance(node, ast.Assign):
            bound |= {target.id for target in node.targets}
    assert bound | {name for name in used if hasattr(builtins, name)} == set(template._TAKEN)
