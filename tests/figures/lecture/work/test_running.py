"""figures.lecture.work.running: order, failures, full disks, Ctrl-C."""

import concurrent.futures
import errno
import os
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from figures.lecture.work.items import Item
from figures.lecture.work.kept import Kept
from figures.lecture.work.running import run
from hmc.running.executors import Chosen, InlineExecutor
from hmc.running.interrupts import AT_ONCE


def write(arguments, inputs, stem):
    """A task: its file has what its inputs' files have, and its own word."""
    words = [Path(f"{source.stem}.txt").read_text() for source in inputs.values()]
    Path(f"{stem}.txt").write_text(" ".join([*words, arguments["word"]]))
    return {"word": arguments["word"]}


def fail(arguments, inputs, stem):
    """A task that cannot be done."""
    raise RuntimeError("the chain failed")


def fill_the_disk(arguments, inputs, stem):
    """A task that meets a full disk."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), stem)


def lose_the_worker(arguments, inputs, stem):
    """A task that costs its worker its life; one more byte in its file each time."""
    with open(f"{stem}.tries", "a") as file:
        file.write(".")
    raise BrokenProcessPool("A process in the process pool was terminated abruptly")


def interrupt(arguments, inputs, stem):
    """A task during which somebody presses Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)
    return write(arguments, inputs, stem)


def item(name, *needs, task=write, kind="fit", key=None):
    """An item that writes its own name."""
    inputs = {needed.name: needed for needed in needs}
    return Item(name, kind, task, {"word": name}, inputs, (f"{name}.txt",), key or name)


def plan(*items):
    return {item.name: item for item in items}


def given(executor, at_once=None):
    """An executor that somebody gave, and how many items it gets at a time."""
    return Chosen(executor, False, at_once, None)


def text(folder, name):
    return (folder / f"{name}.txt").read_text()


@pytest.fixture(params=["inline", "threads"])
def executor(request):
    with InlineExecutor() if request.param == "inline" else concurrent.futures.ThreadPoolExecutor(2) as made:
        yield made


def test_an_item_is_made_after_those_it_needs_and_kept(tmp_path, executor):
    a = item("d/a")
    b = item("d/b", a)
    c = item("d/c", a, b)
    assert run(plan(a, b, c), Kept(tmp_path), given(executor, 2)) == (["d/a", "d/b", "d/c"], {})
    assert text(tmp_path, "d/c") == "d/a d/a d/b d/c"
    assert Kept(tmp_path).facts("d/b") == {"word": "d/b"}


def test_nothing_is_made_twice_and_what_is_missing_or_changed_is(tmp_path):
    a, b, c = item("d/a"), item("d/b"), item("d/c")
    items = plan(a, b, c)
    run(items, Kept(tmp_path), given(InlineExecutor()))
    assert run(items, Kept(tmp_path), given(InlineExecutor()))[0] == []
    (tmp_path / "d" / "a.txt").unlink()
    items["d/b"] = b._replace(key="other")
    assert run(items, Kept(tmp_path), given(InlineExecutor()))[0] == ["d/a", "d/b"]


def test_all_that_can_be_made_at_once_is_given_out_in_order_of_its_kind():
    sent = []

    class Refusing(concurrent.futures.Executor):
        """Notes what it is given, and does nothing of it."""

        def submit(self, function, task, arguments, *_):
            sent.append(arguments["word"])
            future = concurrent.futures.Future()
            future.set_exception(RuntimeError("no"))
            return future

    class Nothing:
        """A folder that has nothing."""

        folder = Path()

        def has(self, item):
            return False

        def keep(self, item, facts, seconds):
            raise AssertionError("nothing was made")

    late, early = item("figure", kind="figure"), item("fit")
    _, failures = run(plan(late, item("film", early, kind="film"), early), Nothing(), given(Refusing()))
    assert sent == ["fit", "figure"]
    assert failures == {"fit": "RuntimeError: no", "figure": "RuntimeError: no"}


def test_an_item_that_fails_costs_itself_and_what_needs_it(tmp_path, executor):
    a, b = item("d/a", task=fail), item("d/b")
    made, failures = run(plan(a, item("d/c", a), b, item("d/d", b)), Kept(tmp_path), given(executor))
    assert sorted(made) == ["d/b", "d/d"]
    assert failures == {"d/a": "RuntimeError: the chain failed"}
    assert not (tmp_path / "d" / "c.txt").exists()


def test_an_item_whose_worker_dies_is_tried_again_and_then_failed_in_the_words_of_a_fit(tmp_path, executor):
    made, failures = run(plan(item("d/a", task=lose_the_worker), item("d/b")), Kept(tmp_path), given(executor))
    assert made == ["d/b"]
    assert failures == {"d/a": "its worker process died, killed or out of memory (BrokenProcessPool)"}
    assert (tmp_path / "d" / "a.tries").read_text() == ".."


def test_a_full_disk_ends_the_run_and_what_was_finished_stays(tmp_path):
    a, b, c = item("d/a"), item("d/b", task=fill_the_disk), item("d/c")
    with pytest.raises(OSError, match=r"No space left on device.*b'$"):
        run(plan(a, b, c), Kept(tmp_path), given(InlineExecutor(), 1))
    assert [Kept(tmp_path).has(one) for one in (a, b, c)] == [True, False, False]


def test_ctrl_c_lets_what_is_under_way_finish_and_keeps_it(tmp_path, capsys):
    before = signal.getsignal(signal.SIGINT)
    a, b = item("d/a", task=interrupt), item("d/b")
    with pytest.raises(KeyboardInterrupt):
        run(plan(a, b), Kept(tmp_path), given(InlineExecutor(), 1))
    assert [Kept(tmp_path).has(one) for one in (a, b)] == [True, False]
    assert "finishing what is under way" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    released = threading.Event()

    def slow(arguments, inputs, stem):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)  # two signals at once would be one
        os.kill(os.getpid(), signal.SIGINT)
        released.wait(30)

    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        with pytest.raises(KeyboardInterrupt, match=AT_ONCE):
            run(plan(item("d/a", task=slow)), Kept(tmp_path), given(executor, 1))
        assert not released.is_set()
        released.set()
