"""Does a log density have jumps, or poles where its integral is infinite?

The gradient does not show jumps, and a sampler that follows the gradient runs over them. Along a line, a log density
changes by the integral of its slope. A stretch where the two differ is halved, again and again. For a smooth density
the difference vanishes with the cube of the length, for a kink with the length; for a jump it stays. It also stays for
a pole, where the slope grows without bound: if the log density is -k times the log of the distance, the integral is
infinite for k of 1 or more.
"""

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from hmc.checking.findings import Fault, place
from hmc.checking.probe import Probe
from hmc.parameters import blocks

_LINES = 6
_REACHES = (3.0, 8.0)  # on every other line each component goes from -3 to 3 or back
_PIECES = 1024  # into which a line is cut, so that something as wide as a piece has a point in it
_FEWEST = 16  # pieces, of a density that is slow
_MOST_TIME = 0.1  # seconds for the first look at all lines
_MOST_CALLS = 1500  # for a line
_MATTERS = 20.0  # an end of the density so far below the highest point of the line does no harm
_SHORTEST = 2.0**-34  # of a line's length

_Point = tuple[float, float, float]  # on a line: how far along (0 to 1), log density, slope along the line


def jump_findings(
    probe: Probe, rng: np.random.Generator, bases: Sequence[np.ndarray], draws: Sequence[np.ndarray]
) -> list[Fault]:
    """A finding for each component along which the density jumps, and one for jumps along no single component.

    Some lines go through the first of `bases`, and some through pairs of `draws` from the prior, where jumps matter.
    """
    found: dict[tuple[str, str], Fault] = {}
    dimension = probe.model.dimension
    reaches = [_REACHES[k % len(_REACHES)] for k in range(_LINES)]
    ends = [reach * rng.choice([-1.0, 1.0], dimension) + rng.uniform(-0.2, 0.2, dimension) for reach in reaches]
    lines = [(end, -end + rng.uniform(-0.1, 0.1, dimension)) for end in ends]
    for _, part in blocks(probe.model.parameters) if bases else ():  # and one component of each parameter alone
        start, end = bases[0].copy(), bases[0].copy()
        start[part.start], end[part.start] = -_REACHES[-1], _REACHES[-1] + 0.1
        lines.append((start, end))
    lines += [(a - 0.5 * (b - a), b + 0.5 * (b - a)) for a, b in zip(draws[::2], draws[1::2], strict=False)]
    lines = lines[: probe.fewer(len(lines))]
    pieces = min(_PIECES, max(_FEWEST, int(_MOST_TIME / (len(lines) * probe.seconds))))
    for start, end in lines:
        for below, above, is_jump in _breaks(probe, start, end, pieces):
            if finding := (_finding if is_jump else _pole)(probe, below, above):
                found.setdefault((finding.kind, finding.component), finding)
    return list(found.values())


def _breaks(
    probe: Probe, start: np.ndarray, end: np.ndarray, pieces: int
) -> Iterator[tuple[np.ndarray, np.ndarray, bool]]:
    """(position, position close to it on the line, whether the density jumps between them; if not, it has a pole)."""
    way = end - start

    def at(t: float) -> _Point:
        value, gradient = probe.both(start + t * way)
        return t, value, float(np.dot(gradient, way))

    points = [at(k / pieces) for k in range(pieces + 1)]
    highest = max(value for _, value, _ in points)
    # A heap with the largest difference first, so that a jump is followed to its end at once.
    waiting: list[tuple[float, _Point, _Point]] = []
    for a, b in itertools.pairwise(points):
        heapq.heappush(waiting, (-_missing(a, b), a, b))
    for _ in range(probe.fewer(_MOST_CALLS)):
        if not waiting:
            return
        negative, a, b = heapq.heappop(waiting)
        missing = -negative
        if missing <= 1e-3 + 1e-10 * abs(a[1]):
            return
        if b[0] - a[0] <= _SHORTEST:
            is_far_down = -math.inf in (a[1], b[1]) and max(a[1], b[1]) < highest - _MATTERS
            if not is_far_down:
                slopes = [abs(end[2]) for end in (a, b) if math.isfinite(end[1])]
                is_jump = sum(slopes) * (b[0] - a[0]) < 0.1 * missing  # not so at the pole of log |x|
                yield start + a[0] * way, start + b[0] * way, is_jump
            continue
        middle = at(0.5 * (a[0] + b[0]))
        for stretch in ((a, middle), (middle, b)):
            heapq.heappush(waiting, (-_missing(*stretch), *stretch))


def _missing(a: _Point, b: _Point) -> float:
    """The difference between a stretch's change and the integral of its slope (trapezoid); 1 where the density ends."""
    if math.isfinite(a[1]) != math.isfinite(b[1]) and -math.inf in (a[1], b[1]):
        return 1.0
    change = (b[1] - a[1]) - 0.5 * (b[0] - a[0]) * (a[2] + b[2])
    return abs(change) if math.isfinite(change) else 0.0


def _pole(probe: Probe, below: np.ndarray, above: np.ndarray) -> Fault | None:
    """The finding for a pole where the integral is infinite, or None.

    If the log density is -k log d at the distance d, plus something smooth, then 1 / slope is -d / k. Its change gives
    k without the exact place of the pole.
    """
    width = np.linalg.norm(above - below)
    for away in ((above - below) / width, (below - above) / width):
        distances = width * np.array([2.0**4, 2.0**8])
        values, gradients = zip(*(probe.both(0.5 * (below + above) + d * away) for d in distances), strict=True)
        strength = -np.diff(distances)[0] / np.diff(1.0 / (np.array(gradients) @ away))[0]
        if strength > 1.0 - 1e-5 and values[0] - values[1] > 0.7 * strength * math.log(2.0**4):
            steep = np.abs(gradients[0])
            alone = np.flatnonzero(steep > 1e-3 * steep.max())
            name = probe.names[alone[0]] if alone.size == 1 else ""
            at = f"{name} (component {alone[0]}) = {below[alone[0]]:.6g}, unconstrained"
            message = f"the log density rises like {strength:.4g} times -log of the distance towards "
            message += at if name else place(probe.model, below)
            advice = "Keep it away from there by a prior or a constraint; or look for a division by what may be 0."
            return Fault("improper", name, f"{message}: its integral is infinite, the posterior improper", advice)
    return None


def _finding(probe: Probe, below: np.ndarray, above: np.ndarray) -> Fault:
    """The finding for a jump; it names the component along which the density jumps, if that is a single one."""
    low, high = probe.value(below), probe.value(above)
    ends = not (math.isfinite(low) and math.isfinite(high))
    what = f"ends, and is {max(low, high):.4g} up to there," if ends else f"jumps by {abs(high - low):.4g}"
    advice = (
        "A sampler that follows gradients cannot see a jump: make the density continuous, or sum over the cases it "
        "stands for."
    )
    if ends:
        advice = (
            "A sampler that follows gradients runs over it: declare the constraint, hmc.lower(...) say, that it obeys."
        )
    for i, name in enumerate(probe.names):
        moved = below.copy()
        moved[i] = above[i]
        value = probe.value(moved)
        if math.isfinite(value) != math.isfinite(low) if ends else abs(value - low) > 0.5 * abs(high - low):
            message = f"the log density {what} at {name} (component {i}) = {below[i]:.6g}"
            return Fault("jump", name, f"{message}, unconstrained", advice)
    message = f"the log density {what} at {place(probe.model, below)}, along no single component"
    return Fault("jump", "", message, advice)
