"""The same draws, bit for bit, wherever chains run, in however many steps, and with or without the JIT: one matrix."""

import contextlib
import itertools

import numpy as np
import pytest

import hmc
import models
from tests.hmc.helpers import matrix, running

SETTINGS = {"chains": 3, "warmup": 25, "seed": 5, "progress": False}
CELLS = list(itertools.product(matrix.WHERE, matrix.HOW))


@pytest.fixture(scope="module")
def reference():
    return hmc.sample(models.mST(), **SETTINGS, draws=matrix.DRAWS, workers=1)


@pytest.mark.parametrize(("where", "how"), CELLS, ids=[", ".join(cell) for cell in CELLS])
def test_draws_are_the_same_bit_for_bit(reference, tmp_path, where, how):
    fit = matrix.fitted(models.mST(), matrix.WHERE[where](), how, SETTINGS, tmp_path)
    assert fit.chains == [0, 1, 2]
    assert running.same_run(fit, reference)
    assert fit.settings == reference.settings


WALNUTS = SETTINGS | {"algorithm": "walnuts", "tolerance": 0.1}


@pytest.fixture(scope="module")
def reference_of_walnuts():
    return hmc.sample(models.mST(), **WALNUTS, draws=matrix.DRAWS, workers=1)


@pytest.mark.parametrize(
    ("where", "how"), [*itertools.product(["2 processes"], matrix.HOW), ("2 threads", "in chunks")]
)
def test_so_are_those_of_walnuts_which_is_compiled_by_itself(reference_of_walnuts, tmp_path, where, how):
    assert reference_of_walnuts.stats["irreversible"].any()
    fit = matrix.fitted(models.mST(), matrix.WHERE[where](), how, WALNUTS, tmp_path)
    assert running.same_run(fit, reference_of_walnuts)
    assert fit.settings == reference_of_walnuts.settings


@pytest.fixture(scope="module")
def cluster():
    """A Dask cluster of two workers on this machine."""
    distributed = pytest.importorskip("distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as started, distributed.Client(started) as client:
        yield client


@pytest.mark.parametrize("how", matrix.HOW)
def test_draws_are_the_same_on_a_dask_cluster(reference, tmp_path, cluster, how):
    where = contextlib.nullcontext({"executor": cluster.get_executor()})
    assert running.same_run(matrix.fitted(models.mST(), where, how, SETTINGS, tmp_path), reference)


def test_the_comparison_notices_one_draw_that_is_off_by_one_bit(reference, tmp_path):
    other = matrix.fitted(models.mST(), matrix.WHERE["in this process"](), "at once", SETTINGS, tmp_path)
    other.unconstrained[2, 3, 4] = np.nextafter(other.unconstrained[2, 3, 4], np.inf)
    assert not running.same_run(other, reference)


WITHOUT_JIT = """
import pathlib, sys
import author, numba
from tests.hmc.helpers import matrix

if __name__ == "__main__":
    for where in ("in this process", "2 threads", "2 processes"):
        for how in matrix.HOW:
            settings = dict(chains=2, warmup=15, max_depth=4)
            fit = matrix.fitted(author.model(), matrix.WHERE[where](), how, settings, pathlib.Path("."))
            print(fit.unconstrained.tobytes().hex(), fit.stats["energy"].tobytes().hex())
"""


def test_without_the_jit_draws_are_those_with_it(tmp_path):
    running.write_author(tmp_path)
    with_jit, without = (
        running.python(tmp_path, WITHOUT_JIT, NUMBA_DISABLE_JIT=value).stdout.splitlines() for value in (None, "1")
    )
    assert len(with_jit) == 15
    assert set(with_jit) == set(without)
    assert len(set(with_jit)) == 1
