"""What a figure asks of a fit: draws that are there, of the right shape and finite; and that it is of these data."""

import numpy as np

from hmc.results.identity import contents


def draws_of(figure, fit, name, shape=()):
    """The draws of `name`, pooled: (draws, *shape). ValueError, that begins with the figure's name, unless they can be
    shown: at least two, all finite, and of this shape.
    """
    title = getattr(fit, "name", "") or "a model"
    if name not in fit.keys():  # noqa: SIM118 (keys are the contract)
        raise ValueError(f"{figure}: the fit of {title} has no {name}; it has {', '.join(fit.keys())}")
    values = np.asarray(fit[name])
    if values.ndim != 2 + len(shape) or values.shape[2:] != shape or values.shape[0] * values.shape[1] < 2:
        expected = ", ".join(["chains", "draws", *map(str, shape)])
        raise ValueError(f"{figure}: {name} of {title} is of shape {values.shape}, not ({expected})")
    if not np.isfinite(values).all():
        raise ValueError(f"{figure}: some draws of {name} of {title} are not finite")
    return values.reshape(-1, *shape)


def require_data(figure, fit, columns):
    """ValueError where the fit knows its data, and an array in `columns`, a dict by the name of the model's field, is
    not the one that it was made from.
    """
    fitted = getattr(getattr(fit, "identity", None), "data", {})
    for name, values in columns.items():
        if name in fitted and fitted[name].hash != contents(values).hash:
            raise ValueError(f"{figure}: the fit of {fit.name} was made from other data: {name} is not the same")
