"""hmc.check: of a right model nothing is said, of a wrong one everything once, in Python and as a command."""

import functools
import itertools
import re
import sys
from collections import Counter
from types import SimpleNamespace

import numba
import numpy as np
import pytest

import hmc
from hmc.checking import gradient, probe
from hmc.checking.probe import Probe
from hmc.cli import main
from tests.hmc.helpers import zoo


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


def with_calls_of(seconds, monkeypatch):
    """What takes the time of a call sees that many seconds between each two looks at the clock."""
    clock = itertools.count(0.0, seconds)
    monkeypatch.setattr(probe, "time", SimpleNamespace(perf_counter=lambda: next(clock)))


def test_a_slow_density_is_called_in_fewer_places_by_the_time_of_a_call(build, monkeypatch):
    probed = Probe(build())
    assert probed.fewer(1000) == 1000
    for seconds, kept in ((0.01, 500), (0.001, 1000), (0.05, 100), (0.004, 1000), (1.0, 50)):
        with_calls_of(seconds, monkeypatch)
        probed.time(np.zeros(6))
        assert probed.fewer(1000) == pytest.approx(kept, abs=1)
        assert probed.fewer(3) == max(1, 3 * kept // 1000)


def test_a_check_of_a_slow_density_takes_fewer_calls(build, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)  # so that the calls are made, and counted, in this process
    model, value, calls = build(zoo.NO_SIMULATION), Probe.value, Counter()
    for seconds in (0.001, 1.0):

        def counted(self, position, seconds=seconds):
            calls[seconds] += 1
            return value(self, position)

        monkeypatch.setattr(Probe, "value", counted)
        with_calls_of(seconds, monkeypatch)
        assert hmc.check(model, points=8) == []
    assert calls[1.0] < calls[0.001] / 4


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
        # 4 + 1 + 4 // 4 points, or fewer where a call was held up; how many exactly, is tested below
        assert re.fullmatch("zoo: the gradient agrees with the density, all 6 components at [1-6] points?", said[0])
        assert "zoo: where it was compared, the density agrees on average with what the model simulates" in said


@pytest.mark.parametrize(("share", "expected"), [(1.0, "12 points"), (0.3, "3 points"), (0.05, "1 point")])
def test_the_command_tells_at_how_many_points_the_gradient_was_compared(
    build, tmp_path, capsys, monkeypatch, share, expected
):
    """9 points are asked for, and 1 + 9 // 4 more are drawn from further out; a slow density is compared at fewer."""
    build()
    path = (tmp_path / "zoo.py").rename(tmp_path / f"zoo_{expected.replace(' ', '_')}.py")  # no two modules of one name
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)  # so that the check runs in this process, which counts
    monkeypatch.setattr(Probe, "time", lambda probe, position: setattr(probe, "_share", share))
    counted, compare = set(), gradient._compare

    def counting(probe, position, i, written):
        counted.add((position.tobytes(), i))
        return compare(probe, position, i, written)

    monkeypatch.setattr(gradient, "_compare", counting)
    assert main(["check", f"{path}:factory", "--points", "9"]) == 0
    said = capsys.readouterr().out.splitlines()[0]
    assert said == f"zoo: the gradient agrees with the density, all 6 components at {expected}"
    assert len(counted) == 6 * int(expected.split()[0])
