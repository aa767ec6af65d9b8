"""`hmc fit --out`: what is wrong with it is told before anything is sampled, and what was sampled is kept."""

import os
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hmc
from hmc import cli

FILE = """
import os, signal
from typing import NamedTuple
import numpy as np
import hmc

class Nothing(NamedTuple):
    scale: float

def log_density(position, data, gradient):
    gradient[0] = -position[0]
    gradient[1] = -position[1]
    return -0.5 * (position[0] ** 2 + position[1] ** 2)

calls = []

def derived(position, data):
    calls.append(1)
    {derived}

def factory():
    parameters = [hmc.Parameter("x", (2,))]
    return hmc.Model(log_density, Nothing(1.0), parameters, name="own", derived=derived)
"""
SHORT = ("--warmup", "50", "--draws", "20", "--workers", "1")


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """A function that writes an author's file with this body of `derived`, and gives its path."""
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(derived="return {'twice': 2.0 * position}", name="own_of_out"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        path = tmp_path / f"{name}.py"
        path.write_text(FILE.format(derived=derived))
        return str(path)

    return write


@pytest.fixture
def fit(capsys):
    """A function that runs `hmc fit`: (exit status, standard output, standard error)."""

    def run(*arguments):
        status = cli.main(["fit", *arguments])
        return status, *capsys.readouterr()

    return run


def test_the_models_own_file_is_not_written_over(own_file, fit):
    path = own_file()
    before = Path(path).read_text()
    assert fit(f"{path}:factory", *SHORT, "--out", path) == (1, "", f"hmc: --out {path} is the file of MODEL\n")
    assert Path(path).read_text() == before


def test_where_no_file_can_be_nothing_is_sampled(tmp_path, fit, monkeypatch):
    monkeypatch.setattr(hmc, "sample", None)
    pipe, long = tmp_path / "pipe", tmp_path / ("x" * 300)
    os.mkfifo(pipe)
    for path, why in ((pipe, "it is a device or a pipe, no ordinary file"), (long, "File name too long")):
        told = f"hmc: --out {path}: no file can be written there: {why}\n"
        assert fit("mST", "--out", str(path)) == (1, "", told)
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize(
    ("derived", "why"),
    [
        ("return {}['y']", "derived fails: KeyError: 'y'"),
        ("return {'y': position[: 1 + len(calls) // 30]}", r"derived gives y of shape \(1,\) for one draw and \(2,\)"),
        ("return {'y': 1.0} if len(calls) < 30 else {'z': 1.0}", "derived gives y for one draw and z for another"),
        ("return {'x': 1.0}", "x is both a parameter and a derived quantity"),
        ("raise SystemExit(0)", "derived fails: SystemExit: 0"),
        ("return [1.0]", "derived fails: AttributeError: "),
    ],
)
def test_draws_are_kept_and_shown_where_derived_fails(own_file, fit, tmp_path, derived, why):
    path = own_file(derived)
    status, out, err = fit(f"{path}:factory", *SHORT, "--out", str(tmp_path / "x.csv"))
    told = [line for line in err.splitlines() if line.startswith("hmc: ")]
    assert status == 1
    assert len(told) == 1
    assert re.match(f"hmc: own: {why}.*; what follows is without derived quantities$", told[0])
    assert "x[2]" in out
    assert {"x[1]", "x[2]"} <= {*pd.read_csv(tmp_path / "x.csv").columns}


@pytest.mark.parametrize(
    ("ending", "line", "why"),
    [
        ("fit", "out[0] = nowhere(position[0])", "(does not compile|fails: NameError): .*'nowhere' is not defined.*"),
        ("fit", "out[0] = position[2 * position.size]", "fails: IndexError: .*"),
        ("nc", "out[0] = position[2 * position.size]", "fails: IndexError: .*"),
    ],
)
def test_draws_are_kept_where_the_log_likelihood_fails(own_file, fit, tmp_path, ending, line, why):
    path, out = own_file(), tmp_path / f"x.{ending}"
    if ending == "nc":
        pytest.importorskip("xarray", reason="needs ArviZ: pip install -e '.[arviz]'")
    wrong = f"def log_likelihood(position, data, out):\n    {line}\n"
    text = Path(path).read_text().replace("derived=derived", "log_likelihood=log_likelihood")
    Path(path).write_text(wrong + text)
    status, shown, err = fit(f"{path}:factory", *SHORT, "--out", str(out))
    assert status == 1
    assert "x[2]" in shown
    assert re.search(
        f"^hmc: own: log_likelihood {why}; {re.escape(str(out))} is without log likelihoods$", err, re.MULTILINE
    )
    if ending == "fit":
        assert hmc.load(out)["x"].shape == (4, 20, 2)
    else:
        assert out.stat().st_size > 4 * 20 * 2 * 8


def test_a_fit_without_its_derived_quantities_gets_them_when_they_are_mended(own_file, fit, tmp_path):
    fit(f"{own_file('return 1 / 0')}:factory", *SHORT, "--out", str(tmp_path / "x.fit"))
    without = hmc.load(tmp_path / "x.fit")
    assert without.keys() == ["x"]
    whole = hmc.load(tmp_path / "x.fit", runpy.run_path(own_file())["factory"]())
    assert np.array_equal(whole["twice"], 2.0 * without["x"])


def test_ctrl_c_after_sampling_is_heeded_when_the_fit_is_written(own_file, fit, tmp_path):
    once = "len(calls) == 3 and os.kill(os.getpid(), signal.SIGINT); return {'twice': 2.0 * position}"
    status, out, err = fit(f"{own_file(once)}:factory", *SHORT, "--out", str(tmp_path / "x.fit"))
    assert (status, out) == (130, "")
    assert "hmc: finishing what is under way (Ctrl-C again: stop at once)\n" in err
    assert err.endswith(f"hmc: the fit is in {tmp_path / 'x.fit'}\nhmc: interrupted\n")
    kept = hmc.load(tmp_path / "x.fit")
    assert np.array_equal(kept["twice"], 2.0 * kept["x"])


def test_a_second_ctrl_c_does_not_wait(own_file, fit, tmp_path):
    twice = "len(calls) in (3, 5) and os.kill(os.getpid(), signal.SIGINT); return {'twice': 2.0 * position}"
    status, _, err = fit(f"{own_file(twice)}:factory", *SHORT, "--out", str(tmp_path / "x.fit"))
    assert status == 130
    assert err.endswith("hmc: interrupted\n")
    assert "the fit is in" not in err
    assert not (tmp_path / "x.fit").exists()
