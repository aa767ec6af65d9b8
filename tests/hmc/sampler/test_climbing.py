"""Starts that climb: chains reach the posterior from wherever they begin, and nothing else changes."""

import math
import re

import numpy as np
import pytest

import hmc
import models
from diagnostics import verdict
from hmc.jit.copying import substituted
from hmc.record import record
from hmc.record.narrate import watch
from hmc.sampler import chain, climbing, starting
from hmc.sampler.metric import identity
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, Start
from hmc.settings import Settings
from tests.hmc.helpers import arma, running

GO_ON = np.zeros(1, np.int64)


class Calls:
    """A log density of Python, and where it was asked for."""

    def __init__(self, log_density, stop=GO_ON, stop_after=math.inf):
        self.log_density, self.positions = log_density, []
        self.stop, self.stop_after = stop, stop_after

    def __call__(self, position, data, gradient):
        self.positions.append(position.copy())
        if len(self.positions) >= self.stop_after:
            self.stop[0] = 1
        value, gradient[:] = self.log_density(position)
        return value


def climbed(log_density, position, stop=GO_ON, stop_after=math.inf):
    """(density, start, where it is after a climb, the log density said) of a log density of Python."""
    density = Calls(log_density, stop, stop_after)
    point, other = (PhasePoint(*np.zeros((3, len(position)))) for _ in range(2))
    point.position[:] = position
    begin = density(point.position, None, point.gradient)
    density.positions.clear()
    hamiltonian = Hamiltonian(density, None, identity(len(position)))
    with np.errstate(all="ignore"):
        return density, begin, point, climbing.climb(hamiltonian, Start(point, begin), other, stop)


def normal_of(mean, scale):
    return lambda x: (-0.5 * float((((x - mean) / scale) ** 2).sum()), -(x - mean) / scale**2)


@pytest.mark.parametrize("distance", [1.0, 1.2e4])  # in standard deviations: log densities of -0.5 and -7e7
def test_a_start_that_can_be_sampled_from_stays_and_costs_nothing(distance):
    density, begin, point, reached = climbed(normal_of(0.0, 1.0), [distance])
    assert (density.positions, point.position[0], reached) == ([], distance, begin)


# Far in standard deviations, whatever these are, and whatever the position's own size is.
@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("mean", [0.0, 3.0, 1e5])
def test_a_start_far_away_on_any_scale_climbs_to_where_it_can_be_sampled_from(scale, mean):
    density, begin, point, reached = climbed(normal_of(mean, scale), [mean + 1e7 * scale, mean - 3e6 * scale])
    assert begin < -1e13
    assert reached > climbing.LOWEST_LOG_DENSITY
    assert len(density.positions) < 200
    value, gradient = normal_of(mean, scale)(point.position)
    assert (reached, point.gradient.tolist()) == (value, gradient.tolist())


def test_a_constant_does_not_move_a_start():
    density, begin, point, reached = climbed(lambda x: (-1e10 - 0.5 * float(x @ x), -x), [3.0])
    assert (point.position[0], reached) == (3.0, begin)
    assert len(density.positions) < 100


@pytest.mark.parametrize("wall", [math.nan, math.inf, -math.inf])
def test_a_step_to_where_nothing_is_finite_is_not_taken(wall):
    def walled(x):  # what is beyond 1 is not finite, and the mode is at 0.5
        return (wall, np.full(1, wall)) if x[0] > 0.9 else normal_of(0.5, 1e-6)(x)

    _, begin, point, reached = climbed(walled, [0.0])
    assert begin < reached
    assert math.isfinite(reached)
    assert point.position[0] < 0.9


def test_a_gradient_of_zero_or_not_finite_ends_a_climb():
    for slope in (0.0, math.inf, math.nan):
        density, begin, point, reached = climbed(lambda x, slope=slope: (-1e20, np.full(2, slope)), [1.0, 2.0])
        assert (point.position.tolist(), reached) == ([1.0, 2.0], begin)
        assert len(density.positions) <= 40


@pytest.mark.parametrize("after", [1, 2, 7])
def test_a_stop_ends_a_climb_within_one_gradient(after):
    density, *_ = climbed(lambda x: (-1e10 - float(x @ x), 2.0 * x), [2.0, 1.3], np.zeros(1, np.int64), after)
    assert len(density.positions) == after


def test_a_climb_ends_after_so_many_gradients():
    def away(x):  # halves for ever, by ever longer steps
        return -1e300 * 0.999 ** abs(float(x[0])), np.ones(1)

    density, *_ = climbed(away, [0.0])
    assert len(density.positions) <= climbing.MOST_GRADIENTS


@pytest.mark.parametrize(
    ("log_density", "first", "does_climb"),
    [
        (normal_of(0.0, 1.0), 1e9, True),
        (normal_of(0.0, 1.0), 1.0, False),
        (lambda x: (-1e10 - 0.5 * float(x @ x), -x), 3.0, False),  # as low everywhere
    ],
)
def test_a_rehearsal_tells_where_a_climb_would_lead_and_moves_nothing(log_density, first, does_climb):
    start = np.array([first, 0.5])
    _, begin, after, reached = climbed(log_density, start)
    point = PhasePoint(start.copy(), np.zeros(2), log_density(start)[1])
    hamiltonian = Hamiltonian(Calls(log_density), None, identity(2))
    told = climbing.rehearse(hamiltonian, Start(point, begin), GO_ON)
    assert told == (reached if does_climb else None)
    assert (after.position.tolist() != start.tolist()) == does_climb
    assert point.position.tolist() == start.tolist()


def of_python(model, position, advance, transitions=100):
    """Positions of a warm-up run in Python by a version of `advance`."""
    settings = Settings(
        chains=1, warmup=transitions, draws=1, seed=1, target_accept=0.8, max_depth=5, initial=[position],
        algorithm="nuts", path_length=1.0, tolerance=3.0, metric="diag", adaptation="gradients", keep_warmup=True,
    )  # fmt: skip
    rng, stop = starting.chain_rng(settings, 0), np.zeros(1, np.int64)
    orders = starting.make_orders(settings, stop, np.zeros(1, np.int64))
    filled = chain.make_record(transitions + 1, transitions + 1, model.dimension)
    with np.errstate(all="ignore"):
        density, data = model.density()
        state = starting.start(model, (density, data), settings, 0, rng, stop)
        advance(density, data, rng.bit_generator, state, chain.make_buffers(state, 5), orders, filled)
    return filled


def test_a_chain_that_does_not_climb_stays_where_it_began():
    """The negative twin: `advance` without the climb, from starts that climb to the posterior with it."""
    model = arma.arma()
    far = [position for position in arma.starts(2.0, 1) if model.evaluate(position)[0] < -1e30][:3]
    without = substituted(chain.advance, climb=lambda hamiltonian, start, point, stop: start.log_density)
    assert len(far) == 3
    for position in far:
        assert of_python(model, position, chain.advance).lp[-1] > -1e3
        assert of_python(model, position, without).lp[-1] < -1e8


@pytest.mark.parametrize("radius", [2.0, 10.0])
@pytest.mark.parametrize("adaptation", ["gradients", "windows"])
@pytest.mark.parametrize("metric", ["diag", "dense", "unit"])
def test_no_chain_of_an_arma_is_stuck(metric, adaptation, radius):
    initial = arma.starts(radius, 7)
    fit = hmc.sample(
        arma.arma(), 40, warmup=1000, draws=200, seed=3, initial=initial, metric=metric, adaptation=adaptation,
        workers=1, progress=False,
    )  # fmt: skip
    assert len(fit.remarks) >= 10
    assert arma.stuck(fit) == 0


def test_a_climb_is_remarked_on_once_for_all_chains(capsys):
    model, initial = arma.arma(), arma.starts(2.0, 7)
    fit = hmc.sample(model, 40, warmup=50, draws=20, initial=initial, workers=1, progress=False)
    lows = {c: model.evaluate(p)[0] for c, p in enumerate(initial)}
    low = [c for c, value in lows.items() if value < climbing.LOWEST_LOG_DENSITY]
    assert [(remark.chain, remark.kind, remark.amount) for remark in fit.remarks] == [
        (c, "climbed", lows[c]) for c in low
    ]
    worst = min(low, key=lows.get)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"hmc: arma: chain {worst + 1}: its start has log density {lows[worst]:.2g}, so low")
    assert line.endswith(f" first; likewise {len(low) - 1} other chains")


def test_without_a_warmup_a_start_stays(capsys):
    far = arma.starts(2.0, 1)[0]
    fit = hmc.sample(arma.arma(), 1, warmup=0, draws=5, initial=far, workers=1, progress=False)
    assert np.abs(fit.unconstrained - far).max() < 1e-6
    assert (fit.remarks, capsys.readouterr().err) == ([], "")


def test_a_verdict_on_chains_that_are_stuck_names_a_start_that_works():
    """Without a warm-up nothing climbs."""
    model, how = arma.arma(), {"warmup": 0, "draws": 100, "workers": 1, "progress": False}
    far = arma.starts(2.0, 1)[0]
    near = model.unconstrain(arma.TRUTH)
    fit = hmc.sample(model, 4, initial=[near, far, near, far], **how)
    (found,) = [finding for finding in verdict(fit) if finding.kind == "stuck"]
    assert found.concerns == ("chain 2", "chain 4")
    remedy = re.search(r"initial=(fit\.unconstrained\[\d, -1\])", found.advice)[1]
    again = hmc.sample(model, 4, initial=eval(remedy, {"fit": fit}), **how)
    assert not {"stuck", "trapped"} & {finding.kind for finding in verdict(again)}


CLIMBING = """
import hmc
from tests.hmc.helpers import arma

fit = hmc.sample(arma.arma(), 3, warmup=8, draws=4, max_depth=4, initial=arma.starts(2.0, 7)[:3], workers=1)
print(fit.unconstrained.tobytes().hex(), fit.warmup_stats["lp"].tobytes().hex(), fit.remarks)
"""


def test_climbs_are_the_same_without_the_jit(tmp_path):
    runs = [running.python(tmp_path, CLIMBING, NUMBA_DISABLE_JIT=jit) for jit in (None, "1")]
    assert runs[0].stdout == runs[1].stdout
    assert "climbed" in runs[0].stdout


def test_a_climb_is_recorded_and_told():
    model, far = arma.arma(), arma.starts(2.0, 1)[0]
    how = {"chains": 1, "initial": far, "warmup": 20}
    (first,) = record(model, after=0, **how)
    begin, *steps = first.climb.log_densities
    assert begin == model.evaluate(far)[0] < climbing.LOWEST_LOG_DENSITY
    assert all(step > 0.5 * before for before, step in zip([begin, *steps], steps, strict=False))
    assert first.leaves[0].log_density == steps[-1] > climbing.HIGH_ENOUGH
    assert len(steps) <= first.climb.n_gradients < 1000
    told = " ".join(watch(model, after=20, **how).split())
    assert f"from its start, whose log density, {begin:.3g}, is so low that" in told
    assert f"{len(steps)} step{'s' * (len(steps) > 1)} along the gradient ({first.climb.n_gradients} gradient" in told
    assert f"to {steps[-1]:.3g}." in told
    assert [transition.climb for transition in record(models.mST(), transitions=2, warmup=20)] == [None, None]
    assert "climb" not in watch(models.mST(), warmup=20)
