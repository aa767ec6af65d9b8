"""Executors that somebody else made: other code is refused, only what has not begun is cancelled, what is lost is told.

A Dask cluster, which is one of them: tests/test_dask.py.
"""

import concurrent.futures
import contextlib
import multiprocessing
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pytest

import hmc
import hmc.running.cluster
import hmc.running.execution
import models
from hmc.errors import LostTaskError, StaleWorkerError
from hmc.running import same_code
from hmc.running.cluster import ForeignExecutor
from hmc.running.executors import at_once, workers_of
from hmc.running.same_code import checked, code_here
from hmc.running.shared_cells import SharedControl
from tests.hmc.helpers import running

SHORT = {"chains": 3, "warmup": 40, "draws": 30, "progress": False}


class Forgetful(concurrent.futures.Executor):
    """Has one worker, and gives futures that can be cancelled all the time, as Dask's."""

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.num_workers = 1

    def submit(self, function, /, *arguments):
        future = concurrent.futures.Future()
        self.pool.submit(self._run, future, function, arguments)
        return future

    def _run(self, future, function, arguments):
        try:
            result = function(*arguments)
        except Exception as error:
            found, outcome = future.set_exception, error
        else:
            found, outcome = future.set_result, result
        with contextlib.suppress(concurrent.futures.InvalidStateError):
            found(outcome)


@pytest.fixture
def forgetful():
    executor = Forgetful()
    yield executor
    executor.pool.shutdown()


def forking_pool(workers):
    return concurrent.futures.ProcessPoolExecutor(workers, multiprocessing.get_context("fork"))


@pytest.fixture(scope="module")
def reference():
    return hmc.sample(models.mST(), **SHORT, workers=1)


def test_draws_are_those_of_this_process_on_any_executor(forgetful, reference):
    assert running.same_run(hmc.sample(models.mST(), **SHORT, executor=forgetful), reference)


def test_draws_are_the_same_where_no_worker_sees_the_cells(forgetful, reference, monkeypatch):
    class Elsewhere(SharedControl):
        def __init__(self, size):
            super().__init__(size)
            self.address = self.address._replace(name="hmc_on_another_machine")

    monkeypatch.setattr(hmc.running.execution, "SharedControl", Elsewhere)
    assert running.same_run(hmc.sample(models.mST(), **SHORT, executor=forgetful), reference)


def test_what_has_begun_cannot_be_cancelled_and_what_has_not_can(forgetful):
    begun, goes_on = threading.Event(), threading.Event()

    def task(name):
        begun.set()
        goes_on.wait(30)
        return name

    with ForeignExecutor(forgetful, code_here(), 1) as executor:
        futures = [executor.submit(task, name) for name in "abc"]
        begun.wait(30)
        assert [future.cancel() for future in futures] == [False, True, True]
        goes_on.set()
        assert futures[0].result(30) == "a"


def test_the_same_cancelled_where_it_was_handed_on_would_be_lost(forgetful):
    goes_on = threading.Event()
    future = forgetful.submit(goes_on.wait, 30)
    assert future.cancel()
    goes_on.set()


def test_a_task_that_its_executor_gives_up_is_a_failure_and_no_interrupt():
    class GivesUp(concurrent.futures.Executor):
        def submit(self, function, /, *arguments):
            future = concurrent.futures.Future()
            future.cancel()
            return future

    with pytest.raises(hmc.ChainError, match=r"no chain gave draws; .*LostTaskError: the executor cancelled this task"):
        hmc.sample(models.mST(), **SHORT, executor=GivesUp())


def test_a_cluster_that_is_gone_is_noticed_though_its_futures_do_not_end():
    class Gone(concurrent.futures.Executor):
        _client = SimpleNamespace(status="closed")

        def submit(self, function, /, *arguments):
            return concurrent.futures.Future()

    with ForeignExecutor(Gone(), code_here(), 1) as executor, pytest.raises(LostTaskError, match="connection"):
        executor.submit(len, "abc").result(30)


def test_a_cluster_that_stays_without_workers_is_not_waited_for(monkeypatch):
    class Empty(concurrent.futures.Executor):
        _client = SimpleNamespace(status="running", nthreads=dict)

        def submit(self, function, /, *arguments):
            return concurrent.futures.Future()

    monkeypatch.setattr(hmc.running.cluster, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(hmc.running.cluster, "_NO_WORKER_SECONDS", 0.05)
    with ForeignExecutor(Empty(), code_here(), 1) as executor, pytest.raises(LostTaskError, match="has had no worker"):
        executor.submit(len, "abc").result(30)


def test_a_cluster_that_has_workers_is_waited_for(monkeypatch):
    class Slow(concurrent.futures.Executor):
        _client = SimpleNamespace(status="running", nthreads=lambda: {"tcp://a:1": 1})

        def submit(self, function, /, *arguments):
            future = concurrent.futures.Future()
            threading.Timer(0.3, future.set_result, [3]).start()
            return future

    monkeypatch.setattr(hmc.running.cluster, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(hmc.running.cluster, "_NO_WORKER_SECONDS", 0.05)
    with ForeignExecutor(Slow(), code_here(), 1) as executor:
        assert executor.submit(len, "abc").result(30) == 3


@pytest.mark.parametrize("kind", [concurrent.futures.ThreadPoolExecutor, forking_pool])
def test_a_pool_that_somebody_shuts_down_midway_costs_no_chain_and_is_no_interrupt(kind, reference, capsys):
    pool = kind(1)
    submit, submitted = pool.submit, []

    def submit_and_shut_down(function, /, *arguments):
        future = submit(function, *arguments)
        submitted.append(future)
        if len(submitted) == 2:
            pool.shutdown(wait=False, cancel_futures=True)
        return future

    pool.submit = submit_and_shut_down
    fit = hmc.sample(models.mST(), **SHORT, executor=pool)
    assert not fit.interrupted
    assert running.same_run(fit, reference)
    assert "the executor takes no more tasks, and the rest runs in one of our own" in capsys.readouterr().err


def test_workers_that_have_no_hmc_are_named_before_anything_is_sent_to_them():
    class Bare(concurrent.futures.Executor):
        _client = SimpleNamespace(run=lambda *_, **__: {"tcp://a:1": None, "tcp://b:2": ImportError("No module 'hmc'")})

    with pytest.raises(RuntimeError, match="the worker at tcp://b:2 cannot import hmc: No module 'hmc'"):
        ForeignExecutor(Bare(), code_here(), 1)


def test_without_waiting_the_executor_is_asked_to_forget_its_tasks(forgetful):
    begun, goes_on = threading.Event(), threading.Event()

    def task():
        begun.set()
        goes_on.wait(30)

    executor = ForeignExecutor(forgetful, code_here(), 1)
    future = executor.submit(task)
    begun.wait(30)
    executor.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(LostTaskError):
        future.result(30)  # though the task still waits
    goes_on.set()


def test_an_executor_is_asked_how_many_workers_it_has(forgetful):
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        assert workers_of(threads) == 3
    assert workers_of(forgetful) == 1
    assert workers_of(SimpleNamespace(_client=SimpleNamespace(nthreads=lambda: {"a": 4, "b": 2}))) == 6
    assert workers_of(concurrent.futures.Executor()) is None


def test_as_many_tasks_are_handed_on_as_there_are_workers(forgetful):
    """The chains are three, and the executor was never given more than it has workers for."""
    under_way, most = [], []
    submit = forgetful.submit

    def counting(function, /, *arguments):
        future = submit(function, *arguments)
        under_way.append(future)
        most.append(sum(not other.done() for other in under_way))
        return future

    forgetful.submit = counting
    hmc.sample(models.mST(), **SHORT, workers=1, executor=forgetful)
    assert len(most) == 3
    assert max(most) == 1


def test_more_are_handed_on_where_that_is_asked_for(forgetful):
    """As to a cluster that grows while it works."""
    assert at_once(forgetful, 200) == 200
    assert at_once(forgetful, 1) == 1
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        assert at_once(threads, 2) == 3
    assert at_once(concurrent.futures.Executor(), 2) == 64
    assert at_once(concurrent.futures.Executor(), 200) == 200


def test_an_executor_that_says_it_has_one_worker_gets_three_chains_at_a_time_from_whoever_asks_for_three(reference):
    """Each waits for the two others."""
    all_there = threading.Barrier(3, timeout=30)

    class Growing(concurrent.futures.Executor):
        num_workers = 1

        def submit(self, function, /, *arguments):
            return pool.submit(lambda: (all_there.wait(), function(*arguments))[1])

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        assert running.same_run(hmc.sample(models.mST(), **SHORT, workers=3, executor=Growing()), reference)


def test_the_same_code_is_run():
    model = models.mST()
    assert checked(code_here(model), lambda model, x: (model.name, x), model, 3) == ("mST", 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"versions": {"NumPy": "1.0"}}, f"a worker has NumPy {np.__version__}, and this process 1.0"),
        ({"sources": {"hmc": "0"}}, "a worker has other code of the package hmc"),
        ({"density": "0"}, "a worker has other code of the model mST"),
    ],
)
def test_other_code_is_refused_by_name(changes, message):
    code = code_here(models.mST())._replace(**changes)
    with pytest.raises(StaleWorkerError, match=message):
        checked(code, lambda model: model, models.mST())


def test_a_density_whose_code_cannot_be_known_is_not_compared():
    assert checked(code_here()._replace(density=None), len, "abc") == 3


def test_a_package_that_is_not_there_is_other_code(monkeypatch):
    code = code_here(packages=("hmc", "figures"))
    monkeypatch.setitem(same_code._SOURCES, "figures", None)
    with pytest.raises(StaleWorkerError, match="a worker has no package figures"):
        checked(code, len, "abc")


def test_a_changed_file_is_other_code(tmp_path, monkeypatch):
    (tmp_path / "parcel").mkdir()
    (tmp_path / "parcel" / "one.py").write_text("x = 1\n")
    monkeypatch.setattr(same_code, "ROOT", tmp_path)
    before = same_code._hash_of("parcel")
    assert same_code._hash_of("parcel") == before
    (tmp_path / "parcel" / "one.py").write_text("x = 2\n")
    assert same_code._hash_of("parcel") != before
    assert same_code._hash_of("no_such_parcel") is None


def test_a_users_folder_is_not_taken_for_ours(tmp_path, monkeypatch):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "__init__.py").write_text("x = 1\n")
    before = same_code._hash_of("models")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert same_code._hash_of("models") == before


FORKED = """
import concurrent.futures, multiprocessing
import author, hmc

if __name__ == "__main__":
    with concurrent.futures.ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        pool.submit(len, "").result()  # forked before there is a resource tracker for them to share
        there = hmc.sample(author.model(), warmup=40, draws=30, executor=pool)
        assert there.failures == []
        here = hmc.sample(author.model(), warmup=40, draws=30, workers=1)
        assert (there.unconstrained == here.unconstrained).all()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_forked_workers_give_the_same_draws_and_take_nothing_with_them(tmp_path):
    running.write_author(tmp_path)
    assert running.python(tmp_path, FORKED).stderr == ""
