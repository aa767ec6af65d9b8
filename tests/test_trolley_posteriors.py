"""The models "with everything" give back the truth of a simulated study, and agree with each other."""

import numpy as np
import pytest
from scipy import stats

import hmc
import models
from diagnostics import ess_bulk, rhat
from models.trolley import simulate_study

TRUTH = simulate_study().truth
# The truth that is asked for; sigmaS and sigmaU are in it.
NAMES = ["alpha", "as", "au", "bA", "bI", "bC", "bE", "bY", "delta", "sigmaS", "sigmaU"]


@pytest.fixture(scope="module")
def fits():
    """4 x 2,000 draws of each, from the default study of 60 participants."""
    build = {"mRXma": models.mRXma, "mRXma2": models.mRXma2}
    return {
        name: hmc.sample(build[name](), draws=2000, seed=4, metric="dense", target_accept=0.9, progress=False)
        for name in build
    }


def flat(values):
    """(quantities, ...) of named values (..., *shape)."""
    return np.concatenate([np.asarray(values[name]).reshape(-1) for name in NAMES])


def columns(fit):
    """(chains, draws, quantities)."""
    return np.concatenate([fit[name].reshape(*fit[name].shape[:2], -1) for name in NAMES], axis=2)


def p_value_of(truth, fit):
    """How probable a truth as far out as this is among draws from the posterior, were it normal: the Mahalanobis
    distance of all unconstrained parameters at once against chi-square."""
    if "zu" in fit:
        truth = truth | {"zu": truth["au"] / truth["sigmaU"]}
    position = fit.model.unconstrain({parameter.name: truth[parameter.name] for parameter in fit.parameters})
    draws = fit.unconstrained.reshape(-1, position.size)
    error = draws.mean(axis=0) - position
    return stats.chi2.sf(error @ np.linalg.solve(np.cov(draws.T), error), position.size)


@pytest.mark.parametrize("name", ["mRXma", "mRXma2"])
def test_the_truth_of_a_simulated_study_is_found(fits, name):
    assert fits[name].stats["diverging"].mean() < 1e-3
    assert ess_bulk(columns(fits[name])).min() > 500
    assert 0.005 < p_value_of(TRUTH, fits[name]) < 0.995


@pytest.mark.parametrize("name", ["mRXma", "mRXma2"])
@pytest.mark.parametrize(
    "wrong",
    [
        simulate_study(seed=2024).truth,  # other stories and participants
        TRUTH | {"au": -TRUTH["au"]},
        TRUTH | {"alpha": TRUTH["alpha"] + 0.6},
        TRUTH | {name: TRUTH[name][::-1] for name in ("bA", "bE", "bY")},  # the genders exchanged
        TRUTH | {"bC": TRUTH["bC"] + 0.6},
    ],
)
def test_another_truth_is_not(fits, name, wrong):
    """Negative twins."""
    assert p_value_of(wrong, fits[name]) < 0.005


@pytest.mark.parametrize("name", ["mRXma", "mRXma2"])
def test_the_defaults_converge(name):
    fit = hmc.sample(models.build(name), progress=False)
    assert fit.stats["diverging"].sum() == 0
    assert rhat(fit.unconstrained).max() <= 1.01
    assert ess_bulk(fit.unconstrained).min() >= 400
    # As for seeds 1 to 4: 2,700 to 3,000. With stories in units of sigmaS it was 900 to 1,250.
    assert ess_bulk(fit["sigmaS"]) > 2000


def test_both_agree_where_their_priors_are_made_the_same(fits):
    """mRXma's draws, weighted by the ratio of the priors of sigmaS and sigmaU, are mRXma2's."""
    centred, partly_centred = columns(fits["mRXma"]), columns(fits["mRXma2"])
    sigmas = np.stack([fits["mRXma"][name] for name in ("sigmaS", "sigmaU")])
    weight = np.exp((stats.halfnorm.logpdf(sigmas) - stats.expon.logpdf(sigmas)).sum(axis=0))[..., None]
    mean = (weight * centred).sum(axis=(0, 1)) / weight.sum()
    variance = (weight * (centred - mean) ** 2).sum(axis=(0, 1)) / weight.sum()
    efficiency = weight.sum() ** 2 / (weight**2).sum() / weight.size
    assert efficiency > 0.8
    error_there = partly_centred.var(axis=(0, 1)) / ess_bulk(partly_centred)
    errors = np.sqrt(variance / (efficiency * ess_bulk(centred)) + error_there)
    z = (mean - partly_centred.mean(axis=(0, 1))) / errors
    assert np.abs(z).max() < stats.norm.isf(1e-4 / 2 / z.size)


def test_they_would_not_if_the_stories_were_half_as_different(fits):
    """Negative twin: the spread of stories made smaller by a tenth of its posterior's."""
    sigma = {name: fit["sigmaS"] for name, fit in fits.items()}
    shifted = sigma["mRXma2"].mean() - 0.3 * sigma["mRXma2"].std()
    error = sigma["mRXma"].std() / np.sqrt(ess_bulk(sigma["mRXma"]))
    assert abs(sigma["mRXma"].mean() - shifted) > 4 * error
