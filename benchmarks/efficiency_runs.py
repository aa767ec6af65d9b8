"""What `efficiency.py` runs in a process of its own for a checkout of the project: fits, and what they are worth.

    python benchmarks/efficiency_runs.py CHECKOUT JSON

JSON is a `Request` as an object. Prints a JSON object a line: of each model and metric the `Worth` of each fit, or why
the model is not there. `hmc`, `models` and `diagnostics` are the checkout's; the posteriors are those beside this file.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Request(NamedTuple):
    """Which fits to make."""

    models: list  # names; empty for all of the checkout's lecture and of benchmarks/posteriors
    metrics: list  # names, nutpie_fits's among them; empty for all of the checkout's but "unit"
    seeds: int  # 1 to that number
    chains: int
    warmup: int
    draws: int
    trolley: str = ""  # the path of the published table, for the models with everything; "": simulated answers


class Worth(NamedTuple):
    """What a fit is worth; counts, so that every machine has the same."""

    min_ess: float  # bulk ESS of the worst unconstrained coordinate; 0 where it is nan, as of chains that do not move
    median_ess: float  # of the middle one
    gradients: int  # of the draws
    warmup_gradients: int
    divergences: int
    rhat: float  # of the worst coordinate

    def per_1000(self, ess, with_warmup):
        """Effective draws for a thousand gradients."""
        return 1000.0 * ess / (self.gradients + (self.warmup_gradients if with_warmup else 0))


def worth(model, metric, seed, request):
    """The `Worth` of one fit, ours or nutpie's."""
    import numpy as np
    import nutpie_fits

    import hmc
    from diagnostics import ess_bulk, rhat

    length = (request.chains, request.warmup, request.draws)
    if metric in nutpie_fits.METRICS:
        draws, *counts = nutpie_fits.fit(model, metric, seed, *length)
    else:
        fit = hmc.sample(model, *length, seed, metric=metric, workers=1, progress=False)
        draws = fit.unconstrained
        counts = [fit.stats["n_steps"].sum(), fit.warmup_stats["n_steps"].sum(), fit.stats["diverging"].sum()]
    ess = np.nan_to_num(ess_bulk(draws), nan=0.0)
    return Worth(float(ess.min()), float(np.median(ess)), *map(int, counts), float(rhat(draws).max()))


def build(name, trolley):
    """A model of the lecture, or one of benchmarks/posteriors."""
    import posteriors

    import models

    if name in posteriors.NAMES:
        return posteriors.build(name)
    required = {"mST_fixed": {"sigma": 1.0}}
    heavy = {"data": trolley} if trolley and name in ("mRXma", "mRXma2") else {}
    return models.build(name, **required.get(name, {}), **heavy)


def main():
    """Run, and print a line for each model and metric as soon as it is known."""
    sys.path[0] = sys.argv[1]  # in place of this folder, whose models.py is not the package
    sys.path.append(str(HERE))  # for `posteriors` and `nutpie_fits`
    import posteriors

    import models
    from hmc.settings import METRICS

    request = Request(**json.loads(sys.argv[2]))
    for name in request.models or [*models.names(), *posteriors.NAMES]:
        try:
            model = build(name, request.trolley)
        except ImportError as error:  # an older checkout lacks what the posterior is written with
            print(json.dumps({"model": name, "missing": str(error)}), flush=True)
            continue
        for metric in request.metrics or [metric for metric in METRICS if metric != "unit"]:
            worths = [worth(model, metric, seed, request) for seed in range(1, request.seeds + 1)]
            print(json.dumps({"model": name, "metric": metric, "fits": worths}), flush=True)


if __name__ == "__main__":
    main()
