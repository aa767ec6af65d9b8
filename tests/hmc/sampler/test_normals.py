"""Standard normals: NumPy's, compiled and in Python, tails included, from the same bits; and no C library."""

import numba
import numpy as np
import pytest

from hmc import numerics
from hmc.jit.copying import substituted
from hmc.jit.packing import lent_generator
from hmc.sampler import normals
from hmc.sampler.phase_space import draw_momentum
from tests.hmc.helpers import running

LOWEST_LAYER = 3.6541528853610088  # the tail begins here: one of 3,900 normals
N = 400_000


@numba.njit(error_model="numpy", _nrt=False)
def compiled(bit_generator, momentum):
    draw_momentum(lent_generator(bit_generator), momentum)


def drawn(seed, draw=lambda rng, out: compiled(rng.bit_generator, out), n=N):
    """(normals, the next number of the generator after them)."""
    rng, out = np.random.default_rng(seed), np.zeros(n)
    draw(rng, out)
    return out, rng.random()


def numpys(rng, out):
    rng.standard_normal(out=out)


@pytest.mark.parametrize("seed", range(3))
def test_they_are_numpys_bit_for_bit_and_use_the_same_bits(seed):
    normals_drawn, after = drawn(seed)
    expected, after_numpys = drawn(seed, numpys)
    assert (np.abs(expected) > LOWEST_LAYER).sum() > 70
    assert running.equal_bits(normals_drawn, expected)
    assert after == after_numpys


def test_python_draws_what_compiled_code_draws():
    assert running.equal_bits(drawn(5, draw_momentum, N // 4)[0], drawn(5, n=N // 4)[0])


@pytest.mark.parametrize("name", ["exp", "log1p"])
def test_a_function_that_is_off_is_noticed(name):
    broken = substituted(normals.standard_normal, **{name: lambda x: getattr(numerics, name)(x) * (1.0 + 1e-3)})

    def draw(rng, out):
        out[:] = [broken(rng.bit_generator) for _ in out]

    assert not running.equal_bits(drawn(5, draw, N // 4)[0], drawn(5, numpys, N // 4)[0])


def test_the_tails_logarithm_is_our_own():
    """Where the C library's logarithm differs in the last bit, a seed must not give another momentum there."""
    called = []

    def noting(x):
        called.append(x)
        return numerics.log1p(x)

    broken = substituted(normals.standard_normal, log1p=noting)
    rng = np.random.default_rng(5)
    beyond = sum(abs(broken(rng.bit_generator)) > LOWEST_LAYER for _ in range(20_000))
    assert len(called) >= 2 * beyond > 0
