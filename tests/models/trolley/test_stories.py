"""mRS against independent formulas: from counts and from rows, at extreme points, and its simulators."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import hmc
import models
from models.tables import BUNDLED

COUNTS = pd.read_csv(BUNDLED / "trolley_counts.csv")
SMALL = pd.DataFrame({"story": ["b", "a", "a", "b"], "response": [7, 1, 4, 3], "count": [2, 1, 0, 5]})


def rows_of(counts):
    """A table with a row a response."""
    return counts.loc[counts.index.repeat(counts["count"]), ["story", "response"]].reset_index(drop=True)


def constrained(model, position):
    alpha = np.cumsum(np.append(position[0], np.exp(position[1:6])))
    return alpha, position[6:]


def log_probabilities(alpha, phi):
    """(7,) log P(R = k) by differences of probabilities, P(R <= k) or P(R > k), whichever loses fewer digits."""
    cut = np.concatenate([[-np.inf], alpha - phi, [np.inf]])
    return np.log(np.where(cut[1:] + cut[:-1] < 0, np.diff(expit(cut)), -np.diff(expit(-cut))))


def reference(model, position, counts):
    """The log posterior by scipy.stats; the cutpoints' log Jacobian is the sum of the log gaps."""
    alpha, b = constrained(model, position)
    labels = sorted(set(counts.story))
    value = stats.norm.logpdf(b).sum() + stats.norm.logpdf(alpha).sum() + position[1:6].sum()
    for story, response, count in counts.itertuples(index=False):
        value += count * log_probabilities(alpha, b[labels.index(story)])[response - 1]
    return value


@pytest.mark.parametrize("counts", [COUNTS, SMALL], ids=["bundled", "two stories"])
def test_log_density_is_that_of_scipy(counts, positions, relative_error):
    model = models.mRS(None if counts is COUNTS else counts)
    for position in positions(model):
        assert relative_error(model.evaluate(position)[0], reference(model, position, counts)) <= 1e-10


def test_a_density_without_its_jacobian_is_noticed(positions, relative_error):
    """Negative twin of the comparison above."""
    model = models.mRS(SMALL)
    position = positions(model)[0]
    value, _ = model.evaluate(position)
    assert relative_error(value - position[1:6].sum(), reference(model, position, SMALL)) > 1e-10


def test_gradient_is_that_of_the_density(positions, gradient_error):
    for data in (None, SMALL):
        model = models.mRS(data)
        assert max(gradient_error(model, position) for position in positions(model)) <= 1e-6


def test_rows_give_the_density_of_their_counts(positions):
    of_counts, of_rows = models.mRS(), models.mRS(rows_of(COUNTS).sample(frac=1.0, random_state=1))
    for position in positions(of_counts)[::10]:
        value, gradient = of_counts.evaluate(position)
        assert of_rows.evaluate(position)[0] == value
        np.testing.assert_array_equal(of_rows.evaluate(position)[1], gradient)


def test_the_published_rows_give_the_density_of_the_bundled_counts(trolley_file, positions):
    of_counts, of_rows = models.mRS(), models.mRS(trolley_file)
    position = positions(of_counts)[0]
    assert of_rows.evaluate(position)[0] == of_counts.evaluate(position)[0]
    published = pd.read_csv(trolley_file, sep=";")
    position = np.linspace(-1.0, 1.0, 18)
    phi = of_rows.pointwise("link", position)
    stories = sorted(set(published.story))
    assert phi.tolist() == [position[6 + stories.index(story)] for story in published.story]


def test_parameters_are_ordered_cutpoints_and_an_intercept_for_each_story():
    expected = [("alpha", (6,), hmc.ordered), ("b", (12,), hmc.real)]
    assert [tuple(parameter) for parameter in models.mRS().parameters] == expected


def test_log_likelihood_and_phi_are_of_each_response_in_the_order_given():
    position = np.linspace(-1.0, 1.2, 8)
    for data in (SMALL, rows_of(SMALL)):
        model = models.mRS(data)
        alpha, b = constrained(model, position)
        rows = rows_of(SMALL)
        story = [["a", "b"].index(label) for label in rows.story]
        exact = [log_probabilities(alpha, b[s])[r - 1] for s, r in zip(story, rows.response, strict=True)]
        np.testing.assert_allclose(model.pointwise("log_likelihood", position), exact, rtol=1e-12)
        np.testing.assert_array_equal(model.pointwise("link", position), b[story])


def test_extreme_positions_give_the_exact_density_or_minus_infinity(extreme_positions, relative_error):
    model = models.mRS(SMALL)
    for position in extreme_positions(model.dimension):
        value, gradient = model.evaluate(position)
        assert not math.isnan(value)
        if math.isfinite(value):
            assert relative_error(value, decimal_reference(position)) <= 1e-10
            assert not np.isnan(gradient).any()
        else:
            # A gap between cutpoints is no float64 below exp(-745): the density is then given up as -inf.
            assert value == -math.inf
            assert decimal_reference(position) < -1e300 or position[1:6].min() < -745.0


def decimal_reference(position):
    """The log posterior of SMALL in 60 digits, too large for a float64: -inf."""
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 60, -(10**15), 10**15
        q = [Decimal(float(x)) for x in position]
        gaps = [x.exp() for x in q[1:6]]
        alpha = [q[0] + sum(gaps[:k]) for k in range(6)]
        half_log_2pi = (2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494459")).ln() / 2
        value = sum(-(x * x) / 2 - half_log_2pi for x in [*alpha, *q[6:]]) + sum(q[1:6])
        for story, response, count in SMALL.itertuples(index=False):
            phi = q[6 + ["a", "b"].index(story)]
            if count > 0 and response < 7:
                value += count * log_sigmoid(alpha[response - 1] - phi)
            if count > 0 and response > 1:
                value += count * log_sigmoid(phi - alpha[response - 2])
            if count > 0 and 1 < response < 7:
                value += count * (1 - (-gaps[response - 2]).exp()).ln()
        return float(value)


def log_sigmoid(x):
    """-log(1 + exp(-x)), exact to exp(-200)."""
    return -(1 + (-x).exp()).ln() if abs(x) < 200 else min(x, Decimal(0))


def test_simulated_cutpoints_are_sorted_standard_normals():
    model, rng = models.mRS(SMALL), np.random.default_rng(12)
    draws = np.array([model.simulate(rng, model.data) for _ in range(4000)])
    alpha = model.constrain(draws)["alpha"]
    assert (np.diff(alpha, axis=1) > 0).all()
    for k in range(6):  # the k-th smallest of 6 uniforms is Beta(k + 1, 6 - k)
        assert stats.kstest(stats.norm.cdf(alpha[:, k]), stats.beta(k + 1, 6 - k).cdf).pvalue > 1e-4
    assert stats.kstest(draws[:, 6], "norm").pvalue > 1e-4


def test_cutpoints_of_another_spread_are_noticed():
    """Negative twin of the check above."""
    alpha = np.sort(np.random.default_rng(1).normal(0.0, 1.1, (4000, 6)), axis=1)
    assert stats.kstest(stats.norm.cdf(alpha[:, 0]), stats.beta(1, 6).cdf).pvalue < 1e-4


def test_simulated_responses_follow_the_cutpoints_and_keep_the_design():
    model, rng = models.mRS(), np.random.default_rng(3)
    position = model.unconstrain({"alpha": [-2.0, -1.0, -0.5, 0.3, 1.0, 2.0], "b": np.linspace(-1.0, 1.0, 12)})
    data = model.simulate_data(position, model.data, rng)
    np.testing.assert_array_equal(data.story, model.data.story)
    np.testing.assert_array_equal(data.counts.sum(axis=0), model.data.counts.sum(axis=0))
    rebuilt = np.zeros((7, 12))
    np.add.at(rebuilt, (data.response, data.story), 1.0)
    np.testing.assert_array_equal(data.counts, rebuilt)
    alpha, b = constrained(model, position)
    expected = np.stack([np.exp(log_probabilities(alpha, x)) for x in b], axis=1) * data.counts.sum(axis=0)
    assert ((data.counts - expected) ** 2 / expected).sum() < stats.chi2.ppf(1 - 1e-4, 12 * 6)
    assert ((data.counts - expected[::-1]) ** 2 / expected[::-1]).sum() > stats.chi2.ppf(1 - 1e-4, 12 * 6)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_counts_are_counts_however_they_are_separated(separator, tmp_path):
    """And not taken for rows."""
    COUNTS.to_csv(tmp_path / "counts.csv", sep=separator, index=False)
    position = np.linspace(-0.5, 0.5, models.mRS().dimension)
    assert models.mRS(tmp_path / "counts.csv").evaluate(position)[0] == models.mRS(COUNTS).evaluate(position)[0]


@pytest.mark.parametrize("name", ["Count", "COUNT", "counts", "co unt"])
def test_counts_of_nearly_that_name_are_not_taken_for_rows(name, tmp_path):
    nearly = SMALL.rename(columns={"count": name})
    nearly.to_csv(tmp_path / "counts.csv", sep=";", index=False)
    message = (
        f"^trolley_counts: a column is called {name}, not count: rename it, or leave it out if the rows are responses"
    )
    for data in (nearly, tmp_path / "counts.csv", rows_of(COUNTS).assign(**{name: 1})):
        with pytest.raises(ValueError, match=message):
            models.mRS(data)


def test_counts_of_another_name_are_not_taken_for_rows(tmp_path):
    named = COUNTS.rename(columns={"count": "n"}).assign(share=0.5)
    named.to_csv(tmp_path / "counts.csv", sep=";", index=False)
    for data in (named, tmp_path / "counts.csv"):
        with pytest.raises(ValueError, match=r"^trolley: no story and response appear twice, .* leave out n, share$"):
            models.mRS(data)


def test_rows_may_have_further_columns_where_responses_repeat_and_none_where_they_do_not(tmp_path):
    of_people = pd.concat([SMALL, SMALL[:1]])[["story", "response"]].assign(id=range(5))
    assert models.mRS(of_people).data.counts.sum() == 5
    assert models.mRS(SMALL[["response", "story"]]).data.counts.sum() == 4
    few = COUNTS.assign(id=range(84)).iloc[::9][["story", "response", "id"]]  # of 10 people, who happen to differ
    assert models.mRS(few).data.counts.sum() == 10
    (tmp_path / "rows.csv").write_text("story ; response\na;1\nb;2\n")  # three names, if blanks were what separates
    assert models.mRS(tmp_path / "rows.csv").data.counts.sum() == 2
    assert models.mRS(SMALL.assign(Count=7)).data.counts.sum() == 8  # there is one called count


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (SMALL.assign(response=[8, 1, 4, 3]), "trolley_counts: row 1: response = 8 is more than 7"),
        (SMALL.assign(response=[0, 1, 4, 3]), "trolley_counts: row 1: response = 0 is less than 1"),
        (SMALL.assign(count=[2, -1, 0, 5]), "trolley_counts: row 2: count = -1 is negative"),
        (SMALL.assign(count=0), "trolley_counts: all counts are 0"),
        (SMALL.assign(response=[3, 1, 4, 3]), "trolley_counts: row 4: its story and response are those of row 1"),
        (SMALL.assign(story=["b", None, "a", "b"]), "trolley_counts: row 2: story is missing"),
        (rows_of(SMALL).assign(response=9), "trolley: row 1: response = 9 is more than 7"),
        (rows_of(SMALL).drop(columns="response"), "trolley: no column response in the frame; needed: story, response"),
    ],
)
def test_bad_data_are_refused_in_one_line_that_says_where(data, message):
    with pytest.raises(ValueError, match=f"^{message}[^\n]*$"):
        models.mRS(data)
