"""The leapfrog step: reversible, volume-preserving, of second order, and the usual one in whitened coordinates."""

import math

import numpy as np
import pytest

from hmc.sampler import metric
from hmc.sampler.phase_space import PhasePoint, copy_point, draw_momentum, energy_of, leapfrog

METRICS = pytest.mark.parametrize("dense", [False, True], ids=["diagonal", "dense"])


def copy(point):
    return PhasePoint(*(row.copy() for row in point))


@METRICS
@pytest.mark.parametrize("step_size", [0.01, 0.3, -0.2])
def test_leapfrog_backwards_returns_to_start(quartic, dense, step_size):
    rng = np.random.default_rng(1)
    hamiltonian = quartic.hamiltonian(rng, dense)
    for _ in range(10):
        start = quartic.start(hamiltonian, rng)
        point = copy(start.point)
        for _ in range(20):
            leapfrog(hamiltonian, point, step_size)
        assert np.abs(point.position - start.point.position).max() > 0.01
        for _ in range(20):
            log_density = leapfrog(hamiltonian, point, -step_size)
        # 40 steps of a dozen roundings of 1e-16 each, of numbers up to 10, in dynamics that do not amplify much.
        for returned, original in zip(point, start.point, strict=True):
            np.testing.assert_allclose(returned, original, rtol=0, atol=1e-12)
        assert log_density == pytest.approx(start.log_density, abs=1e-11)


@METRICS
def test_leapfrog_preserves_volume(quartic, dense):
    rng = np.random.default_rng(2)
    hamiltonian = quartic.hamiltonian(rng, dense)
    n = quartic.DIMENSION
    for _ in range(5):
        start = quartic.start(hamiltonian, rng)
        jacobian = np.empty((2 * n, 2 * n))
        for column in range(2 * n):
            # A complex step: the derivative is an imaginary part, without the cancellation of a difference.
            moved = np.concatenate([start.point.position, start.point.momentum]).astype(complex)
            moved[column] += 1e-30j
            point = PhasePoint(moved[:n].copy(), moved[n:].copy(), np.zeros(n, complex))
            hamiltonian.density(point.position, None, point.gradient)
            for _ in range(3):
                leapfrog(hamiltonian, point, 0.3)
            jacobian[:, column] = np.concatenate([point.position, point.momentum]).imag / 1e-30
        assert np.abs(jacobian - np.eye(2 * n)).max() > 0.1
        assert np.linalg.det(jacobian) == pytest.approx(1.0, abs=1e-12)


@METRICS
def test_energy_error_is_of_second_order_in_the_step_size(quartic, dense):
    rng = np.random.default_rng(3)
    hamiltonian = quartic.hamiltonian(rng, dense)
    for _ in range(5):
        start = quartic.start(hamiltonian, rng)
        errors = [largest_energy_error(hamiltonian, start, 1.0 / steps, steps) for steps in (200, 400, 800)]
        # The next term of the expansion is of order eps^2 ~ 1e-4 relative to the first.
        np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 4.0, rtol=0.01)


def largest_energy_error(hamiltonian, start, step_size, steps):
    """The largest energy error on the way, at eight equally spaced times."""
    point = copy(start.point)
    start_energy = energy_of(start.log_density, point.momentum)
    errors = []
    for n in range(1, steps + 1):
        log_density = leapfrog(hamiltonian, point, step_size)
        if n % (steps // 8) == 0:
            errors.append(abs(energy_of(log_density, point.momentum) - start_energy))
    return max(errors)


@METRICS
def test_whitened_dynamics_are_the_usual_ones_with_the_inverse_as_mass_matrix(quartic, dense):
    rng = np.random.default_rng(4)
    hamiltonian = quartic.hamiltonian(rng, dense)
    inverse_mass, root = quartic.inverse_metric(hamiltonian.metric), quartic.factor(hamiltonian.metric)
    step_size = 0.2
    for _ in range(5):
        start = quartic.start(hamiltonian, rng)
        point = copy(start.point)
        # Neal (2011), equations 5.18 to 5.20, with mass matrix M: q' = M^-1 p, p' = gradient of the log density.
        q, p, gradient = (row.copy() for row in point)
        p = np.linalg.solve(root.T, p)
        for _ in range(10):
            p = p + step_size / 2 * gradient
            q = q + step_size * inverse_mass @ p
            log_density = quartic.log_density(q, None, gradient)
            p = p + step_size / 2 * gradient
            whitened = leapfrog(hamiltonian, point, step_size)
            # Rounding: 10 steps, numbers up to 10, a triangular solve.
            np.testing.assert_allclose(point.position, q, rtol=0, atol=1e-12)
            np.testing.assert_allclose(point.momentum, root.T @ p, rtol=0, atol=1e-12)
            energy = 0.5 * p @ inverse_mass @ p - log_density
            assert energy_of(whitened, point.momentum) == pytest.approx(energy, abs=1e-11)


def test_leapfrog_moves_the_point_and_nothing_else(quartic):
    rng = np.random.default_rng(5)
    hamiltonian = quartic.hamiltonian(rng, metric.DENSE)
    before = [array.copy() for array in hamiltonian.metric[1:]]
    start = quartic.start(hamiltonian, rng)
    log_density = leapfrog(hamiltonian, start.point, 0.1)
    gradient = np.zeros(quartic.DIMENSION)
    assert log_density == quartic.log_density(start.point.position, None, gradient)
    assert (start.point.gradient == gradient).all()
    for array, old in zip(hamiltonian.metric[1:], before, strict=True):
        assert (array == old).all()


def test_energy_is_kinetic_minus_log_density():
    assert energy_of(-3.0, np.array([1.0, 2.0, 2.0])) == 4.5 + 3.0
    assert energy_of(-math.inf, np.zeros(3)) == math.inf
    assert math.isnan(energy_of(math.nan, np.zeros(3)))


@pytest.mark.parametrize("dimension", [1, 7, 8, 9, 17])
def test_kinetic_energy_is_half_the_squared_length(dimension):
    momentum = np.random.default_rng(6).normal(size=dimension)
    assert energy_of(0.0, momentum) == pytest.approx(0.5 * momentum @ momentum, rel=1e-14)


def test_momentum_is_the_generators_standard_normals():
    momentum = np.empty(5)
    draw_momentum(np.random.default_rng(7), momentum)
    assert (momentum == np.random.default_rng(7).standard_normal(5)).all()


def test_point_is_copied_row_by_row():
    source, target = (PhasePoint(*rng.normal(size=(3, 5))) for rng in map(np.random.default_rng, (9, 10)))
    copy_point(source, target)
    for copied, row in zip(target, source, strict=True):
        assert copied is not row
        assert (copied == row).all()


def test_broken_integrators_fail_these_checks(quartic):
    """The negative twin: a step of first order (Euler) neither returns nor keeps the energy to second order."""
    rng = np.random.default_rng(8)
    hamiltonian = quartic.hamiltonian(rng, metric.DIAGONAL)
    root = quartic.factor(hamiltonian.metric)
    start = quartic.start(hamiltonian, rng)

    def euler(point, step_size):
        point.position[:] += step_size * root @ point.momentum
        log_density = quartic.log_density(point.position, None, point.gradient)
        point.momentum[:] += step_size * root.T @ point.gradient
        return log_density

    point = copy(start.point)
    euler(point, 0.1)
    euler(point, -0.1)
    assert np.abs(point.position - start.point.position).max() > 1e-3
    errors = []
    for steps in (200, 400):
        point = copy(start.point)
        for _ in range(steps):
            log_density = euler(point, 1.0 / steps)
        errors.append(energy_of(log_density, point.momentum) - energy_of(start.log_density, start.point.momentum))
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.05)
