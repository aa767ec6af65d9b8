"""figures.convergence and figures.sampler.funnel: what is plotted is what the chains did."""

import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.stats import rankdata

import diagnostics
import hmc
import models
from figures.convergence import energies, ranks, traces
from figures.drawing import style
from figures.sampler.funnel import funnel
from tests.figures.helpers import soundness
from tests.figures.helpers.artists import find

SCARCE = pd.DataFrame({"density": [2] * 8, "pred": "no", "size": "big", "surv": [1, 2, 1, 2, 1, 1, 2, 1]})


@pytest.fixture(scope="module")
def fits():
    """Centred and non-centred fits of tanks that say little: the first diverges."""
    options = {"chains": 3, "warmup": 200, "draws": 200, "workers": 1, "seed": 3, "progress": False}
    return {name: hmc.sample(models.build(name, data=SCARCE), **options) for name in ("mST", "mSTnc")}


def _draws(fit, label):
    name, _, element = label.rstrip("]").partition("[")
    return fit[name][..., int(element) - 1] if element else fit[name]


def _assert_traces(figure, fit):
    for axes in figure.axes:
        for chain, draws in enumerate(_draws(fit, axes.get_gid()), start=1):
            np.testing.assert_array_equal(find(axes, f"chain {chain}").get_ydata(), draws)


def test_traces_are_the_draws_and_ticks_the_divergences(fits):
    fit = fits["mST"]
    figure = traces(fit, ["a_bar", "sigma", "a[3]", "a[8]"])
    assert [axes.get_gid() for axes in figure.axes] == ["a_bar", "sigma", "a[3]", "a[8]"]
    _assert_traces(figure, fit)
    diverged = 1 + np.flatnonzero(fit.stats["diverging"].any(axis=0))
    assert diverged.size > 0
    np.testing.assert_array_equal(find(figure.axes[0], "diverging").get_xdata(), diverged)


def test_traces_of_another_fit_are_told_apart(fits):
    """The negative twin."""
    with pytest.raises(AssertionError):
        _assert_traces(traces(fits["mST"], ["sigma", "a_bar"]), fits["mSTnc"])


@pytest.mark.parametrize("figure_of", [traces, ranks])
def test_the_worst_mixing_quantities_are_shown_where_none_are_named(figure_of, fits):
    labels = [*(f"a[{i}]" for i in range(1, 9)), "a_bar", "sigma"]
    ess = {label: diagnostics.ess_bulk(_draws(fits["mST"], label)) for label in labels}
    worst = sorted(ess, key=ess.get)[:6]
    assert [axes.get_gid() for axes in figure_of(fits["mST"]).axes] == [label for label in labels if label in worst]


def test_four_chains_and_paper_are_told_apart_by_all_eyes(colour_distance):
    options = {"chains": 4, "warmup": 20, "draws": 20, "workers": 1, "progress": False}
    (axes,) = traces(hmc.sample(models.mST(SCARCE), **options), ["sigma"]).axes
    colours = [to_hex(find(axes, f"chain {chain}").get_color()) for chain in range(1, 5)]
    assert min(colour_distance(*pair) for pair in itertools.combinations([*colours, "#ffffff"], 2)) > 20


def test_rhat_and_ess_beside_a_trace_are_its_draws_own(fits):
    (axes,) = traces(fits["mST"], ["sigma"]).axes
    sigma = fits["mST"]["sigma"]
    expected = f"Rhat {diagnostics.rhat(sigma):.2f}, ESS {diagnostics.ess_bulk(sigma):,.0f}"
    assert [text.get_text() for text in axes.texts] == [expected]


@pytest.mark.parametrize("figure_of", [traces, ranks])
def test_on_narrow_screens_nothing_is_cut_or_written_over(figure_of):
    """Of a fit with effective draws of four digits."""
    fit = hmc.sample(models.mST(), chains=4, warmup=100, draws=1000, seed=3, workers=1, progress=False)
    with style.asked(style.NARROW):
        assert soundness.collisions(figure_of(fit)) == []


def test_ranks_are_counted_among_all_draws_and_the_line_is_level(fits):
    (axes,) = ranks(fits["mST"], ["sigma"], bins=10).axes
    sigma = fits["mST"]["sigma"]
    for chain, places in enumerate(rankdata(sigma).reshape(sigma.shape), start=1):
        counts, _ = np.histogram(places, np.linspace(0.5, sigma.size + 0.5, 11))
        np.testing.assert_array_equal(find(axes, f"chain {chain}").get_data().values, counts)
    assert set(find(axes, "even").get_ydata()) == {sigma.shape[1] / 10}


def test_the_band_holds_99_percent_of_independent_draws(fits):
    axes = ranks(fits["mST"], ["sigma"], bins=10).axes[0]
    low, high = find(axes, "band").get_y(), find(axes, "band").get_y() + find(axes, "band").get_height()
    rng = np.random.default_rng(4)
    counts = np.concatenate([diagnostics.rank_histogram(rng.normal(size=(3, 200)), 10).ravel() for _ in range(300)])
    inside = np.mean((low <= counts) & (counts <= high))
    assert 0.98 < inside < 0.997  # 9,000 counts: a standard error of 0.001, and counts are whole numbers


def test_energies_and_their_changes_are_the_sampler_s(fits):
    fit = fits["mST"]
    left, right = energies(fit, bins=20).axes
    energy = fit.stats["energy"]
    for gid, values in (("marginal", energy - energy.mean(axis=1)[:, None]), ("jumps", energy[:, 1:] - energy[:, :-1])):
        density, edges, _ = find(left, gid).get_data()
        counts = [np.count_nonzero((values >= low) & (values < high)) for low, high in itertools.pairwise(edges)]
        counts[-1] += np.count_nonzero(values == edges[-1])
        assert sum(counts) == values.size  # none lies beyond the axis
        np.testing.assert_allclose(density * values.size * np.diff(edges), counts, atol=1e-9)
    np.testing.assert_array_equal(find(right, "ebfmi").get_ydata(), diagnostics.ebfmi(energy))
    assert to_hex(find(right, "ebfmi").get_color()).upper() == style.model_colour("mST")


def test_chains_that_failed_leave_their_numbers_free(fits):
    options = {"chains": 3, "warmup": 50, "draws": 50, "workers": 1, "progress": False}
    fit = hmc.sample(models.mST(SCARCE), **options)
    fit.chains = [0, 2, 3]
    figure = traces(fit, ["sigma"])
    assert [text.get_text() for text in figure.legends[0].get_texts()][:3] == ["chain 1", "chain 3", "chain 4"]
    assert [label.get_text() for label in energies(fit).axes[1].get_xticklabels()] == ["1", "3", "4"]


def test_funnel_shows_each_draw_once_divergent_or_not(fits):
    centred, noncentred = fits["mST"], fits["mSTnc"]
    figure = funnel(centred, noncentred, cluster=2)
    intercepts = (centred["a"][..., 1] - centred["a_bar"], noncentred["z"][..., 1])
    for axes, fit, intercept in zip(figure.axes, (centred, noncentred), intercepts, strict=True):
        diverging = fit.stats["diverging"]
        for gid, chosen in (("draws", ~diverging), ("diverging", diverging)):
            expected = np.stack([intercept[chosen], np.log(fit["sigma"][chosen])], axis=1)
            np.testing.assert_array_equal(find(axes, gid).get_xydata(), expected)
        assert f"{diverging.sum()} diverged" == axes.get_title(loc="right")


def test_funnel_walls_stand_at_two_sigma_in_both_coordinates(fits):
    left, right = funnel(fits["mST"], fits["mSTnc"]).axes
    for axes, scale in ((left, np.exp), (right, np.ones_like)):
        walls = [line for line in axes.get_lines() if line.get_gid() == "wall"]
        for wall, sign in zip(walls, (-2, 2), strict=True):
            np.testing.assert_allclose(wall.get_xdata(), sign * scale(wall.get_ydata()), rtol=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: traces(f["mST"], ["tau"]), r"^mST has no quantity tau; it has a, a_bar, sigma$"),
        (lambda f: traces(f["mST"], []), r"^a figure has room for 1 to 6 quantities, not 0$"),
        (lambda f: ranks(f["mST"], bins=0), r"^ranks: a histogram needs at least one bin, not 0$"),
        (lambda f: funnel(f["mSTnc"], f["mST"]), r"^funnel: mST has no z; it has a, a_bar, sigma$"),
        (lambda f: funnel(f["mST"], f["mSTnc"], 9), r"^funnel: there is no cluster 9, only 1 to 8$"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message, fits):
    with pytest.raises(ValueError, match=message):
        make(fits)


def test_energies_of_stuck_chains_are_refused_as_such():
    stuck = SimpleNamespace(name="m", stats={"energy": np.full((2, 50), 3.0)})
    with pytest.raises(ValueError, match="energies: the chains of m are stuck"):
        energies(stuck)


@pytest.mark.parametrize(
    "make",
    [
        lambda f: traces(f["mST"]),
        lambda f: traces(f["mST"], ["sigma", "a[1]", "a[2]", "a[3]", "a[4]"]),
        lambda f: ranks(f["mST"]),
        lambda f: energies(f["mST"]),
        lambda f: funnel(f["mST"], f["mSTnc"]),
    ],
)
def test_figures_are_legible_and_always_the_same_bytes(make, fits):
    soundness.assert_sound(lambda: make(fits))


def test_a_text_over_another_is_a_collision(fits):
    """The negative twin."""
    figure = energies(fits["mST"])
    figure.axes[0].set_title("wide " * 50)
    assert len(soundness.collisions(figure)) > 0
