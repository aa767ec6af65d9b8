"""Draws depend on model, data, seed and settings alone: not on other chains, nor the JIT. Executors: test_matrix."""

import json

import numpy as np
import pytest

import hmc
import models
from tests.hmc.helpers import running

SHORT = {"chains": 4, "warmup": 60, "draws": 40, "seed": 5}


@pytest.fixture(scope="module")
def reference():
    return hmc.sample(models.mST(), **SHORT, workers=1)


def test_comparison_notices_a_draw_that_differs_by_one_ulp(reference):
    other = hmc.sample(models.mST(), **SHORT, workers=1)
    assert running.same_run(other, reference)
    other.unconstrained[2, 3, 4] = np.nextafter(other.unconstrained[2, 3, 4], np.inf)
    assert not running.same_run(other, reference)


def test_comparison_notices_a_statistic_that_differs():
    fits = [hmc.sample(running.grouped_model(), chains=1, warmup=5, draws=5, workers=1) for _ in range(2)]
    assert running.same_run(*fits)
    fits[0].stats["energy"][0, 0] = np.nextafter(fits[0].stats["energy"][0, 0], np.inf)
    assert not running.same_run(*fits)


def test_different_seeds_give_different_draws(reference):
    other = hmc.sample(models.mST(), **{**SHORT, "seed": 6}, workers=1)
    assert not np.isin(other.unconstrained, reference.unconstrained).any()


def test_chains_of_one_run_differ(reference):
    assert len(np.unique(reference.unconstrained[:, -1, 0])) == 4


def test_a_chain_does_not_depend_on_how_many_others_run(reference):
    two = hmc.sample(models.mST(), **{**SHORT, "chains": 2}, workers=2, executor="threads")
    assert running.equal_bits(two.unconstrained, reference.unconstrained[:2])
    assert running.equal_bits(two.stats["energy"], reference.stats["energy"][:2])


def test_fewer_draws_are_a_prefix_of_more(reference):
    fewer = hmc.sample(models.mST(), **{**SHORT, "draws": 7}, workers=1)
    assert running.equal_bits(fewer.unconstrained, reference.unconstrained[:, :7])


def test_keeping_the_warmup_changes_no_draw(reference):
    kept = hmc.sample(models.mST(), **SHORT, workers=1, keep_warmup=True, progress=False)
    assert running.same_run(kept, reference)


def test_draws_do_not_depend_on_what_was_sampled_before(reference):
    hmc.sample(running.grouped_model(), chains=2, warmup=30, draws=3, metric="dense", workers=1)
    np.random.default_rng(1).standard_normal(3)
    assert running.same_run(hmc.sample(models.mST(), **SHORT, workers=1), reference)


# Transitions are few because an un-jitted gradient of mST takes 0.1 ms to 1 ms; 25 are enough for a window to close.
WITHOUT_JIT = {
    "mST": {"warmup": 12, "draws": 3},
    "dense, gradients": {"warmup": 40, "draws": 10, "metric": "dense"},
    "low rank": {"warmup": 40, "draws": 10, "metric": "low_rank"},
    "dense, windows": {"warmup": 40, "draws": 10, "metric": "dense", "adaptation": "windows"},
    "diag, windows": {"warmup": 40, "draws": 10, "adaptation": "windows"},
    "unit": {"warmup": 25, "draws": 10, "metric": "unit", "max_depth": 6},
    "static": {"warmup": 25, "draws": 10, "algorithm": "hmc", "path_length": 1.0, "max_depth": 6},
    # A tolerance so small that steps of several levels occur, and irreversible ones.
    "walnuts": {"warmup": 25, "draws": 10, "algorithm": "walnuts", "tolerance": 0.05},
    "no warmup": {"warmup": 0, "draws": 10, "max_depth": 5, "keep_warmup": True},
}

UNJITTED = """
import json, sys
import numpy as np
import hmc, models

assert __import__("numba").config.DISABLE_JIT
from tests.hmc.helpers import running
arrays = {}
for label, options in json.loads(sys.argv[1]).items():
    model = models.mST() if label == "mST" else running.grouped_model(log_likelihood=running.log_likelihood)
    fit = hmc.sample(model, chains=2, seed=3, **options)
    arrays[f"{label}/draws"] = fit.unconstrained
    arrays |= {f"{label}/stats/{name}": values for name, values in fit.stats.items()}
    arrays |= {f"{label}/{name}": fit[name] for name in fit}
arrays["log_likelihood"] = fit.log_likelihood
np.savez("draws.npz", **arrays)
"""


@pytest.fixture(scope="module")
def unjitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unjitted")
    running.python(folder, UNJITTED, json.dumps(WITHOUT_JIT), NUMBA_DISABLE_JIT="1")
    return np.load(folder / "draws.npz")


@pytest.mark.parametrize("label", WITHOUT_JIT)
def test_draws_are_bit_identical_with_the_jit_disabled(unjitted, label):
    model = models.mST() if label == "mST" else running.grouped_model(derived=None)
    fit = hmc.sample(model, chains=2, seed=3, workers=1, **WITHOUT_JIT[label])
    assert running.equal_bits(fit.unconstrained, unjitted[f"{label}/draws"])
    for name, values in fit.stats.items():
        assert running.equal_bits(values, unjitted[f"{label}/stats/{name}"]), name
    for name in fit:
        assert running.equal_bits(fit[name], unjitted[f"{label}/{name}"]), name


def test_macro_steps_are_among_the_draws_without_the_jit(unjitted):
    micro_steps, n_steps = (unjitted[f"walnuts/stats/{name}"] for name in ("micro_steps", "n_steps"))
    assert (micro_steps < n_steps).any()
    assert unjitted["walnuts/stats/irreversible"].any()


def test_log_likelihoods_are_bit_identical_with_the_jit_disabled(unjitted):
    model = running.grouped_model(log_likelihood=running.log_likelihood)
    pointwise = model.pointwise("log_likelihood", unjitted["no warmup/draws"])
    assert pointwise.shape == (2, 10, 12)
    assert running.equal_bits(pointwise, unjitted["log_likelihood"])


EXECUTORS_WITHOUT_JIT = """
import sys
sys.path.insert(0, sys.argv[1])
import concurrent.futures
import author, hmc

if __name__ == "__main__":
    run = dict(chains=2, warmup=5, draws=3, max_depth=3)
    fits = [hmc.sample(author.model(), executor=how, **run) for how in (None, "threads", "processes")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        fits.append(hmc.sample(author.model(), executor=pool, **run))
    assert not any(fit.failures for fit in fits)
    print(len({fit.unconstrained.tobytes() for fit in fits}), fits[0].unconstrained.sum())
"""


def test_every_executor_gives_the_same_draws_without_the_jit_as_with_it(tmp_path):
    running.write_author(tmp_path)
    found = [
        running.python(tmp_path, EXECUTORS_WITHOUT_JIT, str(tmp_path), NUMBA_DISABLE_JIT=value) for value in ("1", None)
    ]
    assert found[0].stdout.split()[0] == "1"
    assert found[0].stdout == found[1].stdout
    assert found[0].stderr == ""
