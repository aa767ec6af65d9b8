"""Signals are noted, or raised where that harms nothing; those that were handled in another way before are so after."""

import contextlib
import importlib
import os
import signal
import sys
import threading

import llvmlite.binding
import pytest

from hmc.running import interrupts
from hmc.running.interrupts import AT_ONCE, dropped_interrupts_again, interrupt, noticing_interrupts

SLOW = """
import os, signal, time
os.kill(os.getpid(), signal.SIGINT)
for _ in range(40):
    time.sleep(0.01)
finished = True
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """The name of a module that gets a signal while it is imported, which takes 0.4 s."""
    name = f"slow_{os.path.basename(tmp_path)}"
    (tmp_path / f"{name}.py").write_text(SLOW)
    monkeypatch.syspath_prepend(tmp_path)
    yield name
    sys.modules.pop(name, None)


@contextlib.contextmanager
def handling(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def import_it(name):
    """Import a module, and go on for a while."""
    importlib.import_module(name)
    threading.Event().wait(2.0)


def test_an_import_is_not_interrupted_but_what_follows_it_is(slow):
    with handling(interrupt), pytest.raises(KeyboardInterrupt):
        import_it(slow)
    assert sys.modules[slow].finished


def test_pythons_own_handler_would_interrupt_the_import(slow):
    with handling(signal.default_int_handler), pytest.raises(KeyboardInterrupt):
        import_it(slow)
    assert slow not in sys.modules


def test_an_import_that_takes_too_long_is_interrupted(slow, monkeypatch):
    monkeypatch.setattr(interrupts, "_PATIENCE_SECONDS", 0.1)
    with handling(interrupt), pytest.raises(KeyboardInterrupt):
        import_it(slow)
    assert slow not in sys.modules


class Dropping:
    """What Python calls where it has nobody to raise to."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


def delete_one():
    """Lose an object, and go on for a while."""
    Dropping()
    threading.Event().wait(0.5)


def test_a_signal_that_python_drops_comes_again(capsys):
    with handling(interrupt), pytest.raises(KeyboardInterrupt), dropped_interrupts_again():
        delete_one()
    assert capsys.readouterr().err == ""


def test_python_would_lose_it(monkeypatch):
    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: dropped.append(it.exc_type))
    with handling(interrupt):
        delete_one()
    assert dropped == [KeyboardInterrupt]


def test_other_exceptions_that_python_drops_are_told_as_before(monkeypatch):
    class Failing:
        def __del__(self):
            raise ValueError("of mine")

    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", lambda it: dropped.append(str(it.exc_value)))
    with dropped_interrupts_again():
        Failing()
    assert dropped == ["of mine"]


def callback_of_llvm(finished):
    """Be interrupted in a function of a file of LLVM's package, as where LLVM calls back."""
    source = "def notify():\n    os.kill(os.getpid(), signal.SIGINT)\n    finished.append(True)\n"
    scope = {"os": os, "signal": signal, "finished": finished}
    exec(compile(source, llvmlite.binding.executionengine.__file__, "exec"), scope)
    scope["notify"]()


def interrupted_in_llvm(finished):
    """Be interrupted there; then go on for a while."""
    callback_of_llvm(finished)
    threading.Event().wait(2.0)


@pytest.mark.parametrize(("handler", "expected"), [(interrupt, [True]), (signal.default_int_handler, [])])
def test_a_callback_of_llvm_is_not_torn_as_python_would(handler, expected):
    finished = []
    with handling(handler), pytest.raises(KeyboardInterrupt):
        interrupted_in_llvm(finished)
    assert finished == expected


def test_outside_of_imports_a_signal_is_raised_at_once():
    with handling(interrupt), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    assert interrupts._put_off == {}


def test_the_first_signal_is_noted_and_the_second_is_raised():
    noted = []
    with handling(signal.default_int_handler):
        with noticing_interrupts(lambda: noted.append("once")):
            os.kill(os.getpid(), signal.SIGINT)
            assert noted == ["once"]
            with pytest.raises(KeyboardInterrupt, match=AT_ONCE):
                os.kill(os.getpid(), signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_was_put_off_and_is_then_noted_is_not_remembered(monkeypatch):
    """Else the next one, however much later, would count as put off for too long, and tear an import."""
    finished, noted, again = [], [], []
    monkeypatch.setattr(interrupts, "_send_again", again.append)
    with handling(interrupt):
        callback_of_llvm(finished)
        assert (finished, again, list(interrupts._put_off)) == ([True], [signal.SIGINT], [signal.SIGINT])
        with noticing_interrupts(lambda: noted.append("once")):
            os.kill(os.getpid(), signal.SIGINT)
    assert noted == ["once"]
    assert interrupts._put_off == {}


def test_signals_that_are_ignored_stay_ignored():
    noted = []
    with handling(signal.SIG_IGN), noticing_interrupts(lambda: noted.append("never")):
        os.kill(os.getpid(), signal.SIGINT)
    assert noted == []


def test_in_another_thread_nothing_is_taken_over():
    found = []

    def look():
        with noticing_interrupts(lambda: None):
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
