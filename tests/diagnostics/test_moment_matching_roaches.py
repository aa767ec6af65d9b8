"""Moment matching of the roaches, the example of its vignette: beside R's loo on the same draws, and exact values.

The data are not part of the project: without HMC_ROACHES_CSV, their path, these tests are skipped. The model and the
quadrature that gives exact values are tested without them in tests/benchmarks/test_roaches.py.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.posteriors.roaches import SOURCE, VARIABLE, roaches
from benchmarks.roaches import VIGNETTE, exact_elpd, sampled
from diagnostics import Matching, loo_moment_match, loo_refit, moment_matching, psis_loo, relative_efficiency
from tests.diagnostics.helpers.matching import do_as_loo, draws_of_r, of_r, quietly, runs_beside_r


@pytest.fixture(scope="module")
def model():
    path = os.environ.get(VARIABLE, "")
    if not Path(path).is_file():
        pytest.skip(f"the published roaches are not here; set {VARIABLE} to their path; {SOURCE}")
    return roaches(path)


def arguments(model):
    """Those of `moment_match`, of R's draws."""
    draws = draws_of_r("roaches")
    log_lik = model.pointwise("log_likelihood", draws)
    return draws, log_lik, model.log_densities, lambda x, i: model.pointwise("log_likelihood", x)[:, i]


def test_psis_is_that_of_r(model):
    found, plain = quietly(psis_loo, arguments(model)[1]), of_r("roaches")["plain"]
    np.testing.assert_allclose(relative_efficiency(arguments(model)[1]), plain["r_eff"], rtol=1e-9)
    np.testing.assert_allclose(found.pointwise.elpd_loo, plain["elpd_loo"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.pareto_k, plain["pareto_k"], rtol=0, atol=1e-9)
    np.testing.assert_allclose([found.elpd_loo, found.se / 2], plain["estimates"], rtol=1e-12)
