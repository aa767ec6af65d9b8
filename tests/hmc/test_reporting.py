"""hmc.reporting: a line on standard error, and no harm where there is none."""

import io
import sys

import pytest

from hmc.reporting import progress_bar, say


class Failing(io.StringIO):
    """A stream that takes nothing."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


def test_a_line_is_said(capsys):
    say("two chains are left")
    assert capsys.readouterr() == ("", "hmc: two chains are left\n")


@pytest.mark.parametrize("error", [OSError("full"), ValueError("closed"), RuntimeError("reentrant call")])
def test_nothing_is_raised_where_nothing_can_be_written(monkeypatch, error):
    monkeypatch.setattr(sys, "stderr", Failing(error))
    say("two chains are left")


def test_nothing_goes_to_standard_output_where_there_is_no_standard_error(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stderr", None)
    say("two chains are left")
    assert capsys.readouterr().out == ""


def test_what_is_wrong_with_the_text_itself_is_raised():
    class Unprintable:
        def __format__(self, spec):
            raise TypeError("no words for it")

    with pytest.raises(TypeError, match="no words"):
        say(Unprintable())


class KernelStream(io.StringIO):
    """Standard error in a notebook, as far as anyone can tell: no terminal, but the kernel's own class."""

    __module__ = "ipykernel.iostream"


def test_a_notebook_has_a_bar_though_its_standard_error_is_no_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", KernelStream())
    bar = progress_bar(10, "draws")
    bar.update(10)
    bar.close()
    assert "0/10" in sys.stderr.getvalue()
    assert not sys.stderr.getvalue().endswith("\n")  # it goes when all is done


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_there_is_no_bar_in_a_file(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert progress_bar(10, "draws") is None
