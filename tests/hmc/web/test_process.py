"""The processes in which modules are made are kept: for the next model, not for older code, nor after an error."""

import contextlib
import multiprocessing
import os
from typing import NamedTuple

import numba
import pytest

import hmc
import models
from hmc.cli.new import template
from hmc.running import model_file
from hmc.web import process

SAMPLER = b"that of an earlier model"


def made(model):
    return process.made(model, SAMPLER, simd=True).density


def end_kept():
    """End the processes that wait for the next model."""
    while not process._idle[os.getpid()].empty():
        process._idle[os.getpid()].get().end()


def kept_process():
    """The number of the process that the next model is made in."""
    maker = process._idle[os.getpid()].get()
    process._idle[os.getpid()].put(maker)
    return maker._process.pid


class Scale(NamedTuple):
    scale: float


@numba.njit
def calls_itself(x):
    if x < 1.0:
        return x
    return calls_itself(x / 2.0) + calls_itself(x / 3.0)


def cannot_be_inlined(position, data, gradient):
    """Its helper stays a function of its own, which Numba gives a name with a number."""
    gradient[0] = 0.0
    return -calls_itself(position[0] * position[0])


def test_a_model_has_the_same_bytes_whatever_was_made_before():
    """Numba numbers functions through all models, and lowers what they share once."""
    other = hmc.Model(cannot_be_inlined, Scale(0.5), [hmc.Parameter("x")], name="other")
    end_kept()
    first, second = made(models.cafes()), made(other)
    end_kept()
    assert made(other) == second
    number = kept_process()
    assert made(models.cafes()) == first
    assert kept_process() == number


def _die(model, sampler, simd):
    os._exit(1)


def test_a_process_that_dies_costs_its_model_alone(monkeypatch):
    expected = made(models.cafes())
    number = kept_process()
    with monkeypatch.context() as patch:
        patch.setattr(process, "_make", _die)
        with pytest.raises(hmc.HMCError, match=r"^mST: Numba [\d.]+ cannot make .*: LLVM ended the process$"):
            made(models.mST())
    assert made(models.cafes()) == expected
    assert kept_process() != number


def test_a_kept_process_of_older_code_makes_nothing(tmp_path):
    path = tmp_path / "edited_web.py"
    path.write_text(template("edited_web"))
    before = made(model_file.load(str(path)).edited_web())
    assert made(model_file.load(str(path)).edited_web()) == before
    path.write_text(path.read_text().replace("    return log_density\n", "    return 2.0 * log_density\n", 1))
    after = made(model_file.load(str(path)).edited_web())
    assert after != before
    end_kept()
    assert made(model_file.load(str(path)).edited_web()) == after


def _make_in_a_worker(pipe, may_start):
    """In a daemon, as workers are: send the object of a density, or why there is none."""
    if not may_start:
        process._as_parent = contextlib.nullcontext
    try:
        pipe.send(made(models.cafes()))
    except hmc.HMCError as error:
        pipe.send(str(error))


@pytest.mark.parametrize("may_start", [True, False])
def test_a_worker_makes_modules_too_and_ends(may_start):
    expected = made(models.cafes())
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    worker = spawn.Process(target=_make_in_a_worker, args=(theirs, may_start), daemon=True)
    worker.start()
    theirs.close()
    answer = ours.recv()
    worker.join(60)
    assert worker.exitcode == 0  # its own process, which it kept, did not hold it up
    if may_start:
        assert answer == expected
    else:
        assert "daemonic processes are not allowed to have children" in answer


def test_what_is_optimised_for_this_machine_is_refused():
    """Its byte offsets are those of 8-byte pointers."""
    with pytest.raises(RuntimeError, match="NUMBA_OPT is 3 where it must be 0"):
        process._make(models.mST(), None, True)
