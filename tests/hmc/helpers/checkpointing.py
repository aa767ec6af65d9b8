"""What the tests of checkpoints share: a short run with a checkpoint, and where the entries of its file end."""

import hmc
from hmc.results import checkpoint
from hmc.results.identity import identity_of
from hmc.settings import settings_of

SETTINGS = {"chains": 2, "warmup": 30, "draws": 10, "workers": 1, "progress": False}


def sampled(model, path, **changes):
    """A fit with its checkpoint at a path."""
    return hmc.sample(model, **SETTINGS | {"checkpoint": path} | changes)


def opened(model, path, fit):
    """The checkpoint at a path, of a fit with these settings, for a `with`."""
    settings = settings_of(fit.settings)
    return checkpoint.open_checkpoint(path, model, identity_of(model), settings, settings.seed)


def entry_ends(path):
    """Where the entries of a file end, the description's first."""
    content, ends = path.read_bytes(), []
    place = len(checkpoint.MAGIC)
    while place < len(content):
        place += checkpoint._HEAD.size + checkpoint._HEAD.unpack_from(content, place)[0]
        ends.append(place)
    return ends


def other_density(position, data, gradient):
    """Of four parameters, and of no data."""
    gradient[:] = -position
    return -0.5 * (position[0] ** 2 + position[1] ** 2 + position[2] ** 2 + position[3] ** 2)
