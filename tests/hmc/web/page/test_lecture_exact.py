"""The exact posteriors of the lecture's explorables, and their scores: those of models/exact.py and diagnostics/."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import diagnostics
import hmc
import models
from diagnostics.psis import compute_psis_loo
from diagnostics.waic import compute_waic
from models import exact
from tests.hmc.helpers import node
from tests.hmc.helpers.lecture_page import LECTURE, RUNNER, tables_of_page

GOLDEN = json.loads((Path(__file__).parents[3] / "golden/models/exact_cafes.json").read_text())
POOLING = {"tanks": None, "sigma": None, "predators": False, "form": "centred", "seed": 12}
SETTINGS = {"chains": 4, "warmup": 400, "draws": 1000, "seed": 12, "progress": False}
FARTHEST = 4.5  # standard errors, of 7 or 50 means: one in thousands of runs is further off


def ask(call, **arguments):
    return node.ask(call, runner=RUNNER, **arguments)


def moments(found):
    return np.array([[each["mean"], each["sd"]] for each in found])


@functools.cache
def cafes_after(visits, amnesia=False):
    [found] = ask("exactCafes", states=[{"visits": LECTURE.visits[:visits], "amnesia": amnesia}])
    return found


@pytest.mark.parametrize("visits", range(0, 21, 4))
def test_cafes_are_as_stored_after_any_visit(visits):
    state = GOLDEN["states"][visits]
    assert state["visits"] == visits
    names = ["a_bar", "sigma", *(f"a[{j + 1}]" for j in range(5))]
    expected = moments([state["parameters"][name] for name in names])
    found = cafes_after(visits)
    np.testing.assert_allclose(moments([found["a_bar"], found["sigma"], *found["a"]]), expected, atol=2e-5)


def test_curves_are_densities_with_the_stored_medians():
    found = cafes_after(20)
    step = (found["to"] - found["from"]) / (len(found["fresh"]) - 1)
    for j in range(5):
        share = np.cumsum(found["groups"][j]) * step
        assert share[-1] == pytest.approx(1.0, abs=0.01)
        wait = found["from"] + step * (np.interp(0.5, share, np.arange(share.size)) + 0.5)
        assert np.log(wait) == pytest.approx(GOLDEN["states"][20]["parameters"][f"a[{j + 1}]"]["q50"], abs=2e-3)


def test_without_memory_each_cafe_is_one_alone():
    found = cafes_after(20, amnesia=True)
    waits = [[wait for cafe, wait in LECTURE.visits if cafe == 2]]
    [alone] = ask("exactCafes", states=[{"visits": [(2, wait) for wait in waits[0]], "amnesia": True}])
    assert found["a"][1] == alone["a"][1]
    prior = GOLDEN["states"][0]["parameters"]["a[1]"]
    assert alone["a"][0]["mean"] == pytest.approx(prior["mean"], abs=2e-5)
    assert abs(found["a"][1]["mean"] - cafes_after(20)["a"][1]["mean"]) > 0.01


def farthest(fit, found):
    """The largest distance of a mean of draws from the exact one, in standard errors."""
    draws = np.concatenate([fit["a_bar"][..., None], fit["a"]], axis=2)
    error = diagnostics.mcse_mean(draws)
    return np.abs((draws.mean(axis=(0, 1)) - moments([found["a_bar"], *found["a"]])[:, 0]) / error).max()


def test_draws_agree_with_the_exact_posterior_and_not_with_another():
    fit = hmc.sample(models.cafes(visits=8), **SETTINGS)
    assert farthest(fit, cafes_after(8)) < FARTHEST
    assert farthest(fit, cafes_after(4)) > FARTHEST


@functools.cache
def pooled(sigma):
    [found] = ask("exactPooling", states=[{**POOLING, "sigma": sigma}], tables=tables_of_page())
    return found


@pytest.mark.parametrize(("name", "sigma"), [("mST", None), ("mSTnomem", 1.0)])
def test_tanks_and_their_scores_are_as_stored(name, sigma):
    found, known = pooled(sigma), exact.exact_posterior(name)
    expected = np.array([known["a_bar"], *(known[f"a[{j + 1}]"] for j in range(48))])
    np.testing.assert_allclose(moments([found["a_bar"], *found["a"]]), expected, atol=5e-5)
    assert found["looic"] == pytest.approx(exact.exact_criteria(name)["looic"], abs=1e-3)
    if sigma is None:
        np.testing.assert_allclose(moments([found["sigma"]])[0], known["sigma"], atol=5e-5)
        assert np.trapezoid(found["curve"]["heights"], found["curve"]["values"]) == pytest.approx(1.0, abs=0.02)


def test_the_curve_of_scores_goes_through_those_of_single_sigmas():
    scores = ask("scoresOfSigma", state=POOLING, tables=tables_of_page())
    assert scores["learned"] == pytest.approx(pooled(None)["looic"])
    assert scores["looic"][0] > scores["looic"][-1] > min(scores["looic"])
    assert pooled(scores["sigmas"][9])["looic"] == pytest.approx(scores["looic"][9])


def test_draws_of_tanks_of_ones_own_agree_and_not_with_those_of_another():
    tanks = [*LECTURE.tanks[:20], (35, "no", "small", 1)]
    import pandas as pd

    table = pd.DataFrame(tanks, columns=["density", "pred", "size", "surv"])
    fit = hmc.sample(models.mST(table), **SETTINGS)
    states = [{**POOLING, "tanks": tanks}, {**POOLING, "tanks": [*tanks[:-1], (35, "no", "small", 6)]}]
    right, wrong = ask("exactPooling", states=states, tables=tables_of_page())
    assert farthest(fit, right) < FARTHEST < farthest(fit, wrong)


@pytest.mark.parametrize("form", ["centred", "noncentred"])
@pytest.mark.parametrize("predators", [False, True])
def test_what_is_shown_of_tanks_is_what_the_fit_says(form, predators):
    name = ("mSTP" if predators else "mST") + ("nc" if form == "noncentred" else "")
    model = getattr(models, name)()
    fit = hmc.sample(model, **{**SETTINGS, "draws": 200})
    state = {**POOLING, "form": form, "predators": predators}
    found = ask(
        "tanks",
        state=state,
        tables=tables_of_page(),
        position=fit.unconstrained.ravel().tolist(),
        shape=fit.unconstrained.shape,
    )
    logits = fit["a"] + (fit["bP"][..., None] * [pred == "pred" for _, pred, _, _ in LECTURE.tanks] if predators else 0)
    pooled_logits = logits.reshape(-1, 48)
    np.testing.assert_allclose(
        [tank["mean"] for tank in found["tanks"]], 1 / (1 + np.exp(-pooled_logits.mean(axis=0))), rtol=1e-9
    )
    lower = np.quantile(1 / (1 + np.exp(-pooled_logits)), 0.055, axis=0)
    np.testing.assert_allclose([tank["lower"] for tank in found["tanks"]], lower, atol=0.02)
    assert found["sigma"]["mean"] == pytest.approx(fit["sigma"].mean())
    log_lik = fit.log_likelihood
    assert found["waic"] == pytest.approx(compute_waic(log_lik).waic, rel=1e-9)
    loo = compute_psis_loo(log_lik)
    assert found["looic"] == pytest.approx(loo.looic, rel=1e-9)
    assert found["worst"] == pytest.approx(loo.pareto_k.max(), rel=1e-7)
    assert found["effective"]["sigma"] == pytest.approx(diagnostics.ess_bulk(fit["sigma"]), rel=1e-9)
