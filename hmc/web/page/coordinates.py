"""The names of a model's coordinates on both scales, and what the page needs to go from one to the other."""

from typing import Any

import numpy as np

from hmc.parameters import Parameter, element_names
from hmc.transforms import CHOLESKY_CORR, INTERVAL


def described(parameter: Parameter) -> dict[str, Any]:
    """A parameter as hmc/web/page/js/coordinates.mjs reads it: a name for each of its unconstrained numbers, and for
    the value that this becomes.
    """
    name, shape, constraint = parameter
    names = element_names(name, shape)
    block = constraint.free_of_block(shape) if constraint.kind > INTERVAL else 1
    if parameter.free == parameter.size:
        return {"name": name, "elements": names, "constrained": names, "constraint": constraint, "block": block}
    # Of a simplex all values but the last, of a factor those below the diagonal.
    size = shape[-1]
    of_block = np.flatnonzero(np.tri(size, k=-1)) if constraint.kind == CHOLESKY_CORR else np.arange(size - 1)
    whole = constraint.block(shape)
    return {
        "name": name,
        "elements": [f"{name}, free number {k + 1}" for k in range(parameter.free)],
        "constrained": [names[first + k] for first in range(0, parameter.size, whole) for k in of_block],
        "constraint": constraint,
        "block": block,
    }
