"""`verify`: right draws pass at the rate that is promised, and small faults are found."""

import math

import numpy as np
import pytest
from scipy import signal, stats

from diagnostics import mcse_quantile, verify
from diagnostics.chi_square_sums import weighted_chi_square_tail
from diagnostics.verification import FALSE_ALARM, cauchy_combination

QUANTILES = tuple(stats.norm.ppf([0.055, 0.945]))


def exact(parameters):
    return {f"x[{i + 1}]": (0.0, 1.0, *QUANTILES) for i in range(parameters)}


def right(rng, draws=1000, parameters=10, phi=0.0, rho=0.2):
    """Draws (4, draws, parameters) of standard normals with correlations rho, by a part that moves slowly (AR(1))."""
    noise = rng.normal(size=(4, draws, 1)) * math.sqrt(1 - phi**2)
    noise[:, 0] /= math.sqrt(1 - phi**2)
    common = signal.lfilter([1.0], [1.0, -phi], noise, axis=1)
    return math.sqrt(rho) * common + math.sqrt(1 - rho) * rng.normal(size=(4, draws, parameters))


def p_values(make, times, parameters, seed):
    rng = np.random.default_rng(seed)
    return np.array([verify({"x": make(rng)}, exact(parameters)).p_value for _ in range(times)])


@pytest.mark.parametrize(("phi", "rho"), [(0.0, 0.2), (0.6, 0.5)])
def test_right_draws_fail_at_the_rate_that_is_promised(phi, rho):
    found = p_values(lambda rng: right(rng, 400, 3, phi, rho), 150, 3, seed=1)
    for level in (0.2, 0.05):  # within 3 standard errors of a binomial number
        assert abs((found < level).mean() - level) < 3 * math.sqrt(level * (1 - level) / 150)
    assert (found < FALSE_ALARM).sum() <= 1  # two or more: once in 100 times


@pytest.mark.slow
def test_right_draws_fail_once_in_a_thousand_times():
    found = p_values(lambda rng: right(rng, 400, 3, 0.3, 0.3), 1000, 3, seed=2)
    assert stats.binom.cdf((found < FALSE_ALARM).sum(), 1000, FALSE_ALARM) < 0.999


FAULTS = {
    "shifted by 0.05 sd": lambda x: x + 0.05,
    "shifted by -0.05 sd": lambda x: x - 0.05,
    "3% too wide": lambda x: 1.03 * x,
    "3% too narrow": lambda x: 0.97 * x,
    "of a Student t, with the right sd": lambda x: stats.t.ppf(stats.norm.cdf(x), 4) * math.sqrt(2 / 4),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_draws_that_are_a_little_off_are_found_at_an_ess_of_4000(fault):
    found = p_values(lambda rng: fault(right(rng)), 12, 10, seed=3)
    assert (found < FALSE_ALARM).mean() >= 0.9


def test_draws_of_another_prior_are_found():
    """Of a normal mean with known variance: exact for the prior Normal(0, 2), drawn for Normal(0, 1.5)."""
    y = np.array([1.0, 2.5, -0.3, 1.8])

    def posterior(prior_sd):
        precision = 1 / prior_sd**2 + len(y)
        return y.sum() / precision, precision**-0.5

    (mean, sd), (other_mean, other_sd) = posterior(2.0), posterior(1.5)
    truth = {"mu": (mean, sd, *(mean + sd * np.array(QUANTILES)))}
    z = np.random.default_rng(11).normal(size=(4, 1000))
    assert verify({"mu": mean + sd * z}, truth).consistent
    assert not verify({"mu": other_mean + other_sd * z}, truth).consistent


def test_quantiles_by_their_own_monte_carlo_error_would_give_false_alarms():
    """The negative twin: divided by mcse_quantile, departures of right draws have the tails of a Student t."""
    x = np.random.default_rng(4).normal(size=(4, 150, 1000))
    naive = (np.quantile(x, 0.055, axis=(0, 1)) - QUANTILES[0]) / mcse_quantile(x, 0.055)
    parts = [verify({"x": part}, exact(100)).z for part in np.split(x, 10, axis=2)]
    ours = np.concatenate(parts)[:, 2]
    error = math.sqrt(24 / 1000)  # of the kurtosis of normal numbers
    assert stats.kurtosis(naive) > 4 * error
    assert abs(stats.kurtosis(ours)) < 3 * error
    assert ours.std() == pytest.approx(1.0, abs=0.07)


def test_a_departure_is_told_with_its_sign_and_size():
    x = np.random.default_rng(5).normal(size=(4, 1000, 3))
    x[:, :, 1] += 0.2
    found = verify({"x": x, "unknown": x[:, :, 0]}, exact(4))
    assert not found.consistent
    name, statistic, z, departure = found.worst(1)[0]
    assert (name, statistic) == ("x[2]", "mean")
    assert departure == pytest.approx(x[:, :, 1].mean(), rel=1e-12)
    assert z == pytest.approx(departure * math.sqrt(found.ess[1]), rel=0.05)
    assert found.missing == ["x[4]"]
    assert str(found).splitlines()[-1].startswith("off: 3 parameters, ESS at least ")
    assert "most is x[2]'s mean by +0.2" in str(found)
    assert "Not in the draws: 1 of 4 parameters (x[4])." in str(found)


def test_departures_have_the_signs_of_the_estimates():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(4, 2000, 2)) * [1.2, 0.8]
    z, departures = (verify({"x": x}, exact(2)).z, verify({"x": x}, exact(2)).departures)
    assert (np.sign(z[0, 1:]) == [1, -1, 1]).all()
    assert (np.sign(z[1, 1:]) == [-1, 1, -1]).all()
    assert (np.sign(departures[:, 1:]) == np.sign(z[:, 1:])).all()


def test_the_unit_of_a_parameter_does_not_matter():
    x = np.random.default_rng(7).normal(size=(4, 500, 2))
    scaled = {name: tuple(1e-9 * np.array(values)) for name, values in exact(2).items()}
    np.testing.assert_allclose(verify({"x": 1e-9 * x}, scaled).z, verify({"x": x}, exact(2)).z, rtol=1e-9)


def test_draws_without_one_below_a_quantile_are_off_and_not_nan():
    x = np.abs(np.random.default_rng(8).normal(size=(4, 500, 1)))
    found = verify({"x": x}, exact(1))
    assert np.isfinite(found.z).all()
    assert found.p_value < 1e-12
    far = verify({"x": x + 50.0}, exact(1))
    assert np.isfinite(far.z).all()
    assert (far.z[0, [0, 2, 3]] > 10).all()


def test_a_small_ess_is_said():
    x = np.random.default_rng(9).normal(size=(4, 50))
    assert "under 400: Monte Carlo errors are uncertain" in str(verify({"x": x}, {"x": (0.0, 1.0, *QUANTILES)}))


@pytest.mark.parametrize(
    ("draws", "message"),
    [
        ({"y": np.zeros((4, 9))}, "draws of y have no parameter of the exact posterior, which has x"),
        ({"x": np.full((4, 99, 2), 3.0)}, r"x\[1\] is 3.0 in all draws"),
        (
            {"x": np.where(np.arange(198) == 5, np.nan, np.arange(198)).reshape(1, 99, 2)},
            r"x\[2\] is nan in draw 3 of chain 1",
        ),
        ({"x": np.random.default_rng(0).normal(size=(4, 3, 2))}, "3 draws per chain are too few"),
        ({"x": np.ones((4, 9, 2)), "z": np.ones((4, 8))}, r"draws have one number of chains and draws, not \(4, 9\)"),
    ],
)
def test_draws_that_cannot_be_judged_are_refused(draws, message):
    with pytest.raises(ValueError, match=message):
        verify(draws, exact(2))


@pytest.mark.parametrize("count", [1, 2, 5, 50])
@pytest.mark.parametrize("probability", [0.9, 0.3, 0.05, 1e-3, 1e-9])
def test_the_tail_of_equal_weights_is_that_of_a_chi_square(count, probability):
    value = 2.5 * stats.chi2.isf(probability, count)
    assert weighted_chi_square_tail(value, [2.5] * count) == pytest.approx(probability, rel=0.12 / count)


def test_the_tail_of_unequal_weights_is_that_of_simulated_sums():
    weights = np.array([5.0, 2.0, 1.0, 0.5, 0.1, 1e-9])
    sums = np.random.default_rng(10).chisquare(1, size=(400_000, 6)) @ weights
    for value in (2.0, 8.0, 20.0, 40.0):
        assert weighted_chi_square_tail(value, weights) == pytest.approx((sums > value).mean(), rel=0.06)


def test_edges_of_the_tail():
    assert weighted_chi_square_tail(0.0, [1.0]) == 1.0
    assert weighted_chi_square_tail(math.inf, [1.0, 2.0]) == 0.0
    assert weighted_chi_square_tail(3.0, np.ones(3)) == pytest.approx(stats.chi2.sf(3.0, 3), rel=1e-3)  # the mean
    assert math.isnan(weighted_chi_square_tail(1.0, [0.0]))
    assert math.isnan(weighted_chi_square_tail(math.nan, [1.0]))


def test_cauchys_combination_keeps_the_smallest_p_value_up_to_their_number():
    assert cauchy_combination([1e-9, 0.5, 0.5, 1.0]) == pytest.approx(4e-9, rel=1e-3)
    assert cauchy_combination([0.3, 0.3]) == pytest.approx(0.3, rel=1e-12)
    assert cauchy_combination([0.0, 0.9]) == 0.0


def test_two_equal_chains_are_refused():
    """As where a file is given twice, or a program has one seed for all chains: the ESS would count both."""
    x = np.random.default_rng(1).standard_normal((3, 500))
    exact = {"x": (0.0, 1.0, -1.598193139922816, 1.598193139922816)}
    assert verify({"x": x}, exact).consistent
    with pytest.raises(ValueError, match="chains 1 and 3 are the same, draw for draw"):
        verify({"x": np.stack([x[0], x[1], x[0]])}, exact)


@pytest.mark.parametrize("factor", [1e8, 1e20, 1e150, 1e300])
def test_draws_in_another_unit_are_off_however_far(factor):
    x = np.random.default_rng(2).standard_normal((4, 200, 1))
    for wrong in (factor * x, factor * (x + 1.0), -factor * x):
        found = verify({"x": wrong}, exact(1))
        assert (found.consistent, found.p_value) == (False, 0.0)
        assert "off: 1 parameter" in str(found)
    assert weighted_chi_square_tail(factor, [1.0, 0.5]) == 0.0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((math.nan, 1, -1, 1), r"those of x are \(nan, 1, -1, 1\)"),
        ((0, math.inf, -1, 1), "those of x are"),
        ((0, 1, -1), "those of x are"),
        ("abcd", "those of x are 'abcd'"),
        (None, "those of x are None"),
        ((0, 0, -1, 1), "the exact sd and quantiles of x"),
        ((0, 1, 1, -1), "the exact sd and quantiles of x"),
    ],
)
def test_exact_values_that_are_none_are_refused(values, message):
    x = np.random.default_rng(2).standard_normal((4, 200))
    with pytest.raises(ValueError, match=message):
        verify({"x": x, "y": x}, {"y": (0, 1, -1.6, 1.6), "x": values})


def test_draws_and_exact_values_are_by_name():
    x = np.random.default_rng(2).standard_normal((4, 200))
    with pytest.raises(ValueError, match="draws are by name, as in a fit or a dict, not in a ndarray"):
        verify(x, exact(1))
    for nothing in ({}, None, 3):
        with pytest.raises(ValueError, match="exact values are by name"):
            verify({"x": x}, nothing)
    with pytest.raises(ValueError, match=r"^y: draws must be real numbers"):
        verify({"x": x, "y": "text"}, exact(1))
