"""The NUTS tree as one writes it first: recursively, with lists of leaves. The oracle of `hmc/sampler/nuts.py`.

Betancourt (2017), appendix A: multinomial sampling within subtrees, biased progressive sampling between them, the
generalised U-turn criterion; and the two further checks across the join of subtrees that Stan makes since 2.21.
Instead of a random draw, a tree carries the distribution of its draw over all sites of a line.
"""

import math
from typing import NamedTuple

import numpy as np

from hmc.sampler.outcome import DIVERGENCE, MAX_DEPTH, SUBTREE_U_TURN, U_TURN


class Tree(NamedTuple):
    leaves: list  # sites, in the order of time
    weight: float  # sum over leaves of exp(start energy - energy)
    draw: np.ndarray  # (sites,) probabilities of the leaves to be the tree's draw
    acceptance_sum: float  # sum of min(1, exp(start energy - energy)) over all leaves that were visited
    n_steps: int
    failure: int = None  # why the tree was not finished, if so


class Result(NamedTuple):
    draw: np.ndarray
    tree_depth: int
    n_steps: int
    acceptance_rate: float
    termination: int


def transition(line, start, directions):
    """The distribution of the draw, and the statistics, of a transition whose doublings go in these directions."""
    tree = Tree([start], 1.0, indicator(line, start), 0.0, 0)
    tree_depth, n_steps, acceptance_sum, termination = 0, 0, 0.0, MAX_DEPTH
    for depth, forward in enumerate(directions):
        first = tree.leaves[-1] + 1 if forward else tree.leaves[0] - 1
        new = build(line, line.energies[start], first, 1 if forward else -1, depth)
        n_steps += new.n_steps
        acceptance_sum += new.acceptance_sum
        if new.failure is not None:
            termination = new.failure
            break
        tree_depth += 1
        left, right = (tree, new) if forward else (new, tree)
        take_new = min(1.0, new.weight / tree.weight)
        draw = take_new * new.draw + (1 - take_new) * tree.draw
        tree = Tree(left.leaves + right.leaves, tree.weight + new.weight, draw, 0.0, 0)
        if turns_back(line, left.leaves, right.leaves):
            termination = U_TURN
            break
    return Result(tree.draw, tree_depth, n_steps, acceptance_sum / max(n_steps, 1), termination)


def build(line, start_energy, first, step, depth):
    """The tree of 2^depth leaves that begins at site `first` and goes on in steps of `step`."""
    if depth == 0:
        energy = line.energies[first] if 0 <= first < len(line.energies) else math.inf
        weight = math.exp(start_energy - energy)
        failure = DIVERGENCE if not energy - start_energy <= 1000 else None
        return Tree([first], weight, indicator(line, first), min(1.0, weight), 1, failure)
    near = build(line, start_energy, first, step, depth - 1)
    if near.failure is not None:
        return near
    far = build(line, start_energy, first + step * 2 ** (depth - 1), step, depth - 1)
    left, right = (near, far) if step > 0 else (far, near)
    weight = near.weight + far.weight
    failure = far.failure
    if failure is None and turns_back(line, left.leaves, right.leaves):
        failure = SUBTREE_U_TURN
    return Tree(
        leaves=left.leaves + right.leaves,
        weight=weight,
        draw=(near.weight * near.draw + far.weight * far.draw) / weight if weight > 0 else near.draw,
        acceptance_sum=near.acceptance_sum + far.acceptance_sum,
        n_steps=near.n_steps + far.n_steps,
        failure=failure,
    )


def turns_back(line, left, right):
    """Whether two neighbouring trees together turn back: as a whole, or across the join."""
    return (
        does_a_u_turn(line.momenta[left + right])
        or does_a_u_turn(line.momenta[[*left, right[0]]])
        or does_a_u_turn(line.momenta[[left[-1], *right]])
    )


def does_a_u_turn(momenta):
    """The generalised criterion on a stretch of momenta (leaves, dimension)."""
    rho = momenta.sum(axis=0)
    return not (rho @ momenta[0] > 0 and rho @ momenta[-1] > 0)


def indicator(line, site):
    return (np.arange(len(line.energies)) == site).astype(float)
