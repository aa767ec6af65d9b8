"""Where the draws show a centred hierarchy, and the advice of a verdict that follows from it."""

from types import SimpleNamespace

import numpy as np
import pytest

import diagnostics as d
import hmc
import models
from diagnostics.hierarchy import centred_hierarchy
from tests.diagnostics.test_verdict import FakeFit, apart, diverge, only, slow_energy, sticky

SIZE = (4, 500)


def draws_of(kind, seed=1, groups=8):
    """Parameters of a kind of model, as a posterior that the data hardly inform: {name: draws}."""
    rng = np.random.default_rng(seed)
    sigma = np.exp(rng.normal(size=SIZE))
    z = rng.normal(size=(*SIZE, groups))
    if kind == "centred":
        return {"a": 2 + sigma[..., None] * z, "a_bar": 2 + rng.normal(size=SIZE), "sigma": sigma}
    if kind == "non-centred":
        return {"z": z, "a_bar": 2 + rng.normal(size=SIZE), "sigma": sigma}
    if kind == "non-centred, informed":  # the data fix mean + sigma z, so the spread of z goes against sigma
        return {"z": (np.arange(groups) + 0.1 * z) / sigma[..., None], "sigma": sigma}
    if kind == "matrix":  # two kinds of effects by group, each with a scale of its own
        scales = np.exp(rng.normal(size=(*SIZE, 2)))
        return {"effects": scales[..., None, :] * rng.normal(size=(*SIZE, groups, 2)), "scales": scales}
    # A regression: coefficients that the data inform, a residual scale.
    return {"b": np.arange(groups) + 0.3 * z, "sigma": np.exp(0.1 * rng.normal(size=SIZE))}


class Fit(FakeFit):
    """A fit of these draws; each parameter has the constraint of its values."""

    def __init__(self, values):
        super().__init__(*SIZE)
        self.values = dict(values)
        self.parameters = [
            SimpleNamespace(name=name, constraint="positive" if name in ("sigma", "scales") else "real")
            for name in values
        ]


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("centred", ("a", "sigma")),
        ("matrix", ("effects", "scales")),
        ("non-centred", None),
        ("non-centred, informed", None),
        ("regression", None),
    ],
)
@pytest.mark.parametrize("unit", [1.0, 1e-200, 1e200])
@pytest.mark.parametrize("seed", range(3))
def test_centred_hierarchy_is_found_where_there_is_one_whatever_the_unit(kind, found, unit, seed):
    fit = Fit({name: unit * values for name, values in draws_of(kind, seed).items()})
    with np.errstate(all="raise"):
        assert centred_hierarchy(fit) == found


def test_positive_mean_is_no_scale():
    values = draws_of("centred")
    values["a_bar"] = values.pop("sigma")
    assert centred_hierarchy(Fit(values)) is None


@pytest.mark.parametrize("break_it", [diverge, slow_energy])
def test_non_centred_is_advised_where_the_model_is_centred_and_nowhere_else(break_it):
    for kind in ("centred", "non-centred", "non-centred, informed", "regression"):
        fit = Fit(draws_of(kind))
        break_it(fit)
        told = str(d.verdict(fit))
        advice = "write `a` in non-centred form: a = mean + sigma * z (as in mstnc)"
        assert (advice in told.lower()) == (kind == "centred"), kind
        assert ("non-centred" in told) == (kind == "centred")
        if break_it is diverge:
            assert "Rerun with a higher target_accept (0.95), `--target-accept 0.95`; if some remain, " in told


def test_few_effective_draws_of_a_plain_model_are_not_told_to_be_non_centred():
    for kind in ("centred", "regression"):
        fit = Fit(draws_of(kind))
        fit.values["more"] = np.repeat(np.random.default_rng(0).normal(size=(4, 50)), 10, axis=1)
        for metric in ("auto", "dense", "diag", "unit"):
            fit.settings = {"metric": metric}
            advice = only(d.verdict(fit), "ess_bulk").advice
            assert ("non-centred" in advice) == (kind == "centred")
            assert ('metric="auto"' in advice) == (metric in ("diag", "unit"))  # those that know no correlations


def test_chains_that_barely_move_or_disagree_are_sent_to_the_check():
    fit = FakeFit()
    assert "hmc check" not in str(d.verdict(fit))
    apart(fit)
    sticky(fit)
    assert "hmc check" not in only(d.verdict(fit), "rhat").advice
    assert "hmc check" not in only(d.verdict(fit), "ess_bulk").advice
    fit.values["a"][0] += 5
    fit.values["sigma"] = np.exp(np.linspace(0, 1, 500) + np.zeros((4, 1)))
    verdict = d.verdict(fit)
    for kind in ("rhat", "ess_bulk"):
        assert "`hmc check MODEL`" in only(verdict, kind).advice
    fit.unconstrained[1] = fit.unconstrained[1, :1]
    assert "`hmc check MODEL`" in only(d.verdict(fit), "stuck").advice


@pytest.mark.parametrize(
    ("name", "found"), [("mST", ("a", "sigma")), ("mSTP", ("a", "sigma")), ("mSTnc", None), ("mRS", None), ("mf", None)]
)
def test_models_of_the_lecture_are_centred_or_not_as_they_are_written(name, found):
    fit = hmc.sample(models.build(name), chains=2, warmup=150, draws=150, seed=5, workers=1, progress=False)
    assert centred_hierarchy(fit) == found
