"""A model's functions at many positions; how many observations those write that write a number for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from hmc.jit.compiled import called_from_python
from hmc.jit.copying import python_of
from hmc.jit.kernel import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS_TRIED = 20


def n_observations(name: str, function: Callable[..., Any], data: Any, rows: NDArray[np.float64]) -> int:
    """How many observations a pointwise function writes, seen by watching it write at some of these positions.

    The author means the function to be run there, and nowhere else. At a draw so extreme that Python's math raises an
    exception, where compiled code gives inf or nan, it is not seen; so more than one is tried. ValueError, which begins
    with `name`, where it is seen at none of them, and where the function uses `out` in another way than to write to it.
    """
    in_python = python_of(called_from_python(function))
    reason: object = "no position is given"
    for row in rows[np.linspace(0, len(rows) - 1, min(len(rows), _ROWS_TRIED), dtype=np.int64)]:
        extent = _Extent(name)
        try:
            with np.errstate(all="ignore"):
                in_python(row.copy(), data, extent)
            return extent.length
        except Exception as error:
            if extent.misused:
                raise
            reason = error
    raise ValueError(f"{name} cannot be run to count its observations: {reason}")


@kernel
def density_rows(function, address, positions, gradient, out):
    """The log density of each row of positions (rows, dimension), into out (rows,); each gradient into `gradient`."""
    for row in range(positions.shape[0]):
        out[row] = function(positions[row], address, gradient)


@kernel
def pointwise_rows(function, address, positions, out):
    """Call a pointwise function for each row of positions (rows, dimension), into out (rows, observations)."""
    for row in range(positions.shape[0]):
        function(positions[row], address, out[row])


class _Extent:
    """Stands in for `out` to learn how far a function writes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.length = 0
        self.misused = False

    def __setitem__(self, index: Any, value: object) -> None:
        if not isinstance(index, (int, np.integer)) or index < 0:
            self._refuse(f"out[{index}]")
        self.length = max(self.length, int(index) + 1)

    def __getitem__(self, index: object) -> NoReturn:
        self._refuse(f"reading out[{index}]")

    def __len__(self) -> NoReturn:
        self._refuse("len(out)")

    def __getattr__(self, attribute: str) -> NoReturn:
        self._refuse(f"out.{attribute}")

    def _refuse(self, use: str) -> NoReturn:
        self.misused = True
        raise ValueError(
            f"{self.name} must write out[i] = value, i = 0, 1, ..., one observation at a time, not use {use}"
        )
