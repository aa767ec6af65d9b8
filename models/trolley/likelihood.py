"""The likelihood of the models "with everything": the work of their density, 9,930 ordered responses in the table.

The predictor of a response is a number of its participant plus one of its scene, phi = p + s. So exp(phi) is exp(p)
times exp(s), which are computed once each. Of a response between the cutpoints lower and upper, w = exp(lower - upper):

    x = exp(phi - upper),  y = exp(lower - phi),  D = (1 + x) (1 + y) = 1 + w + x + y
    P(R = k) = (1 - w) / D

and of log P, but for the factor 1 - w, which `models/trolley/ordered_logit.py` deals with once a response:

    d / d phi = (y - x) / D,  d / d upper = (x + w) / D,  d / d lower = -(y + w) / D

Since (1 + w) / D = 1 - x / D - y / D, the sums of x / D and y / D are all that the cutpoints need. A response costs two
products, a division, and an eighth of a logarithm: that of the product of eight D.

Responses of one kind to one scene, a cell, come after one another. All that depends on the scene is then constant, and
what is added up for a participant goes to another one each time: an addition need not wait for the last.

This holds as long as nothing overflows. Far from any posterior, and where some responses do not count once,
`block_terms` takes over, which is exact everywhere and slower.
"""

import numpy as np

from hmc.jit.kernel import allocating, inlined
from hmc.numerics import exp, log_of_product, total
from models.trolley.ordered_logit import (
    CUTPOINTS,
    LOWER,
    OVERLAP,
    RESPONSES,
    UPPER,
    add_response,
    block_terms,
)

SCENES_AT_ONCE = 16  # a block: its numbers stay in the first-level cache
# No p, s or cutpoint is beyond this if the factors are used: D is below exp(3 * 28 + 1), and the product of eight
# finite (see `log_of_product`).
FARTHEST = 28.0

# The rows of a block: by factors; by `block_terms`, which writes its three numbers of a response into the last ones.
X, Y, D, D_PHI, LOGS = range(5)
PHI, WEIGHT, TERMS = range(3)


@allocating
def likelihood(data, room, responses, gradient):
    """R ~ OrderedLogit(phi, alpha): the log likelihood; adds to the gradients in `room`, and to alpha's."""
    is_factored = can_be_factored(data, room, responses)
    odds_of_participant, odds_of_scene = odds(room.of_participant, is_factored), odds(room.of_scene, is_factored)
    block = np.empty((LOGS + 1, largest_block(data.first)))
    log_density, scenes = 0.0, data.story.size
    for k in range(RESPONSES):
        count, value, d_phi, d_lower = 0.0, 0.0, 0.0, 0.0
        for begin in range(0, scenes, SCENES_AT_ONCE):
            end = min(begin + SCENES_AT_ONCE, scenes)
            cells, n = data.first[k, begin : end + 1], data.first[k, end] - data.first[k, begin]
            if is_factored:
                look_up_odds(
                    cells, data.participant, responses[k], odds_of_participant, odds_of_scene[:, begin:], block
                )
                sums = factored_terms(n, responses[k, OVERLAP], block)
            else:
                look_up_phi(cells, data, room.of_participant, room.of_scene[begin:], block)
                sums = general_terms(n, responses[k], block)
            add_slopes(cells, data.participant, block[D_PHI], room.d_participant, room.d_scene[begin:])
            count += sums[0]
            value += sums[1]
            d_phi += sums[2]
            d_lower += sums[3]
        log_density += add_response(k, count, (value, d_phi, d_lower), responses, gradient)
    return log_density


@inlined
def can_be_factored(data, room, responses):
    """Whether nothing overflows and every response counts once. A loop that only counts is vectorised."""
    others = 0
    for i in range(data.weight.size):
        others += 0 if data.weight[i] == 1.0 else 1
    others += far(room.of_participant) + far(room.of_scene) + far(responses[:CUTPOINTS, UPPER])
    return others == 0


@inlined
def far(x):
    """How many of x (n,) are beyond FARTHEST, or nan."""
    count = 0
    for i in range(x.size):
        count += 0 if abs(x[i]) <= FARTHEST else 1
    return count


@allocating
def odds(x, is_wanted):
    """(2, n): exp(x) and exp(-x), if wanted."""
    both = np.empty((2, x.size))
    if is_wanted:
        for i in range(x.size):
            both[0, i] = exp(x[i])
            both[1, i] = 1.0 / both[0, i]
    return both


@inlined
def largest_block(first):
    """The most responses of a block, at least 1."""
    largest, scenes = 1, first.shape[1] - 1
    for k in range(RESPONSES):
        for begin in range(0, scenes, SCENES_AT_ONCE):
            largest = max(largest, first[k, min(begin + SCENES_AT_ONCE, scenes)] - first[k, begin])
    return largest


@inlined
def look_up_odds(cells, participant, response, odds_of_participant, odds_of_scene, block):
    """Fill in X and Y. Cell c has the sorted responses cells[c] to cells[c + 1]."""
    of_upper, of_lower = exp(-response[UPPER]), exp(response[LOWER])
    up, down = odds_of_participant[0], odds_of_participant[1]
    for c in range(cells.size - 1):
        who, here = participant[cells[c] : cells[c + 1]], slice(cells[c] - cells[0], cells[c + 1] - cells[0])
        x, y = block[X, here], block[Y, here]
        of_x, of_y = odds_of_scene[0, c] * of_upper, odds_of_scene[1, c] * of_lower
        for i in range(who.size):
            x[i] = of_x * up[who[i]]
            y[i] = of_y * down[who[i]]


@inlined
def factored_terms(n, overlap, block):
    """(count, log likelihood, d / d phi, d / d lower cutpoint) of a block of n responses; fills in D_PHI."""
    x, y, d, d_phi = block[X, :n], block[Y, :n], block[D, :n], block[D_PHI, :n]
    for i in range(n):
        d[i] = (1.0 + overlap) + (x[i] + y[i])
        inverse = 1.0 / d[i]
        x[i] *= inverse
        y[i] *= inverse
        d_phi[i] = y[i] - x[i]
    sum_x, sum_y = total(x), total(y)
    d_lower = -sum_y - overlap / (1.0 + overlap) * (n - sum_x - sum_y)
    return float(n), -log_of_product(d, block[LOGS]), sum_y - sum_x, d_lower


@inlined
def look_up_phi(cells, data, of_participant, of_scene, block):
    """Fill in PHI and WEIGHT, cells as in `look_up_odds`."""
    for c in range(cells.size - 1):
        for i in range(cells[c], cells[c + 1]):
            block[PHI, i - cells[0]] = of_participant[data.participant[i]] + of_scene[c]
            block[WEIGHT, i - cells[0]] = data.weight[data.row[i]]


@inlined
def general_terms(n, response, block):
    """As `factored_terms`, at any phi, cutpoints and weights."""
    terms = block[TERMS:, :n]
    block_terms(block[PHI, :n], block[WEIGHT, :n], response, terms)
    return total(block[WEIGHT, :n]), total(terms[0]), total(terms[1]), total(terms[2])


@inlined
def add_slopes(cells, participant, d_phi, d_participant, d_scene):
    """Add d_phi, of a block's responses, to those of their participants and scenes; cells as in `look_up_odds`."""
    for c in range(cells.size - 1):
        who, slopes = participant[cells[c] : cells[c + 1]], d_phi[cells[c] - cells[0] : cells[c + 1] - cells[0]]
        for i in range(who.size):
            d_participant[who[i]] += slopes[i]
        d_scene[c] += total(slopes)
