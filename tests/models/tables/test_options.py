"""Options of models that are single numbers: any kind of number, and one clear line for all else."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import models
from models import confounds
from models.tables.options import finite, positive, whole
from models.trolley import simulate_study

NO_NUMBERS = [None, "", "1", "many\nlines", "x" * 1000, b"1", True, np.bool_(True), [1], (1,), {1: 1}, np.array([1])]
NO_NUMBERS += [np.array([1, 2]), pd.NA, pd.NaT, pd.Series([1]), 1 + 0j, object(), int, math.nan, math.inf, -math.inf]
NO_NUMBERS += [
    np.float64("nan"),
    np.datetime64("2020-01-01"),
    Decimal("NaN"),
    "\ud800",
    range(3),
    pd.DataFrame({"x": [1]}),
]

# How a message about each option begins, and how the option is given.
WHOLE = {
    "cafes: visits": lambda value: models.cafes(visits=value),
    "simulated trolley study: participants": simulate_study,
    "simulated trolley study: seed": lambda value: simulate_study(seed=value),
    "simulate_study: groups": lambda value: confounds.simulate_study(groups=value),
    "simulate_study: individuals": lambda value: confounds.simulate_study(individuals=value),
    "simulate_study: seed": lambda value: confounds.simulate_study(seed=value),
}
REAL = {
    "mST_fixed: sigma": models.mST_fixed,
    "simulate_study: sd_X": lambda value: confounds.simulate_study(sd_X=value),
    "simulate_study: a0": lambda value: confounds.simulate_study(a0=value),
}
OPTIONS = {**WHOLE, **REAL}


def refusal(give, value):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        give(value)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 200
    return message


@pytest.mark.parametrize("option", OPTIONS)
def test_what_is_no_number_is_refused_in_one_line(option):
    for value in NO_NUMBERS:
        assert refusal(OPTIONS[option], value).startswith(f"{option} = ")


@pytest.mark.parametrize("option", WHOLE)
def test_fractions_and_negative_numbers_are_no_whole_numbers(option):
    for value in (-1, 2.0, 2.5, np.float64(3.0), Fraction(3, 2), Decimal(3), -(10**400), -(10**5000)):
        assert "is not a whole number from " in refusal(WHOLE[option], value)


@pytest.mark.parametrize("option", [option for option in WHOLE if "seed" not in option])
def test_sizes_that_no_machine_holds_are_refused_at_once(option):
    for value in (10**8, 2**63, 10**400, np.uint64(2**64 - 1)):
        assert "is not a whole number from " in refusal(WHOLE[option], value)


@pytest.mark.parametrize("build", [models.mRXma, models.mRXma2])
def test_options_of_a_simulated_study_are_those_of_the_model(build):
    with pytest.raises(ValueError, match=r"^simulated trolley study: seed = x is not a whole number from 0$"):
        build(seed="x")
    with pytest.raises(
        ValueError, match=r"^simulated trolley study: participants = 1 is not a whole number from 2 to "
    ):
        build(participants=1)
    with pytest.raises(
        ValueError, match=r"^trolley: seed = \[1, 2, 3.{30,60} is for simulated data, and data are given$"
    ):
        build(simulate_study(4).frame(), seed=list(range(1, 1000)))


def test_any_kind_of_number_will_do():
    for one in (1, 1.0, np.int8(1), np.float32(1.0), np.uint64(1), Fraction(1), np.array(1), np.array(1.0)):
        assert positive("model", "sigma", one) == finite("model", "a0", one) == 1.0
        assert models.mST_fixed(one).data.sigma == 1.0
    for two in (2, np.int8(2), np.uint64(2), np.array(2)):
        assert whole("model", "visits", two) == 2
        assert models.cafes(visits=two).data.wait.size == 2


@pytest.mark.parametrize("sigma", [1e-101, 5e-324, 1.1e100, 1e308, 10**200])
def test_a_spread_whose_square_is_no_float64_is_refused(sigma):
    assert "is not from 1e-100 to 1e+100" in refusal(models.mST_fixed, sigma)


@pytest.mark.parametrize("sigma", [1e-100, 1e100])
def test_the_density_is_no_nan_at_the_bounds_of_a_spread(sigma):
    model = models.mST_fixed(sigma)
    for position in (np.zeros(model.dimension), np.linspace(-2.0, 2.0, model.dimension)):
        value, gradient = model.evaluate(position)
        assert math.isfinite(value)
        assert np.isfinite(gradient).all()
