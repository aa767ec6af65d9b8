"""The figures of the lecture's argument, and of models that fail: they show their inputs, and are sound."""

import numpy as np
import pytest

import figures
import hmc
import models
from figures.confounds.mirror import mirror
from figures.sampler import schools
from figures.tadpoles.overfitting import deviance_within
from tests.figures.helpers.soundness import assert_sound

SHORT = {"chains": 2, "warmup": 150, "draws": 100, "workers": 1, "progress": False, "seed": 5}


@pytest.fixture(scope="module")
def inputs():
    def fits(name, *options, **sampling):
        return [hmc.sample(models.build(name, **option), **SHORT, **sampling) for option in options]

    targets = figures.SERIES["schools"][1]
    of_schools = {
        name: [fits(name, {}, target_accept=target)[0] for target in targets] for name in ("schools", "schools_nc")
    }
    sweep = fits("mST_fixed", *({"sigma": sigma} for sigma in (0.1, 1.0, 5.0)))
    return of_schools | {"mST_fixed": sweep, "mru": fits("mru", {})[0], "mru_normal": fits("mru_normal", {})[0]}


@pytest.mark.parametrize(
    "name",
    [
        "learning_curves",
        "superstitions",
        "closing_questions",
        "schools_neck",
        "schools_traces",
        "schools_remedies",
        "overfitting",
        "mirror",
    ],
)
def test_a_figure_is_sound(name, inputs):
    assert_sound(lambda: figures.draw(name, inputs))


def test_the_neck_shows_each_draw_and_a_cross_for_each_divergence(inputs):
    centred, noncentred = inputs["schools"][0], inputs["schools_nc"][1]
    left = schools.schools_neck(centred, noncentred).axes[0]
    dots, crosses = left.get_lines()[:2]
    diverging = centred.stats["diverging"].astype(bool)
    assert (len(dots.get_xdata()), len(crosses.get_xdata())) == ((~diverging).sum(), diverging.sum())
    np.testing.assert_allclose(np.sort(dots.get_ydata()), np.sort(np.log(centred["tau"][~diverging])))


def test_the_remedies_are_statistics_of_the_fits(inputs):
    axes = schools.schools_remedies(inputs["schools"], inputs["schools_nc"]).axes
    for name in ("schools", "schools_nc"):
        (line,) = [line for line in axes[3].lines if line.get_gid() == name]
        np.testing.assert_allclose(line.get_ydata(), [fit.stats["n_steps"].mean() for fit in inputs[name]])


def test_the_fit_within_is_better_for_a_larger_sigma(inputs):
    within = deviance_within(inputs["mST_fixed"])
    assert within[0] > within[1] > within[2]
    np.testing.assert_array_equal(within, deviance_within(inputs["mST_fixed"][::-1]))
    shown = figures.draw("overfitting", inputs).axes[0]
    assert {line.get_gid() for line in shown.lines} == {"within", "exact", "best"}


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda inputs: mirror(inputs["mru"], inputs["schools"][0]), r"^mirror: schools has no bux; it has theta, mu"),
        (lambda inputs: schools.schools_neck(inputs["mru"], inputs["mru"]), r"^schools_neck: mru has no theta; it has"),
        (lambda inputs: schools.schools_traces(inputs["mST_fixed"][0], inputs["mru"]), r"mST_fixed has no tau"),
    ],
)
def test_fits_that_a_figure_cannot_show_are_refused(draw, message, inputs):
    with pytest.raises(ValueError, match=message):
        draw(inputs)
