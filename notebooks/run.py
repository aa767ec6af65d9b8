"""Run the notebooks, each in a kernel of its own.

    python notebooks/run.py [NAME ...] [--solutions] [--html FOLDER] [--ipynb FOLDER]

The notebooks are Python files in Jupytext's percent format: Jupyter opens them with the extension jupytext, and git
shows their changes. Needs the extra `notebook` (pip install -e '.[notebook]').
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
PARTS = ("stories", "participants", "cafes", "tadpoles", "confounds", "coverage", "sampler")  # in the lecture's order
TIMEOUT = 300  # seconds for a cell
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def read(path: Path, solutions: bool = False) -> nbformat.NotebookNode:
    """The notebook in a file; with `solutions`, the code of each solution is a cell behind the text that folds it."""
    notebook = jupytext.read(path)
    if solutions:
        notebook.cells = [cell for one in notebook.cells for cell in (one, *_solutions(one))]
    return notebook


def _solutions(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    if cell.cell_type != "markdown":
        return []
    return [nbformat.v4.new_code_cell(code) for code in _CODE.findall(cell.source)]


def run(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with its outputs, run from the project's folder; CellExecutionError where a cell fails."""
    resources = {"metadata": {"path": str(FOLDER.parent)}}
    NotebookClient(notebook, timeout=TIMEOUT, kernel_name="python3", resources=resources).execute()
    return notebook


def write_html(notebook: nbformat.NotebookNode, path: Path) -> None:
    """The notebook as a page."""
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def write_ipynb(notebook: nbformat.NotebookNode, path: Path) -> None:
    """The notebook with its outputs, as Jupyter keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="run notebooks, each in a kernel of its own")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(PARTS)}, or a file; these by default")
    parser.add_argument("--solutions", action="store_true", help="run the code of the solutions too")
    parser.add_argument("--html", metavar="FOLDER", type=Path, help="write each as a page, with its outputs")
    parser.add_argument("--ipynb", metavar="FOLDER", type=Path, help="write each as Jupyter keeps it, with its outputs")
    options = parser.parse_args(arguments)
    paths = [FOLDER / f"{name}.py" if name in PARTS else Path(name) for name in options.names or PARTS]
    for path in paths:
        if not path.is_file():
            parser.error(f"no notebook is called {path}; there are {', '.join(PARTS)}")
    for path in paths:
        started = time.perf_counter()
        notebook = run(read(path, options.solutions))
        print(f"{path.stem}: {time.perf_counter() - started:.0f} s", flush=True)
        if options.html:
            write_html(notebook, options.html / f"{path.stem}.html")
        if options.ipynb:
            write_ipynb(notebook, options.ipynb / f"{path.stem}.ipynb")


if __name__ == "__main__":
    main()
