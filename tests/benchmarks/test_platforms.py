"""benchmarks.platforms: a browser's draws are compared, and others are noticed."""

import pytest

import hmc.web
from benchmarks import platforms
from figures.sampler.toys import TOYS
from tests.figures.helpers import browser

CHROMIUM = " ".join(("chromium", *browser.FLAGS))


@pytest.fixture(autouse=True)
def _browser():
    browser.require()


def test_a_browser_has_the_same_bits(capsys):
    assert platforms.main(["plane", "--open", CHROMIUM]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("open http://127.0.0.1:")
    assert "Chrome" in told[1]
    assert told[2:] == ["plane: the same bits"]


def test_draws_of_another_density_are_told(capsys, monkeypatch):
    other = hmc.web.module(TOYS["banana"].model())
    monkeypatch.setattr(hmc.web, "module", lambda model: other)
    assert platforms.main(["plane", "--open", CHROMIUM]) == 1
    assert "plane: differs: position (nuts, seed 12), " in capsys.readouterr().out


def test_an_error_in_the_page_is_told(capsys, monkeypatch):
    monkeypatch.setattr(hmc.web, "module", lambda model: b"no module")
    assert platforms.main(["plane", "--open", CHROMIUM]) == 1
    assert "plane: CompileError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plain"], "no model is called plain; there are "),
        (["plane", "--open", "no-such-browser -x"], "--open no-such-browser -x: there is no such program"),
    ],
)
def test_wrong_arguments_are_told(capsys, arguments, message):
    with pytest.raises(SystemExit):
        platforms.main(arguments)
    assert message in capsys.readouterr().err
