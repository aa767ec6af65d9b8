"""hmc.running.batches: a batch whose worker dies is sent out again, once, and counts once."""

import concurrent.futures
from typing import NamedTuple

import hmc
from hmc.running.batches import in_batches
from hmc.running.executors import InlineExecutor
from hmc.running.tasks import ItemFailure, Items


class Nothing(NamedTuple):
    k: int


def bell(position, data, gradient):
    gradient[0] = -position[0]
    return -0.5 * position[0] * position[0]


def item(model, number, cells):
    return 10 * number


class Lethal(InlineExecutor):
    """Does what is submitted; but the first `deaths` times, what comes back of the batch `row` is that it is lost.

    submitted   the rows of the batches
    counted     how many items are done, as a bar would show it, after each of them
    """

    num_workers = 1

    def __init__(self, row, deaths):
        self.row, self.deaths, self.submitted, self.counted = row, deaths, [], []

    def submit(self, function, /, *arguments):
        _, batch, cells = arguments
        future = super().submit(function, *arguments)
        self.submitted.append(batch.row)
        self.counted.append(int(cells.reshape(-1, batch.columns)[:, -1].sum()))
        if batch.row == self.row and self.submitted.count(self.row) <= self.deaths:
            future = concurrent.futures.Future()
            future.set_exception(concurrent.futures.process.BrokenProcessPool("killed"))
        return future


def done(executor, count=48):
    """48 items are 16 batches of three."""
    model = hmc.Model(bell, Nothing(1), [hmc.Parameter("x")], name="bell")
    return in_batches(model, Items(item, 1, ()), count, workers=1, executor=executor, progress=False)


EVERYTHING = [(number, 10 * number) for number in range(48)]


def test_a_batch_whose_worker_died_is_sent_again_and_its_items_count_once():
    executor = Lethal(row=2, deaths=1)
    assert done(executor) == (EVERYTHING, [], False)
    assert executor.submitted == [*range(16), 2]
    assert executor.counted == [*range(3, 49, 3), 48]


def test_a_batch_whose_worker_dies_each_time_is_tried_exactly_twice_and_costs_itself_alone():
    executor = Lethal(row=2, deaths=100)
    found = done(executor)
    assert executor.submitted == [*range(16), 2]
    assert found.results == [pair for pair in EVERYTHING if pair[0] not in (6, 7, 8)]
    assert [failure.number for failure in found.failures] == [6, 7, 8]
    assert all(isinstance(f, ItemFailure) and "its worker process died" in f.reason for f in found.failures)
    assert not found.interrupted
