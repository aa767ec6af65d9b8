"""PSIS moment matching against exact leave-one-out: of a conjugate regression with an outlier, and of the lecture's
tanks.
"""

import functools
import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import hmc
import models
from diagnostics import Matching, compare, loo_moment_match, moment_match, moment_matching, psis, psis_loo
from tests.diagnostics.helpers.matching import do_as_loo, draws_of_r, quietly, runs_beside_r

OUTLIER = 4
GOLDEN = Path(__file__).parents[1] / "golden"


class Regression:
    """y ~ Normal(x beta, variance), with its conjugate prior: beta ~ Normal(0, 4 variance), variance ~ InvGamma(2, 2).

    The posterior, its draws at (beta, log variance) and the predictive density of a new observation are known exactly.
    """

    def __init__(self, shift=12.0, seed=1):
        rng = np.random.default_rng(seed)
        self.x = np.c_[np.ones(20), rng.normal(3.0, 1.0, 20)]
        self.y = self.x @ [1.0, 0.5] + rng.normal(size=20)
        self.y[OUTLIER] += shift

    def posterior(self, left_out=()):
        """(mean, precision matrix of beta over variance, shape, rate)."""
        kept = np.delete(np.arange(20), left_out)
        x, y = self.x[kept], self.y[kept]
        precision = np.eye(2) / 4 + x.T @ x
        mean = np.linalg.solve(precision, x.T @ y)
        return mean, precision, 2 + len(kept) / 2, 2 + (y @ y - mean @ precision @ mean) / 2

    def draws(self, seed, chains=4, draws=1000):
        rng, (mean, precision, shape, rate) = np.random.default_rng(seed), self.posterior()
        variance = rate / rng.gamma(shape, size=chains * draws)
        noise = np.linalg.solve(np.linalg.cholesky(precision).T, rng.normal(size=(2, chains * draws)))
        beta = mean[:, None] + np.sqrt(variance) * noise
        return np.vstack([beta, np.log(variance)]).T.reshape(chains, draws, 3)

    def log_density(self, positions):
        beta, log_variance = positions[:, :2], positions[:, 2]
        mean, precision, shape, rate = self.posterior()
        squares = np.einsum("si,ij,sj->s", beta - mean, precision, beta - mean)
        # The density of the variance has -(shape + 1) log variance, of which the Jacobian takes one away.
        return -(1 + shape) * log_variance - (rate + squares / 2) * np.exp(-log_variance)

    def log_lik(self, positions):
        return np.stack([self.log_lik_i(positions, i) for i in range(20)], axis=1)

    def log_lik_i(self, positions, i):
        return stats.norm.logpdf(self.y[i], positions[:, :2] @ self.x[i], np.exp(positions[:, 2] / 2))

    def exact(self, i):
        mean, precision, shape, rate = self.posterior(i)
        spread = 1 + self.x[i] @ np.linalg.solve(precision, self.x[i])
        return stats.t.logpdf(self.y[i], 2 * shape, self.x[i] @ mean, math.sqrt(rate / shape * spread))

    def arguments(self, draws):
        """Those of `moment_match`, of these draws or of draws from a seed."""
        draws = self.draws(draws) if isinstance(draws, int) else draws
        log_lik = self.log_lik(draws.reshape(-1, 3)).reshape(*draws.shape[:2], 20)
        return draws, log_lik, self.log_density, self.log_lik_i


REGRESSION = Regression()
SEEDS = range(8)


def outliers(how=None, seeds=SEEDS):
    """elpd of the outlier less the exact one, and its k-hat, for each seed."""
    results = [quietly(moment_match, *REGRESSION.arguments(seed), how) for seed in seeds]
    errors = [result.pointwise.elpd_loo[OUTLIER] - REGRESSION.exact(OUTLIER) for result in results]
    return np.array(errors), np.array([result.pareto_k[OUTLIER] for result in results])


def is_exact(errors):
    """Whether elpd is right: its Monte Carlo error is about 0.02 for a seed, so 0.1 is 5 of them."""
    return bool(abs(errors).max() < 0.1)


def test_plain_psis_fails_for_the_outlier_and_moment_matching_does_not():
    plain = [quietly(psis_loo, REGRESSION.arguments(seed)[1]) for seed in SEEDS]
    assert all(result.pareto_k[OUTLIER] > 1.0 for result in plain)
    assert not is_exact(np.array([r.pointwise.elpd_loo[OUTLIER] - REGRESSION.exact(OUTLIER) for r in plain]))
    errors, pareto_k = outliers()
    assert (pareto_k < 0.7).all()
    assert is_exact(errors)


@pytest.mark.parametrize("how", [Matching(k_threshold=0.2), Matching(k_threshold=0.2, cov=False)])
def test_a_lower_threshold_and_marginal_moves_are_exact_too(how):
    errors, pareto_k = outliers(how)
    assert is_exact(errors)
    assert (pareto_k < 0.45).all()  # the best that its moves can do


def test_without_the_split_scores_are_biased_and_it_says_so():
    errors, pareto_k = outliers(Matching(split=False))
    assert (pareto_k < 0.7).all()  # no k-hat gives it away
    assert not is_exact(errors)
    with pytest.warns(UserWarning, match="observation 5 fit the posterior badly; use split=True"):
        moment_match(*REGRESSION.arguments(0), Matching(split=False))


def test_the_jacobian_of_moves_counts(monkeypatch):
    how = Matching(k_threshold=-1.0)  # moves of all kinds, as far as they help
    assert is_exact(outliers(how, range(2))[0])
    monkeypatch.setattr(moment_matching.Affine, "log_jacobian", lambda move: 0.0)
    assert not is_exact(outliers(how, range(2))[0])


def test_other_observations_keep_their_scores():
    draws, log_lik, *rest = REGRESSION.arguments(0)
    plain, found = quietly(psis_loo, log_lik), moment_match(draws, log_lik, *rest)
    others = np.arange(20) != OUTLIER
    for one, other in zip(plain.pointwise, found.pointwise, strict=True):
        assert (one[others] == other[others]).all()
        assert one[OUTLIER] != other[OUTLIER]
    points = found.pointwise
    assert found.looic == pytest.approx(-2 * points.elpd_loo.sum())
    assert (points.elpd_loo + points.p_loo == pytest.approx(plain.pointwise.elpd_loo + plain.pointwise.p_loo)) is True


def test_the_weights_of_the_split_are_those_of_loos_formula():
    rng = np.random.default_rng(3)
    draws, _, log_density, log_lik_i = REGRESSION.arguments(3)
    flat = draws.reshape(-1, 3)
    move = moment_matching.Affine(
        rng.normal(0, 0.1, 3), rng.uniform(0.7, 1.4, 3), np.eye(3) + rng.normal(0, 0.1, (3, 3))
    )
    fold = moment_matching.Fold(flat, log_density(flat), log_density, lambda x: log_lik_i(x, OUTLIER), 1.0)
    found = moment_matching.split_transformation(fold, move)
    # R's loo 2.10, R/split_moment_matching.R: T is (theta - mean) * scaling, then tcrossprod with the mapping.
    mean, half = flat.mean(axis=0), len(flat) // 2
    moved = ((flat - mean) * move.scaling) @ move.mapping.T + move.shift + mean
    # loo takes the shift off last, which undoes T only where scaling and mapping are 1; here it is undone first.
    back = ((flat - mean - move.shift) @ np.linalg.inv(move.mapping).T) / move.scaling + mean
    at = np.concatenate([moved[:half], flat[half:]])
    inverse = np.concatenate([flat[:half], back[half:]])
    p, p_inverse = log_density(at), log_density(inverse)
    determinant = np.log(np.prod(move.scaling)) + np.log(np.linalg.det(move.mapping))
    ratio = -log_lik_i(at, OUTLIER) + p - (p + np.log(1 + np.exp(p_inverse - determinant - p)))
    np.testing.assert_allclose(found.log_weights, psis(ratio, 1.0).log_weights, rtol=1e-9)


def beside_r():
    """(ours, R's) of every run in the golden file, on the same draws of the same regression."""
    data = np.loadtxt(GOLDEN / "diagnostics" / "moment_matching_data.csv", delimiter=",", skiprows=1)
    assert np.array_equal(data, np.c_[REGRESSION.x[:, 1], REGRESSION.y])
    draws = draws_of_r("moment_matching")
    return runs_beside_r("moment_matching", *REGRESSION.arguments(draws))


def test_all_numbers_are_rs_but_for_the_inverse_of_moves_that_scale(monkeypatch):
    for found, run in beside_r():
        np.testing.assert_allclose(found.pareto_k, run["pareto_k"], rtol=0, atol=1e-10)
        scales = run["split"] and run["k_threshold"] < 0.7
        apart = abs(found.pointwise.elpd_loo - run["elpd_loo"]).max()
        assert 1e-5 < apart < 0.01 if scales else apart < 1e-11
    do_as_loo(monkeypatch)
    for found, run in beside_r():
        np.testing.assert_allclose(found.pointwise.elpd_loo, run["elpd_loo"], rtol=0, atol=1e-11)
        np.testing.assert_allclose(found.pointwise.n_eff, run["n_eff"], rtol=1e-10)


@pytest.mark.parametrize("broken", ["shift_and_scale", "log_jacobian"])
def test_a_wrong_step_does_not_give_rs_numbers(monkeypatch, broken):
    """Negative twin: another divisor of the variance; no Jacobian."""
    do_as_loo(monkeypatch)
    if broken == "log_jacobian":
        monkeypatch.setattr(moment_matching.Affine, broken, lambda move: 0.0)
    else:
        monkeypatch.setattr(moment_matching, "variance", lambda x, axis: x.var(axis=axis))
    apart = [abs(found.pointwise.elpd_loo - run["elpd_loo"]).max() for found, run in beside_r()]
    assert max(apart) > 1e-5


def test_each_move_gives_the_weighted_moments():
    rng = np.random.default_rng(5)
    draws = rng.normal(size=(4000, 3)) @ rng.normal(size=(3, 3)) + [1.0, -2.0, 30.0]
    weights = rng.exponential(size=4000)
    weights /= weights.sum()
    mean, cov = weights @ draws, np.cov(draws.T, aweights=weights)
    for kind in (moment_matching.shift, moment_matching.shift_and_scale, moment_matching.shift_and_cov):
        move = kind(draws, weights)
        moved = move.apply(draws, draws.mean(axis=0))
        np.testing.assert_allclose(moved.mean(axis=0), mean, rtol=1e-10)
        np.testing.assert_allclose(move.undo(moved, draws.mean(axis=0)), draws, rtol=1e-8, atol=1e-8)
        volume = np.linalg.slogdet(np.cov(moved.T))[1] - np.linalg.slogdet(np.cov(draws.T))[1]
        assert volume / 2 == pytest.approx(move.log_jacobian(), abs=1e-10)
        if kind is moment_matching.shift_and_cov:
            np.testing.assert_allclose(np.cov(moved.T), cov, rtol=1e-9)
        if kind is moment_matching.shift_and_scale:  # loo's divisor, S - 1, is not that of cov.wt
            of_weights = (weights @ (draws - mean) ** 2) * 4000 / 3999
            np.testing.assert_allclose(moved.var(axis=0, ddof=1), of_weights, rtol=1e-9)


def test_positions_without_a_density_have_no_weight():
    """Draws of a posterior that ends at a wall: moved ones behind it count as impossible."""
    draws, log_lik, log_density, log_lik_i = REGRESSION.arguments(1)
    wall, crossed = draws[..., 2].min(), []

    def walled(value, positions):
        behind = positions[:, 2] < wall
        crossed.append(behind.sum())
        return np.where(behind, value, log_density(positions))

    for value in (-np.inf, np.nan):
        found = quietly(moment_match, draws, log_lik, functools.partial(walled, value), log_lik_i)
        assert np.isfinite(found.pointwise.elpd_loo).all()
    assert max(crossed) > 100  # else this tested nothing


def test_mentions_where_moves_ran_out_and_k_hats_that_stay_high():
    with pytest.warns(UserWarning, match="moved|k-hat") as caught:
        found = moment_match(*REGRESSION.arguments(0), Matching(max_iters=1, k_threshold=-1.0, cov=False))
    texts = [str(warning.message) for warning in caught]
    assert sum("were moved 1 times; a larger max_iters may help" in text for text in texts) >= 1
    assert any("k-hat is over -1.00" in text for text in texts)
    assert found.k_threshold == -1.0


@pytest.mark.parametrize(
    ("draws", "said"),
    [(np.zeros((4, 10)), "(4, 10)"), (np.zeros((4, 9, 2)), "(4, 9, 2)"), (np.zeros((40, 2, 3)), "(40, 2, 3)")],
)
def test_shapes_that_do_not_agree_are_refused(draws, said):
    with pytest.raises(ValueError, match="moment matching needs draws") as error:
        moment_match(draws, np.zeros((4, 10, 5)), None, None)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("which", "function", "said"),
    [
        (2, lambda positions: 3.0, r"log_density gives the shape \(\) for 4000 positions, not \(4000,\)"),
        (2, lambda positions: np.zeros(3), r"log_density gives the shape \(3,\)"),
        (2, lambda positions: np.full(len(positions), np.nan), "log_density is nan at draw 1 of chain 1"),
        (2, lambda positions: np.where(np.arange(4000) == 1002, -np.inf, 0.0), "-inf at draw 3 of chain 2"),
        (2, lambda positions: ["a"] * len(positions), "values of log_density must be real numbers"),
        (3, lambda positions, i: np.zeros(2), r"log_lik_i gives the shape \(2,\) for 10 positions"),
        (3, lambda positions, i: 1 + REGRESSION.log_lik_i(positions, i), f"log_lik_i of observation {OUTLIER + 1} is "),
        (4, 3, "how = 3 is not a Matching"),
    ],
)
def test_functions_that_are_not_of_the_draws_are_refused(which, function, said):
    """A log likelihood with other constants gave a score in silence."""
    arguments = [*REGRESSION.arguments(0), None]
    arguments[which] = function
    with pytest.raises(ValueError, match=said):
        quietly(moment_match, *arguments)


@pytest.fixture(scope="module")
def tanks():
    return hmc.sample(models.mSTnomem(), chains=4, draws=500, seed=3, workers=1, progress=False)


@pytest.fixture(scope="module")
def matched(tanks):
    return quietly(loo_moment_match, tanks)


def test_k_hats_of_tanks_fall_and_their_scores_come_closer_to_exact_ones(tanks, matched):
    golden = GOLDEN / "models" / "exact_mSTnomem.json"
    exact = np.array(json.loads(golden.read_text())["pointwise"]["elpd_loo"])
    plain = quietly(psis_loo, tanks.log_likelihood)
    high = plain.pareto_k > plain.k_threshold
    assert high.sum() > 30
    assert (matched.pareto_k > matched.k_threshold).sum() < 8
    rms, plain_rms = (np.sqrt(((loo.pointwise.elpd_loo - exact)[high] ** 2).mean()) for loo in (matched, plain))
    assert rms < 0.85 * plain_rms
    # Both are too optimistic, and moment matching less so.
    assert 0 < matched.elpd_loo - exact.sum() < 0.85 * (plain.elpd_loo - exact.sum())


def test_compare_takes_its_scores(tanks, matched):
    table = quietly(
        compare, {"one": tanks, "other": tanks.log_likelihood}, criterion="PSIS", scale="log", loo={"one": matched}
    )
    assert table.loc["one", "PSIS"] == matched.elpd_loo
    assert table.loc["other", "PSIS"] == quietly(psis_loo, tanks.log_likelihood).elpd_loo


@pytest.mark.parametrize(
    ("criterion", "loo", "said"),
    [
        ("WAIC", {"one": 0}, "loo has results of PSIS, and the criterion is WAIC"),
        ("PSIS", {"three": 0}, "loo has 'three', which is none of the models one"),
        ("PSIS", {"one": SimpleNamespace(pareto_k=np.zeros(3))}, "loo of one has 3 observations, and the model 48"),
    ],
)
def test_compare_refuses_scores_of_no_use(tanks, criterion, loo, said):
    with pytest.raises(ValueError, match=said):
        compare({"one": tanks}, criterion=criterion, loo=loo)


def test_a_fit_without_its_model_is_refused(tanks, tmp_path):
    tanks.save(tmp_path / "tanks.fit")
    with pytest.raises(ValueError, match="mSTnomem: moment matching needs the model"):
        loo_moment_match(hmc.load(tmp_path / "tanks.fit"))
