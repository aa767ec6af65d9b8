"""Exact leave-one-out by refitting agrees with quadrature, where PSIS, as it says itself, does not."""

import concurrent.futures
import json
import math
import re
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

import hmc
import models
from diagnostics import loo_refit, mcse_mean, psis_loo
from hmc import replication
from hmc.replication import adapted_chains, chains_from
from hmc.running import execution
from hmc.running.executors import InlineExecutor
from hmc.settings import check_settings
from tests.diagnostics.helpers.matching import quietly

GOLDEN = Path(__file__).parent / "golden" / "models"


def exact_pointwise(name):
    return np.array(json.loads((GOLDEN / f"exact_{name}.json").read_text())["pointwise"]["elpd_loo"])


@pytest.fixture(scope="module")
def refitted():
    return loo_refit(models.mST(), seed=3, progress=False)


def z_scores(found, name):
    return (found.pointwise.elpd_loo - exact_pointwise(name)) / found.pointwise.mcse


def agree(z):
    """Whether independent z-scores look standard normal; a right one fails once in 10,000 times."""
    return abs(z).max() < stats.norm.isf(1e-4 / (2 * z.size)) and (z**2).sum() < stats.chi2.isf(1e-4, z.size)


def test_every_left_out_tank_has_its_exact_score(refitted):
    assert agree(z_scores(refitted, "mST"))
    assert abs(refitted.elpd_loo - exact_pointwise("mST").sum()) < 4 * refitted.mcse


def test_the_scores_of_another_model_do_not_agree(refitted):
    assert not agree(z_scores(refitted, "mSTnomem"))


def test_psis_says_that_it_fails_here_and_does(refitted):
    fit = hmc.sample(models.mST(), seed=3, progress=False)
    with pytest.warns(UserWarning, match="k-hat"):
        approximate = psis_loo(fit.log_likelihood)
    # 44 to 47 of 48 tanks were over 0.5 in runs of another sampler (reference README); and elpd -110.9, not -134.9.
    assert (approximate.pareto_k > 0.5).sum() >= 40
    assert refitted.looic - approximate.looic > 40
    assert abs(refitted.looic - 269.8) < 2


def test_the_sums_are_those_of_the_points(refitted):
    points = refitted.pointwise
    assert refitted.looic == pytest.approx(-2 * points.elpd_loo.sum())
    assert refitted.p_loo == pytest.approx(points.p_loo.sum())
    assert refitted.se == pytest.approx(np.sqrt(48 * np.var(points.looic, ddof=1)))
    assert refitted.mcse == pytest.approx(np.sqrt((points.mcse**2).sum()))


def test_refits_do_not_depend_on_the_number_of_workers():
    found = [
        loo_refit(models.mSTnomem(), [[0], [47]], chains=2, warmup=100, draws=100, workers=w, progress=False)
        for w in (1, 2)
    ]
    assert found[0].pointwise.elpd_loo.tolist() == found[1].pointwise.elpd_loo.tolist()


def test_refits_do_not_depend_on_the_executor():
    run = {"chains": 2, "warmup": 100, "draws": 100, "progress": False}
    here = loo_refit(models.mSTnomem(), [[0], [1, 2], [47]], **run, workers=1)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        for how in ({"executor": threads}, {"executor": InlineExecutor()}, {"executor": "processes", "workers": 3}):
            there = loo_refit(models.mSTnomem(), [[0], [1, 2], [47]], **run, **how)
            assert [column.tolist() for column in there.pointwise] == [column.tolist() for column in here.pointwise]


def test_the_first_fit_is_that_of_sample_and_refits_are_of_the_model_without_the_group():
    run = {"chains": 2, "draws": 1000, "workers": 1, "progress": False}
    found = loo_refit(models.mST(), [[5]], seed=9, **run)
    full = int(np.random.default_rng(np.random.SeedSequence(9, spawn_key=(0,))).integers(2**63))
    lppd = hmc.sample(models.mST(), seed=full, **run).log_likelihood[:, :, 5]
    assert found.p_loo == pytest.approx(np.log(np.exp(lppd).mean()) - found.elpd_loo, rel=1e-9)
    score = hmc.sample(models.mST().without(5), seed=4, **run).log_likelihood[:, :, 5]
    assert abs(found.elpd_loo - np.log(np.exp(score).mean())) < 4.0 * np.sqrt(2.0) * found.mcse
    assert abs(found.elpd_loo - np.log(np.exp(lppd).mean())) > 8.0 * found.mcse  # of the model with the group


def _shifted(centre):
    """A model of two normal parameters around `centre`, and where chains of it end."""

    def log_density(position, data, gradient):
        gradient[0], gradient[1] = data.centre - position[0], (data.centre - position[1]) / 4.0
        return -0.5 * (gradient[0] ** 2 + 4.0 * gradient[1] ** 2)

    return hmc.Model(log_density, Centre(centre), [hmc.Parameter("x", (2,))], name="shifted")


class Centre(NamedTuple):
    centre: float


CELLS = np.zeros(5, np.int64)


@pytest.fixture(scope="module")
def ends():
    settings = check_settings(**SETTINGS)
    return adapted_chains(_shifted(0.0), settings, CELLS.copy())[2]


SETTINGS = {
    "chains": 4, "warmup": 300, "draws": 1000, "seed": 3, "target_accept": 0.8, "max_depth": 10, "algorithm": "nuts",
    "path_length": None, "metric": "auto", "adaptation": "gradients", "initial": None, "keep_warmup": False,
}  # fmt: skip


def test_chains_that_begin_elsewhere_forget_it_and_keep_metric_and_step_size(ends):
    """The other posterior is three standard deviations away."""
    draws, stats = chains_from(ends, _shifted(3.0), check_settings(**SETTINGS), CELLS.copy())
    assert draws.shape == (4, 1000, 2)
    z = (draws.mean(axis=(0, 1)) - 3.0) / mcse_mean(draws)
    assert np.abs(z).max() < 4.0
    np.testing.assert_allclose(draws.std(axis=(0, 1)), [1.0, 2.0], rtol=0.1)
    for chain, end in enumerate(ends):
        assert {*stats["step_size"][chain]} == {np.exp(end.state.search.log_averaged)}


def test_without_the_first_transitions_left_out_the_beginning_shows(ends, monkeypatch):
    """The negative twin: ends that are far away, and no burn-in."""
    few = check_settings(**SETTINGS | {"draws": 2})
    far = _shifted(300.0)
    settled, _ = chains_from(ends, far, few, CELLS.copy())
    monkeypatch.setattr(replication, "BURN_IN", 0)
    begun, _ = chains_from(ends, far, few, CELLS.copy())
    assert np.abs(settled[:, 0, 0] - 300.0).max() < 6.0
    assert np.abs(begun[:, 0, 0] - 300.0).max() > 6.0


@pytest.fixture
def run(monkeypatch):
    """What a run of four chains a fit makes known: `cells`, where its transitions are counted, while it lasts; and
    `transitions`, how many there were at its end.
    """
    seen = SimpleNamespace(cells=None, transitions=None)

    def watched(control):
        class Watched(control):
            def __init__(self, size):
                super().__init__(size)
                seen.cells = self.cells.reshape(-1, 6)[:, 1:-1]

            def close(self):
                seen.transitions, seen.cells = int(seen.cells.sum()), None
                super().close()

        return Watched

    for name in ("LocalControl", "SharedControl"):
        monkeypatch.setattr(execution, name, watched(getattr(execution, name)))
    return seen


LONG = {"chains": 4, "draws": 10**6, "warmup": 10**4, "workers": 2, "progress": False}
ONE_LONG_FIT = 4 * (10**6 + 10**4)


def test_a_fit_that_fails_ends_the_others_soon_and_is_named(run):
    """Only without the infinite observation has the model a density, and draws without end."""
    with pytest.raises(RuntimeError, match="conjugate: the fit failed: InitializationError: conjugate: no starting"):
        loo_refit(conjugate([0.3, np.inf]), [[1], [0]], **LONG)
    assert run.transitions < ONE_LONG_FIT


def test_a_refit_that_fails_is_named_by_what_it_leaves_out():
    short = {"draws": 50, "warmup": 50, "workers": 1, "progress": False}
    with pytest.raises(RuntimeError, match=r"conjugate: the fit without observations \[1\] failed: Initialization"):
        loo_refit(conjugate([0.3, 1.0], least=2), [[1]], **short)


def test_ctrl_c_ends_it_soon(run):
    def interrupt_when_it_draws():
        while (run.cells is None or not run.cells.any()) and run.transitions is None:
            time.sleep(0.001)
        if run.transitions is None:
            signal.raise_signal(signal.SIGINT)

    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupting = threading.Thread(target=interrupt_when_it_draws)
    try:
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            loo_refit(conjugate([0.3, 1.0, 2.0]), **LONG)
    finally:
        interrupting.join()
        signal.signal(signal.SIGINT, previous)
    assert 0 < run.transitions < ONE_LONG_FIT  # of four


@pytest.mark.parametrize("wrong", [{"chain": 2}, {"checkpoint": "run.ckpt"}])
def test_what_is_no_argument_is_refused(wrong):
    with pytest.raises(TypeError, match=f"loo_refit has no argument '{next(iter(wrong))}'"):
        loo_refit(conjugate([0.3, 1.0]), **wrong)


def test_a_group_is_left_out_and_scored_as_a_whole():
    """Two tanks given the population: their joint score is not the sum of their scores, as they share a_bar, sigma."""
    settings = {"chains": 2, "warmup": 300, "draws": 2000, "workers": 1, "progress": False}
    joint = loo_refit(models.mST(), [[0, 1]], **settings)
    fit = hmc.sample(models.mST().without([0, 1]), **settings)
    expected = np.log(np.exp(fit.log_likelihood[:, :, :2].sum(axis=2)).mean())
    assert joint.elpd_loo == pytest.approx(expected, abs=5 * joint.mcse)


class Measurements(NamedTuple):
    y: np.ndarray
    weight: np.ndarray
    least: int  # with fewer observations there is no density


def conjugate_log_density(position, data, gradient):
    """y ~ Normal(mu, 1), mu ~ Normal(0, 1)."""
    mu = position[0]
    total, gradient[0] = -0.5 * mu * mu - 0.9189385332046727, -mu
    seen = 0
    for i in range(data.y.size):
        if data.weight[i] != 0.0:
            seen += 1
            total += data.weight[i] * (-0.5 * (data.y[i] - mu) ** 2 - 0.9189385332046727)
            gradient[0] += data.weight[i] * (data.y[i] - mu)
    return total if seen >= data.least else -math.inf


def conjugate_log_likelihood(position, data, out):
    for i in range(data.y.size):
        out[i] = -0.5 * (data.y[i] - position[0]) ** 2 - 0.9189385332046727


def conjugate(y, least=0):
    data = Measurements(np.array(y), np.ones(len(y)), least)
    return hmc.Model(
        conjugate_log_density, data, [hmc.Parameter("mu")], name="conjugate", log_likelihood=conjugate_log_likelihood
    )


def test_leave_one_out_of_a_conjugate_model_is_its_formula():
    y = np.array([0.3, -1.2, 2.5, 0.9, 4.0])
    found = loo_refit(conjugate(y), draws=2000, workers=1, progress=False)
    others = y.sum() - y
    # mu given the others is Normal(sum / n, 1 / n) with n - 1 of them, so y is Normal(sum / n, 1 + 1 / n).
    expected = stats.norm.logpdf(y, others / 5, np.sqrt(1 + 1 / 5))
    assert agree((found.pointwise.elpd_loo - expected) / found.pointwise.mcse)


def test_without_leaves_everything_but_the_weights_as_it_was():
    model = models.mST()
    reduced = model.without([3, 5])
    assert np.flatnonzero(reduced.data.weight == 0).tolist() == [3, 5]
    assert model.data.weight.tolist() == [1.0] * 48
    assert (reduced.dimension, reduced.name, reduced.parameters) == (model.dimension, model.name, model.parameters)


def test_a_model_without_a_tank_is_the_full_one_less_its_likelihood():
    model = models.mST()
    position = np.random.default_rng(1).normal(size=model.dimension)
    full, full_gradient = model.evaluate(position)
    reduced, gradient = model.without(7).evaluate(position)
    assert full - reduced == pytest.approx(model.pointwise("log_likelihood", position)[7], abs=1e-12)
    assert np.flatnonzero(full_gradient != gradient).tolist() == [7]


def test_leaving_out_compiles_nothing():
    model = models.mST()
    assert model.without(0).density()[0] is model.density()[0]


@pytest.mark.parametrize("wrong", [48, -1, 1.5, "a"])
def test_what_is_no_observation_is_refused(wrong):
    with pytest.raises(ValueError, match="mST has observations 0 to 47"):
        models.mST().without(wrong)


def shifted_log_likelihood(position, data, out):
    """Of log(mu - 3), which there is only where chains are: math.log raises an exception at 0 in Python."""
    for i in range(data.y.size):
        out[i] = -0.5 * (data.y[i] - math.log(position[0] - 3.0)) ** 2


def shorter_log_likelihood(position, data, out):
    for i in range(data.y.size - 1):
        out[i] = -0.5 * (data.y[i] - position[0]) ** 2


def longer_log_likelihood(position, data, out):
    for i in range(data.y.size + 1):
        out[i] = -0.5 * position[0] ** 2


def of_ten(log_likelihood):
    """A model of y[i] = 10 and a log likelihood."""
    data = Measurements(np.full(3, 10.0), np.ones(3), 0)
    return hmc.Model(
        conjugate_log_density, data, [hmc.Parameter("mu")], name="ten", log_likelihood=log_likelihood
    ).with_data(data._replace(y=np.full(3, 100.0)))  # chains are near 75, 67 without one


def test_a_log_likelihood_is_run_at_draws_alone():
    short = {"draws": 50, "warmup": 100, "workers": 1, "progress": False, "initial": [70.0]}
    with pytest.raises(ValueError, match="math domain error"):
        of_ten(shifted_log_likelihood).pointwise("log_likelihood", np.zeros(1))
    found = quietly(loo_refit, of_ten(shifted_log_likelihood), **short)  # whose data are far from all draws
    assert np.isfinite(found.elpd_loo)


@pytest.mark.parametrize(
    ("log_likelihood", "written"),
    [(shorter_log_likelihood, 2), (longer_log_likelihood, 4)],
)
def test_weights_for_other_observations_than_those_that_are_scored_are_refused(log_likelihood, written):
    short = {"draws": 50, "warmup": 100, "workers": 1, "progress": False}
    message = f"ten: log_likelihood writes {written} observations, and the data have a weight for 3"
    with pytest.raises(RuntimeError, match=message):
        loo_refit(of_ten(log_likelihood), **short)


def test_a_model_without_a_log_likelihood_is_refused():
    with pytest.raises(ValueError, match="ten has no log_likelihood function"):
        loo_refit(of_ten(None), workers=1, progress=False)


# In a call, a first argument of zeros, as many as there are parameters: a position that nobody drew.
MADE_UP_POSITION = re.compile(r"\w\((\"\w+\", )?np\.(zeros|ones)\([\w.]*\.dimension\)(,|\)\.)")


def test_no_function_of_an_author_is_called_at_a_position_that_nobody_drew():
    root = Path(__file__).parents[1]
    paths = [path for package in ("hmc", "models", "diagnostics", "figures") for path in (root / package).rglob("*.py")]
    assert [path.name for path in paths if MADE_UP_POSITION.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "line",
    [
        'model.pointwise("log_likelihood", np.zeros(model.dimension)).size',
        "compiled(np.zeros(model.dimension), model._packed.data, np.random.default_rng(0))",
    ],
)
def test_such_a_call_would_be_seen(line):
    assert MADE_UP_POSITION.search(line)


def test_a_model_whose_data_have_no_weight_is_refused():
    class Bare(NamedTuple):
        y: np.ndarray

    model = hmc.Model(conjugate_log_density, Bare(np.ones(2)), [hmc.Parameter("mu")], name="bare")
    with pytest.raises(ValueError, match="bare: its data have no field `weight`"):
        model.without(0)


@pytest.mark.parametrize("groups", [[], [[]], [[0], []]])
def test_groups_of_nothing_are_refused(groups):
    with pytest.raises(ValueError, match="at least one observation"):
        loo_refit(conjugate([0.0, 1.0]), groups, draws=50, warmup=50, workers=1, progress=False)


def outlying(distance):
    """Ten observations of the conjugate model, and one so far away; the exact elpd of each."""
    y = np.append(np.linspace(-1.0, 1.0, 10), distance)
    others = y.sum() - y
    return y, stats.norm.logpdf(y, others / 11, np.sqrt(1 + 1 / 11))


@pytest.mark.parametrize("distance", [2.0, 20.0])
def test_an_outlier_that_no_draw_comes_near_has_no_error_and_is_told(distance):
    """As far as its own draws can tell, the mean likelihood of an outlier at 20 is known: they all are too low."""
    y, exact = outlying(distance)
    if distance == 2.0:
        found = loo_refit(conjugate(y), draws=2000, workers=1, progress=False)
    else:
        with pytest.warns(UserWarning, match=r"come near 1 of 11 observations, the farthest observation 11: \d+% of"):
            found = loo_refit(conjugate(y), draws=2000, workers=1, progress=False)
    points = found.pointwise
    known = np.isfinite(points.mcse)
    assert np.flatnonzero(~known).tolist() == ([] if distance == 2.0 else [10])
    assert agree((points.elpd_loo - exact)[known] / points.mcse[known])
    assert np.isfinite(found.mcse) == known.all()
    if distance == 20.0:
        assert points.elpd_loo[10] < exact[10] - 1.0
        assert points.missed[10] > 0.5 > 0.01 > points.missed[:10].max()


@pytest.mark.parametrize("distance", [0.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 30.0])
def test_a_score_of_an_outlier_is_right_within_its_error_or_has_none(distance):
    y, exact = outlying(distance)
    z = []
    for seed in range(5):
        points = quietly(loo_refit, conjugate(y), [[10]], seed=seed, workers=1, progress=False).pointwise
        z.append((points.elpd_loo[0] - exact[10]) / points.mcse[0])
    known = np.isfinite(z)
    assert known.all() or distance > 6.0
    assert not known.any() or distance < 14.0
    assert abs(np.array(z)[known]).max(initial=0.0) < stats.norm.isf(1e-4 / (2 * 5))
