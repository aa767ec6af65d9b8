"""Draws of two posteriors are never joined: a run goes on with the same density of the same data, or not at all."""

import concurrent.futures
from typing import NamedTuple

import numpy as np
import pytest
from numba.extending import overload

import hmc
from hmc.errors import ChangedDensityError
from hmc.running.importable import why_not_processes
from hmc.running.shared_cells import LocalControl
from hmc.running.tasks import run_chain
from hmc.settings import settings_of
from tests.hmc.helpers import running

SETTINGS = {"chains": 2, "warmup": 60, "workers": 1, "progress": False}


class Table(NamedTuple):
    x: np.ndarray


def sum_of_first_row(position, data, gradient):
    log_density, gradient[0] = 0.0, 0.0
    for i in range(data.x.shape[2]):
        z = position[0] - data.x[0, 0, i]
        log_density -= 0.5 * z * z
        gradient[0] -= z
    return log_density


def of_table(x):
    return hmc.Model(sum_of_first_row, Table(x), [hmc.Parameter("mu")], name="table")


def less_three(x):
    return x - 3.0


def less_fifty(x):
    return x - 50.0


# What an overload does cannot be known from the function that it stands for.
@overload(less_three)
def _overloaded_three(x):
    return lambda x: x - 3.0


@overload(less_fifty)
def _overloaded_fifty(x):
    return lambda x: x - 50.0


def less_three_above(x):
    """Other below 3 only."""
    return x - 3.0 if x > 3.0 else (x - 3.0) / 20.0


@overload(less_three_above)
def _overloaded_above(x):
    return lambda x: x - 3.0 if x > 3.0 else (x - 3.0) / 20.0


class Nothing(NamedTuple):
    k: int


def of_unknown_code(less, less_for_gradient=None):
    less_for_gradient = less_for_gradient or less

    def log_density(position, data, gradient):
        z = less(position[0])
        gradient[0] = -less_for_gradient(position[0])
        return -0.5 * z * z

    return hmc.Model(log_density, Nothing(1), [hmc.Parameter("mu")], name="unknown")


def around_three(position, data, gradient):
    z = less_three(position[0])
    gradient[0] = -z
    return -0.5 * z * z


VALUES = np.arange(0.0, 120.0, 10.0)
OTHERS = {
    "data of another type": (
        lambda: of_table(VALUES.reshape(1, 2, 6)),
        lambda: of_table(VALUES.reshape(1, 2, 6).view(np.int64)),
        r"other data: x is float64 of shape \(1, 2, 6\) in the fit, and int64 of shape \(1, 2, 6\) in the model",
    ),
    "data of another shape": (
        lambda: of_table(VALUES.reshape(1, 2, 6)),
        lambda: of_table(VALUES.reshape(1, 6, 2)),
        r"other data: x is float64 of shape \(1, 2, 6\) in the fit, and float64 of shape \(1, 6, 2\) in the model",
    ),
    "code that cannot be known": (
        lambda: of_unknown_code(less_three),
        lambda: of_unknown_code(less_fifty),
        "it is of another density or of other data: the log density of a draw was -.*, and is -",
    ),
    "another gradient of the same density": (
        lambda: of_unknown_code(less_three),
        lambda: of_unknown_code(less_three, less_fifty),
        r"it is of another density or of other data: gradient\[0\] of a draw was [-.e\d]+, and is [-.e\d]+",
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_posterior_is_refused_by_checkpoint_and_extension(what, tmp_path):
    one, other, message = OTHERS[what]
    fit = hmc.sample(one(), **SETTINGS, draws=20, checkpoint=tmp_path / "run.ckpt")
    fit.save(tmp_path / "a.fit")
    longer = hmc.sample(one(), **SETTINGS, draws=30)
    content = (tmp_path / "run.ckpt").read_bytes()
    with pytest.raises(ValueError, match=message):
        hmc.sample(other(), **SETTINGS, draws=30, checkpoint=tmp_path / "run.ckpt")
    assert (tmp_path / "run.ckpt").read_bytes() == content
    with pytest.raises(ValueError, match=message):
        hmc.extend(hmc.load(tmp_path / "a.fit", other()), 10, workers=1)
    assert running.same_run(hmc.extend(hmc.load(tmp_path / "a.fit", one()), 10, workers=1), longer)
    assert running.same_run(hmc.sample(one(), **SETTINGS, draws=30, checkpoint=tmp_path / "run.ckpt"), longer)


@pytest.fixture
def ends_above(tmp_path):
    """A fit of an unknown density whose chains all end above 3, where another density agrees with it."""
    for seed in range(100):
        fit = hmc.sample(of_unknown_code(less_three), **SETTINGS, draws=20, seed=seed)
        if (fit["mu"][:, -1] > 3.0).all() and (fit["mu"] < 2.0).any():
            return fit
    raise AssertionError("no such seed")


def test_where_code_cannot_be_compared_every_draw_is(ends_above, tmp_path):
    ends_above.save(tmp_path / "a.fit")
    other = of_unknown_code(less_three_above)
    message = "it is of another density or of other data: the log density of a draw was -"
    with pytest.raises(ValueError, match=message):
        hmc.load(tmp_path / "a.fit", other)
    loaded = hmc.load(tmp_path / "a.fit")
    loaded.model = other
    with pytest.raises(ValueError, match=message):
        hmc.extend(loaded, 10, workers=1)


def test_the_last_draw_alone_would_not_tell(ends_above, tmp_path, monkeypatch):
    ends_above.save(tmp_path / "a.fit")
    last_alone = hmc.results.identity._draws
    monkeypatch.setattr(
        "hmc.results.identity._draws", lambda records, reached, are_all: last_alone(records, reached, False)
    )
    hmc.extend(hmc.load(tmp_path / "a.fit", of_unknown_code(less_three_above)), 10, workers=1)


def test_a_density_that_cannot_be_compared_is_not_sent_to_other_processes():
    model = hmc.Model(around_three, Nothing(1), [hmc.Parameter("mu")], name="unknown")
    assert "reaches the function less_three" in why_not_processes(model)
    refused = pytest.raises(ValueError, match=r"log density of unknown reaches .* may differ in")
    with concurrent.futures.ProcessPoolExecutor(1) as pool, refused:
        hmc.sample(model, **SETTINGS, executor=pool)


def test_a_fit_of_a_model_whose_data_were_changed_is_not_extended(tmp_path):
    x = VALUES.reshape(1, 2, 6).copy()
    fit = hmc.sample(of_table(x), **SETTINGS, draws=20)
    x += 30.0
    with pytest.raises(ValueError, match="it is a fit of other data: x has other values"):
        hmc.extend(fit, 10, workers=1)
    fit.save(tmp_path / "a.fit")  # with the hash of the data that it saw
    assert hmc.load(tmp_path / "a.fit", of_table(VALUES.reshape(1, 2, 6))).name == "table"
    with pytest.raises(ValueError, match="other data"):
        hmc.load(tmp_path / "a.fit", of_table(x))


EDITED = """
import os, sys
from typing import NamedTuple
import hmc

MU = float(sys.argv[1])

class Nothing(NamedTuple):
    k: int

def log_density(position, data, gradient):
    z = position[0] - MU
    gradient[0] = -z
    return -0.5 * z * z

model = hmc.Model(log_density, Nothing(1), [hmc.Parameter("mu")], name="edited")
try:
    fit = hmc.sample(model, chains=1, warmup=30, draws=int(sys.argv[2]), workers=1, checkpoint="run.ckpt")
    print(fit.unconstrained.shape)
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("jit", [(None, "1"), ("1", None), ("1", "1")])
def test_an_edited_density_is_refused_with_and_without_the_jit(tmp_path, jit):
    first, second = jit
    assert running.python(tmp_path, EDITED, "3", "10", NUMBA_DISABLE_JIT=first).stdout == "(1, 10, 1)\n"
    refused = running.python(tmp_path, EDITED, "5", "20", NUMBA_DISABLE_JIT=second).stdout
    assert "run.ckpt: the code of the log density of edited has changed" in refused or (
        "run.ckpt: it is of another density or of other data: the log density of a draw was" in refused
    )
    assert running.python(tmp_path, EDITED, "3", "20", NUMBA_DISABLE_JIT=second).stdout == "(1, 20, 1)\n"


class Counted(NamedTuple):
    calls: np.ndarray
    most: int
    sign: float  # of the infinity that follows; 0.0 makes it NaN


def until_it_fails(position, data, gradient):
    """A standard normal density, until it has been called often enough."""
    data.calls[0] += 1
    gradient[0] = -position[0]
    return -0.5 * position[0] ** 2 if data.calls[0] <= data.most else data.sign * np.inf


@pytest.mark.parametrize("sign", [0.0, 1.0, -1.0])
def test_a_density_that_turns_into_another_midway_costs_its_chain_alone(sign, capsys):
    """Chain 1 runs first; chain 2 meets the end of the calls, and when it is run again, it finds no start."""
    whole = hmc.sample(counted(10**9, 0.0), chains=2, warmup=50, draws=200, workers=1)
    of_one = int(whole.stats["n_steps"][0].sum() + whole.warmup_stats["n_steps"][0].sum())
    fit = hmc.sample(counted(of_one + 300, sign), chains=2, warmup=50, draws=200, workers=1)
    assert fit.chains == [0]
    assert running.equal_bits(fit.unconstrained[0], whole.unconstrained[0])
    (failure,) = fit.failures
    assert failure.chain == 1
    assert "InitializationError: counted: no starting point with a finite log density" in failure.reason
    said = capsys.readouterr().err
    assert "and is run again from transition 0: ChangedDensityError: the log density of a draw was -" in said
    assert 0 < int(said.split(" failed after ")[1].split()[0]) < 250  # told when it was last in order


def counted(most, sign):
    return hmc.Model(until_it_fails, Counted(np.zeros(1), most, sign), [hmc.Parameter("x")], name="counted")


class Stopping(NamedTuple):
    calls: np.ndarray
    most: int  # calls until it is another density
    last: int  # calls until somebody presses Ctrl-C
    stop: np.ndarray


def until_it_is_stopped(position, data, gradient):
    """A standard normal density, until it has been called often enough, and then NaN."""
    data.calls[0] += 1
    gradient[0] = -position[0]
    if data.calls[0] == data.last:
        data.stop[0] = 1
    return -0.5 * position[0] ** 2 if data.calls[0] <= data.most else np.nan


def stopped(most, seconds):
    """What a chain gives that is stopped after 3,000 evaluations."""
    control = LocalControl(2)
    data = Stopping(np.zeros(1), most, 3000, control.cells)
    model = hmc.Model(until_it_is_stopped, data, [hmc.Parameter("x")], name="stopping")
    settings = hmc.sample(counted(10**9, 0.0), chains=1, warmup=50, draws=10, workers=1).settings
    return run_chain(model, settings_of(settings | {"draws": 100_000}), 0, control.address, seconds=seconds)


@pytest.mark.parametrize("seconds", [None, 100.0])
def test_what_follows_a_change_of_the_density_is_no_draw_of_a_chain_that_is_stopped(seconds):
    as_ever, changed = stopped(10**9, seconds), stopped(2500, seconds)
    assert as_ever.failure is None
    assert np.unique(as_ever.record.position).size > 100
    assert isinstance(changed.failure, ChangedDensityError)
    assert changed.snapshot is None
    assert not changed.record.diverging[-1]
    found = changed.record.position
    assert 0 < len(found) < len(as_ever.record.position)
    assert running.equal_bits(found, as_ever.record.position[: len(found)])


def test_a_density_whose_last_digits_vary_is_the_same_density():
    """As one that sums in parallel: what the order of a sum can make is no difference."""
    fit = hmc.sample(
        hmc.Model(wavering, Counted(np.zeros(1), 0, 0.0), [hmc.Parameter("x")], name="wavering"), **SETTINGS
    )
    assert fit.failures == []
    assert hmc.extend(fit, 10, workers=1).unconstrained.shape == (2, 1010, 1)


def wavering(position, data, gradient):
    data.calls[0] = 1.0 - data.calls[0]
    gradient[0] = -position[0] * (1.0 + 1e-13 * data.calls[0])
    return -0.5 * position[0] ** 2 + 1e-13 * data.calls[0]
