"""benchmarks.ulps: errors are counted in units of the last place, and every function of the table has few of them."""

import math
from pathlib import Path

import numpy as np
import pytest

mpmath = pytest.importorskip("mpmath", reason="needs mpmath: pip install -e '.[test]'")

from benchmarks import ulps  # noqa: E402 (it needs mpmath)

PAGE = Path(__file__).parents[2] / "docs" / "ulps.md"


def test_a_last_place_counts_as_one():
    def off_by_one(x):
        return np.nextafter(math.exp(x), math.inf)

    case = ulps.Case("exp", off_by_one, mpmath.exp, (("x", -3.0, 3.0),))
    own, of_largest = ulps.errors(case, 50)
    assert own.min() > 0.4
    assert own.max() < 1.6
    assert own.tolist() == of_largest.tolist()
    right, _ = ulps.errors(case._replace(ours=math.exp), 50)
    assert right.max() < 1.0


def test_a_wrong_derivative_is_seen():
    case = next(case for case in ulps.cases() if case.name == "densities.normal")

    def wrong(x, mean, sd):
        value, d_x, d_mean, d_sd = case.ours(x, mean, sd)
        return value, d_x, d_mean * (1.0 + 1e-12), d_sd

    assert ulps.errors(case._replace(ours=wrong), 10)[0].min() > 1000.0
    assert np.median(ulps.errors(case, 10)[0]) < 8.0


@pytest.mark.parametrize("case", [*ulps.cases()], ids=lambda case: case.name)
def test_every_function_is_in_the_table_and_has_few_ulps(case):
    (row,) = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if f"`{case.name}`" in line]
    median, largest, _, reason = [cell.strip() for cell in row.split("|")[3:7]]
    own, _ = ulps.errors(case, 5)
    assert np.median(own) < 8.0
    assert float(median) < 8.0
    assert bool(reason) == (float(largest) > ulps.WORST)


def test_an_error_without_a_reason_is_refused(monkeypatch):
    case = ulps.Case("half", lambda x: 0.5 * x, lambda x: x, (("x", 1.0, 2.0),))
    monkeypatch.setattr(ulps, "cases", lambda: [case])
    with pytest.raises(ValueError, match=r"^half is off by .* ulps, and nothing says why$"):
        ulps.table(3)
    monkeypatch.setattr(ulps, "cases", lambda: [case._replace(reason="it is half")])
    assert ulps.table(3)[-1].endswith("it is half |")
