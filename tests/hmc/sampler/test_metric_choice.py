"""metric="auto": a newcomer's data cost no more than a standardised table, and a diagonal that suffices is kept."""

import numpy as np

import hmc
import models
from benchmarks.posteriors.income import People, income
from diagnostics import verdict


def gradients(fit):
    return fit.stats["n_steps"].sum() + fit.warmup_stats["n_steps"].sum()


def standardised(model):
    return model.with_data(People(*((column - column.mean()) / column.std() for column in model.data)))


def test_dollars_on_centimetres_take_no_more_than_half_as_much_again_as_standardised_data():
    raw, other = (hmc.sample(model, workers=1, progress=False) for model in (income(), standardised(income())))
    assert verdict(raw).trustworthy
    assert gradients(raw) < 1.5 * gradients(other)
    assert raw.settings["chosen_metric"].startswith("dense: directions are 0.0")
    assert other.settings["chosen_metric"].startswith("dense: directions are 0.")  # but 0.7 or so


def test_a_diagonal_takes_far_more():
    raw, other = (
        hmc.sample(model, workers=1, progress=False, metric="diag", chains=1)
        for model in (income(), standardised(income()))
    )
    assert gradients(raw) > 5 * gradients(other)


def test_where_the_diagonal_suffices_its_draws_are_those_of_the_diagonal():
    # Windows long enough for it: shorter ones may see correlations that are none, and take them back.
    how = {"warmup": 1000, "workers": 1, "progress": False}
    auto, diag = (hmc.sample(models.mST(), metric=metric, **how) for metric in ("auto", "diag"))
    assert np.array_equal(auto.unconstrained, diag.unconstrained)
    assert np.array_equal(auto.inverse_metric, diag.inverse_metric)


def test_where_the_diagonal_suffices_a_short_warm_up_ends_with_it():
    fit = hmc.sample(models.mST(), workers=1, progress=False)
    assert fit.inverse_metric.shape == (4, 50)
    assert fit.settings["chosen_metric"].startswith("diag: ")


def test_beyond_40_dimensions_a_few_directions_are_enough():
    fit = hmc.sample(models.mSTP(), workers=1, progress=False)
    assert isinstance(fit.inverse_metric, hmc.LowRank)
    assert fit.settings["chosen_metric"].startswith("low_rank, ")
    assert fit.inverse_metric.vectors.shape[1] < 15
    sd = fit.unconstrained.std(axis=(0, 1))
    np.testing.assert_allclose(np.sqrt(fit.inverse_metric.variances()).mean(axis=0), sd, rtol=0.35)


def test_without_a_warm_up_and_by_windows_nothing_is_chosen():
    for settings in ({"warmup": 0}, {"adaptation": "windows", "warmup": 100}):
        fit = hmc.sample(models.mSTP(), chains=1, draws=20, workers=1, progress=False, **settings)
        assert fit.inverse_metric.shape == (1, 51)
