"""`hmc explore` refuses what it cannot do in one line, before anything compiles, and writes a whole page or none."""

import json
import re

import pytest

from figures.lecture import explorables
from hmc import cli
from hmc.cli.new import template
from hmc.errors import HMCError
from hmc.web.page import building


def run(capsys, *arguments):
    """(exit status, standard output, standard error) of a command line."""
    status = cli.main(["explore", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def compiled(monkeypatch):
    """The names of models that were to be compiled; nothing is."""
    names = []

    def module(model):
        names.append(model.name)
        return b"\0asm\1\0\0\0\x0a\1\0"  # a module without functions

    monkeypatch.setattr(building, "module", module)
    monkeypatch.setattr(building, "verify", lambda module: True)
    return names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mTS"], "mTS"),
        (["plane", "plane"], "two models are called plane"),
        (["plane", "--out", "page.txt"], "--out page.txt: the page's name must end in .html"),
        (["plane", "--out", "nowhere/page.html"], "--out nowhere/page.html: there is no such folder"),
        (["nothing.py:factory"], "nothing.py: there is no such file"),
        (["plane.py"], "plane.py is a file; write plane.py:FACTORY"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(capsys, compiled, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
    assert compiled == []
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_the_browser_cannot_have_is_named_and_nothing_is_written(capsys, monkeypatch, tmp_path):
    def module(model):
        raise HMCError(f"{model.name}: Numba cannot make it a WebAssembly module: it is odd")

    monkeypatch.setattr(building, "module", module)
    status, out, err = run(capsys, "plane", "--out", str(tmp_path / "page.html"))
    assert (status, out) == (1, "")
    assert err == "hmc: plane: Numba cannot make it a WebAssembly module: it is odd\n"
    assert list(tmp_path.iterdir()) == []


def test_a_module_of_other_draws_is_not_written(capsys, compiled, monkeypatch, tmp_path):
    def verify(module):
        raise HMCError("plane: its module does not give the draws of hmc.sample")

    monkeypatch.setattr(building, "verify", verify)
    status, _, err = run(capsys, "plane", "--out", str(tmp_path / "page.html"))
    assert (status, err) == (1, "hmc: plane: its module does not give the draws of hmc.sample\n")
    assert list(tmp_path.iterdir()) == []


def test_without_a_model_it_shows_the_toys_and_some_of_the_lecture(capsys, compiled, tmp_path):
    status, out, _ = run(capsys, "--out", str(tmp_path / "all.html"))
    assert status == 0
    assert {"line", "plane", "funnel", "mST", "cafes"} <= set(compiled)
    assert all(name in out for name in compiled)
    assert (tmp_path / "all.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_model_of_a_file_is_shown_with_the_first_line_of_its_docstring(capsys, compiled, tmp_path):
    file = tmp_path / "mine.py"
    text = template("mine").replace('"""The model.', '"""The </script><b>model</b>.')
    file.write_text(text)
    status, _, err = run(capsys, f"{file}:mine", "--out", str(tmp_path / "mine.html"))
    assert (status, err) == (0, "")
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json" id="page-data">(.*?)</script>', page, re.DOTALL)
    (model,) = json.loads(data)["models"]
    assert model["words"].startswith("The </script><b>model</b>. `data`: a CSV file")
    assert "\n" not in model["words"]
    assert page.count("</script><b>") == 0


def test_the_lectures_page_has_models_of_its_own(capsys, compiled, tmp_path):
    status, out, err = run(capsys, "mST", "--lecture", "--out", str(tmp_path / "page.html"))
    assert (status, out) == (1, "")
    assert "--lecture has models of its own; leave out mST" in err
    assert compiled == []
    file = tmp_path / "page.html"
    assert run(capsys, "--lecture", "--out", str(file))[0] == 0
    assert sorted(compiled) == sorted(name for of in explorables.MODELS.values() for name in of)
    text = file.read_text(encoding="utf-8")
    assert "to play with" in text
    assert '"logFactorial": [0.0, 0.0, 0.6931471805599453' in text
