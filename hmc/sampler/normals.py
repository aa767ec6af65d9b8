"""Standard normals: NumPy's ziggurat, with `hmc.numerics` in the place of the C library.

NumPy takes logarithms of the C library in the ziggurat's tail, one in 4,000 normals, and an exponential at the edges of
its layers. These differ between platforms, and a browser has none. With `hmc.numerics` a seed gives the same momenta
everywhere. They are those of `Generator.standard_normal`, from the same bits, but for the last bit of one in 10^8 (in
the tail, where two logarithms within 1 ulp of the exact one differ).

Marsaglia & Tsang (2000), "The ziggurat method for generating random variables"; the tables and the use of bits are
those of NumPy's distributions.c.
"""

from numba.np.random._constants import fi_double, ki_double, wi_double, ziggurat_nor_inv_r, ziggurat_nor_r
from numba.np.random.generator_core import next_double, next_uint64

from hmc.jit.kernel import kernel
from hmc.numerics import exp, log1p


@kernel
def standard_normal(bit_generator):
    """A draw from the standard normal distribution. `bit_generator` is NumPy's, as `Generator.bit_generator`."""
    while True:
        bits = next_uint64(bit_generator)
        layer = bits & 0xFF
        magnitude = (bits >> 9) & 0x000FFFFFFFFFFFFF
        x = magnitude * wi_double[layer]
        if bits & 0x100:
            x = -x
        if magnitude < ki_double[layer]:
            return x
        if layer == 0:
            beyond = tail(bit_generator)
            return -beyond if magnitude & 0x100 else beyond
        height = (fi_double[layer - 1] - fi_double[layer]) * next_double(bit_generator) + fi_double[layer]
        if height < exp(-0.5 * x * x):
            return x


@kernel
def tail(bit_generator):
    """A draw from the standard normal distribution beyond the ziggurat's lowest layer, 3.65."""
    while True:
        x = -ziggurat_nor_inv_r * log1p(-next_double(bit_generator))
        y = -log1p(-next_double(bit_generator))
        if y + y > x * x:
            return ziggurat_nor_r + x
