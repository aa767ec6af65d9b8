"""The explicit loops against NumPy's LAPACK."""

import numpy as np
import pytest

from hmc.sampler import linear_algebra as la

SIZES = [1, 2, 3, 4, 7, 20, 35]


def symmetric(rng, m):
    root = rng.normal(size=(m, m))
    return root + root.T


def with_room(matrix, rng):
    """The matrix as the leading part of an array that has rubbish beside it."""
    m = len(matrix)
    larger = rng.normal(size=(m + 2, m + 3))
    larger[:m, :m] = matrix
    return larger


def eigen(matrix, rng):
    """(whether it ended, eigenvalues, eigenvectors as rows)."""
    m = len(matrix)
    vectors, values, beside = rng.normal(size=(m + 2, m + 1)), np.zeros(m + 1), np.zeros(m + 2)
    ended = la.eigen(with_room(matrix, rng), vectors, values, beside, m)
    return ended, values[:m], vectors[:m, :m]


@pytest.mark.parametrize("m", SIZES)
def test_cholesky_is_numpys(m):
    rng = np.random.default_rng(m)
    root = rng.normal(size=(m, m + 2))
    a = with_room(root @ root.T, rng)
    beside = a[m:].copy()
    assert la.cholesky(a, m)
    np.testing.assert_allclose(np.tril(a[:m, :m]), np.linalg.cholesky(root @ root.T), rtol=0, atol=1e-12 * m)
    assert (a[m:] == beside).all()


@pytest.mark.parametrize(
    "matrix", [[[0.0]], [[-1.0]], [[np.nan]], [[np.inf]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]
)
def test_cholesky_refuses_what_is_not_positive_definite(matrix):
    assert not la.cholesky(np.array(matrix), len(matrix))


def special():
    rng = np.random.default_rng(0)
    yield "zero", np.zeros((5, 5))
    yield "unit", np.eye(6)
    yield "diagonal", np.diag([3.0, -1.0, 3.0, 0.0])
    yield "rank one", np.outer(np.arange(1.0, 7.0), np.arange(1.0, 7.0))
    yield "tridiagonal", np.diag(np.arange(5.0)) + np.diag(np.ones(4), 1) + np.diag(np.ones(4), -1)
    for sign in (1.0, -1.0):  # where a reflection of the wrong sign loses what is small
        beside = np.diag(np.full(4, sign), 1)
        yield f"nearly tridiagonal, {sign}", np.diag(np.arange(5.0)) + beside + beside.T + 1e-9 * symmetric(rng, 5)
    yield "two blocks", np.kron(np.eye(2), np.array([[2.0, 1.0], [1.0, 2.0]]))
    yield "scales apart", np.diag([1e-8, 1.0, 1e8]) @ symmetric(rng, 3) @ np.diag([1e-8, 1.0, 1e8])
    for m in SIZES:
        yield f"random of {m}", symmetric(rng, m)


@pytest.mark.parametrize(("name", "matrix"), list(special()))
def test_eigenvalues_and_vectors_are_numpys(name, matrix):
    ended, values, vectors = eigen(matrix, np.random.default_rng(1))
    size = max(np.abs(matrix).max(), 1e-300) * len(matrix)
    assert ended
    np.testing.assert_allclose(np.sort(values), np.linalg.eigvalsh(matrix), rtol=0, atol=1e-14 * size)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(len(matrix)), rtol=0, atol=1e-13)
    np.testing.assert_allclose(vectors.T @ np.diag(values) @ vectors, matrix, rtol=0, atol=1e-14 * size * 3)


@pytest.mark.parametrize("m", [1, 2, 5])
def test_eigen_says_so_where_a_matrix_has_nan(m):
    matrix = np.eye(m)
    matrix[-1, -1] = np.nan
    with np.errstate(all="ignore"):
        assert not eigen(matrix, np.random.default_rng(1))[0]


def test_rows_are_made_orthonormal_and_the_dependent_one_is_told():
    rng = np.random.default_rng(2)
    basis = np.zeros((4, 6))
    for m in range(3):
        basis[m] = rng.normal(size=6) + 1e6 * basis[0]
        assert la.orthogonal_part(basis, m, basis[m])
    np.testing.assert_allclose(basis[:3] @ basis[:3].T, np.eye(3), rtol=0, atol=1e-14)
    basis[3] = 2.0 * basis[0] - 3.0 * basis[2]
    assert not la.orthogonal_part(basis, 3, basis[3])
    basis[3] = 0.0
    assert not la.orthogonal_part(basis, 3, basis[3])
