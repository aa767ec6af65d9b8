"""hmc.running.execution: at the end of a run nothing goes on, whichever way it ends."""

import threading
from typing import NamedTuple

import pytest

import hmc
from hmc.running.execution import Execution, Task
from hmc.running.executors import for_model
from hmc.running.interrupts import AT_ONCE


class Nothing(NamedTuple):
    k: int


def bell(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0]


MODEL = hmc.Model(bell, Nothing(1), [hmc.Parameter("x")], name="bell")


def submit(execution, function, *arguments):
    execution.submit(Task(function, lambda: arguments, lambda *outcome: None))


class Tasks:
    """A task that goes on until it is stopped, or may end, and one that waits for a worker."""

    def __init__(self):
        self.begun, self.goes_on, self.ran = threading.Event(), threading.Event(), []

    def long(self, model, cells, ends_when_stopped):
        self.begun.set()
        for _ in range(10_000):  # of a millisecond
            if (ends_when_stopped and cells[0]) or self.goes_on.wait(0.001):
                self.ran.append("long")
                return
        self.ran.append("too long")

    def waiting(self, model):
        self.ran.append("waiting")

    def raise_in_the_midst(self, error, ends_when_stopped):
        """Submit both to a run of one worker, in which `error` is raised when the first has begun."""
        with Execution(for_model(MODEL, 1, "threads"), (1, 2)) as execution:
            submit(execution, self.long, MODEL, execution.address, ends_when_stopped)
            submit(execution, self.waiting, MODEL)
            self.futures = list(execution._tasks)
            assert self.begun.wait(30)
            raise error


def test_an_error_stops_what_is_under_way_waits_for_it_and_cancels_what_has_not_begun():
    tasks = Tasks()
    with pytest.raises(ZeroDivisionError):
        tasks.raise_in_the_midst(ZeroDivisionError(), ends_when_stopped=True)
    assert [future.cancelled() for future in tasks.futures] == [False, True]
    assert tasks.ran == ["long"]


def test_a_second_ctrl_c_waits_for_nothing_and_cancels_what_has_not_begun():
    tasks = Tasks()
    with pytest.raises(KeyboardInterrupt):
        tasks.raise_in_the_midst(KeyboardInterrupt(AT_ONCE), ends_when_stopped=False)
    assert tasks.ran == []  # the first is still under way
    tasks.goes_on.set()
    tasks.futures[0].result(30)
    assert tasks.futures[1].cancelled()
    assert tasks.ran == ["long"]


def test_without_an_error_what_has_not_begun_is_done_too():
    tasks = Tasks()
    with Execution(for_model(MODEL, 1, "threads"), (1, 2)) as execution:
        submit(execution, tasks.long, MODEL, execution.address, True)
        submit(execution, tasks.waiting, MODEL)
        assert tasks.begun.wait(30)
    assert tasks.ran == ["long", "waiting"]
