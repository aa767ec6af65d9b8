"""hmc.running.execution: an executor that breaks is replaced, once and aloud, and only what is owned is shut down."""

import concurrent.futures

import pytest

from hmc.running.execution import Execution, Task
from hmc.running.executors import Chosen, InlineExecutor


class Breakable(InlineExecutor):
    """Runs tasks until it is broken."""

    is_broken = is_shut_down = False

    def submit(self, function, /, *arguments):
        if self.is_broken:
            raise concurrent.futures.BrokenExecutor("a worker died")
        return super().submit(function, *arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.is_shut_down = True


def powers(execution, results, *exponents):
    """Have 2 to these exponents computed, and wait for it."""
    for n in exponents:
        execution.submit(Task(pow, lambda n=n: (2, n), lambda result, error, _: results.append(result or error)))
    execution.watch()


@pytest.mark.parametrize("is_owned", [True, False])
def test_a_broken_executor_is_replaced_once_and_aloud(is_owned, capsys):
    first, second, made, results = Breakable(), Breakable(), [], []
    chosen = Chosen(first, is_owned, None, lambda: made.append(second) or Chosen(second, True, None, None))
    with Execution(chosen, (1, 1)) as execution:
        powers(execution, results, 3)
        assert made == []
        first.is_broken = True
        powers(execution, results, 0, 1, 2)
        assert made == [second]
        assert (first.is_shut_down, second.is_shut_down) == (is_owned, False)
    assert results == [8, 1, 2, 4]
    said = "hmc: the executor takes no more tasks, and the rest runs in one of our own: a worker died\n"
    assert capsys.readouterr().err == said
    assert second.is_shut_down


@pytest.mark.parametrize("is_owned", [True, False])
def test_only_what_is_owned_is_shut_down(is_owned):
    first = Breakable()
    with Execution(Chosen(first, is_owned, None, None), (1, 1)):
        pass
    assert first.is_shut_down is is_owned


def test_an_executor_that_somebody_shuts_down_is_replaced_too(capsys):
    threads, results = concurrent.futures.ThreadPoolExecutor(1), []
    chosen = Chosen(threads, False, None, lambda: Chosen(InlineExecutor(), True, None, None))
    with Execution(chosen, (1, 1)) as execution:
        threads.shutdown()
        powers(execution, results, 3)
    assert results == [8]
    assert "cannot schedule new futures after shutdown" in capsys.readouterr().err


def test_any_other_error_of_an_executor_is_the_callers(capsys):
    class Wrong(InlineExecutor):
        def submit(self, function, /, *arguments):
            raise TypeError("what is this?")

    with Execution(Chosen(Wrong(), False, None, None), (1, 1)) as execution, pytest.raises(TypeError, match="what is"):
        powers(execution, [], 3)
    assert capsys.readouterr().err == ""


def failing(failures, tries):
    """Fails so many times, then gives the number of tries."""
    tries.append(1)
    if len(tries) <= failures:
        raise RuntimeError("out of luck")
    return len(tries)


@pytest.mark.parametrize(("failures", "expected"), [(0, [1]), (1, ["out of luck", 2]), (9, ["out of luck"] * 2)])
def test_a_task_that_asks_for_it_runs_again_once(failures, expected, capsys):
    tries, seen = [], []

    def ended(result, error, may_run_again):
        seen.append(result or str(error))
        return "it failed, and runs again" if error else None

    with Execution(Chosen(InlineExecutor(), True, None, None), (1, 1)) as execution:
        execution.submit(Task(failing, lambda: (failures, tries), ended))
        execution.watch()
    assert seen == expected
    assert capsys.readouterr().err == "hmc: it failed, and runs again\n" * (len(expected) - 1)
