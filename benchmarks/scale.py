"""How time and memory grow with rows and with dimension: a table, slopes with their standard errors, and a plot.

    python benchmarks/scale.py [--out docs/scale.png] [--most SIZE]

Each size runs in a process of its own, pinned to a core (`scaling.py`); seconds are the processor's. Rows go from 100
to 1,000,000, for a model with next to no arithmetic (`heights`), the lecture's logistic regression (`m0`) and its
ordered answers with everything (`mRXma`); the dimension from 10 to 10,000, for `mST` with as many tanks. On log-log
axes what is linear is a line of slope 1. What does not depend on size, which bends it at the small end, is fitted too;
and what reading the data alone costs is measured beside the gradient.
"""

import argparse
import math
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

from benchmarks.measuring import pin_to_one_core
from benchmarks.scaling import cost, seconds_per_call
from benchmarks.words import time_in_words

ROWS = (100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
DIMENSIONS = (10, 30, 100, 300, 1000, 3000, 10_000)
LARGEST_DENSE = 1000  # a matrix of 8 MB for each chain; a leapfrog step multiplies by it twice
# Chains of mRXma take minutes beyond this; there its gradient alone is measured.
LARGEST_SAMPLED = {"mRXma": 10_000}
METRIC = {"heights": "diag", "m0": "diag", "mRXma": "dense"}


class Series(NamedTuple):
    """One line of the plot: costs by size."""

    model: str
    metric: str
    costs: tuple  # of scaling.Cost
    sizes: tuple  # rows, or dimensions
    power: int = 1  # of size that steps and memory grow with: 2 where a matrix of dimension x dimension is in play

    def values(self, name):
        """(sizes, values) of an attribute of the costs, where it was measured."""
        pairs = [(size, getattr(cost, name)) for size, cost in zip(self.sizes, self.costs, strict=True)]
        pairs = [pair for pair in pairs if math.isfinite(pair[1])]
        return np.array([size for size, _ in pairs]), np.array([value for _, value in pairs])


class Slope(NamedTuple):
    """Of a line through log values against log sizes, by least squares."""

    slope: float
    error: float  # its standard error, from how the points scatter around the line

    def beside(self, power):
        """In words: the slope, and how many standard errors it is from what is expected."""
        return f"{self.slope:.3f} +- {self.error:.3f} ({(self.slope - power) / self.error:+.1f} from {power})"


class Line(NamedTuple):
    """value = fixed + each * size, by least squares of relative errors."""

    fixed: float
    each: float
    worst: float  # the largest relative error


def slope(sizes, values):
    """The `Slope` of at least three points."""
    x, y = np.log(sizes), np.log(values)
    x = x - x.mean()
    best = (x @ y) / (x @ x)
    scatter = y - y.mean() - best * x
    return Slope(best, math.sqrt(scatter @ scatter / (len(x) - 2) / (x @ x)))


def line(sizes, values):
    """The `Line` of at least two points."""
    design = np.stack([np.ones(len(sizes)), sizes], axis=1) / values[:, None]
    (fixed, each), *_ = np.linalg.lstsq(design, np.ones(len(values)), rcond=None)
    return Line(fixed, each, float(np.abs(design @ (fixed, each) - 1).max()))


def measured(most):
    """(series by rows, series by dimension), sizes up to `most`."""
    by_rows = [
        swept(model, ROWS, most, lambda size, m=model: METRIC[m] if size <= LARGEST_SAMPLED.get(m, size) else "none")
        for model in METRIC
    ]
    by_dimension = [
        swept("mST", DIMENSIONS, most, lambda size: "diag"),
        swept("mST", DIMENSIONS, most, lambda size: "low_rank"),
        swept("mST", [size for size in DIMENSIONS if size <= LARGEST_DENSE], most, lambda size: "dense", power=2),
    ]
    return by_rows, by_dimension


def swept(model, sizes, most, metric_of, power=1):
    """The `Series` of a model; each cost is printed as it comes."""
    sizes = [size for size in sizes if size <= most]
    cost(model, sizes[0], "none")  # compiles, where nothing is on disk
    costs = []
    for size in sizes:
        costs.append(cost(model, size, metric_of(size)))
        print_cost(costs[-1])
    print(flush=True)
    return Series(model, metric_of(sizes[0]), tuple(costs), tuple(sizes), power)


HEADINGS = ("model", "metric", "rows", "dimension", "gradient", "a row", "step", "steps", "draw", "data", "peak")


def print_headings():
    """What stands above the costs."""
    print("{:9}{:9}{:>10}{:>10}{:>10}{:>10}{:>10}{:>8}{:>10}{:>10}{:>8}".format(*HEADINGS))


def print_cost(c):
    """A line of the table."""
    metric = "" if c.metric == "none" else c.metric
    print(f"{c.model:9}{metric:9}{c.rows:10,}{c.dimension:10,}{time_in_words(c.gradient):>10}", end="")
    print(f"{c.gradient / c.rows * 1e9:7.2f} ns{time_in_words(c.step):>10}", end="")
    print(f"{'' if math.isnan(c.steps) else f'{c.steps:.1f}':>8}{time_in_words(c.draw):>10}", end="")
    print(f"{c.data_bytes / 1e6:7.2f} MB{c.peak / 1e6:5.0f} MB", flush=True)


def print_growth(by_rows, by_dimension):
    """Slopes, and what one more row or parameter costs."""
    named = [(series, "row") for series in by_rows] + [(series, "parameter") for series in by_dimension]
    print("Slopes of log value against log size, +- standard error: over all sizes, and over the upper half of them;")
    print("and value = fixed + each * size (of dense metrics: size squared), with its largest error over all sizes")
    for series, unit in named:
        for name in ("gradient", "step", "draw"):
            sizes, values = series.values(name)
            if len(sizes) > 3 and not (series.power == 2 and name == "gradient"):  # that one has been seen
                print_slopes(f"{series.model}, {series.metric}: {name} by {unit}", sizes, values, series.power)
    print("\nPeak memory, a line through the sizes from the middle up")
    for series, _ in named:
        half = len(series.sizes) // 2
        sizes, values = series.values("peak")
        fit, data = line(sizes[half:] ** series.power, values[half:]), series.costs[-1].data_bytes / sizes[-1]
        print(f"{series.model}, {series.metric}: {fit.fixed / 1e6:.0f} MB + {fit.each:.0f} bytes each", end="")
        print(" of the metric's numbers" if series.power == 2 else f", data {data:.0f}", end="")
        print(f", within {100 * fit.worst:.0f}%")


def print_slopes(label, sizes, values, power):
    """A line of slopes, and of the line with a fixed part."""
    half, fit = len(sizes) // 2, line(sizes**power, values)
    parts = (slope(sizes, values), slope(sizes[half:], values[half:]))
    print(f"{label:34}" + "".join(f" {part.beside(power):30}" for part in parts), end="")
    print(f" {time_in_words(max(fit.fixed, 1e-9))} + {time_in_words(fit.each)} each, within {100 * fit.worst:.0f}%")


def print_reading(by_rows):
    """What adding up as many numbers as a model's data have costs, beside its gradient: memory's share of it."""
    print("\nReading alone: the sum of as many bytes as the data have, beside the gradient")
    print(f"caches of a core: {caches()}")
    for series in by_rows:
        for c in series.costs[-3:]:
            numbers = np.ones(c.data_bytes // 8)
            reading = seconds_per_call(lambda count, numbers=numbers: [numbers.sum() for _ in range(count)])
            print(f"{c.model:9}{c.data_bytes / 1e6:8.2f} MB  {c.data_bytes / reading / 1e9:6.1f} GB/s", end="")
            print(f"  {100 * reading / c.gradient:4.0f}% of the gradient")


def caches():
    """The sizes of this machine's caches, in words."""
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found) or "unknown"


def main():
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", metavar="FILE.png", help="draw the plot there")
    parser.add_argument("--most", type=int, default=10**9, help="leave out what is larger (at least 10,000)")
    arguments = parser.parse_args()
    if arguments.most < 10_000:
        parser.error(f"--most = {arguments.most} leaves too few sizes for a slope; 10000 is the least")
    print_headings()
    by_rows, by_dimension = measured(arguments.most)
    print_growth(by_rows, by_dimension)
    pin_to_one_core()
    print_reading(by_rows)
    if arguments.out:
        from benchmarks.scale_plot import drawn
        from figures.drawing.style import save

        print(f"\n{save(drawn(by_rows, by_dimension), arguments.out)}")


if __name__ == "__main__":
    main()
