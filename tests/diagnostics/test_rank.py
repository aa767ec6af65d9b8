"""The ordering behind ranks, and that of the largest importance ratios: shortcuts that must not change an answer."""

import numpy as np
import pytest
from scipy.stats import rankdata

import diagnostics as d
from diagnostics.psis import _largest
from diagnostics.rank import views


def close_by(rng, shape):
    """Values a few last bits apart: their order is in the bits that the fast sorting gives up."""
    return 1e6 * (1 + rng.integers(-300, 300, size=shape) * 2.0**-52)


DRAWS = {
    "continuous": lambda rng, shape: rng.normal(size=shape),
    "last bits": close_by,
    "negative last bits": lambda rng, shape: -close_by(rng, shape),
    "few values": lambda rng, shape: rng.integers(-2, 3, size=shape).astype(float),
    "zeros of both signs": lambda rng, shape: rng.choice([0.0, -0.0, 1e-320, -1e-320], size=shape),
    "infinities": lambda rng, shape: rng.choice([np.inf, -np.inf, 1.0, -1e308], size=shape),
    "constant": lambda rng, shape: np.full(shape, 0.1),
}


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("shape", [(4, 100, 3), (1, 1, 1), (3, 7, 2, 2), (2, 64, 1)])
def test_ranks_are_those_of_scipy(kind, shape):
    x = DRAWS[kind](np.random.default_rng(5), shape)
    rows = x.reshape(shape[0] * shape[1], -1)
    np.testing.assert_array_equal(d.average_ranks(x).reshape(rows.shape), rankdata(rows, axis=0))


@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("draws", [100, 101, 2])
def test_views_are_the_sorted_draws_and_the_scores_of_halves_and_folded_halves(kind, draws):
    x = DRAWS[kind](np.random.default_rng(6), (4, draws, 3))
    with np.errstate(invalid="ignore"):  # inf - inf
        seen = views(x)
        np.testing.assert_array_equal(seen.ordered, np.sort(x.reshape(-1, 3), axis=0))
        np.testing.assert_array_equal(seen.ranked, d.rank_normalize(d.split_chains(x)))
        np.testing.assert_array_equal(seen.folded_ranked, d.rank_normalize(d.split_chains(d.fold(x))))


def test_nan_of_either_sign_has_no_rank_and_moves_none():
    x = np.random.default_rng(7).normal(size=(2, 50, 2))
    x[0, 3, 0], x[1, 4, 0] = np.nan, -np.nan
    ranks = d.average_ranks(x)
    known = ~np.isnan(x[..., 0])
    assert np.isnan(ranks[..., 0][~known]).all()
    np.testing.assert_array_equal(ranks[..., 0][known], rankdata(x[..., 0][known]))
    np.testing.assert_array_equal(ranks[..., 1], rankdata(x[..., 1]).reshape(2, 50))


@pytest.mark.parametrize("kind", [kind for kind in DRAWS if kind != "infinities"])
@pytest.mark.parametrize("count", [1, 5, 99, 100])
def test_largest_are_the_end_of_a_stable_sorting(kind, count):
    x = DRAWS[kind](np.random.default_rng(8), 100)
    np.testing.assert_array_equal(_largest(x, count), x.argsort(kind="stable")[-count:])


def test_psis_of_one_draw_leaves_it_as_it_is():
    result = d.psis(np.array([3.0]))
    assert list(result.log_weights) == [0]
    assert result.pareto_k == np.inf


@pytest.mark.parametrize("draws", [500, 600, 640, 641, 1025])
def test_length_of_the_transform_does_not_show_in_the_autocovariance(draws):
    x = np.random.default_rng(9).normal(size=(1, draws, 1))
    centred = (x - x.mean())[0, :, 0]
    expected = np.correlate(centred, centred, mode="full")[draws - 1 :] / draws
    np.testing.assert_allclose(d.autocovariance(x)[0, :, 0], expected, atol=1e-13)
