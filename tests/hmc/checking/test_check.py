"""hmc.check: of a right model nothing is said, of a wrong one everything once, in Python and as a command."""

import functools
import importlib.util
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import hmc
from hmc.checking.probe import Probe
from hmc.cli import main

_spec = importlib.util.spec_from_file_location("checking_zoo", Path(__file__).with_name("zoo.py"))
zoo = sys.modules.setdefault("checking_zoo", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(zoo)


@pytest.fixture
def build(tmp_path):
    """The model of the zoo with replacements."""
    return functools.partial(zoo.build, tmp_path)


@pytest.mark.parametrize("seed", [12, 3])
def test_nothing_is_found_in_a_right_model(build, seed):
    assert hmc.check(build(), seed=seed) == []
    assert hmc.check(build(), points=2, seed=seed, bounds=True) == []


def test_data_are_put_back(build):
    model = build(*zoo.FAULTS["changes data"][0])
    before = model.data.y.copy()
    hmc.check(model)
    assert np.array_equal(model.data.y, before)


def test_elements_of_which_the_same_is_said_are_told_once(build):
    doubled = "    for k in range(3):\n        gradient[k] *= 2.0\n"
    (finding,) = hmc.check(build((zoo.RETURN, doubled + zoo.RETURN)))
    assert finding.component == "a[1]"
    assert finding.message.endswith(": it is 2 times that, everywhere; likewise 2 more of a")


def test_a_slow_density_is_looked_at_in_fewer_places(build):
    probe = Probe(build())
    assert probe.fewer(1000) == 1000
    probe._share = 0.01
    assert probe.fewer(1000) == 50
    assert probe.fewer(3) == 1


def test_a_density_that_was_held_up_once_does_not_count_as_slow(build, monkeypatch):
    probe = Probe(build())
    clock = iter([0.0, 0.05, *(0.05 + 1e-6 * k for k in range(1, 100))])  # seconds: the first call took 50 ms
    monkeypatch.setattr("hmc.checking.probe.time.perf_counter", lambda: next(clock))
    probe.time(np.zeros(6))
    assert probe.seconds == pytest.approx(1e-6)
    assert probe.fewer(1000) == 1000


def test_a_check_is_the_same_when_it_is_done_again(build):
    model = build(*zoo.FAULTS["only far along"][0])
    assert hmc.check(model) == hmc.check(model) != []


@pytest.mark.parametrize(("fault", "status"), [(None, 0), ("factor 2", 1), ("data too short", 1)])
def test_the_command_tells_what_was_found_or_what_was_checked(build, tmp_path, capsys, monkeypatch, fault, status):
    build(*(zoo.FAULTS[fault][0] if fault else ()))
    name = "zoo_" + (fault or "right").replace(" ", "_")
    (tmp_path / "zoo.py").rename(tmp_path / f"{name}.py")
    monkeypatch.setattr(sys, "path", list(sys.path))
    if fault:  # found in Python too, without the seconds of compiling
        monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert main(["check", f"{tmp_path / name}.py:factory", "--points", "4", "--bounds"]) == status
    said = capsys.readouterr().out.splitlines()
    assert all(line.startswith("zoo: ") for line in said)
    if fault:
        assert zoo.FAULTS[fault][3] in said[0]
    else:
        assert said[0] == "zoo: the gradient agrees with the density, all 6 components at 4 points"
        assert said[-1] == "zoo: the density has the slopes on average that its simulated prior asks for"
