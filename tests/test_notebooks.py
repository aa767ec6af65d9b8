"""The notebooks run from top to bottom in a real kernel, their solutions too, and show what they say they show."""

import importlib.util
import os
import re
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

import nbformat  # noqa: E402
from nbclient.exceptions import CellExecutionError  # noqa: E402

from notebooks import run  # noqa: E402

EVERY = pytest.mark.parametrize("name", run.PARTS)
# Their warnings are the lesson of the cells that give them.
MAY_WARN = re.compile(r"UserWarning: \w+: p_waic is over")


@pytest.fixture(scope="module")
def done():
    """{name: the notebook with its outputs, or the error that ended it}; two kernels at a time."""

    def outcome(name):
        try:
            return run.run(run.read(name, solutions=True))
        except CellExecutionError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(run.PARTS, pool.map(outcome, run.PARTS), strict=True))


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
    assert not isinstance(done[name], Exception), str(done[name])[-3000:]
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
    notebook = run.read(name)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert re.match(r"# .*\n\n\*\*Goal\.\*\*", text)
    assert "$" in text.partition("\n## ")[0]
    assert "def log_density(position, data, gradient):" in code
    assert re.findall(r"^\*\*(\d)\.\*\*", text, re.MULTILINE) == ["1", "2", "3"]
    solutions = re.findall(r"<details><summary>Solution</summary>\n\n(.*?)</details>", text, re.DOTALL)
    assert [solution.count("```python\n") for solution in solutions] == [1, 1, 1]
    assert len(run.read(name, solutions=True).cells) == len(notebook.cells) + 3


def test_there_is_one_for_each_part_of_the_lecture():
    files = {path.stem for path in run.FOLDER.glob("*.py")} - {"run"}
    assert files == set(run.PARTS)
    parts = {part.name for part in lecture.PARTS} - {"trolley"} | {"stories"}
    assert set(run.PARTS) <= parts | {"sampler"}
    assert len(run.PARTS) == 7


def notebook_of(*codes):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])


def test_a_cell_or_a_solution_that_fails_is_noticed():
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run.run(notebook_of("1 + 1", "1 / 0"))
    wrong = nbformat.v4.new_markdown_cell("<details>\n\n```python\nassert 1 == 2\n```\n</details>")
    assert [cell.source for cell in run._solutions(wrong)] == ["assert 1 == 2\n"]


LOOK = """
from hmc.reporting import is_notebook, progress_bar
bar = progress_bar(3, "draws")
print(is_notebook(), any(kind.__module__ == "tqdm.notebook" for kind in type(bar).__mro__))
bar.close()
"""


def test_progress_objects_and_figures_in_a_kernel():
    typed = "def f(position, data, gradient):\n    gradient[0] = -position[0]\n    return -0.5 * position[0] ** 2"
    model = "import hmc, collections\nData = collections.namedtuple('Data', 'n')\n" + typed
    model += (
        "\nmodel = hmc.Model(f, Data(1), [hmc.Parameter('x')], name='typed')\nhmc.sample(model, warmup=99, draws=99)"
    )
    ran = run.run(notebook_of(LOOK, model, "import figures\nfigures.draw('dag_confounds', {})"))
    looked, fit, figure = (cell.outputs for cell in ran.cells[:3])
    with_widgets = importlib.util.find_spec("ipywidgets") is not None
    printed = next(output.text for output in looked if output.get("name") == "stdout")
    assert printed.split() == ["True", str(with_widgets)]
    assert "Rhat4" in fit[-1].data["text/html"]
    assert complaints(ran) == []  # chains of a model typed into a cell run in threads; that is no news
    assert figure[0].data["image/png"]
    assert figure[0].metadata["image/png"]["width"] == 960


def test_the_command_names_what_there_is(capsys):
    with pytest.raises(SystemExit):
        run.main(["tadpole"])
    assert "no notebook is called tadpole; there are stories" in capsys.readouterr().err


def test_a_page_of_a_notebook(tmp_path):
    pytest.importorskip("nbconvert", reason="the extra notebook has it")
    path = tmp_path / "pages" / "two.html"
    run.write_html(run.run(notebook_of("1 + 41")), path)
    assert "42" in path.read_text(encoding="utf-8")
    assert Path(path).stat().st_size > 10_000
