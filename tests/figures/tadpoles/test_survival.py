"""figures.tadpoles.survival and figures.tadpoles.predictors: what is plotted is what the data, priors and draws are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.special import expit

import hmc
import models
from figures.drawing import style
from figures.tadpoles.predictors import predation_slope, predictions, slopes, spreads
from figures.tadpoles.survival import pooling, prior_of_a_tank, raw_survival, shrinkage, tank_priors, tanks_by_predation
from tests.figures.helpers import soundness
from tests.figures.helpers.artists import find

BUNDLED = pd.read_csv(Path(models.__file__).parent / "data" / "reedfrogs.csv")
RAW = (BUNDLED["surv"] / BUNDLED["density"]).to_numpy()
TAIL = 0.055  # on both sides of an 89% interval


@pytest.fixture(scope="module")
def fits():
    options = {"chains": 2, "warmup": 100, "draws": 60, "workers": 1, "seed": 8, "progress": False}
    built = {name: models.build(name) for name in ("mST", "mSTP", "mSTD", "mSTG", "mSTPDG")}
    built |= {"complete": models.mST_fixed(0.1), "none": models.mST_fixed(5.0)}
    return {name: hmc.sample(model, **options) for name, model in built.items()}


def _ends(axes, gid):
    """Ends of the lines of this gid, (lines, 2 ends, xy)."""
    return np.array(find(axes, gid).get_segments())


def _assert_interval(shown, draws):
    """`shown`, (n, 2), are the central 89% intervals of the draws of n numbers, (..., n)."""
    pooled = draws.reshape(-1, draws.shape[-1])
    np.testing.assert_allclose(shown, np.quantile(pooled, [TAIL, 1 - TAIL], axis=0).T, rtol=1e-12)


def _assert_estimates(axes, fit, suffix="", at=slice(None)):
    chance = expit(fit["a"])[..., at]
    np.testing.assert_allclose(find(axes, f"mean{suffix}").get_ydata(), chance.mean(axis=(0, 1)), rtol=1e-12)
    _assert_interval(_ends(axes, f"interval{suffix}")[:, :, 1], chance)
    np.testing.assert_array_equal(find(axes, f"raw{suffix}").get_ydata(), RAW[at])
    np.testing.assert_array_equal(find(axes, f"raw{suffix}").get_xdata(), np.arange(1, 49)[at])


def test_raw_survival_is_that_of_the_data():
    axes = raw_survival().axes[0]
    np.testing.assert_array_equal(find(axes, "raw").get_xydata(), np.stack([np.arange(1, 49), RAW], axis=1))
    overall = BUNDLED["surv"].sum() / BUNDLED["density"].sum()
    assert set(find(axes, "overall").get_ydata()) == {overall}
    assert f"{overall:.2f}" in [text.get_text() for text in axes.texts]


@pytest.fixture(scope="module")
def prior_draws():
    """a_bar, sigma and the first tank's a, as the model itself simulates them."""
    model, rng = models.mST(), np.random.default_rng(11)
    positions = np.array([model.simulate(rng, model.data) for _ in range(20_000)])
    return {"a_bar": positions[:, 48], "sigma": np.exp(positions[:, 49]), "a": positions[:, 0]}


def _worst_bin(curve, draws, cuts):
    """The largest z-score of the shares of draws between `cuts` against the area under the curve."""
    x, density = curve
    area = np.concatenate([[0.0], np.cumsum(np.diff(x) * (density[1:] + density[:-1]) / 2)])
    expected = np.diff(np.interp(cuts, x, area))
    shares = np.histogram(draws, cuts)[0] / draws.size
    return np.max(np.abs(shares - expected) / np.sqrt(expected * (1 - expected) / draws.size))


def _panels_of_priors(prior_draws):
    chance = np.linspace(0.05, 0.95, 10)
    return {
        "a_bar": (prior_draws["a_bar"], np.linspace(-4, 4, 9)),
        "survival on average": (expit(prior_draws["a_bar"]), chance),
        "sigma": (prior_draws["sigma"], np.linspace(0, 4, 9)),
        "survival in a tank": (expit(prior_draws["a"]), chance),
    }


def test_prior_curves_are_those_of_the_model_s_own_simulations(prior_draws):
    for axes, (gid, (draws, cuts)) in zip(tank_priors().axes, _panels_of_priors(prior_draws).items(), strict=True):
        assert _worst_bin(find(axes, gid).get_data(), draws, cuts) < 4  # 34 shares: one in 500 runs is beyond


def test_priors_of_another_model_are_told_apart(prior_draws):
    """The negative twin: a tank is no average tank."""
    axes = tank_priors().axes[1]
    _, cuts = _panels_of_priors(prior_draws)["survival in a tank"]
    assert _worst_bin(find(axes, "survival on average").get_data(), expit(prior_draws["a"]), cuts) > 8


def test_the_prior_of_a_tank_is_a_density():
    a = np.linspace(-60.0, 60.0, 20_001)
    assert np.trapezoid(prior_of_a_tank(a), a) == pytest.approx(1.0, abs=1e-6)


def test_pooling_shows_three_fits_of_the_same_tanks(fits):
    three = [fits["complete"], fits["none"], fits["mST"]]
    figure = pooling(*three)
    for axes, fit in zip(figure.axes, three, strict=True):
        _assert_estimates(axes, fit)
        assert to_hex(find(axes, "mean").get_color()).upper() == style.model_colour(fit.name)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    learned = f"{fits['mST']['sigma'].mean():.2f}"
    assert [title.split()[-1] for title in titles] == ["0.1", "5", learned]


def test_estimates_of_another_fit_are_told_apart(fits):
    """The negative twin."""
    figure = pooling(fits["complete"], fits["none"], fits["mST"])
    with pytest.raises(AssertionError):
        _assert_estimates(figure.axes[0], fits["none"])


def test_tanks_are_marked_by_predation(fits):
    axes = tanks_by_predation(fits["mST"]).axes[0]
    for pred in ("no", "pred"):
        _assert_estimates(axes, fits["mST"], f" {pred}", np.flatnonzero(BUNDLED["pred"] == pred))
    assert find(axes, "mean no").get_color() != find(axes, "mean pred").get_color()
    assert find(axes, "mean no").get_marker() != find(axes, "mean pred").get_marker()


def test_shrinkage_is_the_distance_from_raw_to_estimate(fits):
    axes = shrinkage(fits["mST"]).axes[0]
    distance = np.abs(expit(fits["mST"]["a"]).mean(axis=(0, 1)) - RAW)
    for size in (10, 25, 35):
        tanks = np.flatnonzero(BUNDLED["density"] == size)
        in_order = tanks[np.argsort(RAW[tanks], kind="stable")]
        np.testing.assert_allclose(find(axes, f"{size}").get_ydata(), distance[in_order], rtol=1e-9)
        np.testing.assert_allclose(find(axes, f"mean {size}").get_ydata(), distance[tanks].mean(), rtol=1e-9)


def _assert_density(axes, name, draws):
    """The curve has the draws' mean and an area of 1; below it stand their mean and interval."""
    x, density = find(axes, f"density {name}").get_data()
    assert np.trapezoid(density, x) == pytest.approx(1.0, abs=0.03)  # the ends of the axis cut tails off
    assert np.trapezoid(x * density, x) == pytest.approx(draws.mean(), abs=0.03)
    assert find(axes, f"mean {name}").get_xdata()[0] == pytest.approx(draws.mean(), rel=1e-12)
    _assert_interval(_ends(axes, f"interval {name}")[:, :, 0], draws[..., None])


def test_the_slope_of_predation_is_shown_beside_its_prior(fits):
    axes = predation_slope(fits["mSTP"]).axes[0]
    _assert_density(axes, "mSTP", fits["mSTP"]["bP"])
    x, prior = find(axes, "prior").get_data()
    np.testing.assert_allclose(prior, np.exp(-2 * x**2) * np.sqrt(2 / np.pi), rtol=1e-12)


def test_spreads_are_those_of_both_models(fits):
    axes = spreads(fits["mST"], fits["mSTP"]).axes[0]
    for name in ("mST", "mSTP"):
        _assert_density(axes, name, fits[name]["sigma"])
        assert find(axes, f"density {name}").get_color() == style.model_colour(name)
    with pytest.raises(AssertionError):
        _assert_density(axes, "mST", fits["mSTP"]["sigma"])


def test_predictions_are_the_means_and_intervals_of_p(fits):
    axes, apart = predictions(fits["mST"], fits["mSTP"]).axes
    across, up = fits["mST"]["p"], fits["mSTP"]["p"]
    for pred in ("no", "pred"):
        at = np.flatnonzero(BUNDLED["pred"] == pred)
        means = np.stack([across[..., at].mean(axis=(0, 1)), up[..., at].mean(axis=(0, 1))], axis=1)
        np.testing.assert_allclose(find(axes, f"mean {pred}").get_xydata(), means, rtol=1e-12)
        differences = find(apart, f"difference {pred}")
        np.testing.assert_allclose(differences.get_ydata(), means[:, 1] - means[:, 0], rtol=1e-9)
        assert np.abs(differences.get_xdata() - BUNDLED["density"].to_numpy()[at]).max() <= 1.5
        _assert_interval(_ends(axes, f"across {pred}")[:, :, 0], across[..., at])
        _assert_interval(_ends(axes, f"up {pred}")[:, :, 1], up[..., at])


def test_slopes_are_those_of_each_model_in_its_colour(fits):
    axes = slopes(fits["mSTD"], fits["mSTG"], fits["mSTPDG"]).axes[0]
    rows = [(s, "mSTPDG") for s in ("bP", "bD", "bG", "bPG")] + [("bD", "mSTD"), ("bG", "mSTG")]
    for slope, name in rows:
        point = find(axes, f"mean {slope} {name}")
        assert point.get_xdata()[0] == pytest.approx(fits[name][slope].mean(), rel=1e-12)
        assert point.get_color() == style.model_colour(name)
        _assert_interval(_ends(axes, f"interval {slope} {name}")[:, :, 0], fits[name][slope][..., None])
        label = axes.get_yticklabels()[round(float(point.get_ydata()[0]))].get_text()
        assert label.endswith(f"\n({slope})")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: predation_slope(f["mST"]), r"^mST has no bP; it has a, a_bar, sigma$"),
        (lambda f: spreads(f["none"], f["mSTP"]), r"^mST_fixed has no sigma; it has a, a_bar$"),
        (lambda f: slopes(f["mSTG"], f["mSTG"], f["mSTPDG"]), r"^mSTG has no bD;"),
        (
            lambda f: predictions(f["mST"], f["mSTP"], BUNDLED[:9]),
            r"^predictions: mST is of 48 tanks, the data are of 9",
        ),
        (lambda f: raw_survival(BUNDLED.drop(columns="surv")), r"^reedfrogs: no column surv"),
    ],
)
def test_what_cannot_be_drawn_is_refused(make, message, fits):
    with pytest.raises(ValueError, match=message):
        make(fits)


def test_a_fit_from_a_file_has_no_predictions(fits, tmp_path):
    fits["mST"].save(tmp_path / "mST")
    with pytest.raises(ValueError, match=r"^predictions: mST has no draws of p; a fit from a file lacks its model$"):
        predictions(hmc.load(tmp_path / "mST"), fits["mSTP"])


@pytest.mark.parametrize(
    "make",
    [
        lambda f: raw_survival(),
        lambda f: tank_priors(),
        lambda f: pooling(f["complete"], f["none"], f["mST"]),
        lambda f: tanks_by_predation(f["mST"]),
        lambda f: shrinkage(f["mST"]),
        lambda f: predation_slope(f["mSTP"]),
        lambda f: spreads(f["mST"], f["mSTP"]),
        lambda f: predictions(f["mST"], f["mSTP"]),
        lambda f: slopes(f["mSTD"], f["mSTG"], f["mSTPDG"]),
    ],
)
def test_figures_are_legible_and_always_the_same_bytes(make, fits):
    soundness.assert_sound(lambda: make(fits))
