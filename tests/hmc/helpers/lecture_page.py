"""The lecture's explorables in tests: their data, and the runner of their modules."""

from pathlib import Path

from hmc.cli.explore import tables

RUNNER = Path(__file__).parents[1] / "web" / "page" / "lecture_run.mjs"
LECTURE = tables()


def tables_of_page(lecture=LECTURE):
    """The tables as the page's script reads them."""
    return {"visits": lecture.visits, "tanks": lecture.tanks, "logFactorial": lecture.log_factorial}
