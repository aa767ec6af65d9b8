"""Stacking weights."""

import numpy as np
import pytest

import diagnostics as d
from diagnostics.waic import compute_waic

pytestmark = pytest.mark.filterwarnings("ignore:.*p_waic is over")


@pytest.fixture
def elpd(log_liks):
    """Pointwise elpd_waic of three models of the same tanks, (48, 3)."""
    return np.stack([compute_waic(log_lik).pointwise.elpd_waic for log_lik in log_liks.values()], axis=1)


def suboptimality(weights, elpd):
    """What a step towards a single model gains per observation: 0 at the largest log score (concave)."""
    density = np.exp(elpd)
    return (density / (density @ weights)[:, None]).mean(axis=0).max() - 1


def test_no_model_can_add_to_the_score_of_the_stacked_mixture(elpd):
    weights = d.stacking_weights(elpd)
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)
    assert (weights >= 0).all()
    assert suboptimality(weights, elpd) < 1e-8  # the solver stops at 1e-9


def test_other_weights_can_be_improved(elpd):
    assert suboptimality(np.full(3, 1 / 3), elpd) > 1e-3
    assert suboptimality(np.array([1.0, 0, 0]), elpd) > 1e-3


def test_two_models_have_the_weight_of_a_fine_grid(elpd):
    first, second = np.exp(elpd[:, [0, 2]]).T
    grid = np.linspace(0, 1, 100_001)
    score = sum(np.log(grid * a + (1 - grid) * b) for a, b in zip(first, second, strict=True))
    # The grid's step is 1e-5; within the tolerance of 48e-9 the score is flat over about 1e-4 of weight.
    assert d.stacking_weights(elpd[:, [0, 2]])[0] == pytest.approx(grid[score.argmax()], abs=2e-4)


def test_a_model_that_is_better_everywhere_takes_all():
    elpd = np.random.default_rng(0).normal(size=(30, 1)) - [0.0, 0.5, 1.0]
    np.testing.assert_allclose(d.stacking_weights(elpd), [1, 0, 0], atol=1e-7)


def test_order_of_models_and_a_constant_per_observation_do_not_matter(elpd):
    weights = d.stacking_weights(elpd)
    np.testing.assert_allclose(d.stacking_weights(elpd[:, ::-1])[::-1], weights, atol=1e-9)
    np.testing.assert_allclose(d.stacking_weights(elpd - 2000), weights, atol=1e-9)


def test_compare_stacks_the_scores_of_its_table(log_liks, elpd):
    frame = d.compare(log_liks, weights="stacking")
    np.testing.assert_allclose(frame.loc[list(log_liks), "weight"], d.stacking_weights(elpd), atol=1e-7)
    with pytest.raises(ValueError, match="akaike and stacking, not 'equal'"):
        d.compare(log_liks, weights="equal")


def test_undefined_scores_give_undefined_weights(elpd):
    elpd[3, 1] = np.nan
    assert np.isnan(d.stacking_weights(elpd)).all()


@pytest.mark.parametrize("shape", [(5,), (0, 2), (2, 3, 4)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(observations, models\)"):
        d.stacking_weights(np.zeros(shape))


def test_too_few_iterations_are_an_error_not_an_answer(elpd):
    with pytest.raises(RuntimeError, match="did not settle"):
        d.stacking_weights(elpd, max_iterations=2)
