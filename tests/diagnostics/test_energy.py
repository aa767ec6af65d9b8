"""E-BFMI."""

import numpy as np

import diagnostics as d


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
