"""hmc.memory: what a run takes is known before it is taken, and there are never two copies of all draws."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc import memory
from hmc.settings import settings_of
from tests.hmc.helpers import running


class Nothing(NamedTuple):
    k: int


def standard_normal(position, data, gradient):
    total = 0.0
    for i in range(position.size):
        gradient[i] = -position[i]
        total -= 0.5 * position[i] * position[i]
    return total


DIMENSION, CHAINS, DRAWS = 400, 4, 6000
MODEL = hmc.Model(standard_normal, Nothing(1), [hmc.Parameter("x", (DIMENSION,))], name="normal")
ALL = CHAINS * DRAWS * DIMENSION * 8

PEAK = """
import hmc
from tests.hmc import test_memory as here

def run(draws, **how):
    settings = dict(chains=here.CHAINS, warmup=20, draws=draws, max_depth=1, progress=False)
    return hmc.sample(here.MODEL, **settings, **how)

run(5, HOW)  # what is compiled and imported is not counted
PREPARE
before = here.forget_the_peak()
fit = run(2 * here.DRAWS, HOW)  # so many that what threads take beside draws counts little
print((here.peak_so_far() - before) / fit.unconstrained.nbytes)
assert fit.unconstrained.nbytes == 2 * here.ALL
"""


def forget_the_peak():
    """Bytes in use. Linux counts the peak anew from here (man 5 proc, clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_so_far()


def peak_so_far():
    """The most bytes of memory this process has held. Not `ru_maxrss`, which a child inherits from its parent."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


def peak(folder, how, prepare=""):
    """The most memory that a run has taken at a time, in multiples of its draws."""
    return float(running.python(folder, PEAK.replace("HOW", how).replace("PREPARE", prepare)).stdout)


# Draws of one half of the parameters are those of a normal distribution, of the other half their exponentials.
HALVES = [hmc.Parameter("scale", (DIMENSION // 2,), hmc.positive), hmc.Parameter("x", (DIMENSION // 2,))]
LARGE = hmc.Model(standard_normal, Nothing(1), HALVES, name="large")

OF_A_FIT = """
import hmc
from diagnostics import precis, verdict
from tests.hmc import test_memory as here

def sampled(draws):
    how = dict(chains=here.CHAINS, warmup=20, draws=draws, max_depth=1, progress=False, workers=1)
    fit = hmc.sample(here.LARGE, **how)
    fit.stats["diverging"][:, ::2] = True  # the advice looks for a hierarchy
    return fit

def used(fit):
    assert len(precis(fit, depth=2)) == here.DIMENSION
    assert "divergences" in [found.kind for found in verdict(fit).findings]
    fit.save("large.fit", log_likelihood=False)

used(sampled(60))  # what is compiled and imported is not counted
PREPARE
before = here.forget_the_peak()
used(sampled(here.DRAWS))
print((here.peak_so_far() - before) / here.ALL)
before = here.forget_the_peak()
assert hmc.load("large.fit").unconstrained.nbytes == here.ALL
print((here.peak_so_far() - before) / here.ALL)
"""


def peaks_of_a_fit(folder, prepare=""):
    """The most memory taken to sample a fit, print its table and verdict, and save it; and to load it again."""
    return [float(line) for line in running.python(folder, OF_A_FIT.replace("PREPARE", prepare)).stdout.split()]


linux = pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")


@linux
@pytest.mark.parametrize("how", ["workers=1", "workers=2, executor='threads'"])
def test_chains_are_joined_without_a_second_copy_of_all_draws(how, tmp_path):
    assert 1.0 < peak(tmp_path, how) < 1.4  # the draws, one chain of them again, and little else


@linux
def test_a_second_copy_would_be_seen(tmp_path):
    keeping = """
from hmc import sampling
gather, kept = sampling.gather, []
def keep(model, settings, results, *arguments, **further):
    kept.extend(results)
    return gather(model, settings, results, *arguments, **further)
sampling.gather = keep"""
    assert peak(tmp_path, "workers=1", keeping) > 1.7


@linux
def test_table_verdict_and_file_take_the_draws_of_a_fit_and_their_values_and_little_else(tmp_path):
    used, loaded = peaks_of_a_fit(tmp_path)
    assert 1.9 < used < 2.3  # unconstrained draws, and those on the scale of the model, which the fit keeps
    assert loaded < 1.3


@linux
def test_draws_that_are_joined_to_be_judged_would_be_seen(tmp_path):
    joining = """
import numpy as np
import diagnostics.quantities as module
in_blocks = module.in_blocks
module.in_blocks = lambda statistic, parts: in_blocks(statistic, [np.concatenate(list(parts), axis=2)])"""
    assert peaks_of_a_fit(tmp_path, joining)[0] > 2.7


@pytest.mark.parametrize(("free", "is_enough"), [(1e12, True), (0.9 * ALL, False)])
def test_draws_that_do_not_fit_are_refused_before_anything_is_sampled(monkeypatch, free, is_enough):
    monkeypatch.setattr(memory, "free_bytes", lambda: free)
    run = {"chains": CHAINS, "warmup": 2, "draws": DRAWS, "max_depth": 1, "workers": 1}
    if is_enough:
        assert hmc.sample(MODEL, **run).unconstrained.shape == (CHAINS, DRAWS, DIMENSION)
    else:
        monkeypatch.setattr("hmc.sampling.run", None)
        message = (
            r"^normal: chains = 4, warmup = 2, draws = 6000: these draws do not fit into memory: they take 0\.0982 GB"
        )
        with pytest.raises(ValueError, match=message):
            hmc.sample(MODEL, **run)


def test_an_extension_that_does_not_fit_is_refused(monkeypatch):
    fit = hmc.sample(running.grouped_model(), chains=1, warmup=10, draws=10, workers=1)
    monkeypatch.setattr(memory, "free_bytes", lambda: 1e6)
    with pytest.raises(ValueError, match=r"^grouped: chains = 1, warmup = 10, draws = 100010: these draws do not fit"):
        hmc.extend(fit, 100_000)


def test_what_a_run_takes_is_what_its_arrays_have():
    settings = hmc.sample(running.grouped_model(), chains=2, warmup=30, draws=20, workers=1, keep_warmup=True)
    arrays = [settings.unconstrained, settings.warmup, *settings.stats.values(), *settings.warmup_stats.values()]
    taken = sum(array.nbytes for array in arrays)
    given = memory.bytes_of(settings_of(settings.settings), settings.unconstrained.shape[-1])
    assert 1.0 <= given / taken < 1.8  # one chain more than the two, and flags as numbers


def test_there_is_free_memory_here():
    assert np.isfinite(memory.free_bytes())
    assert memory.free_bytes() > 1e7
