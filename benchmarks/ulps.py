"""How many digits the densities and transforms have: errors against 60 decimal digits, in units of the last place.

    python -m benchmarks.ulps [--points N]

writes docs/ulps.md. Arguments are drawn at random over the ranges that the table states, the same ones each time. The
numbers in decimals are by mpmath, and derivatives by its central differences (pip install -e '.[dev]').

An error is |found - exact| in units in the last place of the exact number. Where terms cancel, as those of a log
density near 0 or of a derivative near a mode, the last place of the result is not that of its terms. So errors are also
given relative to the largest of the results of the same call, in its units: "of the largest".
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

import mpmath
import numpy as np
from mpmath import mpf

from benchmarks.ulp_cases import DIGITS, Case, cases_of_numbers, gradient
from benchmarks.ulp_vectors import cases_of_vectors

POINTS, WORST = 300, 8.0
TARGET = Path(__file__).parents[1] / "docs" / "ulps.md"


def cases() -> Iterator[Case]:
    """All rows of the table."""
    yield from cases_of_numbers()
    yield from cases_of_vectors()


def drawn(ranges: tuple[tuple[str, float, float], ...], points: int) -> np.ndarray:
    """Arguments (points, arguments), uniform over their ranges."""
    rng = np.random.default_rng(np.random.SeedSequence([len(ranges), points]))
    columns = []
    for name, low, high in ranges:
        is_log = name.startswith("log ")
        ends = np.log([low, high]) if is_log else (low, high)
        values = rng.uniform(*ends, points)
        columns.append(np.exp(values) if is_log else values)
    return np.stack(columns, axis=1)


def errors(case: Case, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each point: the largest error of its results in their own ulps, and in ulps of the largest result."""
    own, of_largest = [], []
    with mpmath.workdps(DIGITS):
        for row in drawn(case.ranges, points).tolist():
            found = case.ours(*row)
            found = found if isinstance(found, (tuple, list)) else (found,)
            exact = case.exact(*map(mpf, row))
            if not isinstance(exact, list):
                exact = [exact, *gradient(case.exact, row, len(found) - 1)]
            off = [float(abs(mpf(a) - b)) for a, b in zip(found, exact, strict=True)]
            sizes = [float(np.spacing(abs(float(b)))) for b in exact]
            own.append(max(o / size for o, size in zip(off, sizes, strict=True)))
            of_largest.append(max(off) / max(sizes))
    return np.array(own), np.array(of_largest)


def ranges_of(case: Case) -> str:
    """The ranges of its arguments in words; numbers that follow each other in one range are named once."""
    parts = []
    for (name, low, high), same in itertools.groupby(case.ranges):
        count = len(list(same))
        parts.append(f"{name.removeprefix('log ')}{f' ({count})' if count > 1 else ''} {low:g} to {high:g}")
    return ", ".join(parts)


def table(points: int) -> list[str]:
    """The rows of the table, in Markdown."""
    rows = ["| function | range | median | largest | of the largest | |", "|---|---|---:|---:|---:|---|"]
    for case in cases():
        own, of_largest = errors(case, points)
        if own.max() > WORST and not case.reason:
            raise ValueError(f"{case.name} is off by {own.max():.1f} ulps, and nothing says why")
        reason = case.reason if own.max() > WORST else ""
        numbers = f"{np.median(own):.2g} | {own.max():.2g} | {of_largest.max():.2g}"
        rows.append(f"| `{case.name}` | {ranges_of(case)} | {numbers} | {reason} |")
    return rows


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=POINTS, help=f"of each function (default {POINTS})")
    points = parser.parse_args().points
    head = [
        "# Errors in units of the last place",
        "",
        f"Written by `python -m benchmarks.ulps`: {points} points of each function against {DIGITS} decimal digits of",
        "mpmath. The error of a call is that of its value or of a derivative, whichever is the largest, in units in",
        "the last place (ulps) of the exact number. Where terms cancel, the result keeps the error of its terms; so",
        f'"of the largest" has errors in ulps of the largest result of the call. Those over {WORST:g} have a reason.',
        "Of vectors and matrices all results count; a number in parentheses says how many arguments have the range.",
        "",
    ]
    TARGET.write_text("\n".join([*head, *table(points)]) + "\n", encoding="utf-8")
    print(TARGET)


if __name__ == "__main__":
    main()
