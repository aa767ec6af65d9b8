"""models.trolley.ordered_logit: observations that are left out cost nothing, however impossible they are."""

import math

import numpy as np
import pytest
from scipy import stats

from models.trolley import ordered_logit

FREE = np.array([-1.5, -0.3, 0.1, 0.2, -0.4, 0.3])


def terms(response, phi, weight):
    """(log likelihood, d / d phi, d / d lower cutpoint) of one observation, times its weight."""
    responses, room = np.zeros((7, 6)), np.zeros((3, 1))
    with np.errstate(all="ignore"):
        ordered_logit.describe_responses(FREE, responses)
        ordered_logit.block_terms(np.array([phi]), np.array([weight]), responses[response], room)
    return room[:, 0]


@pytest.mark.parametrize("phi", [-math.inf, -1e6, 0.3, 1e6, math.inf])
@pytest.mark.parametrize("response", range(7))
def test_an_observation_of_weight_zero_adds_nothing(response, phi):
    value, *derivatives = terms(response, phi, 0.0)
    assert value == 0.0  # and not 0 times minus infinity
    assert math.isinf(phi) or derivatives == [0.0, 0.0]


@pytest.mark.parametrize(("response", "phi"), [(0, math.inf), (6, -math.inf)])
def test_an_impossible_observation_is_impossible_where_it_counts(response, phi):
    """Response 1 at an infinite phi, and response 7 at minus infinity."""
    assert terms(response, phi, 1.0)[0] == -math.inf


def test_prior_of_the_cutpoints_is_the_normal_density_of_each_and_the_jacobian():
    rng = np.random.default_rng(1)
    responses, slopes, before = np.zeros((7, 6)), rng.normal(size=6), rng.normal(size=6)
    ordered_logit.describe_responses(FREE, responses)
    alpha = np.append(FREE[0], FREE[0] + np.cumsum(np.exp(FREE[1:])))
    np.testing.assert_allclose(responses[:6, ordered_logit.UPPER], alpha, rtol=1e-15)
    responses[:6, ordered_logit.ROOM] = slopes  # of the likelihood by each cutpoint
    gradient = before.copy()
    log_density = ordered_logit.prior_of_cutpoints(FREE, responses, gradient)
    assert log_density == pytest.approx(stats.norm.logpdf(alpha).sum() + FREE[1:].sum(), rel=1e-14)
    by_free = np.tril(np.tile(np.append(1.0, np.exp(FREE[1:])), (6, 1)))  # d alpha[k] / d free[j]
    jacobian = np.append(0.0, np.ones(5))
    np.testing.assert_allclose(gradient, before + (slopes - alpha) @ by_free + jacobian, rtol=1e-13)
