"""Nested Rhat against an independent transcription, and where it must be near its value for independent draws."""

import math
import statistics

import numpy as np
import pytest

import diagnostics as d


def r_rhat_nested(x, superchains):
    """posterior's rhat_nested of draws (chains, draws), by the equations of Margossian et al., with the statistics of
    the standard library.
    """
    names = list(dict.fromkeys(superchains))
    chains = [[x[i].tolist() for i, other in enumerate(superchains) if other == name] for name in names]
    within = []
    for group in chains:
        means = [statistics.fmean(chain) for chain in group]
        within_chain = statistics.fmean(statistics.variance(chain) for chain in group) if len(group[0]) > 1 else 0
        within.append(within_chain + (statistics.variance(means) if len(means) > 1 else 0))
    centres = [statistics.fmean(value for chain in group for value in chain) for group in chains]
    return math.sqrt(1 + statistics.variance(centres) / statistics.fmean(within))


@pytest.mark.parametrize(
    ("shape", "superchains"),
    [
        ((4, 50), [1, 1, 2, 2]),
        ((6, 50), ["a", "b", "c", "a", "b", "c"]),
        ((4, 50), [1, 2, 3, 4]),
        ((8, 1), [1, 1, 1, 1, 2, 2, 2, 2]),
    ],
)
def test_it_is_that_of_posterior(shape, superchains):
    x = np.random.default_rng(1).normal(size=(*shape, 3)) + np.arange(shape[0])[:, None, None] * [0.0, 0.3, 5.0]
    expected = [r_rhat_nested(x[:, :, i], superchains) for i in range(3)]
    np.testing.assert_allclose(d.rhat_nested(x, superchains), expected, rtol=1e-12)


def test_superchains_that_disagree_are_seen_after_one_draw_a_chain():
    rng = np.random.default_rng(2)
    superchains = np.repeat(np.arange(8), 64)
    x = rng.normal(size=(512, 1))
    # 1 + chi-square(7) / 7 / 64 of independent draws: over 1.04 once in 10^5 times.
    assert d.rhat_nested(x, superchains) < 1.04
    assert d.rhat_nested(x + rng.normal(size=8)[superchains][:, None], superchains) > 1.1


def test_edges():
    x = np.random.default_rng(3).normal(size=(4, 10, 3))
    x[0, 0, 1], x[:, :, 2] = np.inf, 1.0
    found = d.rhat_nested(x, [0, 0, 1, 1])
    assert np.isfinite(found[0])
    assert np.isnan(found[1:]).all()
    assert np.isnan(d.rhat_nested(x[:, :, 0], [0, 0, 0, 0]))
    assert d.rhat_nested(2.0**1000 * x[:, :, 0], [0, 0, 1, 1]) == pytest.approx(found[0], rel=1e-12)
    with pytest.raises(ValueError, match="the superchain of each of 4 chains, not 3"):
        d.rhat_nested(x, [0, 0, 1])
    with pytest.raises(ValueError, match="these have from 1 to 3"):
        d.rhat_nested(x, [0, 0, 0, 1])


@pytest.mark.parametrize(
    ("superchains", "message"),
    [
        (2, "needs the superchain of each of 4 chains, not 2"),
        (None, "needs the superchain of each of 4 chains, not None"),
        ([0, 0, 1, np.nan], "nan is not the name of a superchain"),
        ([[0], [0], [1], [1]], r"\[0\] is not the name of a superchain"),
    ],
)
def test_names_of_superchains_are_checked(superchains, message):
    with pytest.raises(ValueError, match=message):
        d.rhat_nested(np.zeros((4, 10)), superchains)
