"""Transitions that a module records are those of `hmc.record`: all leaves, joins and checks, bit for bit."""

import functools
import itertools

import numpy as np
import pytest

import hmc
import hmc.web
import models
from figures.sampler import toys
from hmc.record import record, record_from
from hmc.sampler.outcome import DIVERGENCE, IRREVERSIBLE, MAX_DEPTH, PATH_END, SUBTREE_U_TURN, U_TURN
from tests.hmc.helpers import node, recorded

MODELS = {"mST": models.mST, "cafes": models.cafes, "mru": models.mru, "funnel": toys.funnel, "plane": toys.plane}


@pytest.fixture(autouse=True)
def _node():
    node.require()


@functools.cache
def made(name):
    """(model, its module's bytes)."""
    model = MODELS[name]()
    return model, hmc.web.module(model)


@pytest.mark.parametrize("name", MODELS)
def test_twenty_transitions_are_those_of_hmc_record(name):
    model, module = made(name)
    settings = {"warmup": 40, "seed": 5, "transitions": 20}
    (found,) = node.of_module("record", module, runs=[settings])
    recorded.assert_equal(found, record(model, **settings))


def test_transitions_of_another_seed_are_seen():
    model, module = made("plane")
    (found,) = node.of_module("record", module, runs=[{"warmup": 40, "seed": 5, "transitions": 2}])
    with pytest.raises(AssertionError):
        recorded.assert_equal(found, record(model, warmup=40, seed=6, transitions=2))


OTHERS = [
    {"after": 0, "metric": "dense"},
    {"after": 3, "metric": "diag", "seed": 2**40 + 7, "max_depth": 3},
    {"algorithm": "hmc", "path_length": 0.8},
    {"algorithm": "hmc", "after": 0},
    {"algorithm": "walnuts", "after": 8, "tolerance": 0.4},
    {"warmup": 0},
    {"metric": "low_rank", "chain": 1, "chains": 2},
    {"initial": [0.5] * 50, "adaptation": "windows", "metric": "dense"},
]


def test_transitions_of_every_setting_are_those_of_hmc_record():
    model, module = made("mST")
    runs = [{"warmup": 30, "seed": 3, "transitions": 4, **other} for other in OTHERS]
    for found, settings in zip(node.of_module("record", module, runs=runs), runs, strict=True):
        recorded.assert_equal(found, record(model, **settings))


def test_transitions_of_walnuts_are_those_of_hmc_record():
    """All tries, the places on the way, and the looks back."""
    model, module = made("funnel")
    run = {"position": [-4.0, 0.1], "stepSize": 1.0, "transitions": 30, "algorithm": "walnuts", "seed": 4}
    (found,) = node.of_module("recordFrom", module, runs=[run])
    expected = record_from(model, [-4.0, 0.1], 1.0, transitions=30, algorithm="walnuts", seed=4)
    recorded.assert_equal(found, expected)
    walks = [walk for each in expected for leaf in each.leaves for walk in leaf.walks]
    assert {walk.is_back for walk in walks} == {walk.is_tight for walk in walks} == {True, False}
    assert IRREVERSIBLE in {each.outcome.termination for each in expected}


def test_a_step_of_nuts_that_gives_no_number_is_that_of_hmc_record():
    """The module takes it for a macro step of WALNUTS that no length of a step makes tight."""
    model, module = made("funnel")
    run = {"position": [-4.0, 0.1], "stepSize": 1e200, "transitions": 2}
    (found,) = node.of_module("recordFrom", module, runs=[run])
    expected = record_from(model, [-4.0, 0.1], 1e200, transitions=2)
    assert all(np.isnan(each.leaves[-1].energy) for each in expected)
    assert [each["outcome"] for each in found] == [each.outcome._asdict() for each in expected]
    for own, theirs in zip(found, expected, strict=True):
        assert [leaf["walks"] for leaf in own["leaves"]] == [[] for _ in theirs.leaves]
        assert [leaf["termination"] for leaf in own["leaves"]] == [leaf.termination for leaf in theirs.leaves]


def dense_metric():
    rng = np.random.default_rng(4)
    factor = np.tril(rng.normal(size=(2, 2)))
    return factor @ factor.T + np.eye(2)


def low_rank_metric():
    return hmc.LowRank(np.array([1.3, 0.4]), np.array([[0.6, 0.8]]), np.array([2.5]))


METRICS = {
    "ones": (None, None),
    "diag": (np.array([1.7, 0.3]), {"kind": "diag", "variances": [1.7, 0.3]}),
    "dense": (dense_metric(), {"kind": "dense", "covariance": dense_metric().ravel().tolist()}),
    "low_rank": (
        low_rank_metric(),
        {"kind": "low_rank", "scale": [1.3, 0.4], "vectors": [[0.6, 0.8]], "eigenvalues": [2.5]},
    ),
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("algorithm", ["nuts", "hmc"])
def test_transitions_from_a_position_are_those_of_record_from(name, algorithm):
    model, module = made("funnel")
    ours, theirs = METRICS[name]
    settings = {"seed": 19, "transitions": 20, "algorithm": algorithm}
    own = {"position": [3.0, 3.0], "stepSize": 0.45, **settings} | ({} if theirs is None else {"inverseMetric": theirs})
    (found,) = node.of_module("recordFrom", module, runs=[own])
    recorded.assert_equal(found, record_from(model, [3.0, 3.0], 0.45, inverse_metric=ours, **settings))


def test_these_transitions_end_in_every_way():
    model, module = made("funnel")
    runs = [
        {"position": [1.0, 1.0], "stepSize": 0.45, "transitions": 60, "seed": 142},
        {"position": [1.0, 1.0], "stepSize": 0.1, "transitions": 5, "max_depth": 2},
        {"position": [1.0, 1.0], "stepSize": 0.1, "algorithm": "hmc"},
    ]
    expected = [record_from(model, r.pop("position"), r.pop("stepSize"), **r) for r in [dict(run) for run in runs]]
    for found, theirs in zip(node.of_module("recordFrom", module, runs=runs), expected, strict=True):
        recorded.assert_equal(found, theirs)
    ends = {recorded.outcome.termination for theirs in expected for recorded in theirs}
    assert ends == {U_TURN, SUBTREE_U_TURN, DIVERGENCE, MAX_DEPTH, PATH_END}


def test_a_given_momentum_takes_the_place_of_the_first_alone():
    _, module = made("plane")
    run = {"position": [0.3, 0.2], "stepSize": 0.3, "transitions": 2, "seed": 1}
    drawn, same, other = node.of_module(
        "recordFrom",
        module,
        runs=[
            run,
            {**run, "momentum": np.random.default_rng(1).normal(size=2).tolist()},
            {**run, "momentum": [1.5, 0.0]},
        ],
    )
    assert recorded.plain(drawn) == recorded.plain(same)
    assert other[0]["leaves"][0]["momentum"].tolist() == [1.5, 0.0]
    assert recorded.plain(other[1]["leaves"][0]["momentum"]) == recorded.plain(drawn[1]["leaves"][0]["momentum"])


def far_away(position, data, gradient):
    """A normal distribution, so far from where chains begin that they climb first."""
    z = (position[0] - data.sd) / 1e-4
    gradient[0] = -z / 1e-4
    return -0.5 * z * z


def test_a_climb_is_that_of_hmc_record():
    model = hmc.Model(far_away, toys.Funnel(30.0), [hmc.Parameter("x")], name="far_away")
    runs = [{"warmup": 40, "after": after, "transitions": 3} for after in (0, 10)]
    expected = [record(model, **settings) for settings in runs]
    assert len(expected[0][0].climb.log_densities) > 3
    for found, theirs in zip(node.of_module("record", hmc.web.module(model), runs=runs), expected, strict=True):
        recorded.assert_equal(found, theirs)


def test_the_search_for_a_step_size_is_told():
    _, module = made("mST")
    (found,) = node.of_module("record", module, runs=[{"after": 0, "warmup": 30, "seed": 3}])
    trials = found[0]["search"]
    steps = [trial["step_size"] for trial in trials]
    assert steps[0] == 1.0
    assert {after / before for before, after in itertools.pairwise(steps)} in ({0.5}, {2.0})
    is_good = [-trial["energy_error"] > np.log(0.8) for trial in trials]
    assert is_good == [not is_good[-1]] * (len(is_good) - 1) + [is_good[-1]]


def test_a_chain_in_pieces_is_the_chain():
    """Stopped anywhere, with some of its transitions recorded."""
    model, module = made("cafes")
    settings = {"chains": 1, "warmup": 60, "draws": 30, "seed": 8}
    ends = [1, 2, 25, 59, 60, 61, 80]
    answer = node.of_module("pieces", module, settings=settings, ends=ends, recorded=[2, 59, 61])
    fit = hmc.sample(model, **settings, keep_warmup=True, workers=1, progress=False)
    positions = np.concatenate([fit.warmup[0], fit.unconstrained[0]])
    assert answer["position"].tobytes() == positions[:80].tobytes()
    steps = np.concatenate([fit.warmup_stats["step_size"][0], fit.stats["step_size"][0]])
    assert answer["stats"]["step_size"].tobytes() == steps[:80].tobytes()
    for seen in answer["seen"]:
        assert seen["step_size"] == steps[seen["iteration"]]
    (after,) = record(model, after=80, transitions=1, warmup=60, seed=8)
    np.testing.assert_allclose(
        recorded.inverse_metric_of(answer["seen"][-1]["metric"]), after.inverse_metric, rtol=1e-12
    )


def test_a_log_density_is_the_models():
    model, module = made("mST")
    positions = np.random.default_rng(2).normal(size=(5, model.dimension))
    function, data = model.density()
    for position, answer in zip(
        positions, node.of_module("densities", module, positions=positions.tolist()), strict=True
    ):
        gradient = np.zeros(model.dimension)
        assert answer["value"] == function(position, data, gradient)
        assert answer["gradient"].tobytes() == gradient.tobytes()
