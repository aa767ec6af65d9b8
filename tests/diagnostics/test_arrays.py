"""What goes in and comes out: shapes, kinds of numbers, refusals, and no needless imports."""

import subprocess
import sys

import numpy as np
import pytest

import diagnostics as d
from diagnostics import arrays

STATISTICS = [
    d.rhat,
    d.rhat_basic,
    d.ess_basic,
    d.ess_bulk,
    d.ess_tail,
    d.ess_mean,
    d.ess_sd,
    d.ess_median,
    d.mcse_mean,
    d.mcse_sd,
    d.mcse_median,
]
AT_PROBABILITY = [d.ess_quantile, d.mcse_quantile]


@pytest.fixture
def draws():
    return np.random.default_rng(4).normal(size=(4, 60, 3, 5)).cumsum(axis=1)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_array_of_parameters_gives_the_numbers_of_each_parameter(statistic, draws):
    whole = statistic(draws)
    assert whole.shape == (3, 5)
    one_by_one = [[statistic(draws[:, :, i, j]) for j in range(5)] for i in range(3)]
    np.testing.assert_allclose(whole, one_by_one, rtol=1e-12)  # the FFT of many rows may round differently


@pytest.mark.parametrize("statistic", STATISTICS)
def test_block_size_does_not_change_a_statistic(statistic, draws, monkeypatch):
    whole = statistic(draws)
    monkeypatch.setattr(arrays, "BLOCK_ELEMENTS", 2 * draws[..., 0, 0].size)
    np.testing.assert_allclose(statistic(draws), whole, rtol=1e-12)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_one_parameter_gives_a_plain_number(statistic, draws):
    assert isinstance(statistic(draws[:, :, 0, 0]), float)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_memory_layout_and_integer_type_do_not_matter(statistic):
    counts = np.random.default_rng(2).poisson(30, size=(4, 50, 3))
    expected = statistic(counts.astype(float))
    np.testing.assert_allclose(statistic(counts), expected, rtol=1e-12)
    np.testing.assert_allclose(statistic(np.asfortranarray(counts)), expected, rtol=1e-12)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_statistic_leaves_its_draws_alone(statistic, draws):
    before = draws.copy()
    draws.flags.writeable = False
    statistic(draws)
    np.testing.assert_array_equal(draws, before)


BAD_DRAWS = [
    (np.zeros(5), r"need the shape \(chains, draws, ...\), not \(5,\)"),
    (3.0, "need the shape"),
    (np.zeros((4, 0)), r"no draws: the array has shape \(4, 0\)"),
    (np.zeros((0, 10)), "no draws"),
    (np.zeros((4, 10, 0)), "no draws"),
    (np.zeros((4, 10), dtype=complex), "must be real numbers, not complex128"),
    (np.array([["a", "b"]]), "must be real numbers"),
    ([[1.0, 2.0], [3.0]], "ragged"),
]


@pytest.mark.parametrize(
    "statistic", [*STATISTICS, d.ebfmi, d.split_chains, d.rank_normalize, d.fold, d.autocovariance]
)
@pytest.mark.parametrize(("bad", "message"), BAD_DRAWS)
def test_bad_draws_are_refused_with_one_clear_error(statistic, bad, message):
    with pytest.raises(ValueError, match=message):
        statistic(bad)


@pytest.mark.parametrize("statistic", AT_PROBABILITY)
@pytest.mark.parametrize("prob", [-0.1, 1.1, np.nan])
def test_probability_outside_zero_to_one_is_refused(statistic, prob, draws):
    with pytest.raises(ValueError, match="probability"):
        statistic(draws, prob)


@pytest.mark.parametrize("prob", [0.0, 1.0])
def test_extreme_quantiles_have_a_number(prob, draws):
    assert np.isfinite(d.ess_quantile(draws, prob)).all()
    assert (d.mcse_quantile(draws, prob) >= 0).all()


@pytest.mark.parametrize("criterion", [d.waic, d.psis_loo, d.relative_efficiency])
def test_log_likelihoods_of_two_dimensions_are_refused(criterion):
    with pytest.raises(ValueError, match=r"\(chains, draws, observations\), not \(4, 10\)"):
        criterion(np.zeros((4, 10)))


def test_importing_diagnostics_imports_neither_pandas_nor_scipy():
    # Half a second of start-up for each command that needs only one of them.
    code = "import diagnostics, sys; print([m for m in ('pandas', 'scipy', 'numba') if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_names_of_the_package_are_functions_whatever_was_imported_first():
    # Modules and functions share names: `diagnostics.precis` must stay the function.
    code = "import diagnostics.precis, diagnostics.rhat as r; print(callable(diagnostics.precis), callable(r))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == ["True", "True"]
    assert all(callable(getattr(d, name)) for name in d.__all__)


def test_log_sum_exp_neither_overflows_nor_underflows():
    np.testing.assert_allclose(arrays.log_sum_exp(np.array([1e4, 1e4])), 1e4 + np.log(2), rtol=1e-15)
    np.testing.assert_allclose(arrays.log_sum_exp(np.array([-1e4, -1e4])), -1e4 + np.log(2), rtol=1e-15)
    assert arrays.log_sum_exp(np.array([-np.inf, -np.inf])) == -np.inf
    assert np.isnan(arrays.log_sum_exp(np.array([0.0, np.nan])))


def test_variance_of_equal_values_is_exactly_zero():
    # The mean of ten times 0.1 is not 0.1 in binary, so that the naive two-pass variance is 1e-34.
    x = np.full((10, 3), 0.1)
    assert (arrays.variance(x, axis=0) == 0).all()
    assert np.isnan(arrays.variance(x[:1], axis=0)).all()


@pytest.mark.parametrize("sizes", [[1], [40], [3, 1, 40, 17, 1], [16, 16], [15, 2, 33]])
def test_arrays_in_blocks_give_what_they_give_when_they_are_joined(sizes):
    """Of 4000 draws a block has 16 parameters."""
    rng = np.random.default_rng(1)
    parts = [rng.standard_normal((4, 1000, size)) for size in sizes]
    seen = []

    def spread(x):
        seen.append(x.shape[2])
        x -= x.mean(axis=(0, 1))  # blocks are copies
        return np.stack([x.min(axis=(0, 1)), x.max(axis=(0, 1))])

    before = [part.copy() for part in parts]
    found = arrays.in_blocks(spread, iter(parts))
    assert max(seen) <= 16
    assert len(seen) == -(-sum(sizes) // 16)
    np.testing.assert_array_equal(found, arrays.per_parameter(spread, np.concatenate(parts, axis=2)))
    assert all(np.array_equal(one, other) for one, other in zip(parts, before, strict=True))


def test_arrays_of_other_draws_are_refused():
    parts = [np.zeros((4, 10, 2)), np.zeros((4, 20000, 3))]
    with pytest.raises(ValueError, match=r"one number of chains and draws, not \(4, 10\) and \(4, 20000\)"):
        arrays.in_blocks(lambda x: x[0, 0], parts)
