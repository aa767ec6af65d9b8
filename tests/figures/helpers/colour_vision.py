"""How far apart colours look: CIELAB distance as seen by normal eyes and by those without one kind of cone.

Machado, Oliveira & Fernandes (2009), "A physiologically-based model for simulation of color vision deficiency", IEEE
TVCG 15: the matrices of severity 1.0, applied to linear RGB. CIELAB of sRGB under D65, Euclidean distance (CIE 1976);
2.3 is a just noticeable difference.
"""

import numpy as np

EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = XYZ.sum(axis=1)


def distance(one, other):
    """The smallest distance between two colours "#rrggbb" over all eyes."""
    return min(np.linalg.norm(_lab(one, eye) - _lab(other, eye)) for eye in EYES.values())


def _lab(colour, eye):
    x, y, z = np.array([_compressed(t) for t in XYZ @ np.clip(eye @ _linear(colour), 0.0, 1.0) / WHITE])
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


def _linear(colour):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _compressed(t):
    return np.cbrt(t) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
