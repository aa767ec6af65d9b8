"""The notebooks run from top to bottom in a real kernel, their solutions too, and show what they say they show."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import figures.lecture.contents as lecture

NEEDED = ("nbclient", "jupytext", "ipykernel")
LACKING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
if LACKING:
    REASON = f"{', '.join(LACKING)} not installed: pip install -e '.[notebook]' brings what runs notebooks"
    if os.environ.get("HMC_REQUIRE_NOTEBOOKS") == "1":
        raise ImportError(REASON)
    pytest.skip(REASON, allow_module_level=True)

import jupytext  # noqa: E402

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
PARTS = ("stories", "participants", "cafes", "tadpoles", "confounds", "coverage", "sampler")
EVERY = pytest.mark.parametrize("name", PARTS)
# Their warnings are the lesson of the cells that give them.
MAY_WARN = re.compile(r"UserWarning: \w+: p_waic is over")


def program(*arguments):
    """notebooks/run.py, in a process of its own: Jupyter's leaves event loops behind, which are warnings here."""
    return subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """{name: the notebook with its outputs, or the text of the error that ended it}; two kernels at a time."""
    folder = tmp_path_factory.mktemp("notebooks")

    def outcome(name):
        ended = program(name, "--solutions", "--ipynb", folder)
        return ended.stderr if ended.returncode else jupytext.read(folder / f"{name}.ipynb")

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(PARTS, pool.map(outcome, PARTS), strict=True))


@pytest.fixture
def notebook_of(tmp_path):
    """A run of the program on a notebook of these cells: (how it ended, the notebook with its outputs or None)."""

    def make(*cells, options=()):
        path = tmp_path / "small.py"
        path.write_text("".join(f"# %% {cell}\n" for cell in cells), encoding="utf-8")
        ended = program(path, "--ipynb", tmp_path, *options)
        return ended, None if ended.returncode else jupytext.read(tmp_path / "small.ipynb")

    return make


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def shown(notebook, kind):
    """Whatever of that MIME type the cells show."""
    return [output.data[kind] for output in outputs(notebook) if kind in output.get("data", {})]


def complaints(notebook):
    """What stands in red: lines on standard error."""
    said = [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    return [text for text in said if not MAY_WARN.search(text)]


@EVERY
def test_it_runs_with_its_solutions(done, name):
    assert not isinstance(done[name], str), done[name][-3000:]
    assert complaints(done[name]) == []


@EVERY
def test_it_shows_a_model_that_is_right_a_fit_and_pictures(done, name):
    pages = shown(done[name], "text/html")
    assert any("Ranks of" in page and "Rhat4" in page for page in pages)  # a fit
    assert not any("array(" in page for page in pages)
    assert shown(done[name], "image/png")
    if name != "sampler":
        assert any("no fault found" in page for page in pages)


@EVERY
def test_it_has_a_goal_a_formula_and_three_exercises_with_folded_solutions(name):
    notebook = jupytext.read(FOLDER / f"{name}.py")
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert re.match(r"# .*\n\n\*\*Goal\.\*\*", text)
    assert "$" in text.partition("\n## ")[0]
    assert "def log_density(position, data, gradient):" in code
    assert re.findall(r"^\*\*(\d)\.\*\*", text, re.MULTILINE) == ["1", "2", "3"]
    solutions = re.findall(r"<details><summary>Solution</summary>\n\n(.*?)</details>", text, re.DOTALL)
    assert [solution.count("```python\n") for solution in solutions] == [1, 1, 1]


def lost_views(code):
    """Statements of a cell that make something to look at, which Jupyter shows for the last statement alone."""
    makes = re.compile(
        r"(precis|verdict|compare|calibrate|record|figures\.draw|hmc\.(check|sample|extend|load))\(|\w+$"
    )
    lines = (ast.unparse(node) for node in ast.parse(code).body[:-1] if isinstance(node, ast.Expr))
    return [line for line in lines if makes.match(line)]


@EVERY
def test_no_cell_makes_a_view_that_it_does_not_show(name):
    cells = jupytext.read(FOLDER / f"{name}.py").cells
    codes = [cell.source for cell in cells if cell.cell_type == "code"]
    codes += [code for cell in cells for code in re.findall(r"```python\n(.*?)```", cell.source, re.DOTALL)]
    assert [line for code in codes for line in lost_views(code)] == []


def test_a_view_that_is_not_shown_would_be_noticed():
    assert lost_views("fit\nprecis(fit)\nprint(fit)\nassert fit") == ["fit", "precis(fit)"]
    assert lost_views("fit = hmc.sample(model)\nplt.show()\nprecis(fit)") == []


def test_the_solutions_are_run(done):
    for name in PARTS:
        cells = jupytext.read(FOLDER / f"{name}.py").cells
        assert len(done[name].cells) == len(cells) + 3


def test_there_is_one_for_each_part_of_the_lecture():
    assert {path.stem for path in FOLDER.glob("*.py")} - {"run"} == set(PARTS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(notebooks/(\w+)\.py\)", readme)) == set(PARTS)
    assert {part.name for part in lecture.PARTS} >= {*PARTS} - {"stories"} | {"trolley"}


@pytest.mark.parametrize(
    ("cells", "options"),
    [
        (["\n1 + 1", "\n1 / 0"], ()),
        (["[markdown]\n# <details>\n#\n# ```python\n# 1 / 0\n# ```\n# </details>"], ("--solutions",)),
    ],
)
def test_a_cell_or_a_solution_that_fails_is_noticed(notebook_of, cells, options):
    ended, _ = notebook_of(*cells, options=options)
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr


LOOK = """
from hmc.reporting import is_notebook, progress_bar
bar = progress_bar(3, "draws")
print(is_notebook(), any(kind.__module__ == "tqdm.notebook" for kind in type(bar).__mro__))
bar.close()
"""
TYPED = """
import collections, hmc
def f(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] ** 2
model = hmc.Model(f, collections.namedtuple("Data", "n")(1), [hmc.Parameter("x")], name="typed")
hmc.sample(model, warmup=99, draws=99)
"""
FIGURE = """
import figures
figures.draw("dag_confounds", {})
"""
MISTAKE = """
import traceback
def f(position, data, gradient):
    return data.m
try:
    hmc.sample(hmc.Model(f, model.data, model.parameters, name="typed"))
except ValueError as error:
    print(len(traceback.format_exception(error)), error)
"""


def test_progress_objects_figures_and_a_mistake_in_a_kernel(notebook_of):
    ended, notebook = notebook_of(LOOK, TYPED, FIGURE, MISTAKE)
    assert notebook is not None, ended.stderr
    looked, fit, figure, mistake = (cell.outputs for cell in notebook.cells)
    printed = next(output.text for output in looked if output.get("name") == "stdout")
    assert printed.split() == ["True", str(importlib.util.find_spec("ipywidgets") is not None)]
    assert "Rhat4" in fit[-1].data["text/html"]
    assert complaints(notebook) == []  # chains of a model typed into a cell run in threads; that is no news
    assert figure[0].data["image/png"]
    assert figure[0].metadata["image/png"]["width"] == 960
    frames, said = mistake[0].text.split(" ", 1)  # one error, not Numba's pages above it
    assert int(frames) < 20
    assert (
        said == "typed: log_density does not compile: Data has no attribute 'm' (Cell In[4], line 3: return data.m)\n"
    )


def test_the_command_names_what_there_is():
    ended = program("tadpole")
    assert ended.returncode == 2
    assert "no notebook is called tadpole; there are stories" in ended.stderr


def test_a_page_of_a_notebook(notebook_of, tmp_path):
    pytest.importorskip("nbconvert", reason="the extra notebook has it")
    notebook_of("\n1 + 41", options=("--html", tmp_path / "pages"))
    assert "42" in (tmp_path / "pages" / "small.html").read_text(encoding="utf-8")
