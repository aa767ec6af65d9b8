"""What a model's `derived` makes of draws: an author's own code, called once for each, which may fail at any."""

import numpy as np

from hmc.errors import told


def derived_draws(model, positions):
    """{name: (chains, draws, *shape) float64} of what the model's `derived` gives at positions (chains, draws,
    dimension); nothing where it has no such function.

    ValueError, which names the model, where `derived` raises, where names or shapes differ from draw to draw, and where
    a name is a parameter's.
    """
    if model.derived is None:
        return {}
    rows = positions.reshape(-1, positions.shape[-1])
    try:
        draws = [_of_one_draw(model, row) for row in rows]
    except (Exception, SystemExit) as error:  # whatever the author's function does wrong
        raise ValueError(f"{model.name}: derived fails: {told(error)}") from error
    first = draws[0]
    for values in draws:
        if values.keys() != first.keys():
            names = ", ".join(map(str, first)), ", ".join(map(str, values))
            raise ValueError(f"{model.name}: derived gives {names[0]} for one draw and {names[1]} for another")
        if odd := [name for name in first if values[name].shape != first[name].shape]:
            shapes = f"{first[odd[0]].shape} for one draw and {values[odd[0]].shape} for another"
            raise ValueError(f"{model.name}: derived gives {odd[0]} of shape {shapes}")
    for name in first:
        if any(parameter.name == name for parameter in model.parameters):
            raise ValueError(f"{model.name}: {name} is both a parameter and a derived quantity")
    stacked = {name: np.array([values[name] for values in draws]) for name in first}
    return {name: values.reshape(*positions.shape[:-1], *values.shape[1:]) for name, values in stacked.items()}


def _of_one_draw(model, position):
    return {name: np.asarray(value, dtype=np.float64) for name, value in model.derived(position, model.data).items()}
