"""benchmarks.roaches and its model, on simulated data: the published ones are not part of the project."""

import re

import numba
import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import hmc
from benchmarks import roaches as script
from benchmarks.posteriors.roaches import VARIABLE, roaches


def table(apartments=40, seed=1):
    """Counts that vary more than Poisson counts, as the published ones."""
    rng = np.random.default_rng(seed)
    columns = {
        "roach1": np.round(rng.exponential(40.0, apartments), 2),
        "treatment": rng.integers(0, 2, apartments),
        "senior": rng.integers(0, 2, apartments),
        "exposure2": np.round(rng.uniform(0.2, 2.0, apartments), 2),
    }
    rate = columns["exposure2"] * np.exp(1.0 + 0.2 * np.sqrt(columns["roach1"]) - 0.5 * columns["treatment"])
    return pd.DataFrame({"y": rng.poisson(rate * rng.gamma(1.0, 1.0, apartments)), **columns})


TABLE = table()
MODEL = roaches(TABLE)


def terms(position):
    """(log prior, log likelihood of each), as the docstring has it."""
    beta, intercept = position[:3], position[3]
    x = np.column_stack([np.sqrt(TABLE.roach1), TABLE.treatment, TABLE.senior])
    prior = stats.norm.logpdf(beta, 0, 2.5).sum() + stats.norm.logpdf(intercept, 0, 5)
    return prior, stats.poisson.logpmf(TABLE.y, TABLE.exposure2 * np.exp(intercept + x @ beta))


def disagreement(density, left_out=()):
    """The largest relative difference from the formula without some observations, around the mode."""
    kept = np.delete(np.arange(len(TABLE)), left_out)
    errors = []
    for position in script.mode_of(MODEL)[0] + 0.3 * np.random.default_rng(2).standard_normal((10, 4)):
        prior, of_each = terms(position)
        formula = prior + of_each[kept].sum()
        errors.append(abs(density(position) / formula - 1))
        np.testing.assert_allclose(MODEL.pointwise("log_likelihood", position), of_each, rtol=1e-12)
    return max(errors)


def test_the_density_is_that_of_the_docstring_also_without_some_observations():
    assert disagreement(MODEL.log_densities) < 1e-12
    assert disagreement(MODEL.without([3, 17]).log_densities, left_out=[3, 17]) < 1e-12


def test_a_density_without_the_offset_or_with_an_observation_too_many_is_another():
    data = MODEL.data
    without_offset = MODEL.with_data(data._replace(log_exposure=np.zeros(len(TABLE))))
    assert disagreement(without_offset.log_densities) > 1e-3
    assert disagreement(MODEL.log_densities, left_out=[3]) > 1e-4


def test_check_finds_nothing_wrong_and_sees_a_wrong_gradient():
    assert hmc.check(MODEL) == []
    original = numba.njit(error_model="numpy")(MODEL.log_density)

    def log_density(position, data, gradient):
        value = original(position, data, gradient)
        gradient[1] *= 1.001
        return value

    broken = hmc.Model(log_density, MODEL.data, MODEL.parameters, name="broken")
    assert "gradient" in {fault.kind for fault in hmc.check(broken)}


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("y", -1, "y = -1 is negative"),
        ("y", 1.5, "y = 1.5 is not a whole number"),
        ("roach1", -2.0, "roach1 = -2 is negative"),
        ("treatment", 2, "treatment = 2 is more than 1"),
        ("exposure2", 0.0, "exposure2 = 0 is not positive"),
    ],
)
def test_wrong_data_are_refused(column, value, said):
    wrong = TABLE.astype({column: float})
    wrong.loc[4, column] = value
    with pytest.raises(ValueError, match=re.escape(f"roaches: row 5: {said}")):
        roaches(wrong)


def test_the_file_is_that_of_the_environment(tmp_path, monkeypatch):
    TABLE.to_csv(tmp_path / "roaches.csv", index=False)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "roaches.csv"))
    assert np.array_equal(roaches().data.x, MODEL.data.x)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere.csv"))
    with pytest.raises(ValueError, match=r"nowhere.csv; R writes the file"):
        roaches()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ValueError, match=f"set {VARIABLE} to their path; R writes the file"):
        roaches()


def test_evidence_by_quadrature_is_that_of_a_prior_and_of_one_integral():
    nothing = MODEL.without(range(len(TABLE)))
    assert script.log_evidence(nothing) == pytest.approx(0.0, abs=1e-10)  # the prior is normalised
    # One observation: its log rate is normal a priori, so that one integral is left.
    kept = int(TABLE.y.argmax())
    one = MODEL.without(np.delete(np.arange(len(TABLE)), kept))
    row = TABLE.loc[kept]
    x = np.array([np.sqrt(row.roach1), row.treatment, row.senior])
    sd = np.sqrt(2.5**2 * x @ x + 5.0**2)
    centre = np.log(row.y)
    value, _ = integrate.quad(
        lambda eta: stats.poisson.pmf(row.y, np.exp(eta)) * stats.norm.pdf(eta, np.log(row.exposure2), sd),
        *(centre - 1.5, centre + 1.5),
        epsabs=0,
        epsrel=1e-12,
    )
    assert script.log_evidence(one, points=15) == pytest.approx(np.log(value), abs=1e-8)


def test_exact_scores_do_not_depend_on_the_number_of_points():
    few, many = (script.exact_elpd(MODEL, range(len(TABLE)), points) for points in (11, 15))
    np.testing.assert_allclose(few, many, rtol=0, atol=1e-8)
    assert abs(few - script.exact_elpd(MODEL, range(len(TABLE)), 2)).max() > 1e-4
