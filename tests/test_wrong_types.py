"""Functions that take a model or a fit say so in one line where they get something else, before anything is done."""

import pytest

import diagnostics
import hmc
import models
from hmc import web
from hmc.record import record, record_from

OF_A_MODEL = {
    "hmc.sample": hmc.sample,
    "hmc.check": hmc.check,
    "hmc.prior_predictive": hmc.prior_predictive,
    "hmc.record": record,
    "hmc.record (from)": lambda model: record_from(model, [0.0], 0.1),
    "hmc.web.module": web.module,
    "replicate": lambda model: hmc.replicate(model, len, 2),
    "calibrate": diagnostics.calibrate,
    "kfold": diagnostics.kfold,
    "loo_refit": diagnostics.loo_refit,
}
OF_A_FIT = {"verdict": diagnostics.verdict, "loo_moment_match": diagnostics.loo_moment_match}


@pytest.mark.parametrize("wrong", [3, "mST", None, models.mST], ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize("name", OF_A_MODEL)
def test_what_is_not_a_model_is_refused(name, wrong):
    call_it = r": call it, mST\(\)" if wrong is models.mST else ""  # the most likely of these mistakes
    said = rf"^{name.split(' ')[0]} takes a hmc\.Model, not a {type(wrong).__name__}{call_it}$"
    with pytest.raises(ValueError, match=said):
        OF_A_MODEL[name](wrong)


@pytest.mark.parametrize("wrong", [3, "mST", None, models.mST()], ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize("name", OF_A_FIT)
def test_what_is_not_a_fit_is_refused(name, wrong):
    with pytest.raises(ValueError, match=rf"^{name} takes a fit, as of hmc\.sample, not a {type(wrong).__name__}$"):
        OF_A_FIT[name](wrong)
