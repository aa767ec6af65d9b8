"""The fit against NumPy, against the definition of what it minimises, and where it is exact."""

import numpy as np
import pytest
import scipy.linalg

from hmc.sampler import fisher, fitted, metric
from hmc.sampler.fisher import END


def covariance_of(dimension, seed=1, spread=2.0):
    """A covariance with variances from 1e-4 to 1e4 and eigenvalues of the correlations well apart."""
    rng = np.random.default_rng(seed)
    root = np.linalg.qr(rng.normal(size=(dimension, dimension)))[0] * np.exp(rng.uniform(-spread, spread, dimension))
    sd = np.geomspace(1e-2, 1e2, dimension)
    return sd[:, None] * (root @ root.T) * sd


def window_of(draws, gradients):
    window = fisher.make_window(draws.shape[1], len(draws))
    for draw, gradient in zip(draws, gradients, strict=True):
        fisher.keep(window, draw, gradient)
    return window


def normal_window(covariance, n, seed=2):
    """Draws of a normal distribution, not about zero, with their gradients."""
    rng = np.random.default_rng(seed)
    deviations = rng.multivariate_normal(np.zeros(len(covariance)), covariance, n, method="cholesky")
    return window_of(deviations + 3.0, -np.linalg.solve(covariance, deviations.T).T)


def refitted(window, kind, most=None, only_if_worth=False):
    dimension = window.draws.shape[1]
    most = dimension if most is None else most
    made = metric.identity(dimension, kind, most if kind == metric.LOW_RANK else 0)
    with np.errstate(all="ignore"):
        fitted.refit(made, window, fisher.make_room(window, most), only_if_worth)
    return made


def matrix(made):
    """The inverse metric in full."""
    told = metric.inverse_metric(made)
    return told.matrix() if isinstance(told, metric.LowRank) else np.diag(told) if told.ndim == 1 else told


def relative(found, expected):
    """The largest error of a covariance, in units of the standard deviations."""
    sd = np.sqrt(np.diag(expected))
    return np.abs((found - expected) / np.outer(sd, sd)).max()


@pytest.mark.parametrize("kind", [metric.DENSE, metric.LOW_RANK])
@pytest.mark.parametrize(("dimension", "n"), [(1, 5), (2, 6), (5, 20), (20, 30), (20, 200)])
def test_the_covariance_of_a_normal_target_is_found_whatever_the_number_of_draws(kind, dimension, n, monkeypatch):
    monkeypatch.setattr(fitted, "CUTOFF", 1.0)  # a low-rank metric of full rank
    covariance = covariance_of(dimension)
    found = matrix(refitted(normal_window(covariance, n), kind))
    # The ridge is 1e-5 times the number of dimensions a draw, of matrices whose eigenvalues span e^8.
    assert relative(found, covariance) < 0.02


def test_the_covariance_of_the_draws_is_not_nearly_as_good():
    covariance = covariance_of(20)
    window = normal_window(covariance, 30)
    assert relative(np.cov(window.draws.T), covariance) > 0.2


def skewed(n, dimension, seed=3):
    """Draws and gradients that are no normal distribution's."""
    rng = np.random.default_rng(seed)
    turn = rng.normal(size=(dimension, dimension))
    z = rng.gamma(3.0, size=(n, dimension))
    return np.log(z) @ turn, (3.0 - z) @ np.linalg.inv(turn).T


def by_numpy(draws, gradients):
    """The geometric mean by matrix square roots, in the coordinates of the diagonal solution."""
    n, dimension = draws.shape
    scale = np.sqrt(draws.std(axis=0) / gradients.std(axis=0))
    ridge = 1e-5 * dimension / n * np.eye(dimension)
    a = np.cov((draws / scale).T, ddof=0) + ridge
    b = np.cov((gradients * scale).T, ddof=0) + ridge
    root = scipy.linalg.sqrtm(b).real
    inverse = np.linalg.inv(root)
    inner = inverse @ scipy.linalg.sqrtm(root @ a @ root).real @ inverse
    return scale[:, None] * inner * scale


@pytest.mark.parametrize(("n", "dimension"), [(40, 3), (100, 8), (100, 15)])
def test_dense_fit_is_numpys(n, dimension):
    draws, gradients = skewed(n, dimension)
    expected = by_numpy(draws, gradients)
    assert relative(matrix(refitted(window_of(draws, gradients), metric.DENSE)), expected) < 1e-9


def test_what_is_fitted_minimises_the_fisher_divergence():
    draws, gradients = skewed(400, 4)
    a, b = np.cov(draws.T), np.cov(gradients.T)
    best = matrix(refitted(window_of(draws, gradients), metric.DENSE))

    def divergence(m):
        return np.trace(m @ b) + np.trace(np.linalg.solve(m, a))

    rng = np.random.default_rng(4)
    for _ in range(50):
        change = rng.normal(size=(4, 4))
        factor = np.eye(4) + 0.05 * change
        assert divergence(factor @ best @ factor.T) > divergence(best)
    assert divergence(a) > 1.005 * divergence(best)  # Stan's estimate
    assert divergence(np.diag(np.sqrt(np.diag(a) / np.diag(b)))) > 1.01 * divergence(best)  # nutpie's diagonal


@pytest.mark.parametrize("cutoff", [1.0, 2.0])
def test_low_rank_is_the_dense_fit_without_the_directions_within_the_cutoff(cutoff, monkeypatch):
    monkeypatch.setattr(fitted, "CUTOFF", cutoff)
    window = window_of(*skewed(100, 8))
    dense, low = (refitted(window, kind) for kind in (metric.DENSE, metric.LOW_RANK))
    diagonal = refitted_scale(window)
    middle = np.sort(np.linalg.eigvalsh(matrix(dense) / np.outer(diagonal, diagonal)))[8 // 2]
    scale = np.sqrt(middle) * diagonal
    np.testing.assert_allclose(low.scale, scale, rtol=1e-9)
    values, vectors = np.linalg.eigh(matrix(dense) / np.outer(scale, scale))
    kept = (values < 1 / cutoff) | (values > cutoff)
    assert low.form[metric.RANK] == kept.sum()
    inner = np.eye(8) + (vectors[:, kept] * (values[kept] - 1.0)) @ vectors[:, kept].T
    np.testing.assert_allclose(matrix(low) / np.outer(scale, scale), inner, rtol=0, atol=1e-9)


def refitted_scale(window):
    """The diagonal solution."""
    return np.sqrt(window.draws.std(axis=0) / window.gradients.std(axis=0))


def test_a_few_long_directions_do_not_make_all_others_count():
    """Ten of 40 directions are long, and raise the diagonal: the others are all shorter than it says."""
    rng = np.random.default_rng(7)
    long = np.linalg.qr(rng.normal(size=(40, 10)))[0]
    covariance = np.eye(40) + long @ np.diag(np.geomspace(50.0, 500.0, 10)) @ long.T
    made = refitted(normal_window(covariance, 60), metric.LOW_RANK)
    assert 10 <= made.form[metric.RANK] <= 12
    assert relative(matrix(made), covariance) < 0.02


@pytest.mark.parametrize(("n", "least_gain"), [(10, 1.5), (20, 5), (40, 20)])
def test_few_draws_of_many_dimensions_are_fitted_in_their_span(n, least_gain):
    """Four of 60 coordinates are correlated. Beside the span of the draws and gradients the diagonal serves."""
    dimension = 60
    covariance = np.eye(dimension)
    covariance[:4, :4] = 0.99 + 0.01 * np.eye(4)
    window = normal_window(covariance, n)

    def condition(inverse_metric):
        values = scipy.linalg.eigvalsh(covariance, inverse_metric)
        return values[-1] / values[0]

    for kind in (metric.DENSE, metric.LOW_RANK):
        assert condition(matrix(refitted(window, kind))) < condition(np.eye(dimension)) / least_gain


def test_no_more_draws_are_used_than_there_is_room_for():
    covariance = covariance_of(6)
    window = normal_window(covariance, 50)
    made = refitted(window, metric.LOW_RANK, most=4)  # the latest two draws; less than a fit needs
    assert made.form[metric.IS_FITTED] == 0
    assert made.form[metric.RANK] == 0
    made = refitted(normal_window(np.eye(40), 50), metric.LOW_RANK, most=12)
    assert made.form[metric.IS_FITTED] == 1


def refused():
    draws, gradients = skewed(30, 3)
    yield "two draws", draws[:2], gradients[:2]
    for what, value in (("nan", np.nan), ("infinite", np.inf)):
        for name in ("draws", "gradients"):
            rows = {"draws": draws.copy(), "gradients": gradients.copy()}
            rows[name][7, 1] = value
            yield f"{what} in {name}", rows["draws"], rows["gradients"]
    still = draws.copy()
    still[:, 2] = 1.0
    yield "a parameter that does not move", still, gradients
    flat = gradients.copy()
    flat[:, 0] = 0.0
    yield "a gradient of zero", draws, flat
    yield "scales beyond all bounds", draws * 1e-30, gradients


@pytest.mark.parametrize("kind", [metric.DENSE, metric.LOW_RANK])
@pytest.mark.parametrize(("name", "draws", "gradients"), list(refused()))
def test_what_cannot_be_fitted_leaves_the_metric_as_it_was(name, draws, gradients, kind):
    made = refitted(window_of(draws, gradients), kind)
    assert (matrix(made) == np.eye(3)).all()
    assert made.form[metric.IS_FITTED] == 0


def test_identical_draws_are_refused():
    window = window_of(np.ones((10, 2)), np.ones((10, 2)))
    assert (matrix(refitted(window, metric.DENSE)) == np.eye(2)).all()


def with_rubbish(room):
    for part in room:
        part.fill(np.nan)
    return room


@pytest.mark.parametrize("only_if_worth", [False, True])
@pytest.mark.parametrize("kind", [metric.DENSE, metric.LOW_RANK])
@pytest.mark.parametrize(("n", "dimension"), [(4, 9), (10, 40), (40, 8)])
def test_a_fit_does_not_depend_on_the_one_before(n, dimension, kind, only_if_worth):
    window = window_of(*skewed(n, dimension))
    fits = []
    for room in (fisher.make_room(window, dimension), with_rubbish(fisher.make_room(window, dimension))):
        fits.append(metric.identity(dimension, kind, dimension))
        fitted.refit(fits[-1], window, room, only_if_worth)
    assert fits[0].form[metric.IS_FITTED] == 1
    for one, other in zip(*fits, strict=True):
        assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("most", [7, 30])
@pytest.mark.parametrize("n", [1, 2, 5, 14, 15, 16, 60])
def test_the_basis_spans_all_deviations_that_it_has_room_for(n, most):
    draws, gradients = skewed(n, 30)
    basis = np.full((most, 30), np.nan)
    m = fisher.set_basis(draws, gradients, n, basis)
    assert m == min(2 * n, most)
    np.testing.assert_allclose(basis[:m] @ basis[:m].T, np.eye(m), rtol=0, atol=1e-12)
    for rows in (draws, gradients):
        spanned = rows[: m // 2]  # a draw and its gradient in turn
        np.testing.assert_allclose(spanned @ basis[:m].T @ basis[:m], spanned, rtol=0, atol=1e-9 * np.abs(rows).max())


# Whether it is worth it.


@pytest.mark.parametrize(("square", "is_seen"), [(1.9, False), (2.1, True)])
@pytest.mark.parametrize("n", [3, 50])
def test_a_divergence_along_any_direction_is_seen_from_two_on(square, is_seen, n):
    """Gradients that differ along one direction alone, by this mean square; the room holds rubbish."""
    rng = np.random.default_rng(5)
    for direction in (*np.eye(6), *rng.normal(size=(6, 6))):
        along = rng.normal(size=n)
        along *= np.sqrt(square / (along**2).mean())
        differences = np.outer(along, direction / np.linalg.norm(direction))
        draws = rng.normal(size=(n, 6))
        window = window_of(draws, differences - draws)
        room = with_rubbish(fisher.make_room(window, 6))
        assert fisher.has_divergence(draws, differences - draws, n, room) == is_seen


def correlated(dimension, variance):
    """Unit normals, but for one direction that is across two coordinates: correlation r has variances 1 + r, 1 - r."""
    covariance = np.eye(dimension)
    r = (variance - 1) / (variance + 1)  # the longer is `variance` times the shorter
    covariance[0, 1] = covariance[1, 0] = r
    return covariance


@pytest.mark.parametrize("dimension", [25, 30])
@pytest.mark.parametrize("n", [20, 200])
@pytest.mark.parametrize(("variance", "is_worth"), [(1.0, False), (3.0, False), (30.0, True), (1000.0, True)])
def test_correlations_are_worth_a_fit_where_they_are_strong(dimension, n, variance, is_worth):
    window = normal_window(correlated(dimension, variance), n)
    made = refitted(window, metric.DENSE, only_if_worth=True)
    assert bool(made.form[metric.IS_FITTED]) == is_worth


@pytest.mark.parametrize("kind", [metric.DENSE, metric.LOW_RANK])
def test_a_fit_is_given_up_when_it_is_not_worth_it_any_more(kind):
    strong, weak = normal_window(correlated(22, 100.0), 50), normal_window(np.eye(22), 50)
    made = metric.identity(22, kind, 22)
    fitted.refit(made, strong, fisher.make_room(strong, 22), True)
    assert made.form[metric.IS_FITTED] == 1
    fitted.refit(made, weak, fisher.make_room(weak, 22), True)
    assert made.form[metric.KIND] == metric.DIAGONAL
    assert made.form[metric.IS_FITTED] == 0
    fitted.refit(made, strong, fisher.make_room(strong, 22), True)
    assert made.form[metric.KIND] == kind


@pytest.mark.parametrize(("dimension", "is_fitted"), [(20, True), (21, False)])
def test_in_few_dimensions_any_gain_is_worth_a_fit(dimension, is_fitted):
    made = refitted(normal_window(np.eye(dimension), 60), metric.DENSE, only_if_worth=True)
    assert bool(made.form[metric.IS_FITTED]) == is_fitted


def test_the_size_of_a_parameter_does_not_count():
    for sd in (1e-6, 1e6):
        covariance = correlated(5, 30.0) * np.outer([sd, 1, 1, 1, 1], [sd, 1, 1, 1, 1])
        assert refitted(normal_window(covariance, 40), metric.DENSE, only_if_worth=True).form[metric.IS_FITTED] == 1
        assert relative(matrix(refitted(normal_window(covariance, 40), metric.DENSE)), covariance) < 0.01


# The window.


def test_the_foreground_is_forgotten_and_the_background_stays():
    window = fisher.make_window(2, 10)
    for n in range(3):
        fisher.keep(window, np.full(2, n), np.full(2, -n))
    fisher.forget(window)
    for n in range(3, 7):
        fisher.keep(window, np.full(2, n), np.full(2, -n))
    assert window.draws[: window.marks[END], 0].tolist() == list(range(7))
    fisher.forget(window)
    assert window.draws[: window.marks[END], 0].tolist() == [3, 4, 5, 6]
    assert window.gradients[: window.marks[END], 1].tolist() == [-3, -4, -5, -6]


def test_a_full_window_keeps_what_it_has():
    window = fisher.make_window(1, 2)
    for n in range(3):
        fisher.keep(window, np.full(1, n), np.zeros(1))
    assert window.draws[:, 0].tolist() == [0, 1]
