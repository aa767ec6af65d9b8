"""E-BFMI."""

import numpy as np
import pytest

import diagnostics as d
from diagnostics.energy import log_density_spacing
from tests.diagnostics.test_verdict import FakeFit


def test_ebfmi_is_the_ratio_of_jumps_to_spread():
    energy = np.array([[1.0, 3.0, 2.0, 6.0]])  # jumps 4 + 1 + 16; mean 3, spread 4 + 0 + 1 + 9
    np.testing.assert_allclose(d.ebfmi(energy), [21 / 14], rtol=1e-15)


def test_ebfmi_of_correlated_energies_is_twice_one_minus_phi(autoregressive):
    # E (E_n - E_n-1)^2 = 2 (1 - phi) var; 4 chains of 5000: sd of the ratio under 4%, 3 of them.
    for phi in (0.0, 0.5, 0.9):
        np.testing.assert_allclose(d.ebfmi(autoregressive(phi, (4, 5000), seed=2)).mean(), 2 * (1 - phi), rtol=0.12)


def test_ebfmi_is_one_number_a_chain_and_nan_where_undefined():
    energy = np.random.default_rng(0).normal(size=(3, 50, 2))
    assert d.ebfmi(energy).shape == (3, 2)
    np.testing.assert_allclose(d.ebfmi(energy)[:, 1], d.ebfmi(energy[:, :, 1]), rtol=1e-14)
    energy[1, 7, 0] = np.inf
    assert np.isnan(d.ebfmi(energy)[1, 0])
    assert np.isfinite(d.ebfmi(energy)[0]).all()
    assert np.isnan(d.ebfmi(np.full((2, 10), 0.1))).all()
    assert np.isnan(d.ebfmi(energy[:, :2])).all()


def test_ebfmi_does_not_depend_on_the_origin_of_energy():
    energy = np.random.default_rng(0).integers(0, 99, size=(2, 60))
    np.testing.assert_array_equal(d.ebfmi(energy), d.ebfmi(energy + 2.0**40))


def test_spacing_of_log_densities_is_that_of_the_largest():
    assert log_density_spacing(np.array([[-3.0, 1e16], [np.nan, -np.inf]])) == 2
    assert log_density_spacing(-1e16) == 2
    assert log_density_spacing(np.array([np.nan])) == log_density_spacing(np.zeros(3)) == 0
    x = np.random.default_rng(0).normal(size=100)
    for power in range(-300, 300, 50):
        lp = 10.0**power * x
        largest = lp[np.abs(lp).argmax()]
        assert log_density_spacing(lp) == abs(np.nextafter(largest, np.inf * largest) - largest)


@pytest.mark.parametrize(("constant", "severity"), [(0, None), (1e10, None), (1e14, "warning"), (-1e16, "error")])
def test_density_too_large_to_tell_apart_is_found(constant, severity):
    fit = FakeFit()
    fit.stats["lp"] = constant - np.random.default_rng(0).chisquare(4, size=(4, 500)) / 2
    found = [finding for finding in d.verdict(fit) if finding.kind == "coarse_density"]
    assert [finding.severity for finding in found] == [severity] * (severity is not None)
    for finding in found:
        assert f"as large as {abs(constant):.1e}" in finding.message
        assert "Leave the large constant out" in finding.advice


@pytest.mark.parametrize("value", [np.nan, np.inf, 5.0])
def test_energies_without_spread_have_no_fraction_and_no_finding(value):
    fit = FakeFit()
    fit.stats["energy"][1] = value
    assert np.isnan(d.ebfmi(fit.stats["energy"])[1])
    assert "ebfmi" not in [finding.kind for finding in d.verdict(fit)]
