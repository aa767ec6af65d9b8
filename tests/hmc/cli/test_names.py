"""What files are called: a model file may have any name, and no file beside it takes the place of Python's or ours."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hmc
import models  # noqa: F401 (so that it is loaded, and can be seen to stay)
from hmc import cli
from hmc.cli.new import template
from hmc.running import model_file, search_path

ROOT = Path(hmc.__file__).parents[1]
SHORT = ("--warmup", "60", "--draws", "40", "--chains", "2")


def library():
    """Names of Python's modules that are files here, and of our packages."""
    names = [name for name in sorted(sys.stdlib_module_names) if not name.startswith("_") and name != "site"]
    names = [name for name in names if (spec := importlib.util.find_spec(name)) and spec.origin not in (None, "frozen")]
    return [*names, "models", "diagnostics", "figures", "tests"]


def program(*arguments, folder, command=("-c", "from hmc.cli.main import program; program()")):
    """`hmc` as it is installed: the folder of the program, not the current one, is searched first."""
    safe = ["-P"] if command[0] == "-c" and sys.version_info >= (3, 11) else []
    return subprocess.run(
        [sys.executable, *safe, *command, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def path_and_modules(monkeypatch):
    """Leave the search path and the loaded modules as they were."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(model_file, "_paths", {})
    before = {*sys.modules}
    yield
    for name in {*model_file._paths} - before:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A folder with a model that imports a neighbour, and files that fail, called as all modules of Python and ours."""
    folder = tmp_path_factory.mktemp("crowded")
    text = template("mine").replace("import hmc\n", "import hmc\nimport my_neighbour\n", 1)
    (folder / "mine.py").write_text(text.replace("normal(a_bar, 0.0, 2.0)", "normal(a_bar, my_neighbour.MEAN, 2.0)"))
    (folder / "my_neighbour.py").write_text("MEAN = 0.0\n")
    for name in library():
        (folder / f"{name}.py").write_text(f"raise SystemExit('the {name}.py of the user was imported')\n")
    return folder


def test_no_file_of_the_users_takes_the_place_of_pythons_or_ours(crowded):
    assert len(library()) > 150
    found = [program("fit", "mine.py:mine", *SHORT, "--workers", workers, folder=crowded) for workers in ("1", "2")]
    for result in found:
        assert (result.returncode, result.stderr) == (0, "")
    tables = [result.stdout.partition("chains of")[0] for result in found]
    assert tables[0] == tables[1]
    assert "a_bar" in tables[0]


@pytest.mark.parametrize("name", ["secrets", "models", "figures", "queue"])
def test_python_m_hmc_cli_finds_ours_too(name, tmp_path):
    """Where Python itself has not imported the user's file before any line of ours runs, as it would io.py."""
    (tmp_path / f"{name}.py").write_text("raise SystemExit('of the user')\n")
    (tmp_path / "mine.py").write_text(template("mine"))
    result = program("fit", "mine.py:mine", *SHORT, "--workers", "2", folder=tmp_path, command=("-m", "hmc.cli"))
    assert (result.returncode, result.stderr) == (0, "")


def test_worker_processes_of_a_script_look_into_its_folder_last(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "old.stan").touch()
    (tmp_path / "beside.py").write_text("DRAWS = 30\n")
    (tmp_path / "run.py").write_text(
        "import os, sys\n"
        "import hmc, models\n"
        "import beside\n"
        "def first(): return sys.path[0]\n"
        'if __name__ == "__main__":\n'
        "    from hmc.running.processes import ProcessExecutor\n"
        '    print(hmc.sample(models.mST(), draws=beside.DRAWS, workers=2)["sigma"].shape)\n'
        "    with ProcessExecutor(1) as executor:\n"
        "        print(executor.submit(first).result() == os.getcwd(), first() == os.getcwd())\n"
    )
    result = program(folder=tmp_path, command=("run.py",))
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "(4, 30)\nFalse True\n")


@pytest.mark.parametrize(
    "name", ["02-tadpoles", "my model (1)", "random", "models", "lambda", "hmc", "Gläser", "a.b", "mine"]
)
def test_a_model_file_may_have_any_name(name, tmp_path, capsys, path_and_modules):
    (tmp_path / f"{name}.py").write_text(template("mine"))
    ours = {module: sys.modules.get(module) for module in ("random", "models", "hmc")}
    assert cli.main(["check", f"{tmp_path / name}.py:mine", "--points", "2"]) == 0
    assert capsys.readouterr().out.startswith("mine: ")
    assert {module: sys.modules.get(module) for module in ours} == ours


def test_two_files_of_one_name_are_two_modules(tmp_path, path_and_modules):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same_name.py").write_text(f"WHERE = {folder!r}\n")
    loaded = [model_file.load(str(tmp_path / folder / "same_name.py")).WHERE for folder in ("one", "two", "one")]
    assert loaded == ["one", "two", "one"]


def test_a_file_that_has_changed_is_loaded_anew(tmp_path, path_and_modules):
    path = tmp_path / "changing.py"
    for value in ("1", "2"):
        path.write_text(f"VALUE = {value}\n")
        os.utime(path, (0, int(value)))
        assert str(model_file.load(str(path)).VALUE) == value


def test_a_module_keeps_the_name_of_its_file_where_it_can(tmp_path, path_and_modules):
    """So a model is the same code to `hmc fit` as to a script that imports it, wherever the folder is moved to."""
    for name, module in (("tadpoles_of_mine", "tadpoles_of_mine"), ("02-tadpoles", "file_02_tadpoles")):
        (tmp_path / f"{name}.py").touch()
        assert model_file.load(str(tmp_path / f"{name}.py")).__name__ == module


def test_an_import_that_finds_ours_in_place_of_a_neighbour_is_explained(tmp_path, capsys, path_and_modules):
    (tmp_path / "models.py").write_text("HELPER = 1\n")
    for text in ("import models\nmodels.HELPER\n", "from models import HELPER\n"):
        (tmp_path / "wants_its_own.py").write_text(text)
        assert cli.main(["check", f"{tmp_path / 'wants_its_own'}.py:mine"]) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert told.endswith("models/__init__.py, not models.py beside the file: give that another name\n")
    (tmp_path / "wants_its_own.py").write_text("import models\n1 / 0\n")
    assert cli.main(["check", f"{tmp_path / 'wants_its_own'}.py:mine"]) == 1
    assert "another name" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "hidden", "told"),
    [
        ("import hmc, models\nmodels.mST()\n", "X = 1\n", "mST"),
        ("import hmc\nfrom models import cafes\n", "X = 1\n", "cafes"),
        ("import hmc\nfrom models.densities import normal\n", "X = 1\n", "densities"),
        ("import hmc\nimport models.densities\n", "X = 1\n", "densities"),
        ("import hmc\nimport models.densities as d\n", "X = 1\n", "densities"),
        ("import hmc\nimport models as m\nm.mST()\n", "X = 1\n", "mST"),
        ("import hmc\nfrom models import (\n    mST,\n)\n", "X = 1\n", "mST"),
        ("import hmc\nfrom models import mST as tadpoles\n", "X = 1\n", "mST"),
        ("import hmc\ndef main():\n    from models import mST\nmain()\n", "X = 1\n", "mST"),
        ("import hmc\nimport models as m\nprint(m.X)  # not models.mST\n", "X = 1\n", None),
        ("import hmc, models\nprint(models.X)\n", "X = 1\n", None),
        ("import hmc\n", "X = 1\n", None),
        ("import hmc, models\nmodels.mST()\n", None, None),
    ],
)
def test_a_script_whose_models_are_its_own_is_told(script, hidden, told, tmp_path):
    (tmp_path / "run.py").write_text(script)
    if hidden:
        (tmp_path / "models.py").write_text(hidden)
    result = program(folder=tmp_path, command=("run.py",))
    notes = [line for line in result.stderr.splitlines() if line.startswith("hmc: note: ")]
    assert (result.returncode == 0) == (told is None)
    hidden_by = f"`import models` gives {tmp_path / 'models.py'}, which hides the package models of rethinking-hmc"
    assert notes == ([] if told is None else [f"hmc: note: {hidden_by} and has no {told}: give that file another name"])


def test_only_a_folder_of_the_user_is_moved_to_the_end():
    assert search_path.folders_last(["/me", "/lib"], {"/me"}) == ["/lib", "/me"]
    assert search_path.folders_last(["/lib", "/me"], {"/me"}) == ["/lib", "/me"]
    assert search_path.folders_last([], {"/me"}) == []


def test_a_safe_start_leaves_path_and_environment_as_they_were(monkeypatch):
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before = list(sys.path)
    with search_path.safe_start():
        assert os.environ["PYTHONSAFEPATH"]
        assert not (sys.path[0] in search_path.user_folders() and sys.path[0] not in sys.path[1:])
    assert "PYTHONSAFEPATH" not in os.environ
    assert sys.path == before
