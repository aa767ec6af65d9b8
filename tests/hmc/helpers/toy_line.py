"""A line of sites in place of leapfrog dynamics, on which the probabilities of a transition are computed exactly.

Every site has an energy and a momentum of its own choosing; a leapfrog step moves to the neighbouring site. That is
all the trees of `hmc/sampler/nuts.py` see of the dynamics, so that what holds on every line holds for every model.

The point of phase space is (position[0] = site, momentum of the site); its "gradient" is the indicator of the site,
one number per site. A tree carries the gradient along with its proposal: so the row tells who was proposed.
"""

import itertools
import math
import types
from typing import NamedTuple

import numpy as np

from hmc.jit.copying import copied, substituted
from hmc.sampler import nuts, textbook
from hmc.sampler.phase_space import PhasePoint, Reach, Start

FORWARD = True


class Line(NamedTuple):
    """Sites 0, 1, ...; beyond its ends the energy is infinite."""

    energies: np.ndarray  # (sites,) inf where a step diverges
    momenta: np.ndarray  # (sites, dimension)


def random_line(rng, sites, dimension, turning_angle, noise=0.3):
    """A line whose momenta turn steadily by `turning_angle` a site, with noise; energies of either sign."""
    angles = turning_angle * np.arange(sites) + rng.uniform(0, 2 * np.pi)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, :dimension]
    return Line(rng.normal(size=sites), circle + noise * rng.normal(size=(sites, dimension)))


# (dimension, angle by which the momentum turns per site): from no turn within 2^5 leaves to a turn within two.
SHAPES = [(1, 0.02), (1, 0.15), (1, 0.6), (2, 0.0), (2, 0.1), (2, 0.25), (2, 0.5), (2, 1.0), (2, 2.5)]


def lines(sites, seed=1):
    """Lines of every shape, smooth and rough."""
    rng = np.random.default_rng(seed)
    return [random_line(rng, sites, *shape, noise=noise) for shape in SHAPES for noise in (0.0, 0.3, 1.5)]


def with_divergent_sites(sites, seed=2):
    """The same with two divergent sites each."""
    for line in lines(sites, seed):
        rng = np.random.default_rng(seed)
        line.energies[rng.choice(sites, size=2, replace=False)] = math.inf
        yield line


def dynamics(line):
    """`leapfrog` and `energy_of` of the line, to be put in the place of the real ones."""
    sites = len(line.energies)

    def leapfrog(hamiltonian, point, step_size):
        site = int(point.position[0]) + (1 if step_size > 0 else -1)
        inside = 0 <= site < sites
        point.position[0] = site
        point.momentum[:] = line.momenta[site] if inside else 0.0
        point.gradient[:] = np.arange(sites) == site
        return -line.energies[site] if inside else -math.inf

    def energy_of(log_density, momentum):
        return -log_density

    return {"leapfrog": leapfrog, "energy_of": energy_of}


def start_at(line, site):
    """A transition's start at a site."""
    indicator = (np.arange(len(line.energies)) == site).astype(float)
    return Start(PhasePoint(np.array([float(site)]), line.momenta[site].copy(), indicator), -line.energies[site])


def buffers(line, max_depth):
    """A trajectory's memory, with room for the indicators of sites in place of gradients."""
    sites, dimension = line.momenta.shape
    trajectory = nuts.make_trajectory(dimension, max_depth)
    ends = trajectory.ends._replace(position=np.zeros((2, 1)), gradient=np.zeros((2, sites)))
    spans = trajectory.spans._replace(position=np.zeros((max_depth + 1, 1)), gradient=np.zeros((max_depth + 1, sites)))
    return nuts.Trajectory(ends, spans)


def run(transition, line, site, rng, max_depth, stop=0):
    """(where it ended: the indicator of the site, outcome) of one transition."""
    start = start_at(line, site)
    reach = Reach(step_size=1.0, max_depth=max_depth, path_length=math.nan)
    outcome = transition(None, start, buffers(line, max_depth), reach, rng, np.array([stop]))
    return start.point.gradient, outcome


def run_textbook(line, site, rng, max_depth):
    """`run` of the textbook's transition."""
    sites = len(line.energies)

    def energy_at(theta):
        return line.energies[int(theta[0])] if 0 <= theta[0] < sites else math.inf

    def leapfrog(dynamics, theta, r, v):
        site = int(theta[0]) + v
        return np.array([float(site)]), line.momenta[site] if 0 <= site < sites else np.zeros_like(r)

    transition = copied(
        textbook.transition,
        lambda item: getattr(item, "__module__", None) == textbook.__name__ and isinstance(item, types.FunctionType),
        replacements={"leapfrog": leapfrog, "hamiltonian": lambda dynamics, theta, r: energy_at(theta)},
    )
    dynamics = textbook.Dynamics(lambda theta: (-energy_at(theta), None), None, 1.0)
    theta, outcome = transition(dynamics, np.array([float(site)]), line.momenta[site], max_depth, rng)
    return (np.arange(sites) == theta[0]).astype(float), outcome


# All random outcomes, one by one: nothing of the tree is replaced but the dynamics.


class Branching:
    """A generator whose uniforms are compared as `script` says, then always True; the outcome's probability is kept."""

    def __init__(self, script):
        self.script = list(script)
        self.taken = []
        self.probability = 1.0

    def random(self):
        return self

    def __lt__(self, probability):
        if probability >= 1.0 or probability <= 0.0:
            return probability >= 1.0
        answer = self.script[len(self.taken)] if len(self.taken) < len(self.script) else True
        self.taken.append(answer)
        self.probability *= probability if answer else 1.0 - probability
        return answer


def all_outcomes(run_with):
    """(probability, result) of `run_with(rng)` for every way its comparisons can come out."""
    script = []
    while True:
        rng = Branching(script)
        result = run_with(rng)
        yield rng.probability, result
        script = rng.taken
        while script and not script[-1]:
            script.pop()
        if not script:
            return
        script[-1] = False


def enumerated_row(transition, line, site, max_depth):
    """Row `site` of the transition matrix, from every outcome of every random number."""
    results = all_outcomes(lambda rng: run(transition, line, site, rng, max_depth))
    return sum(probability * end for probability, (end, _) in results)


# The same for deep trees: directions one by one, but proposals carried as distributions over sites.


class Mixing:
    """A generator with given directions. A comparison for a proposal is always True, and its probability noted."""

    def __init__(self, directions):
        self.directions = iter(directions)
        self.is_choosing_direction = True
        self.probability = math.nan

    def random(self):
        return self

    def __lt__(self, probability):
        if self.is_choosing_direction:
            self.is_choosing_direction = False
            return next(self.directions)
        self.probability = min(1.0, probability)
        return True


def given_directions(line, site, directions, **broken):
    """(distribution over sites, outcome) of a NUTS transition whose doublings go in the given directions.

    In place of taking a proposal with probability p, the two proposals' distributions are mixed with weight p.
    `broken`: kernels to put in place of those of hmc/sampler/nuts.py, each a function of the parts of joining to build
    it from.
    """
    rng = Mixing(directions)

    def take_proposal(spans, source, target):
        spans.gradient[target] += rng.probability * (spans.gradient[source] - spans.gradient[target])

    joining = {"take_proposal": take_proposal}
    parts = dynamics(line) | joining | {name: make(joining) for name, make in broken.items()}
    join_real = parts.get("join_trunk") or substituted(nuts.join_trunk, **joining)

    def join_trunk(*arguments):
        is_turning = join_real(*arguments)
        rng.is_choosing_direction = True  # the next random number is the next doubling's direction
        return is_turning

    transition = substituted(nuts.transition, **(parts | {"join_trunk": join_trunk}))
    return run(transition, line, site, rng, len(directions))


def all_directions(max_depth):
    """Every tuple of directions of `max_depth` doublings."""
    return itertools.product((not FORWARD, FORWARD), repeat=max_depth)


def mixed_row(line, site, max_depth, **broken):
    """Row `site` of the NUTS transition matrix."""
    rows = [given_directions(line, site, d, **broken)[0] for d in all_directions(max_depth)]
    return np.mean(rows, axis=0)


def matrix(row_of, line, sites=None):
    """The transition matrix, row by row; divergent sites cannot be a start and stay where they are."""
    rows = np.eye(len(line.energies))
    for site in range(len(line.energies)) if sites is None else sites:
        if line.energies[site] < math.inf:
            rows[site] = row_of(site)
    return rows


def imbalance(line, rows, sites=slice(None)):
    """The largest |pi_i T(i -> j) - pi_j T(j -> i)| over pairs of sites, pi summing to 1."""
    weights = np.exp(-line.energies)
    flow = (weights / weights.sum())[:, None] * rows
    flow = flow[sites, sites]
    return np.abs(flow - flow.T).max()
