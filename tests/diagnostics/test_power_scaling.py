"""Power-scaling of a normal posterior, whose scaled distributions are known, against integrals by quadrature."""

import numpy as np
import pytest
from scipy import integrate, stats

import diagnostics as d
from diagnostics.power_scaling import LOWER, UPPER


def exact_distance(scaled):
    """The distance of Normal(0, 1) from another distribution, by the definition of Nguyen & Vreeken (2015)."""

    def divergence(p, q):
        def relative(f, g):
            inside = lambda x: f(x) * np.log2(f(x) / (0.5 * (f(x) + g(x)))) if f(x) > 0 else 0.0  # noqa: E731
            return integrate.quad(inside, *ends, limit=200)[0] + 0.5 / np.log(2) * (area(g) - area(f))

        area = lambda f: integrate.quad(f, *ends, limit=200)[0]  # noqa: E731
        return (relative(p, q) + relative(q, p)) / (area(p) + area(q))

    ends = (-4.0, 4.0)
    normal = stats.norm()
    return np.sqrt(max(divergence(normal.cdf, scaled.cdf), divergence(normal.sf, scaled.sf)))


def scaled_normal(mean, precision, power):
    """Normal(0, 1) times Normal(mean, 1 / precision) to power - 1."""
    total = 1 + (power - 1) * precision
    return stats.norm((power - 1) * precision * mean / total, 1 / np.sqrt(total))


@pytest.mark.parametrize(("mean", "precision"), [(0.0, 0.5), (1.5, 0.4), (-3.0, 0.1)])
def test_sensitivity_is_the_exact_one(mean, precision):
    # Quantiles of the normal in place of random draws: an error of order 1 / S, and none of chance.
    x = stats.norm.ppf((np.arange(40_002) + 0.5) / 40_002)[1:-1]
    x = np.random.default_rng(1).permutation(x).reshape(4, -1)
    exact = sum(exact_distance(scaled_normal(mean, precision, power)) for power in (LOWER, UPPER))
    found = d.power_scaling_sensitivity(x, stats.norm.logpdf(x, mean, 1 / np.sqrt(precision)))
    assert found == pytest.approx(exact / (2 * np.log2(UPPER)), rel=0.03)


def test_a_component_that_says_nothing_of_a_parameter_leaves_it_alone():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(4, 2000, 4))
    x[:, :, 2], x[0, 5, 3] = 3.0, np.nan
    found = d.power_scaling_sensitivity(x, stats.norm.logpdf(x[:, :, 0], 2.0, 1.0))
    assert found[0] > 0.3 > 0.05 > found[1]
    assert found[2] == 0.0
    assert np.isnan(found[3])


def test_the_sign_and_the_unit_of_a_parameter_do_not_matter():
    x = np.random.default_rng(3).gamma(2.0, size=(2, 1000))
    component = -x
    expected = d.power_scaling_sensitivity(x, component)
    for factor in (-1.0, 2.0**-900, -(2.0**900)):
        assert d.power_scaling_sensitivity(factor * x, component) == pytest.approx(expected, rel=1e-9)
    assert d.power_scaling_sensitivity(x, component + 1e3) == pytest.approx(expected, rel=1e-9)


def test_distances_from_the_definition():
    x, weights = np.array([3.0, 1.0, 2.0]), np.array([0.2, 0.5, 0.3])
    p, q = np.array([1 / 3, 2 / 3]), np.array([0.5, 0.8])  # on [1, 2) and [2, 3)
    m = 0.5 * (p + q)
    forwards = (p * np.log2(p / m) + q * np.log2(q / m)).sum() / (p + q).sum()
    p, q = np.array([1 / 3, 2 / 3]), np.array([0.2, 0.5])
    m = 0.5 * (p + q)
    backwards = (p * np.log2(p / m) + q * np.log2(q / m)).sum() / (p + q).sum()
    assert d.cjs_distance(x, weights) == pytest.approx(np.sqrt(max(forwards, backwards)), rel=1e-12)
    assert d.cjs_distance(x, np.ones(3)) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_distance_of_draws_that_are_not_finite_is_nan(bad):
    assert np.isnan(d.cjs_distance([1.0, bad, 2.0], [1.0, 2.0, 3.0]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: d.power_scaling_sensitivity(x, x[:, :3]), r"log_component needs the shape of chains and draws"),
        (lambda x: d.power_scaling_sensitivity(x, x / 0.0), "log_component is not finite in all draws"),
        (lambda x: d.cjs_distance(x[0], x[0] * 0.0), "weights must be finite, 0 or more, and not all 0"),
        (lambda x: d.cjs_distance(x[0], x[0] / 0.0), "weights must be finite, 0 or more, and not all 0"),
        (lambda x: d.cjs_distance(x, x), r"draws and weights need one shape \(draws,\)"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones((2, 9)))
