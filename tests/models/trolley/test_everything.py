"""mRXma and mRXma2 against independent formulas, and the table of answers that they take."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import hmc
import models
from models.trolley import simulate_study
from models.trolley.data import EDUCATION

STUDY = simulate_study(participants=8, seed=5).frame()
BUILDERS = {"mRXma": models.mRXma, "mRXma2": models.mRXma2}
EVERY_MODEL = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)


def log_probabilities(alpha, phi, response):
    """log P(R = response) row by row, from P(R <= k) or P(R > k), whichever loses fewer digits."""
    cut = np.concatenate([[-np.inf], alpha, [np.inf]])
    below, above = cut[response - 1] - phi, cut[response] - phi
    return np.log(np.where(below + above < 0, expit(above) - expit(below), expit(-below) - expit(-above)))


def linear_predictor(values, table):
    """phi of each row, as the formula has it."""
    g = table.male.to_numpy()
    level = table.edu.map(EDUCATION.index).to_numpy()
    sums = np.c_[[0.0, 0.0], np.cumsum(values["delta"], axis=1)]
    age = stats.zscore(table.age.to_numpy(), ddof=1)
    slopes = {"bA": table.action, "bI": table.intention, "bC": table.contact, "bY": age, "bE": sums[g, level]}
    phi = sum(values[name][g] * np.asarray(x) for name, x in slopes.items())
    story = np.unique(table.story, return_inverse=True)[1]
    participant = np.unique(table["id"].astype(str), return_inverse=True)[1]
    return phi + values["as"][story] + values["au"][participant]


def named_values(model, position):
    values = model.constrain(position)
    if "zu" in values:
        values |= {"au": values["zu"] * values["sigmaU"]}
    return values


def simplex_log_jacobian(delta):
    """Of stick-breaking: the product over pieces of the piece and the share of the stick that is left after it."""
    left = 1.0 - np.cumsum(np.append(0.0, delta[:-1]))
    share = delta[:-1] / left[:-1]
    return np.sum(np.log(share * (1.0 - share) * left[:-1]))


def reference(model, position, table):
    """The log posterior by scipy.stats."""
    values = named_values(model, position)
    value = log_probabilities(values["alpha"], linear_predictor(values, table), table.response.to_numpy()).sum()
    value += stats.norm.logpdf(values["alpha"]).sum() + position[1:6].sum()
    value += sum(stats.norm.logpdf(values[name], scale=0.5).sum() for name in ("bA", "bI", "bC", "bE", "bY"))
    for delta in values["delta"]:
        value += stats.dirichlet.logpdf(delta / delta.sum(), [2.0] * 7) + simplex_log_jacobian(delta)
    prior = stats.halfnorm if model.name == "mRXma2" else stats.expon
    for effect, z, sigma in (("as", "zs", "sigmaS"), ("au", "zu", "sigmaU")):
        is_noncentred = z in values
        value += prior.logpdf(values[sigma]) + np.log(values[sigma])
        value += stats.norm.logpdf(values[z] if is_noncentred else values[effect] / values[sigma]).sum()
        value -= 0.0 if is_noncentred else values[effect].size * np.log(values[sigma])
    return value


@EVERY_MODEL
def test_log_density_is_that_of_scipy(build, positions, relative_error):
    model = build(STUDY)
    for position in positions(model):
        assert relative_error(model.evaluate(position)[0], reference(model, position, STUDY)) <= 1e-10


@EVERY_MODEL
def test_log_density_of_the_published_table_is_that_of_scipy(build, trolley_file, positions, relative_error):
    model, table = build(trolley_file), pd.read_csv(trolley_file, sep=";")
    assert model.name == build.__name__
    assert model.dimension == 6 + 12 + 331 + 10 + 12 + 2
    for position in positions(model)[::20]:
        assert relative_error(model.evaluate(position)[0], reference(model, position, table)) <= 1e-10


def test_another_prior_is_noticed(positions, relative_error):
    """Negative twin: mRXma2 with mRXma's prior of the spreads."""
    model = models.mRXma2(STUDY)
    position = positions(model)[0]
    sigmas = np.exp(position[-2:])
    other = reference(model, position, STUDY) + (stats.expon.logpdf(sigmas) - stats.halfnorm.logpdf(sigmas)).sum()
    assert relative_error(model.evaluate(position)[0], other) > 1e-6


@EVERY_MODEL
def test_gradient_is_that_of_the_density(build, positions, gradient_error):
    model = build(STUDY)
    assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


@EVERY_MODEL
def test_log_likelihood_and_phi_are_of_each_row_in_its_place(build, positions):
    table = STUDY.sample(frac=1.0, random_state=3)
    model = build(table)
    position = positions(model)[3]
    values = named_values(model, position)
    phi = linear_predictor(values, table)
    np.testing.assert_allclose(model.pointwise("link", position), phi, rtol=1e-12, atol=1e-14)
    exact = log_probabilities(values["alpha"], phi, table.response.to_numpy())
    np.testing.assert_allclose(model.pointwise("log_likelihood", position), exact, rtol=1e-9)


@EVERY_MODEL
def test_a_row_left_out_leaves_the_density_by_its_likelihood(build, positions, gradient_error):
    model = build(STUDY)
    position = positions(model)[4]
    reduced = model.without([7, 100])
    gone = model.pointwise("log_likelihood", position)[[7, 100]].sum()
    assert model.evaluate(position)[0] - reduced.evaluate(position)[0] == pytest.approx(gone, rel=1e-10)
    assert gradient_error(reduced, position) <= 1e-6


@EVERY_MODEL
def test_without_data_the_study_is_simulated_and_the_name_says_so(build):
    model = build()
    assert model.name == f"{build.__name__} (simulated data)"
    assert (model.data.gender.size, model.data.row.size) == (60, 1800)
    assert build(participants=20, seed=4).data.gender.size == 20
    assert build(STUDY).name == build.__name__


def test_parameters_are_named_as_in_the_lecture():
    names = {p.name: (p.shape, p.constraint) for p in models.mRXma(STUDY).parameters}
    assert list(names) == ["alpha", "as", "au", "bA", "bI", "bC", "bE", "bY", "delta", "sigmaS", "sigmaU"]
    assert names["alpha"] == ((6,), hmc.ordered)
    assert names["delta"] == ((2, 7), hmc.simplex)
    assert names["au"] == ((8,), hmc.real)
    assert names["bE"] == ((2,), hmc.real)
    assert [p.name for p in models.mRXma2(STUDY).parameters][1:3] == ["as", "zu"]


def test_derived_effects_are_in_units_of_the_linear_predictor(positions):
    model = models.mRXma2(STUDY)
    position = positions(model)[0]
    derived, values = model.derived(position, model.data), named_values(model, position)
    assert list(derived) == ["au"]
    np.testing.assert_allclose(derived["au"], values["au"], rtol=1e-14)


def test_the_study_is_that_of_its_seed_and_follows_its_truth():
    study = simulate_study(participants=300, seed=1)
    for name, cells in simulate_study(300, 1).columns.items():
        np.testing.assert_array_equal(cells, study.columns[name])
    assert (simulate_study(300, 2).columns["response"] != study.columns["response"]).any()
    table, truth = study.frame(), study.truth
    probabilities = np.exp(
        [log_probabilities(truth["alpha"], linear_predictor(truth, table), np.full(len(table), k)) for k in range(1, 8)]
    )
    observed = np.bincount(table.response, minlength=8)[1:]
    z = (observed - probabilities.sum(axis=1)) / np.sqrt((probabilities * (1 - probabilities)).sum(axis=1))
    assert np.abs(z).max() < 4.5
    log_likelihood = np.log(probabilities[table.response - 1, np.arange(len(table))])
    entropy = (probabilities * np.log(probabilities)).sum(axis=0)
    spread = np.sqrt(((probabilities * np.log(probabilities) ** 2).sum(axis=0) - entropy**2).sum())
    assert abs((log_likelihood - entropy).sum()) < 4.5 * spread
    shuffled = np.log(probabilities[np.roll(table.response, 1) - 1, np.arange(len(table))])
    assert abs((shuffled - entropy).sum()) > 4.5 * spread  # the negative twin


@EVERY_MODEL
def test_simulated_positions_have_the_moments_of_the_prior(build):
    model, rng = build(STUDY), np.random.default_rng(12)
    draws = np.array([model.simulate(rng, model.data) for _ in range(4000)])
    values = model.constrain(draws)
    delta = stats.beta(2, 12)  # each piece of a Dirichlet(2) of 7
    sigma = stats.expon if build is models.mRXma else stats.halfnorm
    assert stats.kstest(values["delta"][:, 0, 0], delta.cdf).pvalue > 1e-4
    assert stats.kstest(values["delta"][:, 1, 6], delta.cdf).pvalue > 1e-4
    assert stats.kstest(values["sigmaS"], sigma.cdf).pvalue > 1e-4
    assert stats.kstest(values["sigmaU"], sigma.cdf).pvalue > 1e-4
    assert stats.kstest(values["bY"][:, 1] / 0.5, "norm").pvalue > 1e-4
    z = values["au"][:, 2] / values["sigmaU"] if build is models.mRXma else values["zu"][:, 2]
    assert stats.kstest(z, "norm").pvalue > 1e-4
    assert stats.kstest(values["sigmaS"] * 1.1, sigma.cdf).pvalue < 1e-4  # the negative twin


@EVERY_MODEL
def test_simulated_answers_keep_the_design_and_follow_phi(build):
    model, rng = build(STUDY), np.random.default_rng(3)
    position = model.simulate(np.random.default_rng(1), model.data)
    alpha, phi = model.constrain(position)["alpha"], model.pointwise("link", position)
    counts = np.zeros((phi.size, 7))
    for _ in range(200):
        data = model.simulate_data(position, model.data, rng)
        response = np.empty(phi.size, dtype=int)
        response[data.row] = np.repeat(np.arange(7), np.diff(data.first[:, [0, -1]]).ravel())
        counts[np.arange(phi.size), response] += 1
    model_of_new = model.with_data(data)
    np.testing.assert_array_equal(model_of_new.pointwise("link", position), phi)  # everyone saw what they saw
    expected = 200 * np.exp([log_probabilities(alpha, phi, np.full(phi.size, k)) for k in range(1, 8)]).T
    variance = (expected * (1 - expected / 200)).sum(axis=0)
    assert (np.abs((counts - expected).sum(axis=0)) < 4.5 * np.sqrt(variance)).all()
    assert (np.abs((counts - expected[:, ::-1]).sum(axis=0)) > 4.5 * np.sqrt(variance)).any()  # the negative twin


def changed(**cells):
    """STUDY with cells of its third row replaced."""
    table = STUDY.astype(object)
    for name, value in cells.items():
        table.loc[2, name] = value
    return table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (changed(response=8), "row 3: response = 8 is more than 7"),
        (changed(response=3.5), "row 3: response = 3.5 is not a whole number"),
        (changed(male=2), "row 3: male = 2 is more than 1"),
        (changed(male=1 - STUDY.male[2]), r"row 3 \(id 1\): male = \d, but \d in row 1"),
        (changed(age=99.5), r"row 3 \(id 1\): age = 99.5, but \d+ in row 1"),
        (changed(edu="Kindergarten"), "row 3: edu = Kindergarten is not one of Elementary School, "),
        (changed(age=np.nan), "row 3: age is missing"),
        (changed(age=np.inf), "row 3: age = inf is not finite"),
        (changed(contact=0.5), "row 3: contact = 0.5 is not a whole number"),
        (STUDY.assign(age=30), "age is 30 in every row, so it can have no slope"),
        (
            STUDY.assign(age=1e9 + STUDY.age / 64),
            r"age hardly varies, from 1000000000.\d+ to 1000000001.\d+: its standard",
        ),
        (
            STUDY.assign(age=STUDY.age * 1e-150),
            r"age hardly varies, from \S+e-149 to \S+e-149: its standard deviation is",
        ),
        (STUDY.assign(action=1), "action is 1 in every row, so it can have no slope"),
        (STUDY.assign(edu="Some College"), 'edu is "Some College" in every row, so it can have no slope'),
        (STUDY.drop(columns="id"), "no column id in the frame"),
        (STUDY[:0], "there are no rows"),
    ],
)
def test_bad_tables_are_refused_in_one_line_that_says_where(table, message):
    with pytest.raises(ValueError, match=f"^trolley: {message}[^\n]*$"):
        models.mRXma2(table)


def test_files_are_as_published_or_refused(tmp_path):
    for separator in (";", ",", "\t"):
        STUDY.to_csv(tmp_path / "study.csv", sep=separator)
        assert models.mRXma(tmp_path / "study.csv").dimension == models.mRXma(STUDY).dimension
    STUDY.to_csv(tmp_path / "bars.csv", sep="|")
    with pytest.raises(ValueError, match=r"^trolley: .*bars.csv"):
        models.mRXma(tmp_path / "bars.csv")
    with pytest.raises(ValueError, match=r"^trolley: no such file: nowhere.csv; the published Trolley.csv is part of"):
        models.mRXma2("nowhere.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"participants": 1}, "simulated trolley study: participants = 1 is not a whole number from 2 to 1000000"),
        ({"participants": 2.5}, "simulated trolley study: participants = 2.5 is not a whole number"),
        ({"seed": -1}, "simulated trolley study: seed = -1 is not a whole number from 0"),
        ({"data": STUDY, "participants": 9}, "trolley: participants = 9 is for simulated data, and data are given"),
    ],
)
def test_options_of_the_simulation_are_checked(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        models.mRXma(**options)


def test_few_participants_of_a_simulated_study_are_never_all_alike():
    for seed in range(60):  # of two participants every eighth pair has the same education
        columns = simulate_study(2, seed).columns
        assert len({*columns["edu"]}) == len({*columns["age"]}) == 2


@EVERY_MODEL
def test_slopes_of_a_gender_without_participants_follow_their_priors(build, positions):
    table = STUDY[STUDY.male == 1]
    model = build(table)
    for position in positions(model)[::20]:
        assert model.evaluate(position)[0] == pytest.approx(reference(model, position, table), rel=1e-10)
        _, gradient = model.evaluate(position)
        slopes = slice(6 + 12 + table["id"].nunique(), 6 + 12 + table["id"].nunique() + 10, 2)  # of women
        np.testing.assert_allclose(gradient[slopes], -position[slopes] / 0.25, rtol=1e-12)
