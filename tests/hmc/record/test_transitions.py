"""hmc.record: what is recorded is what the sampler does, bit for bit, and the record hangs together."""

import itertools
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import hmc
import models
from figures.sampler import toys
from hmc.record.recorded import IN_WORDS
from hmc.record.transitions import _metric, record, record_from
from hmc.sampler.nuts import trailing_ones
from hmc.sampler.outcome import DIVERGENCE, MAX_DEPTH, PATH_END, SUBTREE_U_TURN, U_TURN
from hmc.sampler.phase_space import Hamiltonian, PhasePoint, leapfrog
from hmc.settings import ALGORITHMS
from tests.hmc.helpers import running

ROOT = Path(__file__).parents[3]
STATISTICS = {"lp": "log_density", "energy": "energy", "acceptance_rate": "acceptance_rate", "n_steps": "n_steps"}


class Nothing(NamedTuple):
    unused: float


def funnel_density(position, data, gradient):
    """v ~ Normal(0, 3), x ~ Normal(0, exp(v / 2)), up to a constant."""
    v, x = position[0], position[1]
    precision = 2.718281828459045**-v
    gradient[0] = -v / 9.0 - 0.5 + 0.5 * x * x * precision
    gradient[1] = -x * precision
    return -0.5 * v * v / 9.0 - 0.5 * v - 0.5 * x * x * precision


@pytest.fixture(scope="module")
def funnel():
    return hmc.Model(funnel_density, Nothing(0.0), [hmc.Parameter("v"), hmc.Parameter("x")], name="funnel")


@pytest.fixture(scope="module")
def records(funnel):
    """Transitions of every kind of end."""
    normal_like = models.mST()
    return [
        *record(normal_like, transitions=6, warmup=60, seed=3),
        *record(models.cafes(), transitions=4, warmup=60, seed=3, metric="dense"),
        *record(normal_like, transitions=8, after=0, warmup=60, seed=3, max_depth=3),
        *record_from(funnel, [-6.0, 0.1], 0.3, transitions=12),
        *record_from(funnel, [0.0, 0.5], 0.4, transitions=40, max_depth=4),
    ]


# The very same transitions.


def assert_same(recorded, fit, chain, first, stats):
    for k, transition in enumerate(recorded):
        np.testing.assert_array_equal(transition.draw, fit[chain, first + k])
        for name, field in STATISTICS.items():
            assert stats[name][chain, first + k] == getattr(transition.outcome, field)
        if transition.algorithm == "walnuts":
            assert stats["micro_steps"][chain, first + k] == transition.outcome.micro_steps
        assert stats["step_size"][chain, first + k] == transition.step_size
        assert stats["termination"][chain, first + k] == transition.outcome.termination


SETTINGS = [
    ("mST", {}),
    ("mST", {"metric": "unit", "target_accept": 0.9}),
    ("mSTnc", {"adaptation": "windows"}),
    ("mSTP", {"metric": "dense"}),
    ("cafes", {"metric": "dense", "adaptation": "windows", "max_depth": 4}),
    ("mr", {"algorithm": "hmc", "path_length": 2.0}),
    ("mSTP", {"algorithm": "walnuts", "tolerance": 0.3}),
    ("mRS", {"metric": "dense"}),
    ("mRS", {"metric": "low_rank"}),
    ("mSTP", {}),
]


@pytest.mark.parametrize(("name", "settings"), SETTINGS)
def test_recorded_transitions_are_those_of_sample_bit_for_bit(name, settings):
    model = models.build(name)
    settings = {"chains": 2, "warmup": 70, "seed": 21, **settings}
    fit = hmc.sample(model, draws=6, workers=1, keep_warmup=True, progress=False, **settings)
    assert_same(record(model, transitions=5, chain=1, **settings), fit.unconstrained, 1, 0, fit.stats)
    assert_same(record(model, transitions=3, after=73, **settings), fit.unconstrained, 0, 3, fit.stats)
    # From the very first transition, adaptation included.
    assert_same(record(model, transitions=15, after=0, chain=1, **settings), fit.warmup, 1, 0, fit.warmup_stats)
    (last,) = record(model, after=70, chain=1, **settings)
    metric = fit.inverse_metric
    assert running.equal_bits(last.inverse_metric, metric.of_chain(1) if isinstance(metric, hmc.LowRank) else metric[1])


def test_another_seed_chain_or_place_is_told_apart():
    """The negative twin: the comparison above can fail."""
    model = models.mST()
    fit = hmc.sample(model, chains=2, warmup=40, draws=3, workers=1, progress=False)
    assert_same(record(model, chains=2, warmup=40), fit.unconstrained, 0, 0, fit.stats)
    for other in ({"seed": 13}, {"chain": 1}, {"after": 41}, {"warmup": 41}, {"max_depth": 1}):
        with pytest.raises(AssertionError):
            assert_same(record(model, **{"chains": 2, "warmup": 40, **other}), fit.unconstrained, 0, 0, fit.stats)


def test_a_given_start_is_taken_as_sample_takes_it():
    model = models.mSTnomem()
    initial = model.constrain(np.full((2, model.dimension), 0.25))
    starts = [{name: value[c] for name, value in initial.items()} for c in range(2)]
    fit = hmc.sample(model, chains=2, warmup=20, draws=2, initial=starts, workers=1, progress=False)
    assert_same(record(model, chain=1, chains=2, warmup=20, initial=starts), fit.unconstrained, 1, 0, fit.stats)
    (first,) = record(model, after=0, chains=2, initial=starts, warmup=20)
    np.testing.assert_allclose(first.leaf(0).position, 0.25, rtol=1e-15)


def test_recorded_without_the_jit_it_is_the_same():
    code = (
        "import models; from hmc.record import record\n"
        "for r in record(models.cafes(), transitions=2, after=3, warmup=8):\n"
        "    print(r.draw.tobytes().hex(), r.chosen, r.step_size.hex(), *[leaf.energy.hex() for leaf in r.leaves])"
    )
    said = []
    for disabled in ("0", "1"):
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        run = [sys.executable, "-c", code]
        said.append(subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout)
    assert said[0] == said[1] != ""


def test_recorded_twice_it_is_the_same():
    one, two = (record(models.mST(), transitions=2, warmup=30) for _ in range(2))
    assert [r.outcome for r in one] == [r.outcome for r in two]
    assert [r.joins for r in one] == [r.joins for r in two]


# The record hangs together.


def test_every_kind_of_end_is_among_the_records(records):
    assert {r.outcome.termination for r in records} == {U_TURN, SUBTREE_U_TURN, DIVERGENCE, MAX_DEPTH}


def test_every_leaf_is_one_leapfrog_step_from_its_neighbour_nearer_to_the_start(records, funnel):
    built = {name: models.build(name) for name in ("mST", "cafes")} | {"funnel": funnel}
    for r in records:
        hamiltonian = Hamiltonian(*built[r.model].density(), _metric(built[r.model], r.inverse_metric))
        assert [leaf.number for leaf in r.in_time()] == list(range(r.in_time()[0].number, r.in_time()[-1].number + 1))
        for leaf in r.leaves[1:]:
            sign = 1 if leaf.number > 0 else -1
            before = r.leaf(leaf.number - sign)
            point = PhasePoint(before.position.copy(), before.momentum.copy(), before.gradient.copy())
            log_density = leapfrog(hamiltonian, point, sign * r.step_size)
            # sqrt(inverse metric) is the metric's scale to the last bit but one
            np.testing.assert_allclose(point.position, leaf.position, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(point.momentum, leaf.momentum, rtol=1e-9, atol=1e-9)
            assert log_density == pytest.approx(leaf.log_density, rel=1e-9)


def test_energies_are_kinetic_plus_potential_and_errors_are_against_the_start(records):
    for r in records:
        for leaf in r.leaves:
            assert leaf.energy == pytest.approx(0.5 * leaf.momentum @ leaf.momentum - leaf.log_density, rel=1e-12)
            assert leaf.energy_error == leaf.energy - r.leaves[0].energy
            assert leaf.diverging == (not leaf.energy_error <= 1000.0)
        assert r.outcome.energy == r.leaf(r.chosen).energy
        rates = [0.0 if leaf.diverging else min(1.0, math.exp(-leaf.energy_error)) for leaf in r.leaves[1:]]
        assert r.outcome.acceptance_rate == pytest.approx(np.mean(rates), rel=1e-12)
        assert r.outcome.n_steps == len(r.leaves) - 1


def test_doublings_have_2_to_the_depth_leaves_in_one_direction(records):
    for r in records:
        assert len(r.doublings) == r.outcome.tree_depth + (r.outcome.termination in (SUBTREE_U_TURN, DIVERGENCE))
        for doubling in r.doublings:
            assert {leaf.number > 0 for leaf in doubling.leaves} == {doubling.is_forward}
            is_whole = doubling.final_join is not None
            assert is_whole == (doubling.number <= r.outcome.tree_depth)
            if is_whole:
                assert len(doubling.leaves) == 2 ** (doubling.number - 1)
                assert len(doubling.joins) == len(doubling.leaves) - 1
            else:
                last = len(doubling.leaves) - 1
                before = sum(map(trailing_ones, range(last)))  # the last leaf's joins were broken off, or never begun
                assert before <= len(doubling.joins) <= before + trailing_ones(last)


def test_joins_add_up_weights_and_take_one_of_two_proposals(records):
    for r in records:
        for join in r.joins:
            for extent, weight, proposal in zip((join.earlier, join.later), join.weights, join.proposals, strict=True):
                members = range(min(extent), max(extent) + 1)
                total = sum(math.exp(-r.leaf(n).energy_error) for n in members)
                assert weight == pytest.approx(total, rel=1e-12)
                assert proposal in members
            assert join.taken in join.proposals
            assert abs(join.earlier[1] - join.later[0]) == 1  # neighbours
        finals = [join for join in r.joins if join.is_final]
        assert r.chosen == (finals[-1].taken if finals else 0)


def test_the_checks_noted_explain_the_sampler_s_verdict(records):
    turning = []
    for r in records:
        for join in r.joins:
            assert join.is_turning == any(check.is_turning for check in join.checks)
            assert len(join.checks) == (1 if join.earlier[0] == join.earlier[1] and len(set(join.later)) == 1 else 3)
            for check in join.checks:
                members = range(min(check.first, check.last), max(check.first, check.last) + 1)
                rho = sum(r.leaf(n).momentum for n in members)
                for end, along in ((check.first, check.along_first), (check.last, check.along_last)):
                    assert along == pytest.approx(rho @ r.leaf(end).momentum, rel=1e-9, abs=1e-9)
            turning += [(join, check) for check in join.checks if check.is_turning]
        # Nothing that turns is gone on from.
        assert not any(join.is_turning for join in r.joins[:-1])
        ends_turning = bool(r.joins) and r.joins[-1].is_turning
        assert ends_turning == (r.outcome.termination in (U_TURN, SUBTREE_U_TURN))
        if ends_turning:
            assert r.joins[-1].is_final == (r.outcome.termination == U_TURN)
    whole = [check is join.checks[0] for join, check in turning]
    assert any(whole)
    assert not all(whole)  # a turn across the join was among them


def test_a_static_path_is_recorded_to_its_end(funnel):
    found = record_from(funnel, [0.0, 0.5], 0.5, algorithm="hmc", path_length=3.0, transitions=30)
    for r in found:
        assert r.joins == () == r.doublings
        assert [leaf.number for leaf in r.leaves] == list(range(len(r.leaves)))
        end = len(r.leaves) - 1
        assert (end == 6) == (r.outcome.termination == PATH_END)
        assert r.chosen in (0, end)
        assert r.outcome.energy == r.leaf(r.chosen).energy
    assert {r.chosen for r in found} >= {0, 6}


def test_transitions_from_a_position_follow_each_other(funnel):
    found = record_from(funnel, [0.0, 0.5], 0.3, inverse_metric=[4.0, 1.0], transitions=5)
    assert found[0].leaf(0).position.tolist() == [0.0, 0.5]
    for one, two in itertools.pairwise(found):
        np.testing.assert_array_equal(two.leaf(0).position, one.draw)
    assert {r.step_size for r in found} == {0.3}
    assert {tuple(r.inverse_metric) for r in found} == {(4.0, 1.0)}
    dense = record_from(funnel, {"v": 0.0, "x": 0.5}, 0.3, inverse_metric=[[4.0, 0.0], [0.0, 1.0]], transitions=5)
    np.testing.assert_allclose(dense[-1].draw, found[-1].draw, rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"transitions": 0}, r"^transitions = 0 is not a whole number of at least 1$"),
        ({"after": 10**14}, r"^after = 100000000000000 and transitions = 1: so many do not fit into memory$"),
        ({"transitions": 10**30, "after": 0}, r"^after = 0 and transitions = 10{30}: so many do not fit into memory$"),
        ({"after": -1}, r"^after = -1 is not a whole number of at least 0$"),
        ({"chain": 4}, r"^chain = 4: there are chains 0 to 3$"),
        ({"chain": True}, r"^chain = True is not a whole number of at least 0$"),
        ({"draws": 5}, r"^draws is not a setting of a recorded chain; the settings are chains, warmup, seed, "),
        ({"metric": "best"}, r"^metric = 'best' is none of auto, diag, dense, low_rank, unit$"),
        ({"initial": [0.0]}, r"^funnel: initial has shape \(1,\), not \(2,\) or \(4, 2\)$"),
    ],
)
def test_wrong_arguments_of_record_are_refused(arguments, message, funnel):
    with pytest.raises(ValueError, match=message):
        record(funnel, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"step_size": 0.0}, r"^step_size = 0.0 is not a positive number$"),
        (
            {"warmup": 5},
            r"^record_from has no argument warmup; settings are algorithm, path_length, tolerance, max_depth$",
        ),
        ({"inverse_metric": [1.0]}, r"^inverse_metric has shape \(1,\), not \(2,\) or \(2, 2\)$"),
        ({"inverse_metric": [1.0, -1.0]}, r"^inverse_metric: variances are positive numbers$"),
        ({"inverse_metric": [[1.0, 2.0], [2.0, 1.0]]}, r"^inverse_metric is not symmetric and positive definite$"),
        ({"inverse_metric": [[1.0, 0.5], [0.0, 1.0]]}, r"^inverse_metric is not symmetric and positive definite$"),
        ({"tolerance": 1.0}, r'^tolerance = 1.0 is for algorithm="walnuts", whose steps adapt to it$'),
        ({"path_length": 1.0}, r'^path_length is for algorithm="hmc"; NUTS finds its own$'),
    ],
)
def test_wrong_arguments_of_record_from_are_refused(arguments, message, funnel):
    with pytest.raises(ValueError, match=message):
        record_from(funnel, **{"position": [0.0, 0.0], "step_size": 0.1, **arguments})


def test_a_start_outside_the_density_is_refused(funnel):
    with pytest.raises(hmc.InitializationError, match="funnel: no starting point"):
        record_from(funnel, [0.0, math.inf], 0.1)


@pytest.mark.parametrize(("algorithm", "kind"), IN_WORDS.items())
def test_a_recorded_transition_names_its_algorithm(algorithm, kind):
    (found,) = record_from(toys.plane(), [0.1, 0.2], 0.3, algorithm=algorithm)
    assert re.fullmatch(rf"<RecordedTransition plane, chain 1, draw 1: {kind}, \d+ steps?>", repr(found))


def test_all_algorithms_have_words():
    assert [*IN_WORDS] == [*ALGORITHMS]
