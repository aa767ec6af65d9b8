"""benchmarks.callbacks: nutpie samples our model, and our sampler PyMC's, where both are installed."""

import warnings

import numpy as np
import pytest

import hmc
import models
from benchmarks import callbacks


@pytest.fixture(scope="module")
def peers():
    for name in ("nutpie", "pymc"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # their own news
            pytest.importorskip(name, reason="needs nutpie and PyMC: pip install -e '.[pymc]'")


def test_draws_are_judged_by_the_exact_posterior():
    fit = hmc.sample(models.mST(), chains=4, draws=1000, progress=False)
    draws = {name: fit[name] for name in fit}
    assert callbacks.verdict(draws).consistent
    assert not callbacks.verdict(draws | {"sigma": 1.05 * draws["sigma"]}).consistent


@pytest.mark.filterwarnings("ignore")  # of theirs
@pytest.mark.parametrize("sampled", [lambda: callbacks.by_nutpie(models.mST()), callbacks.of_pymc])
def test_other_programs_agree_with_the_exact_posterior(peers, sampled):
    assert callbacks.verdict(sampled()).consistent


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"^from_pymc needs PyMC and nutpie: pip install -e '.\[pymc\]'$"):
        hmc.from_pymc(np.zeros(1))
