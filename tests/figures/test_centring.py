"""figures.centring: the ratios drawn are those of the draws, and near 0 or 1 where the data say much or nothing."""

import numpy as np
import pytest

from figures.centring import centring
from figures.drawing import style
from tests.figures.conftest import Draws
from tests.figures.helpers import soundness

CHAINS, DRAWS = 2, 500


def _fit(name="mRXma2", told=0.1, untold=1.0):
    """Stories of which the data say much, and participants of whom they say nothing."""
    rng = np.random.default_rng(8)
    sigma_story, sigma_participant = np.exp(rng.normal([[[-0.5]], [[0.6]]], 0.2, (2, CHAINS, DRAWS)))
    stories = rng.normal(0.0, 0.6, 12) + told * 0.6 * rng.normal(size=(CHAINS, DRAWS, 12))
    participants = untold * sigma_participant[..., None] * rng.normal(size=(CHAINS, DRAWS, 60))
    fit = Draws({"as": stories, "au": participants, "sigmaS": sigma_story, "sigmaU": sigma_participant})
    fit.name = name
    return fit


def _dots(figure, gid):
    (artist,) = figure.findobj(lambda a: a.get_gid() == gid)
    return artist


def _assert_shows(figure, fit):
    for effect, spread in (("as", "sigmaS"), ("au", "sigmaU")):
        pooled = fit[effect].reshape(CHAINS * DRAWS, -1).T
        of_prior = fit[spread].mean() * np.sqrt((len(pooled) - 1) / len(pooled))  # of the distance from the mean
        expected = sorted(np.std(row - pooled.mean(axis=0), ddof=1) / of_prior for row in pooled)
        np.testing.assert_allclose(_dots(figure, effect).get_ydata(), expected, rtol=1e-12)
        (axes,) = [axes for axes in figure.axes if f"\n{spread}: " in axes.get_xlabel()]
        assert axes.get_xlabel().endswith(f": {fit[spread].mean():.2f}, sd {fit[spread].std(ddof=1):.2f}")
        assert axes.get_title(loc="left").endswith(f"median {np.median(expected):.2f}")


def test_ratios_are_those_of_the_draws():
    _assert_shows(centring(_fit()), _fit())


def test_ratios_of_another_fit_are_told_apart():
    """The negative twin."""
    with pytest.raises(AssertionError):
        _assert_shows(centring(_fit(told=0.12)), _fit())


def test_the_ratio_is_small_where_the_data_say_much_and_1_where_they_say_nothing():
    figure = centring(_fit())
    np.testing.assert_allclose(_dots(figure, "as").get_ydata(), 0.1, rtol=0.2)
    # sd of the mixture over sigma is sqrt(E sigma^2) / E sigma, 1.02 here; 1,000 draws give it within 10%
    np.testing.assert_allclose(_dots(figure, "au").get_ydata(), 1.02, rtol=0.1)


def test_what_all_effects_share_counts_for_nothing():
    rng = np.random.default_rng(2)
    a_bar = rng.normal(1.0, 5.0, (CHAINS, DRAWS))
    a = a_bar[..., None] + 0.3 * rng.normal(size=(CHAINS, DRAWS, 8))
    figure = centring(Draws(a=a, sigma=np.full((CHAINS, DRAWS), 1.5)))
    np.testing.assert_allclose(_dots(figure, "a").get_ydata(), 0.2, rtol=0.1)
    assert _dots(figure, "a").get_color() == style.model_colour("mST")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"alpha": np.zeros((2, 5))}, "^centring: mST has no as and sigmaS, au and sigmaU, or a and sigma$"),
        (
            {"a": np.full((2, 5, 3), np.nan), "sigma": np.ones((2, 5))},
            "^centring: some draws of a of mST are not finite$",
        ),
        (
            {"a": np.zeros((2, 5, 1)), "sigma": np.ones((2, 5))},
            "^centring: a of mST is of fewer than two clusters$",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        centring(Draws(content))


def test_the_figure_is_legible_and_always_the_same_bytes():
    soundness.assert_sound(lambda: centring(_fit()))
