"""hmc.running.lasting: what breaks is replaced, once and aloud, and only what is owned is shut down."""

import concurrent.futures

import pytest

from hmc.running.lasting import LastingExecutor
from hmc.running.processes import InlineExecutor


class Breakable(InlineExecutor):
    """Runs tasks until it is broken."""

    is_broken = is_shut_down = False

    def submit(self, function, /, *arguments):
        if self.is_broken:
            raise concurrent.futures.BrokenExecutor("a worker died")
        return super().submit(function, *arguments)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.is_shut_down = True


@pytest.mark.parametrize("is_owned", [True, False])
def test_a_broken_executor_is_replaced_once_and_aloud(is_owned, capsys):
    first, second, made = Breakable(), Breakable(), []
    lasting = LastingExecutor(first, is_owned, lambda: made.append(second) or (second, True))
    assert lasting.submit(pow, 2, 3).result() == 8
    assert made == []
    first.is_broken = True
    assert [lasting.submit(pow, 2, n).result() for n in range(3)] == [1, 2, 4]
    assert made == [second]
    said = "hmc: the executor takes no more tasks, and what is left runs in one of our own: a worker died\n"
    assert capsys.readouterr().err == said
    assert (first.is_shut_down, second.is_shut_down) == (is_owned, False)
    lasting.shutdown()
    assert second.is_shut_down


@pytest.mark.parametrize("is_owned", [True, False])
def test_only_what_is_owned_is_shut_down(is_owned):
    first = Breakable()
    LastingExecutor(first, is_owned, None).shutdown()
    assert first.is_shut_down is is_owned


def test_an_executor_that_somebody_shuts_down_is_replaced_too(capsys):
    threads = concurrent.futures.ThreadPoolExecutor(1)
    lasting = LastingExecutor(threads, False, lambda: (InlineExecutor(), True))
    threads.shutdown()
    assert lasting.submit(pow, 2, 3).result() == 8
    assert "cannot schedule new futures after shutdown" in capsys.readouterr().err


def test_any_other_error_of_an_executor_is_the_callers(capsys):
    class Wrong(InlineExecutor):
        def submit(self, function, /, *arguments):
            raise TypeError("what is this?")

    with pytest.raises(TypeError, match="what is this"):
        LastingExecutor(Wrong(), False, None).submit(pow, 2, 3)
    assert capsys.readouterr().err == ""
