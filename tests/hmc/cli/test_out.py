"""`hmc fit --out`: what is wrong with it is told before anything is sampled, and what was sampled is kept."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import hmc
import models
from hmc import cli
from hmc.cli import out
from hmc.results.fit import Fit
from hmc.running import model_file

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


NOT_COUNTED = "(fails: IndexError|cannot be run to count its observations): .*"


@pytest.mark.parametrize(
    ("ending", "line", "why"),
    [
        ("fit", "out[0] = nowhere(position[0])", "(does not compile|fails: NameError): .*'nowhere' is not defined.*"),
        ("fit", "out[0] = position[2 * position.size]", NOT_COUNTED),
        ("nc", "out[0] = position[2 * position.size]", NOT_COUNTED),
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
    whole = hmc.load(tmp_path / "x.fit", model_file.load(own_file()).factory())
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


NAMES = ["a/b", "a_b", ".", "..", "x y ", "é", "ä/ö", "1st", "-", "tab\there", "fit.json", "chain", "a" * 150]


@pytest.mark.parametrize("ending", ["fit", "nc", "csv"])
def test_any_name_of_a_parameter_is_written(fit, own_file, tmp_path, ending):
    if ending == "nc":
        pytest.importorskip("xarray", reason="needs ArviZ: pip install -e '.[arviz]'")
    path = own_file("return {}")
    parameters = ", ".join(f"hmc.Parameter({name!r}, ({2 + k},))" for k, name in enumerate(NAMES))
    text = Path(path).read_text().replace('hmc.Parameter("x", (2,))', parameters)
    text = text.replace(
        "    gradient[0] = -position[0]\n    gradient[1] = -position[1]\n", "    gradient[:] = -position\n"
    )
    Path(path).write_text(text.replace("(position[0] ** 2 + position[1] ** 2)", "(position**2).sum()"))
    status, out, err = fit(f"{path}:factory", *SHORT, "--out", str(tmp_path / f"x.{ending}"))
    assert (status, "DO NOT TRUST" in out or "chains of" in out) == (0, True), err
    written = tmp_path / f"x.{ending}"
    if ending == "csv":
        assert len(pd.read_csv(written).columns) >= sum(2 + k for k in range(len(NAMES)))
    elif ending == "fit":
        assert hmc.load(written).keys() == NAMES
    else:
        import xarray

        with xarray.open_dataset(written, group="posterior") as posterior:
            assert sorted(values.shape[-1] for values in posterior.data_vars.values()) == [2 + k for k in range(13)]
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")) == []


def test_data_that_the_format_cannot_hold_are_told_before_sampling(fit, own_file, tmp_path, monkeypatch):
    pytest.importorskip("xarray", reason="needs ArviZ: pip install -e '.[arviz]'")
    path = own_file("return {}")
    nested = "class Nested(NamedTuple):\n    short: np.ndarray\n    long: np.ndarray\n\nclass Nothing"
    text = Path(path).read_text().replace("class Nothing", nested)
    text = text.replace("    scale: float", "    parts: Nested")
    Path(path).write_text(text.replace("Nothing(1.0)", "Nothing(Nested(np.zeros(2), np.zeros(3)))"))
    monkeypatch.setattr(hmc, "sample", None)
    status, out, err = fit(f"{path}:factory", "--out", str(tmp_path / "x.nc"))
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"hmc: --out {tmp_path / 'x.nc'} cannot hold a fit of own: ")
    assert not [entry for entry in os.listdir(tmp_path) if entry.endswith(".nc")]


@pytest.mark.parametrize(("ending", "needed"), [("nc", 8 * 108), ("csv", 17 * 59), ("fit", 8 * (107 + 9))])
def test_too_little_room_on_the_disk_is_told_before_sampling(fit, tmp_path, monkeypatch, ending, needed):
    """mST has 50 numbers a draw, one of them positive, 48 log likelihoods, and the sampler 9, in warm-up too."""
    monkeypatch.setattr(hmc, "sample", None)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=3 * 1000 * needed - 1))
    arguments = ("mST", "--chains", "3", "--warmup", "1000", "--draws", "1000", "--out", str(tmp_path / f"x.{ending}"))
    status, out, err = fit(*arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"there is too little room: about {3000 * needed / 1e6:.3g} MB are needed" in err
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=3 * 1000 * needed))
    with pytest.raises(TypeError):  # `sample` is None
        fit(*arguments)


FURTHER = {"cafes": (5, 20), "mST": (0, 48), "m0": (0, 200)}  # derived quantities, log likelihoods


@pytest.mark.parametrize("ending", ["nc", "csv", "fit"])
@pytest.mark.parametrize("name", FURTHER)
def test_the_room_that_a_file_needs_is_foreseen(fit, tmp_path, monkeypatch, ending, name):
    """Within a third, with what is computed from the draws."""
    if ending == "nc":
        pytest.importorskip("xarray", reason="needs ArviZ: pip install -e '.[arviz]'")
    foreseen = []

    def noted(model, options):
        foreseen.append(bytes_of_file(model, options))
        return foreseen[0]

    bytes_of_file = out._bytes_of_file
    monkeypatch.setattr(out, "_bytes_of_file", noted)
    path = tmp_path / f"x.{ending}"
    run = ("--warmup", "200", "--draws", "2000", "--chains", "2", "--workers", "1")
    assert fit(name, *run, "--out", str(path))[0] == 0
    assert 0.75 < path.stat().st_size / foreseen[0] < 1.33
    monkeypatch.setattr(out, "_further_numbers", lambda model, draws: (0, 0))
    forgetful = bytes_of_file(models.build(name), SimpleNamespace(chains=2, draws=2000, warmup=200, out=str(path)))
    numbers = sum(FURTHER[name]) if ending != "csv" else FURTHER[name][0]
    assert foreseen[0] - forgetful == 4000 * numbers * (17 if ending == "csv" else 8)


def test_log_likelihoods_that_are_too_many_to_be_written_need_no_room():
    model = models.mST()
    few, many = (out._further_numbers(model, draws) for draws in (10_000_000 // 48, 10_000_000 // 48 + 1))
    assert (few, many) == ((0, 48), (0, 0))


def test_functions_of_an_author_that_fail_or_have_no_draw_of_the_prior_need_no_room_before(own_file):
    """They are told of when it matters; and `derived` is run at draws alone."""
    model = model_file.load(own_file("raise SystemExit(0)")).factory()
    assert out._further_numbers(model, 10) == (0, 0)
    drawn = hmc.Model(
        model.log_density,
        model.data,
        model.parameters,
        name="own",
        derived=lambda position, data: {"twice": 2.0 * position} if (position == 5.0).all() else {}["y"],
        simulate=lambda rng, data: np.full(2, 5.0),
    )
    assert out._further_numbers(drawn, 10) == (2, 0)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyError("a name"), MemoryError()])
def test_draws_that_cannot_be_written_are_saved_elsewhere_and_shown(fit, tmp_path, monkeypatch, error):
    def fail(fitted, path, log_likelihood=None):
        if fitted.unconstrained.shape[1] > 2:  # not the trial
            raise error

    monkeypatch.setattr("hmc.results.export.write", fail)
    status, out, err = fit("mST", *SHORT, "--out", str(tmp_path / "x.csv"))
    told = [line for line in err.splitlines() if line.startswith("hmc: ")]
    place = re.fullmatch(r"hmc: .*x\.csv: .*; the draws are saved in (.*), for hmc\.load", told[-1]).group(1)
    assert status == 1
    assert "a_bar" in out
    assert re.fullmatch(r"x-[0-9a-f]{8}\.fit", Path(place).name)
    assert hmc.load(place)["a_bar"].shape == (4, 20)


def test_draws_go_to_the_first_folder_that_takes_them(fit, tmp_path, monkeypatch):
    (tmp_path / "full").mkdir()
    (tmp_path / "home").mkdir()
    save = Fit.save

    def fail_in_full(fitted, path, log_likelihood=None):
        if Path(path).parent == tmp_path / "full" and fitted.unconstrained.shape[1] > 2:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        save(fitted, path, log_likelihood)

    monkeypatch.setattr(Fit, "save", fail_in_full)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "full")
    status, out, err = fit("mST", *SHORT, "--out", str(tmp_path / "full" / "x.fit"))
    assert (status, "a_bar" in out) == (1, True)
    (saved,) = (tmp_path / "home").iterdir()
    assert f"hmc: {tmp_path}/full/x.fit: No space left on device; the draws are saved in {saved}, for hmc.load\n" in err
    assert hmc.load(saved)["sigma"].shape == (4, 20)


LIMITED = """
import resource
from hmc import cli
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
raise SystemExit(cli.main(["fit", FILE, "--draws", "8000", "--warmup", "50", "--workers", "1", "--out", "x.nc"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of files are those of Linux")
def test_a_netcdf_that_cannot_be_written_does_not_end_the_process(own_file, tmp_path):
    """HDF5 would, with a segmentation fault, and without the table."""
    pytest.importorskip("h5netcdf")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.replace("FILE", repr(f"{own_file()}:factory"))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "4 chains of 8000 draws" in done.stdout
    assert done.stderr == "hmc: x.nc: File too large; and there is no folder to save the draws in\n"
    assert {path.suffix for path in tmp_path.iterdir()} <= {".py", ""}


def test_a_disk_without_room_for_the_format_is_told_before_sampling(fit, tmp_path, monkeypatch):
    def no_room(path, size):
        raise OSError(errno.ENOSPC, "No space left on device")

    pytest.importorskip("h5netcdf")
    monkeypatch.setattr("hmc.results.export.check_room", no_room)
    monkeypatch.setattr(hmc, "sample", None)
    status, shown, told = fit("mST", *SHORT, "--out", str(tmp_path / "x.nc"))
    assert (status, shown) == (1, "")
    assert told == f"hmc: --out {tmp_path / 'x.nc'}: No space left on device\n"
