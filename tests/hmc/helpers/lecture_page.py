"""The lecture's explorables in tests: their data, and the runner of their modules."""

from pathlib import Path

from figures.lecture.explorables import tables
from hmc.web.page.lecture import as_json

RUNNER = Path(__file__).parents[1] / "web" / "page" / "lecture_run.mjs"
LECTURE = tables()


def tables_of_page(lecture=LECTURE):
    """The tables as the page's script reads them."""
    return as_json(lecture)
