"""The lecture's explorables: their models, with what is known of them, their data, and whose place they take.

`hmc.web.page` runs them and knows none of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import models

if TYPE_CHECKING:
    import hmc
    from hmc.web.page import Tables, Target

# The models that each samples.
MODELS: dict[str, tuple[str, ...]] = {
    "cafes": ("cafes",),
    "pooling": ("mST", "mST_fixed", "mSTnc", "mSTP", "mSTPnc"),
    "schools": ("schools_centred", "schools_noncentred"),
    "confounds": ("m0", "mf", "mr", "mrx", "mru"),
}
PLACES = {"cafes_film": "cafes", "sweep_film": "pooling", "bxy": "confounds", "schools_neck": "schools"}
STUDIES = {
    (30, 200): 100,
    (10, 200): 10,
    (60, 200): 10,
    (30, 100): 10,
    (30, 400): 10,
}  # (groups, individuals): how many
MOST = 60  # of a count that a reader of the lecture's page can set


def model(name: str) -> hmc.Model:
    """A model of an explorable, or any toy or model of the lecture; of one sigma, which the page sets."""
    from figures.sampler.toys import TOYS

    if name in TOYS:
        return TOYS[name].model()
    return models.mST_fixed(1.0) if name == "mST_fixed" else getattr(models, name)()


def target(name: str) -> Target:
    """The model of this name as pages of the sampler show it."""
    from figures.sampler.toys import TOYS
    from figures.sampler.toys.known import known_marginals
    from hmc.web.page import Target

    built = model(name)
    if name in TOYS:
        make, marginals, necks = TOYS[name]
        return Target(built, " ".join((make.__doc__ or "").split()), known_marginals(built, marginals(), necks))
    return Target(built, models.describe(name).summary, _of_lecture(name))


def tables() -> Tables:
    """The data of the explorables."""
    from hmc.web.page import Tables
    from models.cafes import CAFES
    from models.densities import log_factorial
    from models.reedfrogs.tanks import TANKS
    from models.tables import read

    visits, tanks = read(CAFES, None), read(TANKS, None)
    bundled = models.m0()._packed.data
    return Tables(
        visits=[(int(cafe), int(wait)) for cafe, wait in zip(visits["cafe"], visits["wait"], strict=True)],
        tanks=[
            (int(density), str(pred), str(size), int(surv))
            for density, pred, size, surv in zip(*(tanks[k] for k in ("density", "pred", "size", "surv")), strict=True)
        ],
        study={name: getattr(bundled, name).tolist() for name in ("group", "X", "Y", "Z")},
        noise={
            f"{n} {size}": [_noise(seed, n, size) for seed in range(1, 1 + of)] for (n, size), of in STUDIES.items()
        },
        log_factorial=[float(log_factorial(n)) for n in range(MOST + 1)],
    )


def _noise(seed: int, groups: int, individuals: int) -> tuple[list[int], Any]:
    """The random numbers of a study: the group of each individual, and numbers of U, X, Z and Y."""
    import numpy as np

    from models.confounds.study import study_noise

    group, *numbers = study_noise(seed, groups, individuals)
    return group.tolist(), np.concatenate(numbers)


def _of_lecture(name: str) -> dict[str, dict[str, float]]:
    """Moments known by quadrature of the posterior of a model."""
    from models.exact import exact_values

    parts = ("mean", "sd", "lower", "upper")
    return {key: dict(zip(parts, values, strict=True)) for key, values in (exact_values(name) or {}).items()}
