"""Replications: the same wherever and with whatever others they run; what fails costs itself alone.

Worker processes and Ctrl-C: tests/hmc/test_replicate_processes.py.
"""

import concurrent.futures
from typing import NamedTuple

import numba.core.event as event
import numpy as np
import pytest

import hmc
import models
from hmc.replication import replicate
from hmc.running.executors import InlineExecutor
from tests.hmc.helpers import running

QUICK = {"seed": 3, "warmup": 30, "draws": 20, "progress": False}


def kept(truth, fitted, draws, stats):
    """Everything, so that equality means much."""
    return truth, fitted.data.survived, draws, stats["energy"]


def run(count=5, **options):
    return replicate(models.mST(), kept, count, **QUICK | {"workers": 1} | options)


def same(left, right):
    """Whether two runs have the same results, bit for bit."""
    pairs = zip(left.results, right.results, strict=True)
    equal = all(running.equal_bits(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))
    return equal and left.numbers == right.numbers


@pytest.fixture(scope="module")
def reference():
    return run()


def test_results_are_bit_identical_in_threads_and_in_the_calling_thread(reference):
    assert (reference.numbers, reference.failures, reference.interrupted) == ([0, 1, 2, 3, 4], [], False)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for executor in ("threads", InlineExecutor(), pool):
            assert same(run(workers=2, executor=executor), reference)


def test_a_replication_does_not_depend_on_how_many_others_there_are(reference):
    assert same(run(3), reference._replace(results=reference.results[:3], numbers=[0, 1, 2]))
    assert not same(run(5, seed=4), reference)


def test_truths_data_and_draws_differ_between_replications(reference):
    for column in zip(*reference.results, strict=True):
        assert len({values.tobytes() for values in column}) == 5


def test_chains_are_those_of_sample(reference):
    """The model of the data, sampled with the seed that belongs to the replication."""
    two_chains = run(2, chains=2)
    for number, (truth, survived, draws, energy) in enumerate(two_chains.results):
        assert running.equal_bits(truth, reference.results[number][0])
        rng = np.random.default_rng(np.random.SeedSequence(3, spawn_key=(number, 0)))
        position = models.mST().simulate(rng, models.mST().data)
        fitted = models.mST().with_data(models.mST().simulate_data(position, models.mST().data, rng))
        assert running.equal_bits(fitted.data.survived, survived)
        seed = int(np.random.SeedSequence(3, spawn_key=(number, 1)).generate_state(1, np.uint64)[0])
        fit = hmc.sample(fitted, chains=2, warmup=30, draws=20, seed=seed, workers=1, progress=False)
        assert running.equal_bits(fit.unconstrained, draws)
        assert running.equal_bits(fit.stats["energy"], energy)


def test_seed_of_none_is_recorded_and_gives_the_run_again():
    first = run(2, seed=None)
    assert same(run(2, seed=first.settings["seed"]), first)
    assert not same(run(2, seed=None), first)


class Nothing(NamedTuple):
    """Data of models that misbehave."""

    limit: float


def bell(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0] if data.limit < 9.0 else np.nan


def simulate(rng, data):
    return rng.standard_normal(1)


def simulate_data(position, data, rng):
    if position[0] > 1.0:
        raise RuntimeError("no data")
    return Nothing(10.0 if position[0] < -1.0 else 0.0)


def bare(**functions):
    return hmc.Model(bell, Nothing(0.0), [hmc.Parameter("x")], name="bare", **functions)


def truth_of(truth, fitted, draws, stats):
    if abs(truth[0]) < 0.3:
        raise ZeroDivisionError("too small")
    return float(truth[0])


def test_what_fails_is_told_by_number_and_costs_itself_alone():
    model = bare(simulate=simulate, simulate_data=simulate_data)
    done = replicate(model, truth_of, 40, **QUICK, workers=2, executor="threads")
    truths = [np.random.default_rng(np.random.SeedSequence(3, spawn_key=(n, 0))).normal() for n in range(40)]
    reasons = {failure.replication: failure.reason for failure in done.failures}
    for number, truth in enumerate(truths):
        if truth > 1.0:
            assert reasons[number] == "RuntimeError: no data"
        elif truth < -1.0:
            assert reasons[number].startswith("InitializationError: bare: no starting point")
        elif abs(truth) < 0.3:
            assert reasons[number] == "ZeroDivisionError: too small"
        else:
            assert done.results[done.numbers.index(number)] == truth
    assert len(set(reasons.values())) >= 3
    assert sorted([*reasons, *done.numbers]) == list(range(40))
    assert not done.interrupted


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"warmup": -1}, "warmup"),
        ({"draws": 0}, "draws"),
        ({"chains": 0}, "chains"),
        ({"seed": -1}, "seed"),
        ({"workers": 0}, "workers"),
        ({"executor": "x"}, "executor"),
        ({"metric": "x"}, "metric"),
        ({"target_accept": 2}, "target_accept"),
    ],
)
def test_wrong_arguments_are_named_before_anything_is_compiled(options, shown):
    model = bare(simulate=simulate, simulate_data=simulate_data)
    with event.install_recorder("numba:compile") as recorder, pytest.raises(ValueError, match=shown):
        replicate(model, truth_of, 2, **QUICK | options)
    assert len(recorder.buffer) == 0


@pytest.mark.parametrize("count", [0, 1.5, True, "3"])
def test_what_is_no_number_of_replications_is_refused(count):
    with pytest.raises(ValueError, match="replications = "):
        run(count)


def test_settings_that_there_are_not_are_refused():
    with pytest.raises(TypeError, match="replicate has no setting 'keep_warmup'"):
        run(2, keep_warmup=True)
    with pytest.raises(ValueError, match=r"takes a hmc\.Model, not a str"):
        replicate("mST", kept, 2)


@pytest.mark.parametrize(("functions", "role"), [({}, "simulate"), ({"simulate": simulate}, "simulate_data")])
def test_a_model_that_cannot_simulate_is_refused(functions, role):
    with pytest.raises(ValueError, match=f"bare has no {role} function"):
        replicate(bare(**functions), truth_of, 2, **QUICK)


def test_a_design_of_ones_own_needs_no_simulate():
    def fixed(rng, model):
        return np.array([2.0]), model

    assert replicate(bare(), truth_of, 3, **QUICK, design=fixed, workers=1).results == [2.0] * 3


def test_with_data_changes_the_data_and_nothing_else():
    model = models.mST()
    halved = model.with_data(model.data._replace(weight=0.5 * model.data.weight))
    assert halved.data.weight.tolist() == [0.5] * 48
    assert model.data.weight.tolist() == [1.0] * 48
    assert (halved.name, halved.parameters, halved.density()[0]) == (model.name, model.parameters, model.density()[0])
    position = np.random.default_rng(1).normal(size=model.dimension)
    likelihood = model.pointwise("log_likelihood", position).sum()
    assert model.evaluate(position)[0] - halved.evaluate(position)[0] == pytest.approx(0.5 * likelihood, rel=1e-12)


def test_data_of_another_length_compile_nothing():
    model = running.grouped_model(12)
    model.evaluate(np.zeros(4))
    longer = model.with_data(running.grouped_model(30).data)
    with event.install_recorder("numba:compile") as recorder:
        value = longer.evaluate(np.zeros(4))[0]
    assert len(recorder.buffer) == 0
    assert value == running.grouped_model(30).evaluate(np.zeros(4))[0]


@pytest.mark.parametrize("data", [None, (1.0,), Nothing([1.0])])
def test_what_are_no_data_is_refused(data):
    with pytest.raises(ValueError, match="grouped: data"):
        running.grouped_model().with_data(data)
