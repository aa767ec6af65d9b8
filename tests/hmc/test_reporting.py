"""hmc.reporting: a line on standard error, and no harm where there is none."""

import io
import sys

import pytest

from hmc.reporting import say


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
