"""NUTS as the papers write it: recursive, allocating, in their symbols. Read `nuts.py` after it.

`hmc/sampler/nuts.py` is the fast code. From the same random generator, with a diagonal or dense metric, both give the
same draws and statistics, bit for bit, which the tests assert; no chain runs this one.

`build_tree` and `transition` are algorithm 6 of Hoffman & Gelman (2014), "The No-U-Turn sampler", without its step size
adaptation, and with four changes that came later:

* The slice is gone. The paper draws u uniformly below exp(-H_0); a leaf counts (n' = 1) if its exp(-H) is above u, and
  all leaves that count are equally likely. Here each leaf counts with its weight, n' = exp(H_0 - H), and is drawn in
  proportion to that: multinomial sampling, Betancourt (2017), "A conceptual introduction to Hamiltonian Monte Carlo",
  A.2. The sums and ratios of n' are the paper's, and so is the loop's min(1, n'/n), which favours leaves far from the
  start: biased progressive sampling, A.3.2. A weight is at most e^600: `weight_of` in `hmc/sampler/outcome.py`.
* A stretch turns where rho, the sum of its momenta, no longer points forward at both of its ends. The paper has
  theta+ - theta- in place of rho, which is about epsilon rho where L = I. Betancourt (2017), A.4.2.
* Where two trees are joined, two more stretches are checked: each tree with the other's nearest leaf (Stan 2.21).
* There is a metric, M^-1 = L L'. The momentum is still the paper's, r ~ Normal(0, I): `hmc/sampler/metric.py`, where it
  is called p, has the algebra.

Three symbols mean something else in other files or papers:

* L here is always the factor of the metric. The papers write a script L for the log density, which is `target` here.
* r here is whitened: this file's r is metric.py's p; metric.py's r and v are the papers' momentum and the velocity.
  This file's v is a direction.
* `hamiltonian` here is the function H. The fast code's `Hamiltonian` is a tuple of density, data and metric.

Symbols here, their meaning with the papers' symbol, and their names in the fast code (a dash: no counterpart):

    here                      meaning, papers' symbol                fast code
    theta, r                  position, momentum; Betancourt: q, p   PhasePoint: position, momentum (whitened)
    target(theta)             log density and its gradient           Hamiltonian: density; PhasePoint: gradient
    L                         M^-1 = L L'                            Metric: scale, or factor and factor_transposed
    epsilon, j_max            step size, most doublings              Reach: step_size, max_depth
    Dynamics                  target, L and epsilon                  Hamiltonian, with Flow: step_size
    hamiltonian(...), h_0     H = U + K, and H of the start          energy_of, start_energy

    build_tree                BuildTree                              double, a loop over its leaves
    Tree                      what BuildTree returns                 a span, a row of Spans; the loop's is the trunk
    leaf                      a tree of one leaf                     add_leaf
    v                         direction, -1 or 1                     direction: BACKWARD or FORWARD
    j of build_tree           height of a tree: 2^j leaves           depth (of a doubling), level (within one)
    near, far                 the tree built first, and second       earlier, later
    chosen                    the tree that supplies theta'          draw_proposal (in a doubling), take_proposal
    n_prime                   n'                                     weight
    s_prime                   s': 1 to go on, 0 to stop              termination: GOING_ON, or why it stops
    alphas                    n'_alpha terms, with the sum alpha'    Growth: n_leaves, acceptance_sum

    theta_minus, theta_plus   theta-, theta+: ends, in time          of the trunk, Trajectory: ends; of others -
    r_minus, r_plus           r-, r+: momenta there                  first, last: in the order of building;
                                                                     of the trunk, the backward and the forward end's
    rho                       rho                                    momentum_sum
    theta_prime               theta', drawn from the leaves          proposal: position, gradient, log_density
    r_prime                   r', the momentum at theta'             - (its energy alone is kept)

    j, s of the loop          j, s                                   tree_depth, termination
    alpha, n_alpha            alpha, n_alpha                         acceptance_sum, n_leaves
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hmc.numerics import dot
from hmc.sampler.normals import standard_normal
from hmc.sampler.outcome import (
    DIVERGENCE,
    GOING_ON,
    MAX_DEPTH,
    SUBTREE_U_TURN,
    U_TURN,
    Outcome,
    is_divergent,
    weight_of,
)

Floats: TypeAlias = NDArray[np.float64]


class Dynamics(NamedTuple):
    """All that a leapfrog step depends on."""

    target: Callable[[Floats], tuple[float, Floats]]  # theta -> (log density, gradient)
    L: Floats  # M^-1 = L L': lower triangular (dimension, dimension), or a diagonal (dimension,)
    epsilon: float


class Tree(NamedTuple):
    """A stretch of the trajectory: its two ends, one leaf drawn from it, and sums over its leaves."""

    theta_minus: Floats
    r_minus: Floats
    theta_plus: Floats
    r_plus: Floats
    rho: Floats
    theta_prime: Floats
    r_prime: Floats
    n_prime: float
    s_prime: int
    alphas: list[float]  # of min(1, exp(H_0 - H)), one a leapfrog step


# The tree.


def build_tree(
    dynamics: Dynamics, theta: Floats, r: Floats, v: int, j: int, h_0: float, rng: np.random.Generator
) -> Tree:
    """The tree of 2^j leapfrog steps on from (theta, r) in the direction v; fewer if it stops early."""
    if j == 0:
        theta, r = leapfrog(dynamics, theta, r, v)
        error = hamiltonian(dynamics, theta, r) - h_0
        if is_divergent(error):
            return leaf(theta, r, 0.0, DIVERGENCE, [0.0])
        n_prime = weight_of(error)  # exp(H_0 - H), at most e^600
        return leaf(theta, r, n_prime, GOING_ON, [min(1.0, n_prime)])
    near = build_tree(dynamics, theta, r, v, j - 1, h_0, rng)
    if near.s_prime != GOING_ON:
        return near
    far = build_tree(dynamics, *end_of(near, v), v, j - 1, h_0, rng)
    if far.s_prime != GOING_ON:
        return far._replace(alphas=near.alphas + far.alphas)
    n_prime = max(near.n_prime + far.n_prime, np.finfo(float).tiny)  # both may have underflowed to 0
    chosen = near if rng.random() < near.n_prime / n_prime else far
    return join(near, far, v, chosen, SUBTREE_U_TURN)


def leaf(theta: Floats, r: Floats, n_prime: float, s_prime: int, alphas: list[float]) -> Tree:
    """A tree of one leaf, a point of the trajectory: the start, or where a leapfrog step ends."""
    return Tree(theta, r, theta, r, r, theta, r, n_prime, s_prime, alphas)


def end_of(tree: Tree, v: int) -> tuple[Floats, Floats]:
    """(theta, r) at the end of a tree in the direction v."""
    return (tree.theta_plus, tree.r_plus) if v == 1 else (tree.theta_minus, tree.r_minus)


def join(near: Tree, far: Tree, v: int, chosen: Tree, turning: int) -> Tree:
    """Two trees, `far` on from `near` in the direction v, as one with the chosen one's leaf.

    s' is `turning` if the joined tree turns, as a whole or across the join: either tree with the other's nearest leaf.
    """
    left, right = (near, far) if v == 1 else (far, near)
    is_turning = (
        turns(left.rho + right.rho, left.r_minus, right.r_plus)
        or turns(left.rho + right.r_minus, left.r_minus, right.r_minus)
        or turns(left.r_plus + right.rho, left.r_plus, right.r_plus)
    )
    return Tree(
        theta_minus=left.theta_minus, r_minus=left.r_minus,
        theta_plus=right.theta_plus, r_plus=right.r_plus,
        rho=left.rho + right.rho,
        theta_prime=chosen.theta_prime, r_prime=chosen.r_prime,
        n_prime=near.n_prime + far.n_prime,
        s_prime=turning if is_turning else GOING_ON,
        alphas=near.alphas + far.alphas,
    )  # fmt: skip


def turns(rho: Floats, r_minus: Floats, r_plus: Floats) -> bool:
    """Whether a stretch with this sum of momenta, and these at its ends, turns back on itself."""
    return not (in_order(rho * r_minus) > 0 and in_order(rho * r_plus) > 0)


# The loop.


def transition(
    dynamics: Dynamics, theta: Floats, r: Floats, j_max: int, rng: np.random.Generator
) -> tuple[Floats, Outcome]:
    """(the draw, its Outcome) of one transition from theta, whose momentum r is drawn."""
    h_0 = hamiltonian(dynamics, theta, r)
    tree = leaf(theta, r, 1.0, GOING_ON, [])
    j, s, alpha, n_alpha = 0, GOING_ON, 0.0, 0
    while s == GOING_ON and j < j_max:
        v = 1 if rng.random() < 0.5 else -1
        new = build_tree(dynamics, *end_of(tree, v), v, j, h_0, rng)
        alpha, n_alpha = alpha + in_order(new.alphas), n_alpha + len(new.alphas)  # of leaves that are not used, too
        s = new.s_prime
        if s == GOING_ON:
            chosen = new if rng.random() < new.n_prime / tree.n_prime else tree
            tree = join(tree, new, v, chosen, U_TURN)
            s = tree.s_prime
            j += 1
    return tree.theta_prime, Outcome(
        log_density=dynamics.target(tree.theta_prime)[0],
        energy=hamiltonian(dynamics, tree.theta_prime, tree.r_prime),
        acceptance_rate=alpha / max(n_alpha, 1),
        tree_depth=j,
        n_steps=n_alpha,
        micro_steps=n_alpha,
        termination=MAX_DEPTH if s == GOING_ON else s,
    )


def chain(
    dynamics: Dynamics, theta: Floats, transitions: int, j_max: int, rng: np.random.Generator
) -> tuple[Floats, list[Outcome]]:
    """(draws (transitions, dimension), their Outcomes) of a chain from theta."""
    draws, outcomes = [], []
    with np.errstate(all="ignore"):  # a step that diverges may overflow
        for _ in range(transitions):
            r = np.array([standard_normal(rng.bit_generator) for _ in theta])
            theta, outcome = transition(dynamics, theta, r, j_max, rng)
            draws.append(theta)
            outcomes.append(outcome)
    return np.array(draws), outcomes


# The dynamics.


def leapfrog(dynamics: Dynamics, theta: Floats, r: Floats, v: int) -> tuple[Floats, Floats]:
    """(theta, r) after a step of length epsilon in the direction v."""
    h = v * dynamics.epsilon
    r = plus(r, h / 2, dynamics.L.T, dynamics.target(theta)[1])
    theta = plus(theta, h, dynamics.L, r)
    r = plus(r, h / 2, dynamics.L.T, dynamics.target(theta)[1])
    return theta, r


def hamiltonian(dynamics: Dynamics, theta: Floats, r: Floats) -> float:
    """H = r'r / 2 - log density."""
    return 0.5 * dot(r, r) - dynamics.target(theta)[0]


# Sums of floating-point numbers depend on their order. `numerics.dot` and these two add in that of the fast code; with
# NumPy's own (`r @ r`, `x + h * (matrix @ y)`, `np.sum`) draws would agree to some 15 digits at first, then part.


def plus(x: Floats, h: float, matrix: Floats, y: Floats) -> Floats:
    """x + h matrix y, column by column; a diagonal matrix may be given as (dimension,)."""
    if matrix.ndim == 1:
        return x + h * (matrix * y)
    for column, weight in zip(matrix.T, h * y, strict=True):
        x = x + weight * column
    return x


def in_order(terms: Floats | list[float]) -> float:
    """The sum of terms, from the first to the last."""
    return np.cumsum(terms)[-1]
