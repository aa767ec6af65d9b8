"""What the benchmarks share: one core, seconds of calls, and fits, ours and nutpie's, in one form.

nutpie compiles a PyMC model to a C function of the log density and its gradient. Both sides' functions are called in
a compiled loop, through the pointers that the samplers use; both sides' fits are timed without converting draws.
"""

import os
import statistics
import time
import warnings
from typing import NamedTuple

import numba
import numpy as np

import hmc
from benchmarks import nutpie_fits
from diagnostics import ess_bulk, rhat
from hmc.jit.compiled import DENSITY, VECTOR
from hmc.jit.kernel import kernel


class Length(NamedTuple):
    """How long a fit is; a warm-up of None is the sampler's default."""

    chains: int = 4
    warmup: object = 1000
    draws: int = 1000

    def __str__(self):
        return f"{self.chains} x ({self.warmup} + {self.draws})"


class Run(NamedTuple):
    """What one fit cost and gave."""

    seconds: float  # sampling only: compiled beforehand, draws as the sampler leaves them
    gradients: int  # of the draws
    warmup_gradients: int
    divergences: int  # after warm-up
    draws: np.ndarray  # (chains, draws, parameters) on the printed scale


class Figures(NamedTuple):
    """What is printed of a run, or of several in the middle."""

    seconds: float
    gradients: float  # warm-up included
    ess: float  # the least bulk ESS of any parameter
    ess_per_second: float
    ess_per_1000_gradients: float  # warm-up included
    ess_per_1000_of_draws: float  # gradients of the draws alone
    divergences: float
    rhat: float  # the largest of any parameter
    runs: int


def figures(run):
    """The `Figures` of a `Run`."""
    ess, worst_rhat = float(ess_bulk(run.draws).min()), float(rhat(run.draws).max())
    gradients = run.warmup_gradients + run.gradients
    efficiencies = (ess / run.seconds, 1000 * ess / gradients, 1000 * ess / run.gradients)
    return Figures(run.seconds, gradients, ess, *efficiencies, run.divergences, worst_rhat, 1)


def compare(contestants, length, repeats, patience=20.0):
    """{label: medians of `Figures`} of contestants {label: function(seed, length) -> Run}, over seeds 1 to `repeats`.

    They take turns, a seed each, so that a busy machine slows all alike. A first short run of each does not count. One
    whose first run took more than `patience` seconds has no other.
    """
    for run in contestants.values():
        run(0, Length(1, 10, 10))
    rows = {label: [] for label in contestants}
    for seed in range(1, repeats + 1):
        for label, run in contestants.items():
            if not (rows[label] and rows[label][0].seconds > patience):
                rows[label].append(figures(run(seed, length)))
    return {label: medians(row) for label, row in rows.items()}


def medians(rows):
    """The median of each of the `Figures` of several runs."""
    return Figures(*map(statistics.median, zip(*rows, strict=True)))._replace(runs=len(rows))


def print_figures(rows):
    """A table of {label: Figures}."""
    print(f"{'':40}{'seconds':>10}{'gradients':>11}{'min ESS':>9}{'ESS/s':>9}", end="")
    print(f"{'ESS/1000 gradients':>20}{'of draws':>10}{'divergences':>13}{'max Rhat':>10}{'runs':>6}")
    for label, row in rows.items():
        print(f"{label!s:40}{row.seconds:10.4f}{row.gradients:11.0f}{row.ess:9.0f}", end="")
        print(f"{digits(row.ess_per_second):>9}{row.ess_per_1000_gradients:20.1f}", end="")
        print(f"{row.ess_per_1000_of_draws:10.1f}{row.divergences:13.0f}{row.rhat:10.3f}{row.runs:6}")


def digits(number):
    """A positive number to at least two digits."""
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def pin_to_one_core():
    """Keep this process, and what it starts, to one core where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def median_time(function, repeats):
    """Median seconds of a call, after one that does not count."""
    function()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def nanoseconds_per_call(call_repeatedly, repeats, enough=0.05):
    """Median nanoseconds of one of the calls that `call_repeatedly(count)` makes, about `enough` seconds of them."""
    count, seconds = 1, 0.0
    while seconds < enough / 2:
        count *= 2
        started = time.perf_counter()
        call_repeatedly(count)
        seconds = time.perf_counter() - started
    return median_time(lambda: call_repeatedly(count), repeats) / count * 1e9


def gradient_nanoseconds(model, repeats):
    """Of our log density with its gradient, called through the sampler's pointer."""
    density, data = model.density()
    repeat = numba.njit(numba.float64(DENSITY, VECTOR, numba.intp, VECTOR, numba.intp))(call_often)
    position, gradient = np.full(model.dimension, 0.1), np.zeros(model.dimension)
    return nanoseconds_per_call(lambda count: repeat(density, position, data, gradient, count), repeats)


@kernel
def call_often(density, position, data, gradient, count):
    """The log density, `count` times; summed, so that no call can be left out."""
    total = 0.0
    for _ in range(count):
        total += density(position, data, gradient)
    return total


def with_default_warmup(run):
    """A contestant with the warm-up that its sampler takes unless told."""
    return lambda seed, length: run(seed, length._replace(warmup=None))


def ours(model, **options):
    """A contestant: `hmc.sample` in this process."""
    names = [parameter.name for parameter in model.parameters]

    def run(seed, length):
        lengths = {name: value for name, value in length._asdict().items() if value is not None}
        started = time.perf_counter()
        fit = hmc.sample(model, seed=seed, **lengths, **options, workers=1, progress=False)
        seconds = time.perf_counter() - started
        gradients, in_warmup = (int(stats["n_steps"].sum()) for stats in (fit.stats, fit.warmup_stats))
        draws = [fit[name].reshape(length.chains, length.draws, -1) for name in names]
        return Run(seconds, gradients, in_warmup, int(fit.stats["diverging"].sum()), np.concatenate(draws, axis=2))

    return run


def import_peers():
    """The module of the PyMC models; None, saying so, where PyMC or nutpie is not installed."""
    try:
        warnings.filterwarnings("ignore", module=r"(arviz|pytensor|pymc|nutpie)\b")  # of releases to come, and BLAS
        import nutpie  # noqa: F401 (what PyMC samples with here: without it there is nothing to measure)

        from benchmarks import peers
    except ImportError as error:
        print(f"nutpie is not measured: {error}\n")
        return None
    return peers


def nutpies(compiled, names, **options):
    """A contestant: nutpie, compiled beforehand by `nutpie.compile_pymc_model`; `names` are the parameters'."""
    import nutpie

    def run(seed, length):
        warmup = {} if length.warmup is None else {"tune": length.warmup}
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            raw = nutpie.sample(
                compiled,
                chains=length.chains,
                draws=length.draws,
                cores=1,
                seed=seed,
                progress_bar=False,
                return_raw_trace=True,
                **warmup,
                **options,
            )
        seconds = time.perf_counter() - started
        draws, *counts = nutpie_fits.read(raw, names, length.draws)
        return Run(seconds, *counts, draws)

    return run


def nutpies_gradient_nanoseconds(compiled, repeats):
    """Of nutpie's compiled log density with its gradient, called through the pointer that its sampler gets."""
    function, data = compiled.compiled_logp_func.ctypes, np.atleast_1d(compiled.user_data).view(np.uint8)

    @numba.njit
    def repeat(position, gradient, log_density, data, count):
        total = 0.0
        for _ in range(count):
            status = function(position.size, position.ctypes, gradient.ctypes, log_density.ctypes, data.ctypes)
            total += log_density[0] + status
        return total

    position, gradient, log_density = np.full(compiled.n_dim, 0.1), np.zeros(compiled.n_dim), np.zeros(1)
    total = repeat(position, gradient, log_density, data, 1)
    if total != log_density[0]:
        raise RuntimeError(f"nutpie's log density ends with status {total - log_density[0]:.0f}")
    return nanoseconds_per_call(lambda count: repeat(position, gradient, log_density, data, count), repeats)
