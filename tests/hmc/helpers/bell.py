"""Independent normal components of mean 0, whose scales are data."""

from typing import NamedTuple

import numpy as np

import hmc


class Bell(NamedTuple):
    """Their standard deviations."""

    scale: np.ndarray


def bell(position, data, gradient):
    total = 0.0
    for i in range(position.shape[0]):
        z = position[i] / data.scale[i]
        total -= 0.5 * z * z
        gradient[i] = -z / data.scale[i]
    return total


def bell_of(*scale):
    return hmc.Model(bell, Bell(np.array(scale)), [hmc.Parameter("x", (len(scale),))], name="bell")
