"""The numbers of docs/planning.md: what large work costs, measured small and extrapolated, and how far that is off.

    python benchmarks/planning.py [--write]

Measures (`planning_measures.py`) and prints the page's block of tables; --write puts it into the page. Every
extrapolation says what it was made from, and one larger case of each kind is measured to check it.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # before this folder, whose models.py is not the package

import numpy as np

from benchmarks.planning_measures import BATCHES, CHECKED_REPLICATIONS, SENT, TEN_MILLION, measure
from benchmarks.scale import line
from benchmarks.scaling import MILLION
from benchmarks.words import duration, size

PAGE = Path(__file__).parents[1] / "docs" / "planning.md"
BEGIN = "<!-- begin: what `python benchmarks/planning.py --write` writes -->"
END = "<!-- end -->"
MANY = 10_000  # replications
CLUSTER = 64  # cores
TRANSITIONS = 2000  # of a chain
LARGE_DIMENSION = 10_000


def block(measures):
    """The page's block: all its numbers, from `Measures`."""
    parts = (replications, rows, workers, files)
    head = f"Measured on one core ({measures.machine}), in seconds of the processor."
    return "\n\n".join([BEGIN, head, *(part(measures) for part in parts), END])


def replications(measures):
    """What calibrations cost."""
    out = []
    for m in measures.replicating:
        total = m.start + m.each * MANY
        each = f"{duration(m.each)} ± {duration(m.error)}"
        out.append((f"`{m.model}`", f"{BATCHES} x {m.batch}", each, duration(total), duration(total / CLUSTER)))
    heads = ("model", "measured", "a replication", f"{MANY:,} on one core", f"on {CLUSTER} cores")
    (m,) = (m for m in measures.replicating if m.checked == m.checked)
    check = checked(f"{CHECKED_REPLICATIONS:,} of `{m.model}`", m.start + m.each * CHECKED_REPLICATIONS, m.checked)
    return f"### Calibration\n\n{table(heads, out)}\n\n{check}"


def rows(measures):
    """What a gradient and a chain cost by rows."""
    out, checks = [], []
    for r in measures.rows:
        last = r.costs[-1]
        sizes = np.array([c.rows for c in r.costs])
        fit = line(sizes, np.array([c.gradient for c in r.costs]))
        each = [duration(c.gradient / c.rows) for c in (r.million, r.large)]
        chain = duration(TRANSITIONS * last.steps * r.large.gradient)
        measured = f"{sizes[0]:,} to {sizes[-1]:,}"
        out.append(
            (f"`{last.model}`", f"{last.dimension}", measured, duration(fit.each), *each, f"{last.steps:.1f}", chain)
        )
        for c in (r.million, r.large):
            predicted = fit.fixed + fit.each * c.rows
            checks.append(checked(f"a gradient of `{c.model}` of {c.rows:,} rows", predicted, c.gradient))
    heads = ("model", "parameters", "rows measured", "gradient, a row", f"of {MILLION:,}", f"of {TEN_MILLION:,}")
    heads += ("steps a draw", f"chain of {TRANSITIONS:,} transitions, {TEN_MILLION:,} rows")
    return "\n\n".join(["### Rows", table(heads, out), "\n".join(f"- {check}" for check in checks), reading(measures)])


def reading(measures):
    """What making a model of a table costs."""
    (r,) = (r for r in measures.rows if r.million.model == "m0")
    each = r.costs[-1].building / r.costs[-1].rows
    check = checked(f"`m0` of a table of {MILLION:,} rows", each * MILLION, r.million.building)
    return f"A table of {TEN_MILLION:,} rows is checked and read in {duration(each * TEN_MILLION)}. {check}"


def workers(measures):
    """What data cost on their way to worker processes, and there."""
    first, second, third = measures.sending
    heads = (f"`{SENT}`, 2 workers", "data", "sent to each worker", "in", "this process at most", "a worker at most")
    out = [
        (f"{s.rows:,} rows", *map(size, (s.data, s.pickled)), duration(s.seconds), *map(size, (s.parent, s.worker)))
        for s in measures.sending
    ]
    parent, worker = (through(first, second, kind)(third.rows) for kind in ("parent", "worker"))
    check = (
        f"Check: of {third.rows:,} rows, the memory of this process was {third.parent / parent:.2f} times the "
        f"{size(parent)} predicted from the others, and a worker's {third.worker / worker:.2f} times {size(worker)}."
    )
    return f"### Workers\n\n{table(heads, out)}\n\n{check}"


def through(first, second, kind):
    """The straight line through two measures of a kind: a function of rows."""
    each = (getattr(second, kind) - getattr(first, kind)) / (second.rows - first.rows)
    return lambda count: getattr(first, kind) + each * (count - first.rows)


def files(measures):
    """What draws take in memory and in files."""
    share = measures.keeping[-2].file / measures.keeping[-2].memory

    def memory(dimension, transitions, draws):  # of a chain: draws, statistics and the metric
        return draws * 8 * dimension + transitions * measures.statistics + 8 * dimension

    heads = ("`mST`", "transitions", "draws kept", "arrays", "file", "saved in")
    out = [
        (f"dimension {k.dimension:,}", f"{k.rows}", f"{k.draws}", size(k.memory), size(k.file), duration(k.seconds))
        for k in measures.keeping
    ]
    last = measures.keeping[-1]
    predicted, large = memory(last.dimension, last.rows, last.draws), 4 * memory(LARGE_DIMENSION, 2000, 1000)
    formula = (
        f"A draw takes 8 bytes for each dimension, a transition {measures.statistics} bytes of statistics; a file is "
        f"about as large. Four chains of 1,000 + 1,000 transitions in {LARGE_DIMENSION:,} dimensions: {size(large)}. "
        f"Log likelihoods are 8 bytes for each draw and observation: {size(4000 * 8 * MILLION)} for {MILLION:,} rows."
    )
    check = (
        f"Check: of dimension {last.dimension:,}, {size(predicted)} of arrays were predicted, and "
        f"{size(share * predicted)} of file; it was {size(last.memory)} and {size(last.file)}."
    )
    return f"### Files\n\n{table(heads, out)}\n\n{formula}\n\n{check}"


def checked(what, predicted, measured):
    """A sentence on an extrapolation."""
    ratio = f"{measured / predicted:.2f} times the {duration(predicted)} that were predicted"
    return f"Check: {what} took {duration(measured)}, {ratio}."


def table(heads, out):
    """A table in Markdown."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *out]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def written(page, new):
    """The text of the page with its block replaced; ValueError where the page has no block, or several."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"{PAGE.name}: there is no one block between {BEGIN} and {END}")
    before, rest = page.split(BEGIN)
    return before + new + rest.split(END)[1]


def main():
    """Measure and print, or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the block into docs/planning.md")
    arguments = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    written(page, "")  # before minutes are spent on what has no place
    new = block(measure(lambda text: print(text, file=sys.stderr, flush=True)))
    if arguments.write:
        PAGE.write_text(written(page, new), encoding="utf-8")
    else:
        print(new)


if __name__ == "__main__":
    main()
