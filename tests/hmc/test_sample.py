"""A run as a user sees it: arguments, starting points, failures, statistics."""

import concurrent.futures
import json
import math
import os
import signal
import subprocess
import sys
import threading
from typing import NamedTuple

import numpy as np
import pytest

import hmc
from hmc.results import checkpoint
from hmc.running.tasks import run_chain
from hmc.sampler import snapshot
from hmc.settings import check_settings
from tests.hmc.helpers import running

QUICK = {"chains": 2, "warmup": 30, "draws": 20, "workers": 1}

REFUSED = """
import math, pathlib
import numba.core.event as event
import numpy as np

WRONG = {
    "chains": [dict(chains=0), dict(chains=2.5)], "draws": [dict(draws=0), dict(draws=True)],
    "warmup": [dict(warmup=-3)], "seed": [dict(seed=-1)], "max_depth": [dict(max_depth=0)],
    "target_accept": [dict(target_accept=v) for v in (0, 1, math.nan)],
    "algorithm": [dict(algorithm="x")], "metric": [dict(metric="x")], "adaptation": [dict(adaptation="x")],
    "path_length": [dict(path_length=1.0)], "tolerance": [dict(tolerance=1.0)],
    "workers": [dict(workers=v) for v in (0, 1.5, True)],
    "executor": [dict(executor="x"), dict(executor=3)],
    "initial": [dict(initial=v) for v in ([1.0], [[1.0, 2.0, 3.0]] * 3, 2.0, [], "a", [[1.0], [2.0, 3.0]])],
    "x": [dict(initial={"x": [1.0, 2.0]}), dict(initial={"x": "a"}), dict(initial={})],
}
with event.install_recorder("numba:compile") as recorder:
    import author, hmc

    for name, cases in WRONG.items():
        for options in cases:
            try:
                hmc.sample(author.model(), **options)
            except ValueError as error:
                assert name in str(error) and "\\n" not in str(error), (options, error)
            else:
                raise AssertionError(options)
    try:
        hmc.sample("mST")
    except (TypeError, ValueError) as error:
        assert "mST" in str(error) or "Model" in str(error), error
print(len(recorder.buffer), len(list(pathlib.Path("cache").rglob("*.bin"))))
"""


def test_wrong_arguments_are_named_before_anything_is_compiled(tmp_path):
    running.write_author(tmp_path)
    assert running.python(tmp_path, REFUSED, NUMBA_CACHE_DIR=tmp_path / "cache").stdout == "0 0\n"


class Flag(NamedTuple):
    """Data of the models that misbehave."""

    limit: float


def nan_density(position, data, gradient):
    for i in range(position.shape[0]):
        gradient[i] = 0.0
    return math.nan * data.limit


def infinite_density(position, data, gradient):
    for i in range(position.shape[0]):
        gradient[i] = 0.0
    return math.inf * data.limit


def nan_gradient(position, data, gradient):
    for i in range(position.shape[0]):
        gradient[i] = 0.0
    gradient[1] = math.nan
    return -data.limit


def raising(position, data, gradient):
    """Standard normal, but an error beyond the limit."""
    total = 0.0
    for i in range(position.shape[0]):
        if position[i] > data.limit:
            raise ValueError("beyond the limit")
        gradient[i] = -position[i]
        total -= 0.5 * position[i] * position[i]
    return total


def misbehaving(density, limit=1.0):
    parameters = [hmc.Parameter("location"), hmc.Parameter("sigma", (2,), hmc.positive)]
    return hmc.Model(density, Flag(limit), parameters, name="bad")


@pytest.mark.parametrize(
    ("density", "shown"),
    [
        (nan_density, "log density = nan"),
        (infinite_density, "log density = inf"),
        (nan_gradient, r"gradient\[1\] = nan"),
    ],
)
@pytest.mark.parametrize("executor", ["threads", None])
def test_no_starting_point_is_an_error_with_names_and_values(density, shown, executor):
    with pytest.raises(hmc.InitializationError, match=shown) as caught:
        hmc.sample(misbehaving(density), **QUICK, executor=executor)
    message = str(caught.value)
    assert message.startswith("bad: no starting point with a finite log density in 100 tries; last: location = ")
    assert "sigma = " in message


def test_starting_point_given_that_has_no_density_is_an_error():
    with pytest.raises(hmc.InitializationError, match=r"at the initial point given: location = 0\.5, sigma = 1, 1"):
        hmc.sample(misbehaving(nan_density), **QUICK, initial=[0.5, 0.0, 0.0])


@pytest.mark.parametrize("executor", ["threads", None])
def test_density_that_always_raises_is_an_error_with_the_reason(executor):
    message = r"bad: no starting point .* in 100 tries; last: .*; log_density raises ValueError: beyond the limit"
    with pytest.raises(hmc.InitializationError, match=message):
        hmc.sample(misbehaving(raising, limit=-30.0), **QUICK, executor=executor)


def nan_beyond(position, data, gradient):
    """`raising`, with nan in place of the error."""
    total = 0.0
    for i in range(position.shape[0]):
        if position[i] > data.limit:
            return math.nan
        gradient[i] = -position[i]
        total -= 0.5 * position[i] * position[i]
    return total


def test_an_exception_rejects_the_proposal_as_nan_does_and_is_named(capsys):
    often = QUICK | {"warmup": 100, "draws": 200, "executor": "threads"}
    model = misbehaving(raising, limit=1.0)
    fit = hmc.sample(model, **often)
    assert running.same_run(fit, hmc.sample(misbehaving(nan_beyond, limit=1.0), **often))
    assert fit.failures == []
    assert fit.stats["diverging"].any()
    assert fit.unconstrained.max() <= 1.0
    assert [(remark.chain, remark.kind, remark.detail) for remark in fit.remarks] == [
        (chain, "raised", "ValueError: beyond the limit") for chain in range(2)
    ]
    worst = max(fit.remarks, key=lambda remark: remark.amount)
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"hmc: bad: chain {worst.chain + 1}: log_density raised ValueError: beyond the limit (")
    assert f" ({worst.amount:.0f} times, warm-up included); " in said
    assert said.endswith("; likewise 1 other chain")


def test_a_density_that_raises_nothing_says_nothing(capsys):
    model = misbehaving(raising, limit=1e9)
    fit = hmc.sample(model, **QUICK, executor="threads")
    assert (fit.remarks, model.n_raised, model.last_raised(), capsys.readouterr().err) == ([], 0, None, "")


COUNTED = """
import json
import hmc
from tests.hmc import test_sample

counts = [0]

def counting(position, data, gradient):
    try:
        return test_sample.raising(position, data, gradient)
    except ValueError:
        counts[0] += 1
        raise

for chain in range(3):
    model = test_sample.misbehaving(counting, limit=0.5)
    keep = dict(test_sample.COUNTS, chains=1 + chain)
    fit = hmc.sample(model, **keep, workers=1)
    print(json.dumps([counts[0], [remark.amount for remark in fit.remarks]]))
    counts[0] = 0
"""
COUNTS = {"chains": 3, "warmup": 60, "draws": 60, "initial": [-0.5, -0.4, -0.3], "progress": False}


def counted(**how):
    return [remark.amount for remark in hmc.sample(misbehaving(raising, limit=0.5), **COUNTS | how).remarks]


def test_exceptions_of_a_chain_are_counted_right_however_chains_run(tmp_path, monkeypatch):
    run = running.python(tmp_path, COUNTED, NUMBA_DISABLE_JIT="1")
    (one, _), (two, _), (three, amounts) = map(json.loads, run.stdout.splitlines())
    # The density's own count, of one, two and three chains; once a chain it is run again, to name what it raised.
    exact = [one - 1, two - one - 1, three - two - 1]
    assert min(exact) > 10
    assert amounts == exact
    assert counted(workers=1) == exact
    assert counted(workers=3, executor="threads") == exact
    assert counted(workers=2, executor="processes") == exact
    monkeypatch.setattr(checkpoint, "_CHUNK_SECONDS", 0.0)  # a transition each
    assert counted(workers=3, executor="threads", checkpoint=tmp_path / "run.ckpt") == exact
    assert counted(workers=1, checkpoint=tmp_path / "run.ckpt") == exact  # read, with nothing left to do


def test_remarks_are_saved_and_go_on_with_the_chains(tmp_path):
    model = misbehaving(raising, limit=0.5)
    fit = hmc.sample(model, **COUNTS, workers=1)
    fit.save(tmp_path / "a.fit")
    loaded = hmc.load(tmp_path / "a.fit", model)
    assert loaded.remarks == fit.remarks != []
    whole = hmc.sample(model, **COUNTS | {"draws": 100}, workers=1)
    assert hmc.extend(loaded, 40, workers=1).remarks == whole.remarks
    path = tmp_path / "run.ckpt"
    hmc.sample(model, **COUNTS, workers=1, checkpoint=path)
    assert hmc.sample(model, **COUNTS | {"draws": 100}, workers=1, checkpoint=path).remarks == whole.remarks


def test_an_interrupted_run_counts_no_exception_twice(tmp_path, monkeypatch):
    """Transitions after the last snapshot are drawn again when the run goes on, and may raise again."""
    model, how = misbehaving(raising, limit=0.5), COUNTS | {"chains": 1, "draws": 200_000, "workers": 1}
    whole, take, sent = hmc.sample(model, **how), snapshot.take, []

    def interrupting(state, rng, warmup):
        if state.iteration > 1100 and not sent:
            sent.append(state.iteration)
            signal.raise_signal(signal.SIGINT)
        return take(state, rng, warmup)

    monkeypatch.setattr(snapshot, "take", interrupting)
    fit = hmc.sample(model, **how, checkpoint=tmp_path / "run.ckpt")
    assert fit.interrupted
    (part,), (all_of_it,) = fit.remarks, whole.remarks
    assert 0 < part.amount < all_of_it.amount
    assert hmc.sample(model, **how, checkpoint=tmp_path / "run.ckpt").remarks == whole.remarks


def test_exceptions_at_starting_points_that_were_tried_are_not_counted():
    def amounts(**how):
        fit = hmc.sample(misbehaving(raising, limit=-1.0), 4, warmup=0, draws=30, workers=1, progress=False, **how)
        return [remark.amount for remark in fit.remarks], fit

    found, fit = amounts()
    assert found == amounts()[0]
    # A transition ends with the first exception, and the search for a first step size meets fewer than 10.
    diverging = fit.stats["diverging"].sum(axis=1)
    assert (np.array(found) - diverging < 10).all()
    assert (np.array(found) >= diverging).all()


ONE_BY_ONE = """
import numpy as np
from tests.hmc import test_sample
import hmc

fit = hmc.sample(test_sample.misbehaving(test_sample.raising, 1.0), chains=1, warmup=30, draws=30, workers=1)
print(fit.unconstrained.tobytes().hex(), fit.stats["diverging"].sum())
"""


def test_exceptions_are_the_same_divergences_without_the_jit(tmp_path):
    runs = [running.python(tmp_path, ONE_BY_ONE, NUMBA_DISABLE_JIT=jit) for jit in (None, "1")]
    assert runs[0].stdout == runs[1].stdout
    assert int(runs[0].stdout.split()[1]) > 0
    assert all("log_density raised ValueError: beyond the limit (" in run.stderr for run in runs)


def test_density_that_raises_in_one_chain_costs_that_chain_alone():
    # The search for a step size strays, but not as far as 1e4.
    start = [[0.0, 0.0, 0.0], [2e4, 0.0, 0.0]]
    fit = hmc.sample(misbehaving(raising, limit=1e4), **QUICK, initial=start)
    assert fit.chains == [0]
    (failure,) = fit.failures
    assert (failure.chain, failure.iteration) == (1, 0)
    assert "ValueError: beyond the limit" in failure.reason
    assert fit["sigma"].shape == (1, 20, 2)
    alone = hmc.sample(misbehaving(raising, limit=1e4), **QUICK | {"chains": 1}, initial=start[0])
    assert running.equal_bits(fit.unconstrained, alone.unconstrained)
    assert not fit.interrupted


def test_initial_points_mean_the_same_as_names_lists_and_positions():
    model = running.grouped_model()
    named = {"a": [0.1, 0.2, 0.3], "tau": 1.0}
    same = [named, [named, named], [0.1, 0.2, 0.3, 0.0], [[0.1, 0.2, 0.3, 0.0]] * 2, np.array([0.1, 0.2, 0.3, 0.0])]
    fits = [hmc.sample(model, **QUICK, initial=initial) for initial in same]
    assert all(running.same_run(fit, fits[0]) for fit in fits)
    assert not running.same_run(hmc.sample(model, **QUICK, initial=[0.1, 0.2, 0.4, 0.0]), fits[0])


def test_each_chain_starts_at_its_own_initial_point():
    fit = hmc.sample(
        running.grouped_model(), chains=2, warmup=0, draws=1, workers=1, max_depth=1, algorithm="hmc",
        path_length=1e-9, initial=[{"a": [0.0, 0.0, 0.0], "tau": 1.0}, {"a": [1.0, 2.0, 3.0], "tau": 2.0}],
    )  # fmt: skip
    # One leapfrog step, no longer than the first guess of a step size, moves a point by less than 3.
    assert np.abs(fit["a"][1, 0] - [1.0, 2.0, 3.0]).max() < 3.0
    assert fit.settings["initial"].shape == (2, 4)


def test_warmup_is_kept_on_request_only():
    model = running.grouped_model()
    assert hmc.sample(model, **QUICK).warmup is None
    kept = hmc.sample(model, **QUICK, keep_warmup=True)
    assert kept.warmup.shape == (2, 30, 4)
    assert kept.unconstrained.shape == (2, 20, 4)
    value, _ = model.evaluate(kept.warmup[1, 7])
    assert value == kept.warmup_stats["lp"][1, 7]


@pytest.mark.parametrize(
    "options", [{"warmup": 0}, {"draws": 1}, {"warmup": 0, "draws": 1, "chains": 1}, {"warmup": 1}]
)
def test_shortest_runs_have_their_shapes(options):
    options = QUICK | options
    fit = hmc.sample(running.grouped_model(), **options, keep_warmup=True)
    assert fit["a"].shape == (options["chains"], options["draws"], 3)
    assert fit["tau"].shape == (options["chains"], options["draws"])
    assert fit.warmup_stats["lp"].shape == fit.warmup.shape[:2] == (options["chains"], options["warmup"])


DTYPES = {
    "lp": float, "acceptance_rate": float, "step_size": float, "energy": float, "tree_depth": np.int64,
    "n_steps": np.int64, "diverging": bool, "reached_max_treedepth": bool, "termination": np.int64,
}  # fmt: skip


OF_WALNUTS = {"irreversible": bool, "micro_steps": np.int64}
WALNUTS = {"algorithm": "walnuts", "tolerance": 0.1}


@pytest.mark.parametrize(
    "options", [{}, {"metric": "dense"}, {"max_depth": 2}, {"warmup": 0}, {"algorithm": "hmc"}, WALNUTS]
)
def test_statistics_agree_with_each_other_and_with_the_draws(options):
    model = running.grouped_model()
    fit = hmc.sample(model, **{"chains": 2, "warmup": 100, "draws": 100, "workers": 1} | options)
    stats, nuts, walnuts = fit.stats, options.get("algorithm") != "hmc", options == WALNUTS
    dtypes = DTYPES | (OF_WALNUTS if walnuts else {})
    assert {name: values.dtype for name, values in stats.items()} == {n: np.dtype(t) for n, t in dtypes.items()}
    assert all(values.shape == (2, 100) for values in stats.values())
    densities = [[model.evaluate(draw)[0] for draw in chain] for chain in fit.unconstrained]
    assert running.equal_bits(stats["lp"], np.array(densities))
    assert (stats["energy"] >= -stats["lp"]).all()  # kinetic energy is not negative
    assert ((stats["acceptance_rate"] >= 0) & (stats["acceptance_rate"] <= 1)).all()
    assert (stats["step_size"] == stats["step_size"][:, :1]).all()  # fixed after warm-up
    assert (stats["n_steps"] >= 1).all()
    assert (stats["diverging"] == (stats["termination"] == 2)).all()
    assert (stats["reached_max_treedepth"] == (stats["termination"] == 3)).all()
    if walnuts:
        assert (stats["irreversible"] == (stats["termination"] == 6)).all()
        assert stats["irreversible"].any()
        assert (stats["micro_steps"] <= stats["n_steps"]).all()
        assert (stats["micro_steps"] >= 2 ** stats["tree_depth"] - 1).all()
        assert (stats["micro_steps"] >= 2 ** (stats["tree_depth"] + 1)).any()  # more than the steps of the last tree
    elif nuts:
        assert (stats["n_steps"] < 2 ** (stats["tree_depth"] + 1)).all()
    if nuts:
        assert (stats["n_steps"] >= 2 ** stats["tree_depth"] - 1).all()
        full = stats["reached_max_treedepth"]
        assert (stats["tree_depth"][full] == fit.settings["max_depth"]).all()
        assert full.any() == (options.get("max_depth") == 2)
    else:
        assert (stats["tree_depth"] == 0).all()


@pytest.mark.parametrize("adaptation", ["gradients", "windows"])
def test_unit_metric_stays_the_unit_metric(adaptation):
    fit = hmc.sample(running.grouped_model(), **QUICK, metric="unit", adaptation=adaptation)
    assert (fit.inverse_metric == 1.0).all()


def test_learned_metrics_are_not_the_unit_metric():
    diagonal, dense = (hmc.sample(running.grouped_model(), **QUICK, metric=m).inverse_metric for m in ("diag", "dense"))
    assert diagonal.shape == (2, 4)
    assert (diagonal != 1.0).all()
    assert dense.shape == (2, 4, 4)
    assert np.array_equal(dense, dense.swapaxes(1, 2))
    assert (np.linalg.eigvalsh(dense) > 0).all()


def test_seed_of_none_is_recorded_and_gives_the_run_again():
    model = running.grouped_model()
    fit = hmc.sample(model, **QUICK, seed=None)
    assert running.same_run(hmc.sample(model, **QUICK, seed=fit.settings["seed"]), fit)
    assert not running.same_run(hmc.sample(model, **QUICK, seed=None), fit)


def test_fit_names_parameters_then_derived_quantities():
    fit = hmc.sample(running.grouped_model(derived=running.derived), **QUICK)
    assert list(fit) == fit.keys() == ["a", "tau", "total", "pair"]
    assert running.equal_bits(fit["a"], fit.unconstrained[..., :3])
    assert np.allclose(fit["tau"], np.exp(fit.unconstrained[..., 3]), rtol=4e-16)  # exp within 1 ulp
    assert np.array_equal(fit["total"], fit["a"].sum(axis=-1))
    assert "a" in fit
    assert "b" not in fit
    with pytest.raises(KeyError, match="grouped has no parameter 'b'; it has a, tau"):
        fit["b"]


def test_chain_started_again_counts_no_transition_of_its_first_try():
    """A first try left 30 in the chain's cell, then died; the second is stopped before it has done anything."""
    model, settings = running.grouped_model(), check_settings(**SETTINGS)
    cells = np.array([1, 30])
    result = run_chain(model, settings, 0, cells)
    assert (len(result.record.lp), len(result.record.position), cells[1]) == (0, 0, 0)


SETTINGS = {
    "chains": 1, "warmup": 10, "draws": 30, "seed": 1, "target_accept": 0.8, "max_depth": 5, "algorithm": "nuts",
    "path_length": None, "metric": "diag", "adaptation": "gradients", "initial": None, "keep_warmup": False,
}  # fmt: skip


class StubbornError(Exception):
    """One that cannot be pickled, not even with what Dask brings to pickle exceptions."""

    def __init__(self, text):
        super().__init__(text)
        self.lock = threading.Lock()


def test_an_exception_that_would_not_survive_the_way_from_a_worker_is_told_all_the_same(monkeypatch):
    import hmc.running.tasks

    def fail(*arguments):
        raise StubbornError("this and that")

    monkeypatch.setattr(hmc.running.tasks, "start", fail)
    with pytest.raises(hmc.ChainError, match=r"after 0 transitions: RuntimeError: StubbornError: this and that$"):
        hmc.sample(running.grouped_model(), chains=2, warmup=5, draws=5, workers=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"draws": 10**13},
            r"grouped: chains = 4, warmup = 400, draws = 10{13}: these draws do not fit into memory: .*",
        ),
        (
            {"draws": 10**30},
            "grouped: chains = 4, warmup = 400, draws = 10{30}: these draws do not fit into memory: .*",
        ),
        (
            {"warmup": 10**13},
            "grouped: chains = 4, warmup = 10{13}, draws = 1000: these draws do not fit into memory: .*",
        ),
        ({"chains": 10**9}, "chains = 1000000000 is not a whole number from 1 to 100000"),
    ],
)
def test_numbers_that_are_too_large_are_refused_at_once(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        hmc.sample(running.grouped_model(), **arguments, workers=1)


@pytest.mark.parametrize("kind", [concurrent.futures.ThreadPoolExecutor, concurrent.futures.ProcessPoolExecutor])
def test_an_executor_that_is_shut_down_is_refused(kind):
    executor = kind(1)
    executor.shutdown()
    with pytest.raises(ValueError, match=r"^executor = .* takes no tasks: it is broken, or has been shut down$"):
        hmc.sample(running.grouped_model(), executor=executor)


class Odd(concurrent.futures.Executor):
    """One that gives something else than was asked for."""

    shares_memory = True

    def submit(self, function, /, *arguments):
        future = concurrent.futures.Future()
        future.set_result(7)
        return future


def test_an_executor_that_gives_something_else_is_a_failure_in_words():
    with pytest.raises(hmc.ChainError, match="the executor returned 7, which is not the result of a chain"):
        hmc.sample(running.grouped_model(), chains=1, executor=Odd())


FAILS_ONCE = """
import concurrent.futures
import author, hmc

class FailsOnce(concurrent.futures.ThreadPoolExecutor):
    tasks = 0

    def submit(self, function, /, *arguments):
        self.tasks += 1
        if self.tasks == 2:
            future = concurrent.futures.Future()
            future.set_exception(RuntimeError("once"))
            return future
        return super().submit(function, *arguments)

fit = hmc.sample(author.model(), chains=3, warmup=20, draws=20, executor=FailsOnce(2))
print(fit.chains, fit.failures)
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
def test_no_run_is_lost_because_standard_error_cannot_be_written(tmp_path):
    running.write_author(tmp_path)
    (tmp_path / "script.py").write_text(FAILS_ONCE)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, env=running.environment(tmp_path), text=True, stderr=full,
            stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.stdout == "[0, 1, 2] []\n"


def test_a_fits_docstring_names_all_its_public_attributes():
    fit = hmc.sample(running.grouped_model(), progress=False, **QUICK)
    shown = {name for name in vars(fit) if not name.startswith("_")}
    shown |= {name for name, item in vars(hmc.Fit).items() if isinstance(item, property) and not name.startswith("_")}
    assert {name for name in shown if f"fit.{name} " not in hmc.Fit.__doc__} == set()
