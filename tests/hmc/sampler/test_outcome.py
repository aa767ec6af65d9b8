"""hmc.sampler.outcome: weights that can be added, and steps that have failed."""

import math

import pytest

from hmc.sampler.outcome import MAX_ENERGY_ERROR, is_divergent, weight_of


@pytest.mark.parametrize("error", [-2000.0, -1e300])
def test_weights_of_a_whole_trajectory_can_be_added(error):
    """As many leaves as a trajectory of 20 doublings has, each far better than the start."""
    total = weight_of(error) * 2.0**20
    assert 1e250 < total < math.inf


@pytest.mark.parametrize("error", [-500.0, -1.0, 0.0, 1.0, 700.0])
def test_a_weight_is_exp_of_minus_the_energy_error(error):
    assert weight_of(error) == pytest.approx(math.exp(-error), rel=1e-13)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (0.0, False),
        (MAX_ENERGY_ERROR, False),
        (1000.1, True),
        (-1e300, False),
        (math.nan, True),
        (math.inf, True),
        (-math.inf, True),
    ],
)
def test_a_step_fails_where_its_error_is_over_1000_or_not_finite(error, expected):
    assert is_divergent(error) is expected
