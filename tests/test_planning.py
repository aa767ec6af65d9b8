"""The planning page says what its command measured: the block has the command's form, and no other text has figures."""

import importlib.util
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "planning.md").read_text(encoding="utf-8")
QUANTITY = re.compile(r"\d[\d,.]*( ?(ns|µs|ms|s|min|h|days|kB|MB|GB)\b)?")


@pytest.fixture(scope="module")
def planning():
    sys.path.insert(0, str(ROOT))  # before this folder's parents, as the command does
    try:
        spec = importlib.util.spec_from_file_location("benchmarks_planning", ROOT / "benchmarks" / "planning.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def measures(planning):
    """Made-up measures, of the cases that are measured, in which everything is exactly linear."""
    m = sys.modules["benchmarks.planning_measures"]
    scaling = sys.modules["benchmarks.scaling"]

    def cost(model, rows):
        return scaling.Cost(model, "diag", rows, 3, 32 * rows, 1e-6 * rows, 1e-6 + 5e-9 * rows, 1e-5, 4.0, 10**8)

    return m.Measures(
        machine="Example Processor 1.0",
        replicating=tuple(
            m.Replicating(name, batch, 0.1, 0.01, 0.001, 20.1 if name == m.CHECKED else math.nan)
            for name, batch in m.CALIBRATED.items()
        ),
        rows=tuple(
            m.Rows(tuple(cost(name, rows) for rows in sizes), cost(name, m.MILLION), cost(name, m.TEN_MILLION))
            for name, sizes in m.ROWS.items()
        ),
        sending=tuple(
            m.Sending(rows, 32 * rows, 32 * rows + 1000, 1e-8 * rows, 10**8 + 300 * rows, 10**8 + 60 * rows)
            for rows in (*m.SENT_ROWS, m.SENT_CHECK)
        ),
        keeping=tuple(
            m.Keeping(d, 300, 200, 300 * 58 + 201 * 8 * d, 300 * 50 + 200 * 8 * d, 0.01)
            for d in (*m.KEPT_DIMENSIONS, m.KEPT_CHECK)
        ),
        statistics=58,
    )


def form(block):
    """A block without its figures, their units, and the processor's name."""
    return QUANTITY.sub("#", re.sub(r"core \(.*\), in seconds", "core (X), in seconds", block))


def of_page(page, planning):
    """(the block, the text around it)."""
    before, rest = page.split(planning.BEGIN)
    block, after = rest.split(planning.END)
    return planning.BEGIN + block + planning.END, before + after


def test_the_pages_block_has_the_form_that_the_command_writes(planning, measures):
    assert form(of_page(PAGE, planning)[0]) == form(planning.block(measures))


def test_a_block_with_another_row_or_column_or_sentence_has_another_form(planning, measures):
    block = planning.block(measures)
    for found, instead in (("| `mST` | 5 x", "| `mSTP` | 5 x"), (" | 4.0 | ", " | "), ("Check:", "Checked:")):
        assert found in block
        assert form(block.replace(found, instead, 1)) != form(block)


def test_no_figure_stands_outside_the_block(planning):
    figures = figures_in(of_page(PAGE, planning)[1])
    assert figures == []
    assert figures_in("A gradient takes 12.5 ms there, and a worker 2 GB.") == ["12.5 ms", "2 GB"]


def figures_in(text):
    """Numbers with a unit."""
    return [found.group() for found in QUANTITY.finditer(text) if found.group(1)]


def test_extrapolations_of_what_is_linear_are_exact(planning, measures):
    block = planning.block(measures)
    ratios = [float(ratio) for ratio in re.findall(r"([\d.]+) times", block)]
    assert len(ratios) == 10  # calibration; two sizes of three models; a table; this process, a worker
    assert ratios == [1.0] * 10
    assert "| `mST` | 5 x 40 | 10 ms ± 1.0 ms | 1.7 min | 1.6 s |" in block
    assert "| `m0` | 3 | 10,000 to 100,000 | 5.0 ns | 5.0 ns | 5.0 ns | 4.0 | 6.7 min |" in block


def test_what_is_not_linear_shows_in_its_check(planning, measures):
    m0 = measures.rows[1]
    slow = m0._replace(large=m0.large._replace(gradient=3 * m0.large.gradient))
    block = planning.block(measures._replace(rows=(measures.rows[0], slow, measures.rows[2])))
    assert "`m0` of 10,000,000 rows took 150 ms, 3.00 times the 50 ms that were predicted" in block


def test_only_the_block_of_the_page_is_written(planning):
    page = f"before\n{planning.BEGIN}\nold\n{planning.END}\nafter\n"
    assert planning.written(page, "new") == "before\nnew\nafter\n"
    for broken in ("no marks", page + page, page.replace(planning.END, "")):
        with pytest.raises(ValueError, match="no one block"):
            planning.written(broken, "new")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (59.9, "60 s"),
        (0.99999e-3, "1.0 ms"),
        (5e-9, "5.0 ns"),
        (1.6e-6, "1.6 µs"),
        (0.0123, "12 ms"),
        (89.0, "89 s"),
        (91.0, "1.5 min"),
        (1e6, "12 days"),
    ],
)
def test_durations_have_the_unit_that_suits_them(planning, seconds, text):
    assert planning.duration(seconds) == text


def test_a_slope_and_a_line_find_what_made_them_and_see_what_did_not(planning):
    scale = sys.modules["benchmarks.scale"]
    sizes = np.array([1e2, 1e3, 1e4, 1e5])
    noise = np.exp(0.01 * np.array([1, -1, -1, 1]))
    linear, square = scale.slope(sizes, 3e-9 * sizes * noise), scale.slope(sizes, 3e-9 * sizes**2 * noise)
    assert abs(linear.slope - 1) < 3 * linear.error < 0.02
    assert (square.slope - 1) / square.error > 100
    fit = scale.line(sizes, 1e-6 + 3e-9 * sizes)
    np.testing.assert_allclose(fit, (1e-6, 3e-9, 0.0), rtol=1e-8, atol=1e-8)
    assert scale.line(sizes, sizes**2).worst > 0.5
