"""Models are compared if their outcomes are equal by value; predictors may differ."""

import warnings
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

import diagnostics as d
import models
from hmc.results.identity import identity_of

COUNT = 30
RNG = np.random.default_rng(0)
X = RNG.normal(size=COUNT)
Y = np.round(X + RNG.normal(size=COUNT))
LOG_LIKELIHOOD = np.random.default_rng(1).normal(-1, 0.3, size=(2, 50, COUNT))


class Line(NamedTuple):
    y: np.ndarray
    x: np.ndarray


class Dose(NamedTuple):
    """The outcome is neither first nor called y."""

    dose: np.ndarray
    deaths: np.ndarray
    weight: np.ndarray = np.ones(COUNT)


def redraw(position, data, rng):
    return data._replace(deaths=rng.poisson(3.0, size=COUNT).astype(float))


def fit_of(data, simulate_data=None):
    """What `compare` sees of a fit: its identity, its model, a draw, and log likelihoods."""
    model = SimpleNamespace(
        name="m",
        parameters=(),
        data=data,
        density_key=lambda: "",
        simulate_data=simulate_data,
        is_of_this_process=False,
    )
    return SimpleNamespace(
        identity=identity_of(model), model=model, unconstrained=np.zeros((2, 50, 1)), log_likelihood=LOG_LIKELIHOOD
    )


def compared(one, other):
    """The note of the table, and the warnings, without the general sentences."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = d.compare({"a": one, "b": other})
    assert frame.shape == (2, 8)
    return frame.attrs["note"].partition("leave whole groups out.")[2].strip(), [str(w.message) for w in caught]


EQUAL = {
    "int64": Y.astype(np.int64),
    "int8": Y.astype(np.int8),
    "float32": Y.astype(np.float32),
    "negative zero": np.where(Y == 0, -0.0, Y),
    "not contiguous": np.repeat(Y, 2)[::2],
}


@pytest.mark.parametrize("kind", EQUAL)
def test_equal_values_are_equal_data_whatever_their_type(kind):
    assert compared(fit_of(Line(Y, X)), fit_of(Line(EQUAL[kind], X))) == ("", [])


@pytest.mark.parametrize("other", [X**2, X - X.mean(), np.stack([X, X], axis=1)])
def test_predictor_that_differs_is_a_note(other):
    note, warned = compared(fit_of(Line(Y, X)), fit_of(Line(Y, other)))
    assert (note, warned) == ("a and b differ in x, a predictor.", [])


@pytest.mark.parametrize("predictor", [X, X**2])
def test_outcome_that_differs_is_refused_with_the_way_out(predictor):
    for y in (Y + 1, np.log(np.abs(Y) + 1), np.where(np.arange(COUNT) == 7, np.nan, Y)):
        with pytest.raises(ValueError, match=r"a and b differ in y\. If .*compare\(\{name: fit\.log_likelihood"):
            compared(fit_of(Line(Y, X)), fit_of(Line(y, predictor)))
    arrays = {"a": LOG_LIKELIHOOD, "b": LOG_LIKELIHOOD}
    assert d.compare(arrays).shape == (2, 8)  # the way out


def test_outcome_is_what_the_model_simulates():
    first = fit_of(Dose(X, Y), redraw)
    assert compared(first, fit_of(Dose(X**2, Y), redraw)) == ("a and b differ in dose, a predictor.", [])
    assert compared(first, fit_of(Dose(X**2, Y)))[1] == []  # one of the two knows
    with pytest.raises(ValueError, match="a and b differ in deaths"):
        compared(first, fit_of(Dose(X, Y + 1), redraw))


def test_difference_of_unknown_meaning_is_warned_of():
    note, (warned,) = compared(fit_of(Dose(X, Y)), fit_of(Dose(X, Y + 1)))
    assert note == "a and b differ in deaths."
    assert warned.startswith("a and b differ in deaths. Compare them only if")


def test_weights_are_no_evidence_and_fits_of_other_weights_are_warned_of():
    with pytest.raises(ValueError, match="a and b differ in dose"):
        compared(fit_of(Dose(X, Y)), fit_of(Dose(X + 1, Y + 1)))
    left_out = np.ones(COUNT)
    left_out[3] = 0
    note, (warned,) = compared(fit_of(Dose(X, Y)), fit_of(Dose(X, Y, left_out)))
    assert note == ""
    assert warned.startswith("a and b were fitted with different weights")
    assert compared(fit_of(Dose(X, Y, left_out)), fit_of(Dose(X, Y, left_out.copy()))) == ("", [])


def test_data_without_an_array_in_common_are_refused():
    with pytest.raises(ValueError, match="a and b have no data in common"):
        compared(fit_of(Line(Y, X)), fit_of(Dose(X + 1, Y + 1)))
    assert compared(fit_of(Line(Y, X)), fit_of(Dose(X + 1, Y))) == ("", [])  # under another name


def test_outcome_is_found_within_a_tuple_and_in_a_simulator_that_fails():
    class Nested(NamedTuple):
        line: Line
        z: np.ndarray

    def broken(position, data, rng):
        raise RuntimeError("not today")

    with pytest.raises(ValueError, match=r"differ in line\.y"):
        compared(fit_of(Nested(Line(Y, X), X)), fit_of(Nested(Line(Y + 1, X), X), broken))
    note, _ = compared(fit_of(Nested(Line(Y, X), X)), fit_of(Nested(Line(Y, X**2), X), broken))
    assert note == "a and b differ in line.x, a predictor."


def test_tadpoles_of_another_season_are_refused_and_other_predictors_are_not():
    def fit(model):
        tanks = len(model.data.survived)
        rng = np.random.default_rng(0)
        return SimpleNamespace(
            identity=identity_of(model),
            model=model,
            unconstrained=np.zeros((2, 50, model.dimension)),
            log_likelihood=rng.normal(-1, 0.3, size=(2, 50, tanks)),
        )

    mst, nc = models.mST(), models.mSTPnc()
    assert d.compare({"mST": fit(mst), "mSTPnc": fit(nc)}).shape == (2, 8)
    other = mst.with_data(mst.simulate_data(np.zeros(mst.dimension), mst.data, np.random.default_rng(3)))
    with pytest.raises(ValueError, match="mST and other differ in survived"):
        d.compare({"mST": fit(mst), "other": fit(other)})
