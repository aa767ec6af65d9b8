"""The ordered logit of many observations at once, sorted by their response.

    R ~ OrderedLogit(phi, alpha):  P(R <= k) = logit^-1(alpha[k] - phi)

Response k lies between the cutpoints alpha[k - 1] and alpha[k], with gap = alpha[k] - alpha[k - 1] and
w = exp(-gap):

    P(R = k) = (1 - w) expit(alpha[k] - phi) expit(phi - alpha[k - 1])

The factor 1 - w is that of all observations with the response, so it is dealt with once a response, from the
unconstrained position, which is the log of the gap: exact however small the gap. The two others are those of an
observation. Observations come in blocks of one response, so that the loop over them has nothing to look up.
"""

import math

from hmc.jit.kernel import inlined
from hmc.numerics import exp
from hmc.transforms import constrain_ordered
from models.densities import cutpoint_gap, normal, ordered_logistic

RESPONSES = 7
CUTPOINTS = RESPONSES - 1

# The columns of a table with a row per response, made by `describe_responses`.
LOWER, UPPER, OVERLAP, LOG_SHARE, SLOPE, ROOM = range(6)


@inlined
def describe_responses(free, responses):
    """Fill `responses` (7, 6) from the unconstrained cutpoints (6,): all that is common to a response's observations.

    Columns: the cutpoints LOWER and UPPER, OVERLAP w = exp(-gap), LOG_SHARE log(1 - w), SLOPE d log(1 - w) / d log gap;
    and ROOM for the gradient of a cutpoint. The first response has no lower cutpoint, the last no upper one.
    """
    constrain_ordered(free, responses[:CUTPOINTS, UPPER])
    responses[CUTPOINTS, UPPER] = math.inf
    responses[0, LOWER] = -math.inf
    for k in range(1, RESPONSES):
        responses[k, LOWER] = responses[k - 1, UPPER]
    for k in range(RESPONSES):
        is_end = k == 0 or k == CUTPOINTS
        width = math.inf if is_end else exp(free[k])
        overlap, log_share, slope = cutpoint_gap(width)
        responses[k, OVERLAP] = overlap
        responses[k, LOG_SHARE] = log_share
        responses[k, SLOPE] = 0.0 if is_end else width * slope
        responses[k, ROOM] = 0.0


@inlined
def block_terms(phi, weight, response, room):
    """The observations of one response, `response` being its row of the table, but for the factor 1 - w.

    phi (n,): their linear predictors, weight (n,): how often each counts. Writes n columns of room (3, ...): log
    likelihoods, d / d phi, d / d lower cutpoint, all times weight. d / d upper is what is left of their sum to 0.
    """
    lower, upper, gap = response[LOWER], response[UPPER], (response[OVERLAP], 0.0, 0.0)
    for i in range(phi.shape[0]):
        value, d_phi, d_lower, _ = ordered_logistic(phi[i], lower, upper, gap)
        room[0, i] = weight[i] * value if weight[i] > 0.0 else 0.0  # a response of weight 0 may be impossible
        room[1, i] = weight[i] * d_phi
        room[2, i] = weight[i] * d_lower


@inlined
def prior_of_cutpoints(free, responses, gradient):
    """alpha[k] ~ Normal(0, 1), each, in order; with the log Jacobian. The log density, as Stan's: not renormalised.

    The column ROOM holds d / d alpha[k] of all else; the result is added to `gradient` (6,), which already
    holds the SLOPE terms of the likelihood.
    """
    log_density, from_here_on = 0.0, 0.0
    for k in range(CUTPOINTS - 1, -1, -1):
        term, d_alpha, _, _ = normal(responses[k, UPPER], 0.0, 1.0)
        from_here_on += responses[k, ROOM] + d_alpha
        log_density += term + (free[k] if k > 0 else 0.0)
        gradient[k] += from_here_on * exp(free[k]) + 1.0 if k > 0 else from_here_on
    return log_density


@inlined
def add_response(k, count, terms_and_slopes, responses, gradient):
    """Add a response's observations to the gradient of the cutpoints; their log likelihood.

    `count` is their total weight, `terms_and_slopes` the totals of the rows that `block_terms` writes.
    """
    value, d_phi, d_lower = terms_and_slopes
    if k > 0:
        responses[k - 1, ROOM] += d_lower
    if k < CUTPOINTS:
        responses[k, ROOM] -= d_phi + d_lower
        gradient[k] += count * responses[k, SLOPE]
    return value + (count * responses[k, LOG_SHARE] if count > 0.0 else 0.0)


@inlined
def log_probability(phi, response):
    """log P(R = k) at a linear predictor, `response` being row k of the table."""
    value, _, _, _ = ordered_logistic(phi, response[LOWER], response[UPPER], (response[OVERLAP], 0.0, 0.0))
    return value + response[LOG_SHARE]
