"""Long runs of every model whose posterior is known, against its exact values, over all parameters at once.

Exact values (quadrature) and one long-run reference (mru) are in tests/golden/models, with provenance; mST and mSTnomem
are in tests/test_posteriors.py.
"""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import hmc
import models
from diagnostics import mcse_mean

GOLDEN = Path(__file__).parent / "golden" / "models"


@functools.cache
def golden(file):
    return json.loads((GOLDEN / f"{file}.json").read_text())


def known(file):
    """({parameter: {statistic: value}}, a bound on their error)."""
    found = golden(file)
    return found["parameters"], found.get("error_bound", 0.0)


@functools.cache
def long_fit(name, **options):
    model = models.build(name, **options)
    # The twins below are off by 9.6 standard errors at the least, in runs of two seeds; 5.2 are noticed.
    return hmc.sample(model, draws=12_500, seed=2023, progress=False)


@pytest.fixture(scope="module", autouse=True)
def _fits_of_this_file_only():
    """Half a gigabyte of draws, not to be kept while other files run."""
    yield
    long_fit.cache_clear()


def scores_of(agreement, fit, file):
    truth, bound = known(file)
    names, draws = agreement.named_draws(fit, truth)
    assert sorted(names) == sorted(truth)
    return agreement.z_scores(names, draws, truth, bound)


FILES = {
    "mRS": "exact_mRS",
    "mSTP": "exact_mSTP",
    "mSTnc": "exact_mST",
    "mSTPnc": "exact_mSTP",
    "m0": "exact_m0",
    "mf": "exact_mf",
    "mr": "exact_mr",
    "mrx": "exact_mrx",
    "mru": "nutpie_mru",
}
# The effects of groups that few individuals were sampled into depend on one another but little; cutpoints do, much.
INDEPENDENT = {"mSTP", "mSTnc", "mSTPnc"}


@pytest.mark.parametrize(("name", "file"), FILES.items(), ids=FILES)
def test_all_means_sds_and_quantiles_agree_with_the_known_posterior(agreement, name, file):
    fit = long_fit(name)
    assert fit.stats["diverging"].mean() < 1e-3
    assert agreement.departures(scores_of(agreement, fit, file), name in INDEPENDENT) == {}


@pytest.mark.parametrize(("name", "file"), FILES.items(), ids=FILES)
def test_the_same_draws_wider_by_a_twentieth_are_noticed(agreement, name, file):
    """Negative twin, at the power that the weakest of these runs has."""
    truth, bound = known(file)
    names, draws = agreement.named_draws(long_fit(name), truth)
    centre = draws.mean(axis=(0, 1))
    wider = agreement.z_scores(names, centre + 1.05 * (draws - centre), truth, bound)
    assert agreement.departures(wider, name in INDEPENDENT)


@pytest.mark.parametrize("visits", range(21))
def test_the_cafes_agree_with_the_exact_posterior_after_every_visit(agreement, visits):
    state = golden("exact_cafes")["states"][visits]
    assert state["visits"] == visits
    # With so many draws the weakest twin, of all visits and two seeds, is off by 14 standard errors; 5 are noticed.
    fit = hmc.sample(models.cafes(visits=visits), draws=4_000, seed=7, progress=False)
    names, draws = agreement.named_draws(fit, state["parameters"])
    assert sorted(names) == sorted(state["parameters"])
    bound = golden("exact_cafes")["error_bound"]
    scores = agreement.z_scores(names, draws, state["parameters"], bound)
    assert agreement.departures(scores, independent=False) == {}
    if visits > 0:  # the negative twin: the posterior of a visit less
        earlier = golden("exact_cafes")["states"][visits - 1]["parameters"]
        assert agreement.departures(agreement.z_scores(names, draws, earlier, bound), independent=False)


def test_a_known_sigma_agrees_with_the_exact_sweep():
    for point in golden("exact_sigma_sweep")["sweep"]:
        fit = hmc.sample(models.mST_fixed(point["sigma"]), draws=5_000, seed=3, progress=False)
        exact = point["a_bar"]
        error = exact["sd"] / np.sqrt(2_000)  # of 20,000 draws, fewer than a tenth as good as independent ones
        assert abs(fit["a_bar"].mean() - exact["mean"]) < 4 * error


@pytest.mark.parametrize("pair", [("mST", "mSTnc"), ("mSTP", "mSTPnc")])
def test_centred_and_noncentred_versions_agree(agreement, pair):
    fits = [long_fit(name) for name in pair]
    names, centred = agreement.named_draws(fits[0])
    other_names, noncentred = agreement.named_draws(fits[1], names)
    noncentred = noncentred[:, :, [other_names.index(name) for name in names]]
    z = centred.mean(axis=(0, 1)) - noncentred.mean(axis=(0, 1))
    z /= np.hypot(mcse_mean(centred), mcse_mean(noncentred))
    assert agreement.departures({"mean": z}) == {}
