"""nutpie's fits as arrays, and nutpie on our own densities, in our unconstrained coordinates.

Of the same density the samplers alone differ. Each gradient passes through Python there, so that only counts mean
something; `models.py` measures nutpie's speed.
"""

import numpy as np

METRICS = {"nutpie diag": False, "nutpie low rank": True}  # name in tables: whether it is of low rank


def compiled(model):
    """A model as nutpie takes it; chains start uniformly in (-2, 2), as ours do."""
    from nutpie.compiled_pyfunc import from_pyfunc

    def make_log_density():
        function, address = model.density()

        def log_density(position):
            gradient = np.zeros(model.dimension)
            return float(function(np.array(position), address, gradient)), gradient

        return log_density

    def make_expand(*_):
        return lambda position: {"position": position}

    def start(seed):
        return np.random.default_rng(seed).uniform(-2.0, 2.0, model.dimension)

    shape = ["float64"], [(model.dimension,)], ["position"]
    return from_pyfunc(model.dimension, make_log_density, make_expand, *shape, make_initial_point_fn=start)


def fit(model, metric, seed, chains, warmup, draws):
    """(draws (chains, draws, dimension), gradients of the draws, of warm-up, divergences) of a run of nutpie."""
    import nutpie

    raw = nutpie.sample(
        compiled(model),
        chains=chains,
        tune=warmup,
        draws=draws,
        cores=1,
        seed=seed,
        progress_bar=False,
        return_raw_trace=True,
        low_rank_modified_mass_matrix=METRICS[metric],
    )
    return read(raw, ["position"], draws)


def read(raw, names, draws):
    """(draws (chains, draws, values), gradients of the draws, of warm-up, divergences) of nutpie's raw trace.

    `names`: of the parameters, whose values are put side by side; `draws`: how many there are after warm-up.
    """
    tables, stats = raw.get_arrow_trace()  # a table for each chain, a column for each name, warm-up first
    kept = np.stack([np.hstack([column(table, name)[-draws:] for name in names]) for table in tables])
    steps = np.stack([column(table, "n_steps") for table in stats])
    divergences = sum(int(column(table, "diverging")[-draws:].sum()) for table in stats)
    return kept, int(steps[:, -draws:].sum()), int(steps[:, :-draws].sum()), divergences


def column(table, name):
    """A column of nutpie's table as an array (draws, values)."""
    import pyarrow

    values = pyarrow.array(table.column(name))
    flat = values.flatten() if hasattr(values, "flatten") else values
    return flat.to_numpy(zero_copy_only=False).reshape(table.num_rows, -1)
